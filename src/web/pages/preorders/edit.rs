//! One preorder: the form, its status, and the page that asks before it is removed.

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::{
    fields::{Fields, PreorderForm, Theirs},
    status_mark,
};
use crate::{
    app::{
        edit::{EditError, actor_may_change},
        preorder_edit::{
            NewPreorder, PreorderEditError, create_preorder, delete_preorder, edit_preorder,
            set_preorder_status,
        },
    },
    domain::{Actor, PreorderId, PreorderStatus, ProductId, Tenge},
    services::Services,
    store::{
        page::PageRequest,
        preorders::{PreorderRow, preorder_fetch},
        products::{ProductFilter, ProductOrder, ProductRow, product_fetch, product_list},
        stores::store_fetch,
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        filters,
        render::{html, html_with, see_other},
        session,
    },
};

/// Products offered to choose from.
const CHOICES: i64 = 20;

#[derive(Template)]
#[template(path = "preorders/form.html")]
struct PreorderPage {
    shell: Shell,
    fields: Fields,
    /// The stored preorder; `None`: a new one.
    row: Option<PreorderRow>,
    class: &'static str,
    icon: &'static str,
    /// Key of the status in words.
    status_key: String,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "preorders/choose.html")]
struct ChoosePage {
    shell: Shell,
    search: String,
    products: Vec<ProductRow>,
}

#[derive(Template)]
#[template(path = "preorders/delete.html")]
struct DeletePage {
    shell: Shell,
    row: PreorderRow,
}

/// What `/preorders/new` is asked for.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct NewQuery {
    product: String,
    q: String,
}

/// A new preorder: first its product is chosen, then the form.
///
/// # Errors
/// Not found; database away.
pub async fn new(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    query: web::Query<NewQuery>,
) -> WebResult<HttpResponse> {
    let tenant = user.0.tenant();
    if !query.product.is_empty() {
        let product = product_of(&services, &user.0, &query.product).await?;
        let fields = new_fields(&product);
        return answer(shell, StatusCode::OK, fields, None, true);
    }
    let search = query.q.clone();
    let filter = ProductFilter {
        search: query.q.clone(),
        ..ProductFilter::default()
    };
    let products = services
        .db
        .read(move |conn| {
            let page = PageRequest::new(1, CHOICES);
            product_list(conn, tenant, &filter, ProductOrder::Name, page)
        })
        .await?
        .rows;
    html(&ChoosePage {
        shell,
        search,
        products,
    })
}

/// Adds a preorder.
///
/// # Errors
/// Not found; no right to change; database away.
pub async fn create(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    req: HttpRequest,
    form: web::Form<PreorderForm>,
) -> WebResult<HttpResponse> {
    let product = product_of(&services, &user.0, &form.product).await?;
    let result = match form.read(&serde_json::json!({})) {
        Ok(typed) => {
            let new = NewPreorder {
                product_id: product.product.id,
                store_id: None,
                article: Some(form.article.clone()),
                name: Some(form.name.clone()),
                brand: Some(form.brand.clone()),
                status: PreorderStatus::Processing,
                price_tenge: typed.price_tenge,
                warehouses: typed.warehouses,
                delivery_days: typed.delivery_days,
            };
            create_preorder(&services, &user.0.actor(&req), new).await
        }
        Err(errors) => Err(EditError::Invalid(errors)),
    };
    match result {
        Ok(_) => done(&shell, &req, "preorder-saved", "/preorders"),
        Err(EditError::Invalid(errors)) => {
            let mut fields = new_fields(&product).typed(&form);
            fields.errors = errors;
            answer(shell, StatusCode::UNPROCESSABLE_ENTITY, fields, None, true)
        }
        Err(other) => Err(other.into()),
    }
}

/// The form of a preorder; without fields for those who may only look.
///
/// # Errors
/// Not found; database away.
pub async fn show(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    req: HttpRequest,
) -> WebResult<HttpResponse> {
    let stored = stored_of(&services, &user.actor(&req), &req).await?;
    let fields = Fields::of(&stored.row, stored.own_price);
    answer(shell, StatusCode::OK, fields, Some(stored.row), stored.may_change)
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
    form: web::Form<PreorderForm>,
) -> WebResult<HttpResponse> {
    let actor = user.0.actor(&req);
    let stored = stored_of(&services, &actor, &req).await?;
    let id = stored.row.preorder.id;
    let result = match form.change(&stored.row.preorder) {
        Ok(change) => edit_preorder(&services, &actor, id, form.version, change).await,
        Err(errors) => Err(EditError::Invalid(errors)),
    };
    let mut fields = Fields::of(&stored.row, stored.own_price).typed(&form);
    match result {
        Ok(()) => done(&shell, &req, "preorder-saved", "/preorders"),
        Err(EditError::Invalid(errors)) => {
            fields.errors = errors;
            answer(
                shell,
                StatusCode::UNPROCESSABLE_ENTITY,
                fields,
                Some(stored.row),
                true,
            )
        }
        Err(EditError::Conflict(current)) => {
            let (tenant, theirs) = (actor.tenant(), current.preorder.clone());
            fields.version = current.preorder.version;
            fields.theirs = Some(
                services
                    .db
                    .read(move |conn| Theirs::of(conn, tenant, &theirs))
                    .await?,
            );
            answer(shell, StatusCode::CONFLICT, fields, Some(*current), true)
        }
        Err(other) => Err(other.into()),
    }
}

