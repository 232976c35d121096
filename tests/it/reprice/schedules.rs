//! Random days of writes: how often a product was lowered, how many writes a store has left and when the last one was,
//! counted here beside what the database's questions answer.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{connection::SimpleConnection, sql_types as sql};
use kaspi_panel::{
    domain::UserId,
    store::{brakes::product_drops, pushes::push_count_sent},
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::support::{CITY, db_store, long};

fn schedules() -> usize {
    if long() { 10_000 } else { 1_000 }
}

/// One thing that happened to a product.
#[derive(Debug, Clone, Copy)]
struct Event {
    /// Seconds ago.
    ago: i64,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A write that was confirmed.
    Write { robot: bool, down: bool },
    /// One that was not.
    Unconfirmed,
    /// A person did something with the product.
    Person,
}

fn any_event(random: &mut StdRng) -> Event {
    // Often about a day ago, to the second, where a limit of a day ends.
    let ago = match random.random_range(0..4) {
        0 => random.random_range(86_395..86_405),
        _ => random.random_range(0..100_000),
    };
    let what = match random.random_range(0..20) {
        0 => What::Person,
        1 => What::Unconfirmed,
        2 => What::Write {
            robot: false,
            down: random.random(),
        },
        3 | 4 => What::Write {
            robot: true,
            down: false,
        },
        _ => What::Write {
            robot: true,
            down: true,
        },
    };
    Event { ago, what }
}

/// The robot's decreases within a day that come after the last raise, the last price of a person and the last act of one.
fn drops(events: &[Event]) -> usize {
    let day = || events.iter().filter(|event| event.ago <= 86_400);
    let looked = day()
        .filter(|event| {
            matches!(
                event.what,
                What::Person | What::Write { robot: false, .. } | What::Write { down: false, .. }
            )
        })
        .map(|event| event.ago)
        .min();
    let drop = What::Write {
        robot: true,
        down: true,
    };
    day()
        .filter(|event| event.what == drop && looked.is_none_or(|looked| event.ago < looked))
        .count()
}

fn insert(conn: &mut PgConnection, rows: &[String], into: &str) {
    for part in rows.chunks(2_000) {
        conn.batch_execute(&format!("insert into {into} values {}", part.join(",")))
            .unwrap();
    }
}

#[actix_web::test]
async fn drops_of_a_day_are_counted_to_the_unit() {
    let shop = Shop::open().await;
    let (mut random, mut conn) = (StdRng::seed_from_u64(7), shop.app.conn());
    let schedules: Vec<(Uuid, Vec<Event>)> = (0..schedules())
        .map(|_| {
            let count = random.random_range(0..40);
            (
                Uuid::now_v7(),
                (0..count).map(|_| any_event(&mut random)).collect(),
            )
        })
        .collect();
    let at = |ago: i64| (now() - TimeDelta::seconds(ago)).to_rfc3339();
    let (mut products, mut pushes, mut cities, mut audits) = (vec![], vec![], vec![], vec![]);
    for (product, events) in &schedules {
        products.push(format!(
            "('{product}', '{}', '{product}', '{product}', 'S', '{}', '{}')",
            shop.store,
            at(0),
            at(0)
        ));
        for (sequence, event) in events.iter().enumerate() {
            let (at, id) = (at(event.ago), Uuid::now_v7());
            let (state, robot, down) = match event.what {
                What::Person => {
                    audits.push(format!(
                        "('{id}', '{at}', 'person', 'Aigul', 'product', '{product}', 'S', 'update', 'test')"
                    ));
                    continue;
                }
                What::Write { robot, down } => ("confirmed", robot, down),
                What::Unconfirmed => ("mismatch", true, true),
            };
            let origin = if robot { "robot" } else { "person" };
            pushes.push(format!(
                "('{id}', '{}', '{product}', {sequence}, '{state}', '{origin}', 'test', '{at}', '{at}', '{at}')",
                shop.store
            ));
            let price = if down { 15_999 } else { 16_001 };
            cities.push(format!("('{id}', '{CITY}', 16000, {price}, 10)"));
        }
    }
    insert(
        &mut conn,
        &products,
        "products (id, store_id, kaspi_product_id, sku, name, created_at, updated_at)",
    );
    insert(
        &mut conn,
        &pushes,
        "price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at, sent_at, finished_at)",
    );
    insert(
        &mut conn,
        &cities,
        "price_push_cities (push_id, city_id, before_tenge, price_tenge, floor_tenge)",
    );
    insert(
        &mut conn,
        &audits,
        "audit_log (id, at, actor_kind, actor_name, object_kind, object_id, object_name, action, build_id)",
    );
    let (mut most, mut none) = (0, 0);
    for (product, events) in &schedules {
        let counted = product_drops(&mut conn, ProductId(*product), CITY, now()).unwrap();
        let expected = drops(events);
        assert_eq!(usize::try_from(counted).unwrap(), expected, "{events:?}");
        most = most.max(expected);
        none += usize::from(expected == 0);
    }
    assert!(
        most >= 20 && none > 0,
        "{most}, {none}: days on both sides of the limit"
    );
}

#[actix_web::test]
async fn writes_of_a_half_hour_are_counted_to_the_unit() {
    let shop = Shop::open().await;
    let (mut random, mut conn) = (StdRng::seed_from_u64(8), shop.app.conn());
    let owner = diesel::sql_query("select owner_id as id from stores")
        .get_result::<Owner>(&mut conn)
        .unwrap();
    for schedule in 0..schedules() / 10 {
        let store = db_store(&mut conn, owner.id, &(41_000_000 + schedule).to_string());
        let new = NewProduct::default();
        let product = db_product(&mut conn, store, &new);
        let writes: Vec<(i64, bool)> = (0..random.random_range(0..60))
            .map(|_| match random.random_range(0..3) {
                0 => (random.random_range(1_795..1_806), true),
                1 => (random.random_range(0..4_000), true),
                _ => (random.random_range(0..4_000), false),
            })
            .collect();
        let at = |ago: i64| now() - TimeDelta::seconds(ago);
        let rows: Vec<String> = writes
            .iter()
            .enumerate()
            .map(|(sequence, (ago, sent))| {
                let at = at(*ago).to_rfc3339();
                let sent = if *sent { format!("'{at}'") } else { "null".to_owned() };
                format!(
                    "('{}', '{store}', '{product}', {sequence}, 'expired', 'robot', 'test', '{at}', {sent}, '{at}')",
                    Uuid::now_v7()
                )
            })
            .collect();
        insert(
            &mut conn,
            &rows,
            "price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at, sent_at, finished_at)",
        );
        let sent: Vec<i64> = writes
            .iter()
            .filter(|(ago, sent)| *sent && *ago < 1_800)
            .map(|(ago, _)| *ago)
            .collect();
        let last: Option<DateTime<Utc>> = sent.iter().min().map(|ago| at(*ago));
        let counted = push_count_sent(&mut conn, store, now() - TimeDelta::minutes(30)).unwrap();
        assert_eq!(counted, (i64::try_from(sent.len()).unwrap(), last), "{writes:?}");
    }
}

#[derive(QueryableByName)]
struct Owner {
    #[diesel(sql_type = sql::Uuid)]
    id: UserId,
}
