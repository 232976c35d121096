//! The command and the worker are one loop, and after a pass the stores it touched are read again: by a job of
//! its own, not more often than is sensible.

use std::time::Duration;

use kaspi_panel::{
    domain::{JobKind, JobState},
    schema::job_runs,
};

use super::*;
use crate::support::{Process, wait_until};

/// Kind and state of every run, oldest first.
fn runs(shop: &Shop) -> Vec<(JobKind, JobState)> {
    job_runs::table
        .order(job_runs::created_at)
        .select((job_runs::kind, job_runs::state))
        .load(&mut shop.app.conn())
        .unwrap()
}

fn demper(shop: &Shop, arguments: &[&str]) -> Value {
    let output = shop
        .app
        .program(&[&["demper", "--once", "--json"], arguments].concat())
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout} {stderr}");
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

/// What a pass left behind, but for keys and times.
fn left_behind(shop: &Shop) -> Value {
    let conn = &mut shop.app.conn();
    let decisions: Vec<(Outcome, Option<Tenge>, Value, bool)> = price_decisions::table
        .select((
            price_decisions::outcome,
            price_decisions::price_tenge,
            price_decisions::reasons,
            price_decisions::shadow,
        ))
        .load(conn)
        .unwrap();
    let audit: Vec<(String, String, Option<Value>)> = audit_log::table
        .filter(audit_log::object_kind.eq("price_push"))
        .order(audit_log::id)
        .select((audit_log::actor_name, audit_log::action, audit_log::after))
        .load(conn)
        .unwrap();
    json!({ "decisions": decisions, "audit": audit, "pushes": shop.pushes() })
}

#[actix_web::test]
async fn the_command_and_the_worker_do_the_same() {
    let by_command = Shop::open().await;
    let told = demper(&by_command, &[]);
    assert_eq!(
        (&told["checked"], &told["pushes"]["sent"], &told["syncs"]),
        (&json!(1), &json!(1), &json!(1))
    );

    let by_worker = Shop::open().await;
    let _worker = Process::worker(&by_worker.app, &[]);
    wait_until("the price is sent", Duration::from_secs(90), || async {
        let asked = by_worker.asked().await.len();
        let state = by_worker.pushes().first().map(|push| push.0);
        if asked == 1 && state == Some(PushState::Accepted) {
            Ok(())
        } else {
            Err((asked, state))
        }
    })
    .await;
    assert_eq!(left_behind(&by_command), left_behind(&by_worker));
    assert_eq!(by_command.asked().await, by_worker.asked().await);
    wait_until("the store is synced", Duration::from_secs(90), || async {
        match runs(&by_worker)[..] {
            [(JobKind::SyncStore, JobState::Succeeded)] => Ok(()),
            ref other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert!(!by_worker.app.market.calls("list").await.is_empty());
}

#[actix_web::test]
async fn the_command_leaves_the_sync_to_a_worker_and_asks_once() {
    let shop = Shop::open().await;
    demper(&shop, &["--dry-run"]);
    assert_eq!(runs(&shop), [], "a dry run changes nothing");
    assert_eq!(demper(&shop, &[])["syncs"], json!(1));
    assert_eq!(runs(&shop), [(JobKind::SyncStore, JobState::Queued)]);
    shop.sql("update price_pushes set state = 'superseded', finished_at = now()");
    let again = demper(&shop, &[]);
    assert_eq!(
        (&again["changed"], &again["syncs"]),
        (&json!(1), &json!(0)),
        "the run that waits serves this pass too"
    );
    assert_eq!(runs(&shop), [(JobKind::SyncStore, JobState::Queued)]);
}

#[actix_web::test]
async fn a_store_is_synced_again_only_after_the_least_interval() {
    let shop = Shop::open().await;
    assert_eq!(shop.reprice().await.syncs, 1);
    // Over for 1799 seconds, for 1800 seconds; however it ended. And one that waits for its next try.
    for (state, age, expected) in [
        ("succeeded", 1_799, 0),
        ("failed", 1_799, 0),
        ("queued", 7_200, 0),
        ("succeeded", 1_800, 1),
    ] {
        shop.sql("update price_pushes set state = 'superseded', finished_at = now()");
        shop.later(301).await;
        let now = shop.app.services.now();
        let finished = if state == "queued" {
            "null".to_owned()
        } else {
            format!("'{}'", (now - chrono::TimeDelta::seconds(age)).to_rfc3339())
        };
        shop.sql(&format!(
            "update job_runs set state = '{state}', finished_at = {finished}, retry_at = '2026-11-23T09:00:00Z'"
        ));
        let pass = shop.reprice().await;
        assert_eq!((pass.changed, pass.syncs), (1, expected), "{state}, {age} s");
        let waits: i64 = job_runs::table
            .filter(job_runs::retry_at.is_not_null())
            .count()
            .get_result(&mut shop.app.conn())
            .unwrap();
        assert_eq!(waits, 1, "a pause before the next try is not cut short");
    }
    assert_eq!(runs(&shop).len(), 2);
}

#[actix_web::test]
async fn without_a_planned_price_there_is_no_sync() {
    let shop = Shop::open().await;
    shop.sql("update stores set repricing_mode = 'shadow'");
    assert_eq!(shop.reprice().await.changed, 1);
    assert_eq!(runs(&shop), []);

    shop.sql("update stores set repricing_mode = 'live'");
    shop.sql("update products set locked_until = '2026-11-24T07:00:00Z'");
    shop.sql("update product_checks set next_check_at = '2026-11-23T07:00:00Z'");
    assert_eq!(shop.reprice().await.changed, 0);
    assert_eq!(runs(&shop), []);
}
