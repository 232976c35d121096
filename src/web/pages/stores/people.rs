//! With whom a store is shared: its owner adds people, changes what they may do, and takes them out again.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::store_people::{StorePeopleError, people_of_store, share_store, unshare_store},
    domain::{Role, UserId},
    services::Services,
    store::{store_people::StorePerson, stores::Store, users::User},
    web::{
        Shell, WebError, WebResult,
        auth::{ManagerUser, OwnedStore},
        error::ErrorKind,
        filters,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/stores/{id}/people", Kind::Page, Access::Manager, || {
        web::to(show)
    }),
    Route::post("/stores/{id}/people", Kind::Page, Access::Manager, || {
        web::to(share)
    }),
    Route::post("/stores/{id}/people/remove", Kind::Page, Access::Manager, || {
        web::to(remove)
    }),
];

#[derive(Template)]
#[template(path = "stores/people.html")]
struct PeoplePage {
    shell: Shell,
    store: Store,
    owner: Option<User>,
    people: Vec<StorePerson>,
    /// As it was typed.
    email: String,
    role: String,
    /// Key of the text that says what is wrong with the e-mail.
    wrong: Option<&'static str>,
}

impl PeoplePage {
    fn roles(&self) -> [Role; 2] {
        [Role::Viewer, Role::Manager]
    }
}

async fn page(
    req: &HttpRequest,
    shell: Shell,
    user: &ManagerUser,
    store: Store,
    services: &Services,
) -> WebResult<PeoplePage> {
    let (owner, people) = people_of_store(services, &user.0.actor(req), store.id).await?;
    Ok(PeoplePage {
        shell,
        store,
        owner,
        people,
        email: String::new(),
        role: Role::Viewer.to_string(),
        wrong: None,
    })
}

async fn show(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    store: OwnedStore,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    html(&page(&req, shell, &user, store.0, &services).await?)
}

#[derive(Deserialize)]
struct ShareForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

async fn share(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    store: OwnedStore,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<ShareForm>,
) -> WebResult<HttpResponse> {
    let (store, ShareForm { email, role }) = (store.0, form.into_inner());
    let wanted: Role = role.parse().map_err(|_| WebError::new(ErrorKind::BadRequest))?;
    let id = store.id;
    match share_store(&services, &user.0.actor(&req), id, &email, wanted).await {
        Ok(_) => {
            session::flash(
                &session,
                true,
                shell.t.with("people-shared", "email", email.trim()),
            )?;
            Ok(see_other(&format!("/stores/{id}/people")))
        }
        Err(StorePeopleError::Invalid(errors)) => {
            let page = PeoplePage {
                email,
                role,
                wrong: errors.first().map(|error| error.code),
                ..page(&req, shell, &user, store, &services).await?
            };
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct RemoveForm {
    user_id: UserId,
}

async fn remove(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    store: OwnedStore,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<RemoveForm>,
) -> WebResult<HttpResponse> {
    let id = store.0.id;
    unshare_store(&services, &user.0.actor(&req), id, form.user_id).await?;
    session::flash(&session, true, shell.t.get("people-removed"))?;
    Ok(see_other(&format!("/stores/{id}/people")))
}