/// What a status button sends.
#[derive(Debug, serde::Deserialize)]
pub struct StatusForm {
    status: String,
    version: i32,
}

/// Completes, cancels or reopens.
///
/// # Errors
/// Not found; no right to change; changed meanwhile; database away.
pub async fn set_status(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    req: HttpRequest,
    form: web::Form<StatusForm>,
) -> WebResult<HttpResponse> {
    let id: PreorderId = path_id(&req)?;
    let status: PreorderStatus = form.status.parse().map_err(|_| WebError::not_found())?;
    set_preorder_status(&services, &user.0.actor(&req), id, form.version, status).await?;
    done(&shell, &req, "preorder-saved", &format!("/preorders/{id}"))
}

/// Asks before removing.
///
/// # Errors
/// Not found; no right to change; database away.
pub async fn confirm_delete(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    req: HttpRequest,
) -> WebResult<HttpResponse> {
    let stored = stored_of(&services, &user.0.actor(&req), &req).await?;
    if !stored.may_change {
        return Err(WebError::forbidden());
    }
    html(&DeletePage {
        shell,
        row: stored.row,
    })
}

/// Removes.
///
/// # Errors
/// Not found; no right to change; database away.
pub async fn delete(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    req: HttpRequest,
) -> WebResult<HttpResponse> {
    let id: PreorderId = path_id(&req)?;
    delete_preorder(&services, &user.0.actor(&req), id).await?;
    done(&shell, &req, "preorder-deleted", "/preorders")
}

fn done(shell: &Shell, req: &HttpRequest, text: &str, location: &str) -> WebResult<HttpResponse> {
    session::flash(&req.get_session(), true, shell.t.get(text))?;
    Ok(see_other(location))
}

fn answer(
    shell: Shell,
    status: StatusCode,
    fields: Fields,
    row: Option<PreorderRow>,
    may_change: bool,
) -> WebResult<HttpResponse> {
    let (class, icon) = row
        .as_ref()
        .map_or(("", ""), |row| status_mark(row.preorder.status));
    let status_key = row.as_ref().map_or_else(String::new, |row| {
        format!("value-status-{}", row.preorder.status.as_str())
    });
    let page = PreorderPage {
        status_key,
        shell,
        fields,
        row,
        class,
        icon,
        may_change,
    };
    html_with(status, &page)
}

fn new_fields(row: &ProductRow) -> Fields {
    let price = row.price.as_ref().map(|price| price.price_tenge);
    Fields::new(&row.product, &row.store_name, price)
}

async fn product_of(services: &Services, user: &CurrentUser, id: &str) -> WebResult<ProductRow> {
    let id: ProductId = id.parse().map_err(|_| WebError::not_found())?;
    let tenant = user.tenant();
    services
        .db
        .read(move |conn| product_fetch(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)
}

/// A preorder with what the form shows beside it.
struct Stored {
    row: PreorderRow,
    own_price: Option<Tenge>,
    may_change: bool,
}

async fn stored_of(services: &Services, actor: &Actor, req: &HttpRequest) -> WebResult<Stored> {
    let (id, actor): (PreorderId, Actor) = (path_id(req)?, actor.clone());
    services
        .db
        .read(move |conn| {
            let tenant = actor.tenant();
            let row = preorder_fetch(conn, tenant, id)?.ok_or(EditError::NotFound)?;
            let store = store_fetch(conn, tenant, row.preorder.store_id)?.ok_or(EditError::NotFound)?;
            let product = product_fetch(conn, tenant, row.preorder.product_id)?;
            Ok::<_, PreorderEditError>(Stored {
                own_price: product.and_then(|row| row.price).map(|price| price.price_tenge),
                may_change: actor_may_change(conn, &actor, &store)?,
                row,
            })
        })
        .await
        .map_err(WebError::from)
}
