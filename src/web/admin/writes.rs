//! What changes something: save, delete, actions. Each goes through the model's declaration to `app`.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde_json::Value;
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    HISTORY_MAX, Models, ask, changes, model, staff,
    views::{ConfirmPage, FormPage, Words},
};
use crate::{
    admin::{
        Staff,
        framework::{Resource, SaveError, Target, Values},
    },
    services::Services,
    store::audit::AuditEntry,
    web::{
        Shell, WebError, WebResult,
        auth::AdminUser,
        error::ErrorKind,
        render::{html, html_with, see_other},
        session::flash,
    },
};

/// Rows that one action may touch: a page of the list.
const MOST_ROWS: usize = 200;
/// Rows that one action may touch where all that match are meant.
const ALL_ROWS: i64 = 1_000;
/// Rows whose names the question tells.
const NAMED: usize = 20;

/// Names and values of a form.
pub fn pairs(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// What a form sent, with keys in place of what was typed for rows of other tables.
async fn sent(
    services: &Services,
    models: &Models,
    resource: &dyn Resource<Staff>,
    new: bool,
    body: &[u8],
) -> WebResult<Values> {
    let values = Values::new(pairs(body));
    ask(services, models, resource.slug(), move |resource, conn| {
        resource.resolve(conn, new, values)
    })
    .await
}

/// Adds a row.
pub async fn create(
    request: HttpRequest,
    shell: Shell,
    session: Session,
    (services, models): (web::Data<Services>, Models),
    user: AdminUser,
    path: web::Path<String>,
    body: web::Bytes,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let resource = model(&models, &path)?;
    let values = sent(&services, &models, resource, true, &body).await?;
    match resource.save(&staff, Target::New, values.clone()).await {
        Ok(id) => saved(&shell, &session, resource, &values, id),
        Err(SaveError::Invalid(problems)) => {
            let page = FormPage::load(shell, &services, &models, resource, &staff, None).await?;
            let page = page.with_typed(&services, &models, values, problems).await?;
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes a row that is still as the form knew it.
pub async fn save(
    request: HttpRequest,
    shell: Shell,
    session: Session,
    (services, models): (web::Data<Services>, Models),
    user: AdminUser,
    path: web::Path<(String, Uuid)>,
    body: web::Bytes,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let resource = model(&models, &path.0)?;
    let values = sent(&services, &models, resource, false, &body).await?;
    let id = path.1;
    let version = values
        .raw("version")
        .parse()
        .map_err(|_| WebError::new(ErrorKind::BadRequest))?;
    let outcome = resource
        .save(&staff, Target::Existing(id, version), values.clone())
        .await;
    let problems = match outcome {
        Ok(id) => return saved(&shell, &session, resource, &values, id),
        Err(SaveError::Invalid(problems)) => problems,
        Err(SaveError::Conflict) => {
            return conflict(shell, &services, &models, (resource, &staff), id, values).await;
        }
        Err(error) => return Err(error.into()),
    };
    let page = FormPage::load(shell, &services, &models, resource, &staff, Some(id)).await?;
    let mut page = page.with_typed(&services, &models, values, problems).await?;
    // A second save must still notice what others changed since the form was first opened.
    page.detail.version = version;
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// 409 with both: what was typed in the form, what the row holds above it.
async fn conflict(
    shell: Shell,
    services: &Services,
    models: &Models,
    (resource, staff): (&dyn Resource<Staff>, &Staff),
    id: Uuid,
    values: Values,
) -> WebResult<HttpResponse> {
    let page = FormPage::load(shell, services, models, resource, staff, Some(id)).await?;
    let theirs = page.differences(&values);
    let mut page = page.with_typed(services, models, values, Vec::new()).await?;
    page.theirs = Some(theirs);
    html_with(StatusCode::CONFLICT, &page)
}

fn saved(
    shell: &Shell,
    session: &Session,
    resource: &dyn Resource<Staff>,
    values: &Values,
    id: Uuid,
) -> WebResult<HttpResponse> {
    flash(session, true, shell.t.get("admin-saved"))?;
    let slug = resource.slug();
    Ok(see_other(&match values.raw("stay") {
        "" => format!("/admin/{slug}/"),
        "another" => format!("/admin/{slug}/add/"),
        _ => format!("/admin/{slug}/{id}/"),
    }))
}

/// Removes a row.
pub async fn delete(
    request: HttpRequest,
    shell: Shell,
    session: Session,
    (services, models): (web::Data<Services>, Models),
    user: AdminUser,
    path: web::Path<(String, Uuid)>,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let resource = model(&models, &path.0)?;
    let done = resource
        .run(&staff, "delete", vec![path.1])
        .await?
        .ok_or_else(WebError::not_found)?;
    if done.done == 0 {
        return Err(WebError::not_found());
    }
    flash(&session, true, shell.t.get("admin-deleted"))?;
    Ok(see_other(&format!("/admin/{}/", resource.slug())))
}

/// Asks about an action on selected rows; the second time, confirmed, runs it.
pub async fn action(
    request: HttpRequest,
    shell: Shell,
    session: Session,
    (services, models): (web::Data<Services>, Models),
    user: AdminUser,
    path: web::Path<String>,
    body: web::Bytes,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let sent = pairs(&body);
    let resource = model(&models, &path)?;
    let back = format!("/admin/{}/", resource.slug());
    let value = |name: &str| {
        sent.iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    };
    let all = Some(value("all").to_owned()).filter(|list| !list.is_empty());
    let ids = match &all {
        Some(list) => matching(&services, &models, resource, list, &shell).await?,
        None => ids(&sent)?,
    };
    let action = value("action");
    if ids.is_empty() || action.is_empty() {
        flash(&session, false, shell.t.get("admin-none-selected"))?;
        return Ok(see_other(&back));
    }
    if ids.len() > usize::try_from(ALL_ROWS).unwrap_or(MOST_ROWS) {
        flash(&session, false, shell.t.with("admin-too-many", "n", ALL_ROWS))?;
        return Ok(see_other(&back));
    }
    // Of all that match others may have come or gone since the question.
    let asked = all.is_none() || value("count").parse() == Ok(ids.len());
    if value("confirmed") != "yes" || !asked {
        let what = Asked { action, ids, all };
        return confirm(shell, &services, &models, (resource, &staff), what).await;
    }
    let done = resource
        .run(&staff, action, ids)
        .await?
        .ok_or_else(|| WebError::new(ErrorKind::BadRequest))?;
    let text = shell
        .t
        .with2("admin-done", "done", done.done, "refused", done.refused);
    flash(&session, done.refused == 0, text)?;
    Ok(see_other(&back))
}

async fn matching(
    services: &Services,
    models: &Models,
    resource: &dyn Resource<Staff>,
    list: &str,
    shell: &Shell,
) -> WebResult<Vec<Uuid>> {
    let (now, query) = (shell.now, list.trim_start_matches('?').to_owned());
    ask(services, models, resource.slug(), move |resource, conn| {
        resource.matching(conn, &query, ALL_ROWS + 1, now)
    })
    .await
}

fn ids(sent: &[(String, String)]) -> WebResult<Vec<Uuid>> {
    let ids: Result<Vec<Uuid>, _> = sent
        .iter()
        .filter(|(name, _)| name == "ids")
        .map(|(_, id)| id.parse())
        .collect();
    ids.ok()
        .filter(|ids| ids.len() <= MOST_ROWS)
        .ok_or_else(|| WebError::new(ErrorKind::BadRequest))
}

/// What a question is about.
pub struct Asked<'a> {
    /// The action.
    pub action: &'a str,
    /// The rows.
    pub ids: Vec<Uuid>,
    /// The list whose rows they are, where all that match are meant.
    pub all: Option<String>,
}

/// The question before an action, with the names of the rows and, before a deletion, what goes with them.
///
/// # Errors
/// No such action, or none of the rows is there.
pub async fn confirm(
    shell: Shell,
    services: &Services,
    models: &Models,
    (resource, staff): (&dyn Resource<Staff>, &Staff),
    Asked { action, ids, all }: Asked<'_>,
) -> WebResult<HttpResponse> {
    if !resource.actions(staff).contains(&action) {
        return Err(WebError::new(ErrorKind::BadRequest));
    }
    let (slug, deletes) = (resource.slug(), action == "delete");
    let (mut rows, losses) = ask(services, models, slug, move |resource, conn| {
        let rows = resource.names(conn, &ids)?;
        let mut losses = Vec::new();
        // What goes with a row is counted row by row.
        for (id, _) in rows.iter().take(MOST_ROWS).filter(|_| deletes) {
            losses.extend(resource.losses(conn, *id)?);
        }
        Ok((rows, losses))
    })
    .await?;
    if rows.is_empty() {
        return Err(WebError::not_found());
    }
    let count = rows.len();
    if all.is_some() {
        rows.truncate(NAMED);
    }
    let mut counts: Vec<(&'static str, i64)> = Vec::new();
    for loss in losses {
        match counts.iter_mut().find(|(key, _)| *key == loss.key) {
            Some((_, count)) => *count += loss.count,
            None => counts.push((loss.key, loss.count)),
        }
    }
    let losses = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(key, count)| shell.t.with(key, "n", count))
        .collect();
    html(&ConfirmPage {
        words: Words::new(shell.t, slug),
        action: action.to_owned(),
        shell,
        rows,
        count,
        all,
        losses,
    })
}

/// Brings back what a line of the history says was there before, through the same rules as a form.
pub async fn restore(
    request: HttpRequest,
    shell: Shell,
    session: Session,
    (services, models): (web::Data<Services>, Models),
    user: AdminUser,
    path: web::Path<(String, Uuid, Uuid)>,
    body: web::Bytes,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let (slug, id, entry) = path.into_inner();
    let resource = model(&models, &slug)?;
    let version = Values::new(pairs(&body))
        .raw("version")
        .parse()
        .map_err(|_| WebError::new(ErrorKind::BadRequest))?;
    let lines = changes(&services, resource, id, HISTORY_MAX).await?;
    let line = lines
        .iter()
        .find(|line| line.id.0 == entry)
        .ok_or_else(WebError::not_found)?;
    let slug = resource.slug();
    let present = ask(&services, &models, slug, move |resource, conn| {
        resource.present(conn, id)
    })
    .await?;
    let (_, present) = present.ok_or_else(WebError::not_found)?;
    let values = restored(line, &present).ok_or_else(|| WebError::new(ErrorKind::BadRequest))?;
    let outcome = resource
        .save(&staff, Target::Existing(id, version), values.clone())
        .await;
    match outcome {
        Ok(_) => {
            flash(&session, true, shell.t.get("admin-restored"))?;
            Ok(see_other(&format!("/admin/{slug}/{id}/")))
        }
        Err(SaveError::Conflict) => conflict(shell, &services, &models, (resource, &staff), id, values).await,
        Err(SaveError::Invalid(problems)) => {
            let page = FormPage::load(shell, &services, &models, resource, &staff, Some(id)).await?;
            let page = page.with_typed(&services, &models, values, problems).await?;
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// What saving the present values with those from before a change sends; `None`: the line tells of no change of a field
/// that the form has, or everything is as it was then.
#[must_use]
pub fn restored(line: &AuditEntry, present: &Values) -> Option<Values> {
    let before = line.before.as_ref()?.as_object()?;
    let mut values = present.clone();
    let mut changed = false;
    for (name, value) in before {
        let text = match value {
            Value::Null | Value::Bool(false) => String::new(),
            Value::Bool(true) => "on".to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => continue,
        };
        if present.has(name) && present.raw(name) != text {
            values.set(name, text);
            changed = true;
        }
    }
    changed.then_some(values)
}
