//! The dashboard: what asks for a person, the figures of the day, what the robot did and why.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::web::{
    Shell, WebResult, filters,
    render::html,
    routes::{Access, Kind, Route},
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[Route::get("/", Kind::Page, Access::SignedIn, || {
    web::to(dashboard)
})];

#[derive(Template)]
#[template(path = "dashboard/page.html")]
struct DashboardPage {
    shell: Shell,
}

async fn dashboard(shell: Shell) -> WebResult<HttpResponse> {
    html(&DashboardPage { shell })
}
