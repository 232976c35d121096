//! The limits of the brakes that stop, hold or slow automatic prices. For administrators.

use std::collections::BTreeMap;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use chrono::{DateTime, Utc};

use crate::{
    app::{
        edit::{EditError, FieldError},
        safety_limits::{LIMITS, Limit, edit_safety_limits, safety_limits, values_of},
    },
    domain::brakes::SafetyLimits,
    services::Services,
    web::{
        Shell, WebResult,
        auth::AdminUser,
        filters,
        render::{html, html_with, see_other},
        session,
    },
};

#[derive(Template)]
#[template(path = "settings/brakes.html")]
struct BrakesPage {
    shell: Shell,
    /// What stands in the fields, by name.
    typed: BTreeMap<String, String>,
    /// When the limits were set that the form began with; empty: never.
    seen: String,
    errors: Vec<FieldError>,
    /// What somebody else set meanwhile.
    theirs: Option<BTreeMap<&'static str, i32>>,
}

impl BrakesPage {
    fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    fn typed(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }

    fn is_wrong(&self, name: &str) -> bool {
        self.errors.iter().any(|error| error.field == name)
    }

    /// `Целое число от 1 до 50.`
    fn range(&self, limit: &Limit) -> String {
        self.shell
            .t
            .with2("brakes-error-range", "least", limit.least, "most", limit.most)
    }

    fn wrong(&self) -> Vec<(&'static str, String)> {
        let sentences = self.errors.iter().map(|error| {
            let limit = LIMITS.iter().find(|limit| limit.name == error.field);
            let text = limit.map_or_else(|| self.shell.t.get(error.code), |limit| self.range(limit));
            (error.field, text)
        });
        sentences.collect()
    }

    fn usual(&self, name: &str) -> i32 {
        values_of(&SafetyLimits::default())
            .get(name)
            .copied()
            .unwrap_or_default()
    }

    /// What somebody else set, where it is another value than the typed one.
    fn other(&self, name: &str) -> Option<i32> {
        let theirs = *self.theirs.as_ref()?.get(name)?;
        (theirs.to_string() != self.typed(name).trim()).then_some(theirs)
    }
}

/// The form with the limits in force.
pub async fn show(shell: Shell, _: AdminUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    let (limits, set_at) = safety_limits(&services).await?;
    let typed = values_of(&limits)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_string()))
        .collect();
    html(&BrakesPage {
        shell,
        typed,
        seen: stamp(set_at),
        errors: Vec::new(),
        theirs: None,
    })
}

/// Sets the limits.
pub async fn save(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<BTreeMap<String, String>>,
) -> WebResult<HttpResponse> {
    let typed = form.into_inner();
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let seen = text("seen")
        .parse::<i64>()
        .ok()
        .and_then(DateTime::from_timestamp_micros);
    let values: BTreeMap<&'static str, i64> = LIMITS
        .iter()
        .filter_map(|limit| Some((limit.name, text(limit.name).parse().ok()?)))
        .collect();
    let done = edit_safety_limits(&services, &user.0.actor(&req), seen, &values, text("reason")).await;
    let mut page = BrakesPage {
        shell,
        seen: text("seen").to_owned(),
        errors: Vec::new(),
        theirs: None,
        typed,
    };
    match done {
        Ok(()) => {
            session::flash(&session, true, page.shell.t.get("brakes-saved"))?;
            Ok(see_other("/settings/brakes"))
        }
        Err(EditError::Invalid(errors)) => {
            page.errors = errors;
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(EditError::Conflict(theirs)) => {
            let (_, set_at) = safety_limits(&services).await?;
            page.seen = stamp(set_at);
            page.theirs = Some(values_of(&theirs));
            html_with(StatusCode::CONFLICT, &page)
        }
        Err(error) => Err(error.into()),
    }
}

fn stamp(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(String::new, |at| at.timestamp_micros().to_string())
}
