//! Preorders: the list with its tabs and search, and the download of Kaspi's spreadsheet.

pub mod edit;
pub mod fields;
pub mod many;
pub mod orders;
pub mod uploads;

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::listing::{Pager, Params};
use crate::{
    app::preorder_export::{PreorderExportError, export_preorders},
    domain::{ListFormat, PreorderStatus, StoreId, Tenant, preorder::parse_warehouses},
    services::Services,
    store::{
        PgConnection, StoreError,
        preorders::{PreorderFilter, PreorderRow, preorder_count, preorder_list},
        stores::{Store, store_list},
    },
    web::{
        Shell, WebError, WebResult,
        auth::CurrentUser,
        filters, format,
        render::{XLSX, attachment, html, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/preorders", Kind::Fragment, Access::SignedIn, || web::to(list)),
    Route::post("/preorders", Kind::Page, Access::Manager, || {
        web::to(edit::create)
    }),
    Route::post("/preorders/chosen", Kind::Page, Access::Manager, || {
        web::to(many::choose)
    }),
    Route::post("/preorders/chosen/create", Kind::Page, Access::Manager, || {
        web::to(many::create)
    }),
    Route::get("/preorders/new", Kind::Page, Access::Manager, || {
        web::to(edit::new)
    }),
    Route::get("/preorders/export", Kind::Page, Access::SignedIn, || {
        web::to(export)
    }),
    Route::get("/preorders/orders", Kind::Page, Access::SignedIn, || {
        web::to(orders::list)
    }),
    Route::get(
        "/preorders/orders/{id}/arrived",
        Kind::Page,
        Access::Manager,
        || web::to(orders::confirm_arrived),
    ),
    Route::post(
        "/preorders/orders/{id}/arrived",
        Kind::Page,
        Access::Manager,
        || web::to(orders::arrived),
    ),
    Route::get("/stores/{id}/orders-token", Kind::Page, Access::Manager, || {
        web::to(orders::token_form)
    }),
    Route::post("/stores/{id}/orders-token", Kind::Page, Access::Manager, || {
        web::to(orders::save_token)
    }),
    Route::get("/preorders/uploads", Kind::Page, Access::SignedIn, || {
        web::to(uploads::list)
    }),
    Route::post("/preorders/uploads", Kind::Page, Access::Manager, || {
        web::to(uploads::create)
    }),
    Route::get("/preorders/uploads/new", Kind::Page, Access::Manager, || {
        web::to(uploads::new)
    }),
    Route::get(
        "/preorders/uploads/{id}",
        Kind::Fragment,
        Access::SignedIn,
        || web::to(uploads::show),
    ),
    Route::get(
        "/preorders/uploads/{id}/file",
        Kind::Page,
        Access::SignedIn,
        || web::to(uploads::file),
    ),
    Route::post(
        "/preorders/uploads/{id}/cancel",
        Kind::Page,
        Access::Manager,
        || web::to(uploads::cancel),
    ),
    Route::get("/preorders/{id}", Kind::Page, Access::SignedIn, || {
        web::to(edit::show)
    }),
    Route::post("/preorders/{id}", Kind::Page, Access::Manager, || {
        web::to(edit::save)
    }),
    Route::post("/preorders/{id}/status", Kind::Page, Access::Manager, || {
        web::to(edit::set_status)
    }),
    Route::get("/preorders/{id}/delete", Kind::Page, Access::Manager, || {
        web::to(edit::confirm_delete)
    }),
    Route::post("/preorders/{id}/delete", Kind::Page, Access::Manager, || {
        web::to(edit::delete)
    }),
];

/// Names that the list's query string knows.
const NAMES: &[&str] = &["q", "store", "status", "size", "page"];

/// Class and icon of a status.
#[must_use]
pub fn status_mark(status: PreorderStatus) -> (&'static str, &'static str) {
    match status {
        PreorderStatus::Processing => ("st info", "clock"),
        PreorderStatus::Completed => ("st ok", "check-circle"),
        PreorderStatus::Cancelled => ("st ghost", "x-circle"),
    }
}

/// A tab over the list.
struct Tab {
    text: String,
    href: String,
    count: i64,
    current: bool,
}

/// A preorder, ready to be shown.
struct Line {
    row: PreorderRow,
    class: &'static str,
    icon: &'static str,
    /// Stock over all points; empty: not stated.
    pieces: String,
    age: String,
    /// The status in words.
    status: String,
}

impl Line {
    fn new(row: PreorderRow, now: chrono::DateTime<chrono::Utc>, t: &Texts) -> Self {
        let (class, icon) = status_mark(row.preorder.status);
        let points = parse_warehouses(&row.preorder.warehouses).unwrap_or_default();
        let pieces: u64 = points
            .iter()
            .filter_map(|point| point.quantity)
            .map(u64::from)
            .sum();
        Self {
            class,
            icon,
            pieces: if points.iter().any(|point| point.quantity.is_some()) {
                pieces.to_string()
            } else {
                String::new()
            },
            age: format::duration(now - row.preorder.updated_at, *t),
            status: t.get(format!("value-status-{}", row.preorder.status.as_str())),
            row,
        }
    }
}

struct List {
    params: Params,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    pager: Pager,
    /// Lines of several stores: each says which.
    by_store: bool,
    /// The tenant has no preorder at all.
    none_yet: bool,
}

#[derive(Template)]
#[template(path = "preorders/page.html")]
struct PreordersPage {
    shell: Shell,
    list: List,
    stores: Vec<Store>,
    /// The chosen store.
    store: Option<Store>,
}

#[derive(Template)]
#[template(path = "preorders/_found.html")]
struct PreordersFound {
    shell: Shell,
    list: List,
}

async fn list(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    req: HttpRequest,
) -> WebResult<HttpResponse> {
    let params = Params::read(&req, "/preorders", NAMES);
    let (tenant, now, t) = (user.tenant(), shell.now, shell.t);
    let (list, stores) = services
        .db
        .read(move |conn| {
            let list = list_of(conn, tenant, params, now, &t)?;
            Ok::<_, StoreError>((list, store_list(conn, tenant)?))
        })
        .await?;
    if shell.htmx {
        return html(&PreordersFound { shell, list });
    }
    let chosen: Option<StoreId> = list.params.value("store");
    let store = match stores.as_slice() {
        [only] => Some(only.clone()),
        several => several.iter().find(|store| Some(store.id) == chosen).cloned(),
    };
    html(&PreordersPage {
        shell,
        list,
        stores,
        store,
    })
}

fn list_of(
    conn: &mut PgConnection,
    tenant: Tenant,
    params: Params,
    now: chrono::DateTime<chrono::Utc>,
    t: &Texts,
) -> Result<List, StoreError> {
    let filter = PreorderFilter {
        store_id: params.value("store"),
        status: params.value("status"),
        search: params.get("q").to_owned(),
    };
    let mut page = params.page();
    let mut paged = preorder_list(conn, tenant, &filter, page)?;
    if paged.rows.is_empty() && page.number > 1 {
        page.number = 1;
        paged = preorder_list(conn, tenant, &filter, page)?;
    }
    let mut tabs = Vec::new();
    let statuses = PreorderStatus::ALL.iter().map(|status| Some(*status));
    for status in std::iter::once(None).chain(statuses) {
        let name = status.map_or("", PreorderStatus::as_str);
        let text = if name.is_empty() { "all" } else { name };
        let filter = PreorderFilter {
            status,
            ..filter.clone()
        };
        tabs.push(Tab {
            text: t.get(format!("preorders-view-{text}")),
            href: params.link("status", name),
            count: preorder_count(conn, tenant, &filter)?,
            current: status == params.value("status"),
        });
    }
    let none_yet = paged.total == 0 && preorder_count(conn, tenant, &PreorderFilter::default())? == 0;
    let by_store = filter.store_id.is_none() && store_list(conn, tenant)?.len() > 1;
    Ok(List {
        by_store,
        tabs,
        pager: Pager::new(&params, &paged),
        lines: paged.rows.into_iter().map(|row| Line::new(row, now, t)).collect(),
        params,
        none_yet,
    })
}

/// Which store's preorders are wanted as a file.
#[derive(Debug, serde::Deserialize)]
struct ExportQuery {
    store: StoreId,
    #[serde(default)]
    format: String,
}

async fn export(
    user: CurrentUser,
    shell: Shell,
    services: web::Data<Services>,
    req: HttpRequest,
    query: web::Query<ExportQuery>,
) -> WebResult<HttpResponse> {
    let (store, t) = (query.store, shell.t);
    let format = query.format.parse().unwrap_or(ListFormat::Xlsx);
    let sentence = match export_preorders(&services, &user.actor(&req), store, format).await {
        Ok(file) => {
            return Ok(attachment(&file.name, media_type(file.format), file.bytes));
        }
        Err(PreorderExportError::NotFound) => return Err(WebError::not_found()),
        Err(PreorderExportError::Store(error)) => return Err(error.into()),
        Err(PreorderExportError::Sheet(error)) => {
            return Err(WebError::internal(anyhow::Error::from_boxed(error)));
        }
        Err(PreorderExportError::NeedsXml) => {
            // What would be sent is shown there, with the XML form in the place of the spreadsheet.
            session::flash(&req.get_session(), false, t.get("preorders-export-xml"))?;
            return Ok(see_other(&format!("/preorders/uploads/new?store={store}")));
        }
        Err(error) => refusal(&error, &t),
    };
    session::flash(&req.get_session(), false, sentence)?;
    Ok(see_other(&format!("/preorders?store={store}")))
}

/// Media type of a form.
const fn media_type(format: ListFormat) -> &'static str {
    match format {
        ListFormat::Xlsx => XLSX,
        ListFormat::Xml => "application/xml; charset=utf-8",
    }
}

/// Why there is no file, and what to do about it.
fn refusal(error: &PreorderExportError, t: &Texts) -> String {
    match error {
        PreorderExportError::Empty => t.get("preorders-export-empty"),
        PreorderExportError::Incomplete { name, .. } => t.with("preorders-export-incomplete", "name", name),
        PreorderExportError::NeedsXml => t.get("preorders-export-xml"),
        PreorderExportError::NotFound | PreorderExportError::Sheet(_) | PreorderExportError::Store(_) => {
            t.get("preorders-export-failed")
        }
    }
}
