//! Codes of the explanation: stable words with the numbers for their texts. A retired code is never given a
//! new meaning (pricing rules, codes and where they stand).

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::domain::{Tenge, percent::Percent};

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident,)+) => {
        /// What a step of the decision is called.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[expect(non_camel_case_types, reason = "the names are the stored words")]
        pub enum Code { $($(#[$meta])* $name,)+ }

        impl Code {
            /// All codes, in the order of the decision.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stored word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }
        }
    };
}

codes! {
    /// Refused: a number of the input is outside its range.
    INVALID_INPUT,
    /// Refused: a strategy that this program does not know, or not yet.
    STRATEGY_UNAVAILABLE,
    /// Refused: neither a floor nor economics, or a floor of zero.
    NO_FLOOR,
    /// Refused: the floor is above the ceiling.
    INVERTED_LIMITS,
    /// Refused: no price meets limits and goal.
    EMPTY_SAFE_SET,
    /// Refused: a target margin without costs.
    NO_ECONOMICS,
    /// Held: a person's lock.
    LOCKED,
    /// Held: nothing to sell.
    OUT_OF_STOCK,
    /// Held: the card was not read, or nobody sells there.
    NO_EVIDENCE,
    /// Held: the reading is too old, or from the future.
    STALE_MARKET,
    /// A price outside the safe set goes back.
    BOUND_REPAIR,
    /// Held: the rule rests at this hour.
    QUIET_HOURS,
    /// The rule only suggests at this hour.
    SUGGESTIONS_ONLY,
    /// At night back to the price with which a price war began.
    NIGHT_RESET,
    /// A rival at war with us is matched, not undercut.
    WAR_MATCH,
    /// A rival at war with us is left the first place.
    WAR_YIELD,
    /// Held: none of the chosen merchants sells.
    NO_CHOSEN,
    /// Held: not the whole list was read.
    INCOMPLETE_MARKET,
    /// Held: our own offer is not in the list.
    OWN_OFFER_ABSENT,
    /// Held: nobody else was seen, but not often enough.
    ALONE_UNPROVEN,
    /// Alone on the card, by any other strategy.
    ALONE_SCENARIO,
    /// ST1.
    BEAT_LOWEST,
    /// ST2.
    MATCH_LOWEST,
    /// ST3.
    SMART_MATCH,
    /// ST4.
    HOLD_PLACE,
    /// ST5.
    BEHIND_LEADER,
    /// ST6.
    BEST_REACHABLE,
    /// ST7.
    FOLLOW,
    /// ST7: none of the followed sells, another strategy speaks.
    FOLLOW_FALLBACK,
    /// ST8.
    AVERAGE,
    /// ST9.
    CAPTURE_GAP,
    /// ST10.
    ALONE,
    /// ST11.
    FIXED,
    /// ST12.
    TARGET_MARGIN,
    /// Held: somebody else sells too.
    NOT_ALONE,
    /// Held: somebody stands before us.
    NOT_FIRST,
    /// Held: the gap is not worth it.
    GAP_SMALL,
    /// Held: none of the followed sells.
    FOLLOWED_ABSENT,
    /// Fewer rivals than the wanted place.
    ROOMY_SCENARIO,
    /// The leader stands at the lowest safe price.
    AT_FLOOR_SCENARIO,
    /// Leader and target are below the lowest safe price.
    BELOW_FLOOR_SCENARIO,
    /// The target is above the ceiling.
    ABOVE_CEILING_SCENARIO,
    /// We are first and could ask more.
    FIRST_SCENARIO,
    /// Held: no safe price stands before anybody.
    NO_REACHABLE_PLACE,
    /// Held: nothing is raised without a ceiling.
    NO_CEILING,
    /// Behind another own store on the card.
    FOLLOW_CHAMPION,
    /// The lowest safe price instead of a lower target.
    FLOOR_REACHED,
    /// A lower price earns as much.
    DOMINATED_PRICE,
    /// The target is not a safe price.
    OUTSIDE_SAFE_SET,
    /// Rounded down to a wanted ending.
    ENDING,
    /// Kept: nothing to change.
    ALREADY_RIGHT,
    /// Kept: the wanted place is held already.
    PLACE_HELD,
    /// Kept: too small a move.
    MIN_MOVE,
    /// Held: the rule forbids the direction.
    DIRECTION_OFF,
    /// Held: too large a fall, or suspicious data.
    QUARANTINE,
    /// Held: too soon after the last change.
    RAISE_COOLDOWN,
    /// Held: enough changes today.
    CHANGES_PER_DAY,
    /// Cut to what one run allows.
    STEP_LIMIT,
    /// On to the far side of prices that earn no more.
    ZONE_CROSSED,
    /// Cut to what one day allows.
    DAY_LIMIT,
}

/// One step of the explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What was done.
    pub code: Code,
    /// With which numbers and names.
    #[serde(serialize_with = "as_object")]
    pub params: Params,
}

/// Numbers and names for the text of a code.
pub type Params = Vec<(&'static str, Param)>;

fn as_object<S: Serializer>(params: &Params, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(params.len()))?;
    for (name, value) in params {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// A value for a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Param {
    /// Money in tenge, or a count.
    Number(i64),
    /// An exact percentage.
    Percent(Percent),
    /// A word of the rule.
    Word(&'static str),
    /// A merchant's id.
    Text(String),
    /// A moment.
    Time(DateTime<Utc>),
    /// Not set.
    Nothing,
}

impl From<i64> for Param {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
impl From<Tenge> for Param {
    fn from(amount: Tenge) -> Self {
        Self::Number(amount.0)
    }
}
impl From<Percent> for Param {
    fn from(percent: Percent) -> Self {
        Self::Percent(percent)
    }
}
impl From<&'static str> for Param {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}
impl From<DateTime<Utc>> for Param {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Time(at)
    }
}
impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl<T: Into<Self>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// `params!["price" => 5, …]`
macro_rules! params {
    ($($name:literal => $value:expr),* $(,)?) => {
        vec![$(($name, $crate::domain::pricing::reasons::Param::from($value))),*]
    };
}
pub(super) use params;
