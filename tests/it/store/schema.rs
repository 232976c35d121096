//! Rules that the schema keeps: what the catalogue of a migrated database must look like, and what the
//! run-time role may not do.

use diesel::{
    PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    result::{DatabaseErrorKind, Error},
    sql_types::{Nullable, Text},
};
use diesel_migrations::MigrationHarness;
use kaspi_panel::{
    domain::Role,
    store::{StoreError, migrate::MIGRATIONS},
};

use crate::support::{NewProduct, TestDb, db_product, db_store, db_user, migrate};

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Nullable<Text>)]
    line: Option<String>,
}

/// The single text column `line` of a query.
fn lines(conn: &mut PgConnection, sql: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(sql).load(conn).unwrap();
    rows.into_iter().map(|row| row.line.unwrap()).collect()
}

/// Code without its layout: what is the same after `rustfmt` whatever the width.
fn without_layout(code: &str) -> String {
    let code: String = code.split_whitespace().collect();
    code.replace(",)", ")").replace(",}", "}")
}

#[test]
fn schema_rs_equals_the_catalogue() {
    let db = TestDb::new();
    let query = include_str!("schema_rs.sql").trim_end().trim_end_matches(';');
    let expected = lines(&mut db.conn(), &format!("select ({query}) as line")).remove(0);
    if without_layout(&expected) != without_layout(include_str!("../../../src/schema.rs")) {
        let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/schema.rs");
        std::fs::write(path, expected).unwrap();
        panic!("src/schema.rs is not what the database has; the right text is in {path}");
    }
}

#[test]
fn every_foreign_key_is_indexed_and_says_what_a_delete_does() {
    let db = TestDb::new();
    assert_eq!(foreign_keys_without_rule(&mut db.conn()), [""; 0]);
    assert_eq!(foreign_keys_without_index(&mut db.conn()), [""; 0]);

    db.conn()
        .batch_execute("create table bad (store_id uuid references stores (id))")
        .unwrap();
    let bad = ["bad.bad_store_id_fkey"];
    assert_eq!(
        foreign_keys_without_rule(&mut db.conn()),
        bad,
        "the check can fail"
    );
    assert_eq!(
        foreign_keys_without_index(&mut db.conn()),
        bad,
        "the check can fail"
    );
}

fn foreign_keys_without_rule(conn: &mut PgConnection) -> Vec<String> {
    lines(
        conn,
        "select format('%s.%s', conrelid::regclass, conname) as line from pg_constraint
         where contype = 'f' and connamespace = 'public'::regnamespace and confdeltype = 'a' order by 1",
    )
}

fn foreign_keys_without_index(conn: &mut PgConnection) -> Vec<String> {
    lines(
        conn,
        "select format('%s.%s', c.conrelid::regclass, c.conname) as line from pg_constraint c
         where c.contype = 'f' and c.connamespace = 'public'::regnamespace and not exists (
           select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = any (c.conkey)
             and (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] @> c.conkey)
         order by 1",
    )
}

#[test]
fn times_have_a_zone_and_money_is_bigint() {
    let db = TestDb::new();
    assert_eq!(badly_typed_columns(&mut db.conn()), [""; 0]);

    db.conn()
        .batch_execute(
            "create table bad (made_at timestamp, made timestamptz, price_tenge integer, price numeric(12, 2))",
        )
        .unwrap();
    assert_eq!(
        badly_typed_columns(&mut db.conn()),
        [
            "bad.made_at: a time without zone",
            "bad.price: a number with a fraction",
            "bad.price_tenge: money that is not bigint",
        ],
        "the check can fail"
    );
}

fn badly_typed_columns(conn: &mut PgConnection) -> Vec<String> {
    lines(
        conn,
        "select line from (select format('%s.%s: %s', table_name, column_name, case
             when data_type like 'time%without time zone' then 'a time without zone'
             when column_name ~ '_tenge$' and data_type <> 'bigint' then 'money that is not bigint'
             when column_name !~ '_tenge$' and column_name ~ '(price|cost|amount)$' and data_type = 'bigint'
               then 'money without its unit in the name'
             when data_type in ('numeric', 'real', 'double precision') then 'a number with a fraction'
           end) as line from information_schema.columns
           where table_schema = 'public' and table_name not like '\\_\\_diesel%') as found
         where line not like '%: ' order by 1",
    )
}

