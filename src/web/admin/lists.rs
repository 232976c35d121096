//! The list of a model: its page, its file, suggestions for its filters, and what is changed in it.

use std::collections::BTreeSet;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use chrono_tz::Asia::Almaty;
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    Models, ask, model,
    own_views::list_of,
    staff,
    views::{ListPage, OwnView, SuggestionsFragment, Words},
    writes::pairs,
};
use crate::{
    admin::{
        Staff,
        framework::{Cell, Resource, SaveError, Target, Typed, TypedRows, Values, Verb},
    },
    app::list_file::{ListFile, Value, list_file},
    domain::Tenge,
    services::Services,
    store::saved_views::saved_view_list,
    web::{
        Shell, WebError, WebResult,
        auth::AdminUser,
        error::ErrorKind,
        render::{XLSX, attachment, html, html_with, see_other},
        session::flash,
    },
};

/// Stands for the name of a row in a text that is looked up once for all rows.
const NAME: &str = "\u{1}";
/// Rows that a file may hold.
const FILE_ROWS: i64 = 10_000;
/// Rows that can be changed at once: a page of the list.
const MOST_ROWS: usize = 200;

/// `GET /admin/{model}/`
pub async fn list(
    request: HttpRequest,
    shell: Shell,
    services: web::Data<Services>,
    models: Models,
    user: AdminUser,
    path: web::Path<String>,
) -> WebResult<HttpResponse> {
    let staff = staff(&request, &services, &user);
    let resource = model(&models, &path)?;
    let query = request.query_string().to_owned();
    html(
        &page(
            shell,
            &services,
            &models,
            (resource, &staff),
            query,
            TypedRows::new(),
        )
        .await?,
    )
}

async fn page(
    shell: Shell,
    services: &Services,
    models: &Models,
    (resource, staff): (&dyn Resource<Staff>, &Staff),
    query: String,
    typed: TypedRows,
) -> WebResult<ListPage> {
    let (slug, now, person) = (resource.slug(), shell.now, staff.actor.user_id);
    let (list, views) = ask(services, models, slug, move |resource, conn| {
        let list = resource.list(conn, &query, &typed, now)?;
        let views = match person {
            Some(id) => saved_view_list(conn, id, &list_of(slug))?,
            None => Vec::new(),
        };
        Ok((list, views))
    })
    .await?;
    let words = Words::new(shell.t, slug);
    let select = shell.t.with("admin-select", "name", NAME);
    Ok(ListPage {
        labels: list.heads.iter().map(|head| words.field(head.name)).collect(),
        select: select
            .split_once(NAME)
            .map(|(before, after)| (before.to_owned(), after.to_owned()))
            .unwrap_or_default(),
        views: views.into_iter().map(|view| OwnView::of(view, &list)).collect(),
        words,
        actions: resource.actions(staff),
        adds: resource.allows(staff, Verb::Add),
        edits: resource.allows(staff, Verb::Change),
        shell,
        list,
    })
}

/// `GET /admin/{model}/export/`: exactly the list of the same query string, all its pages.
pub async fn export(
    shell: Shell,
    services: web::Data<Services>,
    models: Models,
    request: HttpRequest,
    _user: AdminUser,
    path: web::Path<String>,
) -> WebResult<HttpResponse> {
    let slug = model(&models, &path)?.slug();
    let (query, now, words) = (
        request.query_string().to_owned(),
        shell.now,
        Words::new(shell.t, slug),
    );
    let who = shell
        .user
        .as_ref()
        .map(|user| user.user.email.clone())
        .unwrap_or_default();
    let asked = query.clone();
    let sheet = ask(&services, &models, slug, move |resource, conn| {
        resource.sheet(conn, &asked, FILE_ROWS, now)
    })
    .await?;
    let whole = words.text(if sheet.cut { "admin-no" } else { "admin-yes" });
    let rows = sheet.rows.iter();
    let list = ListFile {
        name: words.many(),
        heads: sheet.heads.iter().map(|name| words.field(name)).collect(),
        rows: rows
            .map(|row| row.iter().map(|cell| in_file(cell, words)).collect())
            .collect(),
        about: words.text("admin-file-about"),
        lines: vec![
            (words.text("admin-file-list"), Value::Text(words.many())),
            (words.text("admin-file-filters"), Value::Text(query)),
            (words.text("admin-file-by"), Value::Text(who)),
            (words.text("admin-file-at"), Value::When(now)),
            (words.text("admin-file-whole"), Value::Text(whole)),
        ],
    };
    let bytes = web::block(move || list_file(list, now))
        .await
        .map_err(|error| WebError::internal(error.into()))?
        .map_err(|error| WebError::internal(error.into()))?;
    let at = now.with_timezone(&Almaty).format("%Y-%m-%d_%H%M");
    Ok(attachment(&format!("{slug}_{at}.xlsx"), XLSX, bytes))
}

