//! Where alerts are delivered to: one form for each channel. Secrets go in and never come out.

use std::collections::HashMap;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::{
    app::{
        alerts::channels::{ChannelChange, fields, list_channels, set_channel, try_channel},
        edit::{EditError, FieldError},
    },
    domain::{AlertChannel, AlertKind},
    secrets::Secret,
    services::Services,
    store::alert_channels::ChannelRow,
    web::{
        Shell, WebError, WebResult,
        auth::AdminUser,
        filters,
        render::{html_with, see_other},
        session,
        texts::{Language, alerts::trial_message},
    },
};

/// One channel's form.
struct ChannelForm {
    row: ChannelRow,
    errors: Vec<FieldError>,
}

impl ChannelForm {
    fn fields(&self) -> &'static [&'static str] {
        fields(self.row.channel)
    }

    fn value(&self, name: &str) -> &str {
        self.row
            .settings
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn error(&self, name: &str) -> Option<&'static str> {
        self.errors
            .iter()
            .find(|error| error.field == name)
            .map(|error| error.code)
    }

    fn has_kind(&self, kind: &AlertKind) -> bool {
        let mut kinds = self.row.kinds.as_array().into_iter().flatten();
        kinds.any(|word| word == kind.as_str())
    }
}

#[derive(Template)]
#[template(path = "alerts/channels.html")]
struct ChannelsPage {
    shell: Shell,
    forms: Vec<ChannelForm>,
    /// Somebody else saved the same channel meanwhile.
    conflict: bool,
}

impl ChannelsPage {
    async fn new(shell: Shell, services: &Services) -> WebResult<Self> {
        let rows = list_channels(services).await?.into_iter();
        Ok(Self {
            shell,
            forms: rows
                .map(|row| ChannelForm {
                    row,
                    errors: Vec::new(),
                })
                .collect(),
            conflict: false,
        })
    }

    fn wrong(&self) -> bool {
        self.conflict || self.forms.iter().any(|form| !form.errors.is_empty())
    }

    fn kinds(&self) -> &'static [AlertKind] {
        AlertKind::ALL
    }

    fn languages(&self) -> [Language; 3] {
        Language::ALL
    }

    fn securities(&self) -> [&'static str; 3] {
        crate::notify::Security::WORDS.map(|(word, _)| word)
    }
}

pub(super) async fn show(
    shell: Shell,
    _: AdminUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    html_with(StatusCode::OK, &ChannelsPage::new(shell, &services).await?)
}

fn channel_of(req: &HttpRequest) -> WebResult<AlertChannel> {
    req.match_info()
        .get("channel")
        .and_then(|word| word.parse().ok())
        .ok_or_else(WebError::not_found)
}

/// What was typed. The secret is taken out of the texts at once.
fn typed(channel: AlertChannel, mut texts: HashMap<String, String>) -> (i32, ChannelChange) {
    let secret = Secret::from(texts.remove("secret").unwrap_or_default());
    let text = |name: &str| {
        texts
            .get(name)
            .map(|text| text.trim().to_owned())
            .unwrap_or_default()
    };
    let settings: Map<String, Value> = fields(channel)
        .iter()
        .map(|name| ((*name).to_owned(), Value::String(text(name))))
        .collect();
    let change = ChannelChange {
        enabled: texts.contains_key("enabled"),
        language: Language::parse(&text("language"))
            .unwrap_or_default()
            .code()
            .to_owned(),
        settings,
        secret: Some(secret).filter(|secret| !secret.expose_secret().is_empty()),
        kinds: AlertKind::ALL
            .iter()
            .filter(|kind| texts.contains_key(&format!("kind-{kind}")))
            .copied()
            .collect(),
    };
    (text("version").parse().unwrap_or_default(), change)
}

pub(super) async fn save(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
    texts: web::Form<HashMap<String, String>>,
) -> WebResult<HttpResponse> {
    let channel = channel_of(&req)?;
    let (version, change) = typed(channel, texts.into_inner());
    let (settings, kinds) = (change.settings.clone(), change.kinds.clone());
    let (enabled, language) = (change.enabled, change.language.clone());
    let result = set_channel(&services, &user.0.actor(&req), channel, version, change).await;
    let (status, errors) = match result {
        Ok(()) => {
            session::flash(&session, true, shell.t.get("alert-channel-saved"))?;
            return Ok(see_other(&format!("/settings/alerts#{channel}")));
        }
        Err(EditError::Invalid(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, errors),
        Err(EditError::Conflict(_)) => (StatusCode::CONFLICT, Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut page = ChannelsPage::new(shell, &services).await?;
    page.conflict = status == StatusCode::CONFLICT;
    for form in page.forms.iter_mut().filter(|form| form.row.channel == channel) {
        // What was typed stays, beside the version that holds now.
        form.row.settings = Value::Object(settings.clone());
        form.row.enabled = enabled;
        form.row.language.clone_from(&language);
        form.row.kinds = kinds.iter().map(|kind| Value::from(kind.as_str())).collect();
        form.errors.clone_from(&errors);
    }
    html_with(status, &page)
}

/// Sends a message through the channel as it is saved, and says what came back.
pub(super) async fn test(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let channel = channel_of(&req)?;
    let t = shell.t;
    let message = trial_message(&t, &services.config.http.public_url);
    match try_channel(&services, &user.0.actor(&req), channel, &message).await {
        Ok(Ok(())) => session::flash(&session, true, t.get("alert-channel-works"))?,
        Ok(Err(error)) => {
            let why = t.get_or(&format!("job-failure-{}", error.code), "job-failure-failed");
            let text = if error.detail.is_empty() {
                t.with("alert-channel-fails", "why", why)
            } else {
                t.with2("alert-channel-fails-with", "why", why, "detail", error.detail)
            };
            session::flash(&session, false, text)?;
        }
        Err(EditError::NotFound) => session::flash(&session, false, t.get("alert-channel-save-first"))?,
        Err(error) => return Err(error.into()),
    }
    Ok(see_other(&format!("/settings/alerts#{channel}")))
}
