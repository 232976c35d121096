//! One job writes what was checked and another brings it back, whoever is killed in between and whoever edits meanwhile.

use std::collections::BTreeSet;

use diesel::prelude::*;
use kaspi_panel::{
    app::imports::{ImportError, apply::apply_some, apply_import, undo_import},
    domain::imports::{ImportRowState, ImportState},
    schema::{
        audit_log, import_rows, imports, job_runs, preorders, pricing_terms, products, rule_products, rules,
    },
};
use serde_json::Value;
use uuid::Uuid;

use super::seed::Seed;
use crate::support::{Process, TestApp, wait_until};

const FILE: &str = "sku;floor;ceiling;cost;rule;enabled;preorder\n\
    A1;5500;9000;;Winter;нет;3\n\
    A2;-;;3000;-;да;\n\
    A3;;;;;;10\n";

/// Everything an import may set, of all products of the store.
fn everything(seed: &Seed) -> Vec<String> {
    let mut conn = seed.app.conn();
    let limits: Vec<(String, Option<i64>, Option<i64>, bool)> = products::table
        .order(products::name)
        .select((
            products::name,
            products::floor_tenge,
            products::ceiling_tenge,
            products::repricing_enabled,
        ))
        .load(&mut conn)
        .unwrap();
    let costs: Vec<(String, Option<i64>)> = pricing_terms::table
        .inner_join(products::table)
        .order(products::name)
        .select((products::name, pricing_terms::unit_cost_tenge))
        .load(&mut conn)
        .unwrap();
    let days: Vec<(String, i32)> = preorders::table
        .inner_join(products::table)
        .order(products::name)
        .select((products::name, preorders::delivery_days))
        .load(&mut conn)
        .unwrap();
    let chosen: Vec<(String, String)> = rule_products::table
        .inner_join(products::table)
        .inner_join(rules::table)
        .order((products::name, rules::name))
        .select((products::name, rules::name))
        .load(&mut conn)
        .unwrap();
    let lines = |rows: Vec<String>| rows;
    [
        lines(limits.iter().map(|row| format!("{row:?}")).collect()),
        lines(costs.iter().map(|row| format!("{row:?}")).collect()),
        lines(days.iter().map(|row| format!("{row:?}")).collect()),
        lines(chosen.iter().map(|row| format!("{row:?}")).collect()),
    ]
    .concat()
}

fn set_role(seed: &Seed, role: &str) {
    diesel::update(kaspi_panel::schema::users::table)
        .set(kaspi_panel::schema::users::role.eq(role))
        .execute(&mut seed.app.conn())
        .unwrap();
}

fn states(seed: &Seed) -> Vec<(i32, String, Value)> {
    import_rows::table
        .order(import_rows::row_number)
        .select((import_rows::row_number, import_rows::state, import_rows::troubles))
        .load(&mut seed.app.conn())
        .unwrap()
}

#[tokio::test]
async fn everything_is_written_by_one_job_and_brought_back_as_a_whole() {
    let seed = Seed::new().await;
    let (services, actor) = (&seed.app.services, seed.actor());
    let before = everything(&seed);
    let id = seed.check("a.csv", FILE).await.unwrap();
    assert_eq!(everything(&seed), before);
    assert!(matches!(
        undo_import(services, &actor, id).await,
        Err(ImportError::TooLate)
    ));

    apply_import(services, &actor, id).await.unwrap();
    apply_import(services, &actor, id).await.unwrap();
    let runs: i64 = job_runs::table
        .filter(job_runs::kind.eq("apply_import"))
        .count()
        .get_result(&mut seed.app.conn())
        .unwrap();
    assert_eq!(runs, 1);
    seed.work().await;
    let import = seed.import(id);
    assert_eq!(
        (import.state, import.rows_applied, import.rows_left),
        (ImportState::Applied, 3, 0)
    );
    assert_eq!(
        everything(&seed),
        [
            r#"("A1", Some(5500), Some(9000), false)"#,
            r#"("A2", None, None, true)"#,
            r#"("A3", None, None, false)"#,
            r#"("A2", Some(3000))"#,
            r#"("A1", 3)"#,
            r#"("A3", 10)"#,
            r#"("A1", "Winter")"#,
            r#"("A3", "Summer")"#,
        ]
    );
    // Each change has the audit row that a form would have written, in the name of who asked for it.
    let audited: BTreeSet<(String, String, String)> = audit_log::table
        .filter(audit_log::actor_name.eq("aigul"))
        .select((audit_log::object_kind, audit_log::object_name, audit_log::action))
        .load::<(String, String, String)>(&mut seed.app.conn())
        .unwrap()
        .into_iter()
        .collect();
    for line in [
        ("product", "A1", "update"),
        ("product", "A2", "update"),
        ("pricing_terms", "A2", "update"),
        ("preorder", "A1", "update"),
        ("preorder", "A3", "create"),
        ("rule", "Winter", "update"),
        ("import", "a.csv", "check"),
        ("import", "a.csv", "apply"),
        ("import", "a.csv", "applied"),
    ] {
        let line = (line.0.to_owned(), line.1.to_owned(), line.2.to_owned());
        assert!(audited.contains(&line), "{line:?} in {audited:?}");
    }

    assert!(matches!(
        apply_import(services, &actor, id).await,
        Err(ImportError::TooLate)
    ));
    undo_import(services, &actor, id).await.unwrap();
    seed.work().await;
    assert_eq!(seed.import(id).state, ImportState::Undone);
    assert_eq!(everything(&seed), before);
    assert!(matches!(
        undo_import(services, &actor, id).await,
        Err(ImportError::TooLate)
    ));
}

