//! The list of products: tabs, search, filters, order, paging, and limits changed in place.

pub mod columns;
pub mod edit;
pub mod limits;
mod robot;
pub mod row;
pub mod state;
mod views;
mod why;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::listing::{Pager, Params};
use crate::{
    domain::{StoreId, Tenant},
    services::Services,
    store::{
        PgConnection, StoreError,
        product_lists::{product_list_stores, product_view_counts},
        products::{
            ProductFilter, ProductOrder, ProductView, product_categories, product_count, product_list_counted,
        },
        saved_views::{PRODUCTS, SavedView, saved_view_list},
        stores::{Store, store_list},
    },
    web::{
        Shell, WebResult,
        auth::CurrentUser,
        filters,
        render::{html, see_other},
        routes::{Access, Kind, Route},
        texts::Texts,
    },
};
use columns::Columns;
use row::{Row, rows_of};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/products", Kind::Fragment, Access::SignedIn, || web::to(list)),
    Route::post("/products/chosen/on", Kind::Page, Access::Manager, || {
        web::to(robot::on)
    }),
    Route::post("/products/chosen/off", Kind::Page, Access::Manager, || {
        web::to(robot::off)
    }),
    Route::post("/products/columns", Kind::Page, Access::SignedIn, || {
        web::to(views::choose)
    }),
    Route::get("/products/views", Kind::Page, Access::SignedIn, || {
        web::to(views::show)
    }),
    Route::post("/products/views", Kind::Page, Access::SignedIn, || {
        web::to(views::save)
    }),
    Route::post("/products/views/default", Kind::Page, Access::SignedIn, || {
        web::to(views::set_default)
    }),
    Route::post("/products/views/{id}", Kind::Page, Access::SignedIn, || {
        web::to(views::rename)
    }),
    Route::post(
        "/products/views/{id}/delete",
        Kind::Page,
        Access::SignedIn,
        || web::to(views::delete),
    ),
    Route::get("/products/{id}/why", Kind::Fragment, Access::SignedIn, || {
        web::to(why::show)
    }),
    Route::get("/products/{id}/edit", Kind::Fragment, Access::Manager, || {
        web::to(edit::form)
    }),
    Route::post("/products/{id}/edit", Kind::Fragment, Access::Manager, || {
        web::to(edit::save)
    }),
    Route::get("/products/{id}/row", Kind::Fragment, Access::SignedIn, || {
        web::to(edit::row)
    }),
];

/// Names that the list's query string knows.
const NAMES: &[&str] = &[
    "q", "store", "view", "category", "sort", "size", "columns", "page",
];

/// The word of the view that shows everything, where the list opens with another one.
const ALL: &str = "all";

/// A tab over the list.
struct Tab {
    text: String,
    href: String,
    count: i64,
    current: bool,
}

/// A column that can be sorted by.
struct SortLink {
    text: String,
    href: String,
    /// `ascending`, `descending` or nothing.
    direction: &'static str,
}

impl SortLink {
    /// First press: ascending; second: descending; third: the default order.
    fn new(params: &Params, t: &Texts, name: &str) -> Self {
        let (direction, next) = match params.get("sort") {
            sort if sort == name => ("ascending", format!("-{name}")),
            sort if sort.strip_prefix('-') == Some(name) => ("descending", String::new()),
            _ => ("", name.to_owned()),
        };
        Self {
            text: t.get(format!("products-column-{name}")),
            href: params.link("sort", next),
            direction,
        }
    }

    fn icon(&self) -> &'static str {
        match self.direction {
            "ascending" => "up",
            "descending" => "fall",
            _ => "sort",
        }
    }
}

/// A view that the user saved, as a tab.
struct SavedTab {
    name: String,
    href: String,
    current: bool,
}

/// Everything of the list that depends on the query.
struct List {
    params: Params,
    tabs: Vec<Tab>,
    saved: Vec<SavedTab>,
    columns: Columns,
    /// Address of the list without filters.
    clear: String,
    rows: Vec<Row>,
    pager: Pager,
    by_name: SortLink,
    by_price: SortLink,
    /// The tenant has no product at all.
    never_synced: bool,
}

impl List {
    /// The columns to choose from, and which of them stand there.
    fn column_choices(&self) -> Vec<(&'static str, bool)> {
        columns::NAMES
            .iter()
            .map(|name| (*name, self.columns.has(name)))
            .collect()
    }

    /// Adds the tabs of the views that the user saved. One that is shown is the one that is marked.
    fn show_saved(&mut self, saved: &[SavedView]) {
        let opens_with_view = saved.iter().any(|view| view.is_default);
        let here = self.params.query_with("columns", self.columns.text());
        self.saved = saved
            .iter()
            .map(|view| SavedTab {
                name: view.name.clone(),
                href: views::address_of(view),
                current: same_query(&view.query, &here),
            })
            .collect();
        let is_saved = self.is_saved();
        for (tab, (name, _)) in self.tabs.iter_mut().zip(ProductView::NAMED) {
            tab.current &= !is_saved;
            if name.is_empty() && opens_with_view {
                tab.href = self.params.link("view", ALL);
            }
        }
        if opens_with_view {
            self.clear = format!("{}?view={ALL}", self.params.bare());
        }
    }

