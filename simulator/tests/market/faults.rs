//! Faults strike where and as often as they were asked to.

use serde_json::{Value, json};

use crate::support::{ALMATY, SKU, Simulator, wait_until};

const LIST: &str = "/bff/offer-view/list?m=30000001&p=0&l=10&a=true";

#[tokio::test]
async fn status_fault_strikes_the_wanted_number_of_times() {
    let market = Simulator::start();
    market.enter().await;
    let fault = json!({ "endpoint": "list", "merchant": "30000001", "kind": "status", "status": 429, "times": 2,
                        "after": 1, "retry_after": 7 });
    market.fault(fault).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(market.get(LIST).await.0);
    }
    assert_eq!(statuses, [200, 429, 429, 200]);
    market
        .fault(json!({ "endpoint": "list", "merchant": "30000002", "kind": "status", "status": 500 }))
        .await;
    assert_eq!(market.get(LIST).await.0, 200, "it is for another merchant");
    market.fault(json!({ "endpoint": "list", "merchant": null, "kind": "status", "status": 503, "retry_after": null,
                         "times": null })).await;
    assert_eq!((market.get(LIST).await.0, market.get(LIST).await.0), (503, 503));
    market.control("DELETE", "faults", Value::Null).await;
    assert_eq!(market.get(LIST).await.0, 200);
}

