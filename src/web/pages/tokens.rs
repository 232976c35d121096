//! One's own keys of the JSON API: made, shown once, looked after, revoked at once.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::{
    app::api_tokens::{ApiTokenError, create_api_token, list_api_tokens, revoke_api_token},
    domain::ApiTokenId,
    services::Services,
    store::users::ApiToken,
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, path_id},
        filters,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/tokens", Kind::Page, Access::SignedIn, || web::to(show)),
    Route::post("/tokens", Kind::Page, Access::SignedIn, || web::to(create)),
    Route::post("/tokens/{id}/revoke", Kind::Page, Access::SignedIn, || {
        web::to(revoke)
    }),
];

#[derive(Template)]
#[template(path = "tokens/page.html")]
struct TokensPage {
    shell: Shell,
    tokens: Vec<ApiToken>,
    /// The key that was made a moment ago: it is not shown again.
    made: String,
    /// What is wrong with the name that was typed.
    wrong: Option<&'static str>,
    typed: String,
}

impl TokensPage {
    async fn new(shell: Shell, services: &Services, user: &CurrentUser) -> WebResult<Self> {
        Ok(Self {
            shell,
            tokens: list_api_tokens(services, user.id()).await?,
            made: String::new(),
            wrong: None,
            typed: String::new(),
        })
    }
}

async fn show(shell: Shell, user: CurrentUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    html(&TokensPage::new(shell, &services, &user).await?)
}

#[derive(Deserialize)]
struct NewToken {
    #[serde(default)]
    name: String,
}

/// The page with the key, and no redirect: it is told in this answer alone.
async fn create(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    form: web::Form<NewToken>,
) -> WebResult<HttpResponse> {
    let made = create_api_token(&services, &user.actor(&req), &user.user.email, &form.name).await;
    let (made, wrong) = match made {
        Ok((_, key)) => (key.expose_secret().to_owned(), None),
        Err(ApiTokenError::BadName) => (String::new(), Some("tokens-name-wrong")),
        Err(ApiTokenError::NameTaken) => (String::new(), Some("tokens-name-taken")),
        Err(error) => return Err(error.into()),
    };
    let typed = wrong.map(|_| form.into_inner().name).unwrap_or_default();
    let status = if wrong.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = TokensPage {
        made,
        wrong,
        typed,
        ..TokensPage::new(shell, &services, &user).await?
    };
    html_with(status, &page)
}

async fn revoke(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id: ApiTokenId = path_id(&req)?;
    revoke_api_token(&services, &user.actor(&req), user.id(), id).await?;
    session::flash(&session, true, shell.t.get("tokens-revoked"))?;
    Ok(see_other("/tokens"))
}

impl From<ApiTokenError> for WebError {
    fn from(error: ApiTokenError) -> Self {
        match error {
            ApiTokenError::NotFound | ApiTokenError::NoSuchUser(_) => Self::not_found(),
            ApiTokenError::BadName | ApiTokenError::NameTaken => {
                Self::new(crate::web::error::ErrorKind::Invalid)
            }
            ApiTokenError::Secret(error) => Self::internal(error.into()),
            ApiTokenError::Store(error) => error.into(),
        }
    }
}
