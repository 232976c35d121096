//! What a copy of the whole database needs: one snapshot that everything is read from, counts and check sums of its
//! tables, an empty database that may take it, and the end of all work that was under way when it was made.

use chrono::{DateTime, Utc};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_types::{BigInt, Binary, Integer, Text, Timestamptz},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::{StoreError, address, sealed::SEALED_COLUMNS};
use crate::{
    domain::{ProductId, PushState},
    secrets::{HEAD_LEN, Secret},
};

/// Tables whose rows no copy holds: who is signed in, and what waits in the queue. The database's version is written last,
/// so that no program works on a copy that is not ready.
pub const EMPTIED: &[&str] = &[
    "public.__diesel_schema_migrations",
    "public.sessions",
    "graphile_worker._private_job_queues",
    "graphile_worker._private_jobs",
    "graphile_worker._private_workers",
];

/// A table as a snapshot shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    /// Schema and name.
    pub table: String,
    /// Rows.
    pub rows: i64,
    /// Sum of the rows' check sums, whatever their order.
    pub sum: String,
}

/// A connection of the owner that sees one moment of the database for as long as the value lives.
pub struct Snapshot {
    conn: PgConnection,
}

#[derive(diesel::QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn connect(url: &Secret) -> Result<PgConnection, StoreError> {
    let mut conn = PgConnection::establish(address::for_libpq(url).expose_secret())
        .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    // The forms in which rows become text must be the same here and there.
    conn.batch_execute(
        "set application_name = 'kaspi-panel backup'; set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres';
         set extra_float_digits = 3; set bytea_output = 'hex'; set statement_timeout = 0;
         set idle_in_transaction_session_timeout = 0",
    )?;
    Ok(conn)
}

/// The version of the server: 15, 17, …
///
/// # Errors
/// The database does not answer.
pub fn server_major(url: &Secret) -> Result<u32, StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Version {
        #[diesel(sql_type = Integer)]
        number: i32,
    }
    let version: Version =
        diesel::sql_query("select current_setting('server_version_num')::integer / 10000 as number")
            .get_result(&mut connect(url)?)?;
    Ok(u32::try_from(version.number).unwrap_or_default())
}

