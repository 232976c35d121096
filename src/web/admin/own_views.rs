//! Lists of the administration area under names: each administrator has his own, and a view is an address that he can
//! send to others.

use actix_session::Session;
use actix_web::{HttpResponse, web};

use super::{Models, lists::as_query, model, writes::pairs};
use crate::{
    admin::framework::Values,
    app::{
        edit::EditError,
        saved_views::{NAME_MAX, VIEWS_MAX, delete_view, save_view},
    },
    domain::SavedViewId,
    services::Services,
    web::{Shell, WebResult, auth::AdminUser, render::see_other, session::flash},
};

/// The word of a model's list among saved views.
pub fn list_of(slug: &str) -> String {
    format!("admin/{slug}")
}

/// `POST /admin/{model}/views/`: saves the list that the form came from.
pub async fn save(
    shell: Shell,
    session: Session,
    (services, models): (web::Data<Services>, Models),
    user: AdminUser,
    path: web::Path<String>,
    body: web::Bytes,
) -> WebResult<HttpResponse> {
    let slug = model(&models, &path)?.slug();
    let sent = Values::new(pairs(&body));
    let query = as_query(sent.raw("list"));
    let (owner, list) = (user.0.id(), list_of(slug));
    let text = match save_view(&services, (owner, &list), sent.raw("name"), query.clone(), false).await {
        Ok(view) => Ok(shell.t.with("view-saved", "name", &view.name)),
        Err(EditError::Invalid(errors)) => {
            let code = errors.first().map_or("error-empty", |error| error.code);
            Err(shell.t.with2(code, "n", NAME_MAX, "most", VIEWS_MAX))
        }
        Err(error) => return Err(error.into()),
    };
    flash(&session, text.is_ok(), text.unwrap_or_else(|wrong| wrong))?;
    Ok(see_other(&format!("/admin/{slug}/?{query}")))
}

/// `POST /admin/{model}/views/{view}/delete/`
pub async fn delete(
    shell: Shell,
    session: Session,
    (services, models): (web::Data<Services>, Models),
    user: AdminUser,
    path: web::Path<(String, SavedViewId)>,
) -> WebResult<HttpResponse> {
    let slug = model(&models, &path.0)?.slug();
    delete_view(&services, user.0.id(), path.1).await?;
    flash(&session, true, shell.t.get("view-deleted"))?;
    Ok(see_other(&format!("/admin/{slug}/")))
}
