//! The judge of the push protocol: a history goes in, broken invariants come out. It knows the marketplace's journal
//! and the rows of the database, shares no code with the program, and is itself tested with histories that must fail.
//!
//! | | what is judged |
//! | --- | --- |
//! | I1 | an accepted write belongs to one earlier intent with the same prices |
//! | I2 | no accepted write outside floor and ceiling in force when it arrived |
//! | I3 | the accepted writes of an offer have rising sequences |
//! | I4 | one intent of an offer at a time is on its way |
//! | I5 | an intent is sent again only after a read, and within its life |
//! | I6 | each claimed intent ends, and in time |
//! | I7 | nothing arrives after an acknowledged stop |
//! | I8 | what was decided before a person's price is not written after it |
//! | I11 | each end has its audit row, and each intent the row of its plan |
//! | I12 | a confirmed write was read back; none is given up too early, and none that took effect is forgotten |

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::history::{Audit, History, Intent, Kind, Limits, Offer, Prices, Request};

/// The journal writes whole milliseconds, and two processes of one machine read the clock one after the other.
const CLOCKS: TimeDelta = TimeDelta::milliseconds(5);
/// The same for stamps that a process takes before it waits for a lock.
const STAMPS: TimeDelta = TimeDelta::seconds(5);

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `I1` to `I12`.
    pub invariant: &'static str,
    /// What happened.
    pub what: String,
}

/// A write with the intent it belongs to.
struct Sent<'a> {
    place: usize,
    at: DateTime<Utc>,
    accepted: bool,
    applied: bool,
    prices: &'a Prices,
    intent: Option<&'a Intent>,
}

/// All that is wrong with a history, by offer and invariant.
pub fn judge(history: &History) -> Vec<Violation> {
    let mut intents: BTreeMap<&Offer, Vec<&Intent>> = BTreeMap::new();
    for intent in &history.intents {
        intents.entry(&intent.offer).or_default().push(intent);
    }
    let mut requests: BTreeMap<&Offer, Vec<(usize, &Request)>> = BTreeMap::new();
    for (place, request) in history.requests.iter().enumerate() {
        requests.entry(&request.offer).or_default().push((place, request));
        intents.entry(&request.offer).or_default();
    }
    let mut found = Vec::new();
    for (offer, intents) in &mut intents {
        intents.sort_by_key(|intent| intent.sequence);
        let requests = requests.get(offer).map_or(&[][..], Vec::as_slice);
        let mut one = Judge {
            history,
            offer,
            intents,
            requests,
            sent: requests
                .iter()
                .filter_map(|(place, request)| sent(intents, *place, request))
                .collect(),
            found: Vec::new(),
        };
        one.judge();
        found.append(&mut one.found);
    }
    audited(history, &mut found);
    found
}

/// The newest intent with these prices that had left when the write came.
fn sent<'a>(intents: &[&'a Intent], place: usize, request: &'a Request) -> Option<Sent<'a>> {
    let Kind::Write {
        prices,
        accepted,
        applied,
    } = &request.kind
    else {
        return None;
    };
    let left = |intent: &&&Intent| intent.sent_at.is_some_and(|sent| sent <= request.at + CLOCKS);
    Some(Sent {
        place,
        at: request.at,
        accepted: *accepted,
        applied: *applied,
        prices,
        intent: intents
            .iter()
            .filter(|intent| intent.prices == *prices)
            .filter(left)
            .max_by_key(|intent| intent.sent_at)
            .copied(),
    })
}

/// What is known about one offer.
struct Judge<'a> {
    history: &'a History,
    offer: &'a Offer,
    intents: &'a [&'a Intent],
    requests: &'a [(usize, &'a Request)],
    sent: Vec<Sent<'a>>,
    found: Vec<Violation>,
}

