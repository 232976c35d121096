//! The table of answers: status and content type → what the caller must do.

use super::*;

fn hosts() -> config::Kaspi {
    config::Config::from_vars(&std::collections::HashMap::new())
        .unwrap()
        .kaspi
}

fn judged(asked: Asked, status: u16, content_type: &str, body: &str) -> String {
    let head = Head {
        status,
        content_type: content_type.into(),
        location: Some("https://idmc.shop.kaspi.kz/login".into()),
        retry_after: None,
    };
    match judge(asked, &head, body.as_bytes().to_vec(), &hosts()) {
        Ok(_) => "ok".into(),
        Err(Refusal::Error(error)) => error.code().into(),
        Err(Refusal::Forbidden { message }) => format!("forbidden {message}"),
    }
}

#[test]
fn every_answer_has_one_meaning() {
    use Asked::{Cabinet, Orders, Public};
    let table = [
        (Cabinet, 200, "application/json", "{}", "ok"),
        (
            Cabinet,
            200,
            "text/html",
            "<html>wall</html>",
            "marketplace_blocked",
        ),
        (
            Cabinet,
            200,
            "text/html",
            "<input id=\"user_email_field\">",
            "session_expired",
        ),
        (Cabinet, 200, "text/plain", "{}", "malformed_answer"),
        (Cabinet, 200, "", "", "malformed_answer"),
        (Cabinet, 302, "", "", "session_expired"),
        (Cabinet, 401, "", "", "session_expired"),
        (Cabinet, 403, "text/html", "<html>", "marketplace_blocked"),
        (
            Cabinet,
            403,
            "application/json",
            r#"{"message": "no"}"#,
            "forbidden no",
        ),
        (Cabinet, 403, "", "", "forbidden "),
        (Cabinet, 400, "application/json", "{}", "marketplace_rejected"),
        (Cabinet, 404, "application/json", "{}", "marketplace_rejected"),
        (Cabinet, 429, "text/html", "", "rate_limited"),
        (Cabinet, 500, "application/json", "{}", "marketplace_unavailable"),
        (Cabinet, 526, "text/html", "", "marketplace_unavailable"),
        (Public, 200, "application/json;charset=UTF-8", "{}", "ok"),
        (
            Public,
            200,
            "text/html",
            "user_email_field",
            "marketplace_blocked",
        ),
        (Public, 302, "", "", "malformed_answer"),
        (Public, 401, "", "", "marketplace_blocked"),
        (Public, 403, "application/json", "", "marketplace_blocked"),
        (Public, 405, "text/html", "", "marketplace_blocked"),
        (Public, 400, "application/json", "{}", "marketplace_rejected"),
        (Public, 503, "", "", "marketplace_unavailable"),
        (Orders, 200, "application/vnd.api+json", "{}", "ok"),
        (Orders, 401, "application/vnd.api+json", "{}", "token_refused"),
        (Orders, 403, "application/vnd.api+json", "{}", "token_refused"),
        (Orders, 403, "text/html", "<html>", "marketplace_blocked"),
        (Orders, 302, "", "", "malformed_answer"),
        (
            Orders,
            400,
            "application/vnd.api+json",
            "{}",
            "marketplace_rejected",
        ),
        (
            Cabinet,
            200,
            "text/plain",
            "Unfinished file found",
            "marketplace_rejected",
        ),
    ];
    for (asked, status, content_type, body, meaning) in table {
        assert_eq!(
            judged(asked, status, content_type, body),
            meaning,
            "{asked:?} {status} {content_type}"
        );
    }
}

#[test]
fn a_wait_is_read_in_both_forms_and_bounded() {
    let date = Some("Sun, 06 Nov 1994 08:49:00 GMT");
    assert_eq!(retry_after("120", None), Some(Duration::from_secs(120)));
    assert_eq!(
        retry_after("Sun, 06 Nov 1994 08:49:37 GMT", date),
        Some(Duration::from_secs(37))
    );
    assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", date), None);
    assert_eq!(retry_after("99999999999", None), Some(RETRY_AFTER_MAX));
    assert_eq!(retry_after("soon", date), None);
}

#[test]
fn a_message_is_shortened_and_free_of_control_characters() {
    let long = format!(r#"{{"message": "a\n{}"}}"#, "x".repeat(500));
    let said = said(long.as_bytes());
    assert_eq!(said.chars().count(), 200);
    assert!(!said.contains('\n'));
    assert_eq!(
        super::said(br#"{"errors": [{"title": "no filter"}]}"#),
        "no filter"
    );
    assert_eq!(super::said(b"Unfinished file found"), "Unfinished file found");
    assert_eq!(super::said(b"<html>wall</html>"), "");
}
