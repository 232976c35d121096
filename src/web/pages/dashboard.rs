//! The dashboard: what asks for a person, the figures of the day, what the robot did and why.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Days, NaiveTime, Utc};
use chrono_tz::Asia::Almaty;

use super::{alerts, stop};
use crate::{
    app::tariff_changes::{ComingChange, coming_changes},
    domain::{Outcome, PushState, SessionState, Tenge},
    services::Services,
    store::{
        StoreError,
        overview::{RecentDecision, Today, overview_decisions, overview_today},
        pushes::almaty_day,
    },
    web::{
        Shell, WebResult,
        auth::CurrentUser,
        filters, format,
        render::html,
        routes::{Access, Kind, Route},
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[Route::get("/", Kind::Page, Access::SignedIn, || {
    web::to(dashboard)
})];

/// Alerts listed on the dashboard; their page has them all.
const ALERTS: usize = 5;

/// Decisions listed on the dashboard.
const LISTED: i64 = 20;

/// How long before tariffs change it is told.
const TARIFFS_AHEAD: Days = Days::new(14);

/// One thing that asks for a person, with the one act that answers it.
struct Issue {
    class: &'static str,
    icon: &'static str,
    word: String,
    title: String,
    text: String,
    at: Option<DateTime<Utc>>,
    href: String,
    act: String,
}

/// One decision in words.
struct DecisionRow {
    decision: RecentDecision,
    change: Option<(&'static str, &'static str, String)>,
    why: String,
    state: (&'static str, &'static str, String),
}

#[derive(Template)]
#[template(path = "dashboard/page.html")]
struct DashboardPage {
    shell: Shell,
    issues: Vec<Issue>,
    today: Today,
    decisions: Vec<DecisionRow>,
}

impl DashboardPage {
    fn weekday(&self) -> String {
        let day = format::weekday(self.shell.now);
        self.shell.t.get(format!("weekday-{day}"))
    }

    fn sent_text(&self) -> String {
        let Today {
            confirmed,
            open,
            refused,
            ..
        } = &self.today;
        self.shell.t.with_all(
            "figure-sent-text",
            &[("confirmed", confirmed), ("open", open), ("refused", refused)],
        )
    }

    fn first_place(&self) -> String {
        match format::percent(self.today.first_place, self.today.decided, self.shell.t.language) {
            share if share.is_empty() => "—".to_owned(),
            share => share,
        }
    }
}

async fn dashboard(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let (tenant, since) = (user.tenant(), start_of_day(shell.now));
    let (today, decisions) = services
        .db
        .read(move |conn| {
            let today = overview_today(conn, tenant, since)?;
            Ok::<_, StoreError>((today, overview_decisions(conn, tenant, LISTED)?))
        })
        .await?;
    let t = shell.t;
    let last = almaty_day(shell.now) + TARIFFS_AHEAD;
    let changes = coming_changes(&services, tenant, Some(last)).await?;
    let mut issues = issues(&shell);
    issues.extend(changes.iter().map(|change| tariffs_issue(change, t)));
    html(&DashboardPage {
        issues,
        today,
        decisions: decisions.into_iter().map(|d| row(d, t)).collect(),
        shell,
    })
}

/// Midnight in Almaty.
fn start_of_day(now: DateTime<Utc>) -> DateTime<Utc> {
    let local = now.with_timezone(&Almaty);
    local
        .with_time(NaiveTime::MIN)
        .earliest()
        .map_or(now, |midnight| midnight.with_timezone(&Utc))
}

fn issues(shell: &Shell) -> Vec<Issue> {
    let (t, overview) = (shell.t, &shell.overview);
    let mut issues: Vec<Issue> = overview
        .stops
        .iter()
        .map(|named| Issue {
            class: "bad",
            icon: "stop",
            word: t.get("robot-stopped"),
            title: t.with("issue-stopped", "name", stop::covered(named, &t)),
            text: format!("{}: {}", named.stop.stopped_by, t.why_stopped(&named.stop.reason)),
            at: Some(named.stop.stopped_at),
            href: "/stop".to_owned(),
            act: t.get("robot-who-why"),
        })
        .collect();
    let needs_login = |state| state == SessionState::NeedsLogin;
    issues.extend(
        overview
            .stores
            .iter()
            .filter(|s| needs_login(s.session_state))
            .map(|store| Issue {
                class: "bad",
                icon: "key",
                word: t.get("state-needs_login"),
                title: t.with("issue-needs-login", "name", &store.name),
                text: t.with("issue-needs-login-text", "n", store.products_count),
                at: store.session_checked_at,
                href: format!("/stores/new?store={}", store.id),
                act: t.get("store-log-in"),
            }),
    );
    issues.extend(overview.alerts.iter().take(ALERTS).map(|alert| {
        let view = alerts::View::new(alert.clone(), shell);
        Issue {
            class: view.class,
            icon: view.icon,
            word: view.word,
            title: view.title,
            text: String::new(),
            at: Some(alert.last_at),
            href: "/alerts".to_owned(),
            act: t.get("issue-look"),
        }
    }));
    if overview.held > 0 {
        issues.push(Issue {
            class: "held",
            icon: "hand",
            word: t.get("issue-held-word"),
            title: t.with("issue-held", "n", overview.held),
            text: t.get("issue-held-text"),
            at: None,
            href: "/products?view=auto".to_owned(),
            act: t.get("issue-look"),
        });
    }
    issues.extend(overview.failed.iter().map(|run| {
        let name = run.store_id.map_or_else(String::new, |id| store_name(shell, id));
        let kind = t.get(format!("job-kind-{}", run.kind.as_str()));
        let code = run.failure.as_deref().unwrap_or("failed");
        Issue {
            class: "bad",
            icon: "x-circle",
            word: t.get("job-state-failed"),
            title: format!("{kind}: {name}"),
            text: t.get_or(&format!("job-failure-{code}"), "job-failure-failed"),
            at: run.finished_at,
            href: format!("/jobs/{}", run.id),
            act: t.get("job-details"),
        }
    }));
    if overview.without_floor > 0 {
        issues.push(Issue {
            class: "warn",
            icon: "floor",
            word: t.get("issue-floor-word"),
            title: t.with("issue-floor", "n", overview.without_floor),
            text: t.get("issue-floor-text"),
            at: None,
            href: "/products?view=no-floor".to_owned(),
            act: t.get("issue-floor-act"),
        });
    }
    issues
}

/// Tariffs that change soon, and how many products that concerns.
fn tariffs_issue(change: &ComingChange, t: Texts) -> Issue {
    let losses = change.losses.len();
    Issue {
        class: if losses > 0 { "warn" } else { "info" },
        icon: "truck",
        word: t.get("issue-tariffs-word"),
        title: t.with("issue-tariffs", "day", format::day(change.day)),
        text: if losses > 0 {
            t.with("issue-tariffs-losses", "n", losses)
        } else {
            t.get("issue-tariffs-none")
        },
        at: None,
        href: format!("/tariffs/changes#day-{}", change.day),
        act: t.get("issue-look"),
    }
}

fn store_name(shell: &Shell, id: crate::domain::StoreId) -> String {
    let store = shell.overview.stores.iter().find(|store| store.id == id);
    store.map_or_else(String::new, |store| store.name.clone())
}

fn row(decision: RecentDecision, t: Texts) -> DecisionRow {
    DecisionRow {
        change: decision.price.map(|price| change(decision.current, price, t)),
        why: why(&decision, t),
        state: state(&decision, t),
        decision,
    }
}

/// Class, icon and words of a change: colour only helps.
fn change(before: Tenge, after: Tenge, t: Texts) -> (&'static str, &'static str, String) {
    let words = format!(
        "{} ({})",
        format::money_change(before, after),
        format::percent_change(before, after, t.language)
    );
    if after > before {
        ("delta up", "up", words)
    } else {
        ("delta down", "fall", words)
    }
}

/// The reason that decided, in words: the last one that the deciding function gave.
fn why(decision: &RecentDecision, t: Texts) -> String {
    let code = decision
        .reasons
        .as_array()
        .and_then(|reasons| reasons.last())
        .and_then(|reason| reason.get("code"))
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let why = t.get_or(&format!("reason-{code}"), "reason-none");
    match decision.best_rival {
        Some(rival) => t.with2("decision-why-rival", "why", why, "rival", rival),
        None => why,
    }
}

fn state(decision: &RecentDecision, t: Texts) -> (&'static str, &'static str, String) {
    let reasons = decision.reasons.to_string();
    let (at_floor, suspicious) = (reasons.contains("FLOOR"), reasons.contains("QUARANTINE"));
    let (class, icon, key) = match (decision.outcome, decision.push_state) {
        (Outcome::Change, _) if decision.shadow => ("ghost", "shadow", "decision-shadow"),
        (Outcome::Change, Some(PushState::Confirmed)) => ("ok", "check-circle", "decision-confirmed"),
        (Outcome::Change, Some(PushState::Held)) => ("held", "hand", "decision-held"),
        (Outcome::Change, Some(state)) if !state.is_final() => ("info", "clock", "decision-open"),
        (Outcome::Change, Some(PushState::Superseded | PushState::Expired)) => {
            ("ghost", "x", "decision-superseded")
        }
        (Outcome::Change, Some(_)) => ("bad", "x-circle", "decision-refused"),
        (Outcome::Change, None) => ("info", "clock", "decision-open"),
        (Outcome::Keep, _) if at_floor => ("warn", "floor", "decision-at-floor"),
        (Outcome::Keep, _) => ("ok", "check-circle", "decision-right"),
        (Outcome::Hold, _) if suspicious => ("held", "hand", "decision-held"),
        (Outcome::Hold, _) => ("ghost", "clock", "decision-waits"),
        (Outcome::Refuse, _) => ("ghost", "pause", "decision-untouched"),
    };
    (class, icon, t.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_begins_at_midnight_in_almaty() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(
            start_of_day(at("2026-11-22T20:30:00Z")),
            at("2026-11-22T19:00:00Z")
        );
        assert_eq!(
            start_of_day(at("2026-11-22T18:59:59Z")),
            at("2026-11-21T19:00:00Z")
        );
    }
}
