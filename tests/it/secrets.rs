//! Stored secrets in a real database: the list of sealed columns, refusing to start, changing the key.

use diesel::{PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types::Text};
use kaspi_panel::store::sealed::SEALED_COLUMNS;

use crate::support::TestDb;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every column that says it is sealed, with the key of its table.
fn sealed_columns(conn: &mut PgConnection) -> Vec<String> {
    diesel::sql_query(
        "select format('%s.%s by %s', c.relname, a.attname,
           (select string_agg(k.attname, '+') from pg_index i
            join pg_attribute k on k.attrelid = i.indrelid and k.attnum = any (i.indkey)
            where i.indrelid = c.oid and i.indisprimary)) as line
         from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname like '%\\_sealed'
           and not a.attisdropped order by 1",
    )
    .load::<Line>(conn)
    .unwrap()
    .into_iter()
    .map(|row| row.line)
    .collect()
}

#[test]
fn the_list_of_sealed_columns_is_the_catalogues() {
    let db = TestDb::new();
    let listed: Vec<String> = SEALED_COLUMNS
        .iter()
        .map(|column| format!("{} by {}", column.name, column.row))
        .collect();
    assert_eq!(
        listed,
        sealed_columns(&mut db.conn()),
        "by name, with the key of the table"
    );
    for column in SEALED_COLUMNS {
        let (table, name) = column.parts();
        let tenant = column.tenant.unwrap_or("null::uuid");
        let query = format!(
            "select {name}::bytea, {}::uuid, {tenant}::uuid from {table}",
            column.row
        );
        db.conn().batch_execute(&query).unwrap();
    }

    db.conn()
        .batch_execute("create table bad (id uuid primary key, token_sealed bytea)")
        .unwrap();
    assert!(
        sealed_columns(&mut db.conn()).contains(&"bad.token_sealed by id".to_owned()),
        "the check can fail"
    );
}
