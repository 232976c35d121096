//! What happened to a product: prices sent and settings changed, newest first.

use chrono::{DateTime, Utc};

use super::why::{push_reason, push_shown, push_state};
use crate::{
    domain::{PushOrigin, PushState, Tenge},
    store::{
        audit::AuditEntry,
        public_looks::PublicLook,
        pushes::{Push, PushCity},
    },
    web::{format, pages::log::Change, texts::Texts},
};

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// Did what.
    pub what: String,
    /// Old and new values.
    pub changes: Vec<Change>,
    /// More about it; may be empty.
    pub note: String,
}

/// Pushes and edits together.
#[must_use]
pub fn events(
    pushes: &[(Push, Vec<PushCity>)],
    look: Option<PublicLook>,
    edits: Vec<AuditEntry>,
    city: &str,
    t: &Texts,
    limit: usize,
) -> Vec<Event> {
    let pushes = pushes
        .iter()
        .filter(|(push, _)| push.state != PushState::Superseded)
        .filter_map(|(push, cities)| {
            let city = cities
                .iter()
                .find(|each| each.city_id == city)
                .or(cities.first())?;
            Some(push_event(push, city, look, t))
        });
    let edits = edits
        .into_iter()
        .filter(|line| line.object_kind == "product")
        .map(|line| edit_event(line, t));
    let mut events: Vec<Event> = pushes.chain(edits).collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    events.truncate(limit);
    events
}

fn push_event(push: &Push, city: &PushCity, look: Option<PublicLook>, t: &Texts) -> Event {
    let state = push_state(push, t);
    let note = match &push.reason {
        Some(code) => format!("{state}: {}", push_reason(code, t)),
        None => state,
    };
    let note = match push_shown(push, look, t) {
        Some(shown) => format!("{note}, {shown}"),
        None => note,
    };
    Event {
        at: push.finished_at.or(push.sent_at).unwrap_or(push.planned_at),
        who: match push.origin {
            PushOrigin::Robot | PushOrigin::Restore => t.get("actor-robot"),
            PushOrigin::Person | PushOrigin::PutBack => t.get("actor-person"),
        },
        what: t.get(push_verb(push.state, city.before_tenge, city.price_tenge)),
        changes: vec![Change {
            field: t.get("field-price"),
            before: format::money(city.before_tenge),
            after: format::money(city.price_tenge),
        }],
        note,
    }
}

fn push_verb(state: PushState, before: Tenge, after: Tenge) -> &'static str {
    match (state, after < before) {
        (PushState::Confirmed, true) => "history-lowered",
        (PushState::Confirmed, false) => "history-raised",
        (state, true) if state.is_final() => "history-not-lowered",
        (state, false) if state.is_final() => "history-not-raised",
        (_, true) => "history-lowering",
        (_, false) => "history-raising",
    }
}

fn edit_event(line: AuditEntry, t: &Texts) -> Event {
    Event {
        at: line.at,
        who: crate::web::pages::log::actor_name(&line, t),
        what: t.get_or(&format!("history-{}", line.action), "history-update"),
        changes: Change::all(&line, t),
        note: line.reason.unwrap_or_default(),
    }
}
