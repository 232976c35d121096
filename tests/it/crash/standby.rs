//! Many workers on one database, as docs/many-workers.md describes it: three worker processes, `PgBouncer` in front of a
//! server with a standby that follows each commit. The server dies in the middle of the work and the standby takes its
//! place; nobody starts a worker anew.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;

use super::{
    rig::{Chance, PATIENCE, Pace, Rig, Size, tell},
    witness::Witness,
};
use crate::support::{Bouncer, TestApp, wait_until};

/// The pool mode of the document: the program's connections keep settings, prepared statements and locks of a session.
const MODE: &str = "session";

#[actix_web::test]
async fn three_workers_go_on_when_the_standby_takes_over() {
    let size = Size {
        stores: 6,
        products: 10,
    };
    let mut chance = Chance::new();
    let app = TestApp::builder().real_time().own_server().build();
    let mut rig = Rig::with(app, size, Pace::default()).await;
    let standby = rig.app.db.start_standby();
    // A commit is one only when the standby has it too.
    let mut conn = rig.app.conn();
    for order in [
        "alter system set synchronous_standby_names = '*'",
        "select pg_reload_conf()",
    ] {
        conn.batch_execute(order).unwrap();
    }
    drop(conn);
    wait_until("the standby follows each commit", PATIENCE, || async {
        match rig.count_rows("pg_stat_replication where sync_state = 'sync'") {
            1 => Ok(()),
            other => Err(other),
        }
    })
    .await;

    let bouncer = Bouncer::start(rig.app.db.url(), MODE).await;
    rig.instead.insert("DATABASE_URL", bouncer.url());
    let witness = Witness::default();
    let mut workers = [rig.worker(None), rig.worker(None), rig.worker(None)];
    rig.more_sent(40, &mut chance).await;
    witness.look(&rig).await;

    rig.app.db.fail_over(standby);
    bouncer.lead_to(rig.app.db.url(), MODE);
    let at_failover = rig.sent();
    rig.more_sent(40, &mut chance).await;
    rig.end(&mut workers).await;
    // Every price that arrived stands in the journal of the server that is left, and the other promises hold too.
    let history = witness.judge(&rig).await;
    tell(&format!(
        "{at_failover} writes before the standby took over, {} in all, {} requests",
        rig.sent(),
        history.requests.len()
    ));
}

#[actix_web::test]
async fn a_stop_under_load_ends_in_time_and_leaves_nothing_claimed() {
    let size = Size {
        stores: 6,
        products: 10,
    };
    let mut chance = Chance::new();
    let rig = Rig::open(size, Pace::default()).await;
    let witness = Witness::default();
    for _ in 0..3 {
        let mut worker = rig.worker(None);
        rig.more_sent(15, &mut chance).await;
        rig.move_rivals(&mut chance).await;
        let told = Instant::now();
        let ended = worker.terminate().await;
        let took = told.elapsed();
        assert_eq!(
            ended.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&worker.log())
        );
        assert!(took < Duration::from_secs(30), "{took:?}");
        assert_eq!(rig.count("state in ('claimed', 'sent')"), 0);
        assert_eq!(rig.count_rows("stores where lease_owner is not null"), 0);
        witness.look(&rig).await;
        tell(&format!("a stop under load took {} ms", took.as_millis()));
    }
    rig.end(&mut []).await;
    witness.judge(&rig).await;
}
