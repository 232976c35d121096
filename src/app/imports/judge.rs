//! Rows of a file against what holds: what would change, what would not, what is wrong and where. Changes nothing.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::values::{Values, beyond_with, limits_with, present, rule_value, same};
use crate::{
    app::product_edit::change_errors,
    domain::{
        imports::{ImportColumn, ImportRowState, ImportTrouble},
        preorder::MAX_DELIVERY_DAYS,
    },
    sheets::intake::{Row, Wanted},
    store::{
        import_products::{ImportProduct, Selections},
        imports::NewImportRow,
    },
};

/// Judges rows one by one and keeps those that matter.
#[derive(Debug)]
pub struct Judge {
    products: HashMap<String, ImportProduct>,
    selections: Selections,
    seen: HashSet<String>,
    /// Rows that change something or are wrong.
    pub rows: Vec<NewImportRow>,
    /// Rows that change something.
    pub changed: i32,
    /// Rows that change nothing.
    pub unchanged: i32,
    /// Rows that cannot be taken.
    pub wrong: i32,
}

/// What is wrong with a cell: the column and the key of a text.
type Trouble = (ImportColumn, String);

/// The key of the text about a trouble.
#[must_use]
pub fn text_key(trouble: ImportTrouble) -> String {
    format!("import-trouble-{trouble}")
}

/// Troubles as they are kept.
#[must_use]
pub fn troubles_value(troubles: &[Trouble]) -> Value {
    troubles
        .iter()
        .map(|(column, code)| json!({"column": column, "code": code}))
        .collect()
}

impl Judge {
    /// A judge who knows these products of a store.
    #[must_use]
    pub fn new(products: Vec<ImportProduct>, selections: Selections) -> Self {
        Self {
            products: products
                .into_iter()
                .map(|product| (product.sku.clone(), product))
                .collect(),
            selections,
            seen: HashSet::new(),
            rows: Vec::new(),
            changed: 0,
            unchanged: 0,
            wrong: 0,
        }
    }

    /// Judges the next row of the file.
    pub fn take(&mut self, row: Row) {
        let Row { number, sku, cells } = row;
        let mut troubles: Vec<Trouble> = Vec::new();
        let wrong = |troubles: &mut Vec<Trouble>, column, trouble| troubles.push((column, text_key(trouble)));
        if sku.is_empty() && cells.iter().all(|(column, _)| *column != ImportColumn::Sku) {
            wrong(&mut troubles, ImportColumn::Sku, ImportTrouble::NoSku);
        }
        let product = self.products.get(&sku);
        if !sku.is_empty() {
            if product.is_none() {
                wrong(&mut troubles, ImportColumn::Sku, ImportTrouble::UnknownSku);
            } else if !self.seen.insert(sku.clone()) {
                wrong(&mut troubles, ImportColumn::Sku, ImportTrouble::RepeatedSku);
            }
        }
        let (mut before, mut after) = (Values::new(), Values::new());
        for (column, wanted) in cells {
            let value = match self.value(column, wanted) {
                Ok(value) => value,
                Err(trouble) => {
                    wrong(&mut troubles, column, trouble);
                    continue;
                }
            };
            let Some(product) = product else { continue };
            let old = present(product, &self.selections, column);
            if !self.stays(column, &old, &value) {
                before.insert(column, old);
                after.insert(column, value);
            }
        }
        if let Some(product) = product
            && troubles.is_empty()
            && !after.is_empty()
        {
            troubles = limit_troubles(product, &after);
        }
        self.keep(number, sku, (&before, &after), &troubles);
    }

    fn keep(&mut self, number: u32, sku: String, (before, after): (&Values, &Values), troubles: &[Trouble]) {
        let state = if !troubles.is_empty() {
            self.wrong += 1;
            ImportRowState::Wrong
        } else if after.is_empty() {
            self.unchanged += 1;
            return;
        } else {
            self.changed += 1;
            ImportRowState::Planned
        };
        let text = |values: &Values| {
            if values.is_empty() {
                String::new()
            } else {
                json!(values).to_string()
            }
        };
        self.rows.push(NewImportRow {
            row_number: i32::try_from(number).unwrap_or(i32::MAX),
            product_id: self.products.get(&sku).map(|product| product.id),
            sku,
            state,
            before: text(before),
            after: text(after),
            troubles: if troubles.is_empty() {
                String::new()
            } else {
                troubles_value(troubles).to_string()
            },
        });
    }

    /// Does the product have this value already?
    fn stays(&self, column: ImportColumn, old: &Value, new: &Value) -> bool {
        match column {
            // Of several selections a form shows the first.
            ImportColumn::Rule => {
                let first = old.as_array().and_then(|rules| rules.first());
                same(column, old, new) || first.is_some_and(|first| same(column, &json!([first]), new))
            }
            // Without a preorder the goods are there.
            ImportColumn::PreorderDays => old == new || old.is_null() && *new == json!(0),
            _ => old == new,
        }
    }

    fn value(&self, column: ImportColumn, wanted: Wanted) -> Result<Value, ImportTrouble> {
        match (column, wanted) {
            (_, Wanted::Wrong(trouble)) => Err(trouble),
            (ImportColumn::Rule, Wanted::Nothing) => Ok(json!([])),
            (ImportColumn::Rule, Wanted::Name(name)) => {
                let name = name.to_lowercase();
                let mut found = self
                    .selections
                    .rules
                    .iter()
                    .filter(|rule| rule.name.to_lowercase() == name);
                let rule = found.next().ok_or(ImportTrouble::UnknownRule)?;
                if found.next().is_some() {
                    return Err(ImportTrouble::AmbiguousRule);
                }
                Ok(json!([rule_value(rule)]))
            }
            (ImportColumn::PreorderDays, Wanted::Amount(days)) => {
                if (0..=i64::from(MAX_DELIVERY_DAYS)).contains(&days) {
                    Ok(json!(days))
                } else {
                    Err(ImportTrouble::Days)
                }
            }
            (_, Wanted::Amount(amount)) => Ok(json!(amount)),
            (_, Wanted::Switch(on)) => Ok(json!(on)),
            (_, Wanted::Nothing) => Ok(Value::Null),
            (_, Wanted::Name(_)) => Err(ImportTrouble::NotANumber),
        }
    }
}

/// What a person would be told who typed these limits into the product's form.
fn limit_troubles(product: &ImportProduct, after: &Values) -> Vec<Trouble> {
    let limits = [
        ImportColumn::Floor,
        ImportColumn::Ceiling,
        ImportColumn::Enabled,
        ImportColumn::UnitCost,
    ];
    if !limits.iter().any(|column| after.contains_key(column)) {
        return Vec::new();
    }
    change_errors(&limits_with(product, after), &beyond_with(product, after))
        .into_iter()
        .map(|error| {
            let column = match error.field {
                "ceiling_tenge" => ImportColumn::Ceiling,
                _ => ImportColumn::Floor,
            };
            (column, error.code.to_owned())
        })
        .collect()
}
