//! A form that is sent twice, by a double click or by going back, has the effect of one: two panels stand side by side,
//! one gets every form once, the other one twice at the same moment, and afterwards both hold as many rows of everything.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use diesel::{prelude::*, sql_types as sql};
use futures_util::future::join_all;
use kaspi_panel::domain::Role;

use super::Things;
use crate::{
    browser::accessible::{furnish, pages_of},
    support::{Answer, Client, Form, PASSWORD, TestApp, db_user},
};

/// What is kept of requests, not of what they did.
const OF_REQUESTS: [&str; 3] = ["idempotency_keys", "sessions", "sign_in_attempts"];
/// What is set anew each time, with a line in the log each time, and is the same afterwards.
const SET_ANEW: [&str; 3] = [
    "/profile/second-factor/begin",
    "/users/{id}/password",
    "/users/{id}/sessions",
];
/// Would end the test: the own session, the own password, the browser of a login.
const LEFT_OUT: [&str; 3] = ["/logout", "/login", "/profile/password"];

/// A panel and who sends its forms.
struct Side {
    app: TestApp,
    things: Things,
    clients: Vec<Client>,
}

impl Side {
    async fn new() -> Self {
        let mut app = TestApp::new();
        let things = furnish(&mut app).await;
        db_user(&mut app.conn(), "berik", Role::Viewer);
        let clients = vec![app.sign_in("askar").await, app.sign_in("admin").await];
        Self { app, things, clients }
    }

    /// Rows of every table.
    fn rows(&self) -> BTreeMap<String, i64> {
        #[derive(QueryableByName)]
        struct Table {
            #[diesel(sql_type = sql::Text)]
            name: String,
            #[diesel(sql_type = sql::BigInt)]
            rows: i64,
        }
        let counted: Vec<Table> = diesel::sql_query(
            "select tablename::text as name, (xpath('/row/n/text()', query_to_xml(
               format('select count(*) as n from %I.%I', schemaname, tablename), false, true, '')))[1]::text::bigint as rows
             from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
        )
        .load(&mut self.app.conn())
        .unwrap();
        let of_effects = counted
            .into_iter()
            .filter(|table| !OF_REQUESTS.contains(&table.name.as_str()));
        of_effects.map(|table| (table.name, table.rows)).collect()
    }

    /// Sends a form so often at the same moment.
    async fn send(&self, who: usize, form: &Form, times: usize) -> Vec<Answer> {
        let fields = filled(form);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let sent = (0..times).map(|_| self.clients[who].post_bare(&form.action, &fields));
        join_all(sent).await
    }
}

/// What somebody might type where a form waits for it.
fn filled(form: &Form) -> Vec<(String, String)> {
    let word = |name: &str, kind: &str| {
        match (name, kind) {
            (_, "email") => "somebody@example.kz",
            (_, "password") => PASSWORD,
            (_, "tel") => "+7 700 123 45 67",
            (_, "url") => "https://example.kz/hook",
            (_, "date") => "2026-11-30",
            ("lines", _) => "http://someone:secret@127.0.0.1:8081",
            ("floor_tenge" | "price_tenge" | "price", _) => "9500",
            (_, "number") => "5",
            (_, "text" | "textarea") => "Something",
            _ => "",
        }
        .to_owned()
    };
    let fields = form.fields.iter().map(|field| {
        let value = match field.value.is_empty() {
            true => word(&field.name, &field.kind),
            false => field.value.clone(),
        };
        (field.name.clone(), value)
    });
    fields.collect()
}

/// An address without the keys of things, which differ from panel to panel.
fn shape(action: &str) -> String {
    let path = action.split('?').next().unwrap();
    let parts = path.split('/').map(|part| match part.len() {
        36 => "{id}",
        _ => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A form of both panels, and where it stands.
struct Waiting {
    page: String,
    forms: (Form, Form),
}

impl Waiting {
    /// The forms of a page that have not been met yet.
    fn of(page: &str, answers: (&Answer, &Answer), met: &mut BTreeSet<String>) -> Vec<Self> {
        let pairs = answers.0.forms().into_iter().zip(answers.1.forms());
        let new = pairs.filter(|(left, _)| {
            let path = shape(&left.action);
            let fields: Vec<&str> = left.fields.iter().map(|field| field.name.as_str()).collect();
            let is_left_out = LEFT_OUT.iter().any(|out| path.starts_with(out)) || left.is_file;
            !is_left_out && met.insert(format!("{path} {fields:?}"))
        });
        let page = page.to_owned();
        new.map(|forms| Self {
            page: page.clone(),
            forms,
        })
        .collect()
    }

    /// What takes things away comes last.
    fn takes_away(&self) -> bool {
        let words = ["delete", "remove", "stop", "active", "end"];
        words.iter().any(|word| self.forms.0.action.contains(word))
    }
}

#[tokio::test]
async fn a_form_that_is_sent_twice_has_one_effect() {
    let (once, twice) = (Side::new().await, Side::new().await);
    let (mut met, mut effective, mut told) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut known = BTreeMap::new();
    for who in 0..2 {
        let admin = who == 1;
        let pages = (
            pages_of(&once.clients[who], &once.things, admin).await,
            pages_of(&twice.clients[who], &twice.things, admin).await,
        );
        let shapes = |pages: &[String]| pages.iter().map(|page| shape(page)).collect::<Vec<_>>();
        assert_eq!(shapes(&pages.0), shapes(&pages.1));
        let mut waiting = Vec::new();
        for (left, right) in pages.0.iter().zip(&pages.1) {
            let answers = (
                once.clients[who].get(left).await,
                twice.clients[who].get(right).await,
            );
            waiting.extend(Waiting::of(left, (&answers.0, &answers.1), &mut met));
        }
        waiting.sort_by_key(Waiting::takes_away);
        let mut waiting = VecDeque::from(waiting);
        while let Some(Waiting { page, forms }) = waiting.pop_front() {
            let (path, before) = (shape(&forms.0.action), once.rows());
            let answers = (
                once.send(who, &forms.0, 1).await,
                twice.send(who, &forms.1, 2).await,
            );
            let rows = (once.rows(), twice.rows());
            if rows.0 != before {
                effective.insert(path.clone());
            }
            for (table, left) in rows.0 {
                let more = rows.1[&table] - left;
                let is_new = known.insert(table.clone(), more).unwrap_or(0) != more;
                if is_new && !(table == "audit_log" && SET_ANEW.contains(&path.as_str())) {
                    let statuses: Vec<u16> = answers.1.iter().map(|one| one.status.as_u16()).collect();
                    told.push(format!("{path} of {page}: {more} more of {table}, {statuses:?}"));
                }
            }
            // The next step of what goes in steps.
            if answers.0[0].status.is_success() {
                for step in Waiting::of(&path, (&answers.0[0], &answers.1[0]), &mut met) {
                    waiting.push_front(step);
                }
            }
        }
    }
    assert!(told.is_empty(), "{told:#?}");
    assert!(effective.len() > 30, "{effective:#?}");
}
