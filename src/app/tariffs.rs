//! Tariffs: adding, changing and removing what marketplace and state take from a sale. Administrators only.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::edit::{EditError, FieldError, changed_fields};
use crate::{
    domain::{
        Actor, TariffId, Tenant,
        percent::Percent,
        tariffs::{Rate, STANDARD, Tariff},
        terms::{USUAL_COMMISSION, USUAL_DELIVERY},
    },
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        error::Unique,
        tariffs::{TariffRow, tariff_delete, tariff_fetch, tariff_insert, tariff_list, tariff_update},
        terms::{products_all_make_due, terms_name_tariff},
    },
};

/// Why a tariff was not changed.
pub type TariffEditError = EditError<TariffRow>;

/// Adds a tariff that holds from its day on.
///
/// # Errors
/// `Forbidden` for everybody but administrators; `Invalid`.
pub async fn add_tariff(
    services: &Services,
    actor: &Actor,
    tariff: Tariff,
) -> Result<TariffId, TariffEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            administrators_only(&actor)?;
            let mut errors = rate_errors(&tariff.rate);
            if !is_name(&tariff.name) {
                errors.push(FieldError::new("name", "tariff-error-name"));
            }
            if !errors.is_empty() {
                return Err(EditError::Invalid(errors));
            }
            let row = TariffRow::new(&tariff, now);
            taken(tariff_insert(conn, &row))?;
            let after = tariff_json(tariff.valid_from, &tariff.rate);
            log(conn, &actor, &row, "create", (json!({}), after), now)?;
            Ok(row.id)
        })
        .await
}

/// Changes day and rate of a tariff that still has `version`. A change to the same values writes nothing.
///
/// # Errors
/// See [`EditError`].
pub async fn edit_tariff(
    services: &Services,
    actor: &Actor,
    (id, version): (TariffId, i32),
    (valid_from, rate): (NaiveDate, Rate),
) -> Result<(), TariffEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            administrators_only(&actor)?;
            let row = tariff_fetch(conn, id)?.ok_or(EditError::NotFound)?;
            let errors = rate_errors(&rate);
            if !errors.is_empty() {
                return Err(EditError::Invalid(errors));
            }
            if row.version != version {
                return Err(EditError::Conflict(Box::new(row)));
            }
            let old = row.tariff()?;
            let after = tariff_json(valid_from, &rate);
            let Some(change) = changed_fields(tariff_json(old.valid_from, &old.rate), after) else {
                return Ok(());
            };
            match tariff_update(conn, (id, version), (valid_from, &rate), now) {
                Err(StoreError::Stale) => {
                    let row = tariff_fetch(conn, id)?.ok_or(EditError::NotFound)?;
                    return Err(EditError::Conflict(Box::new(row)));
                }
                result => taken(result)?,
            }
            log(conn, &actor, &row, "update", change, now)
        })
        .await
}

/// Removes a tariff that still has `version`: the one before it holds on. The last one of a name that somebody
/// counts with stays: without it nobody would know what prices earn.
///
/// # Errors
/// See [`EditError`].
pub async fn delete_tariff(
    services: &Services,
    actor: &Actor,
    (id, version): (TariffId, i32),
) -> Result<(), TariffEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            administrators_only(&actor)?;
            let row = tariff_fetch(conn, id)?.ok_or(EditError::NotFound)?;
            if row.version != version {
                return Err(EditError::Conflict(Box::new(row)));
            }
            let like = |other: &TariffRow| other.kind == row.kind && other.name == row.name;
            let last = tariff_list(conn)?.iter().filter(|other| like(other)).count() == 1;
            let usual = [USUAL_COMMISSION, USUAL_DELIVERY, STANDARD].contains(&row.name.as_str());
            if last && (usual || terms_name_tariff(conn, row.kind, &row.name)?) {
                return Err(EditError::Invalid(vec![FieldError::new(
                    "name",
                    "tariff-error-in-use",
                )]));
            }
            let old = row.tariff()?;
            tariff_delete(conn, id)?;
            let before = tariff_json(old.valid_from, &old.rate);
            log(conn, &actor, &row, "delete", (before, json!({})), now)
        })
        .await
}

fn administrators_only(actor: &Actor) -> Result<(), TariffEditError> {
    if actor.may_change() && actor.tenant() == Tenant::All {
        Ok(())
    } else {
        Err(EditError::Forbidden)
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=50).contains(&name.len()) && name.bytes().all(fits)
}

/// A table checks itself when it is made.
fn rate_errors(rate: &Rate) -> Vec<FieldError> {
    match rate {
        Rate::Share(share) if *share < Percent::whole(0) || *share > Percent::whole(100) => {
            vec![FieldError::new("percent", "tariff-error-percent")]
        }
        Rate::Share(_) | Rate::Fees(_) => Vec::new(),
    }
}

fn taken(result: Result<(), StoreError>) -> Result<(), TariffEditError> {
    match result {
        Err(StoreError::Duplicate(Unique::Tariff)) => Err(EditError::Invalid(vec![FieldError::new(
            "valid_from",
            "tariff-error-day-taken",
        )])),
        result => Ok(result?),
    }
}

fn tariff_json(valid_from: NaiveDate, rate: &Rate) -> Value {
    match rate {
        Rate::Share(share) => json!({ "valid_from": valid_from, "percent": share }),
        Rate::Fees(table) => json!({ "valid_from": valid_from, "delivery": table }),
    }
}

fn log(
    conn: &mut PgConnection,
    actor: &Actor,
    row: &TariffRow,
    action: &str,
    (before, after): (Value, Value),
    now: DateTime<Utc>,
) -> Result<(), TariffEditError> {
    products_all_make_due(conn, now)?;
    let name = format!("{}: {}", row.kind, row.name);
    let object = ("tariff", row.id.0, name.as_str());
    let entry = AuditEntry::new(actor, now, None, object, action).change(before, after);
    Ok(audit_insert(conn, &entry)?)
}
