//! Adding, changing and removing tariffs. For administrators. A tariff whose day has begun explains decisions that
//! were made with it: whoever touches one says why.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::edit::{EditError, FieldError, changed_fields, too_long};
use crate::{
    domain::{
        Actor, Role, TariffId,
        percent::Percent,
        tariffs::{Rate, STANDARD, Tariff, TariffKind, Tariffs},
        terms::{USUAL_COMMISSION, USUAL_DELIVERY},
    },
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        error::Unique,
        pushes::almaty_day,
        tariffs::{TariffRow, tariff_delete, tariff_fetch, tariff_insert, tariff_update, tariffs_load},
        terms::{products_all_make_due, terms_name_tariff},
    },
};

/// Why a tariff was not changed.
pub type TariffEditError = EditError<TariffRow>;

/// Years in which a tariff can begin.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;
/// Longest name, as the table takes it.
const NAME_MAX: usize = 50;
/// Longest reason.
const REASON_MAX: usize = 500;

/// Adds a tariff. One that begins today or began earlier wants a reason.
///
/// # Errors
/// See [`EditError`].
pub async fn add_tariff(
    services: &Services,
    actor: &Actor,
    tariff: Tariff,
    reason: &str,
) -> Result<TariffId, TariffEditError> {
    let act = Act::new(services, actor, reason)?;
    services
        .db
        .tx(move |conn| {
            let mut errors = tariff_errors(&tariff);
            act.check_reason(&[tariff.valid_from], &mut errors);
            refuse(errors)?;
            let before = tariffs_load(conn)?;
            let row = TariffRow::new(&tariff, act.now);
            taken_day(tariff_insert(conn, &row))?;
            act.let_products_know(conn, &before, &tariff)?;
            act.audit(conn, &row, "create", json!({}), tariff_json(&tariff))?;
            Ok(row.id)
        })
        .await
}

/// Changes day and rate of a tariff that still has `version`. A change to the same values writes nothing. Where the
/// old or the new day has begun it wants a reason.
///
/// # Errors
/// See [`EditError`]; `Invalid` also where terms that name the tariff would be left without a rate.
pub async fn edit_tariff(
    services: &Services,
    actor: &Actor,
    (id, version): (TariffId, i32),
    (valid_from, rate): (NaiveDate, Rate),
    reason: &str,
) -> Result<(), TariffEditError> {
    let act = Act::new(services, actor, reason)?;
    services
        .db
        .tx(move |conn| {
            let row = tariff_fetch(conn, id)?.ok_or(EditError::NotFound)?;
            let old = row.tariff()?;
            let new = Tariff {
                valid_from,
                rate,
                ..old.clone()
            };
            let mut errors = tariff_errors(&new);
            let change = changed_fields(tariff_json(&old), tariff_json(&new));
            if change.is_some() {
                act.check_reason(&[old.valid_from, new.valid_from], &mut errors);
            }
            refuse(errors)?;
            if row.version != version {
                return Err(EditError::Conflict(Box::new(row)));
            }
            let Some((was, is)) = change else {
                return Ok(());
            };
            let before = tariffs_load(conn)?;
            taken_day(stale(
                tariff_update(conn, (id, version), (new.valid_from, &new.rate), act.now),
                conn,
                id,
            ))?;
            act.check_still_there(conn, &before, &old, "valid_from")?;
            act.let_products_know(conn, &before, &old)?;
            act.audit(conn, &row, "update", was, is)
        })
        .await
}

/// Removes a tariff that still has `version`. One whose day has begun wants a reason.
///
/// # Errors
/// See [`EditError`]; `Invalid` also where terms that name the tariff would be left without a rate.
pub async fn delete_tariff(
    services: &Services,
    actor: &Actor,
    (id, version): (TariffId, i32),
    reason: &str,
) -> Result<(), TariffEditError> {
    let act = Act::new(services, actor, reason)?;
    services
        .db
        .tx(move |conn| {
            let row = tariff_fetch(conn, id)?.ok_or(EditError::NotFound)?;
            let old = row.tariff()?;
            let mut errors = Vec::new();
            act.check_reason(&[old.valid_from], &mut errors);
            refuse(errors)?;
            if row.version != version {
                return Err(EditError::Conflict(Box::new(row)));
            }
            let before = tariffs_load(conn)?;
            stale(tariff_delete(conn, (id, version)), conn, id)?;
            act.check_still_there(conn, &before, &old, "name")?;
            act.let_products_know(conn, &before, &old)?;
            act.audit(conn, &row, "delete", tariff_json(&old), json!({}))
        })
        .await
}

/// Who acts, when and why.
struct Act {
    actor: Actor,
    now: DateTime<Utc>,
    today: NaiveDate,
    reason: String,
}

impl Act {
    fn new(services: &Services, actor: &Actor, reason: &str) -> Result<Self, TariffEditError> {
        if actor.role != Role::Admin {
            return Err(EditError::Forbidden);
        }
        let now = services.now();
        Ok(Self {
            actor: actor.clone(),
            now,
            today: almaty_day(now),
            reason: reason.trim().to_owned(),
        })
    }

