//! Where alerts are delivered to: setting the channels up, trying them, and sending what was raised. Only
//! administrators may; nobody gets secrets back.

use serde_json::{Map, Value, json};
use url::Url;

use crate::app::edit::{EditError, FieldError, changed_fields};
use crate::{
    config::Config,
    domain::{Actor, AlertChannel, AlertChannelId, AlertId, AlertKind, JobRunId, Role, Tenant},
    notify::{self, Channel, Mail, Message, NotifyError, Security, Webhook},
    queue::{
        enqueue::{add_job_later, alert_queue, max_attempts, retry_delay},
        runs::{job_run_fail, job_run_fetch, job_run_postpone, job_run_succeed},
    },
    secrets::{Place, Secret, SecretError},
    services::Services,
    store::{
        StoreError,
        alert_channels::{ChannelRow, channel_fetch, channel_list, channel_save},
        alerts::{AlertRow, alert_fetch},
        audit::{AuditEntry, audit_insert},
        stores::store_fetch,
    },
};

/// Why a channel was not set up.
pub type ChannelEditError = EditError<ChannelRow>;

/// Shortest key of a signature, characters.
const KEY_MIN: usize = 16;
/// Longest value of a field, characters.
const TEXT_MAX: usize = 500;

/// What a person sets.
#[derive(Debug, Clone, Default)]
pub struct ChannelChange {
    /// Delivers.
    pub enabled: bool,
    /// Language of the messages.
    pub language: String,
    /// Values of [`fields`], by name.
    pub settings: Map<String, Value>,
    /// A new secret; `None`: the one of before.
    pub secret: Option<Secret>,
    /// Kinds that are delivered.
    pub kinds: Vec<AlertKind>,
}

/// Names of a channel's fields, without its secret.
#[must_use]
pub const fn fields(channel: AlertChannel) -> &'static [&'static str] {
    match channel {
        AlertChannel::Telegram => &["chat_id"],
        AlertChannel::Email => &["host", "port", "security", "username", "from", "to"],
        AlertChannel::Webhook => &["url"],
    }
}

/// A channel that was never set up: off, in Russian, with everything that matters.
#[must_use]
pub fn blank(channel: AlertChannel, now: chrono::DateTime<chrono::Utc>) -> ChannelRow {
    use crate::domain::AlertSeverity;
    let urgent = |kind: &&AlertKind| kind.severity() != AlertSeverity::Notice;
    let kinds: Vec<&str> = AlertKind::ALL
        .iter()
        .filter(urgent)
        .map(|kind| kind.as_str())
        .collect();
    let settings = match channel {
        AlertChannel::Email => json!({ "port": "465", "security": "tls" }),
        AlertChannel::Telegram | AlertChannel::Webhook => json!({}),
    };
    ChannelRow {
        id: AlertChannelId::new(),
        channel,
        enabled: false,
        language: "ru".to_owned(),
        settings,
        secret_sealed: None,
        secret_set_at: None,
        kinds: json!(kinds),
        version: 0,
        updated_at: now,
    }
}

/// All channels, those that were never set up too.
///
/// # Errors
/// See [`StoreError`].
pub async fn list_channels(services: &Services) -> Result<Vec<ChannelRow>, StoreError> {
    let now = services.now();
    let known = services.db.read(channel_list).await?;
    Ok(AlertChannel::ALL
        .iter()
        .map(|channel| {
            let row = known.iter().find(|row| row.channel == *channel);
            row.cloned().unwrap_or_else(|| blank(*channel, now))
        })
        .collect())
}

fn place(id: AlertChannelId) -> Place {
    Place {
        column: "alert_channels.secret_sealed",
        row: id.0,
        tenant: None,
    }
}