    /// Is the list one that the user saved?
    fn is_saved(&self) -> bool {
        self.saved.iter().any(|tab| tab.current)
    }
}

#[derive(Template)]
#[template(path = "products/page.html")]
struct ProductsPage {
    shell: Shell,
    list: List,
    stores: Vec<Store>,
    /// The chosen store.
    store: Option<Store>,
    categories: Vec<String>,
}

#[derive(Template)]
#[template(path = "products/_found.html")]
struct ProductsFound {
    shell: Shell,
    list: List,
}

async fn list(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    req: HttpRequest,
) -> WebResult<HttpResponse> {
    let params = Params::read(&req, "/products", NAMES);
    let (id, tenant, now, t) = (user.id(), user.tenant(), shell.now, shell.t);
    let saved = services
        .db
        .read(move |conn| saved_view_list(conn, id, PRODUCTS))
        .await?;
    let default = saved.iter().find(|view| view.is_default);
    if let Some(view) = default.filter(|_| req.query_string().is_empty() && !shell.htmx) {
        return Ok(see_other(&views::address_of(view)));
    }
    let (list, stores, categories) = services
        .db
        .read(move |conn| {
            let stores = store_list(conn, tenant)?;
            let of_store = ProductFilter {
                store_id: params.value("store"),
                ..ProductFilter::default()
            };
            let shown = product_list_stores(conn, tenant, &of_store)?;
            let categories = product_categories(conn, &shown)?;
            let mut list = list_of(conn, tenant, params, now, &t)?;
            list.columns = Columns::of(conn, id, &list.params)?;
            list.show_saved(&saved);
            Ok::<_, StoreError>((list, stores, categories))
        })
        .await?;
    if shell.htmx {
        return html(&ProductsFound { shell, list });
    }
    let chosen: Option<StoreId> = list.params.value("store");
    let store = match stores.as_slice() {
        [only] => Some(only.clone()),
        several => several.iter().find(|store| Some(store.id) == chosen).cloned(),
    };
    html(&ProductsPage {
        shell,
        list,
        stores,
        store,
        categories,
    })
}

fn list_of(
    conn: &mut PgConnection,
    tenant: Tenant,
    params: Params,
    now: chrono::DateTime<chrono::Utc>,
    t: &Texts,
) -> Result<List, StoreError> {
    let filter = filter_of(&params);
    let stores = product_list_stores(conn, tenant, &filter)?;
    let counts = product_view_counts(conn, &stores, &filter)?;
    let tabs: Vec<Tab> = ProductView::NAMED
        .iter()
        .zip(counts)
        .map(|((name, view), count)| {
            let text = if name.is_empty() { "all" } else { name };
            Tab {
                text: t.get(format!("products-view-{text}")),
                href: params.link("view", name),
                count,
                current: *view == filter.view,
            }
        })
        .collect();
    let total = tabs.iter().find(|tab| tab.current).map_or(0, |tab| tab.count);
    let mut page = params.page();
    if page.offset() >= total {
        page.number = 1;
    }
    let paged = product_list_counted(conn, &stores, &filter, order_of(&params), (page, total))?;
    let never_synced = paged.total == 0 && product_count(conn, tenant, &ProductFilter::default())? == 0;
    Ok(List {
        tabs,
        saved: Vec::new(),
        columns: Columns::default(),
        clear: params.bare().to_owned(),
        pager: Pager::new(&params, &paged),
        by_name: SortLink::new(&params, t, "name"),
        by_price: SortLink::new(&params, t, "price"),
        rows: rows_of(conn, tenant, paged.rows, now)?,
        params,
        never_synced,
    })
}

/// Do two query strings ask for the same list? The order of their parts does not matter.
fn same_query(one: &str, other: &str) -> bool {
    let parts = |query: &str| {
        let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .filter(|(name, value)| !(name == "view" && value == ALL))
            .collect();
        pairs.sort();
        pairs
    };
    parts(one) == parts(other)
}

/// The filter of the list that a form repeats field by field.
#[must_use]
pub fn filter_of_form(fields: &[(String, String)]) -> ProductFilter {
    filter_of(&params_of_form(fields))
}

/// The list that a form repeats field by field.
#[must_use]
pub fn address_of_form(fields: &[(String, String)]) -> String {
    params_of_form(fields).here()
}

fn params_of_form(fields: &[(String, String)]) -> Params {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    Params::parse(&query, "/products", NAMES)
}

fn filter_of(params: &Params) -> ProductFilter {
    let category = params.get("category");
    ProductFilter {
        product_id: None,
        store_id: params.value("store"),
        search: params.get("q").to_owned(),
        category: (!category.is_empty()).then(|| category.to_owned()),
        repricing_enabled: None,
        view: ProductView::named(params.get("view")),
    }
}

fn order_of(params: &Params) -> ProductOrder {
    match params.get("sort") {
        "name" => ProductOrder::Name,
        "-name" => ProductOrder::NameDesc,
        "price" => ProductOrder::Price,
        "-price" => ProductOrder::PriceDesc,
        _ => ProductOrder::Newest,
    }
}
