//! The list of products: tabs, search, filters, order, paging, and limits changed in place.

pub mod edit;
pub mod limits;
pub mod row;
pub mod state;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::listing::{Pager, Params};
use crate::{
    domain::{StoreId, Tenant},
    services::Services,
    store::{
        PgConnection, StoreError,
        products::{
            ProductFilter, ProductOrder, ProductView, product_categories, product_count, product_list,
        },
        stores::{Store, store_list},
    },
    web::{
        Shell, WebResult,
        auth::CurrentUser,
        filters,
        render::html,
        routes::{Access, Kind, Route},
        texts::Texts,
    },
};
use row::{Row, rows_of};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/products", Kind::Fragment, Access::SignedIn, || web::to(list)),
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
const NAMES: &[&str] = &["q", "store", "view", "category", "sort", "size", "page"];

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

/// Everything of the list that depends on the query.
struct List {
    params: Params,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    pager: Pager,
    by_name: SortLink,
    by_price: SortLink,
    /// The tenant has no product at all.
    never_synced: bool,
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
    let (tenant, now, t) = (user.tenant(), shell.now, shell.t);
    let (list, stores, categories) = services
        .db
        .read(move |conn| {
            let stores = store_list(conn, tenant)?;
            let categories = product_categories(conn, tenant, params.value("store"))?;
            let list = list_of(conn, tenant, params, now, &t)?;
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
    let mut page = params.page();
    let mut paged = product_list(conn, tenant, &filter, order_of(&params), page)?;
    if paged.rows.is_empty() && page.number > 1 {
        page.number = 1;
        paged = product_list(conn, tenant, &filter, order_of(&params), page)?;
    }
    let mut tabs = Vec::new();
    for (name, view) in ProductView::NAMED {
        let filter = ProductFilter {
            view: *view,
            ..filter.clone()
        };
        let text = if name.is_empty() { "all" } else { name };
        tabs.push(Tab {
            text: t.get(format!("products-view-{text}")),
            href: params.link("view", name),
            count: product_count(conn, tenant, &filter)?,
            current: *view == filter_of(&params).view,
        });
    }
    let never_synced = paged.total == 0 && product_count(conn, tenant, &ProductFilter::default())? == 0;
    Ok(List {
        tabs,
        pager: Pager::new(&params, &paged),
        by_name: SortLink::new(&params, t, "name"),
        by_price: SortLink::new(&params, t, "price"),
        rows: rows_of(conn, tenant, paged.rows, now)?,
        params,
        never_synced,
    })
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
