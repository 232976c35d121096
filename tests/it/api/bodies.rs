//! Bodies that are no JSON, no object, or of another kind; what is refused for all resources alike.

use reqwest::Method;

use super::{post, seller, send};
use crate::support::TestApp;

#[tokio::test]
async fn bodies_that_are_no_object_are_refused_in_the_known_words() {
    let mut app = TestApp::new();
    let (_, _, anna) = seller(&mut app, "anna", "30000001").await;
    for (body, told) in [
        (
            "{bad",
            r#"{"detail":"JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"}"#,
        ),
        (
            "[1,2]",
            r#"{"non_field_errors":["Недопустимые данные. Ожидался dictionary, но был получен list."]}"#,
        ),
        (
            r#""text""#,
            r#"{"non_field_errors":["Недопустимые данные. Ожидался dictionary, но был получен str."]}"#,
        ),
        (
            "7",
            r#"{"non_field_errors":["Недопустимые данные. Ожидался dictionary, но был получен int."]}"#,
        ),
        (
            "null",
            r#"{"non_field_errors":["Это поле не может быть пустым."]}"#,
        ),
    ] {
        for path in [
            "/api/v1/products/",
            "/api/v1/kaspi/stores/",
            "/api/v1/preorders/",
            "/api/v1/products/update_price/",
            "/api/v1/products/batch_enable/",
            "/api/v1/preorders/upload/",
            "/api/v1/kaspi/auth/authenticate/",
        ] {
            let answer = post(&anna, path, body).await.expect(400);
            assert_eq!(answer.body_text(), told, "{path} {body}");
        }
    }
    // Half a character, deep nesting, no text at all.
    for body in [
        br#"{"name":"\ud800"}"#.to_vec(),
        b"[".repeat(100_000),
        vec![b'{', b'"', 0xFF, b'"', b'}'],
    ] {
        let json = [("content-type", "application/json")];
        let answer = anna.raw(Method::POST, "/api/v1/products/", &json, body).await;
        assert_eq!(answer.status, 400, "{}", answer.body_text());
        assert!(
            answer
                .body_text()
                .starts_with(r#"{"detail":"JSON parse error - "#)
        );
    }
}

#[tokio::test]
async fn only_json_is_taken() {
    let mut app = TestApp::new();
    let (_, _, anna) = seller(&mut app, "anna", "30000001").await;
    let answer = anna
        .raw(
            Method::POST,
            "/api/v1/products/",
            &[("content-type", "application/x-www-form-urlencoded")],
            b"name=a".to_vec(),
        )
        .await
        .expect(415);
    assert_eq!(
        answer.body_text(),
        r#"{"detail":"Неподдерживаемый тип данных \"application/x-www-form-urlencoded\" в запросе."}"#
    );
    let with_charset = [("content-type", "application/json; charset=utf-8")];
    anna.raw(Method::POST, "/api/v1/products/", &with_charset, b"{}".to_vec())
        .await
        .expect(400);
}

#[tokio::test]
async fn addresses_without_a_slash_lead_on_whatever_is_asked() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    for (method, path) in [
        (Method::POST, "/api/v1/products".to_owned()),
        (Method::GET, "/api/v1/products".to_owned()),
        (Method::PATCH, format!("/api/v1/kaspi/stores/{store}")),
        (Method::POST, format!("/api/v1/kaspi/stores/{store}/sync")),
        (Method::POST, "/api/v1/kaspi/auth/authenticate".to_owned()),
    ] {
        let answer = send(&anna, method, &path, "{}").await.expect(301);
        assert_eq!(answer.location(), format!("{path}/"));
        assert_eq!(answer.body_text(), "");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn methods_that_are_not_there_are_told_and_those_that_are_too() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    for (method, path) in [
        (Method::PUT, "/api/v1/products/".to_owned()),
        (Method::GET, "/api/v1/kaspi/auth/authenticate/".to_owned()),
        (Method::GET, "/api/v1/products/update_price/".to_owned()),
        (Method::POST, format!("/api/v1/kaspi/stores/{store}/")),
    ] {
        let word = method.as_str().to_owned();
        let answer = send(&anna, method, &path, "{}").await.expect(405);
        assert_eq!(
            answer.body_text(),
            format!(r#"{{"detail":"Метод \"{word}\" не разрешен."}}"#)
        );
    }
    let answer = anna.get("/api/v1/products/").await.expect(200);
    assert_eq!(answer.header("allow"), "GET, POST, HEAD, OPTIONS");
    let answer = anna
        .get(&format!("/api/v1/kaspi/stores/{store}/"))
        .await
        .expect(200);
    assert_eq!(answer.header("allow"), "GET, PUT, PATCH, DELETE, HEAD, OPTIONS");
}

#[tokio::test]
async fn addresses_tell_what_they_take() {
    let mut app = TestApp::new();
    let (_, _, anna) = seller(&mut app, "anna", "30000001").await;
    let answer = send(&anna, Method::OPTIONS, "/api/v1/products/", "")
        .await
        .expect(200);
    let told = answer.json();
    let keys: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["name", "description", "renders", "parses", "actions"]);
    assert_eq!(told["name"], "Product List");
    assert_eq!(told["parses"][0], "application/json");
    let name = &told["actions"]["POST"]["name"];
    assert_eq!(
        name.to_string(),
        r#"{"type":"string","required":true,"read_only":false,"label":"Name","max_length":500}"#
    );
    let nobody = app.anonymous();
    send(&nobody, Method::OPTIONS, "/api/v1/products/", "")
        .await
        .expect(401);
    let unknown = app.api("no-such-key");
    send(&unknown, Method::OPTIONS, "/api/v1/products/", "")
        .await
        .expect(401);
}
