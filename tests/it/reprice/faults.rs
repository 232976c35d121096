//! When the marketplace fails, lies or is silent: nothing is lost, nothing is sent twice, nothing is guessed.

use kaspi_panel::domain::SessionState;

use super::*;

#[actix_web::test]
async fn an_unread_card_is_no_evidence() {
    for (kind, more) in [
        ("status", json!({ "status": 429 })),
        ("status", json!({ "status": 403 })),
        ("status", json!({ "status": 500 })),
        ("html", json!({})),
        ("malformed", json!({})),
        ("empty", json!({})),
        ("reset", json!({})),
    ] {
        let shop = Shop::open().await;
        shop.app.market.fault("offers", kind, more).await;
        let pass = shop.reprice().await;
        assert_eq!(pass.held.get("NO_EVIDENCE"), Some(&1), "{kind}");
        assert!(shop.pushes().is_empty(), "{kind}");
    }
}

#[actix_web::test]
async fn an_unknown_outcome_is_resolved_by_reading() {
    for kind in ["applied_but_500", "no_id", "reset_after"] {
        let shop = Shop::open().await;
        shop.app
            .market
            .fault("process", kind, json!({ "times": 1 }))
            .await;
        shop.reprice().await;
        assert_eq!(shop.push().await.waiting, 1, "{kind}");
        assert_eq!(shop.pushes()[0].0, PushState::Unknown, "{kind}");
        shop.later(130).await;
        assert_eq!(shop.push().await.confirmed, 1, "{kind}");
        assert_eq!(shop.pushes()[0].0, PushState::Confirmed, "{kind}");
        assert_eq!(shop.asked().await.len(), 1, "{kind}: never sent twice");
        assert_eq!(
            db_price(&mut shop.app.conn(), shop.product),
            Tenge(15_979),
            "{kind}"
        );
    }
}

#[actix_web::test]
async fn a_lost_request_is_given_up_without_a_blind_resend() {
    let shop = Shop::open().await;
    shop.app
        .market
        .fault("process", "reset", json!({ "times": 1 }))
        .await;
    shop.reprice().await;
    shop.push().await;
    assert_eq!(shop.pushes()[0].0, PushState::Unknown);
    shop.later(299).await;
    shop.push().await;
    assert_eq!(shop.pushes()[0].0, PushState::Unknown, "it may still be applied");
    shop.later(62).await;
    shop.push().await;
    assert_eq!(
        shop.pushes(),
        [(PushState::Expired, Some("never_applied".to_owned()))]
    );
    assert_eq!(db_price(&mut shop.app.conn(), shop.product), Tenge(15_990));
    assert_eq!(shop.asked().await.len(), 1, "one request, lost");
    // The product is decided anew.
    assert_eq!(shop.reprice().await.changed, 1);
    assert_eq!(shop.push().await.sent, 1);
}

#[actix_web::test]
async fn a_price_that_is_never_applied_ends_as_a_mismatch() {
    let shop = Shop::open().await;
    shop.app
        .market
        .fault("process", "accepted_not_applied", json!({}))
        .await;
    shop.reprice().await;
    shop.push().await;
    for _ in 0..4 {
        shop.later(300).await;
        shop.push().await;
    }
    assert_eq!(
        shop.pushes(),
        [(PushState::Mismatch, Some("never_applied".to_owned()))]
    );
    assert_eq!(db_price(&mut shop.app.conn(), shop.product), Tenge(15_990));
    // A person should look: the robot keeps its hands off for an hour.
    assert_eq!(shop.reprice().await.held.get("LOCKED"), Some(&1));
}

#[actix_web::test]
async fn an_offer_that_goes_off_sale_after_the_write_is_noticed() {
    let shop = Shop::open().await;
    shop.app
        .market
        .fault("process", "withdraw", json!({ "times": 1 }))
        .await;
    shop.reprice().await;
    shop.push().await;
    shop.later(130).await;
    shop.push().await;
    assert_eq!(
        shop.pushes()[0],
        (PushState::Removed, Some("offer_removed".to_owned()))
    );
}

