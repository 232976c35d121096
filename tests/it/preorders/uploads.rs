//! An upload from the request to what buyers see, and every way in which a file may go wrong.

use super::*;

/// The offer of the first product as buyers see it: its days.
async fn shown_days(shop: &Shop) -> i32 {
    let market = shop
        .app
        .services
        .kaspi
        .market_offers("100000001", crate::support::CITY)
        .await
        .unwrap();
    let own = market.offers.iter().find(|offer| offer.merchant_id == "30000001");
    own.expect("our own offer").preorder_days
}

#[actix_web::test]
async fn preorders_reach_the_shop_and_are_seen_there() {
    let shop = Shop::open().await;
    let id = shop.ask().await;
    assert_eq!(shop.state(id), (UploadState::Waiting, None));
    assert!(matches!(
        shop.go_on(id).await,
        UploadGoesOn::Later(_, "file_processing")
    ));
    assert_eq!(shop.state(id).0, UploadState::Processing);
    assert!(shop.upload(id).file_id.is_some());
    assert_eq!(shop.to_its_end(id).await, UploadState::Applied);
    assert_eq!(shop.lines(id), [(None, false), (None, false)]);

    // Buyers' page follows: looked at from two minutes after the end on.
    look_for_preorders(&shop.app.services).await.unwrap();
    assert_eq!(shop.lines(id), [(None, false), (None, false)], "not yet due");
    for _ in 0..30 {
        shop.app.advance(120).await;
        look_for_preorders(&shop.app.services).await.unwrap();
    }
    assert_eq!(shown_days(&shop).await, 14);
    assert_eq!(shop.lines(id), [(None, true), (None, true)]);
}

#[actix_web::test]
async fn whoever_asks_while_a_file_is_under_way_joins_it() {
    let shop = Shop::open().await;
    let first = shop.ask().await;
    assert_eq!(shop.ask().await, first);
    let (again, once_more) = tokio::join!(shop.ask(), shop.ask());
    assert_eq!((again, once_more), (first, first));
    shop.to_its_end(first).await;
    assert_eq!(shop.app.market.calls("upload").await.len(), 1);
    // Afterwards the same preorders may be sent again.
    let second = shop.ask().await;
    assert_ne!(second, first);
    assert_eq!(shop.to_its_end(second).await, UploadState::Applied);
}

#[actix_web::test]
async fn two_requests_at_the_same_moment_are_one_upload() {
    let shop = Shop::open().await;
    let asked = futures_util::future::join_all((0..8).map(|_| shop.ask())).await;
    assert!(asked.iter().all(|id| *id == asked[0]), "{asked:?}");
    let rows: i64 = preorder_uploads::table
        .count()
        .get_result(&mut shop.app.conn())
        .unwrap();
    assert_eq!(rows, 1);
}

#[actix_web::test]
async fn refused_rows_say_why_and_the_others_are_taken_over() {
    let shop = Shop::open().await;
    let fault = json!({ "rows": 1, "text": "price is suspicious", "times": 1 });
    shop.app.market.fault("upload", "row_errors", fault).await;
    let id = shop.ask().await;
    assert_eq!(shop.to_its_end(id).await, UploadState::AppliedPartly);
    let lines = shop.lines(id);
    let refused: Vec<_> = lines
        .iter()
        .filter_map(|(problem, _)| problem.as_deref())
        .collect();
    assert_eq!(refused, ["price is suspicious"]);
    // What was refused is not looked for.
    for _ in 0..30 {
        shop.app.advance(120).await;
        look_for_preorders(&shop.app.services).await.unwrap();
    }
    for (problem, seen) in shop.lines(id) {
        assert_eq!(problem.is_none(), seen);
    }
}

#[actix_web::test]
async fn a_lost_answer_is_resolved_by_looking_not_by_a_second_file() {
    for (kind, more) in [
        ("no_id", json!({ "times": 1 })),
        ("reset_after", json!({ "times": 1 })),
    ] {
        let shop = Shop::open().await;
        shop.app.market.fault("upload", kind, more).await;
        let id = shop.ask().await;
        assert!(matches!(shop.go_on(id).await, UploadGoesOn::Later(..)), "{kind}");
        assert_eq!(shop.state(id).0, UploadState::Sending, "{kind}");
        assert_eq!(shop.to_its_end(id).await, UploadState::Applied, "{kind}");
        assert_eq!(shop.app.market.calls("upload").await.len(), 1, "{kind}");
    }
}

#[actix_web::test]
async fn a_file_that_was_lost_on_its_way_is_sent_once_more() {
    let shop = Shop::open().await;
    let lost = json!({ "status": 503, "times": 1 });
    shop.app.market.fault("upload", "status", lost).await;
    let id = shop.ask().await;
    shop.go_on(id).await;
    assert_eq!(shop.state(id).0, UploadState::Sending);
    // Within a minute it may still show.
    shop.app.advance(30).await;
    shop.go_on(id).await;
    assert_eq!(shop.app.market.calls("upload").await.len(), 1);
    assert_eq!(shop.to_its_end(id).await, UploadState::Applied);
    assert_eq!(shop.app.market.calls("upload").await.len(), 2);
    assert_eq!(shop.upload(id).sends, 2);
}

#[actix_web::test]
async fn a_file_that_never_arrives_is_given_up_after_three_times() {
    let shop = Shop::open().await;
    let lost = json!({ "status": 503, "times": 100 });
    shop.app.market.fault("upload", "status", lost).await;
    let id = shop.ask().await;
    assert_eq!(shop.to_its_end(id).await, UploadState::Failed);
    assert_eq!(shop.state(id).1.as_deref(), Some("file_not_taken"));
    assert_eq!(shop.upload(id).sends, 3);
}

