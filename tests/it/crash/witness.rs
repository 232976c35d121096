//! Collects a history: the marketplace's journal over HTTP, piece by piece because it forgets, and the rows of the
//! database at the end.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{prelude::*, sql_types as sql};
use serde_json::Value;

use super::{
    checker::judge,
    history::{Audit, History, HumanPrice, Intent, Kind, Limits, Offer, Prices, Request, Stop, Times},
    rig::Rig,
};

/// Faults under which the marketplace does not carry a request out.
const NOT_CARRIED_OUT: [&str; 8] = [
    "status",
    "html",
    "empty_body",
    "expired",
    "redirect_login",
    "redirect_loop",
    "reset",
    "garbage",
];
/// Faults under which it carries the change out of a request in another way than asked.
const NOT_APPLIED: [&str; 3] = ["accepted_not_applied", "withdraw", "one_city"];

/// Writes that faults struck so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Struck {
    /// Lost before anything happened.
    pub requests: usize,
    /// Carried out, with an answer that was lost or said nothing.
    pub answers: usize,
}

/// What a run tells beside journal and database: what people did.
#[derive(Debug, Default)]
pub struct Witness {
    requests: RefCell<(u64, Vec<Request>)>,
    struck: Cell<Struck>,
    /// So much later than usual a write may end in this run: its market is slow, and looks at it fail.
    pub slower: TimeDelta,
    /// Stops, with the time at which the person was told.
    pub stops: Vec<Stop>,
    /// Prices that people set.
    pub human: Vec<HumanPrice>,
    /// Limits of offers whose limits change, each from when on it holds; of all others those of the table hold.
    pub limits: Vec<Limits>,
}

impl Witness {
    /// Takes over what the journal has got since the last time.
    pub async fn look(&self, rig: &Rig) {
        let since = self.requests.borrow().0;
        let entries = rig.app.market.journal_since(since).await;
        let mut requests = self.requests.borrow_mut();
        for entry in &entries {
            requests.0 = entry["n"].as_u64().expect("a number");
            requests.1.extend(requests_of(entry));
            let mut struck = self.struck.get();
            match (entry["endpoint"].as_str(), entry["fault"].as_str()) {
                (Some("process"), Some("reset")) => struck.requests += 1,
                (Some("process"), Some("reset_after" | "applied_but_500" | "no_id")) => struck.answers += 1,
                _ => {}
            }
            self.struck.set(struck);
        }
    }

    /// Writes that faults struck, up to now.
    pub async fn struck(&self, rig: &Rig) -> Struck {
        self.look(rig).await;
        self.struck.get()
    }

    /// Everything that happened.
    pub async fn history(&self, rig: &Rig) -> History {
        self.look(rig).await;
        let mut conn = rig.app.conn();
        let mut limits = self.limits.clone();
        limits.extend(limits_now(&mut conn, &limits));
        let (pace, usual) = (&rig.pace, Times::default());
        History {
            requests: self.requests.borrow().1.clone(),
            intents: intents(&mut conn),
            audits: audits(&mut conn),
            limits,
            stops: self.stops.clone(),
            human: self.human.clone(),
            times: Times {
                read_back: TimeDelta::seconds(pace.read_back.into()),
                unknown: TimeDelta::seconds(pace.read_back.into()).min(usual.unknown),
                settle: usual.settle + self.slower,
                ..usual
            },
        }
    }

    /// Judges the run; it fails with all that is wrong.
    pub async fn judge(&self, rig: &Rig) -> History {
        let history = self.history(rig).await;
        let found = judge(&history);
        let lines: Vec<String> = found
            .iter()
            .take(40)
            .map(|violation| format!("{}: {}", violation.invariant, violation.what))
            .collect();
        assert!(
            found.is_empty(),
            "{} violations\n{}",
            found.len(),
            lines.join("\n")
        );
        history
    }
}

fn requests_of(entry: &Value) -> Vec<Request> {
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let at: DateTime<Utc> = text("time").parse().expect("a time");
    let merchant = text("merchant");
    let fault = text("fault");
    let writes = entry["writes"].as_array().into_iter().flatten();
    let accepted = !NOT_CARRIED_OUT.contains(&fault.as_str())
        && (entry["status"]
            .as_u64()
            .is_some_and(|status| (200..300).contains(&status))
            || ["applied_but_500", "reset_after"].contains(&fault.as_str()));
    let mut found: Vec<Request> = writes
        .map(|write| Request {
            at,
            offer: (merchant.clone(), write["sku"].as_str().unwrap().to_owned()),
            kind: Kind::Write {
                prices: prices(&write["city_prices_after"]),
                accepted,
                applied: accepted && !NOT_APPLIED.contains(&fault.as_str()),
            },
        })
        .collect();
    // A request that a fault struck first has no list of writes, but its body.
    if entry["endpoint"] == "process" && found.is_empty() {
        let body = &entry["body"];
        let rows = body["cityPrices"].as_array().into_iter().flatten();
        let wanted = rows.map(|row| {
            (
                row["cityId"].as_str().unwrap().to_owned(),
                row["value"].as_i64().unwrap(),
            )
        });
        found.push(Request {
            at,
            offer: (
                merchant.clone(),
                body["sku"].as_str().unwrap_or_default().to_owned(),
            ),
            kind: Kind::Write {
                prices: wanted.collect(),
                accepted: false,
                applied: false,
            },
        });
    }
    let sku = text("path")
        .split(['?', '&'])
        .find_map(|pair| pair.strip_prefix("t=").map(str::to_owned));
    if let (true, Some(sku)) = (entry["endpoint"] == "list" && entry["status"] == 200, sku) {
        found.push(Request {
            at,
            offer: (merchant, sku),
            kind: Kind::Read,
        });
    }
    found
}