impl Snapshot {
    /// Begins to look.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn open(url: &Secret) -> Result<Self, StoreError> {
        let mut conn = connect(url)?;
        conn.batch_execute("begin isolation level repeatable read read only")?;
        Ok(Self { conn })
    }

    /// A name by which other connections see the same, while this value lives.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn export(&mut self) -> Result<String, StoreError> {
        let row: Word =
            diesel::sql_query("select pg_export_snapshot() as word").get_result(&mut self.conn)?;
        Ok(row.word)
    }

    /// Names of the migrations that the database has.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn versions(&mut self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<Word> =
            diesel::sql_query("select version as word from __diesel_schema_migrations order by version")
                .load(&mut self.conn)?;
        Ok(rows.into_iter().map(|row| row.word).collect())
    }

    /// All tables whose rows a copy holds, in the order of their names.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn tables(&mut self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<Word> = diesel::sql_query(
            "select format('%I.%I', n.nspname, c.relname) as word
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p') and not c.relispartition
               and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
               and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
             order by 1",
        )
        .load(&mut self.conn)?;
        let names = rows.into_iter().map(|row| row.word);
        Ok(names.filter(|name| !EMPTIED.contains(&name.as_str())).collect())
    }

    /// Rows of a table of [`Snapshot::tables`], and the sum of their check sums.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn sum(&mut self, table: &str) -> Result<TableSum, StoreError> {
        #[derive(diesel::QueryableByName)]
        struct Sum {
            #[diesel(sql_type = BigInt)]
            rows: i64,
            #[diesel(sql_type = Text)]
            sum: String,
        }
        // Sixty bits of SHA-256 of each row, added up as numbers without a limit.
        let row: Sum = diesel::sql_query(format!(
            "select count(*) as rows,
                    coalesce(sum(('x' || left(encode(sha256(convert_to(row_of_it::text, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0)::text as sum
             from {table} as row_of_it"
        ))
        .get_result(&mut self.conn)?;
        Ok(TableSum {
            table: table.to_owned(),
            rows: row.rows,
            sum: row.sum,
        })
    }

    /// The heads of all sealed values, each once: format and key.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn sealed_heads(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        #[derive(diesel::QueryableByName)]
        struct Head {
            #[diesel(sql_type = Binary)]
            head: Vec<u8>,
        }
        let mut heads = Vec::new();
        for (table, column) in SEALED_COLUMNS.iter().map(|sealed| sealed.parts()) {
            let rows: Vec<Head> = diesel::sql_query(format!(
                "select distinct substring({column} from 1 for {HEAD_LEN}) as head from {table} where {column} is not null"
            ))
            .load(&mut self.conn)?;
            heads.extend(rows.into_iter().map(|row| row.head));
        }
        heads.sort();
        heads.dedup();
        Ok(heads)
    }
}

/// Does the database hold nothing that anybody made?
///
/// # Errors
/// The database does not answer.
pub fn is_empty(url: &Secret) -> Result<bool, StoreError> {
    let row: Number = diesel::sql_query(
        "select count(*) as number from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
           and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')",
    )
    .get_result(&mut connect(url)?)?;
    Ok(row.number == 0)
}

/// Makes the role that the copy's rights are for, as the first migration does.
///
/// # Errors
/// The database does not answer or refuses.
pub fn roles_make(url: &Secret) -> Result<(), StoreError> {
    connect(url)?.batch_execute(
        "do $$ begin
           if not exists (select from pg_roles where rolname = 'kaspi_panel_runtime') then
             create role kaspi_panel_runtime nologin;
           end if;
         exception when duplicate_object or unique_violation then null;
         end $$;
         grant kaspi_panel_runtime to current_user;
         do $$ begin
           execute format('grant connect, temporary on database %I to kaspi_panel_runtime', current_database());
         end $$",
    )?;
    Ok(())
}

/// Writes down which migrations the database has: from now on programs work on it.
///
/// # Errors
/// The database does not answer or refuses.
pub fn versions_mark(url: &Secret, versions: &[String]) -> Result<(), StoreError> {
    diesel::sql_query("insert into __diesel_schema_migrations (version) select unnest($1)")
        .bind::<diesel::sql_types::Array<Text>, _>(versions)
        .execute(&mut connect(url)?)?;
    Ok(())
}

/// What was under way when a copy was made and is not gone on with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EndedWork {
    /// Background work of all kinds.
    pub jobs: usize,
    /// Prices that were planned and not sent; the caller of [`work_end`] ends them.
    pub planned_prices: usize,
    /// Files of preorders on their way.
    pub uploads: usize,
    /// Imports that were being written.
    pub imports: usize,
    /// Reports that were being made.
    pub reports: usize,
    /// Logins under way.
    pub logins: usize,
}

/// Products with a price that is planned and not sent, of all stores.
///
/// # Errors
/// See [`StoreError`].
pub fn planned_products(conn: &mut PgConnection) -> Result<Vec<ProductId>, StoreError> {
    use crate::schema::price_pushes::dsl;
    Ok(dsl::price_pushes
        .filter(dsl::state.eq(PushState::Planned))
        .select(dsl::product_id)
        .distinct()
        .load(conn)?)
}

/// Ends everything else that waits or runs: it was wanted at another time. Prices that may have been sent stay as they are:
/// the sender reads what became of them.
///
/// # Errors
/// See [`StoreError`].
pub fn work_end(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<EndedWork, StoreError> {
    let mut end = |sql: &str| -> Result<usize, StoreError> {
        Ok(diesel::sql_query(sql).bind::<Timestamptz, _>(now).execute(conn)?)
    };
    Ok(EndedWork {
        jobs: end(
            "update job_runs set state = 'cancelled', retry_at = null, finished_at = $1
             where state in ('queued', 'running')",
        )?,
        planned_prices: 0,
        uploads: end(
            "update preorder_uploads set state = case when state = 'waiting' then 'cancelled' else 'unknown' end, finished_at = $1
             where state in ('waiting', 'sending', 'processing')",
        )?,
        // A failed one can be gone on with by a person.
        imports: end(
            "update imports set state = 'failed' where state in ('applying', 'undoing') and $1 is not null",
        )?,
        reports: end(
            "update reports set state = 'cancelled', finished_at = $1 where state in ('queued', 'running')",
        )?,
        logins: end(
            "update connection_attempts set state = 'interrupted', finished_at = $1, answer_sealed = null, password_sealed = null
             where finished_at is null",
        )?,
    })
}
