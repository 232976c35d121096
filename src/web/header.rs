//! What the header of every page tells: what the robot does, how much is being worked on, how much asks for a person.

use std::collections::BTreeSet;

use super::texts::Texts;
use crate::{
    domain::{RepricingMode, SessionState, StopScope, StoreId, Tenant},
    store::{
        live::{LiveNow, LiveSlow, LiveStore},
        overview::Overview,
    },
};

/// What the robot does, in one word for the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RobotState {
    /// Not asked for: a page that had to do without the database. The header asks by itself.
    Unknown,
    /// Prices of at least one store are sent.
    Live,
    /// Only computed.
    Shadow,
    /// Nothing is decided.
    Off,
    /// Everything is stopped.
    Stopped,
    /// So many stores are stopped.
    PartlyStopped(usize),
    /// No store is stopped, but so many strategies and products are.
    SomeStopped(usize),
}

impl RobotState {
    /// The state of stores in these modes under these stops.
    fn of(stops: &[(StopScope, Option<StoreId>)], modes: &BTreeSet<RepricingMode>) -> Self {
        if stops.iter().any(|(scope, _)| *scope == StopScope::All) {
            return Self::Stopped;
        }
        let stores: BTreeSet<_> = stops
            .iter()
            .filter(|(scope, _)| *scope == StopScope::Store)
            .map(|(_, store)| store)
            .collect();
        if !stores.is_empty() {
            return Self::PartlyStopped(stores.len());
        }
        if !stops.is_empty() {
            return Self::SomeStopped(stops.len());
        }
        if modes.contains(&RepricingMode::Live) {
            Self::Live
        } else if modes.contains(&RepricingMode::Shadow) {
            Self::Shadow
        } else {
            Self::Off
        }
    }

    /// The state as a word for the script: another one means that the header has something new to say.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Unknown => "unknown".to_owned(),
            Self::Live => "live".to_owned(),
            Self::Shadow => "shadow".to_owned(),
            Self::Off => "off".to_owned(),
            Self::Stopped => "stopped".to_owned(),
            Self::PartlyStopped(n) => format!("stores-{n}"),
            Self::SomeStopped(n) => format!("some-{n}"),
        }
    }

    /// Class of the header's element.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::Stopped | Self::PartlyStopped(_) | Self::SomeStopped(_) => "robot off",
            Self::Unknown | Self::Live | Self::Shadow | Self::Off => "robot",
        }
    }

    /// Its icon.
    #[must_use]
    pub fn icon(&self) -> &'static str {
        match self {
            Self::Unknown => "clock",
            Self::Live => "check-circle",
            Self::Shadow => "shadow",
            Self::Off => "pause",
            Self::Stopped | Self::PartlyStopped(_) | Self::SomeStopped(_) => "stop",
        }
    }

    /// The word behind "auto-prices:".
    #[must_use]
    pub fn word(&self, t: &Texts) -> String {
        match self {
            Self::Unknown => t.get("robot-unknown"),
            Self::Live => t.get("robot-live"),
            Self::Shadow => t.get("robot-shadow"),
            Self::Off => t.get("robot-off"),
            Self::Stopped => t.get("robot-stopped"),
            Self::PartlyStopped(n) => t.with("robot-partly-stopped", "n", *n),
            Self::SomeStopped(n) => t.with("robot-some-stopped", "n", *n),
        }
    }

    /// Does the header have to ask at once?
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    /// Is anything stopped?
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(
            self,
            Self::Stopped | Self::PartlyStopped(_) | Self::SomeStopped(_)
        )
    }

    /// Is there anything left to stop?
    #[must_use]
    pub fn can_stop(&self) -> bool {
        !matches!(self, Self::Stopped)
    }
}

/// The three things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What the robot does.
    pub robot: RobotState,
    /// Runs that wait or work.
    pub jobs: i64,
    /// Things that ask for a person.
    pub problems: i64,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            robot: RobotState::Unknown,
            jobs: 0,
            problems: 0,
        }
    }
}

/// How many, as the database counts.
fn amount(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Header {
    /// The header of a page that has its overview.
    #[must_use]
    pub fn of_page(overview: &Overview) -> Self {
        let stops: Vec<_> = overview
            .stops
            .iter()
            .map(|named| (named.stop.scope, named.stop.store_id))
            .collect();
        let working = overview.stores.iter().filter(|store| store.active);
        let modes = working.map(|store| store.repricing_mode).collect();
        let lost = overview
            .stores
            .iter()
            .filter(|store| store.session_state == SessionState::NeedsLogin);
        Self {
            robot: RobotState::of(&stops, &modes),
            jobs: overview.jobs_open,
            problems: amount(lost.count() + overview.failed.len())
                + overview.alerts_count
                + i64::from(overview.held > 0)
                + i64::from(overview.without_floor > 0),
        }
    }

    /// The header of a tenant, out of a look at everything.
    #[must_use]
    pub fn of_look(now: &LiveNow, slow: &LiveSlow, tenant: Tenant) -> Self {
        let sees = |store: &&LiveStore| match tenant {
            Tenant::All => true,
            Tenant::User(user) => store.owner_id == user || now.shared.contains(&(user, store.id)),
        };
        let stores: Vec<&LiveStore> = now.stores.iter().filter(sees).collect();
        let ids: BTreeSet<StoreId> = stores.iter().map(|store| store.id).collect();
        // What is of no store concerns everybody.
        let concerns = |store: &Option<StoreId>| store.is_none_or(|store| ids.contains(&store));
        let stops: Vec<_> = now
            .stops
            .iter()
            .filter(|(_, store)| concerns(store))
            .copied()
            .collect();
        let modes = stores
            .iter()
            .filter(|store| store.active)
            .map(|store| store.repricing_mode)
            .collect();
        let lost = stores
            .iter()
            .filter(|store| store.session_state == SessionState::NeedsLogin);
        let alerts = now.alerts.iter().filter(|(store, _)| concerns(store));
        let failed = slow.failed.iter().filter(|(store, _)| ids.contains(store));
        Self {
            robot: RobotState::of(&stops, &modes),
            jobs: ids.iter().filter_map(|id| now.jobs.get(id)).sum(),
            problems: amount(lost.count() + failed.map(|(_, count)| count).sum::<usize>())
                + alerts.map(|(_, count)| count).sum::<i64>()
                + i64::from(!slow.held.is_disjoint(&ids))
                + i64::from(!slow.without_floor.is_disjoint(&ids)),
        }
    }

    /// All three as one word, for pages that ask whether anything is new.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}.{}.{}", self.robot.key(), self.jobs, self.problems)
    }
}
