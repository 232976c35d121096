//! Limits and opt-in of one product, changed in its row or, without JavaScript, on a page of its own.

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::{
    columns::Columns,
    limits::{Limits, LimitsForm, Theirs, safe_back},
    row::{Row, row_fetch},
};
use crate::{
    app::{
        edit::{EditError, store_for_change},
        product_edit::edit_product,
        undo::change_to_undo,
    },
    domain::ProductId,
    services::Services,
    store::products::ProductRow,
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        filters,
        pages::listing::Params,
        render::{html, html_with, see_other},
        session::{self, Undo},
    },
};

#[derive(Template)]
#[template(path = "products/_row.html")]
struct RowFragment {
    shell: Shell,
    row: Row,
    /// Put the focus back on the row's button.
    focus: bool,
    here: String,
    columns: Columns,
    /// What came of it; empty: nothing to say.
    said: String,
    /// The change that can be undone; empty: none.
    undo: String,
    /// What stays as it is, and why; empty: nothing.
    left: String,
    /// In the place of what was said before.
    again: bool,
}

impl RowFragment {
    fn new(shell: Shell, row: Row, here: &str, columns: Columns) -> Self {
        Self {
            shell,
            row,
            focus: true,
            here: here.to_owned(),
            columns,
            said: String::new(),
            undo: String::new(),
            left: String::new(),
            again: false,
        }
    }
}

#[derive(Template)]
#[template(path = "products/_row_edit.html")]
struct RowEditFragment {
    shell: Shell,
    row: Row,
    limits: Limits,
    columns: Columns,
}

#[derive(Template)]
#[template(path = "products/edit.html")]
struct EditPage {
    shell: Shell,
    row: Row,
    limits: Limits,
}

/// Where a form was opened, as its address says.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct From {
    back: String,
}

/// The row, not edited: after "cancel".
///
/// # Errors
/// Not found; database away.
pub async fn row(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    req: HttpRequest,
    from: web::Query<From>,
) -> WebResult<HttpResponse> {
    let id: ProductId = path_id(&req)?;
    if !shell.htmx {
        return Ok(see_other(&format!("/products/{id}")));
    }
    let row = row_to_look(&shell, &user, &services, id).await?;
    let back = safe_back(&from.back);
    let columns = columns_of(&services, &user, back).await?;
    html(&RowFragment::new(shell, row, back, columns))
}

async fn row_to_look(
    shell: &Shell,
    user: &CurrentUser,
    services: &Services,
    id: ProductId,
) -> WebResult<Row> {
    let (tenant, now) = (user.tenant(), shell.now);
    services
        .db
        .read(move |conn| row_fetch(conn, tenant, id, now))
        .await?
        .ok_or_else(WebError::not_found)
}

/// The columns of the list that a row stands in.
async fn columns_of(services: &Services, user: &CurrentUser, list: &str) -> WebResult<Columns> {
    let query = list.split_once('?').map_or("", |(_, query)| query);
    let (id, params) = (user.id(), Params::parse(query, "/products", super::NAMES));
    Ok(services
        .db
        .read(move |conn| Columns::of(conn, id, &params))
        .await?)
}

/// The row with its former values, or as it stays; what is said of it in the place of the message before.
///
/// # Errors
/// Not found; database away.
pub async fn row_after_undo(
    shell: Shell,
    user: &ManagerUser,
    services: &Services,
    id: ProductId,
    (said, left): (String, String),
    back: &str,
) -> WebResult<HttpResponse> {
    let row = row_to_look(&shell, &user.0, services, id).await?;
    let columns = columns_of(services, &user.0, back).await?;
    html(&RowFragment {
        said,
        left,
        again: true,
        ..RowFragment::new(shell, row, back, columns)
    })
}