#[actix_web::test]
async fn another_file_of_the_shop_is_waited_for() {
    for status in [200, 400] {
        let shop = Shop::open().await;
        let fault = json!({ "status": status, "body": "text", "text": "Unfinished file found", "times": 2 });
        shop.app.market.fault("upload", "status", fault).await;
        let id = shop.ask().await;
        assert!(
            matches!(shop.go_on(id).await, UploadGoesOn::Later(_, "file_unfinished")),
            "{status}"
        );
        assert_eq!(shop.state(id), (UploadState::Waiting, None));
        assert_eq!(shop.to_its_end(id).await, UploadState::Applied, "{status}");
    }
}

#[actix_web::test]
async fn a_file_of_somebody_else_that_never_ends_fails_the_upload_after_an_hour() {
    let shop = Shop::open().await;
    shop.app
        .market
        .fault("upload", "stuck", json!({ "times": 1 }))
        .await;
    let stuck = shop.ask().await;
    assert_eq!(shop.to_its_end(stuck).await, UploadState::Unknown);
    assert_eq!(shop.state(stuck).1.as_deref(), Some("file_unknown"));
    // The marketplace still works on it: the next one never leaves.
    let next = shop.ask().await;
    assert_eq!(shop.to_its_end(next).await, UploadState::Failed);
    assert_eq!(shop.state(next).1.as_deref(), Some("file_unfinished"));
    assert_eq!(shop.app.market.calls("upload").await.len(), 1);
}

#[actix_web::test]
async fn what_the_marketplace_refuses_is_told_in_its_words_and_not_repeated() {
    for (fault, said) in [
        (
            json!({ "status": 400, "patch": { "message": "the workbook cannot be read" }, "times": 9 }),
            "the workbook cannot be read",
        ),
        (json!({ "status": 415, "times": 9 }), ""),
    ] {
        let shop = Shop::open().await;
        shop.app.market.fault("upload", "status", fault).await;
        let id = shop.ask().await;
        assert_eq!(shop.to_its_end(id).await, UploadState::Failed);
        let upload = shop.upload(id);
        assert_eq!(upload.failure.as_deref(), Some("file_refused"));
        assert!(upload.detail.unwrap_or_default().contains(said));
        assert_eq!(shop.app.market.calls("upload").await.len(), 1);
    }
    let shop = Shop::open().await;
    shop.app
        .market
        .control("/control/limits", json!({ "file_bytes_max": 100 }))
        .await;
    let id = shop.ask().await;
    assert_eq!(shop.to_its_end(id).await, UploadState::Failed);
    let shop = Shop::open().await;
    shop.app
        .market
        .control("/control/limits", json!({ "excel_columns": ["SKU", "model", "brand", "price", "PP1", "PP2", "PP3", "PP4", "PP5", "preorder days"] }))
        .await;
    let id = shop.ask().await;
    assert_eq!(shop.to_its_end(id).await, UploadState::Failed);
    assert_eq!(shop.state(id).1.as_deref(), Some("file_refused"));
}

#[actix_web::test]
async fn a_file_that_ends_badly_or_in_an_unknown_word_says_so() {
    let shop = Shop::open().await;
    shop.app
        .market
        .fault("upload", "file_ends", json!({ "text": "ERROR", "times": 1 }))
        .await;
    let id = shop.ask().await;
    assert_eq!(shop.to_its_end(id).await, UploadState::Failed);
    assert_eq!(shop.state(id).1.as_deref(), Some("file_error"));

    let shop = Shop::open().await;
    shop.app
        .market
        .fault(
            "upload",
            "file_ends",
            json!({ "text": "ON_MODERATION", "times": 1 }),
        )
        .await;
    let id = shop.ask().await;
    assert_eq!(shop.to_its_end(id).await, UploadState::Unknown);
    assert_eq!(shop.upload(id).word.as_deref(), Some("ON_MODERATION"));
}

#[actix_web::test]
async fn a_preorder_that_never_shows_is_looked_for_a_day() {
    let shop = Shop::open().await;
    shop.app
        .market
        .fault("upload", "file_ends", json!({ "text": "FINISHED", "times": 1 }))
        .await;
    let id = shop.ask().await;
    assert_eq!(shop.to_its_end(id).await, UploadState::Applied);
    let asked = |calls: Vec<Value>| calls.len();
    let before = asked(shop.app.market.calls("offers").await);
    for _ in 0..48 {
        shop.app.advance(1_800).await;
        look_for_preorders(&shop.app.services).await.unwrap();
    }
    assert_eq!(shop.lines(id), [(None, false), (None, false)]);
    // The last look is the one that gives up.
    shop.app.advance(7_200).await;
    look_for_preorders(&shop.app.services).await.unwrap();
    let day = asked(shop.app.market.calls("offers").await);
    assert!(day > before + 20, "{day} reads");
    shop.app.advance(7_200).await;
    look_for_preorders(&shop.app.services).await.unwrap();
    assert_eq!(asked(shop.app.market.calls("offers").await), day, "not any more");
}

#[actix_web::test]
async fn an_expired_session_is_renewed_and_the_file_sent_with_the_new_one() {
    let shop = Shop::open().await;
    let expired = json!({ "status": 401, "times": 1 });
    shop.app.market.fault("upload", "status", expired).await;
    let id = shop.ask().await;
    assert_eq!(shop.to_its_end(id).await, UploadState::Applied);
    let answers: Vec<_> = shop.app.market.calls("upload").await;
    assert_eq!(answers.len(), 2, "refused once, taken once");
}
