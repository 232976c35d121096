//! `kill -9` of PostgreSQL, one of its processes or the whole server, while prices are pushed: what was committed
//! holds, what was not is nothing, and the workers go on by themselves.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use diesel::{Connection, PgConnection, prelude::*, sql_query, sql_types as sql};
use kaspi_panel::{
    app::{connect_store::start_connection, sync_products::request_sync},
    domain::{Actor, ActorKind},
    secrets::Secret,
    store::users::user_fetch_by_email,
};

use super::{
    history::Kind,
    rig::{Chance, PATIENCE, Pace, Rig, Size, long, tell},
    witness::Witness,
};
use crate::support::{Cabinet, TestApp, signal, wait_until};

/// The server processes that serve workers.
fn serving(rig: &Rig) -> Vec<u32> {
    #[derive(QueryableByName)]
    struct Process {
        #[diesel(sql_type = sql::Integer)]
        pid: i32,
    }
    sql_query(
        "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
    .load::<Process>(&mut rig.app.conn())
    .unwrap()
    .into_iter()
    .map(|process| u32::try_from(process.pid).unwrap())
    .collect()
}

/// Kills one of the server's processes: the server ends all others, recovers and goes on. Returns when it takes
/// connections again.
async fn kill_one(rig: &Rig, process: u32) {
    let conn = RefCell::new(rig.app.conn());
    signal("KILL", process);
    wait_until("the server notices", PATIENCE, || async {
        match sql_query("select 1").execute(&mut *conn.borrow_mut()) {
            Ok(_) => Err("it does not know yet"),
            Err(_) => Ok(()),
        }
    })
    .await;
    let url = rig.app.db.url().to_owned();
    wait_until("the server takes connections", PATIENCE, || async {
        PgConnection::establish(&url)
            .map(drop)
            .map_err(|error| error.to_string())
    })
    .await;
}

/// Waits for a row.
async fn done(rig: &Rig, row: &str) {
    wait_until(row, PATIENCE, || async {
        if rig.count_rows(row) == 1 {
            Ok(())
        } else {
            Err("not yet")
        }
    })
    .await;
}

#[actix_web::test]
async fn a_killed_database_loses_no_push_and_repeats_none() {
    let kills = if long() { 200 } else { 3 };
    let size = Size {
        stores: 3,
        products: 20,
    };
    let mut chance = Chance::new();
    let app = TestApp::builder().real_time().own_server().build();
    let mut rig = Rig::with(app, size, Pace::default()).await;
    let witness = Witness::default();
    let mut workers = [rig.worker(None), rig.worker(None)];
    let (mut longest, mut whole) = (Duration::ZERO, 0);
    for kill in 0..kills {
        rig.more_sent(5 + i64::try_from(chance.below(20)).unwrap(), &mut chance)
            .await;
        if kill % 3 == 2 {
            whole += 1;
            let server = rig.app.db.own_server();
            server.kill();
            server.start_again();
        } else {
            let serving = serving(&rig);
            kill_one(&rig, serving[chance.below(serving.len())]).await;
        }
        let start = Instant::now();
        rig.more_sent(1, &mut chance).await;
        longest = longest.max(start.elapsed());
        witness.look(&rig).await;
    }
    rig.calm().await;
    // The workers' job queues are alive as well: one for logins, one for the rest.
    let store = rig.stores[0].0;
    let run = request_sync(&rig.app.services, &Actor::system(), store)
        .await
        .unwrap();
    done(
        &rig,
        &format!("job_runs where id = '{run}' and state = 'succeeded'"),
    )
    .await;
    let person = user_fetch_by_email(&mut rig.app.conn(), "crash@example.kz")
        .unwrap()
        .unwrap();
    let actor = person.actor(ActorKind::Person, None);
    let password = Secret::from(Cabinet::DEMO.password);
    let attempt = start_connection(&rig.app.services, &actor, Cabinet::DEMO.email, password, None)
        .await
        .unwrap();
    done(
        &rig,
        &format!("connection_attempts where id = '{attempt}' and state = 'done'"),
    )
    .await;
    rig.end(&mut workers).await;
    let history = witness.judge(&rig).await;
    let arrived = history
        .requests
        .iter()
        .filter(|one| one.kind != Kind::Read)
        .count();
    tell(&format!(
        "{kills} kills of PostgreSQL, {whole} of them of the whole server, over {arrived} writes; the first write \
         followed at the latest {} ms after it took connections again",
        longest.as_millis()
    ));
    assert!(
        TimeDelta::from_std(longest).unwrap() < TimeDelta::seconds(60),
        "{longest:?}"
    );
}