/// A cell of the list as the file has it.
fn in_file(cell: &Cell, words: Words) -> Value {
    match cell {
        Cell::Empty => Value::Empty,
        Cell::Text(text) | Cell::Code(text) | Cell::Link(text, _) => Value::Text(text.clone()),
        Cell::Number(number) => Value::Number(*number),
        Cell::Money(amount) => Value::Money(Tenge(*amount)),
        Cell::When(at) => Value::When(*at),
        Cell::Bool(true) => Value::Text(words.text("admin-yes")),
        Cell::Bool(false) => Value::Text(words.text("admin-no")),
        Cell::Badge(_, _, key) => Value::Text(words.text(key)),
        Cell::Json(value) => Value::Text(value.to_string()),
    }
}

/// What was typed into the input of a relation.
#[derive(Debug, serde::Deserialize)]
pub struct Asked {
    /// The name that is looked for; under whatever name the input has.
    #[serde(flatten)]
    sent: std::collections::HashMap<String, String>,
}

/// `GET /admin/{model}/choices/{relation}/`: options for what was typed.
pub async fn choices(
    services: web::Data<Services>,
    models: Models,
    _user: AdminUser,
    path: web::Path<(String, String)>,
    asked: web::Query<Asked>,
) -> WebResult<HttpResponse> {
    let (slug, relation) = path.into_inner();
    let slug = model(&models, &slug)?.slug();
    let text = asked.sent.get(&relation).cloned().unwrap_or_default();
    let found = ask(&services, &models, slug, move |resource, conn| {
        resource.suggest(conn, &relation, text.trim())
    })
    .await?
    .ok_or_else(WebError::not_found)?;
    html(&SuggestionsFragment {
        names: found.into_iter().map(|(_, name)| name).collect(),
    })
}

/// `POST /admin/{model}/inline/`: saves the lines whose inputs hold something else than the row. Those that are refused
/// stay as they were typed, with what is wrong.
pub async fn inline(
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
    let slug = resource.slug();
    let sent = Values::new(pairs(&body));
    let rows = rows_of(&sent)?;
    let lines = ask(&services, &models, slug, move |resource, conn| {
        let mut lines = Vec::new();
        for (id, version) in rows {
            if let Some((_, values)) = resource.present(conn, id)? {
                lines.push((id, version, values));
            }
        }
        Ok(lines)
    })
    .await?;
    let (mut done, mut refused) = (0_usize, TypedRows::new());
    for (id, version, mut values) in lines {
        let mut typed = Values::default();
        let mut changed = false;
        for name in resource.inline() {
            let value = sent.raw(&format!("row.{id}.{name}"));
            changed |= value != values.raw(name);
            values.set(name, value);
            typed.set(name, value);
        }
        if !changed {
            continue;
        }
        let mut typed = Typed {
            values: typed,
            version,
            ..Typed::default()
        };
        match resource.save(&staff, Target::Existing(id, version), values).await {
            Ok(_) => {
                done += 1;
                continue;
            }
            Err(SaveError::Invalid(problems)) => typed.problems = problems,
            Err(SaveError::Conflict) => typed.conflict = true,
            Err(error) => return Err(error.into()),
        }
        refused.insert(id, typed);
    }
    let text = shell
        .t
        .with2("admin-done", "done", done, "refused", refused.len());
    let query = as_query(sent.raw("list"));
    if refused.is_empty() {
        flash(&session, true, text)?;
        return Ok(see_other(&format!("/admin/{slug}/?{query}")));
    }
    let query = if query.is_empty() {
        "edit=1".to_owned()
    } else {
        format!("{query}&edit=1")
    };
    let page = page(shell, &services, &models, (resource, &staff), query, refused).await?;
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// The list that a form came from, as a query string that any address can hold.
pub fn as_query(list: &str) -> String {
    let pairs = form_urlencoded::parse(list.trim_start_matches('?').as_bytes());
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// The rows that a form of the list is about, with the versions that it showed.
fn rows_of(sent: &Values) -> WebResult<Vec<(Uuid, i32)>> {
    let bad = || WebError::new(ErrorKind::BadRequest);
    let mut rows = BTreeSet::new();
    for (name, value) in sent.all() {
        let version = name
            .strip_prefix("row.")
            .and_then(|rest| rest.strip_suffix(".version"));
        if let Some(id) = version {
            rows.insert((id.parse().map_err(|_| bad())?, value.parse().map_err(|_| bad())?));
        }
    }
    if rows.len() > MOST_ROWS {
        return Err(bad());
    }
    Ok(rows.into_iter().collect())
}
