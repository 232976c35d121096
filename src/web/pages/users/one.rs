//! One person: rights, password, second factor, sessions, and the stores that he sees.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{ROLES, error_at, wrong};
use crate::{
    app::{
        own_sessions::{OwnSessionError, end_sessions_of},
        passwords::MIN_LENGTH,
        second_factor::{SecondFactorError, SecondFactorState, second_factor_state, switch_off_for},
        user_accounts::{UserError, set_active, set_password, set_role},
    },
    domain::{Role, Tenant, UserId},
    secrets::Secret,
    services::Services,
    store::{
        StoreError,
        stores::{Store, store_list, store_role},
        user_list::users_seen,
        users::{User, user_fetch},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{AdminUser, path_id},
        error::ErrorKind,
        filters, form as web_form,
        pages::sign_in::{password_again, refused},
        render::{html, see_other},
        session,
        texts::Texts,
    },
};

#[derive(Template)]
#[template(path = "users/show.html")]
struct UserPage {
    shell: Shell,
    user: User,
    /// It is the one who looks.
    own: bool,
    second_factor: SecondFactorState,
    /// His last request; `None`: no session of his is left.
    seen_at: Option<DateTime<Utc>>,
    /// Stores that he sees, and as what; as `None`: his own.
    stores: Vec<(Store, Option<Role>)>,
    role: Role,
    /// Id of a field and the sentence about it.
    errors: Vec<(&'static str, String)>,
}

impl UserPage {
    async fn load(shell: Shell, services: &Services, admin: &AdminUser, id: UserId) -> WebResult<Self> {
        let (user, stores, seen_at) = services
            .db
            .read(move |conn| {
                let Some(user) = user_fetch(conn, id)? else {
                    return Ok(None);
                };
                let mut stores = Vec::new();
                for store in store_list(conn, Tenant::User(id))? {
                    let role = if store.owner_id == id {
                        None
                    } else {
                        store_role(conn, &store, id)?
                    };
                    stores.push((store, role));
                }
                let seen_at = users_seen(conn, &[id])?.remove(&id);
                Ok::<_, StoreError>(Some((user, stores, seen_at)))
            })
            .await?
            .ok_or_else(WebError::not_found)?;
        Ok(Self {
            shell,
            own: admin.0.id() == id,
            second_factor: second_factor_state(services, id).await?,
            stores,
            seen_at,
            role: user.role,
            user,
            errors: Vec::new(),
        })
    }

    fn roles(&self) -> [Role; 3] {
        ROLES
    }

    fn has_second_factor(&self) -> bool {
        matches!(self.second_factor, SecondFactorState::On { .. })
    }

    fn least(&self) -> usize {
        MIN_LENGTH
    }

