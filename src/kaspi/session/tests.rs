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

#[test]
fn an_answer_may_rotate_add_and_forget_cookies_of_its_own_host() {
    let host = "mc.example.kz";
    let mut session = CabinetSession::new(vec![cookie("sid", host, "/")], Identity::for_key("a"));
    let id = session.id();
    let header = |session: &CabinetSession, url: &str| {
        session
            .cookie_header(&url.parse().unwrap())
            .map(|value| value.to_str().unwrap().to_owned())
    };

    assert!(
        !session.absorb(&["sid=sid-value; Path=/; HttpOnly"], host),
        "nothing new"
    );
    assert!(session.absorb(&["sid=second; Path=/; HttpOnly; Secure"], host));
    assert_eq!(
        header(&session, "https://mc.example.kz/").as_deref(),
        Some("sid=second")
    );
    assert!(session.absorb(&["city=1; Domain=.example.kz; Path=/", "api=2; Path=/api"], host));
    assert_eq!(header(&session, "https://example.kz/").as_deref(), Some("city=1"));
    assert_eq!(
        header(&session, "https://mc.example.kz/api/x").as_deref(),
        Some("sid=second; city=1; api=2")
    );
    for line in [
        "sid=; Path=/",
        "sid=x; Max-Age=0; Path=/",
        "sid=x; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ] {
        let mut copy = session.clone();
        assert!(copy.absorb(&[line], host), "{line}");
        assert_eq!(header(&copy, "https://mc.example.kz/").as_deref(), Some("city=1"));
        assert!(!copy.absorb(&[line], host), "forgotten already");
    }
    assert_eq!(session.id(), id, "still the same login");
    assert_eq!(
        CabinetSession::from_secret(&session.to_secret()).unwrap().id(),
        id
    );
}

#[test]
fn an_answer_sets_no_cookies_for_others() {
    let mut session = CabinetSession::new(Vec::new(), Identity::for_key("a"));
    for (line, host) in [
        ("sid=x; Domain=other.kz", "mc.example.kz"),
        ("sid=x; Domain=kz", "mc.example.kz"),
        ("sid=x; Domain=evil-mc.example.kz", "mc.example.kz"),
        ("sid=x; Domain=0.0.1", "127.0.0.1"),
        ("no name at all", "mc.example.kz"),
    ] {
        assert!(!session.absorb(&[line], host), "{line}");
    }
    assert_eq!(session, session.clone());
    assert_eq!(
        session.cookie_header(&"https://mc.example.kz/".parse().unwrap()),
        None
    );
}
