//! The section of the outgoing proxies. Credentials go in and never come out.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::{Template, filters::Safe};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::SettingsPage;
use crate::{
    app::{
        edit::{EditError, FieldError},
        proxies::{
            AddedProxies, ProxyEdit, add_proxies, check_proxy_now, delete_proxy, edit_proxy, list_proxies,
            set_proxy_enabled,
        },
    },
    domain::{ProxyFault, ProxyId, ProxyOrigin},
    secrets::Secret,
    services::Services,
    store::proxies::{Proxy, proxy_fetch},
    web::{
        Shell, WebError, WebResult,
        auth::{AdminUser, path_id},
        error::ErrorKind,
        filters, form, format,
        render::{html, html_with, see_other},
        session,
        texts::Texts,
    },
};

/// A proxy, ready to be shown.
pub struct ProxyView {
    /// The row.
    pub proxy: Proxy,
    /// Its state as icon, word and colour.
    pub state: Safe<String>,
    /// What was wrong the last time, in words; empty: nothing.
    pub trouble: String,
    /// What the last check said, in words; empty: there was none.
    pub checked: String,
}

impl ProxyView {
    /// In words of the reader's language.
    pub fn new(proxy: Proxy, now: DateTime<Utc>, t: Texts) -> Self {
        let cooling = proxy.cooling_until.filter(|until| *until > now);
        let (class, icon, word) = if !proxy.enabled {
            ("ghost", "pause", t.get("proxy-state-off"))
        } else if let Some(until) = cooling {
            let until = format::clock_time(until);
            ("warn", "clock", t.with("proxy-state-cooling", "until", &until))
        } else if proxy.check_error.is_some() {
            ("bad", "x-circle", t.get("proxy-state-broken"))
        } else if proxy.requests == 0 && proxy.checked_at.is_none() {
            ("ghost", "clock", t.get("proxy-state-new"))
        } else {
            ("ok", "check-circle", t.get("proxy-state-works"))
        };
        let trouble = |code: &str| t.get_or(&format!("proxy-trouble-{code}"), "proxy-trouble-other");
        let checked = match (&proxy.check_error, proxy.checked_at) {
            (Some(code), Some(_)) => trouble(code),
            (None, Some(_)) => {
                let ms = format::number(i64::from(proxy.check_ms.unwrap_or_default()));
                t.with("proxy-check-works", "ms", &ms)
            }
            (_, None) => String::new(),
        };
        Self {
            state: filters::badge(class, icon, &word),
            trouble: proxy.last_error.as_deref().map(trouble).unwrap_or_default(),
            checked,
            proxy,
        }
    }

    /// A check was asked for and is not done.
    pub fn pending(&self) -> bool {
        self.proxy.check_requested_at.is_some()
    }

    /// Only shown here, changed elsewhere.
    pub fn of_environment(&self) -> bool {
        self.proxy.origin == ProxyOrigin::Environment
    }
}

#[derive(Template)]
#[template(path = "settings/_proxies.html")]
struct ProxiesFragment {
    shell: Shell,
    rows: Vec<ProxyView>,
}

impl ProxiesFragment {
    fn pending(&self) -> bool {
        self.rows.iter().any(ProxyView::pending)
    }
}

/// The list alone, asked for while a check is under way. By itself it leads to the page.
pub async fn list(shell: Shell, _: AdminUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    if !shell.htmx {
        return Ok(see_other("/settings"));
    }
    let rows = super::views(&shell, list_proxies(&services).await?);
    html(&ProxiesFragment { shell, rows })
}

/// What stands in the form for new proxies, and what became of the last try. The lines hold passwords: they are
/// never sent back.
#[derive(Default)]
pub struct AddForm {
    /// Name for all of them.
    pub label: String,
    /// Fields that cannot be taken.
    pub errors: Vec<FieldError>,
    /// Lines that were not taken.
    pub faults: Vec<(usize, ProxyFault)>,
    /// Of a text with bad lines: what was taken all the same, in words.
    pub taken: String,
}

impl AddForm {
    /// Is anything wrong?
    pub fn wrong(&self) -> bool {
        !self.errors.is_empty() || !self.faults.is_empty()
    }

    /// What is wrong with a field.
    pub fn error(&self, field: &str) -> Option<&FieldError> {
        self.errors.iter().find(|error| error.field == field)
    }
}

/// What people paste.
#[derive(Deserialize)]
pub struct LinesForm {
    #[serde(deserialize_with = "form::secret")]
    lines: Secret,
    #[serde(default)]
    label: String,
}