    fn error_at(&self, id: &str) -> &str {
        error_at(&self.errors, id)
    }
}

/// `GET /users/{id}`
pub(super) async fn show(
    req: HttpRequest,
    shell: Shell,
    admin: AdminUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    html(&UserPage::load(shell, &services, &admin, path_id(&req)?).await?)
}

#[derive(Deserialize)]
pub(super) struct RoleForm {
    #[serde(default)]
    role: String,
    /// The administrator's own.
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    password: Secret,
}

/// `POST /users/{id}/role`
pub(super) async fn role(
    req: HttpRequest,
    shell: Shell,
    admin: AdminUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<RoleForm>,
) -> WebResult<HttpResponse> {
    let (id, form): (UserId, _) = (path_id(&req)?, form.into_inner());
    let mut page = UserPage::load(shell, &services, &admin, id).await?;
    page.role = form
        .role
        .parse()
        .map_err(|_| WebError::new(ErrorKind::BadRequest))?;
    let t = page.shell.t;
    let words = ("profile-wrong-password", t);
    let confirmed = match password_again(&req, &services, &admin.0, form.password, words).await? {
        Ok(confirmed) => confirmed,
        Err((kind, text)) => {
            page.errors.push(("role-password", text));
            return refused(kind, &page);
        }
    };
    match set_role(&services, &admin.0.actor(&req), id, page.role, &confirmed).await {
        Ok(()) => done(&session, &t, "user-role-set", id),
        Err(UserError::LastAdmin) => {
            page.errors.push(("role", t.get("user-last-admin")));
            refused(ErrorKind::Invalid, &page)
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    new_password: Secret,
    /// The administrator's own.
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    password: Secret,
}

/// `POST /users/{id}/password`: all his sessions end.
pub(super) async fn password(
    req: HttpRequest,
    shell: Shell,
    admin: AdminUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<PasswordForm>,
) -> WebResult<HttpResponse> {
    let (id, form): (UserId, _) = (path_id(&req)?, form.into_inner());
    let mut page = UserPage::load(shell, &services, &admin, id).await?;
    let t = page.shell.t;
    if page.own {
        return refused_to_oneself(&session, &t, id);
    }
    let words = ("profile-wrong-password", t);
    if let Err((kind, text)) = password_again(&req, &services, &admin.0, form.password, words).await? {
        page.errors.push(("own-password", text));
        return refused(kind, &page);
    }
    let email = page.user.email.clone();
    match set_password(&services, &admin.0.actor(&req), &email, form.new_password).await {
        Ok(()) => done(&session, &t, "user-password-set", id),
        Err(error) => {
            page.errors.push(wrong(error, &t)?);
            refused(ErrorKind::Invalid, &page)
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ActiveForm {
    #[serde(default)]
    active: String,
}

/// `POST /users/{id}/active`: may he sign in? Not any more: all his sessions end.
pub(super) async fn active(
    req: HttpRequest,
    shell: Shell,
    admin: AdminUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<ActiveForm>,
) -> WebResult<HttpResponse> {
    let (id, active) = (path_id(&req)?, form.active == "on");
    let page = UserPage::load(shell, &services, &admin, id).await?;
    let t = page.shell.t;
    if page.own {
        return refused_to_oneself(&session, &t, id);
    }
    match set_active(&services, &admin.0.actor(&req), &page.user.email, active).await {
        Ok(()) if active => done(&session, &t, "user-enabled", id),
        Ok(()) => done(&session, &t, "user-disabled", id),
        Err(UserError::LastAdmin) => {
            session::flash(&session, false, t.get("user-last-admin"))?;
            Ok(see_other(&format!("/users/{id}")))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /users/{id}/sessions`: he is signed out everywhere.
pub(super) async fn end_sessions(
    req: HttpRequest,
    shell: Shell,
    admin: AdminUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id: UserId = path_id(&req)?;
    if admin.0.id() == id {
        return refused_to_oneself(&session, &shell.t, id);
    }
    match end_sessions_of(&services, &admin.0.actor(&req), id).await {
        Ok(()) => done(&session, &shell.t, "user-sessions-ended", id),
        Err(OwnSessionError::NotFound) => Err(WebError::not_found()),
        Err(OwnSessionError::Forbidden) => Err(WebError::forbidden()),
        Err(OwnSessionError::Store(error)) => Err(error.into()),
    }
}

/// `POST /users/{id}/second-factor`: for a lost telephone; the password alone is asked for until he sets up another.
pub(super) async fn second_factor_off(
    req: HttpRequest,
    shell: Shell,
    admin: AdminUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id: UserId = path_id(&req)?;
    let page = UserPage::load(shell, &services, &admin, id).await?;
    let t = page.shell.t;
    if page.own {
        return refused_to_oneself(&session, &t, id);
    }
    match switch_off_for(&services, &admin.0.actor(&req), id).await {
        Ok(()) => done(&session, &t, "user-second-off", id),
        Err(SecondFactorError::WrongState | SecondFactorError::NotFound) => {
            Ok(see_other(&format!("/users/{id}")))
        }
        Err(SecondFactorError::Forbidden) => Err(WebError::forbidden()),
        Err(SecondFactorError::Store(error)) => Err(error.into()),
        Err(error) => Err(WebError::internal(error.into())),
    }
}

/// One's own account is looked after in the profile.
fn refused_to_oneself(session: &Session, t: &Texts, id: UserId) -> WebResult<HttpResponse> {
    session::flash(session, false, t.get("user-own"))?;
    Ok(see_other(&format!("/users/{id}")))
}

fn done(session: &Session, t: &Texts, key: &str, id: UserId) -> WebResult<HttpResponse> {
    session::flash(session, true, t.get(key))?;
    Ok(see_other(&format!("/users/{id}")))
}
