//! Many who want the same at the same moment: the same background work, the same product's write. One gets it.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Barrier, Mutex},
};

use diesel::{connection::SimpleConnection, prelude::*, sql_types as sql};
use kaspi_panel::{
    domain::{JobKind, JobRunId, PushId, Role, StoreId},
    queue::enqueue::enqueue_for_store,
    store::{StoreError, pushes::push_claim},
};

use super::rig::{long, tell};
use crate::support::{NewProduct, TestDb, db_product, db_store, db_user, now};

/// How many want it.
const CLIENTS: usize = 64;

/// A store with one product, in a server that takes as many connections as there are clients.
fn store(db: &TestDb) -> StoreId {
    let conn = &mut db.conn();
    let owner = db_user(conn, "crowd", Role::Admin);
    let store = db_store(conn, owner, "31000000");
    db_product(conn, store, &NewProduct::default());
    store
}

fn count(conn: &mut PgConnection, of: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql::BigInt)]
        count: i64,
    }
    diesel::sql_query(format!("select count(*) as count from {of}"))
        .get_result::<Count>(conn)
        .unwrap()
        .count
}

/// Lets all clients do the same at once, round after round; one of them prepares each round and looks at what came of
/// it, with the answers of all.
fn all_at_once<T: Send>(
    db: &TestDb,
    rounds: usize,
    prepare: impl Fn(&mut PgConnection) + Sync,
    act: impl Fn(&mut PgConnection, usize) -> T + Sync,
    judge: impl Fn(&mut PgConnection, &[T]) + Sync,
) {
    let (start, end) = (Barrier::new(CLIENTS), Barrier::new(CLIENTS));
    let answers = Mutex::new(Vec::new());
    // Who panics alone would leave the others waiting: the first panic ends the round of all.
    let broken: Mutex<Option<Box<dyn Any + Send>>> = Mutex::new(None);
    let attempt = |what: &mut dyn FnMut()| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(what)) {
            broken.lock().unwrap().get_or_insert(panic);
        }
    };
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (start, end, answers, broken) = (&start, &end, &answers, &broken);
            let (prepare, act, judge, attempt) = (&prepare, &act, &judge, &attempt);
            let mut conn = db.conn();
            scope.spawn(move || {
                for _ in 0..rounds {
                    if client == 0 {
                        attempt(&mut || prepare(&mut conn));
                    }
                    start.wait();
                    if broken.lock().unwrap().is_some() {
                        return;
                    }
                    end.wait();
                    attempt(&mut || {
                        let answer = act(&mut conn, client);
                        answers.lock().unwrap().push(answer);
                    });
                    end.wait();
                    if client == 0 {
                        let answers = std::mem::take(&mut *answers.lock().unwrap());
                        attempt(&mut || judge(&mut conn, answers.as_slice()));
                    }
                }
            });
        }
    });
    if let Some(panic) = broken.into_inner().unwrap() {
        resume_unwind(panic);
    }
}

#[test]
fn work_that_many_ask_for_at_once_is_done_once() {
    let rounds = if long() { 1_000 } else { 100 };
    let db = TestDb::on_own_server();
    let store = store(&db);
    let ask = |conn: &mut PgConnection, _| -> JobRunId {
        conn.transaction(|conn| enqueue_for_store(conn, JobKind::SyncStore, store, None, now()))
            .unwrap()
    };
    let forget = |conn: &mut PgConnection| {
        conn.batch_execute("delete from job_runs; delete from graphile_worker._private_jobs")
            .unwrap();
    };
    all_at_once(&db, rounds, forget, ask, |conn, answers| {
        let one = answers.iter().all(|run| *run == answers[0]);
        assert!(one, "everybody is told of the same run: {answers:?}");
        assert_eq!(answers.len(), CLIENTS);
        assert_eq!(count(conn, "job_runs"), 1);
        assert_eq!(count(conn, "graphile_worker._private_jobs"), 1);
    });
    tell(&format!(
        "{rounds} rounds of {CLIENTS} clients that ask for the same work: one run each"
    ));
}

/// Two planned writes of one product, which many workers want to claim at once, whatever lease they believe in.
#[test]
fn of_a_product_one_write_at_a_time_is_on_its_way() {
    let rounds = if long() { 1_000 } else { 100 };
    let db = TestDb::on_own_server();
    store(&db);
    let ids = [PushId::new(), PushId::new()];
    let plan = |conn: &mut PgConnection| {
        conn.batch_execute("delete from price_pushes").unwrap();
        for (sequence, id) in ids.iter().enumerate() {
            conn.batch_execute(&format!(
                "insert into price_pushes (id, store_id, product_id, sequence, origin, build_id, planned_at)
                 select '{id}', store_id, id, {sequence}, 'robot', 'test', now() from products"
            ))
            .unwrap();
        }
    };
    let claim = |conn: &mut PgConnection, client: usize| {
        let epoch = i64::try_from(client).unwrap();
        match push_claim(conn, ids[client % 2], epoch, now()) {
            Ok(claimed) => claimed.is_some(),
            Err(StoreError::Duplicate(_)) => false,
            Err(error) => panic!("{error}"),
        }
    };
    all_at_once(&db, rounds, plan, claim, |conn, answers| {
        assert_eq!(answers.iter().filter(|claimed| **claimed).count(), 1);
        assert_eq!(count(conn, "price_pushes where state = 'claimed'"), 1);
    });
    tell(&format!(
        "{rounds} rounds of {CLIENTS} claims for one product: one claimed each"
    ));
}
