//! Mail by SMTP.

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{authentication::Credentials, extension::ClientId},
};
use secrecy::ExposeSecret;

use super::{Message, NotifyError, TIMEOUT};
use crate::secrets::Secret;

/// How the connection to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the start.
    Tls,
    /// TLS after a greeting; without it nothing is sent.
    StartTls,
    /// None: for a server on the same machine.
    None,
}

impl Security {
    /// All of them, as the settings write them.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("tls", Self::Tls),
        ("starttls", Self::StartTls),
        ("none", Self::None),
    ];
}

/// A mail server and the letter's addresses.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Name of the account, where the server wants one.
    pub username: String,
    /// Its password.
    pub password: Option<Secret>,
    /// Who writes.
    pub from: String,
    /// Who reads, separated by commas.
    pub to: String,
}

impl Mail {
    /// The addresses of those who read; `None`: one of them is none.
    #[must_use]
    pub fn readers(to: &str) -> Option<Vec<Mailbox>> {
        let readers: Option<Vec<Mailbox>> = to
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().ok())
            .collect();
        readers.filter(|readers| !readers.is_empty())
    }

    /// Is it an address to write from?
    #[must_use]
    pub fn is_address(text: &str) -> bool {
        text.trim().parse::<Mailbox>().is_ok()
    }

    pub(super) async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        let wrong = || NotifyError::refused("alert_settings_wrong", "");
        let from: Mailbox = self.from.trim().parse().map_err(|_| wrong())?;
        let mut letter = Letter::builder()
            .from(from)
            .subject(message.subject.clone())
            .header(ContentType::TEXT_PLAIN);
        for reader in Self::readers(&self.to).ok_or_else(wrong)? {
            letter = letter.to(reader);
        }
        let letter = letter.body(message.text.clone()).map_err(|_| wrong())?;
        let server = match self.security {
            Security::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&self.host),
            Security::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&self.host),
            Security::None => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(
                &self.host,
            )),
        };
        let mut server = server
            .map_err(|_| wrong())?
            .port(self.port)
            .timeout(Some(TIMEOUT))
            // Not the name of this machine.
            .hello_name(ClientId::Domain("kaspi-panel".to_owned()));
        if let Some(password) = self.password.as_ref().filter(|_| !self.username.is_empty()) {
            let credentials = Credentials::new(self.username.clone(), password.expose_secret().to_owned());
            server = server.credentials(credentials);
        }
        server.build().send(letter).await.map(|_| ()).map_err(|error| {
            if error.is_permanent() {
                NotifyError::refused("alert_mail_refused", error.to_string())
            } else {
                NotifyError::unreachable(error.to_string())
            }
        })
    }
}
