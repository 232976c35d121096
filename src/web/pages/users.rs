//! The people of the panel, for administrators: who signs in, with which rights, to which stores; and a new one.

mod one;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::sign_in::{password_again, refused};
use crate::{
    app::{
        passwords::{MAX_LENGTH, MIN_LENGTH},
        user_accounts::{NewUser, UserError, create_user},
    },
    domain::Role,
    secrets::Secret,
    services::Services,
    store::user_list::{UserLine, user_lines},
    web::{
        Shell, WebError, WebResult,
        auth::AdminUser,
        error::ErrorKind,
        filters, form as web_form,
        pages::listing::Params,
        render::{html, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/users", Kind::Page, Access::Admin, || web::to(list)),
    Route::get("/users/new", Kind::Page, Access::Admin, || web::to(new)),
    Route::post("/users/new", Kind::Page, Access::Admin, || web::to(create)),
    Route::get("/users/{id}", Kind::Page, Access::Admin, || web::to(one::show)),
    Route::post("/users/{id}/role", Kind::Page, Access::Admin, || {
        web::to(one::role)
    }),
    Route::post("/users/{id}/password", Kind::Page, Access::Admin, || {
        web::to(one::password)
    }),
    Route::post("/users/{id}/active", Kind::Page, Access::Admin, || {
        web::to(one::active)
    }),
    Route::post("/users/{id}/sessions", Kind::Page, Access::Admin, || {
        web::to(one::end_sessions)
    }),
    Route::post("/users/{id}/second-factor", Kind::Page, Access::Admin, || {
        web::to(one::second_factor_off)
    }),
];

/// What each role may, as the table below the list says: key of the text, and who.
const RIGHTS: &[(&str, &[Role])] = &[
    ("right-look", &[Role::Viewer, Role::Manager, Role::Admin]),
    ("right-change", &[Role::Manager, Role::Admin]),
    ("right-connect", &[Role::Manager, Role::Admin]),
    ("right-share", &[Role::Manager, Role::Admin]),
    ("right-all-stores", &[Role::Admin]),
    ("right-users", &[Role::Admin]),
    ("right-settings", &[Role::Admin]),
];

/// The roles, from the least to the most.
const ROLES: [Role; 3] = [Role::Viewer, Role::Manager, Role::Admin];

#[derive(Template)]
#[template(path = "users/page.html")]
struct UsersPage {
    shell: Shell,
    users: Vec<UserLine>,
    params: Params,
}

impl UsersPage {
    fn roles(&self) -> [Role; 3] {
        ROLES
    }

    fn rights(&self) -> Vec<(&'static str, [bool; 3])> {
        RIGHTS
            .iter()
            .map(|(key, roles)| (*key, ROLES.map(|role| roles.contains(&role))))
            .collect()
    }
}

async fn list(
    req: HttpRequest,
    shell: Shell,
    _: AdminUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let params = Params::read(&req, "/users", &["q"]);
    let search = params.get("q").to_owned();
    let users = services.db.read(move |conn| user_lines(conn, &search)).await?;
    html(&UsersPage { shell, users, params })
}

#[derive(Template)]
#[template(path = "users/new.html")]
struct NewPage {
    shell: Shell,
    email: String,
    name: String,
    role: Role,
    /// Id of a field and the sentence about it.
    errors: Vec<(&'static str, String)>,
}

impl NewPage {
    fn roles(&self) -> [Role; 3] {
        ROLES
    }

    fn least(&self) -> usize {
        MIN_LENGTH
    }

    fn error_at(&self, id: &str) -> &str {
        error_at(&self.errors, id)
    }
}

/// What is wrong with a field; empty: nothing.
fn error_at<'a>(errors: &'a [(&'static str, String)], id: &str) -> &'a str {
    let found = errors.iter().find(|(field, _)| *field == id);
    found.map_or("", |(_, text)| text)
}

async fn new(shell: Shell, _: AdminUser) -> WebResult<HttpResponse> {
    html(&NewPage {
        shell,
        email: String::new(),
        name: String::new(),
        role: Role::Manager,
        errors: Vec::new(),
    })
}

#[derive(Deserialize)]
struct NewForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    new_password: Secret,
    /// The administrator's own.
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    password: Secret,
}

async fn create(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<NewForm>,
) -> WebResult<HttpResponse> {
    let form = form.into_inner();
    let role: Role = form
        .role
        .parse()
        .map_err(|_| WebError::new(ErrorKind::BadRequest))?;
    let mut page = NewPage {
        shell,
        email: form.email.clone(),
        name: form.name.clone(),
        role,
        errors: Vec::new(),
    };
    let words = ("profile-wrong-password", page.shell.t);
    if let Err((kind, text)) = password_again(&req, &services, &user.0, form.password, words).await? {
        page.errors.push(("password", text));
        return refused(kind, &page);
    }
    let new = NewUser {
        email: form.email,
        name: form.name,
        role,
        password: form.new_password,
    };
    match create_user(&services, &user.0.actor(&req), new).await {
        Ok(made) => {
            let text = page.shell.t.with("user-made", "email", &made.email);
            session::flash(&session, true, text)?;
            Ok(see_other(&format!("/users/{}", made.id)))
        }
        Err(error) => {
            page.errors.push(wrong(error, &page.shell.t)?);
            refused(ErrorKind::Invalid, &page)
        }
    }
}

/// Field and sentence of what is wrong with an account.
fn wrong(error: UserError, t: &Texts) -> WebResult<(&'static str, String)> {
    Ok(match error {
        UserError::EmailTaken => ("email", t.get("user-email-taken")),
        UserError::BadEmail => ("email", t.get("user-email-wrong")),
        UserError::PasswordTooShort => ("new_password", t.with("profile-password-short", "n", MIN_LENGTH)),
        UserError::PasswordTooLong => ("new_password", t.with("profile-password-long", "n", MAX_LENGTH)),
        UserError::PasswordTooEasy => ("new_password", t.get("profile-password-easy")),
        other => return Err(other.into()),
    })
}
