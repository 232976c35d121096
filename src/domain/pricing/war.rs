//! Price wars (pricing rules, price war): what the public moves of a rival tell about it, and whether it is at war
//! with us. Seen from one side and from public prices alone. What follows from a war is `modifiers`' business.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{rule::Amount, strict};
use crate::domain::{Tenge, percent::Percent};

/// Moves are looked at for so long.
const WINDOW: TimeDelta = TimeDelta::minutes(120);
/// A rival that moves later has not answered this move.
const ANSWER: TimeDelta = TimeDelta::minutes(20);
/// A rival stays tagged for so long after the last moment of war.
const COOLDOWN: TimeDelta = TimeDelta::hours(24);
/// So many exchanges are a war by themselves.
const EXCHANGES: i64 = 6;
/// So many are one where our price has fallen by [`fallen_far`].
const COSTLY_EXCHANGES: i64 = 3;

/// How far back moves are needed: a war of a day ago and what led to it.
pub const WAR_HISTORY: TimeDelta = TimeDelta::hours(26);

/// A price that somebody asks from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Since when.
    pub at: DateTime<Utc>,
    /// Which price.
    pub price: Tenge,
}

/// What the moves of a rival tell about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duel {
    /// Times that it went just below us soon after our move, and we went down again.
    pub exchanges: i64,
    /// Our price when the first of them began.
    pub from: Tenge,
    /// How far our price fell since then.
    pub drop: Tenge,
    /// By how much it usually goes below us: the median, rounded down.
    pub usual_undercut: Tenge,
    /// Median time until it answers, in seconds; no finer than the card is looked at.
    pub answer_seconds: i64,
    /// Lowest price with which it still answered: perhaps its floor.
    pub lowest_answered: Tenge,
    /// It answers soon, and always by nearly the same amount.
    pub bot: bool,
}

impl Duel {
    fn is_war(&self) -> bool {
        self.exchanges >= EXCHANGES || (self.exchanges >= COSTLY_EXCHANGES && self.fallen_far())
    }

    /// 1.5 % at least.
    fn fallen_far(&self) -> bool {
        self.drop.0.saturating_mul(1_000) >= self.from.0.saturating_mul(15)
    }
}

/// A rival that is, or was within the last day, at war with us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct War {
    /// Whose offers.
    pub rival: String,
    /// When it was first seen to be a war.
    #[serde(deserialize_with = "strict::time")]
    pub since: DateTime<Utc>,
    /// The last moment at which it was one.
    #[serde(deserialize_with = "strict::time")]
    pub last_at: DateTime<Utc>,
    /// Our price when it began.
    pub from: Tenge,
    /// What was learned of the rival at `last_at`.
    #[serde(deserialize_with = "strict::object")]
    pub duel: Duel,
    /// Nights of the last week, before this one, in which a reset did not end it.
    #[serde(default)]
    pub resets: i64,
}

impl War {
    /// Is it going on, or is the rival still tagged?
    pub(super) fn is_on(&self, now: DateTime<Utc>) -> bool {
        now.signed_duration_since(self.last_at) < COOLDOWN
    }
}

/// What our moves and those of a rival tell at `now`; both in the order of time, and `step` as the rule has it.
/// `None`: it has not answered any of our moves within the window.
#[must_use]
pub fn duel(own: &[Move], rival: &[Move], step: Amount, now: DateTime<Utc>) -> Option<Duel> {
    let mut answers: Vec<Answer> = Vec::new();
    let mut exchanges: Vec<(Move, Move)> = Vec::new();
    // What was answered before the window began lies behind the last move before it.
    let own = until_now(own, now);
    let began = own.partition_point(|ours| ours.at <= now - WINDOW);
    let own = own.get(began.saturating_sub(1)..).unwrap_or_default();
    for (at, ours) in own.iter().enumerate() {
        let next = own.get(at + 1);
        let until = next.map_or(now, |next| next.at);
        let Some(theirs) = first_below(ours, rival, until, step).filter(|theirs| now - theirs.at < WINDOW)
        else {
            continue;
        };
        let after = theirs.at - ours.at;
        answers.push(Answer {
            after,
            undercut: ours.price.0 - theirs.price.0,
            price: theirs.price,
        });
        if let Some(next) = next.filter(|next| after <= ANSWER && next.price < ours.price) {
            exchanges.push((*ours, *next));
        }
    }
    let undercuts = median(answers.iter().map(|answer| answer.undercut).collect())?;
    let seconds = median(answers.iter().map(|answer| answer.after.num_seconds()).collect())?;
    let lowest = answers.iter().map(|answer| answer.price).min()?;
    let first = exchanges.first().map(|(first, _)| first.price);
    let last = exchanges.last().map(|(_, last)| last.price);
    let from = first.or_else(|| own.last().map(|ours| ours.price))?;
    let spread = answers
        .iter()
        .map(|answer| (answer.undercut - undercuts).abs())
        .max()?;
    Some(Duel {
        exchanges: i64::try_from(exchanges.len()).unwrap_or(i64::MAX),
        from,
        drop: Tenge((from.0 - last.unwrap_or(from).0).max(0)),
        usual_undercut: Tenge(undercuts),
        answer_seconds: seconds,
        lowest_answered: lowest,
        bot: answers.len() >= 3 && seconds <= ANSWER.num_seconds() && spread <= (undercuts / 10).max(1),
    })
}

/// Is or was a rival at war with us within the last day? Moves as for [`duel`], of [`WAR_HISTORY`].
#[must_use]
pub fn war(rival: &str, own: &[Move], moves: &[Move], step: Amount, now: DateTime<Utc>) -> Option<War> {
    let mut found: Option<War> = None;
    // It becomes one with an answer of ours, so only those moments are looked at.
    for ours in until_now(own, now) {
        let Some(duel) = duel(own, moves, step, ours.at).filter(Duel::is_war) else {
            continue;
        };
        let going_on = found.take().filter(|war| ours.at - war.last_at < WINDOW);
        found = Some(War {
            rival: rival.to_owned(),
            since: going_on.as_ref().map_or(ours.at, |war| war.since),
            last_at: ours.at,
            from: going_on.map_or(duel.from, |war| war.from),
            duel,
            resets: 0,
        });
    }
    found.filter(|war| war.is_on(now))
}

struct Answer {
    after: TimeDelta,
    undercut: i64,
    price: Tenge,
}

/// The rival's first move after ours that goes below us, but not far: by three steps or half a percent at most.
fn first_below(ours: &Move, rival: &[Move], until: DateTime<Utc>, step: Amount) -> Option<Move> {
    let near = step
        .step_of(ours.price.0)
        .saturating_mul(3)
        .max(Percent::from_hundredths(50).of_floor(ours.price.0));
    let later = rival.partition_point(|theirs| theirs.at <= ours.at);
    until_now(rival, until)
        .get(later..)?
        .iter()
        .find(|theirs| (1..=near).contains(&ours.price.0.saturating_sub(theirs.price.0)))
        .copied()
}

/// The moves up to a moment, of moves in the order of time.
fn until_now(moves: &[Move], now: DateTime<Utc>) -> &[Move] {
    let count = moves.partition_point(|one| one.at <= now);
    moves.get(..count).unwrap_or_default()
}

/// The middle one, of an even count the lower of both.
fn median(mut numbers: Vec<i64>) -> Option<i64> {
    numbers.sort_unstable();
    numbers.get(numbers.len().checked_sub(1)? / 2).copied()
}
