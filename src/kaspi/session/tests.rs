//! Cookies go where they belong and nowhere else; nothing prints them.

use super::*;

fn cookie(name: &str, domain: &str, path: &str) -> Cookie {
    Cookie {
        name: name.into(),
        value: format!("{name}-value"),
        domain: domain.into(),
        path: path.into(),
    }
}

fn header(cookies: Vec<Cookie>, url: &str) -> Option<String> {
    CabinetSession::new(cookies, Identity::for_key("a"))
        .cookie_header(&url.parse().unwrap())
        .map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn a_host_cookie_goes_to_its_host_only() {
    let jar = || {
        vec![
            cookie("sid", "mc.example.kz", "/"),
            cookie("other", "idmc.example.kz", "/"),
        ]
    };
    assert_eq!(
        header(jar(), "https://mc.example.kz/s/m").as_deref(),
        Some("sid=sid-value")
    );
    assert_eq!(header(jar(), "https://example.kz/"), None);
    assert_eq!(header(jar(), "https://evil-mc.example.kz/"), None);
}

#[test]
fn a_domain_cookie_goes_to_subdomains_but_not_to_lookalikes() {
    let jar = || vec![cookie("city", ".example.kz", "/")];
    assert!(header(jar(), "https://mc.example.kz/").is_some());
    assert!(header(jar(), "https://example.kz/").is_some());
    assert_eq!(header(jar(), "https://notexample.kz/"), None);
}

#[test]
fn a_path_is_a_prefix_of_whole_segments() {
    let jar = || vec![cookie("api", "mc.example.kz", "/api")];
    assert!(header(jar(), "https://mc.example.kz/api").is_some());
    assert!(header(jar(), "https://mc.example.kz/api/x").is_some());
    assert_eq!(header(jar(), "https://mc.example.kz/apix"), None);
}

#[test]
fn a_session_survives_its_text_form_and_is_never_printed() {
    let session = CabinetSession::new(vec![cookie("sid", "mc.example.kz", "/")], Identity::for_key("a"));
    let text = session.to_secret();
    assert_eq!(CabinetSession::from_secret(&text).unwrap(), session);
    assert!(CabinetSession::from_secret(&Secret::from("{}")).is_err());
    assert!(!format!("{session:?} {:?} {text:?}", session.cookies).contains("sid-value"));
}
