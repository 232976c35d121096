//! What an import may set of a product, as values by column: those that hold now, and how others are written. Both go
//! through the same words, so that what was there before can be brought back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use crate::{
    app::{
        edit::EditError,
        preorder_edit::{NewPreorder, change_of, create_in, delete_in, fetch_for_change, update_in},
        product_edit::edit_product_in,
        terms::set_terms_in,
    },
    domain::{
        Actor, PreorderStatus, RuleId, StoreId, Tenge,
        imports::{ImportColumn, ImportTrouble},
        terms::Terms,
    },
    store::{
        StoreError,
        import_products::{ImportProduct, Selections},
        products::ProductChange,
        rules::RuleRow,
        terms::{TermsPlace, terms_fetch},
    },
};

/// Values by column. Amounts are whole tenge or days, `null`: not set; selections are lists of key and name.
pub type Values = BTreeMap<ImportColumn, Value>;

/// What a product has now in a column.
#[must_use]
pub fn present(product: &ImportProduct, selections: &Selections, column: ImportColumn) -> Value {
    match column {
        ImportColumn::Sku => json!(product.sku),
        ImportColumn::Floor => json!(product.floor),
        ImportColumn::Ceiling => json!(product.ceiling),
        ImportColumn::UnitCost => json!(product.unit_cost),
        ImportColumn::Enabled => json!(product.repricing_enabled),
        ImportColumn::PreorderDays => json!(product.preorder_days),
        ImportColumn::Rule => {
            let own = selections.of(product.id);
            Value::Array(own.into_iter().map(rule_value).collect())
        }
    }
}

/// A selection as a value.
#[must_use]
pub fn rule_value(rule: &RuleRow) -> Value {
    json!([rule.id, rule.name])
}

/// The keys of selections in a value.
#[must_use]
pub fn rule_ids(value: &Value) -> Vec<RuleId> {
    let rules = value.as_array().into_iter().flatten();
    rules
        .filter_map(|rule| rule.get(0)?.as_str()?.parse().ok())
        .collect()
}

/// Are these the same? Selections are by their keys: a new name is not another rule.
#[must_use]
pub fn same(column: ImportColumn, one: &Value, other: &Value) -> bool {
    if column == ImportColumn::Rule {
        rule_ids(one) == rule_ids(other)
    } else {
        one == other
    }
}

/// Limits, opt-in and hands-off of a product with these values in place of its own.
#[must_use]
pub fn limits_with(product: &ImportProduct, values: &Values) -> ProductChange {
    let amount = |column, own: Option<Tenge>| match values.get(&column) {
        Some(value) => value.as_i64().map(Tenge),
        None => own,
    };
    ProductChange {
        repricing_enabled: values
            .get(&ImportColumn::Enabled)
            .and_then(Value::as_bool)
            .unwrap_or(product.repricing_enabled),
        floor_tenge: amount(ImportColumn::Floor, product.floor),
        ceiling_tenge: amount(ImportColumn::Ceiling, product.ceiling),
        strategy: product.strategy.clone(),
        locked_until: product.locked_until,
    }
}

/// What holds for a product beyond its own limits, with the cost among these values.
#[must_use]
pub fn beyond_with(product: &ImportProduct, values: &Values) -> Terms {
    let own = match values.get(&ImportColumn::UnitCost) {
        Some(value) => value.as_i64().map(Tenge),
        None => product.unit_cost,
    };
    Terms {
        floor: product.wider_floor,
        unit_cost: own.or(product.wider_cost),
        ..Terms::default()
    }
}

/// Why values were not written.
#[derive(Debug)]
pub enum WriteError {
    /// This row cannot be written; others can.
    Trouble(ImportTrouble),
    /// The actor has no rights here any more.
    Forbidden,
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R: std::fmt::Debug> From<EditError<R>> for WriteError {
    fn from(error: EditError<R>) -> Self {
        match error {
            EditError::NotFound => Self::Trouble(ImportTrouble::Gone),
            EditError::Forbidden => Self::Forbidden,
            EditError::Invalid(_) => Self::Trouble(ImportTrouble::Refused),
            EditError::Conflict(_) => Self::Trouble(ImportTrouble::ChangedMeanwhile),
            EditError::Store(error) => Self::Store(error),
        }
    }
}

/// Writes values of a product through the functions that people's forms use, each with its audit row. Selections are
/// left to [`crate::app::rules::move_products_in`], which takes many products at once.
///
/// # Errors
/// See [`WriteError`]; the caller's savepoint takes back what was written before the error.
pub fn write(
    conn: &mut PgConnection,
    actor: &Actor,
    store_id: StoreId,
    product: &ImportProduct,
    values: &Values,
    now: DateTime<Utc>,
) -> Result<(), WriteError> {
    // Before the limits: without a floor only a known cost lets the robot be switched on.
    if let Some(cost) = values.get(&ImportColumn::UnitCost) {
        let place = TermsPlace::Product(store_id, product.id);
        let old = terms_fetch(conn, &place)?;
        let terms = Terms {
            unit_cost: cost.as_i64().map(Tenge),
            ..old.as_ref().map(|row| row.terms()).unwrap_or_default()
        };
        set_terms_in(conn, actor, &place, old.map_or(0, |row| row.version), &terms, now)?;
    }
    let limits = [ImportColumn::Floor, ImportColumn::Ceiling, ImportColumn::Enabled];
    if limits.iter().any(|column| values.contains_key(column)) {
        let change = limits_with(product, values);
        edit_product_in(conn, actor, (product.id, product.version), change, now)?;
    }
    if let Some(days) = values.get(&ImportColumn::PreorderDays) {
        write_days(conn, actor, product, days, now)?;
    }
    Ok(())
}

fn write_days(
    conn: &mut PgConnection,
    actor: &Actor,
    product: &ImportProduct,
    days: &Value,
    now: DateTime<Utc>,
) -> Result<(), WriteError> {
    let days = days.as_i64().and_then(|days| i32::try_from(days).ok());
    match (product.preorder_id, days) {
        (Some(id), Some(days)) => {
            let row = fetch_for_change(conn, actor, id)?;
            let version = row.preorder.version;
            let mut change = change_of(&row.preorder);
            change.delivery_days = days;
            update_in(conn, actor, row, version, change, now)?;
        }
        (None, Some(days)) => {
            let new = NewPreorder {
                product_id: product.id,
                store_id: None,
                article: None,
                name: None,
                brand: None,
                status: PreorderStatus::Processing,
                price_tenge: None,
                warehouses: json!({}),
                delivery_days: days,
            };
            create_in(conn, actor, new, now)?;
        }
        // The way back from one that the import has made, unless somebody has put more into it since.
        (Some(id), None) => {
            if product.preorder_version != Some(1) {
                return Err(WriteError::Trouble(ImportTrouble::ChangedMeanwhile));
            }
            delete_in(conn, actor, id, now)?;
        }
        (None, None) => {}
    }
    Ok(())
}
