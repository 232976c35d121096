//! Outgoing proxies as people write them down: one a line, in one of the forms that sellers of proxies use.

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::{
    addresses::{HostFault, any_host, public_host},
    text_enum::text_enum,
};

text_enum! {
    /// How a proxy is spoken to.
    ProxyScheme {
        /// HTTP, `CONNECT` for https addresses.
        Http = "http",
        /// The same inside TLS.
        Https = "https",
        /// SOCKS 5.
        Socks5 = "socks5",
    }
}

text_enum! {
    /// Where a proxy was set up.
    ProxyOrigin {
        /// On the settings page.
        Panel = "panel",
        /// By the variable `KASPI_PROXIES`; the page only shows it.
        Environment = "environment",
    }
}

text_enum! {
    /// What is wrong with a line; the word is part of the key of its text.
    ProxyFault {
        /// In none of the forms, or with signs that belong in none.
        Format = "format",
        /// Not http, https or socks5.
        Scheme = "scheme",
        /// Neither a name nor an address.
        Host = "host",
        /// An address that is not public.
        NotPublic = "not-public",
        /// No port, or none of 1 to 65535.
        Port = "port",
        /// A password without a user name, or one of them too long.
        Credentials = "credentials",
        /// More lines than are taken at once.
        TooMany = "too-many",
    }
}

impl ProxyFault {
    /// For the command line, behind "proxy 3"; pages have texts of their own.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Format => "is in no known form; write http://user:password@host:port",
            Self::Scheme => "begins with something else than http, https or socks5",
            Self::Host => "has no valid host",
            Self::NotPublic => "leads into the own network; only public addresses are allowed",
            Self::Port => "has no port from 1 to 65535",
            Self::Credentials => "has no usable user name and password",
            Self::TooMany => "and those behind it are too many",
        }
    }
}

/// Longest line.
const LINE_MAX: usize = 1000;
/// Longest user name and longest password: what SOCKS 5 can carry.
const CREDENTIAL_MAX: usize = 255;
/// Most proxies that are taken at once.
pub const LINES_MAX: usize = 500;

/// A proxy that was written down. `Debug` shows neither user name nor password.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyLine {
    /// How it is spoken to.
    pub scheme: ProxyScheme,
    /// Canonical, see [`public_host`].
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// User name, where there is one.
    pub username: Option<Zeroizing<String>>,
    /// Password, where there is one.
    pub password: Option<Zeroizing<String>>,
}

impl std::fmt::Debug for ProxyLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProxyLine")
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// The lines of a text, each with its number from 1; empty lines and those that begin with `#` are left out.
/// Private hosts pass only where `private` says so, for tests against this machine.
#[must_use]
pub fn parse_lines(text: &str, private: bool) -> Vec<(usize, Result<ProxyLine, ProxyFault>)> {
    let lines = (1..).zip(text.lines());
    lines
        .map(|(number, line)| (number, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .enumerate()
        .map(|(at, (number, line))| {
            let parsed = if at < LINES_MAX {
                parse_line(line, private)
            } else {
                Err(ProxyFault::TooMany)
            };
            (number, parsed)
        })
        // One more than are taken says it all.
        .take(LINES_MAX + 1)
        .collect()
}

/// Reads `http://user:password@host:port` (also `https`, `socks5`, without the user, or without the scheme,
/// then http), `host:port` or `host:port:user:password`. In the form with a scheme, `%40` stands for `@` and
/// so on.
///
/// # Errors
/// What is wrong first; never any part of the line.
pub fn parse_line(line: &str, private: bool) -> Result<ProxyLine, ProxyFault> {
    let line = line.trim();
    if line.len() > LINE_MAX || line.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(ProxyFault::Format);
    }
    let (scheme, rest) = match line.split_once("://") {
        Some((scheme, rest)) => (Some(scheme_of(scheme)?), rest.strip_suffix('/').unwrap_or(rest)),
        None => (None, line),
    };
    let by_colons = host_and_port(rest)
        .ok()
        .filter(|(.., more)| scheme.is_none() && more.is_some());
    let (credentials, (host, port, more)) = match (by_colons, rest.rsplit_once('@')) {
        // A password may hold an @ there.
        (Some((host, port, more)), _) => (more, (host, port, None)),
        (None, Some((credentials, address))) => (Some(credentials), host_and_port(address)?),
        (None, None) => (None, host_and_port(rest)?),
    };
    if more.is_some() {
        return Err(ProxyFault::Format);
    }
    let (username, password) = match credentials {
        Some(text) => credentials_of(text, scheme.is_some())?,
        None => (None, None),
    };
    let host = if private {
        any_host(host)
    } else {
        public_host(host)
    };
    Ok(ProxyLine {
        scheme: scheme.unwrap_or(ProxyScheme::Http),
        host: host.map_err(|fault| match fault {
            HostFault::Malformed => ProxyFault::Host,
            HostFault::NotPublic => ProxyFault::NotPublic,
        })?,
        port,
        username,
        password,
    })
}

fn scheme_of(text: &str) -> Result<ProxyScheme, ProxyFault> {
    match text.to_ascii_lowercase().as_str() {
        // Who resolves names is no choice of the line.
        "socks5h" => Ok(ProxyScheme::Socks5),
        scheme => scheme.parse().map_err(|_| ProxyFault::Scheme),
    }
}

/// Host, port, and what follows the port after another colon.
fn host_and_port(text: &str) -> Result<(&str, u16, Option<&str>), ProxyFault> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(_) => {
            let end = text.find(']').ok_or(ProxyFault::Host)?;
            text.split_at_checked(end + 1).ok_or(ProxyFault::Host)?
        }
        None => text
            .split_at_checked(text.find(':').unwrap_or(text.len()))
            .ok_or(ProxyFault::Host)?,
    };
    if host.is_empty() {
        return Err(ProxyFault::Host);
    }
    let rest = rest.strip_prefix(':').ok_or(ProxyFault::Port)?;
    let (port, more) = match rest.split_once(':') {
        Some((port, more)) => (port, Some(more)),
        None => (rest, None),
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(port) if digits && port > 0 => Ok((host, port, more)),
        _ => Err(ProxyFault::Port),
    }
}

type Credentials = (Option<Zeroizing<String>>, Option<Zeroizing<String>>);

fn credentials_of(text: &str, encoded: bool) -> Result<Credentials, ProxyFault> {
    let (username, password) = match text.split_once(':') {
        Some((username, password)) => (username, Some(password)),
        None => (text, None),
    };
    let plain = |part: &str| -> Result<Zeroizing<String>, ProxyFault> {
        let part = if encoded {
            let decoded = percent_decode_str(part).decode_utf8();
            Zeroizing::new(decoded.map_err(|_| ProxyFault::Credentials)?.into_owned())
        } else {
            Zeroizing::new(part.to_owned())
        };
        if part.len() > CREDENTIAL_MAX || part.contains(char::is_control) {
            return Err(ProxyFault::Credentials);
        }
        Ok(part)
    };
    if username.is_empty() {
        return Err(ProxyFault::Credentials);
    }
    let password = password.filter(|password| !password.is_empty());
    Ok((Some(plain(username)?), password.map(plain).transpose()?))
}

#[cfg(test)]
mod tests;
