//! The settings of the brakes: what may be typed, who sees what somebody else set, and what the log keeps.

use diesel::prelude::*;
use kaspi_panel::{domain::Role, schema::audit_log, store::brakes::safety_limits_load};

use crate::support::{Client, TestApp};

/// The fields of the form as a browser sends them, with some of them typed anew.
async fn typed(client: &Client, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let page = client.get("/settings/brakes").await.expect(200);
    let mut fields = page.form_fields("main form.card");
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields.retain(|(name, _)| name != "csrf_token");
    fields
}

async fn send(client: &Client, fields: &[(String, String)]) -> crate::support::Answer {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    client.post("/settings/brakes", &fields).await
}

#[tokio::test]
async fn limits_are_changed_with_a_reason_and_stand_in_the_log() {
    let mut app = TestApp::new();
    let client = app.signed_in("root", Role::Admin).await;
    let change = [("drops_per_day", "7"), ("reason", "Осторожнее перед праздниками")];
    send(&client, &typed(&client, &change).await).await.expect(303);
    let limits = safety_limits_load(&mut app.conn()).unwrap();
    assert_eq!((limits.drops_per_day, limits.collar_low_percent), (7, 70));
    let (before, after, reason) = audit_log::table
        .filter(audit_log::object_kind.eq("safety_limits"))
        .select((audit_log::before, audit_log::after, audit_log::reason))
        .first::<(
            Option<serde_json::Value>,
            Option<serde_json::Value>,
            Option<String>,
        )>(&mut app.conn())
        .unwrap();
    assert_eq!(before.unwrap(), serde_json::json!({ "drops_per_day": 20 }));
    assert_eq!(after.unwrap(), serde_json::json!({ "drops_per_day": 7 }));
    assert_eq!(reason.unwrap(), "Осторожнее перед праздниками");
    let page = client.get("/settings/brakes").await.expect(200);
    assert_eq!(page.attribute("#drops_per_day", "value"), "7");
}

#[tokio::test]
async fn all_wrong_values_are_named_at_once_and_kept() {
    let mut app = TestApp::new();
    let client = app.signed_in("root", Role::Admin).await;
    let change = [
        ("collar_low_percent", "100"),
        ("removed_per_day", "two"),
        ("reason", " "),
    ];
    let page = send(&client, &typed(&client, &change).await).await.expect(422);
    assert_eq!(page.texts(".errors li").len(), 3);
    assert_eq!(page.attribute("#removed_per_day", "value"), "two");
    assert!(page.text("#collar_low_percent-e").contains("от 1 до 99"));
    let limits = safety_limits_load(&mut app.conn()).unwrap();
    assert_eq!(limits, kaspi_panel::domain::brakes::SafetyLimits::default());
}

#[tokio::test]
async fn who_saves_second_sees_what_the_first_set() {
    let mut app = TestApp::new();
    let client = app.signed_in("root", Role::Admin).await;
    let mine = typed(&client, &[("drops_per_day", "9"), ("reason", "mine")]).await;
    let theirs = typed(&client, &[("drops_per_day", "7"), ("reason", "theirs")]).await;
    send(&client, &theirs).await.expect(303);
    let page = send(&client, &mine).await.expect(409);
    assert!(page.text("#drops_per_day-h").contains("Сейчас 7"));
    assert_eq!(page.attribute("#drops_per_day", "value"), "9");
    assert_eq!(safety_limits_load(&mut app.conn()).unwrap().drops_per_day, 7);
    let mut again = page.form_fields("main form.card");
    again.retain(|(name, _)| name != "csrf_token");
    send(&client, &again).await.expect(303);
    assert_eq!(safety_limits_load(&mut app.conn()).unwrap().drops_per_day, 9);
}

#[tokio::test]
async fn managers_have_no_say() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let refused = client.get("/settings/brakes").await.status;
    assert!(refused == 403 || refused == 404, "{refused}");
}
