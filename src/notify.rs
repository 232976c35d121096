//! Messages to people outside of the panel: a Telegram bot, mail, a webhook. Decides nothing about who hears what.
//! The webhook's address comes from a person, so it is looked up like every other and leads nowhere inside.

mod mail;
mod webhook;

use std::{sync::Arc, time::Duration};

use reqwest::{Client, StatusCode, redirect::Policy};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use crate::{config::Config, kaspi::addresses::PublicAddresses, secrets::Secret};

pub use mail::{Mail, Security};
pub use webhook::{Webhook, signature};

/// Longest time for one message.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most of an answer that is read, bytes.
const ANSWER_MAX: usize = 4_096;

/// One message, ready for every channel.
#[derive(Debug, Clone)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// The whole of it.
    pub text: String,
    /// The same for programs.
    pub data: Value,
}

/// Where a message goes.
#[derive(Debug, Clone)]
pub enum Channel {
    /// A bot of Telegram.
    Telegram {
        /// The bot's token.
        token: Secret,
        /// The chat that it writes to.
        chat_id: String,
    },
    /// A mail by SMTP.
    Email(Mail),
    /// A signed POST.
    Webhook(Webhook),
}

/// Why a message did not arrive; what came back holds no secrets.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct NotifyError {
    /// Stable code; a text for each stands in the locales.
    pub code: &'static str,
    /// What came back, shortened.
    pub detail: String,
    /// It may work a little later.
    pub passes: bool,
}

impl NotifyError {
    fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: shortened(&detail.into()),
            passes: false,
        }
    }

    fn unreachable(detail: impl Into<String>) -> Self {
        Self {
            code: "alert_unreachable",
            detail: shortened(&detail.into()),
            passes: true,
        }
    }

    fn of_request(error: &reqwest::Error) -> Self {
        // The error of a request names its address, and that of a bot holds its token.
        let words = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "no connection"
        } else {
            "the exchange broke off"
        };
        Self::unreachable(words)
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Sends a message. At most once each time it is called.
///
/// # Errors
/// [`NotifyError`] with what came back.
pub async fn send(
    config: &Config,
    channel: &Channel,
    message: &Message,
    unix: i64,
) -> Result<(), NotifyError> {
    let sent = async {
        match channel {
            Channel::Telegram { token, chat_id } => telegram(config, token, chat_id, message).await,
            Channel::Email(mail) => mail.send(message).await,
            Channel::Webhook(hook) => hook.send(config, message, unix).await,
        }
    };
    match tokio::time::timeout(TIMEOUT * 2, sent).await {
        Ok(result) => result,
        Err(_) => Err(NotifyError::unreachable("no answer in time")),
    }
}

/// A client that follows nowhere and connects to public addresses only.
fn client(config: &Config) -> Result<Client, NotifyError> {
    Client::builder()
        .timeout(TIMEOUT)
        .redirect(Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(PublicAddresses::new(&config.kaspi)))
        .build()
        .map_err(|_| NotifyError::unreachable("no client"))
}

async fn telegram(
    config: &Config,
    token: &Secret,
    chat_id: &str,
    message: &Message,
) -> Result<(), NotifyError> {
    let mut address: Url = config.telegram_url.clone();
    address.set_path(&format!("/bot{}/sendMessage", token.expose_secret()));
    let answer = client(config)?
        .post(address)
        .json(&json!({ "chat_id": chat_id, "text": message.text, "disable_web_page_preview": true }))
        .send()
        .await
        .map_err(|error| NotifyError::of_request(&error))?;
    let status = answer.status();
    let body = body_of(answer).await;
    if status.is_success() {
        return Ok(());
    }
    let said: Option<Value> = serde_json::from_str(&body).ok();
    let said = said.as_ref().and_then(|said| said.get("description")?.as_str());
    Err(judged("alert_telegram_refused", status, said.unwrap_or_default()))
}

/// A refusal: 429 and faults of the other side pass by themselves.
fn judged(code: &'static str, status: StatusCode, said: &str) -> NotifyError {
    let detail = format!("HTTP {} {said}", status.as_u16());
    NotifyError {
        passes: status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error(),
        ..NotifyError::refused(code, detail.trim())
    }
}

async fn body_of(mut answer: reqwest::Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_MAX {
            break;
        }
    }
    body.truncate(ANSWER_MAX);
    String::from_utf8_lossy(&body).into_owned()
}
