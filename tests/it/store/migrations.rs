//! Migrations on a running fleet: after each of them the tables still serve the program of before.

use std::collections::BTreeMap;

use diesel::{PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types as sql};
use diesel_migrations::MigrationHarness;
use kaspi_panel::store::migrate::MIGRATIONS;

use crate::support::TestDb;

/// A column as a program sees it that was built before the next migration.
#[derive(Debug, PartialEq, Eq, diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = sql::Text)]
    name: String,
    #[diesel(sql_type = sql::Text)]
    kind: String,
    /// Nobody who leaves it out can write a row.
    #[diesel(sql_type = sql::Bool)]
    must_be_given: bool,
    #[diesel(sql_type = sql::Bool)]
    takes_null: bool,
    /// What the program's role may do with its table.
    #[diesel(sql_type = sql::Text)]
    rights: String,
}

type Columns = BTreeMap<String, Column>;

fn columns(conn: &mut PgConnection) -> Columns {
    let rows: Vec<Column> = diesel::sql_query(
        "select format('%s.%s', c.relname, a.attname) as name, format_type(a.atttypid, a.atttypmod) as kind,
                a.attnotnull and not a.atthasdef and a.attidentity = '' as must_be_given, not a.attnotnull as takes_null,
                coalesce((select string_agg(privilege_type, ' ' order by privilege_type) from aclexplode(c.relacl)
                  where grantee = 'kaspi_panel_runtime'::regrole), '') as rights
         from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           and a.attnum > 0 and not a.attisdropped and c.relname not like '\\_\\_diesel%'",
    )
    .load(conn)
    .unwrap();
    rows.into_iter()
        .map(|column| (column.name.clone(), column))
        .collect()
}

/// What a program that knows the tables as `before` finds broken.
fn broken(before: &Columns, after: &Columns) -> Vec<String> {
    let table = |name: &str| name.split('.').next().unwrap().to_owned();
    let of_before: Vec<String> = before.keys().map(|name| table(name)).collect();
    let mut found = Vec::new();
    for (name, was) in before {
        let Some(is) = after.get(name) else {
            found.push(format!("{name} is gone"));
            continue;
        };
        if is.kind != was.kind {
            found.push(format!("{name} is another type"));
        }
        if was.takes_null && !is.takes_null {
            found.push(format!("{name} takes no null any more"));
        }
        if was.rights.split(' ').any(|right| !is.rights.contains(right)) {
            found.push(format!("{name}: the program may less"));
        }
    }
    for (name, is) in after {
        if is.must_be_given && !before.contains_key(name) && of_before.contains(&table(name)) {
            found.push(format!("{name} has no default"));
        }
    }
    found
}

/// Migrations of the time before the first release that took something away at once: there was no fleet yet.
const BEFORE_A_FLEET: [&str; 3] = ["20261125100000", "20261125200000", "20261201000000"];

#[test]
fn after_each_migration_the_program_of_before_can_go_on() {
    let db = TestDb::empty();
    let mut conn = db.conn();
    conn.run_next_migration(MIGRATIONS).unwrap();
    let mut before = columns(&mut conn);
    assert!(before.contains_key("products.floor_tenge"), "{before:?}");
    while conn.has_pending_migration(MIGRATIONS).unwrap() {
        let version = conn.run_next_migration(MIGRATIONS).unwrap().to_string();
        let after = columns(&mut conn);
        if !BEFORE_A_FLEET.contains(&version.as_str()) {
            assert_eq!(broken(&before, &after), [""; 0], "{version}");
        }
        before = after;
    }

    for (change, finding) in [
        ("alter table stores drop column api_key", "stores.api_key is gone"),
        (
            "alter table stores rename column name to title",
            "stores.name is gone",
        ),
        (
            "alter table products alter column floor_tenge type numeric",
            "products.floor_tenge is another type",
        ),
        (
            "alter table products alter column floor_tenge set not null",
            "products.floor_tenge takes no null any more",
        ),
        (
            "alter table stores add column colour text not null",
            "stores.colour has no default",
        ),
        (
            "revoke update on stores from kaspi_panel_runtime",
            "stores.name: the program may less",
        ),
    ] {
        conn.batch_execute("begin").unwrap();
        conn.batch_execute(change).unwrap();
        let found = broken(&before, &columns(&mut conn));
        assert!(found.iter().any(|line| line == finding), "{change}: {found:?}");
        conn.batch_execute("rollback").unwrap();
    }
    for harmless in [
        "alter table stores add column colour text not null default ''",
        "create table colours (name text not null)",
        "alter table stores alter column name drop not null",
    ] {
        conn.batch_execute("begin").unwrap();
        conn.batch_execute(harmless).unwrap();
        assert_eq!(broken(&before, &columns(&mut conn)), [""; 0], "{harmless}");
        conn.batch_execute("rollback").unwrap();
    }
}
