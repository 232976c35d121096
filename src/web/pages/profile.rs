//! One's own profile: name, language, look, keys, a new password, and the ways to sessions, second step and keys
//! of the API.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::ExposeSecret;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::sign_in::{password_again, refused, user_agent};
use crate::{
    app::{
        edit::FieldError,
        passwords::{MAX_LENGTH, MIN_LENGTH},
        profile::{change_password, check_profile, edit_profile},
        second_factor::{SecondFactorState, second_factor_state},
        user_accounts::UserError,
    },
    secrets::Secret,
    services::Services,
    store::users::Profile,
    web::{
        Shell, WebResult,
        auth::CurrentUser,
        error::ErrorKind,
        filters, form as web_form,
        render::{self, html, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Language,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/profile", Kind::Page, Access::SignedIn, || web::to(show)),
    Route::post("/profile", Kind::Page, Access::SignedIn, || web::to(save)),
    Route::post("/profile/password", Kind::Page, Access::SignedIn, || {
        web::to(new_password)
    }),
];

#[derive(Template)]
#[template(path = "profile/page.html")]
struct ProfilePage {
    shell: Shell,
    email: String,
    name: String,
    language: String,
    theme: String,
    density: String,
    shortcuts: bool,
    second_factor: SecondFactorState,
    /// Somebody else chose the password.
    password_given: bool,
    /// Id of a field and the sentence about it.
    errors: Vec<(&'static str, String)>,
}

impl ProfilePage {
    async fn new(shell: Shell, services: &Services, user: &CurrentUser) -> WebResult<Self> {
        let own = &user.user;
        Ok(Self {
            shell,
            email: own.email.clone(),
            name: own.name.clone(),
            language: own.language.clone(),
            theme: own.theme.clone(),
            density: own.density.clone(),
            shortcuts: own.shortcuts,
            second_factor: second_factor_state(services, user.id()).await?,
            password_given: own.password_given_at.is_some(),
            errors: Vec::new(),
        })
    }

    fn has_second_factor(&self) -> bool {
        matches!(self.second_factor, SecondFactorState::On { .. })
    }

    /// What is wrong with a field; empty: nothing.
    fn error_at(&self, id: &str) -> &str {
        let found = self.errors.iter().find(|(field, _)| *field == id);
        found.map_or("", |(_, text)| text)
    }

    /// The themes, and which one is chosen.
    fn themes(&self) -> Vec<(&'static str, bool)> {
        chosen(&["system", "light", "dark"], &self.theme)
    }

    fn densities(&self) -> Vec<(&'static str, bool)> {
        chosen(&["dense", "calm"], &self.density)
    }

    /// Id, label and purpose of the fields for passwords.
    fn password_fields(&self) -> [(&'static str, &'static str, &'static str); 3] {
        [
            ("password", "profile-password-old", "current-password"),
            ("new_password", "profile-password-new", "new-password"),
            ("repeated", "profile-password-again", "new-password"),
        ]
    }

    fn least(&self) -> usize {
        MIN_LENGTH
    }

    fn wrong(mut self, kind: ErrorKind, field: &'static str, text: String) -> WebResult<HttpResponse> {
        self.errors.push((field, text));
        refused(kind, &self)
    }
}

fn chosen(words: &[&'static str], now: &str) -> Vec<(&'static str, bool)> {
    words.iter().map(|word| (*word, *word == now)).collect()
}

async fn show(shell: Shell, user: CurrentUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    html(&ProfilePage::new(shell, &services, &user).await?)
}

#[derive(Deserialize)]
struct ProfileForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    density: String,
    /// A box: absent where it is not ticked.
    shortcuts: Option<String>,
}

async fn save(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<ProfileForm>,
) -> WebResult<HttpResponse> {
    let form = form.into_inner();
    let language = Language::parse(&form.language);
    let profile = Profile {
        name: form.name,
        language: language.map_or_else(|| user.user.language.clone(), |l| l.code().to_owned()),
        theme: render::theme_word(&form.theme).to_owned(),
        density: render::density_word(&form.density).to_owned(),
        shortcuts: form.shortcuts.is_some(),
    };
    if let Err(errors) = check_profile(&profile) {
        let mut page = ProfilePage::new(shell, &services, &user).await?;
        page.errors = errors
            .iter()
            .map(|FieldError { field, code }| (*field, page.shell.t.get(code)))
            .collect();
        page.name = profile.name;
        page.language = profile.language;
        page.theme = profile.theme;
        page.density = profile.density;
        page.shortcuts = profile.shortcuts;
        return refused(ErrorKind::Invalid, &page);
    }
    let t = crate::web::texts::Texts::new(language.unwrap_or(shell.t.language));
    edit_profile(&services, &user.actor(&req), &user.user, profile).await?;
    session::flash(&session, true, t.get("profile-saved"))?;
    Ok(see_other("/profile"))
}

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    password: Secret,
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    new_password: Secret,
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    repeated: Secret,
}

/// A new password ends every other session; this one goes on under a new key.
async fn new_password(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<PasswordForm>,
) -> WebResult<HttpResponse> {
    let form = form.into_inner();
    let page = ProfilePage::new(shell, &services, &user).await?;
    let t = page.shell.t;
    let same = form
        .new_password
        .expose_secret()
        .as_bytes()
        .ct_eq(form.repeated.expose_secret().as_bytes());
    if !bool::from(same) {
        return page.wrong(ErrorKind::Invalid, "repeated", t.get("profile-not-the-same"));
    }
    let words = ("profile-wrong-password", t);
    let confirmed = match password_again(&req, &services, &user, form.password, words).await? {
        Ok(confirmed) => confirmed,
        Err((kind, text)) => return page.wrong(kind, "password", text),
    };
    let done = change_password(
        &services,
        &user.actor(&req),
        &user.user,
        &confirmed,
        form.new_password,
    )
    .await;
    let text = match done {
        Ok(now) => {
            session::sign_in(&session, &now, user_agent(&req))?;
            session::flash(&session, true, t.get("profile-password-changed"))?;
            return Ok(see_other("/profile"));
        }
        Err(UserError::PasswordTooShort) => t.with("profile-password-short", "n", MIN_LENGTH),
        Err(UserError::PasswordTooLong) => t.with("profile-password-long", "n", MAX_LENGTH),
        Err(UserError::PasswordTooEasy) => t.get("profile-password-easy"),
        Err(UserError::PasswordGiven) => t.get("profile-password-given"),
        Err(error) => return Err(error.into()),
    };
    page.wrong(ErrorKind::Invalid, "new_password", text)
}
