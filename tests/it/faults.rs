//! Everything the marketplace can do wrong, one test a row of `docs/faults.md`: the fault is switched on in the
//! simulator, an operation of the product runs, and what came of it must be what the row says.

mod logins;
mod operations;
mod rows;
mod table;

use operations::Observed;
use table::{Fault, Row};

/// One test a row. Their names stand in `rows.rs`, because the test runner wants to know them beforehand.
macro_rules! one_test_each {
    ($($name:ident)*) => {
        /// The rows that have a test.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[actix_web::test]
            async fn $name() {
                super::check(stringify!($name)).await;
            }
        )*
    };
}
use one_test_each;

/// The name of a row as that of its test.
fn test_name(row: &Row) -> String {
    row.name.replace('-', "_")
}

/// Runs a row and compares.
async fn check(test: &str) {
    let row = table::rows()
        .into_iter()
        .find(|row| test_name(row) == test)
        .expect("a row");
    let fault = table::faults()
        .into_iter()
        .find(|fault| fault.name == row.name)
        .expect("a fault");
    let observed = run(&row, &fault).await;
    let told = Observed {
        classified: row.classified.clone(),
        shown: row.shown.clone(),
        asked: row.asked.clone(),
    };
    assert_eq!(
        observed, told,
        "\n{}, {}: {}",
        row.name, row.operation, fault.effect
    );
}

async fn run(row: &Row, fault: &Fault) -> Observed {
    if row.operation.starts_with("login") {
        return logins::observe(row, fault).await;
    }
    let prepared = operations::prepare(&row.operation).await;
    let market = &prepared.app.market;
    market
        .call(fault.method.clone(), &fault.path, fault.body.clone())
        .await;
    operations::run(&prepared, &row.operation).await
}

#[test]
fn every_fault_of_the_simulator_has_a_row() {
    let faults: Vec<String> = table::faults().into_iter().map(|fault| fault.name).collect();
    let rows: Vec<String> = table::rows().into_iter().map(|row| row.name).collect();
    assert!(faults.len() > 100, "{}", faults.len());
    let without: Vec<_> = faults.iter().filter(|name| !rows.contains(name)).collect();
    let unknown: Vec<_> = rows.iter().filter(|name| !faults.contains(name)).collect();
    assert!(
        without.is_empty() && unknown.is_empty(),
        "no row: {without:?}; no fault: {unknown:?}"
    );
    let distinct: std::collections::BTreeSet<_> = rows.iter().collect();
    assert_eq!(distinct.len(), rows.len(), "a row stands twice");
}

#[test]
fn every_row_has_a_test() {
    let told: Vec<String> = table::rows().iter().map(test_name).collect();
    if told == rows::NAMES {
        return;
    }
    let names: String = told.iter().map(|name| format!("    {name}\n")).collect();
    let text = format!(
        "//! The rows of `docs/faults.md` in its order; a test tells what must stand here.\n\nuse super::one_test_each;\n\none_test_each! {{\n{names}}}\n"
    );
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fault-rows.rs");
    std::fs::write(&path, text).unwrap();
    panic!(
        "tests/it/faults/rows.rs does not fit docs/faults.md; it must be {}",
        path.display()
    );
}
