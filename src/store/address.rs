//! The database's address as its two drivers take it: with a limit for connecting, and with signs of life on the line,
//! so that a machine that vanished without a word is noticed in well under a minute. What the address says itself
//! stays.

use secrecy::ExposeSecret;

use crate::secrets::Secret;

/// For libpq. Seconds, but for the last one, which is in milliseconds.
const LIBPQ: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    // Data that nobody acknowledges: keepalives are not sent while some are under way.
    ("tcp_user_timeout", "25000"),
];

/// The same for the queue's driver, which calls one otherwise and counts in seconds throughout.
const QUEUE: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_retries", "3"),
    ("tcp_user_timeout", "25"),
];

/// The address for everything that speaks through libpq.
#[must_use]
pub fn for_libpq(address: &Secret) -> Secret {
    completed(address.expose_secret(), &[], &LIBPQ)
}

/// The address for the job queue. What only libpq knows is left out or translated: the queue's driver always asks an encrypted
/// server who it is, and knows no word for it.
#[must_use]
pub fn for_queue(address: &Secret) -> Secret {
    completed(
        address.expose_secret(),
        &[("keepalives_count", "keepalives_retries")],
        &QUEUE,
    )
}

/// The address with `renamed` options under the names of another driver, and with the options that it does not name.
fn completed(address: &str, renamed: &[(&str, &str)], options: &[(&str, &str)]) -> Secret {
    let (base, query) = address.split_once('?').unwrap_or((address, ""));
    let translated = |part: &str| -> String {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match renamed.iter().find(|(theirs, _)| *theirs == name) {
            Some((_, ours)) => format!("{ours}={value}"),
            None if !renamed.is_empty() && ["sslmode=verify-full", "sslmode=verify-ca"].contains(&part) => {
                "sslmode=require".to_owned()
            }
            // Milliseconds there, seconds here.
            None if name == "tcp_user_timeout" && !renamed.is_empty() => {
                let seconds = value.parse::<u64>().map_or(0, |millis| millis.div_ceil(1_000));
                format!("{name}={seconds}")
            }
            None => part.to_owned(),
        }
    };
    let mut parts: Vec<String> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(translated)
        .collect();
    for (name, value) in options {
        let said = parts.iter().any(|part| part.split('=').next() == Some(name));
        if !said {
            parts.push(format!("{name}={value}"));
        }
    }
    Secret::from(format!("{base}?{}", parts.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(secret: &Secret) -> Vec<(String, String)> {
        let query = secret.expose_secret().split_once('?').unwrap().1;
        let mut options: Vec<_> = query
            .split('&')
            .map(|part| part.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        options.sort();
        options
    }

    fn own(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        pairs.sort();
        pairs
    }

    #[test]
    fn a_vanished_machine_is_noticed_by_both_drivers() {
        let address = Secret::from("postgres://me:secret@db.example/panel");
        assert_eq!(options(&for_libpq(&address)), own(&LIBPQ));
        assert_eq!(options(&for_queue(&address)), own(&QUEUE));
        assert!(
            for_libpq(&address)
                .expose_secret()
                .starts_with("postgres://me:secret@db.example/panel?")
        );
    }

    #[test]
    fn the_queues_driver_checks_certificates_by_itself() {
        let address = Secret::from("postgres://db/panel?sslmode=verify-full");
        let mode = |address: &Secret| {
            let mut options = options(address);
            options.retain(|(name, _)| name == "sslmode");
            options
        };
        assert_eq!(mode(&for_libpq(&address)), own(&[("sslmode", "verify-full")]));
        assert_eq!(mode(&for_queue(&address)), own(&[("sslmode", "require")]));
    }

    #[test]
    fn what_the_address_says_stays() {
        let address = Secret::from(
            "postgres://db/panel?connect_timeout=2&keepalives_count=9&tcp_user_timeout=7500&sslmode=require",
        );
        let said = [
            ("connect_timeout", "2"),
            ("keepalives_count", "9"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("sslmode", "require"),
            ("tcp_user_timeout", "7500"),
        ];
        assert_eq!(options(&for_libpq(&address)), own(&said));
        let said = [
            ("connect_timeout", "2"),
            ("keepalives_retries", "9"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("sslmode", "require"),
            ("tcp_user_timeout", "8"),
        ];
        assert_eq!(options(&for_queue(&address)), own(&said));
    }
}