    fn check_reason(&self, days: &[NaiveDate], errors: &mut Vec<FieldError>) {
        if self.reason.is_empty() && days.iter().any(|day| *day <= self.today) {
            errors.push(FieldError::new("reason", "tariff-error-reason"));
        }
        if too_long(Some(&self.reason), REASON_MAX) {
            errors.push(FieldError::new("reason", "error-too-long"));
        }
    }

    /// A name that terms use, or that stands where none is set, must not lose the rate it has today, nor vanish:
    /// without it costs are unknown, and only floors limit the prices.
    fn check_still_there(
        &self,
        conn: &mut PgConnection,
        before: &Tariffs,
        Tariff { kind, name, .. }: &Tariff,
        field: &'static str,
    ) -> Result<(), TariffEditError> {
        let after = tariffs_load(conn)?;
        let holds = |tariffs: &Tariffs| tariffs.on(*kind, name, self.today).is_some();
        let lost = (holds(before) && !holds(&after)) || !after.has(*kind, name);
        if lost && (is_standard(*kind, name) || terms_name_tariff(conn, *kind, name)?) {
            return Err(EditError::Invalid(vec![FieldError::new(
                field,
                "tariff-error-in-use",
            )]));
        }
        Ok(())
    }

    /// Where another rate holds today than before, prices are decided about at once.
    fn let_products_know(
        &self,
        conn: &mut PgConnection,
        before: &Tariffs,
        Tariff { kind, name, .. }: &Tariff,
    ) -> Result<(), StoreError> {
        let after = tariffs_load(conn)?;
        if before.on(*kind, name, self.today) == after.on(*kind, name, self.today) {
            return Ok(());
        }
        products_all_make_due(conn, self.now)
    }

    fn audit(
        &self,
        conn: &mut PgConnection,
        row: &TariffRow,
        action: &str,
        before: Value,
        after: Value,
    ) -> Result<(), TariffEditError> {
        let name = format!("{}: {}", row.kind, row.name);
        let object = ("tariff", row.id.0, name.as_str());
        let mut entry = AuditEntry::new(&self.actor, self.now, None, object, action).change(before, after);
        entry.reason = Some(self.reason.clone()).filter(|reason| !reason.is_empty());
        Ok(audit_insert(conn, &entry)?)
    }
}

/// Names that count where terms name none.
fn is_standard(kind: TariffKind, name: &str) -> bool {
    match kind {
        TariffKind::Commission => name == USUAL_COMMISSION,
        TariffKind::Delivery => name == USUAL_DELIVERY,
        TariffKind::DeliveryVat => name == STANDARD,
        TariffKind::Tax => false,
    }
}

fn tariff_errors(tariff: &Tariff) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if tariff.name.is_empty() || tariff.name.len() > NAME_MAX || !tariff.name.chars().all(plain) {
        errors.push(FieldError::new("name", "tariff-error-name"));
    } else if tariff.kind == TariffKind::DeliveryVat && tariff.name != STANDARD {
        errors.push(FieldError::new("name", "tariff-error-name-standard"));
    }
    if !YEARS.contains(&tariff.valid_from.year()) {
        errors.push(FieldError::new("valid_from", "tariff-error-day"));
    }
    match (&tariff.rate, tariff.kind == TariffKind::Delivery) {
        (Rate::Share(share), false) => {
            if !(Percent::whole(0)..=Percent::whole(100)).contains(share) {
                errors.push(FieldError::new("percent", "tariff-error-percent"));
            }
        }
        // The table checked its steps when it was made.
        (Rate::Fees(_), true) => {}
        (Rate::Share(_), true) => errors.push(FieldError::new("fees", "tariff-error-fees")),
        (Rate::Fees(_), false) => errors.push(FieldError::new("percent", "tariff-error-percent")),
    }
    errors
}

fn tariff_json(tariff: &Tariff) -> Value {
    match &tariff.rate {
        Rate::Share(share) => json!({"valid_from": tariff.valid_from, "percent": share}),
        Rate::Fees(table) => json!({"valid_from": tariff.valid_from, "fees": table}),
    }
}

fn refuse(errors: Vec<FieldError>) -> Result<(), TariffEditError> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EditError::Invalid(errors))
    }
}

fn taken_day<T>(result: Result<T, impl Into<TariffEditError>>) -> Result<T, TariffEditError> {
    result.map_err(|error| match error.into() {
        EditError::Store(StoreError::Duplicate(Unique::Tariff)) => {
            EditError::Invalid(vec![FieldError::new("valid_from", "tariff-error-day-taken")])
        }
        other => other,
    })
}

/// Somebody was faster between our look and our write.
fn stale(
    result: Result<(), StoreError>,
    conn: &mut PgConnection,
    id: TariffId,
) -> Result<(), TariffEditError> {
    match result {
        Err(StoreError::Stale) => {
            let row = tariff_fetch(conn, id)?.ok_or(EditError::NotFound)?;
            Err(EditError::Conflict(Box::new(row)))
        }
        result => Ok(result?),
    }
}
