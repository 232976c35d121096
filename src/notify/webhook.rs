//! A POST of JSON to an address that a person has given, signed so that the other side knows who speaks.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use url::Url;

use super::{Message, NotifyError, body_of, client, judged};
use crate::{config::Config, domain::addresses::is_public_host, secrets::Secret};

/// A webhook.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where to.
    pub url: Url,
    /// Key of the signature.
    pub secret: Secret,
}

/// HMAC-SHA256 over time and body, in hexadecimal: what stands in the header of the signature after `sha256=`.
#[must_use]
pub fn signature(secret: &Secret, unix: i64, body: &str) -> String {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{unix}.{body}").as_bytes());
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Webhook {
    /// May messages go there at all: by https, and to no address inside?
    #[must_use]
    pub fn is_allowed(config: &Config, url: &Url) -> bool {
        let inside = config.kaspi.private_proxies;
        let host = url.host_str().unwrap_or_default();
        // Brackets of an IPv6 address are no part of it.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (url.scheme() == "https" || inside && url.scheme() == "http")
            && !host.is_empty()
            && (inside || is_public_host(host))
            && url.username().is_empty()
            && url.password().is_none()
    }

    pub(super) async fn send(
        &self,
        config: &Config,
        message: &Message,
        unix: i64,
    ) -> Result<(), NotifyError> {
        // Looked at again: the settings may be older than the rule.
        if !Self::is_allowed(config, &self.url) {
            return Err(NotifyError::refused("alert_address_forbidden", ""));
        }
        let body = message.data.to_string();
        let signature = signature(&self.secret, unix, &body);
        let answer = client(config)?
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("x-kaspi-panel-time", unix.to_string())
            .header("x-kaspi-panel-signature", format!("sha256={signature}"))
            .body(body)
            .send()
            .await
            .map_err(|error| NotifyError::of_request(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = body_of(answer).await;
        Err(judged("alert_webhook_refused", status, &said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // Made with `openssl dgst -sha256 -hmac key`.
        assert_eq!(
            signature(&Secret::from("key"), 1_700_000_000, "{}"),
            "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
        );
    }
}