#[tokio::test]
async fn retry_after_is_sent_as_it_was_asked_for() {
    let market = Simulator::start();
    let url = format!("{}/yml/offer-view/offers/100000001", market.host("public"));
    for (wanted, seen) in [
        (json!(30), "30"),
        (
            json!("Tue, 01 Sep 2026 08:00:00 GMT"),
            "Tue, 01 Sep 2026 08:00:00 GMT",
        ),
    ] {
        market
            .fault(
                json!({ "endpoint": "offers", "kind": "status", "status": 429, "body": "html", "times": 1,
                             "retry_after": wanted }),
            )
            .await;
        let response = market
            .http
            .post(&url)
            .json(&json!({ "cityId": ALMATY }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["retry-after"], seen);
        assert!(
            response.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
    }
}

#[tokio::test]
async fn answers_can_be_html_cut_empty_patched_or_missing() {
    let market = Simulator::start();
    market.enter().await;
    let once = |endpoint: &str, kind: &str| json!({ "endpoint": endpoint, "kind": kind, "times": 1 });
    for kind in ["html", "malformed", "empty_body"] {
        market.fault(once("list", kind)).await;
        assert_eq!(market.get(LIST).await, (200, Value::Null), "{kind}");
    }
    market.fault(once("list", "empty")).await;
    assert_eq!(market.get(LIST).await.1, json!({ "data": [], "total": 13 }));
    market.fault(once("offers", "empty")).await;
    assert!(market.asks("100000001", ALMATY).await.is_empty());
    market
        .fault(json!({ "endpoint": "list", "kind": "row_patch", "times": 1,
                         "patch": { "price": "15990", "offerId": null } }))
        .await;
    let (_, list) = market.get(LIST).await;
    assert_eq!(list["data"][0]["price"], "15990");
    assert!(list["data"][0].get("offerId").is_none());
    for kind in ["reset", "reset_after"] {
        market.fault(once("count", kind)).await;
        let path = "/offers/api/v1/offer/count?m=30000001";
        let outcome = market.try_send("GET", "cabinet", path, Value::Null).await;
        // A client may repeat a request whose connection was closed before any answer; the fault strikes once.
        if let Ok((status, _)) = outcome {
            assert_eq!(status, 200);
        }
        let entries = market.journal("count").await;
        assert!(
            entries
                .iter()
                .any(|entry| entry["fault"] == kind && entry["status"] == 0),
            "{entries:?}"
        );
    }
}

#[tokio::test]
async fn expired_fault_drops_the_session_and_redirect_fault_does_not() {
    let market = Simulator::start();
    market.enter().await;
    market
        .fault(json!({ "endpoint": "merchants", "kind": "redirect_login", "times": 1 }))
        .await;
    market.get("/s/m").await;
    assert_eq!(market.journal("merchants").await.pop().unwrap()["status"], 302);
    assert_eq!(market.get("/s/m").await.0, 200);
    market
        .fault(json!({ "endpoint": "merchants", "kind": "expired", "times": 1 }))
        .await;
    assert_eq!(
        (market.get("/s/m").await.0, market.get("/s/m").await.0),
        (401, 401)
    );
}

#[tokio::test]
async fn price_changes_can_be_lost_hidden_withdrawn_or_badly_answered() {
    let market = Simulator::start();
    market.enter().await;
    market
        .control("POST", "limits", json!({ "enabled": false }))
        .await;
    let change = json!({ "price": 15_000 });
    let listed = |row: Value| (row["price"].clone(), row["available"].clone());
    for (kind, status, has_id, after, public) in [
        (
            "accepted_not_applied",
            200,
            true,
            (json!(15_990), json!(true)),
            Some(15_990),
        ),
        (
            "not_public",
            200,
            true,
            (json!(15_000), json!(true)),
            Some(15_990),
        ),
        (
            "applied_but_500",
            500,
            false,
            (json!(15_000), json!(true)),
            Some(15_000),
        ),
        ("no_id", 200, false, (json!(15_000), json!(true)), Some(15_000)),
        ("withdraw", 200, true, (json!(15_000), json!(false)), None),
    ] {
        market.control("POST", "reset", json!({ "seed": 1 })).await;
        market.enter().await;
        market
            .fault(json!({ "endpoint": "process", "kind": kind, "times": 1 }))
            .await;
        let (seen, answer) = market.process(SKU, change.clone()).await;
        assert_eq!((seen, answer["id"].is_string()), (status, has_id), "{kind}");
        market.advance(90).await;
        assert_eq!(listed(market.row(SKU).await), after, "{kind}");
        assert_eq!(
            market.ask_of("100000001", ALMATY, "30000001").await,
            public,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn login_can_be_refused_in_any_words() {
    let market = Simulator::start();
    let refusal = json!({ "errorCode": "MFA_SEND_FLOOD" });
    market
        .fault(json!({ "endpoint": "login", "kind": "status", "status": 403, "patch": refusal, "times": 1 }))
        .await;
    let password = json!({ "_u": "demo@example.kz", "_p": "Demo-Password-1" });
    assert_eq!(market.login_step(password.clone()).await, (403, refusal));
    assert_eq!(market.login_step(password).await.0, 200);
}

#[tokio::test]
async fn faults_choose_their_requests_by_host_content_turn_and_chance() {
    let market = Simulator::start();
    market.enter().await;
    let status = |more: Value| {
        let mut fault = json!({ "endpoint": "list", "kind": "status", "status": 503 });
        fault
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        fault
    };
    let seen = async |count: usize| {
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(market.get(LIST).await.0);
        }
        statuses
    };
    market.fault(status(json!({ "every": 3 }))).await;
    assert_eq!(seen(6).await, [200, 200, 503, 200, 200, 503]);
    market.control("DELETE", "faults", Value::Null).await;

    market.fault(status(json!({ "endpoint": "public:*" }))).await;
    assert_eq!(seen(1).await, [200], "another host");
    let body = json!({ "cityId": ALMATY });
    let offers = "/yml/offer-view/offers/100000001";
    assert_eq!(market.send("POST", "public", offers, body).await.0, 503);
    market.control("DELETE", "faults", Value::Null).await;

    market.fault(status(json!({ "containing": "a=false" }))).await;
    assert_eq!(seen(1).await, [200], "the query says a=true");
    assert_eq!(market.get(&LIST.replace("a=true", "a=false")).await.0, 503);
    market.control("DELETE", "faults", Value::Null).await;

    let chance = status(json!({ "probability": 0.5 }));
    market.fault(chance.clone()).await;
    let first = seen(20).await;
    assert!(first.contains(&200) && first.contains(&503), "{first:?}");
    market.control("POST", "reset", json!({ "seed": 1 })).await;
    market.enter().await;
    market.fault(chance).await;
    assert_eq!(seen(20).await, first, "the seed decides");
}

#[tokio::test]
async fn faults_that_lack_something_are_refused() {
    let market = Simulator::start();
    let url = format!("{}/control/faults", market.host("control"));
    for (kind, more) in [
        ("status", json!({})),
        ("patch", json!({})),
        ("add_rows", json!({})),
        ("headers", json!({})),
        ("replace", json!({})),
        ("encoded", json!({})),
        ("date", json!({})),
        ("one_city", json!({})),
        ("slow", json!({ "probability": 1.5 })),
        ("slow", json!({ "every": 0 })),
        ("unheard_of", json!({})),
    ] {
        let mut fault = json!({ "endpoint": "list", "kind": kind });
        fault
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        let answer = market
            .http
            .post(&url)
            .json(&fault)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 400, "{kind}");
    }
    assert_eq!(market.control("GET", "faults", Value::Null).await, json!([]));
}

#[tokio::test]
async fn a_host_closes_answers_nonsense_and_opens_again_by_itself() {
    let market = Simulator::start();
    let ask = async || market.try_send("GET", "cabinet", "/s/m", Value::Null).await;
    assert_eq!(ask().await.expect("an answer").0, 401);
    for state in ["refused", "garbage"] {
        market
            .control("POST", "hosts", json!({ "host": "cabinet", "state": state }))
            .await;
        // A connection that was open may get one more answer.
        wait_until(state, async || ask().await.is_err()).await;
    }
    let short = json!({ "host": "cabinet", "state": "refused", "for_ms": 50 });
    market.control("POST", "hosts", short).await;
    wait_until("the host is open again", async || ask().await.is_ok()).await;
    market
        .control("POST", "hosts", json!({ "host": "public", "state": "refused" }))
        .await;
    market.control("POST", "reset", json!({ "seed": 1 })).await;
    assert!(
        !market.asks("100000001", ALMATY).await.is_empty(),
        "a reset opens everything"
    );
}