#[tokio::test]
async fn what_somebody_changed_after_the_check_is_left_and_told() {
    let seed = Seed::new().await;
    let id = seed
        .check("a.csv", "sku;floor;ceiling\nA1;5500;9000\nA2;6500;\n")
        .await
        .unwrap();
    diesel::update(products::table.find(seed.products[0]))
        .set(products::floor_tenge.eq(5_100_i64))
        .execute(&mut seed.app.conn())
        .unwrap();
    apply_import(&seed.app.services, &seed.actor(), id).await.unwrap();
    seed.work().await;
    assert_eq!(seed.limits(0), (Some(5_100), None, true));
    assert_eq!(seed.limits(1).0, Some(6_500));
    let rows = states(&seed);
    assert_eq!((rows[0].1.as_str(), rows[1].1.as_str()), ("left", "applied"));
    assert_eq!(rows[0].2[0]["code"], "import-trouble-changed_meanwhile");
    assert_eq!(seed.import(id).rows_left, 1);
}

#[tokio::test]
async fn the_way_back_leaves_what_somebody_has_changed_since() {
    let seed = Seed::new().await;
    let id = seed
        .check(
            "a.csv",
            "sku;floor;ceiling;preorder\nA1;5500;9000;\nA2;6500;;\nA3;;;10\n",
        )
        .await
        .unwrap();
    apply_import(&seed.app.services, &seed.actor(), id).await.unwrap();
    seed.work().await;
    let mut conn = seed.app.conn();
    diesel::update(products::table.find(seed.products[0]))
        .set(products::ceiling_tenge.eq(9_500_i64))
        .execute(&mut conn)
        .unwrap();
    diesel::update(preorders::table.filter(preorders::product_id.eq(seed.products[2])))
        .set(preorders::version.eq(2))
        .execute(&mut conn)
        .unwrap();
    undo_import(&seed.app.services, &seed.actor(), id).await.unwrap();
    seed.work().await;
    // The floor of the first goes back, its ceiling is somebody's.
    assert_eq!(seed.limits(0), (Some(5_000), Some(9_500), true));
    assert_eq!(seed.limits(1).0, Some(6_000));
    let rows = states(&seed);
    assert_eq!(
        rows.iter().map(|row| row.1.as_str()).collect::<Vec<_>>(),
        ["kept", "undone", "kept"]
    );
    let import = seed.import(id);
    assert_eq!((import.rows_undone, import.rows_kept), (1, 2));
}

#[tokio::test]
async fn two_imports_of_a_store_do_not_mix_and_rights_are_asked_again() {
    let seed = Seed::new().await;
    let (services, actor) = (&seed.app.services, seed.actor());
    let first = seed.check("a.csv", "sku;floor\nA1;5500\n").await.unwrap();
    let second = seed.check("b.csv", "sku;floor\nA2;6500\n").await.unwrap();
    apply_import(services, &actor, first).await.unwrap();
    assert!(matches!(
        apply_import(services, &actor, second).await,
        Err(ImportError::Busy)
    ));
    assert_eq!(seed.import(second).state, ImportState::Checked);
    // Between the click and the work the rights are gone.
    set_role(&seed, "viewer");
    let run = seed.open_run();
    let result = kaspi_panel::worker::jobs::apply_import::run(services.clone(), run).await;
    assert!(result.is_err());
    assert_eq!(seed.import(first).state, ImportState::Failed);
    assert_eq!(seed.limits(0).0, Some(5_000));
}