fn prices(value: &Value) -> Prices {
    let rows = value.as_object().into_iter().flatten();
    rows.map(|(city, price)| (city.clone(), price.as_i64().expect("whole tenge")))
        .collect()
}

#[derive(QueryableByName)]
struct IntentRow {
    #[diesel(sql_type = sql::Text)]
    id: String,
    #[diesel(sql_type = sql::Text)]
    merchant_id: String,
    #[diesel(sql_type = sql::Text)]
    sku: String,
    #[diesel(sql_type = sql::BigInt)]
    sequence: i64,
    #[diesel(sql_type = sql::Text)]
    state: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    reason: Option<String>,
    #[diesel(sql_type = sql::Bool)]
    automatic: bool,
    #[diesel(sql_type = sql::Jsonb)]
    prices: Value,
    #[diesel(sql_type = sql::Jsonb)]
    seen: Value,
    #[diesel(sql_type = sql::Timestamptz)]
    planned_at: DateTime<Utc>,
    #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
    claimed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
    sent_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
    finished_at: Option<DateTime<Utc>>,
}

fn intents(conn: &mut PgConnection) -> Vec<Intent> {
    let rows: Vec<IntentRow> = diesel::sql_query(
        "select u.id::text, s.merchant_id, p.sku, u.sequence, u.state, u.reason, u.origin in ('robot', 'restore') as automatic,
           coalesce(c.prices, '{}') as prices, coalesce(c.seen, '{}') as seen, u.planned_at, u.claimed_at, u.sent_at,
           u.finished_at
         from price_pushes u join stores s on s.id = u.store_id join products p on p.id = u.product_id
         left join lateral (select jsonb_object_agg(city_id, price_tenge) as prices,
             jsonb_object_agg(city_id, seen_tenge) filter (where seen_tenge is not null) as seen
           from price_push_cities where push_id = u.id) c on true",
    )
    .load(conn)
    .unwrap();
    rows.into_iter()
        .map(|row| Intent {
            id: row.id,
            offer: (row.merchant_id, row.sku),
            sequence: row.sequence,
            state: row.state,
            reason: row.reason,
            automatic: row.automatic,
            prices: prices(&row.prices),
            seen: prices(&row.seen),
            planned_at: row.planned_at,
            claimed_at: row.claimed_at,
            sent_at: row.sent_at,
            finished_at: row.finished_at,
        })
        .collect()
}

fn audits(conn: &mut PgConnection) -> Vec<Audit> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::Text)]
        intent: String,
        #[diesel(sql_type = sql::Text)]
        action: String,
        #[diesel(sql_type = sql::Bool)]
        complete: bool,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "select object_id::text as intent, action, before is not null and after is not null and actor_kind <> ''
           and build_id <> '' as complete
         from audit_log where object_kind = 'price_push'",
    )
    .load(conn)
    .unwrap();
    rows.into_iter()
        .map(|row| Audit {
            intent: row.intent,
            action: row.action,
            complete: row.complete,
        })
        .collect()
}

/// The limits of the table, for offers whose limits no test noted: they never changed.
fn limits_now(conn: &mut PgConnection, noted: &[Limits]) -> Vec<Limits> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::Text)]
        merchant_id: String,
        #[diesel(sql_type = sql::Text)]
        sku: String,
        #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
        floor_tenge: Option<i64>,
        #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
        ceiling_tenge: Option<i64>,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "select s.merchant_id, p.sku, p.floor_tenge, p.ceiling_tenge from products p join stores s on s.id = p.store_id",
    )
    .load(conn)
    .unwrap();
    let noted: HashSet<&Offer> = noted.iter().map(|limits| &limits.offer).collect();
    rows.into_iter()
        .map(|row| Limits {
            offer: (row.merchant_id, row.sku),
            floor: row.floor_tenge,
            ceiling: row.ceiling_tenge,
            since: DateTime::<Utc>::MIN_UTC,
        })
        .filter(|limits| !noted.contains(&limits.offer))
        .collect()
}
