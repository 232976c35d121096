//! `import-django` on the command line: report, progress, status, and one clear sentence for each trouble.

use std::process::Output;

use serde_json::{Value, json};

use super::*;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn run(moving: &Move, url: &str, more: &[&str]) -> Output {
    let mut arguments = vec!["import-django", "--from", url];
    arguments.extend(more);
    moving.app.program(&arguments).output().unwrap()
}

#[tokio::test]
async fn the_report_goes_to_people_or_to_scripts_and_the_status_tells_what_came_of_it() {
    let moving = Move::new();
    let old = &moving.old;
    old.store(1, &[]);
    old.product(1, &[]);
    old.product(2, &[("min_profit", "10900.50")]);
    old.preorder(1, &[("delivery_days", "31")]);
    let url = old.db.url();
    let owner = ["--owner", "user-1=anna@example.kz"];
    let lines = format!(
        "owner user-1 is anna@example.kz: made without a password; `kaspi-panel user password --email anna@example.kz` gives one
products {}: left empty: min_profit is not a whole number of tenge (10900.50); bot_active is switched off, because a value above was left empty
preorders {}: left out: delivery_days is not a number of days from 0 to 30 (31)
owners: 1 made, 0 here already
kaspi_stores: 1 read, 1 taken, 0 here already, 0 otherwise here, 0 left out, 0 with values left empty
products: 2 read, 2 taken, 0 here already, 0 otherwise here, 0 left out, 1 with values left empty
preorders: 1 read, 0 taken, 0 here already, 0 otherwise here, 1 left out, 0 with values left empty
",
        product(2),
        preorder(1)
    );

    let dry = run(&moving, url, &[&owner[..], &["--dry-run"]].concat());
    assert_eq!(dry.status.code(), Some(2), "{dry:?}");
    assert_eq!(
        text(&dry.stdout),
        format!("{lines}Nothing was written: this was a dry run.\n")
    );
    assert_eq!(moving.count("stores"), 0);

    let done = run(&moving, url, &owner);
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(text(&done.stdout), lines);
    assert_eq!(
        text(&done.stderr),
        "kaspi_stores: 1 of 1\nproducts: 2 of 2\npreorders: 1 of 1\n",
        "progress, and nothing else"
    );

    let again = run(&moving, url, &["--json"]);
    assert_eq!(again.status.code(), Some(2));
    let events: Vec<Value> = text(&again.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let counts = |read: usize, same: usize, left_out: usize, emptied: usize| json!({"read": read, "taken": 0, "same": same, "differing": 0, "left_out": left_out, "emptied": emptied});
    assert_eq!(
        events,
        [
            json!({"event": "owner", "user_id": "user-1", "email": "anna@example.kz", "outcome": "known"}),
            json!({"event": "emptied", "table": "products", "id": product(2), "doubts": [
                {"field": "min_profit", "reason": "fraction", "value": "10900.50"},
                {"field": "bot_active", "reason": "switched_off"}]}),
            json!({"event": "left_out", "table": "preorders", "id": preorder(1), "doubts": [
                {"field": "delivery_days", "reason": "days", "value": "31"}]}),
            json!({"event": "done", "dry_run": false, "totals": {"owners_made": 0, "owners_known": 1,
                "kaspi_stores": counts(1, 1, 0, 0), "products": counts(2, 2, 0, 1),
                "preorders": counts(1, 0, 1, 0), "passwords_taken": 0, "passwords_known": 0,
                "passwords_left_out": 0}}),
        ]
    );

    old.execute("delete from preorders; update products set min_profit = null");
    moving.change(&format!(
        "update products set repricing_enabled = true where id = '{}'",
        product(2)
    ));
    let clean = run(&moving, url, &[]);
    assert_eq!(clean.status.code(), Some(0), "{clean:?}");
}

#[tokio::test]
async fn each_trouble_is_one_sentence_without_the_password() {
    let moving = Move::new();
    let url = moving.old.db.url();
    let sentence = |url: &str, more: &[&str]| -> String {
        let output = run(&moving, url, more);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(text(&output.stdout), "");
        let said = text(&output.stderr);
        assert!(!said.contains("Canary"), "{said}");
        said.trim_end().to_owned()
    };
    let form = "kaspi-panel: the predecessor's database: its address has the form postgres://user:password@host/database";
    assert_eq!(sentence("mysql://reader:Canary-1@127.0.0.1/django", &[]), form);
    assert_eq!(sentence("Canary-2", &[]), form);
    assert_eq!(
        sentence("postgres://reader:Canary-3@127.0.0.1:1/django", &[]),
        "kaspi-panel: the predecessor's database: nobody answers at this host and port"
    );
    // The driver itself would repeat what it takes for a port.
    assert_eq!(
        sentence("postgres://reader:Canary-4@127.0.0.1:Canary-5/django", &[]),
        "kaspi-panel: the predecessor's database: no connection; check host, port, user, password and name in its address"
    );
    let absent = url.replacen("_empty_", "_absent_", 1);
    assert_ne!(absent, url);
    assert_eq!(
        sentence(&absent, &[]),
        "kaspi-panel: the predecessor's database: there is no such database or user"
    );

    // Our own database has tables of the same names.
    assert_eq!(
        sentence(moving.app.db.url(), &[]),
        "kaspi-panel: this is not the predecessor's database: it has no table kaspi_stores"
    );
    moving.old.execute("alter table products drop column max_profit");
    assert_eq!(
        sentence(url, &[]),
        "kaspi-panel: this is not the predecessor's database: its table products has no column max_profit"
    );
    moving.old.execute(
        "alter table products add max_profit numeric(10, 2); alter table kaspi_stores alter guid type text",
    );
    assert_eq!(
        sentence(url, &["--with-passwords"]),
        "kaspi-panel: this is not the predecessor's database: the column guid of its table kaspi_stores is of the type text"
    );
    moving.old.execute("drop table preorders");
    assert_eq!(
        sentence(url, &[]),
        "kaspi-panel: this is not the predecessor's database: it has no table preorders"
    );

    let without = moving.app.program(&["import-django"]).output().unwrap();
    assert_eq!(
        text(&without.stderr).trim_end(),
        "kaspi-panel: say where the predecessor's database is: --from URL or KASPI_PANEL_DJANGO_URL"
    );
}
