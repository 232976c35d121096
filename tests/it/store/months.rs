//! Tables in months: nothing is lost without a partition, what is old goes with its table, and the run-time role can
//! do no more than that.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use diesel::{connection::SimpleConnection, prelude::*, sql_types::Text};
use kaspi_panel::{
    app::retention::forget_old,
    clock::{Clock, SystemClock},
    schema::price_changes,
    store::months::{Monthly, month_make, months_drop},
};

use crate::support::{TestApp, TestDb, now};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Names of the partitions that hold rows, each with their number.
fn rows(conn: &mut PgConnection) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(
        "select format('%s %s', tableoid::regclass, count(*)) as line from price_changes group by tableoid order by 1",
    )
    .load(conn)
    .unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

fn change_at(conn: &mut PgConnection, day: NaiveDate) {
    let at: DateTime<Utc> = day.and_hms_opt(12, 0, 0).unwrap().and_utc();
    diesel::insert_into(price_changes::table)
        .values((
            price_changes::id.eq(uuid::Uuid::now_v7()),
            price_changes::product_id.eq(uuid::Uuid::now_v7()),
            price_changes::city_id.eq("750000000"),
            price_changes::at.eq(at),
            price_changes::price_tenge.eq(1_000_i64),
        ))
        .execute(conn)
        .unwrap();
}

fn part(day: NaiveDate) -> String {
    day.format("price_changes_%Y_%m").to_string()
}

#[test]
fn rows_without_a_partition_wait_for_it_and_old_ones_go_with_their_table() {
    let db = TestDb::new();
    let conn = &mut db.runtime_conn();
    let today = SystemClock.now().date_naive();
    let later = today.checked_add_months(Months::new(7)).unwrap();
    let old = today.checked_sub_months(Months::new(9)).unwrap();
    for day in [today, later, old] {
        change_at(conn, day);
    }
    assert_eq!(
        rows(conn),
        [format!("{} 1", part(today)), "price_changes_rest 2".to_owned()]
    );
    for day in [later, old, old] {
        month_make(conn, Monthly::PriceChanges, day).unwrap();
    }
    let mut all = [today, later, old].map(|day| format!("{} 1", part(day)));
    all.sort();
    assert_eq!(rows(conn), all);

    let before = today.checked_sub_days(Days::new(90)).unwrap();
    assert_eq!(months_drop(conn, Monthly::PriceChanges, before).unwrap(), 1);
    assert_eq!(months_drop(conn, Monthly::PriceChanges, before).unwrap(), 0);
    let mut left = [today, later].map(|day| format!("{} 1", part(day)));
    left.sort();
    assert_eq!(rows(conn), left);
}

#[test]
fn the_program_drops_nothing_else_and_changes_no_history() {
    let db = TestDb::new();
    let mut conn = db.runtime_conn();
    let today = SystemClock.now().date_naive();
    change_at(&mut conn, today);
    let mine = part(today);
    for forbidden in [
        "select make_month('products', current_date)".to_owned(),
        "select drop_months('audit_log', '2020-01-01')".to_owned(),
        "select drop_months('price_changes', current_date - 6)".to_owned(),
        "delete from price_changes".to_owned(),
        "update price_changes set price_tenge = 1".to_owned(),
        "truncate price_changes".to_owned(),
        format!("drop table {mine}"),
        format!("delete from {mine}"),
        "delete from past_market_offers".to_owned(),
        "update past_market_offers set price_tenge = 1".to_owned(),
    ] {
        conn.batch_execute(&forbidden).expect_err(&forbidden);
    }
    assert_eq!(rows(&mut conn), [format!("{mine} 1")]);
}

#[tokio::test]
async fn a_worker_makes_coming_months_and_forgets_old_ones() {
    let app = TestApp::builder()
        .settings(|config| config.worker.keep_prices_days = 30)
        .build();
    let conn = &mut app.conn();
    let today = now().date_naive();
    let ages = [0, 4].map(|months| today.checked_sub_months(Months::new(months)).unwrap());
    for day in ages {
        month_make(conn, Monthly::PriceChanges, day).unwrap();
        change_at(conn, day);
    }
    let ahead = part(today.checked_add_months(Months::new(2)).unwrap());
    conn.batch_execute(&format!("drop table {ahead}")).unwrap();
    forget_old(&app.services).await.unwrap();
    assert_eq!(rows(conn), [format!("{} 1", part(ages[0]))]);
    conn.batch_execute(&format!("select from {ahead}"))
        .expect("made ahead of its time");
}
