//! Trouble: what is tried again and when, what is given up, and what people can do meanwhile.

use super::*;

#[tokio::test]
async fn an_answer_that_is_no_list_fails_the_run_and_changes_nothing() {
    let (app, id) = app().await;
    synced(&app, id).await;
    for (kind, more, code) in [
        ("malformed", json!({}), "malformed_answer"),
        ("empty_body", json!({}), "malformed_answer"),
        ("status", json!({ "status": 403 }), "marketplace_rejected"),
        ("status", json!({ "status": 400 }), "marketplace_rejected"),
    ] {
        app.market.fault("list", kind, more).await;

        let (result, run) = sync(&app, id).await;

        assert_eq!(result, Err(JobError::Fail(code)), "{kind}");
        assert_eq!(run.failure.as_deref(), Some(code));
        app.market.clear_faults().await;
    }
    assert_eq!(store(&app, id).session_state, SessionState::Connected);
    assert_eq!(count(&app), 16);
    assert_eq!(synced(&app, id).await, summary(0, 0, 0, 0, 16));
}

#[tokio::test]
async fn trouble_that_passes_is_tried_again_and_given_up_in_the_end() {
    let (app, id) = app().await;
    let run_id = open(&app, id);
    let mut waits = Vec::new();
    for (kind, more, code) in [
        ("status", json!({ "status": 503 }), "marketplace_unavailable"),
        ("html", json!({}), "marketplace_blocked"),
        (
            "status",
            json!({ "status": 429, "retry_after": 5 }),
            "rate_limited",
        ),
        ("reset", json!({}), "marketplace_unavailable"),
        ("reset", json!({}), "marketplace_unavailable"),
        ("reset", json!({}), "marketplace_unavailable"),
        ("reset", json!({}), "marketplace_unavailable"),
    ] {
        app.market.fault("list", kind, more).await;
        let result = jobs::sync_store::run(app.services.clone(), run_id).await;
        assert_eq!(result, Err(JobError::Postponed(code)), "{kind}");
        let run = run(&app, run_id);
        assert_eq!(
            (run.state, run.failure.as_deref()),
            (JobState::Queued, Some(code))
        );
        let wait = (run.retry_at.unwrap() - app.services.now()).num_seconds();
        assert!((wait - queued_for(&app)).abs() <= 10, "{wait}");
        waits.push(wait);
        app.market.clear_faults().await;
    }
    assert!(waits.is_sorted(), "{waits:?}");
    let minutes = waits.iter().sum::<i64>() / 60;
    assert!((110..=130).contains(&minutes), "about two hours: {minutes}");
    app.market.fault("list", "reset", json!({})).await;

    let last = jobs::sync_store::run(app.services.clone(), run_id).await;

    assert_eq!(last, Err(JobError::Fail("marketplace_unavailable")));
    let run = run(&app, run_id);
    assert_eq!(
        (run.state, run.attempts, run.retry_at),
        (JobState::Failed, 8, None)
    );
    assert_eq!(store(&app, id).session_state, SessionState::Connected);
}

/// Seconds until the queue hands the only job out.
fn queued_for(app: &TestApp) -> i64 {
    #[derive(QueryableByName)]
    struct Seconds {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        seconds: i64,
    }
    let jobs: Vec<Seconds> = diesel::sql_query(
        "select extract(epoch from run_at - now())::bigint as seconds from graphile_worker._private_jobs",
    )
    .load(&mut app.conn())
    .unwrap();
    let [job] = jobs.as_slice() else {
        panic!("{} jobs", jobs.len());
    };
    job.seconds
}

#[tokio::test]
async fn the_pause_that_the_marketplace_asks_for_is_kept_whoever_asks_for_a_sync() {
    let (app, id) = app().await;
    let actor = Actor::system();
    let run_id = request_sync(&app.services, &actor, id).await.unwrap();
    let seconds = json!({ "status": 429, "retry_after": 1800, "times": 1 });
    app.market.fault("list", "status", seconds).await;
    let result = jobs::sync_store::run(app.services.clone(), run_id).await;
    assert_eq!(result, Err(JobError::Postponed("rate_limited")));
    let until = app.services.now() + chrono::TimeDelta::seconds(1800);
    assert_eq!(run(&app, run_id).retry_at, Some(until));

    assert_eq!(request_sync(&app.services, &actor, id).await.unwrap(), run_id);

    assert_eq!(run(&app, run_id).retry_at, Some(until));
    assert!(queued_for(&app) > 1700, "{}", queued_for(&app));
}