#[test]
fn migrations_go_down_and_up_again_without_a_trace() {
    let db = TestDb::empty();
    migrate(db.url());
    let first = catalogue(&mut db.conn());
    assert!(first.iter().any(|line| line.contains("products")), "{first:?}");

    db.conn()
        .revert_all_migrations(MIGRATIONS)
        .expect("every migration goes down");
    let left: Vec<_> = catalogue(&mut db.conn())
        .into_iter()
        .filter(|line| !line.contains("__diesel_schema_migrations"))
        .collect();
    assert_eq!(left, [""; 0], "down leaves nothing behind");

    migrate(db.url());
    assert_eq!(catalogue(&mut db.conn()), first);
}

/// Everything that makes up the schema, one line each.
fn catalogue(conn: &mut PgConnection) -> Vec<String> {
    lines(
        conn,
        "select format('column %s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod),
             attnotnull, pg_get_expr(adbin, adrelid)) as line
           from pg_attribute a join pg_class c on c.oid = attrelid
           left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
           where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and attnum > 0 and not attisdropped
         union all select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
           from pg_constraint where connamespace = 'public'::regnamespace
         union all select indexdef from pg_indexes where schemaname = 'public'
         union all select format('function %s', pg_get_functiondef(oid)) from pg_proc
           where pronamespace = 'public'::regnamespace
         union all select format('grants %s %s', relname, relacl) from pg_class
           where relnamespace = 'public'::regnamespace and relkind = 'r'
         order by 1",
    )
}

#[test]
fn the_program_cannot_rewrite_history_nor_change_the_schema() {
    let db = TestDb::new();
    let mut conn = db.runtime_conn();
    conn.batch_execute(
        "insert into audit_log (id, at, actor_kind, actor_name, object_kind, action, build_id)
         values (gen_random_uuid(), now(), 'robot', 'robot', 'product', 'price', 'test')",
    )
    .expect("the program appends");
    for forbidden in [
        "update audit_log set action = 'nothing'",
        "delete from audit_log",
        "truncate audit_log",
        "create table more (id uuid)",
        "alter table products add column more text",
        "drop table products",
    ] {
        let error = conn.batch_execute(forbidden).expect_err(forbidden).to_string();
        assert!(
            error.contains("permission denied") || error.contains("must be owner"),
            "{forbidden}: {error}"
        );
    }
}

#[test]
fn a_price_outside_its_limits_cannot_be_written_down() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let owner = db_user(conn, "aigul", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    let product = db_product(conn, store, &NewProduct::default());
    conn.batch_execute(&format!(
        "insert into price_pushes (id, store_id, product_id, sequence, origin, build_id, planned_at)
         values ('{PUSH}', '{store}', '{product}', 1, 'robot', 'test', now())"
    ))
    .unwrap();

    for (price, floor, ceiling) in [(7_999, "8000", "null"), (12_001, "8000", "12000")] {
        let error = insert_city(conn, price, floor, ceiling).unwrap_err();
        assert!(
            matches!(&error, Error::DatabaseError(DatabaseErrorKind::CheckViolation, info)
                if info.constraint_name() == Some("price_push_cities_within_limits")),
            "{error:?}"
        );
        assert!(matches!(StoreError::from(error), StoreError::OutsideLimits));
    }
    insert_city(conn, 9_000, "null", "null").expect_err("without a floor");
    insert_city(conn, 8_000, "8000", "12000").expect("at the floor");
}

const PUSH: &str = "01900000-0000-7000-8000-000000000001";

fn insert_city(conn: &mut PgConnection, price: i64, floor: &str, ceiling: &str) -> Result<usize, Error> {
    diesel::sql_query(format!(
        "insert into price_push_cities (push_id, city_id, before_tenge, price_tenge, floor_tenge, ceiling_tenge)
         values ('{PUSH}', '750000000', 10000, {price}, {floor}, {ceiling})"
    ))
    .execute(conn)
}

#[test]
fn old_data_of_time_zones_are_noticed() {
    use kaspi_panel::store::{StoreError, migrate::zone_check};
    let db = TestDb::new();
    let conn = &mut db.conn();
    zone_check(conn, "Asia/Almaty").unwrap();
    // What the zone's data said before: six hours throughout, or five already then.
    for zone in ["Asia/Omsk", "Etc/GMT-5"] {
        let error = zone_check(conn, zone).unwrap_err();
        assert!(matches!(error, StoreError::OldTimeZones), "{zone}: {error}");
    }
    let almaty = chrono_tz::Asia::Almaty;
    let there = |at: &str| {
        let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
        at.with_timezone(&almaty).to_rfc3339()
    };
    assert_eq!(there("2026-11-22T00:00:00Z"), "2026-11-22T05:00:00+05:00");
    assert_eq!(there("2024-02-29T17:00:00Z"), "2024-02-29T23:00:00+06:00");
}
