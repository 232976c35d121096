//! Broken passes go on at their page, whatever broke them.

use super::*;
use crate::support::db_log_in;

/// A store with three pages on sale and one withdrawn; the fourth page that is asked for fails.
async fn broken_at_the_fourth_page(kind: &str, more: Value) -> (TestApp, StoreId) {
    let (app, id) = app().await;
    bulk(&app, 250).await;
    break_after(&app, 3, kind, more).await;
    (app, id)
}

/// Lets so many pages pass, then breaks one until the faults are cleared.
async fn break_after(app: &TestApp, pages: usize, kind: &str, more: Value) {
    let mut fault = json!({ "after": pages });
    let more = more.as_object().unwrap().clone();
    fault.as_object_mut().unwrap().extend(more);
    app.market.fault("list", kind, fault).await;
}

const BROKEN: [&str; 4] = ["true/0", "false/0", "true/1", "true/2"];

#[tokio::test]
async fn a_run_goes_on_at_the_page_that_failed() {
    for (kind, more) in [
        ("status", json!({ "status": 429, "retry_after": 3600 })),
        ("status", json!({ "status": 503 })),
        ("html", json!({})),
        ("reset", json!({})),
    ] {
        let (mut app, id) = broken_at_the_fourth_page(kind, more).await;
        let run_id = open(&app, id);
        let first = jobs::sync_store::run(app.services.clone(), run_id).await;
        assert!(matches!(first, Err(JobError::Postponed(_))), "{kind}: {first:?}");
        app.market.clear_faults().await;
        assert_eq!(count(&app), 203, "what was read is kept");
        let before = run(&app, run_id);
        assert_eq!((before.progress_done, before.progress_total), (203, Some(266)));

        // Longer than a pass stays fresh for other runs, and in another process.
        app.advance(2 * 3600).await;
        app.restart();
        assert_eq!(jobs::sync_store::run(app.services.clone(), run_id).await, Ok(()));

        // A failed read may be repeated before it counts as failed.
        let asked = pages_asked(&app).await;
        assert_eq!(asked[..3], BROKEN[..3], "{kind}");
        assert!(
            asked[3..].iter().all(|page| page == "true/2"),
            "{kind}: {asked:?}"
        );
        let after = run(&app, run_id);
        assert_eq!((after.state, after.attempts), (JobState::Succeeded, 2));
        assert_eq!(after.summary, summary(266, 0, 0, 0, 0), "{kind}");
        assert_eq!(store(&app, id).products_count, 266);
        assert_eq!(kept_pages(&app), 0, "a pass that ended leaves no pages");
    }
}

fn kept_pages(app: &TestApp) -> i64 {
    sync_pages::table.count().get_result(&mut app.conn()).unwrap()
}

#[tokio::test]
async fn a_session_that_expires_in_the_middle_pauses_the_store_and_loses_nothing() {
    let (app, id) = broken_at_the_fourth_page("expired", json!({ "times": 1 })).await;

    let (result, run) = sync(&app, id).await;

    assert_eq!(result, Err(JobError::Fail("session_expired")));
    assert_eq!(
        (run.state, run.failure.as_deref()),
        (JobState::Failed, Some("session_expired"))
    );
    assert_eq!(store(&app, id).session_state, SessionState::NeedsLogin);
    assert_eq!(count(&app), 203, "the first pages are kept");
    let lines: i64 = audit_log::table
        .filter(audit_log::action.eq("session_expired"))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(lines, 1);
    // Whoever asks again is told what to do instead of getting a run that must fail.
    let asked = request_sync(&app.services, &Actor::system(), id).await;
    assert!(matches!(asked, Err(SyncError::NeedsLogin)), "{asked:?}");

    app.advance(59 * 60).await;
    db_log_in(&app, id, Cabinet::DEMO).await;
    let summary = synced(&app, id).await;

    assert_eq!(pages_asked(&app).await[4..], ["true/2"], "the next run goes on");
    assert_eq!(
        (&summary["added"], &summary["resumed"], &summary["unchanged"]),
        (&json!(63), &json!(203), &json!(0))
    );
    assert_eq!(summary["complete"], true);
    assert_eq!(store(&app, id).products_count, 266);
}

#[tokio::test]
async fn a_pass_that_was_left_for_more_than_an_hour_begins_anew() {
    let (app, id) = broken_at_the_fourth_page("expired", json!({ "times": 1 })).await;
    let (result, _) = sync(&app, id).await;
    assert_eq!(result, Err(JobError::Fail("session_expired")));

    app.advance(61 * 60).await;
    db_log_in(&app, id, Cabinet::DEMO).await;

    assert_eq!(synced(&app, id).await, summary(63, 0, 0, 0, 203));
    assert_eq!(pages_asked(&app).await[4..], BROKEN);
}

#[tokio::test]
async fn after_a_cancelled_run_the_next_begins_anew() {
    let (app, id) = broken_at_the_fourth_page("html", json!({ "times": 1 })).await;
    let run_id = open(&app, id);
    let first = jobs::sync_store::run(app.services.clone(), run_id).await;
    assert!(matches!(first, Err(JobError::Postponed(_))), "{first:?}");

    cancel_run(&app.services, &Actor::system(), run_id).await.unwrap();

    assert_eq!(kept_pages(&app), 0);
    assert_eq!(synced(&app, id).await, summary(63, 0, 0, 0, 203));
    assert_eq!(pages_asked(&app).await[4..], BROKEN);
}

#[tokio::test]
async fn a_row_that_slips_into_a_page_already_read_archives_nothing() {
    let (app, id) = app().await;
    bulk(&app, 250).await;
    synced(&app, id).await;
    break_after(&app, 2, "html", json!({ "times": 1 })).await;
    let run_id = open(&app, id);
    let first = jobs::sync_store::run(app.services.clone(), run_id).await;
    assert!(matches!(first, Err(JobError::Postponed(_))), "{first:?}");

    // One of the first page goes: all later rows move up, and the first of the second page is never shown.
    app.market
        .delete(
            "/control/offers",
            json!({ "merchant": "30000001", "sku": sku(0) }),
        )
        .await;
    assert_eq!(jobs::sync_store::run(app.services.clone(), run_id).await, Ok(()));

    let moved = run(&app, run_id).summary;
    assert_eq!(
        moved["complete"], false,
        "although 265 were seen and 265 are counted"
    );
    assert_eq!(moved["total"], 265);
    assert_eq!(archived(&app), [""; 0]);
    assert_eq!(synced(&app, id).await, summary(0, 0, 1, 0, 265));
    assert_eq!(archived(&app), [sku(0)]);
}
