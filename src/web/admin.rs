//! Mounts the administration area: lists, forms, deletion, actions and history of every declared model.

mod lists;
mod own_views;
mod views;
mod writes;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use uuid::Uuid;

use super::{
    Shell, WebError, WebResult,
    auth::{AdminUser, address_of},
    render::html,
    routes::{Access, Kind, Route},
};
use crate::{
    admin::{
        Staff,
        framework::{AdminError, Resource, SaveError, Site, Verb},
    },
    domain::Tenant,
    services::Services,
    store::{
        PgConnection,
        audit::{AuditEntry, audit_list},
    },
};
use views::{Change, FormPage, HistoryPage, IndexPage, ModelCard, RecentAct, Words};

/// Lines of a history.
const HISTORY_MAX: i64 = 200;
/// Acts on the front page.
const RECENT: i64 = 10;

/// The area's addresses. Fixed last parts stand before keys.
pub const ROUTES: &[Route] = &[
    get("/admin/", || web::to(index)),
    get("/admin", || web::to(add_slash)),
    get("/admin/{model}/", || web::to(lists::list)),
    get("/admin/{model}", || web::to(add_slash)),
    get("/admin/{model}/export/", || web::to(lists::export)),
    Route::get(
        "/admin/{model}/choices/{relation}/",
        Kind::Fragment,
        Access::Admin,
        || web::to(lists::choices),
    ),
    post("/admin/{model}/views/", || web::to(own_views::save)),
    post("/admin/{model}/views/{view}/delete/", || {
        web::to(own_views::delete)
    }),
    post("/admin/{model}/inline/", || web::to(lists::inline)),
    post("/admin/{model}/actions/", || web::to(writes::action)),
    get("/admin/{model}/add/", || web::to(add)),
    post("/admin/{model}/add/", || web::to(writes::create)),
    get("/admin/{model}/{id}/", || web::to(form)),
    post("/admin/{model}/{id}/", || web::to(writes::save)),
    get("/admin/{model}/{id}/delete/", || web::to(confirm_delete)),
    post("/admin/{model}/{id}/delete/", || web::to(writes::delete)),
    get("/admin/{model}/{id}/history/", || web::to(history)),
    post("/admin/{model}/{id}/history/{entry}/", || {
        web::to(writes::restore)
    }),
];

const fn get(path: &'static str, handler: fn() -> actix_web::Route) -> Route {
    Route::get(path, Kind::Page, Access::Admin, handler)
}

const fn post(path: &'static str, handler: fn() -> actix_web::Route) -> Route {
    Route::post(path, Kind::Page, Access::Admin, handler)
}

/// All models, shared by the threads of the server.
pub type Models = web::Data<Site<Staff>>;

/// The declared models.
///
/// # Errors
/// A declaration is wrong: the program must not start.
pub fn models() -> std::io::Result<Models> {
    let site = crate::admin::site();
    let findings = site.check();
    if findings.is_empty() {
        return Ok(web::Data::new(site));
    }
    let lines: Vec<_> = findings
        .iter()
        .map(|finding| format!("{} {}", finding.id, finding.sentence))
        .collect();
    Err(std::io::Error::other(lines.join("\n")))
}

/// The model of the path.
fn model<'a>(models: &'a Models, slug: &str) -> WebResult<&'a dyn Resource<Staff>> {
    models.get(slug).ok_or_else(WebError::not_found)
}

/// Asks the database about a model.
async fn ask<T: Send + 'static>(
    services: &Services,
    models: &Models,
    slug: &'static str,
    question: impl FnOnce(&dyn Resource<Staff>, &mut PgConnection) -> Result<T, AdminError> + Send + 'static,
) -> WebResult<T> {
    let models = models.clone();
    let answer = services
        .db
        .read(move |conn| {
            models
                .get(slug)
                .map(|resource| question(resource, conn))
                .transpose()
        })
        .await?;
    answer.ok_or_else(WebError::not_found)
}

fn staff(request: &HttpRequest, services: &Services, user: &AdminUser) -> Staff {
    Staff {
        services: services.clone(),
        actor: user.0.actor(request),
        address: address_of(request),
    }
}

