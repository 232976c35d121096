//! `store sync`, `jobs retry` and `jobs cancel` on the command line.

use std::{process::Stdio, time::Duration};

use super::*;
use crate::support::wait_until;

/// Runs a command that waits for a sync, does the sync as a worker would, and gives status, output and errors.
async fn followed(app: &TestApp, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = app.program(arguments);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let run_id = wait_until("the run", Duration::from_secs(60), || async {
        sync_runs_open(app).first().copied().ok_or("no run")
    })
    .await;
    // What comes of it is what the command must tell.
    let _outcome = jobs::sync_store::run(app.services.clone(), run_id).await;
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn sync_runs_open(app: &TestApp) -> Vec<JobRunId> {
    job_runs::table
        .filter(job_runs::state.eq(JobState::Queued))
        .select(job_runs::id)
        .load(&mut app.conn())
        .unwrap()
}

#[tokio::test]
async fn the_command_follows_a_sync_to_its_end_and_its_status_tells_what_came_of_it() {
    let (app, id) = app().await;
    let store = id.to_string();

    let (status, lines, _) = followed(&app, &["store", "sync", "--store", &store]).await;
    assert_eq!(status, Some(0), "{lines}");
    let last = lines.lines().last().unwrap();
    assert_eq!(
        last,
        "16 products: 16 new, 0 changed, 0 gone, 0 back, 0 as before, 0 unreadable"
    );
    assert!(
        lines.lines().all(|line| !line.contains('\u{1b}')),
        "no bar: {lines}"
    );

    let (status, json, _) = followed(&app, &["store", "sync", "--store", &store, "--json"]).await;
    assert_eq!(status, Some(0));
    let answer: Value = serde_json::from_str(&json).expect("one object and nothing else");
    assert_eq!(answer["summary"], summary(0, 0, 0, 0, 16));

    app.market
        .fault("list", "patch", json!({ "patch": { "total": 99 } }))
        .await;
    let (status, json, _) = followed(&app, &["store", "sync", "--store", &store, "--json"]).await;
    assert_eq!(status, Some(2), "{json}");
    app.market.clear_faults().await;

    app.market.fault("list", "malformed", json!({})).await;
    let (status, _, errors) = followed(&app, &["store", "sync", "--store", &store]).await;
    assert_eq!(status, Some(1));
    assert!(errors.contains("malformed_answer"), "{errors}");
}

#[tokio::test]
async fn a_failed_run_is_tried_again_by_its_key() {
    let (app, id) = app().await;
    app.market.fault("list", "malformed", json!({ "times": 1 })).await;
    let (_, dead) = sync(&app, id).await;
    let key = dead.id.to_string();

    let output = app.program(&["jobs", "retry", &key]).output().unwrap();

    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let [new] = sync_runs_open(&app)[..] else {
        panic!("one run")
    };
    assert!(said.contains(&new.to_string()), "{said}");
    assert_eq!(jobs::sync_store::run(app.services.clone(), new).await, Ok(()));
    let again = app
        .program(&["jobs", "retry", &new.to_string()])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1), "it did not fail");
}

#[tokio::test]
async fn a_run_is_called_off_by_its_key_as_the_button_does_it() {
    let (app, id) = app().await;
    bulk(&app, 250).await;
    app.market
        .fault("list", "html", json!({ "after": 2, "times": 1 }))
        .await;
    let (broken, waiting) = sync(&app, id).await;
    assert!(matches!(broken, Err(JobError::Postponed(_))), "{broken:?}");
    let pages = || -> i64 { sync_pages::table.count().get_result(&mut app.conn()).unwrap() };
    assert!(pages() > 0, "it would go on there");
    let cancel = |key: &str| app.program(&["jobs", "cancel", key]).output().unwrap();

    let output = cancel(&waiting.id.to_string());

    assert!(output.status.success(), "{output:?}");
    assert_eq!(run(&app, waiting.id).state, JobState::Cancelled);
    assert_eq!(pages(), 0, "the next sync begins anew");
    let told: Vec<(String, Option<uuid::Uuid>)> = audit_log::table
        .filter(audit_log::action.eq("cancel"))
        .select((audit_log::object_kind, audit_log::object_id))
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(told, [("job_run".to_owned(), Some(waiting.id.0))]);

    let again = cancel(&waiting.id.to_string());
    assert_eq!(again.status.code(), Some(1), "it is over");
    let unknown = "0199c0de-0000-7000-8000-000000000001";
    let errors = String::from_utf8(cancel(unknown).stderr).unwrap();
    assert!(
        errors.contains(&format!("there is no run with the key {unknown}")),
        "{errors}"
    );
}

#[tokio::test]
async fn runs_are_listed_by_state_kind_and_store_and_refusals_say_why() {
    let (app, id) = app().await;
    let run = |arguments: &[&str]| {
        let output = app.program(&[&["jobs"], arguments].concat()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let store = id.to_string();
    let before = run(&["list", "--json"]).1.lines().count();
    let waiting = kaspi_panel::app::sync_products::request_sync(&app.services, &Actor::system(), id)
        .await
        .unwrap()
        .to_string();
    let mut listed = Vec::new();
    for filter in [
        &["--state", "queued"][..],
        &["--kind", "sync_store", "--state", "queued"],
        &["--store", &store, "--state", "queued"],
        &["--state", "failed"],
        &["--kind", "send_alert"],
        &["--store", "0199c0de-0000-7000-8000-000000000001"],
        &[],
        &["--limit", "1"],
    ] {
        let (status, said) = run(&[&["list", "--json"], filter].concat());
        assert_eq!(status, Some(0), "{said}");
        listed.push(said.lines().count());
        if filter.contains(&"queued") {
            let object: Value = serde_json::from_str(&said).unwrap();
            assert_eq!(object["id"], *waiting, "{said}");
        }
    }
    assert_eq!(listed, [1, 1, 1, 0, 0, 0, before + 1, 1]);
    let (status, said) = run(&["list", "--state", "done"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("succeeded"), "the words are named: {said}");
    let (status, said) = run(&["retry", &waiting]);
    assert_eq!(status, Some(1));
    assert!(
        said.contains("a sync_store run that is queued cannot be asked for once more"),
        "{said}"
    );
    let (status, said) = run(&["cancel", &waiting, "--json"]);
    assert_eq!(status, Some(0), "{said}");
    let object: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(object["state"], "cancelled");
}
