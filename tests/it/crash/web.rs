//! `kill -9` of the web process while people edit: a rule for many products at once, earlier prices put back, people who
//! sign in. Each edit is there as a whole or not at all, and what a person was told is done stays done.

use std::cell::RefCell;

use diesel::{prelude::*, sql_types as sql};
use futures_util::future::join_all;
use kaspi_panel::domain::{Role, StoreId};
use uuid::Uuid;

use super::rig::{Chance, PATIENCE, long, tell};
use crate::support::{Client, NewProduct, Process, TestApp, db_product, db_store, db_user, wait_until};

/// People who edit at once, each in a store of his own.
const PEOPLE: usize = 4;
/// Products of a store: each edit is about all of them.
const PRODUCTS: usize = 40;

/// What somebody was told is done.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Rule(String),
    PutBack(Uuid),
}

/// One person with a store.
struct Person {
    name: String,
    store: StoreId,
    client: Client,
    /// The filled form of a rule for all products of the store, without its name.
    rule: Vec<(String, String)>,
    told: RefCell<Vec<Told>>,
    /// Sessions that were opened beside the person's own.
    sessions: RefCell<Vec<Client>>,
}

impl Person {
    /// Edits until the process is gone; returns how many edits were answered.
    async fn edit(&self) -> usize {
        for done in 0.. {
            let answered = match done % 3 {
                0 => self.make_rule().await,
                1 => self.put_back().await,
                _ => self.sign_in_again().await,
            };
            if !answered {
                return done;
            }
        }
        unreachable!("the process is killed at some time")
    }

    async fn make_rule(&self) -> bool {
        let name = format!("Batch {}", Uuid::now_v7());
        let mut fields: Vec<(&str, &str)> = self.rule.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        fields.push(("name", &name));
        let Some(answer) = self.client.try_post("/rules/new", &fields).await else {
            return false;
        };
        answer.expect(303);
        self.told.borrow_mut().push(Told::Rule(name));
        true
    }

    async fn put_back(&self) -> bool {
        let id = Uuid::now_v7();
        let (path, key) = (format!("/stores/{}/put-back", self.store), id.to_string());
        let fields = [("at", "2026-11-24T12:00"), ("id", key.as_str())];
        let Some(answer) = self.client.try_post(&path, &fields).await else {
            return false;
        };
        answer.expect(303);
        self.told.borrow_mut().push(Told::PutBack(id));
        true
    }

    async fn sign_in_again(&self) -> bool {
        let client = self.client.somebody_else();
        let Some(answer) = client.try_sign_in(&format!("{}@example.kz", self.name)).await else {
            return false;
        };
        answer.expect(303);
        self.sessions.borrow_mut().push(client);
        true
    }
}

/// A person with a store whose prices all changed since yesterday.
async fn person(app: &TestApp, base: &url::Url, number: usize) -> Person {
    let name = format!("editor{number}");
    let conn = &mut app.conn();
    let owner = db_user(conn, &name, Role::Manager);
    let store = db_store(conn, owner, &(31_000_000 + number).to_string());
    let skus: Vec<String> = (0..PRODUCTS).map(|n| format!("{number}-{n}")).collect();
    for sku in &skus {
        let new = NewProduct {
            sku,
            name: sku,
            ..NewProduct::default()
        };
        db_product(conn, store, &new);
    }
    let client = Client::anonymous(base);
    client.sign_in(&format!("{name}@example.kz")).await.expect(303);
    client.token().await;
    let form = format!("/rules/new?store={store}&scope=selection&kind=beat_lowest");
    let mut rule = client.get(&form).await.expect(200).form_fields("main form.card");
    rule.retain(|(field, _)| !["csrf_token", "name", "skus"].contains(&field.as_str()));
    rule.push(("skus".to_owned(), skus.join("\n")));
    Person {
        name,
        store,
        client,
        rule,
        told: RefCell::default(),
        sessions: RefCell::default(),
    }
}

fn count(app: &TestApp, of: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql::BigInt)]
        count: i64,
    }
    diesel::sql_query(format!("select count(*) as count from {of}"))
        .get_result::<Count>(&mut app.conn())
        .unwrap()
        .count
}

/// Each edit that left a trace is whole.
fn judge(app: &TestApp, people: &[Person]) {
    let halves = [
        format!(
            "rules r where (select count(*) from rule_products p where p.rule_id = r.id) <> {PRODUCTS}
               or (select count(*) from audit_log a where a.object_kind = 'rule' and a.object_id = r.id) <> 1"
        ),
        "audit_log a where a.object_kind = 'rule' and not exists (select from rules r where r.id = a.object_id)"
            .to_owned(),
        "put_backs b where (select count(*) from price_pushes u where u.put_back_id = b.id) <> b.planned".to_owned(),
        "price_pushes u where not exists (select from price_push_cities c where c.push_id = u.id)
           or not exists (select from audit_log a where a.object_kind = 'price_push' and a.object_id = u.id)"
            .to_owned(),
    ];
    for half in &halves {
        assert_eq!(count(app, half), 0, "{half}");
    }
    for told in people.iter().flat_map(|person| person.told.take()) {
        let row = match &told {
            Told::Rule(name) => format!("rules where name = '{name}'"),
            Told::PutBack(id) => format!("put_backs where id = '{id}'"),
        };
        assert_eq!(count(app, &row), 1, "{told:?} was told to be done");
    }
}

#[actix_web::test]
async fn a_killed_web_process_leaves_no_edit_half_done() {
    let kills = if long() { 200 } else { 6 };
    let mut chance = Chance::new();
    let app = TestApp::builder().real_time().build();
    let mut panel = Process::serve(&app, "127.0.0.1:0");
    let base = panel.address().await;
    let bind = format!("127.0.0.1:{}", base.port().unwrap());
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(person(&app, &base, number).await);
    }
    let (mut done, mut broken) = (0, 0);
    for _ in 0..kills {
        // Every price is another one than yesterday's, and nothing is on its way.
        diesel::sql_query("update product_prices set price_tenge = price_tenge + 10, read_at = now()")
            .execute(&mut app.conn())
            .unwrap();
        diesel::sql_query(
            "update price_pushes set state = 'superseded', finished_at = now() where state = 'planned'",
        )
        .execute(&mut app.conn())
        .unwrap();
        let before = count(&app, "audit_log");
        let wanted = before + i64::try_from(1 + chance.below(200)).unwrap();
        let kill = async {
            wait_until("some edits", PATIENCE, || async {
                let now = count(&app, "audit_log");
                if now >= wanted { Ok(()) } else { Err((now, wanted)) }
            })
            .await;
            panel.kill();
        };
        let (edits, ()) = tokio::join!(join_all(people.iter().map(Person::edit)), kill);
        done += edits.iter().sum::<usize>();
        broken += PEOPLE;
        judge(&app, &people);
        panel = Process::serve(&app, &bind);
        assert_eq!(panel.address().await, base);
        for session in people.iter().flat_map(|person| person.sessions.take()) {
            session.get("/products").await.expect(200);
        }
    }
    let planned = count(&app, "price_pushes where put_back_id is not null");
    assert!(
        planned >= i64::try_from(PRODUCTS).unwrap(),
        "prices were put back"
    );
    assert_eq!(panel.terminate().await.code(), Some(0));
    tell(&format!(
        "{kills} kills of the web process: {done} edits answered, {broken} broken off, none half done"
    ));
}