/// The form.
///
/// # Errors
/// Not found; no right to change; database away.
pub async fn form(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    req: HttpRequest,
    from: web::Query<From>,
) -> WebResult<HttpResponse> {
    let row = row_for_change(&services, &user.0, &req).await?;
    let limits = Limits::of(&row.row.product, safe_back(&from.back));
    let columns = columns_of(&services, &user.0, &limits.back).await?;
    answer(shell, StatusCode::OK, row, limits, columns)
}

/// Saves the form.
///
/// # Errors
/// Not found; no right to change; database away.
pub async fn save(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    req: HttpRequest,
    form: web::Form<LimitsForm>,
) -> WebResult<HttpResponse> {
    let row = row_for_change(&services, &user.0, &req).await?;
    let product = &row.row.product;
    let mut limits = Limits::typed(product, &form);
    let columns = columns_of(&services, &user.0, safe_back(&form.back)).await?;
    let result = match form.change(product) {
        Ok(change) => {
            let actor = user.0.actor(&req);
            edit_product(&services, &actor, product.id, form.version, change).await
        }
        Err(errors) => Err(EditError::Invalid(errors)),
    };
    match result {
        Ok(()) => saved(shell, &user.0, &services, &req, safe_back(&form.back), columns).await,
        Err(EditError::Invalid(errors)) => {
            limits.errors = errors;
            limits.version = form.version;
            answer(shell, StatusCode::UNPROCESSABLE_ENTITY, row, limits, columns)
        }
        Err(EditError::Conflict(current)) => {
            limits.version = current.product.version;
            limits.theirs = Some(theirs(&services, &user.0, &current).await?);
            answer(shell, StatusCode::CONFLICT, row, limits, columns)
        }
        Err(other) => Err(other.into()),
    }
}

async fn saved(
    shell: Shell,
    user: &CurrentUser,
    services: &Services,
    req: &HttpRequest,
    back: &str,
    columns: Columns,
) -> WebResult<HttpResponse> {
    let said = shell.t.get("product-saved");
    let undo = undo_of(services, user, req).await?;
    if !shell.htmx {
        session::flash_with_undo(&req.get_session(), said, undo)?;
        return Ok(see_other(back));
    }
    let row = row_for_change(services, user, req).await?;
    html(&RowFragment {
        said,
        undo: undo.map_or_else(String::new, |undo| undo.line.to_string()),
        ..RowFragment::new(shell, row, back, columns)
    })
}

/// What this request changed of the product in its address, to be undone.
///
/// # Errors
/// Database away.
pub async fn undo_of(services: &Services, user: &CurrentUser, req: &HttpRequest) -> WebResult<Option<Undo>> {
    let line = change_to_undo(services, &user.actor(req), path_id(req)?).await?;
    Ok(line.map(|line| Undo { line, whole: false }))
}

/// What somebody else saved.
///
/// # Errors
/// Database away.
pub async fn theirs(services: &Services, user: &CurrentUser, current: &ProductRow) -> WebResult<Theirs> {
    let (tenant, product) = (user.tenant(), current.product.clone());
    Ok(services
        .db
        .read(move |conn| Theirs::of(conn, tenant, &product))
        .await?)
}

async fn row_for_change(services: &Services, user: &CurrentUser, req: &HttpRequest) -> WebResult<Row> {
    let id: ProductId = path_id(req)?;
    let (actor, now) = (user.actor(req), services.now());
    services
        .db
        .read(move |conn| {
            let row = row_fetch(conn, actor.tenant(), id, now)?.ok_or(EditError::NotFound)?;
            store_for_change::<ProductRow>(conn, &actor, row.row.product.store_id)?;
            Ok::<_, EditError<ProductRow>>(row)
        })
        .await
        .map_err(WebError::from)
}

fn answer(
    shell: Shell,
    status: StatusCode,
    row: Row,
    limits: Limits,
    columns: Columns,
) -> WebResult<HttpResponse> {
    if shell.htmx {
        let part = RowEditFragment {
            shell,
            row,
            limits,
            columns,
        };
        html_with(status, &part)
    } else {
        html_with(status, &EditPage { shell, row, limits })
    }
}
