//! Which browser we say to be. Headers that a browser sends go together, so they come in consistent sets; an
//! account and an outgoing address keep theirs, and every request of a session says the same.

use reqwest::{
    RequestBuilder,
    header::{ACCEPT_LANGUAGE, HeaderName, HeaderValue, USER_AGENT},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const HINT_BRANDS: HeaderName = HeaderName::from_static("sec-ch-ua");
const HINT_MOBILE: HeaderName = HeaderName::from_static("sec-ch-ua-mobile");
const HINT_PLATFORM: HeaderName = HeaderName::from_static("sec-ch-ua-platform");

/// A browser as its headers show it, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Whose: an account or an outgoing address. What belongs together leaves through the same address.
    key: String,
    user_agent: String,
    accept_language: String,
    /// Client hints; browsers of other families send none.
    hints: Option<Hints>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Hints {
    brands: String,
    platform: String,
}

/// A set of headers that one real browser sends.
struct Profile {
    user_agent: &'static str,
    accept_language: &'static str,
    /// Brands and platform.
    hints: Option<(&'static str, &'static str)>,
}

const CHROME: &str = r#""Chromium";v="156", "Google Chrome";v="156", "Not/A)Brand";v="24""#;
const EDGE: &str = r#""Chromium";v="156", "Microsoft Edge";v="156", "Not/A)Brand";v="24""#;
const CHROMIUM_LANGUAGES: &str = "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7";

const PROFILES: [Profile; 4] = [
    Profile {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
        accept_language: CHROMIUM_LANGUAGES,
        hints: Some((CHROME, "Windows")),
    },
    Profile {
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
        accept_language: CHROMIUM_LANGUAGES,
        hints: Some((CHROME, "macOS")),
    },
    Profile {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
        accept_language: CHROMIUM_LANGUAGES,
        hints: Some((EDGE, "Windows")),
    },
    FIREFOX,
];

const FIREFOX: Profile = Profile {
    user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:157.0) Gecko/20100101 Firefox/157.0",
    accept_language: "ru-RU,ru;q=0.8,en-US;q=0.5,en;q=0.3",
    hints: None,
};

impl Identity {
    /// The browser of an account or address that has none of its own: always the same one for a key.
    #[must_use]
    pub fn for_key(key: &str) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        let number = digest.first().map_or(0, |byte| usize::from(*byte));
        let profile = PROFILES.get(number % PROFILES.len()).unwrap_or(&FIREFOX);
        Self {
            key: key.to_owned(),
            user_agent: profile.user_agent.to_owned(),
            accept_language: profile.accept_language.to_owned(),
            hints: profile.hints.map(|(brands, platform)| Hints {
                brands: brands.to_owned(),
                platform: platform.to_owned(),
            }),
        }
    }

    /// The browser of a login, as it named itself: later requests of the session say the same, without the
    /// word that it has no window.
    #[must_use]
    pub fn of_browser(key: &str, user_agent: &str) -> Self {
        let user_agent = user_agent.replace("HeadlessChrome", "Chrome");
        let version = user_agent
            .split_once("Chrome/")
            .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>())
            .filter(|version| !version.is_empty());
        let hints = version.map(|version| Hints {
            brands: format!(r#""Chromium";v="{version}", "Not/A)Brand";v="24""#),
            platform: platform(&user_agent).to_owned(),
        });
        Self {
            key: key.to_owned(),
            user_agent,
            accept_language: CHROMIUM_LANGUAGES.to_owned(),
            hints,
        }
    }

    /// Whose browser it is.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it says to be.
    #[must_use]
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// Languages in the order of preference.
    #[must_use]
    pub fn accept_language(&self) -> &str {
        &self.accept_language
    }

    /// Puts the headers of the browser on a request.
    pub(super) fn dress(&self, request: RequestBuilder) -> RequestBuilder {
        let mut request = request
            .header(USER_AGENT, &self.user_agent)
            .header(ACCEPT_LANGUAGE, &self.accept_language);
        if let Some(hints) = &self.hints {
            request = request
                .header(HINT_BRANDS, &hints.brands)
                .header(HINT_MOBILE, HeaderValue::from_static("?0"))
                .header(HINT_PLATFORM, format!("\"{}\"", hints.platform));
        }
        request
    }
}

fn platform(user_agent: &str) -> &'static str {
    if user_agent.contains("Windows") {
        "Windows"
    } else if user_agent.contains("Macintosh") {
        "macOS"
    } else {
        "Linux"
    }
}

#[cfg(test)]
mod tests;