#[tokio::test]
async fn a_try_that_ends_half_way_is_gone_on_with_and_nothing_is_written_twice() {
    let seed = Seed::new().await;
    let file = seed.many(450);
    let mut conn = seed.app.conn();
    let id = seed.check("a.csv", file).await.unwrap();
    apply_import(&seed.app.services, &seed.actor(), id).await.unwrap();
    let run = seed.open_run();
    // One step, and its worker is gone.
    assert!(
        apply_some(&seed.app.services, &seed.actor(), run, id)
            .await
            .unwrap()
    );
    assert_eq!(seed.import(id).rows_applied, 200);
    seed.work().await;
    let import = seed.import(id);
    assert_eq!((import.state, import.rows_applied), (ImportState::Applied, 450));
    let audited: Vec<(Option<Uuid>, i64)> = audit_log::table
        .filter(audit_log::object_kind.eq("product"))
        .group_by(audit_log::object_id)
        .select((audit_log::object_id, diesel::dsl::count_star()))
        .load(&mut conn)
        .unwrap();
    assert_eq!(audited.len(), 450);
    assert!(audited.iter().all(|(_, count)| *count == 1));
}

#[tokio::test]
async fn a_way_back_that_breaks_off_is_gone_on_with_by_asking_once_more() {
    let seed = Seed::new().await;
    let (services, actor) = (&seed.app.services, seed.actor());
    let file = seed.many(450);
    let before = everything(&seed);
    let id = seed.check("a.csv", file).await.unwrap();
    apply_import(services, &actor, id).await.unwrap();
    seed.work().await;
    undo_import(services, &actor, id).await.unwrap();
    let run = seed.open_run();
    assert!(apply_some(services, &actor, run, id).await.unwrap());
    assert_eq!(seed.import(id).rows_undone, 200);
    // Whoever asked may not any more.
    set_role(&seed, "viewer");
    let run = seed.open_run();
    let result = kaspi_panel::worker::jobs::apply_import::run(services.clone(), run).await;
    assert!(result.is_err());
    assert_eq!(seed.import(id).state, ImportState::Failed);
    set_role(&seed, "manager");
    assert!(matches!(
        apply_import(services, &actor, id).await,
        Err(ImportError::TooLate)
    ));
    undo_import(services, &actor, id).await.unwrap();
    seed.work().await;
    let import = seed.import(id);
    assert_eq!((import.state, import.rows_undone), (ImportState::Undone, 450));
    assert_eq!(everything(&seed), before);
}

/// The worker as a process, killed in the middle; the next one ends the work.
#[tokio::test]
async fn a_killed_worker_leaves_nothing_half_done() {
    let mut seed = Seed::on(TestApp::builder().real_time().build()).await;
    let file = seed.many(600);
    let mut conn = seed.app.conn();
    let id = seed.check("a.csv", file).await.unwrap();
    let client = seed.client().await;
    client
        .post(&format!("/imports/{id}/apply"), &[])
        .await
        .expect(303);
    let mut worker = Process::worker(&seed.app, &[]);
    wait_until(
        "the first rows are written",
        std::time::Duration::from_secs(90),
        || {
            let applied = seed.import(id).rows_applied;
            async move { if applied > 0 { Ok(()) } else { Err(applied) } }
        },
    )
    .await;
    worker.kill();
    // In one look: a transaction of the killed worker may still be on its way.
    let written = products::table
        .filter(products::floor_tenge.ge(9_000_i64))
        .select(diesel::dsl::count_star())
        .single_value();
    let (applied, written): (i32, Option<i64>) = imports::table
        .find(id)
        .select((imports::rows_applied, written))
        .first(&mut conn)
        .unwrap();
    assert_eq!(Some(i64::from(applied)), written);
    let _next = Process::worker(&seed.app, &[]);
    wait_until("all rows are written", std::time::Duration::from_secs(90), || {
        let import = seed.import(id);
        async move {
            if import.state == ImportState::Applied {
                Ok(())
            } else {
                Err(import.rows_applied)
            }
        }
    })
    .await;
    assert_eq!(seed.import(id).rows_applied, 600);
    let once: i64 = audit_log::table
        .filter(audit_log::object_kind.eq("product"))
        .count()
        .get_result(&mut conn)
        .unwrap();
    assert_eq!(once, 600);
    let done = client.get(&format!("/imports/{id}")).await.expect(200);
    assert_eq!(done.texts("form[action$='/undo'] button").len(), 1);
    let left: i64 = import_rows::table
        .filter(import_rows::state.ne(ImportRowState::Applied))
        .count()
        .get_result(&mut conn)
        .unwrap();
    assert_eq!(left, 0);
}
