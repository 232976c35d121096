//! Changes of JSON answers: fields by path, rows by position or by what they hold.

use serde_json::{Map, Value};

use super::Fault;

/// Names under which answers keep their rows.
const ROW_FIELDS: [&str; 3] = ["offers", "data", "merchants"];

/// The rows of an answer: a known field, or the answer itself when it is an array.
pub fn of(value: &mut Value) -> Option<&mut Vec<Value>> {
    if value.is_array() {
        return value.as_array_mut();
    }
    let fields = value.as_object_mut()?;
    let name = ROW_FIELDS
        .into_iter()
        .find(|name| fields.get(*name).is_some_and(Value::is_array))?;
    fields.get_mut(name)?.as_array_mut()
}

/// Whether a row holds all of these field values.
fn holds(row: &Value, wanted: &Map<String, Value>) -> bool {
    wanted.iter().all(|(name, value)| row.get(name) == Some(value))
}

/// Merges the patch into the rows that are meant.
pub fn patch(value: &mut Value, fault: &Fault) {
    let Some(rows) = of(value) else { return };
    let most = fault.rows.and_then(|rows| usize::try_from(rows).ok());
    rows.iter_mut()
        .filter(|row| holds(row, &fault.wanted))
        .take(most.unwrap_or(usize::MAX))
        .for_each(|row| merge(row, fault));
}

/// Takes the last rows out, or those that hold what is wanted; `total` stays as it was.
pub fn take_out(value: &mut Value, fault: &Fault) {
    let Some(rows) = of(value) else { return };
    if fault.wanted.is_empty() {
        let gone = fault
            .rows
            .and_then(|rows| usize::try_from(rows).ok())
            .unwrap_or(1);
        rows.truncate(rows.len().saturating_sub(gone));
    } else {
        rows.retain(|row| !holds(row, &fault.wanted));
    }
}

/// Appends one row or several and counts them.
pub fn append(value: &mut Value, more: &Value) {
    let more = match more {
        Value::Array(rows) => rows.clone(),
        row => vec![row.clone()],
    };
    let count = more.len();
    if let Some(rows) = of(value) {
        rows.extend(more);
    }
    let total = value.get("total").and_then(Value::as_u64);
    if let (Some(total), Value::Object(fields)) = (total, value) {
        let count = u64::try_from(count).unwrap_or(0);
        fields.insert("total".to_owned(), Value::from(total.saturating_add(count)));
    }
}

/// Puts the fields of the patch into the object; null takes a field out, `nulls` make it null. A name with dots or
/// `[]` is a path: `availabilities[].available`, `attributes.state`.
pub fn merge(value: &mut Value, fault: &Fault) {
    if let Some(Value::Object(changes)) = &fault.patch {
        for (name, change) in changes {
            let new = (!change.is_null()).then_some(change);
            put(value, name, new);
        }
    }
    for name in &fault.nulls {
        put(value, name, Some(&Value::Null));
    }
}

fn put(value: &mut Value, path: &str, new: Option<&Value>) {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    if let Some(name) = head.strip_suffix("[]") {
        let items = value.get_mut(name).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            match rest {
                Some(rest) => put(item, rest, new),
                None => *item = new.cloned().unwrap_or_default(),
            }
        }
        return;
    }
    if let Some(rest) = rest {
        if let Some(inner) = value.get_mut(head) {
            put(inner, rest, new);
        }
        return;
    }
    if let Value::Object(fields) = value {
        match new {
            Some(new) => {
                fields.insert(head.to_owned(), new.clone());
            }
            None => {
                fields.remove(head);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn fault(fields: Value) -> Fault {
        let mut all = json!({ "endpoint": "list", "kind": "row_patch" });
        all.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn patches_follow_paths_remove_and_null() {
        let mut row =
            json!({ "a": 1, "b": 2, "c": 3, "list": [{ "x": "yes" }, { "x": "no" }], "in": { "y": 1 } });
        merge(
            &mut row,
            &fault(json!({ "patch": { "a": null, "list[].x": true, "in.y": 2, "new": 4 }, "nulls": ["b"] })),
        );
        assert_eq!(
            row,
            json!({ "b": null, "c": 3, "list": [{ "x": true }, { "x": true }], "in": { "y": 2 }, "new": 4 })
        );
    }

    #[test]
    fn rows_are_chosen_by_number_and_by_what_they_hold() {
        let answer = || json!({ "data": [{ "k": 1 }, { "k": 2 }, { "k": 2 }], "total": 3 });
        let mut value = answer();
        patch(
            &mut value,
            &fault(json!({ "patch": { "z": 0 }, "where": { "k": 2 }, "rows": 1 })),
        );
        assert_eq!(value["data"], json!([{ "k": 1 }, { "k": 2, "z": 0 }, { "k": 2 }]));
        let mut value = answer();
        take_out(&mut value, &fault(json!({ "where": { "k": 2 } })));
        assert_eq!(value, json!({ "data": [{ "k": 1 }], "total": 3 }));
        let mut value = answer();
        take_out(&mut value, &fault(json!({ "rows": 2 })));
        assert_eq!(value["data"], json!([{ "k": 1 }]));
        let mut value = answer();
        append(&mut value, &json!([{ "k": 9 }, {}]));
        assert_eq!(
            (value["data"].as_array().unwrap().len(), &value["total"]),
            (5, &json!(5))
        );
    }
}
