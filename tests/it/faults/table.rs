//! Reading the two tables: `simulator/FAULTS.md` says what can go wrong and how it is switched on,
//! `docs/faults.md` what the product makes of it.

use serde_json::Value;

/// A fault of the simulator.
#[derive(Debug)]
pub struct Fault {
    /// Its name.
    pub name: String,
    /// Method of the call that switches it on.
    pub method: reqwest::Method,
    /// Path of that call.
    pub path: String,
    /// What is sent.
    pub body: Value,
    /// What goes wrong then, for people.
    pub effect: String,
}

/// A row of the product's table.
#[derive(Debug)]
pub struct Row {
    /// The fault.
    pub name: String,
    /// What the product does meanwhile.
    pub operation: String,
    /// How the answer is read.
    pub classified: String,
    /// What people see.
    pub shown: String,
    /// How often the marketplace was asked.
    pub asked: String,
}

/// All faults of the simulator, in their order.
pub fn faults() -> Vec<Fault> {
    cells("simulator/FAULTS.md")
        .into_iter()
        .filter(|cells| {
            cells
                .get(1)
                .is_some_and(|call| call.starts_with("`/control") || call.contains(" /control"))
        })
        .map(|cells| {
            let [name, call, body, effect] = &cells[..] else {
                panic!("four cells: {cells:?}");
            };
            let (method, path) = plain(call)
                .split_once(' ')
                .map(|(m, p)| (m.to_owned(), p.to_owned()))
                .unwrap();
            Fault {
                name: name.clone(),
                method: method.parse().unwrap(),
                path,
                body: serde_json::from_str(plain(body)).unwrap_or_else(|error| panic!("{name}: {error}")),
                effect: effect.clone(),
            }
        })
        .collect()
}

/// All rows of the product's table, in their order.
pub fn rows() -> Vec<Row> {
    cells("docs/faults.md")
        .into_iter()
        .filter(|cells| cells.len() == 5 && cells[0].starts_with('`'))
        .map(|cells| Row {
            name: plain(&cells[0]).to_owned(),
            operation: cells[1].clone(),
            classified: cells[2].clone(),
            shown: cells[3].clone(),
            asked: cells[4].clone(),
        })
        .collect()
}

/// The cells of every table row of a document.
fn cells(path: &str) -> Vec<Vec<String>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

fn plain(cell: &str) -> &str {
    cell.trim_matches('`')
}
