//! Every row of FAULTS.md is switched on as it is written there, and its effect is seen over HTTP.

mod blocks;
mod files;
mod list;
mod login;
mod offers;
mod orders;
mod price;
mod session;
mod time;
mod transport;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Simulator;

/// A row of the table.
pub struct Row {
    pub name: String,
    method: String,
    path: String,
    body: Value,
}

impl Row {
    /// Makes the call of the row.
    pub async fn switch_on(&self, market: &Simulator) {
        market.control(&self.method, &self.path, self.body.clone()).await;
    }
}

/// The rows under a heading of FAULTS.md.
pub fn section(title: &str) -> Vec<Row> {
    let text = include_str!("../../FAULTS.md");
    let start = format!("\n## {title}\n");
    let (_, rest) = text.split_once(&start).expect("the heading");
    let rest = rest.split("\n## ").next().expect("a section");
    let rows: Vec<Row> = rest.lines().filter_map(row).collect();
    assert!(!rows.is_empty(), "{title} has rows");
    rows
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
    let [name, call, json, _effect, ""] = cells.as_slice() else {
        panic!("four cells: {line}");
    };
    if *name == "Name" || name.starts_with("---") {
        return None;
    }
    let (method, path) = call.trim_matches('`').split_once(' ').expect("method and path");
    Some(Row {
        name: (*name).to_owned(),
        method: method.to_owned(),
        path: path.strip_prefix("/control/").expect("a control call").to_owned(),
        body: serde_json::from_str(json.trim_matches('`')).unwrap_or_else(|error| panic!("{line}: {error}")),
    })
}

#[test]
fn names_are_unique() {
    let lines = include_str!("../../FAULTS.md").lines();
    let names: Vec<String> = lines.filter_map(row).map(|row| row.name).collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    assert!(names.iter().all(|name| {
        name.chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
    }));
}