#[actix_web::test]
async fn too_many_requests_freeze_the_store_for_half_an_hour() {
    let shop = Shop::open().await;
    shop.app
        .market
        .fault("process", "status", json!({ "status": 429, "times": 1 }))
        .await;
    shop.reprice().await;
    assert_eq!(shop.push().await.rejected, 1);
    assert_eq!(
        shop.pushes(),
        [(PushState::Rejected, Some("rate_limited".to_owned()))]
    );

    shop.later(1799).await;
    shop.reprice().await;
    shop.push().await;
    // What was decided meanwhile waits for its turn.
    assert_eq!(shop.pushes()[1], (PushState::Planned, None));
    assert_eq!(shop.asked().await.len(), 1);

    shop.later(301).await;
    shop.reprice().await;
    assert_eq!(shop.push().await.sent, 1);
}

#[actix_web::test]
async fn a_refused_price_is_not_repeated() {
    let shop = Shop::open().await;
    shop.app
        .market
        .fault("process", "status", json!({ "status": 400, "times": 1 }))
        .await;
    shop.reprice().await;
    shop.push().await;
    assert_eq!(
        shop.pushes(),
        [(PushState::Rejected, Some("marketplace_rejected".to_owned()))]
    );
    shop.later(60).await;
    shop.push().await;
    assert_eq!(shop.asked().await.len(), 1);
}

#[actix_web::test]
async fn an_expired_session_pauses_the_store_and_loses_nothing() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.app
        .market
        .fault("list", "expired", json!({ "times": 1 }))
        .await;
    shop.push().await;
    let state: SessionState = stores::table
        .select(stores::session_state)
        .first(&mut shop.app.conn())
        .unwrap();
    assert_eq!(state, SessionState::NeedsLogin);
    assert_eq!(
        shop.pushes(),
        [(PushState::Held, Some("session_expired".to_owned()))]
    );
    assert!(shop.asked().await.is_empty());
    shop.later(301).await;
    assert_eq!(
        shop.reprice().await,
        PassSummary::default(),
        "everything waits for a login"
    );
}

#[actix_web::test]
async fn a_price_changed_by_hand_meanwhile_is_respected() {
    let shop = Shop::open().await;
    shop.reprice().await;
    let seen = json!([{ "cityId": "750000000", "value": 15_500 }, { "cityId": ASTANA, "value": 16_490 }]);
    let patch = json!({ "patch": { "cityPrices": seen } });
    shop.app.market.fault("list", "row_patch", patch).await;
    shop.push().await;
    assert_eq!(
        shop.pushes(),
        [(PushState::Held, Some("price_changed_outside".to_owned()))]
    );
    assert_eq!(db_price(&mut shop.app.conn(), shop.product), Tenge(15_500));
    assert!(shop.asked().await.is_empty());
}

#[actix_web::test]
async fn what_a_lost_worker_left_is_taken_up() {
    for (left, state, reason) in [
        ("claimed", PushState::Expired, "worker_lost"),
        ("sent", PushState::Unknown, "worker_lost"),
    ] {
        let shop = Shop::open().await;
        shop.reprice().await;
        shop.sql(&format!(
            "update price_pushes set state = '{left}', lease_epoch = 0, sent_at = '2026-11-23T07:00:00Z'"
        ));
        // The first round takes the lease over and looks at what is there.
        shop.app
            .market
            .fault("list", "status", json!({ "status": 500 }))
            .await;
        shop.push().await;
        let (found, why) = shop.pushes()[0].clone();
        assert_eq!(found, state, "{left}");
        assert!(why.is_none_or(|why| why == reason), "{left}");
        assert!(shop.asked().await.is_empty(), "{left}");
    }
}
