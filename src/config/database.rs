//! What the database's address must say: a line that leaves the machine is encrypted, and who answers is known.

use std::net::IpAddr;

use url::Url;

/// What is wrong with the address; `plain`: the operator has said that a line without encryption will do.
pub(super) fn complaint(database_url: &str, plain: bool) -> Option<&'static str> {
    let is_postgres = |scheme: &&str| database_url.starts_with(*scheme);
    if !["postgres://", "postgresql://"].iter().any(is_postgres) {
        return Some("DATABASE_URL: expected postgres://user:password@host/database");
    }
    if database_url.contains("sslrootcert=") {
        return Some(
            "DATABASE_URL: only one of the two drivers knows sslrootcert; name the file in PGSSLROOTCERT, which both know",
        );
    }
    (!plain && leaves_the_machine(database_url)).then_some(
        "DATABASE_URL names another machine without checking who answers: add ?sslmode=verify-full and name the authority's file in PGSSLROOTCERT, or set KASPI_PANEL_ALLOW_PLAIN_DATABASE=1 where the line between them is safe by itself",
    )
}

/// Does a connection to this database leave the machine, and neither encrypted nor to a server whose certificate is checked?
/// What cannot be read is taken for one that does.
fn leaves_the_machine(database_url: &str) -> bool {
    let Ok(url) = Url::parse(database_url) else {
        return !database_url.contains("sslmode=verify-full");
    };
    let (mut hosts, mut checked) = (url.host_str().unwrap_or_default().to_owned(), false);
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "host" | "hostaddr" => hosts = value.into_owned(),
            "sslmode" => checked = value == "verify-full",
            _ => {}
        }
    }
    let here = |host: &str| {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let socket = host.starts_with('/') || host.to_lowercase().starts_with("%2f");
        host.is_empty() || host == "localhost" || socket || address.is_ok_and(|address| address.is_loopback())
    };
    !checked && !hosts.split(',').all(here)
}