#[tokio::test]
async fn a_request_brings_forward_what_waits_for_a_marketplace_that_was_away() {
    let (app, id) = app().await;
    let actor = Actor::system();
    let run_id = request_sync(&app.services, &actor, id).await.unwrap();
    app.market
        .fault("list", "status", json!({ "status": 503, "times": 3 }))
        .await;
    let result = jobs::sync_store::run(app.services.clone(), run_id).await;
    assert_eq!(result, Err(JobError::Postponed("marketplace_unavailable")));
    assert!(queued_for(&app) > 5, "{}", queued_for(&app));

    assert_eq!(request_sync(&app.services, &actor, id).await.unwrap(), run_id);

    assert_eq!(run(&app, run_id).retry_at, None);
    assert!(queued_for(&app) <= 0, "{}", queued_for(&app));
}

#[tokio::test]
async fn a_run_whose_every_try_ended_with_its_worker_is_given_up() {
    let (app, id) = app().await;
    let run_id = open(&app, id);
    for _ in 0..8 {
        assert!(job_run_start(&mut app.conn(), run_id, now()).unwrap());
    }

    let result = jobs::sync_store::run(app.services.clone(), run_id).await;

    assert_eq!(result, Err(JobError::Fail("worker_lost")));
    assert_eq!(run(&app, run_id).failure.as_deref(), Some("worker_lost"));
}

#[tokio::test]
async fn a_second_request_joins_the_first_and_two_passes_at_once_do_no_harm() {
    let (app, id) = app().await;
    assert_eq!(open(&app, id), open(&app, id));
    let run_id = open(&app, id);
    assert!(job_run_start(&mut app.conn(), run_id, now()).unwrap());
    let actor = Actor::system();

    let (one, two) = tokio::join!(
        sync_store(&app.services, &actor, id, run_id),
        sync_store(&app.services, &actor, id, run_id),
    );

    assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
    for other in [one, two] {
        // The run may have been ended by the other.
        assert!(matches!(other, Ok(_) | Err(SyncError::Cancelled)), "{other:?}");
    }
    assert_eq!((count(&app), archived(&app).len()), (16, 0));
    assert_eq!(run(&app, run_id).state, JobState::Succeeded);
    assert_eq!(synced(&app, id).await, summary(0, 0, 0, 0, 16));
}

#[tokio::test]
async fn a_run_that_was_called_off_stops_at_its_next_page() {
    let (app, id) = app().await;
    let run_id = open(&app, id);
    assert!(job_run_start(&mut app.conn(), run_id, now()).unwrap());
    kaspi_panel::queue::runs::job_run_cancel(&mut app.conn(), run_id, now()).unwrap();

    let result = sync_store(&app.services, &Actor::system(), id, run_id).await;

    assert!(matches!(result, Err(SyncError::Cancelled)), "{result:?}");
    assert_eq!(count(&app), 0);
    assert_eq!(jobs::sync_store::run(app.services.clone(), run_id).await, Ok(()));
    assert_eq!(run(&app, run_id).state, JobState::Cancelled);
}

#[tokio::test]
async fn a_run_that_is_taken_up_again_began_when_it_was_taken_up_first() {
    let (mut app, id) = app().await;
    bulk(&app, 250).await;
    app.market
        .fault(
            "list",
            "status",
            json!({ "status": 503, "body": "html", "after": 2, "times": 4 }),
        )
        .await;
    let first = app.services.now();
    let (broken, waiting) = sync(&app, id).await;
    assert!(matches!(broken, Err(JobError::Postponed(_))), "{broken:?}");
    app.advance(600).await;

    assert!(job_run_start(&mut app.conn(), waiting.id, app.services.now()).unwrap());

    let again = run(&app, waiting.id);
    assert_eq!((again.attempts, again.started_at), (2, Some(first)));
    // How long the rest takes, a time with a pause in it does not tell.
    let client = app.sign_in("aigul").await;
    let page = client.get(&format!("/jobs/{}", waiting.id)).await.expect(200);
    assert!(again.progress_done > 266 / 10, "far enough to tell otherwise");
    let read = format!("{} из 266", again.progress_done);
    assert_eq!(page.text(".job [role=status]"), read);
}
