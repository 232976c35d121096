//! The page of a form whose session ended while somebody filled it in: whoever has signed in sends it by a press.

use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::web::{
    Shell, WebResult,
    auth::CurrentUser,
    filters,
    render::{html, see_other},
    routes::{Access, Kind, Route},
    session,
    unsent::Unsent,
};

/// Where a form that waited is shown.
pub const PATH: &str = "/unsent";

/// The area's addresses.
pub const ROUTES: &[Route] = &[Route::get(PATH, Kind::Page, Access::SignedIn, || web::to(page))];

#[derive(Template)]
#[template(path = "sign_in/unsent.html")]
struct UnsentPage {
    shell: Shell,
    unsent: Unsent,
    /// Back to the page of the form, without it.
    page: String,
}

/// `GET /unsent`
async fn page(shell: Shell, _user: CurrentUser, session: Session) -> WebResult<HttpResponse> {
    let Some(unsent) = session::unsent(&session).filter(Unsent::may_wait) else {
        return Ok(see_other("/"));
    };
    html(&UnsentPage {
        page: super::sign_in::local_path(&unsent.page).to_owned(),
        shell,
        unsent,
    })
}
