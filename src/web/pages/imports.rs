//! Imports: the list, the upload with its help, and the table to fill in. What came of a file stands in [`show`].

pub mod show;
mod upload;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use super::listing::{Pager, Params};
use crate::{
    app::imports::{ImportError, form::import_form},
    domain::{
        StoreId,
        imports::{ImportColumn, ImportState, ROWS_MAX},
    },
    services::Services,
    store::{
        StoreError,
        imports::{Import, import_list},
        stores::{Store, store_list},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser},
        error::ErrorKind,
        filters,
        render::{XLSX, attachment, html, html_with},
        routes::{Access, Kind, Route},
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/imports", Kind::Page, Access::SignedIn, || web::to(list)),
    Route::post("/imports", Kind::Page, Access::Manager, || {
        web::to(upload::submit)
    }),
    Route::get("/imports/new", Kind::Page, Access::Manager, || web::to(new)),
    Route::get("/imports/form", Kind::Page, Access::SignedIn, || web::to(form)),
    Route::get("/imports/{id}", Kind::Fragment, Access::SignedIn, || {
        web::to(show::show)
    }),
    Route::post("/imports/{id}/apply", Kind::Page, Access::Manager, || {
        web::to(show::apply)
    }),
    Route::post("/imports/{id}/undo", Kind::Page, Access::Manager, || {
        web::to(show::undo)
    }),
];

/// Class, icon and words of where an import stands.
fn state_mark(state: ImportState, t: &Texts) -> (&'static str, &'static str, String) {
    let (class, icon) = match state {
        ImportState::Checked => ("info", "eye"),
        ImportState::Applying | ImportState::Undoing => ("info", "clock"),
        ImportState::Applied => ("ok", "check-circle"),
        ImportState::Undone => ("ghost", "x-circle"),
        ImportState::Failed => ("bad", "x-circle"),
    };
    (class, icon, t.get(format!("import-state-{state}")))
}

#[derive(Template)]
#[template(path = "imports/page.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<(Import, String)>,
    pager: Pager,
    stores: Vec<Store>,
    /// The chosen store.
    store: Option<Store>,
}

impl ListPage {
    fn state(&self, import: &Import) -> (&'static str, &'static str, String) {
        state_mark(import.state, &self.shell.t)
    }
}

async fn list(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let params = Params::read(&req, "/imports", &["store", "size", "page"]);
    let (tenant, store_id, page) = (user.tenant(), params.value("store"), params.page());
    let (paged, stores) = services
        .db
        .read(move |conn| {
            let paged = import_list(conn, tenant, store_id, page)?;
            Ok::<_, StoreError>((paged, store_list(conn, tenant)?))
        })
        .await?;
    html(&ListPage {
        store: chosen(&stores, store_id),
        pager: Pager::new(&params, &paged),
        rows: paged.rows,
        shell,
        stores,
    })
}

/// The store that is asked for, or the only one.
fn chosen(stores: &[Store], id: Option<StoreId>) -> Option<Store> {
    match stores {
        [only] => Some(only.clone()),
        several => several.iter().find(|store| Some(store.id) == id).cloned(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StoreQuery {
    store: String,
}

#[derive(Template)]
#[template(path = "imports/new.html")]
struct NewPage {
    shell: Shell,
    stores: Vec<Store>,
    store: Option<Store>,
    /// Why the last file was refused; empty: none was.
    error: String,
    /// Name of that file.
    file: String,
}

impl NewPage {
    /// Columns with their headings and what they take.
    fn columns(&self) -> Vec<(String, String)> {
        let t = self.shell.t;
        ImportColumn::ALL
            .iter()
            .map(|column| {
                (
                    t.get(format!("import-column-{column}")),
                    t.get(format!("import-column-{column}-help")),
                )
            })
            .collect()
    }

    fn rows_max(&self) -> i64 {
        i64::from(ROWS_MAX)
    }
}

async fn new(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    query: web::Query<StoreQuery>,
) -> WebResult<HttpResponse> {
    let page = new_page(shell, &user.0, &services, &query.store).await?;
    html(&page)
}

async fn new_page(shell: Shell, user: &CurrentUser, services: &Services, store: &str) -> WebResult<NewPage> {
    let tenant = user.tenant();
    let stores = services.db.read(move |conn| store_list(conn, tenant)).await?;
    let store = chosen(&stores, store.parse().ok());
    Ok(NewPage {
        shell,
        stores,
        store,
        error: String::new(),
        file: String::new(),
    })
}

/// The page of the upload once more, with what is wrong.
async fn refused(
    shell: Shell,
    user: &CurrentUser,
    services: &Services,
    store: &str,
    (file, error): (String, String),
) -> WebResult<HttpResponse> {
    let page = new_page(shell, user, services, store).await?;
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &NewPage { error, file, ..page })
}

#[derive(Debug, Deserialize)]
struct FormQuery {
    store: StoreId,
}

async fn form(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    query: web::Query<FormQuery>,
) -> WebResult<HttpResponse> {
    let t = shell.t;
    let head = |column: ImportColumn| t.get(format!("import-column-{column}"));
    let headers = [
        head(ImportColumn::Sku),
        t.get("import-column-name"),
        head(ImportColumn::Floor),
        head(ImportColumn::Ceiling),
        head(ImportColumn::UnitCost),
        head(ImportColumn::Rule),
        head(ImportColumn::Enabled),
        head(ImportColumn::PreorderDays),
    ];
    let words = (t.get("import-yes"), t.get("import-no"));
    let file = import_form(&services, &user.actor(&req), query.store, headers, words)
        .await?
        .map_err(WebError::internal)?;
    Ok(attachment(&file.name, XLSX, file.bytes))
}

impl From<ImportError> for WebError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::NotFound => Self::not_found(),
            ImportError::Forbidden => Self::forbidden(),
            ImportError::Refused(_) => Self::new(ErrorKind::Invalid),
            ImportError::Busy | ImportError::TooLate => Self::new(ErrorKind::Conflict),
            ImportError::Store(error) => error.into(),
        }
    }
}
