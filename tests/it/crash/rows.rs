//! What crash tests ask of the database while they run, and the statements that they carry out there.

use chrono::{DateTime, Utc};
use diesel::{connection::SimpleConnection, prelude::*, sql_types as sql};
use kaspi_panel::schema::price_decisions;
use serde_json::Value;

use super::rig::Rig;

impl Rig {
    /// Carries out a statement.
    pub fn sql(&self, statement: &str) {
        self.app.conn().batch_execute(statement).unwrap();
    }

    /// The reasons of the newest decision, for a failure's message.
    pub fn newest_decision(&self) -> Value {
        price_decisions::table
            .order(price_decisions::decided_at.desc())
            .select(price_decisions::reasons)
            .first(&mut self.app.conn())
            .unwrap_or_default()
    }

    /// How many writes have left so far.
    pub fn sent(&self) -> i64 {
        self.count("sent_at is not null")
    }

    /// Pushes for which this holds.
    pub fn count(&self, condition: &str) -> i64 {
        self.count_rows(&format!("price_pushes where {condition}"))
    }

    /// Rows of a table for which something holds. A database that is away for a moment is waited for elsewhere.
    pub fn count_rows(&self, of: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = sql::BigInt)]
            count: i64,
        }
        diesel::sql_query(format!("select count(*) as count from {of}"))
            .get_result::<Count>(&mut self.app.conn())
            .unwrap()
            .count
    }

    /// Claimed pushes that have not ended, and those of them that no worker looks after by now.
    pub fn open_pushes(&self) -> Vec<(String, String)> {
        #[derive(QueryableByName)]
        struct Open {
            #[diesel(sql_type = sql::Text)]
            id: String,
            #[diesel(sql_type = sql::Text)]
            state: String,
        }
        diesel::sql_query(
            "select id::text, state from price_pushes where state in ('claimed', 'sent', 'accepted', 'unknown')",
        )
        .load::<Open>(&mut self.app.conn())
        .unwrap()
        .into_iter()
        .map(|open| (open.id, open.state))
        .collect()
    }

    /// What may tell why nothing goes on: of the last two minutes the writes by state and reason, the decisions by outcome
    /// and first reason; stops and troubles that stand, modes of stores, checks that are due or claimed.
    pub fn stand(&self) -> String {
        #[derive(QueryableByName)]
        struct Stand {
            #[diesel(sql_type = sql::Text)]
            line: String,
        }
        let rows: Vec<Stand> = diesel::sql_query(
            "select format('write %s %s: %s', state, reason, count(*)) as line from price_pushes
             where greatest(planned_at, sent_at, finished_at) > now() - interval '2 minutes' group by state, reason
             union all select format('decision %s %s: %s', outcome, reasons #>> '{0,code}', count(*)) from price_decisions
             where decided_at > now() - interval '2 minutes' group by outcome, reasons #>> '{0,code}'
             union all select format('stop %s: %s', reason, count(*)) from kill_switches where released_at is null
             group by reason
             union all select format('trouble %s: %s', kind, count(*)) from alerts where resolved_at is null group by kind
             union all select format('stores %s, %s, frozen until %s: %s', repricing_mode, session_state, max(frozen_until),
               count(*)) from stores group by repricing_mode, session_state
             union all select format('products on %s, locked %s: %s', repricing_enabled, locked_until > now(), count(*))
             from products group by repricing_enabled, locked_until > now()
             union all select format('checks due %s, claimed %s: %s', next_check_at <= now(), claimed_until > now(), count(*))
             from product_checks group by next_check_at <= now(), claimed_until > now()",
        )
        .load(&mut self.app.conn())
        .unwrap();
        rows.into_iter()
            .map(|row| row.line)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// When these pushes ended.
    pub fn ends(&self, ids: &[String]) -> Vec<Option<DateTime<Utc>>> {
        #[derive(QueryableByName)]
        struct End {
            #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
            finished_at: Option<DateTime<Utc>>,
        }
        diesel::sql_query("select finished_at from price_pushes where id::text = any($1)")
            .bind::<sql::Array<sql::Text>, _>(ids)
            .load::<End>(&mut self.app.conn())
            .unwrap()
            .into_iter()
            .map(|end| end.finished_at)
            .collect()
    }
}
