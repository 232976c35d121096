//! Automatic prices of products that were chosen in the list, or of all that it found: on or off with one press.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::{
    app::bulk_edit::{SWITCH_MAX, Switched, switch_products},
    domain::ProductId,
    services::Services,
    store::products::product_ids,
    web::{
        Shell, WebResult,
        auth::ManagerUser,
        render::see_other,
        session::{self, Undo},
        texts::Texts,
    },
};

/// `POST /products/chosen/on` and `/off`
async fn switch(
    (req, shell, user): (&HttpRequest, Shell, ManagerUser),
    services: &Services,
    session: &Session,
    form: &[(String, String)],
    on: bool,
) -> WebResult<HttpResponse> {
    let (actor, back) = (user.0.actor(req), super::address_of_form(form));
    let all_found = form.iter().any(|(name, value)| name == "of" && value == "found");
    let ids: Vec<ProductId> = if all_found {
        let (filter, tenant) = (super::filter_of_form(form), actor.tenant());
        let most = i64::try_from(SWITCH_MAX).unwrap_or(i64::MAX - 1);
        services
            .db
            .read(move |conn| product_ids(conn, tenant, &filter, most + 1))
            .await?
    } else {
        let chosen = form.iter().filter(|(name, _)| name == "product");
        chosen.filter_map(|(_, id)| id.parse().ok()).collect()
    };
    let trouble = match ids.len() {
        0 => Some(shell.t.get("bulk-none")),
        many if many > SWITCH_MAX => Some(shell.t.with("bulk-many", "most", SWITCH_MAX)),
        _ => None,
    };
    if let Some(text) = trouble {
        session::flash(session, false, text)?;
        return Ok(see_other(&back));
    }
    let switched = switch_products(services, &actor, &ids, on).await?;
    let undo = switched.line.map(|line| Undo { line, whole: true });
    session::flash_with_undo(session, words(&switched, on, &shell.t), undo)?;
    Ok(see_other(&back))
}

fn words(switched: &Switched, on: bool, t: &Texts) -> String {
    let key = if on {
        "bulk-switched-on"
    } else {
        "bulk-switched-off"
    };
    let mut said = vec![t.with(key, "n", switched.changed)];
    let counted = [
        ("bulk-same", switched.same),
        ("bulk-without-floor", switched.without_floor),
        ("bulk-left", switched.left),
    ];
    let others = counted.into_iter().filter(|(_, count)| *count > 0);
    said.extend(others.map(|(key, count)| t.with(key, "n", count)));
    said.join(" ")
}

/// Switches them on; without a floor a product stays off.
///
/// # Errors
/// Database away.
pub(super) async fn on(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Vec<(String, String)>>,
) -> WebResult<HttpResponse> {
    switch((&req, shell, user), &services, &session, &form, true).await
}

/// Switches them off.
///
/// # Errors
/// Database away.
pub(super) async fn off(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Vec<(String, String)>>,
) -> WebResult<HttpResponse> {
    switch((&req, shell, user), &services, &session, &form, false).await
}