/// Sets a channel up, in place of what had `version` (0: nothing).
///
/// # Errors
/// See [`EditError`].
pub async fn set_channel(
    services: &Services,
    actor: &Actor,
    channel: AlertChannel,
    version: i32,
    change: ChannelChange,
) -> Result<(), ChannelEditError> {
    if actor.role != Role::Admin {
        return Err(EditError::Forbidden);
    }
    let (actor, now) = (actor.clone(), services.now());
    let (vault, config) = (services.vault.clone(), services.config.clone());
    services
        .db
        .tx(move |conn| {
            let before = channel_fetch(conn, channel)?.unwrap_or_else(|| blank(channel, now));
            if before.version != version {
                return Err(EditError::Conflict(Box::new(before)));
            }
            let has_secret = change.secret.is_some() || before.secret_sealed.is_some();
            let errors = check(&config, channel, &change, has_secret);
            if !errors.is_empty() {
                return Err(EditError::Invalid(errors));
            }
            let kinds: Vec<&str> = change.kinds.iter().map(|kind| kind.as_str()).collect();
            let mut row = ChannelRow {
                enabled: change.enabled,
                language: change.language.clone(),
                settings: Value::Object(change.settings.clone()),
                kinds: json!(kinds),
                version: version + 1,
                updated_at: now,
                ..before.clone()
            };
            if let Some(secret) = &change.secret {
                let sealed = vault.seal(place(row.id), secret);
                row.secret_sealed = Some(sealed.map_err(|_| StoreError::Stale)?);
                row.secret_set_at = Some(now);
            }
            match channel_save(conn, &row) {
                Err(StoreError::Stale) => {
                    let theirs = channel_fetch(conn, channel)?.unwrap_or(before);
                    return Err(EditError::Conflict(Box::new(theirs)));
                }
                other => other?,
            }
            if let Some((old, new)) = changed_fields(shown(&before), shown(&row)) {
                let object = ("alert_channel", row.id.0, channel.as_str());
                let entry = AuditEntry::new(&actor, now, None, object, "update");
                audit_insert(conn, &entry.change(old, new))?;
            }
            Ok(())
        })
        .await
}

/// What the log tells of a channel: no secrets.
fn shown(row: &ChannelRow) -> Value {
    json!({ "enabled": row.enabled, "address": row.settings.to_string(), "credentials_set_at": row.secret_set_at,
        "kinds": row.kinds.to_string() })
}

fn check(
    config: &Config,
    channel: AlertChannel,
    change: &ChannelChange,
    has_secret: bool,
) -> Vec<FieldError> {
    let text = |name: &str| {
        change
            .settings
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let mut errors = Vec::new();
    let mut wrong = |is_wrong: bool, field: &'static str, code: &'static str| {
        if is_wrong {
            errors.push(FieldError::new(field, code));
        }
    };
    // One that is off may be half filled in.
    let needed = change.enabled;
    for name in fields(channel) {
        wrong(text(name).chars().count() > TEXT_MAX, name, "alert-error-long");
    }
    match channel {
        AlertChannel::Telegram => {
            wrong(
                needed && text("chat_id").is_empty(),
                "chat_id",
                "alert-error-chat",
            );
            wrong(needed && !has_secret, "secret", "alert-error-token");
        }
        AlertChannel::Email => {
            let host = text("host");
            wrong(
                needed && host.is_empty() || host.contains(char::is_whitespace),
                "host",
                "alert-error-host",
            );
            wrong(text("port").parse::<u16>().is_err(), "port", "alert-error-port");
            wrong(
                security_of(text("security")).is_none(),
                "security",
                "alert-error-security",
            );
            wrong(
                needed && !Mail::is_address(text("from")),
                "from",
                "alert-error-mail",
            );
            wrong(
                needed && Mail::readers(text("to")).is_none(),
                "to",
                "alert-error-mail",
            );
        }
        AlertChannel::Webhook => {
            let url = Url::parse(text("url")).ok();
            let allowed = url.is_some_and(|url| Webhook::is_allowed(config, &url));
            wrong(
                (needed || !text("url").is_empty()) && !allowed,
                "url",
                "alert-error-url",
            );
            let short = change.secret.as_ref().is_some_and(|secret| {
                use secrecy::ExposeSecret;
                secret.expose_secret().chars().count() < KEY_MIN
            });
            wrong(needed && !has_secret || short, "secret", "alert-error-key");
        }
    }
    errors
}

fn security_of(word: &str) -> Option<Security> {
    let known = Security::WORDS.iter().find(|(known, _)| *known == word);
    known.map(|(_, security)| *security)
}

/// The channel with its secret opened; `None`: something is missing.
fn opened(services: &Services, row: &ChannelRow) -> Result<Option<Channel>, SecretError> {
    let text = |name: &str| {
        let value = row.settings.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let secret = match &row.secret_sealed {
        Some(sealed) => Some(services.vault.open(place(row.id), sealed)?),
        None => None,
    };
    Ok(match row.channel {
        AlertChannel::Telegram => secret.map(|token| Channel::Telegram {
            token,
            chat_id: text("chat_id"),
        }),
        AlertChannel::Email => {
            let security = security_of(&text("security"));
            let port = text("port").parse().ok();
            security.zip(port).map(|(security, port)| {
                Channel::Email(Mail {
                    host: text("host"),
                    port,
                    security,
                    username: text("username"),
                    password: secret,
                    from: text("from"),
                    to: text("to"),
                })
            })
        }
        AlertChannel::Webhook => Url::parse(&text("url"))
            .ok()
            .zip(secret)
            .map(|(url, secret)| Channel::Webhook(Webhook { url, secret })),
    })
}

async fn send(services: &Services, row: &ChannelRow, message: &Message) -> Result<(), NotifyError> {
    let refused = |code: &'static str| NotifyError {
        code,
        detail: String::new(),
        passes: false,
    };
    let channel = opened(services, row)
        .map_err(|_| refused("alert_secret_lost"))?
        .ok_or_else(|| refused("alert_settings_wrong"))?;
    notify::send(&services.config, &channel, message, services.now().timestamp()).await
}

/// Sends a message through a channel as it is set up, whether it is on or not, and tells what came back.
///
/// # Errors
/// `Err` inside: it did not arrive. Outside: `NotFound` for a channel that was never set up, `Forbidden`.
pub async fn try_channel(
    services: &Services,
    actor: &Actor,
    channel: AlertChannel,
    message: &Message,
) -> Result<Result<(), NotifyError>, ChannelEditError> {
    if actor.role != Role::Admin {
        return Err(EditError::Forbidden);
    }
    let row = services
        .db
        .read(move |conn| channel_fetch(conn, channel))
        .await?
        .ok_or(EditError::NotFound)?;
    Ok(send(services, &row, message).await)
}

/// What a job is to deliver.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The alert.
    pub alert: AlertRow,
    /// Name of its store; `None`: every one.
    pub store_name: Option<String>,
    /// Through which channel.
    pub channel: ChannelRow,
}

