//! A new cookie is said by the next request of the session, and its jar is to be kept once.

use super::*;
use crate::kaspi::{Cookie, Identity};

const HOST: &str = "mc.example.kz";

fn session(value: &str) -> CabinetSession {
    let cookie = Cookie {
        name: "mc-sid".into(),
        value: value.into(),
        domain: HOST.into(),
        path: "/".into(),
    };
    CabinetSession::new(vec![cookie], Identity::for_key("a"))
}

fn said(jars: &Jars, session: &CabinetSession) -> String {
    let header = jars
        .newest(session)
        .cookie_header(&format!("https://{HOST}/s/m").parse().unwrap());
    header.unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_replaced_cookie_is_said_from_then_on_and_kept_once() {
    let (jars, first, other) = (Jars::default(), session("one"), session("other"));
    jars.absorb(&first, &["mc-sid=two; Path=/; HttpOnly"], HOST);
    assert_eq!(said(&jars, &first), "mc-sid=two");
    assert_eq!(
        said(&jars, &other),
        "mc-sid=other",
        "another login is another jar"
    );
    let changed = jars.take_changed();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].id(), first.id());
    assert!(jars.take_changed().is_empty());
    jars.absorb(&first, &["mc-sid=three; Path=/"], HOST);
    assert_eq!(said(&jars, &first), "mc-sid=three");
    assert_eq!(jars.take_changed().len(), 1);
}

#[test]
fn what_changes_nothing_is_not_kept() {
    let (jars, first) = (Jars::default(), session("one"));
    jars.absorb(&first, &[], HOST);
    jars.absorb(&first, &["mc-sid=one; Path=/"], HOST);
    jars.absorb(&first, &["mc-sid=evil; Domain=elsewhere.kz"], HOST);
    assert_eq!(said(&jars, &first), "mc-sid=one");
    assert!(jars.take_changed().is_empty());
}
