//! Limits and opt-in of one product, changed in its row or, without JavaScript, on a page of its own.

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::{
    limits::{Limits, LimitsForm, Theirs, safe_back},
    row::{Row, row_fetch},
};
use crate::{
    app::{
        edit::{EditError, store_for_change},
        product_edit::edit_product,
    },
    domain::ProductId,
    services::Services,
    store::{StoreError, products::ProductRow},
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        filters,
        render::{html, html_with, see_other},
        session,
    },
};

#[derive(Template)]
#[template(path = "products/_row.html")]
struct RowFragment {
    shell: Shell,
    row: Row,
    /// Put the focus back on the row's button.
    focus: bool,
    /// Say that it was saved.
    saved: bool,
    here: String,
}

#[derive(Template)]
#[template(path = "products/_row_edit.html")]
struct RowEditFragment {
    shell: Shell,
    row: Row,
    limits: Limits,
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
    let (tenant, now) = (user.tenant(), shell.now);
    let row = services
        .db
        .read(move |conn| row_fetch(conn, tenant, id, now))
        .await?
        .ok_or_else(WebError::not_found)?;
    html(&RowFragment {
        shell,
        row,
        focus: true,
        saved: false,
        here: safe_back(&from.back).to_owned(),
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
    answer(shell, StatusCode::OK, row, limits)
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
    let result = match form.change(product) {
        Ok(change) => {
            let actor = user.0.actor(&req);
            edit_product(&services, &actor, product.id, form.version, change).await
        }
        Err(errors) => Err(EditError::Invalid(errors)),
    };
    match result {
        Ok(()) => saved(shell, &user.0, &services, &req, safe_back(&form.back)).await,
        Err(EditError::Invalid(errors)) => {
            limits.errors = errors;
            limits.version = form.version;
            answer(shell, StatusCode::UNPROCESSABLE_ENTITY, row, limits)
        }
        Err(EditError::Conflict(current)) => {
            limits.version = current.product.version;
            limits.theirs = Some(theirs(&services, &user.0, &current).await?);
            answer(shell, StatusCode::CONFLICT, row, limits)
        }
        Err(other) => Err(edit_error(other)),
    }
}

async fn saved(
    shell: Shell,
    user: &CurrentUser,
    services: &Services,
    req: &HttpRequest,
    back: &str,
) -> WebResult<HttpResponse> {
    if !shell.htmx {
        session::flash(&req.get_session(), true, shell.t.get("product-saved"))?;
        return Ok(see_other(back));
    }
    let row = row_for_change(services, user, req).await?;
    html(&RowFragment {
        shell,
        row,
        focus: true,
        saved: true,
        here: back.to_owned(),
    })
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

/// Errors of an edit that have a page of their own.
#[must_use]
pub fn edit_error<R: std::fmt::Debug>(error: EditError<R>) -> WebError {
    match error {
        EditError::NotFound => WebError::not_found(),
        EditError::Forbidden => WebError::forbidden(),
        EditError::Store(error) => error.into(),
        EditError::Conflict(_) => StoreError::Stale.into(),
        EditError::Invalid(_) => WebError::new(crate::web::error::ErrorKind::Invalid),
    }
}

async fn row_for_change(services: &Services, user: &CurrentUser, req: &HttpRequest) -> WebResult<Row> {
    let id: ProductId = path_id(req)?;
    let (actor, now) = (user.actor(req), services.now());
    services
        .db
        .read(move |conn| {
            let row = row_fetch(conn, actor.tenant(), id, now)?.ok_or(EditError::NotFound)?;
            store_for_change::<ProductRow>(conn, &actor, row.row.product.store_id)?;
            Ok(row)
        })
        .await
        .map_err(edit_error::<ProductRow>)
}

fn answer(shell: Shell, status: StatusCode, row: Row, limits: Limits) -> WebResult<HttpResponse> {
    if shell.htmx {
        html_with(status, &RowEditFragment { shell, row, limits })
    } else {
        html_with(status, &EditPage { shell, row, limits })
    }
}