/// Adds pasted lines.
pub async fn create(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<LinesForm>,
) -> WebResult<HttpResponse> {
    let form = form.into_inner();
    let added = add_proxies(&services, &user.0.actor(&req), &form.lines, &form.label).await;
    let mut add = AddForm {
        label: form.label,
        ..AddForm::default()
    };
    match added {
        Ok(result) if result.faults.is_empty() => {
            session::flash(&session, true, taken(&result, shell.t))?;
            return Ok(see_other("/settings#proxies-title"));
        }
        Ok(result) => {
            add.taken = taken(&result, shell.t);
            add.faults = result.faults;
        }
        Err(EditError::Invalid(errors)) => add.errors = errors,
        Err(error) => return Err(error.into()),
    }
    let page = SettingsPage::new(shell, &services, add).await?;
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn taken(result: &AddedProxies, t: Texts) -> String {
    let added = t.with("proxies-added", "n", result.added);
    if result.known == 0 {
        return added;
    }
    format!("{added} {}", t.with("proxies-known", "n", result.known))
}

#[derive(Template)]
#[template(path = "settings/proxy.html")]
struct ProxyPage {
    shell: Shell,
    view: ProxyView,
    label: String,
    errors: Vec<FieldError>,
    conflict: bool,
}

impl ProxyPage {
    fn error(&self, field: &str) -> Option<&FieldError> {
        self.errors.iter().find(|error| error.field == field)
    }
}

async fn proxy_of(req: &HttpRequest, services: &Services) -> WebResult<Proxy> {
    let id: ProxyId = path_id(req)?;
    services
        .db
        .read(move |conn| proxy_fetch(conn, id))
        .await?
        .filter(|proxy| proxy.origin == ProxyOrigin::Panel)
        .ok_or_else(WebError::not_found)
}

/// One proxy: its figures, its name, new credentials.
pub async fn edit(
    req: HttpRequest,
    shell: Shell,
    _: AdminUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let proxy = proxy_of(&req, &services).await?;
    html(&ProxyPage {
        label: proxy.label.clone(),
        view: ProxyView::new(proxy, shell.now, shell.t),
        shell,
        errors: Vec::new(),
        conflict: false,
    })
}

/// What the form of one proxy sends.
#[derive(Deserialize)]
pub struct EditForm {
    version: i32,
    #[serde(default)]
    label: String,
    #[serde(deserialize_with = "form::secret")]
    username: Secret,
    #[serde(deserialize_with = "form::secret")]
    password: Secret,
    #[serde(default)]
    forget: String,
}

/// Saves name and credentials.
pub async fn update(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<EditForm>,
) -> WebResult<HttpResponse> {
    let form = form.into_inner();
    let id: ProxyId = path_id(&req)?;
    let edit = ProxyEdit {
        label: form.label.clone(),
        username: form.username,
        password: form.password,
        forget_credentials: form.forget == "yes",
        enabled: None,
    };
    let (status, errors) = match edit_proxy(&services, &user.0.actor(&req), (id, form.version), edit).await {
        Ok(()) => {
            session::flash(&session, true, shell.t.get("proxy-saved"))?;
            return Ok(see_other("/settings"));
        }
        Err(EditError::Invalid(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, errors),
        Err(EditError::Conflict(_)) => (StatusCode::CONFLICT, Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let proxy = proxy_of(&req, &services).await?;
    let page = ProxyPage {
        view: ProxyView::new(proxy, shell.now, shell.t),
        label: form.label,
        shell,
        conflict: status == StatusCode::CONFLICT,
        errors,
    };
    html_with(status, &page)
}

/// `on` or `off`.
#[derive(Deserialize)]
pub struct SwitchForm {
    enabled: String,
}

/// Switches a proxy.
pub async fn set_enabled(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<SwitchForm>,
) -> WebResult<HttpResponse> {
    let enabled = match form.enabled.as_str() {
        "on" => true,
        "off" => false,
        _ => return Err(WebError::new(ErrorKind::BadRequest)),
    };
    set_proxy_enabled(&services, &user.0.actor(&req), path_id(&req)?, enabled).await?;
    let text = if enabled {
        "proxy-switched-on"
    } else {
        "proxy-switched-off"
    };
    session::flash(&session, true, shell.t.get(text))?;
    Ok(see_other("/settings"))
}

/// Asks for one request through a proxy.
pub async fn check(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    check_proxy_now(&services, &user.0.actor(&req), path_id(&req)?).await?;
    session::flash(&session, true, shell.t.get("proxy-check-asked"))?;
    Ok(see_other("/settings"))
}

#[derive(Template)]
#[template(path = "settings/delete_proxy.html")]
struct DeletePage {
    shell: Shell,
    proxy: Proxy,
}

/// Asks once more.
pub async fn delete_form(
    req: HttpRequest,
    shell: Shell,
    _: AdminUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let proxy = proxy_of(&req, &services).await?;
    html(&DeletePage { shell, proxy })
}

/// Removes a proxy.
pub async fn delete(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    delete_proxy(&services, &user.0.actor(&req), path_id(&req)?).await?;
    session::flash(&session, true, shell.t.get("proxy-deleted"))?;
    Ok(see_other("/settings"))
}