/// What the run is to deliver; `None`: the alert or its channel is gone or switched off.
///
/// # Errors
/// See [`StoreError`].
pub async fn delivery_of(services: &Services, run_id: JobRunId) -> Result<Option<Delivery>, StoreError> {
    services
        .db
        .read(move |conn| {
            let Some(run) = job_run_fetch(conn, Tenant::All, run_id)? else {
                return Ok(None);
            };
            let word = |name: &str| run.summary.get(name).and_then(Value::as_str).map(str::to_owned);
            let id: Option<AlertId> = word("alert_id").and_then(|id| id.parse().ok());
            let channel: Option<AlertChannel> = word("channel").and_then(|word| word.parse().ok());
            let (Some(id), Some(channel)) = (id, channel) else {
                return Ok(None);
            };
            let alert = alert_fetch(conn, Tenant::All, id)?;
            let row = channel_fetch(conn, channel)?;
            let Some((alert, channel)) = alert.zip(row.filter(|row| row.enabled)) else {
                return Ok(None);
            };
            let store = match alert.store_id {
                Some(id) => store_fetch(conn, Tenant::All, id)?,
                None => None,
            };
            Ok(Some(Delivery {
                alert,
                store_name: store.map(|store| store.name),
                channel,
            }))
        })
        .await
}

/// Delivers and ends the run, or puts it back for a later try. `Err`: the code of what was in the way.
///
/// # Errors
/// The database failed.
pub async fn deliver(
    services: &Services,
    run_id: JobRunId,
    delivery: Option<(&ChannelRow, &Message)>,
) -> Result<Result<(), &'static str>, StoreError> {
    let outcome = match delivery {
        Some((row, message)) => send(services, row, message).await,
        None => Ok(()),
    };
    let now = services.now();
    let channel = delivery.map(|(row, _)| row.channel);
    services
        .db
        .tx(move |conn| {
            let Some(run) = job_run_fetch(conn, Tenant::All, run_id)? else {
                return Ok(Ok(()));
            };
            let Err(error) = outcome else {
                job_run_succeed(conn, run_id, &run.summary, now)?;
                return Ok(Ok(()));
            };
            tracing::warn!(%error, "an alert was not delivered");
            let again = error.passes && run.attempts < max_attempts(run.kind);
            match channel.filter(|_| again) {
                Some(channel) => {
                    let pause = retry_delay(run.attempts);
                    if job_run_postpone(conn, run_id, error.code, now + pause)? {
                        add_job_later(conn, run.kind, run_id, &alert_queue(channel), pause)?;
                    }
                }
                None => job_run_fail(conn, run_id, error.code, now)?,
            }
            Ok(Err(error.code))
        })
        .await
}