async fn add_slash(request: HttpRequest) -> HttpResponse {
    HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, format!("{}/", request.path())))
        .finish()
}

async fn index(
    request: HttpRequest,
    shell: Shell,
    services: web::Data<Services>,
    models: Models,
    user: AdminUser,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let counted = models.clone();
    let (counts, acts) = services
        .db
        .read(move |conn| {
            let counts = counted
                .resources()
                .map(|resource| resource.count(conn))
                .collect::<Result<Vec<_>, AdminError>>()?;
            Ok::<_, AdminError>((counts, audit_list(conn, Tenant::All, None, None, RECENT)?))
        })
        .await?;
    let cards = models
        .resources()
        .zip(counts)
        .filter(|(resource, _)| resource.allows(&staff, Verb::View))
        .map(|(resource, count)| ModelCard {
            words: Words::new(shell.t, resource.slug()),
            icon: resource.icon(),
            count,
        })
        .collect();
    let acts = acts
        .iter()
        .map(|entry| RecentAct::of(entry, &models, shell.t))
        .collect();
    html(&IndexPage { shell, cards, acts })
}

async fn add(
    request: HttpRequest,
    shell: Shell,
    services: web::Data<Services>,
    models: Models,
    user: AdminUser,
    path: web::Path<String>,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let resource = model(&models, &path)?;
    if !resource.allows(&staff, Verb::Add) {
        return Err(WebError::not_found());
    }
    html(&FormPage::load(shell, &services, &models, resource, &staff, None).await?)
}

async fn form(
    request: HttpRequest,
    shell: Shell,
    services: web::Data<Services>,
    models: Models,
    user: AdminUser,
    path: web::Path<(String, Uuid)>,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let resource = model(&models, &path.0)?;
    html(&FormPage::load(shell, &services, &models, resource, &staff, Some(path.1)).await?)
}

async fn confirm_delete(
    request: HttpRequest,
    shell: Shell,
    services: web::Data<Services>,
    models: Models,
    user: AdminUser,
    path: web::Path<(String, Uuid)>,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let resource = model(&models, &path.0)?;
    writes::confirm(
        shell,
        &services,
        &models,
        (resource, &staff),
        writes::Asked {
            action: "delete",
            ids: vec![path.1],
            all: None,
        },
    )
    .await
}

async fn history(
    request: HttpRequest,
    shell: Shell,
    (services, models): (web::Data<Services>, Models),
    user: AdminUser,
    path: web::Path<(String, Uuid)>,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let resource = model(&models, &path.0)?;
    let words = Words::new(shell.t, resource.slug());
    let lines = changes(&services, resource, path.1, HISTORY_MAX).await?;
    let id = path.1;
    let present = ask(&services, &models, resource.slug(), move |resource, conn| {
        resource.present(conn, id)
    })
    .await?
    .filter(|_| resource.allows(&staff, Verb::Change));
    html(&HistoryPage {
        changes: lines
            .iter()
            .map(|entry| Change {
                restores: present
                    .as_ref()
                    .is_some_and(|(_, values)| writes::restored(entry, values).is_some()),
                ..Change::of(entry, words)
            })
            .collect(),
        version: present.map(|(version, _)| version).unwrap_or_default(),
        id: path.1,
        shell,
        words,
    })
}

/// What the log says about an object, newest first. Also of one that is gone.
async fn changes(
    services: &Services,
    resource: &dyn Resource<Staff>,
    id: Uuid,
    limit: i64,
) -> WebResult<Vec<AuditEntry>> {
    let Some(kind) = resource.audit_kind() else {
        return Ok(Vec::new());
    };
    Ok(services
        .db
        .read(move |conn| audit_list(conn, Tenant::All, Some((kind, id)), None, limit))
        .await?)
}

impl From<AdminError> for WebError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Parameter(_) => Self::new(super::error::ErrorKind::BadRequest),
            AdminError::Store(error) => error.into(),
        }
    }
}

impl From<SaveError> for WebError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::NotFound => Self::not_found(),
            SaveError::Forbidden => Self::forbidden(),
            SaveError::Invalid(_) => Self::new(super::error::ErrorKind::Invalid),
            SaveError::Conflict => Self::new(super::error::ErrorKind::Conflict),
            SaveError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests;