impl Judge<'_> {
    fn judge(&mut self) {
        let mut found = Vec::new();
        for sent in self.sent.iter().filter(|sent| sent.accepted) {
            self.belongs(sent, &mut found);
            self.within_limits(sent, &mut found);
            self.not_stopped(sent, &mut found);
            self.not_against_a_person(sent, &mut found);
        }
        self.rising(&mut found);
        self.one_at_a_time(&mut found);
        self.no_blind_repeat(&mut found);
        for intent in self.intents {
            self.ends(intent, &mut found);
            self.read_back(intent, &mut found);
        }
        let (merchant, sku) = self.offer;
        self.found = found
            .into_iter()
            .map(|(invariant, what)| Violation {
                invariant,
                what: format!("{merchant} {sku}: {what}"),
            })
            .collect();
    }

    fn belongs(&self, sent: &Sent<'_>, found: &mut Found) {
        if sent.intent.is_none() {
            found.push((
                "I1",
                format!("{:?} at {} belongs to no intent", sent.prices, sent.at),
            ));
        }
    }

    fn within_limits(&self, sent: &Sent<'_>, found: &mut Found) {
        let mut versions: Vec<&Limits> = self
            .history
            .limits
            .iter()
            .filter(|limits| limits.offer == *self.offer && limits.since <= sent.at)
            .collect();
        versions.sort_by_key(|limits| limits.since);
        // Those in force when it arrived, and those replaced a moment before.
        let from = versions
            .iter()
            .rposition(|limits| limits.since <= sent.at - self.history.times.unseen)
            .unwrap_or(0);
        let within = |limits: &&Limits| {
            sent.prices.values().all(|price| {
                limits.floor.is_some_and(|floor| *price >= floor)
                    && limits.ceiling.is_none_or(|ceiling| *price <= ceiling)
            })
        };
        if !versions.get(from..).unwrap_or_default().iter().any(within) {
            found.push((
                "I2",
                format!("{:?} at {} is outside {versions:?}", sent.prices, sent.at),
            ));
        }
    }

    fn not_stopped(&self, sent: &Sent<'_>, found: &mut Found) {
        let (merchant, sku) = self.offer;
        let automatic = sent.intent.is_none_or(|intent| intent.automatic);
        for stop in &self.history.stops {
            let covers = stop.merchant.as_ref().is_none_or(|stopped| stopped == merchant)
                && stop.sku.as_ref().is_none_or(|stopped| stopped == sku);
            let holds = sent.at > stop.acknowledged_at + self.history.times.stop
                && stop.released_at.is_none_or(|released| sent.at < released);
            if automatic && covers && holds {
                found.push((
                    "I7",
                    format!("{} is after the stop of {}", sent.at, stop.acknowledged_at),
                ));
            }
        }
    }

    fn not_against_a_person(&self, sent: &Sent<'_>, found: &mut Found) {
        let Some(intent) = sent.intent.filter(|intent| intent.automatic) else {
            return;
        };
        for human in &self.history.human {
            let after = sent.at > human.at + self.history.times.unseen;
            if human.offer == *self.offer && after && intent.planned_at < human.at {
                found.push((
                    "I8",
                    format!(
                        "{} planned at {} is written after a person's price of {}",
                        intent.id, intent.planned_at, human.at
                    ),
                ));
            }
        }
    }

    fn rising(&self, found: &mut Found) {
        let sequences: Vec<i64> = self
            .sent
            .iter()
            .filter(|sent| sent.accepted)
            .filter_map(|sent| Some(sent.intent?.sequence))
            .collect();
        for pair in sequences.windows(2) {
            if let [before, after] = pair
                && after < before
            {
                found.push(("I3", format!("sequence {after} is written after {before}")));
            }
        }
    }

    fn one_at_a_time(&self, found: &mut Found) {
        let mut claimed: Vec<&&Intent> = self
            .intents
            .iter()
            .filter(|one| one.claimed_at.is_some())
            .collect();
        claimed.sort_by_key(|intent| intent.claimed_at);
        for pair in claimed.windows(2) {
            let [first, second] = pair else { continue };
            let overlap = match (first.finished_at, second.claimed_at) {
                (Some(end), Some(start)) => start + STAMPS < end,
                _ => true,
            };
            if overlap {
                found.push((
                    "I4",
                    format!("{} and {} are on their way at once", first.id, second.id),
                ));
            }
        }
    }

    /// Also of requests that were lost: whoever sends cannot know.
    fn no_blind_repeat(&self, found: &mut Found) {
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for sent in &self.sent {
            let Some(intent) = sent.intent else { continue };
            let Some(before) = last.insert(&intent.id, sent.place) else {
                continue;
            };
            let read_between = self
                .requests
                .iter()
                .any(|(place, one)| one.kind == Kind::Read && *place > before && *place < sent.place);
            if !read_between {
                found.push(("I5", format!("{} is sent again without a look", intent.id)));
            }
            let life = intent.claimed_at.map(|claimed| claimed + self.history.times.life);
            if life.is_none_or(|end| sent.at > end) {
                found.push(("I5", format!("{} is sent again after its life", intent.id)));
            }
        }
    }

    fn ends(&self, intent: &Intent, found: &mut Found) {
        let Some(claimed) = intent.claimed_at else { return };
        match intent.finished_at.filter(|_| intent.is_final()) {
            None => found.push((
                "I6",
                format!("{} is {} and does not end", intent.id, intent.state),
            )),
            Some(end) if end - claimed > self.history.times.settle => {
                // What was accepted and never showed is waited for, as I12 demands.
                if (intent.state.as_str(), intent.reason.as_deref()) != ("mismatch", Some("never_applied")) {
                    found.push((
                        "I6",
                        format!(
                            "{} became {} ({:?}) and took {} s: {}",
                            intent.id,
                            intent.state,
                            intent.reason,
                            (end - claimed).num_seconds(),
                            self.around(intent)
                        ),
                    ));
                }
            }
            Some(_) => {}
        }
    }

    /// What the marketplace received about the offer since this was claimed, and the intents of that time, for a
    /// failure's message.
    fn around(&self, intent: &Intent) -> String {
        let since = intent.claimed_at.unwrap_or(intent.planned_at);
        let requests = self.requests.iter().filter(|(_, one)| one.at >= since - STAMPS);
        let requests: Vec<_> = requests.take(30).map(|(_, one)| (one.at, &one.kind)).collect();
        let mut intents = self.intents.to_vec();
        intents.retain(|one| one.planned_at >= since - STAMPS || one.id == intent.id);
        intents.truncate(5);
        format!("{requests:?}, intents {intents:?}")
    }

    fn read_back(&self, intent: &Intent, found: &mut Found) {
        let (Some(end), true) = (intent.finished_at, intent.is_final()) else {
            return;
        };
        let mine = |sent: &&Sent<'_>| sent.intent.is_some_and(|one| one.id == intent.id);
        let accepted: Vec<&Sent<'_>> = self
            .sent
            .iter()
            .filter(mine)
            .filter(|sent| sent.accepted)
            .collect();
        if intent.state == "confirmed" {
            let read = accepted.iter().any(|sent| {
                self.requests.iter().any(|(place, one)| {
                    one.kind == Kind::Read && *place > sent.place && one.at <= end + CLOCKS
                })
            });
            if !read {
                found.push((
                    "I12",
                    format!(
                        "{} is confirmed at {end} and no read followed its write: {}",
                        intent.id,
                        self.around(intent)
                    ),
                ));
            }
            if intent.seen != intent.prices {
                found.push((
                    "I12",
                    format!("{} is confirmed with {:?} seen", intent.id, intent.seen),
                ));
            }
        }
        let given_up = intent.reason.as_deref() == Some("never_applied");
        let times = &self.history.times;
        let least = if intent.state == "expired" {
            times.unknown
        } else {
            times.read_back
        };
        if given_up && intent.sent_at.is_none_or(|sent| end - sent < least) {
            found.push(("I12", format!("{} is given up too early", intent.id)));
        }
        let forgotten = ["held", "superseded", "expired", "rejected"].contains(&intent.state.as_str());
        if forgotten && accepted.iter().any(|sent| sent.applied) {
            found.push((
                "I12",
                format!(
                    "{} took effect and ended as {} {:?}",
                    intent.id, intent.state, intent.reason
                ),
            ));
        }
    }
}

type Found = Vec<(&'static str, String)>;

fn audited(history: &History, found: &mut Vec<Violation>) {
    let mut rows: BTreeMap<&str, Vec<&Audit>> = BTreeMap::new();
    for audit in &history.audits {
        rows.entry(&audit.intent).or_default().push(audit);
    }
    for intent in &history.intents {
        let own = rows.get(intent.id.as_str()).map_or(&[][..], Vec::as_slice);
        let mut lacks = |actions: &[&str]| {
            let has = |audit: &&Audit| actions.contains(&audit.action.as_str()) && audit.complete;
            if !own.iter().any(has) {
                found.push(Violation {
                    invariant: "I11",
                    what: format!(
                        "{:?}: {} has no whole audit row {actions:?}",
                        intent.offer, intent.id
                    ),
                });
            }
        };
        lacks(&["plan", "put_back", "restore"]);
        if intent.is_final() {
            lacks(&[&intent.state]);
        }
    }
}
