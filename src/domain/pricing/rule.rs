//! A rule: strategy, filters, scenarios and motion limits, with the defaults of the interface (pricing rules,
//! strategies, scenario table, guards). A store's rule is kept in this shape.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    schedule::{NightReset, Window},
    strict::{self, Rating},
};
use crate::domain::{Tenge, percent::Percent, text_enum::text_enum};

/// How the price is found and how fast it may move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// How the wanted price is found.
    #[serde(deserialize_with = "strict::object")]
    pub strategy: Strategy,
    /// Match instead of undercut where we stand before the offer at its own price.
    #[serde(default)]
    pub match_if_better_rated: bool,
    /// Whose offers count.
    #[serde(default, deserialize_with = "strict::object")]
    pub filters: Filters,
    /// What to do where the market leaves no plain answer.
    #[serde(default, deserialize_with = "strict::object")]
    pub scenarios: Scenarios,
    /// How far, how often and in which direction the price may move.
    #[serde(default, deserialize_with = "strict::object")]
    pub motion: Motion,
    /// What to do against a rival who answers each of our prices with a lower one.
    #[serde(
        default,
        skip_serializing_if = "WarChoice::is_default",
        deserialize_with = "strict::word"
    )]
    pub war: WarChoice,
    /// Windows of the week in which the rule rests or only suggests.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "strict::objects"
    )]
    pub schedule: Vec<Window>,
    /// Hours of the night in which a price war may be answered by a raise; `None`: never.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::object_or_null"
    )]
    pub night_reset: Option<NightReset>,
}

impl Rule {
    /// The rule as it is played for a product that names a strategy itself: that one takes the place of the rule's.
    /// A strategy that there is not is refused, never replaced.
    #[must_use]
    pub fn played_for(&self, strategy: Option<&str>) -> Self {
        let mut rule = self.clone();
        if let Some(kind) = strategy.filter(|kind| *kind != rule.strategy.kind()) {
            rule.strategy = Strategy::named(kind).unwrap_or_else(|| Strategy::Unavailable {
                kind: kind.to_owned(),
            });
        }
        rule
    }
}

impl Default for Rule {
    /// The rule of a store without one: be first by one tenge, with the careful defaults.
    fn default() -> Self {
        Self {
            strategy: Strategy::BeatLowest { step: Amount::ONE },
            match_if_better_rated: false,
            filters: Filters::default(),
            scenarios: Scenarios::default(),
            motion: Motion::default(),
            war: WarChoice::default(),
            schedule: Vec::new(),
            night_reset: None,
        }
    }
}

impl Rule {
    /// The step with which its strategy stands before an offer; one tenge where it has none.
    #[must_use]
    pub fn step(&self) -> Amount {
        self.strategy.step()
    }
}

/// An amount of money, or a share of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// Whole tenge.
    Tenge(i64),
    /// Share of the price that it is taken from.
    Percent(Percent),
}

impl Amount {
    /// One tenge.
    pub const ONE: Self = Self::Tenge(1);
    /// Nothing.
    pub const ZERO: Self = Self::Tenge(0);

    /// As a step below or above `price`: at least one tenge, a share is rounded up.
    pub(super) fn step_of(self, price: i64) -> i64 {
        match self {
            Self::Tenge(tenge) => tenge,
            Self::Percent(percent) => percent.of_ceil(price).max(1),
        }
    }

    /// `price` moved by this signed amount, a share rounded down.
    pub(super) fn added_to(self, price: i64) -> i64 {
        match self {
            Self::Tenge(tenge) => price.saturating_add(tenge),
            Self::Percent(percent) => percent.above_all().of_floor(price),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Either {
            #[serde(default, deserialize_with = "strict::given")]
            tenge: Option<i64>,
            #[serde(default, deserialize_with = "strict::given")]
            percent: Option<Percent>,
        }
        let either: Either = strict::object(deserializer)?;
        match (either.tenge, either.percent) {
            (Some(tenge), None) => Ok(Self::Tenge(tenge)),
            (None, Some(percent)) => Ok(Self::Percent(percent)),
            _ => Err(D::Error::custom("either `tenge` or `percent`")),
        }
    }
}

/// How the wanted price is found (pricing rules, strategies ST1–ST12).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the parameters' names are those of the interface")]
pub enum Strategy {
    /// ST1: below the cheapest by a step.
    BeatLowest { step: Amount },
    /// ST2: at the cheapest.
    MatchLowest,
    /// ST3: at the cheapest where our rating is better, else below it.
    SmartMatch { step: Amount },
    /// ST4: on a place.
    HoldPlace { place: i64, step: Amount },
    /// ST5: just behind the cheapest.
    BehindLeader { gap: Amount, step: Amount },
    /// ST6: on the best place that the safe prices reach.
    BestReachable { max_place: i64, step: Amount },
    /// ST7: after chosen merchants.
    Follow {
        merchants: Vec<String>,
        delta: Amount,
        fallback: Option<Box<Strategy>>,
    },
    /// ST8: around the mean of the cheapest.
    Average { count: i64, delta: Amount },
    /// ST9: up to the next one while we are first.
    CaptureGap { step: Amount, min_gain: i64 },
    /// ST10: up in steps while nobody else sells.
    Alone { up_percent: Percent },
    /// ST11: a fixed price.
    Fixed { price: i64 },
    /// ST12: the lowest price that meets the goal.
    TargetMargin,
    /// ST13–ST18 and what nobody knows: refused, never replaced by another strategy.
    Unavailable { kind: String },
}

/// Kinds that have a name but no code yet (pricing rules, ST13–ST18).
pub const RESERVED_KINDS: &[&str] = &[
    "sales_velocity",
    "stock_cover",
    "tipping_point",
    "yo_yo",
    "liquidation",
    "preorder",
];

impl Strategy {
    /// The words of all strategies that there are.
    pub const KINDS: &[&str] = &[
        "beat_lowest",
        "match_lowest",
        "smart_match",
        "hold_place",
        "behind_leader",
        "best_reachable",
        "follow",
        "average",
        "capture_gap",
        "alone",
        "fixed",
        "target_margin",
    ];

    /// The words of those that do without parameters.
    pub fn named_kinds() -> impl Iterator<Item = &'static str> {
        Self::KINDS
            .iter()
            .copied()
            .filter(|kind| Self::named(kind).is_some())
    }

    /// A strategy by its word alone, with the defaults of its parameters; `None`: it does not do without them.
    #[must_use]
    pub fn named(kind: &str) -> Option<Self> {
        serde_json::from_value(serde_json::json!({ "kind": kind })).ok()
    }

    /// The word of the interface.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::BeatLowest { .. } => "beat_lowest",
            Self::MatchLowest => "match_lowest",
            Self::SmartMatch { .. } => "smart_match",
            Self::HoldPlace { .. } => "hold_place",
            Self::BehindLeader { .. } => "behind_leader",
            Self::BestReachable { .. } => "best_reachable",
            Self::Follow { .. } => "follow",
            Self::Average { .. } => "average",
            Self::CaptureGap { .. } => "capture_gap",
            Self::Alone { .. } => "alone",
            Self::Fixed { .. } => "fixed",
            Self::TargetMargin => "target_margin",
            Self::Unavailable { kind } => kind,
        }
    }

    /// Does the price depend on the offers of the card? `follow` does, whatever its fallback.
    pub(super) fn reads_offers(&self) -> bool {
        !matches!(self, Self::Fixed { .. } | Self::TargetMargin)
    }

    /// Is a goal needed, here or in the fallback?
    pub(super) fn needs_economics(&self) -> bool {
        match self {
            Self::TargetMargin => true,
            Self::Follow {
                fallback: Some(fallback),
                ..
            } => **fallback == Self::TargetMargin,
            _ => false,
        }
    }

    /// Does it go below offers by a step?
    pub(super) fn undercuts(&self) -> bool {
        matches!(
            self,
            Self::BeatLowest { .. }
                | Self::SmartMatch { .. }
                | Self::HoldPlace { .. }
                | Self::BehindLeader { .. }
                | Self::BestReachable { .. }
                | Self::CaptureGap { .. }
        )
    }

    /// Is it about the first place?
    pub(super) fn wants_first_place(&self) -> bool {
        matches!(
            self,
            Self::BeatLowest { .. }
                | Self::MatchLowest
                | Self::SmartMatch { .. }
                | Self::HoldPlace { place: 1, .. }
                | Self::BestReachable { .. }
        )
    }

    /// The step with which this strategy stands before an offer; one tenge where it has none.
    pub(super) fn step(&self) -> Amount {
        match self {
            Self::BeatLowest { step }
            | Self::SmartMatch { step }
            | Self::HoldPlace { step, .. }
            | Self::BehindLeader { step, .. }
            | Self::BestReachable { step, .. }
            | Self::CaptureGap { step, .. } => *step,
            _ => Amount::ONE,
        }
    }
}

/// All parameters of all kinds, as written; which belong to which kind is checked while reading.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    step: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    place: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    gap: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    max_place: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    merchants: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    delta: Option<Amount>,
    /// The outer `Option` says whether it was written: it may be null.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "fallback")]
    fallback: Option<Option<Box<Strategy>>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    min_gain: Option<i64>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::given_percent"
    )]
    up_percent: Option<Percent>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "strict::given")]
    price: Option<i64>,
}

#[expect(clippy::option_option, reason = "left out is not null")]
fn fallback<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Box<Strategy>>>, D::Error> {
    Option::<Box<Strategy>>::deserialize(deserializer).map(Some)
}

impl Parameters {
    /// The name of a parameter that is still there: it belongs to another kind.
    fn left_over(&self) -> Option<&'static str> {
        let given = [
            ("step", self.step.is_some()),
            ("place", self.place.is_some()),
            ("gap", self.gap.is_some()),
            ("max_place", self.max_place.is_some()),
            ("merchants", self.merchants.is_some()),
            ("delta", self.delta.is_some()),
            ("fallback", self.fallback.is_some()),
            ("count", self.count.is_some()),
            ("min_gain", self.min_gain.is_some()),
            ("up_percent", self.up_percent.is_some()),
            ("price", self.price.is_some()),
        ];
        given.iter().find(|(_, given)| *given).map(|(name, _)| *name)
    }
}

impl<'de> Deserialize<'de> for Strategy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all: Parameters = strict::object(deserializer)?;
        let kind = all.kind.take().ok_or_else(|| D::Error::missing_field("kind"))?;
        let step = |all: &mut Parameters| all.step.take().unwrap_or(Amount::ONE);
        let strategy = match kind.as_str() {
            "beat_lowest" => Self::BeatLowest { step: step(&mut all) },
            "match_lowest" => Self::MatchLowest,
            "smart_match" => Self::SmartMatch { step: step(&mut all) },
            "hold_place" => Self::HoldPlace {
                place: all.place.take().ok_or_else(|| D::Error::missing_field("place"))?,
                step: step(&mut all),
            },
            "behind_leader" => Self::BehindLeader {
                gap: all.gap.take().unwrap_or(Amount::ONE),
                step: step(&mut all),
            },
            "best_reachable" => Self::BestReachable {
                max_place: all.max_place.take().unwrap_or(20),
                step: step(&mut all),
            },
            "follow" => Self::Follow {
                merchants: all
                    .merchants
                    .take()
                    .ok_or_else(|| D::Error::missing_field("merchants"))?,
                delta: all.delta.take().unwrap_or(Amount::ZERO),
                fallback: all.fallback.take().flatten(),
            },
            "average" => Self::Average {
                count: all.count.take().unwrap_or(3),
                delta: all.delta.take().unwrap_or(Amount::ZERO),
            },
            "capture_gap" => Self::CaptureGap {
                step: step(&mut all),
                min_gain: all.min_gain.take().unwrap_or(1),
            },
            "alone" => Self::Alone {
                up_percent: all.up_percent.take().unwrap_or(Percent::whole(5)),
            },
            "fixed" => Self::Fixed {
                price: all.price.take().ok_or_else(|| D::Error::missing_field("price"))?,
            },
            "target_margin" => Self::TargetMargin,
            _ => Self::Unavailable { kind: kind.clone() },
        };
        match all.left_over() {
            Some(name) => Err(strict::inside(
                name,
                format_args!("not a parameter of the strategy {kind:?}"),
            )),
            None => Ok(strategy),
        }
    }
}

impl Serialize for Strategy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = Parameters {
            kind: Some(self.kind().to_owned()),
            ..Parameters::default()
        };
        match self.clone() {
            Self::MatchLowest | Self::TargetMargin | Self::Unavailable { .. } => {}
            Self::BeatLowest { step } | Self::SmartMatch { step } => all.step = Some(step),
            Self::HoldPlace { place, step } => (all.place, all.step) = (Some(place), Some(step)),
            Self::BehindLeader { gap, step } => (all.gap, all.step) = (Some(gap), Some(step)),
            Self::BestReachable { max_place, step } => {
                (all.max_place, all.step) = (Some(max_place), Some(step));
            }
            Self::Follow {
                merchants,
                delta,
                fallback,
            } => {
                (all.merchants, all.delta, all.fallback) = (Some(merchants), Some(delta), Some(fallback));
            }
            Self::Average { count, delta } => (all.count, all.delta) = (Some(count), Some(delta)),
            Self::CaptureGap { step, min_gain } => (all.step, all.min_gain) = (Some(step), Some(min_gain)),
            Self::Alone { up_percent } => all.up_percent = Some(up_percent),
            Self::Fixed { price } => all.price = Some(price),
        }
        all.serialize(serializer)
    }
}

/// Whose offers count as competitors (pricing rules, competitor set).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    /// Merchants that never count, not even in the test for outliers.
    pub ignore: Vec<String>,
    /// Only these merchants count.
    pub only: Option<Vec<String>>,
    /// A lower or unknown rating does not count.
    pub min_rating: Option<Rating>,
    /// Fewer reviews do not count.
    pub min_reviews: Option<i64>,
    /// Who delivers slower than we by more ranks does not count.
    pub max_slower_ranks: Option<i64>,
    /// What becomes of preorders.
    #[serde(deserialize_with = "strict::word")]
    pub preorder: PreorderFilter,
    /// Offers below this share of the median are outliers; 0: off.
    #[serde(deserialize_with = "strict::percent")]
    pub outlier_median_percent: Percent,
    /// Offers below this share of our unit cost are outliers; 0: off.
    #[serde(deserialize_with = "strict::percent")]
    pub outlier_cost_percent: Percent,
}

impl Default for Filters {
    fn default() -> Self {
        Self {
            ignore: Vec::new(),
            only: None,
            min_rating: None,
            min_reviews: None,
            max_slower_ranks: None,
            preorder: PreorderFilter::Skip,
            outlier_median_percent: Percent::whole(50),
            outlier_cost_percent: Percent::whole(50),
        }
    }
}

text_enum! {
    /// Which offers by their delivery count.
    PreorderFilter {
        /// Those of our own kind: from stock, or on preorder.
        Skip = "skip",
        /// All.
        Include = "include",
        /// Preorders.
        Only = "only",
    }
}

macro_rules! choices {
    ($($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)+ } default $default:ident)+) => {
        $(text_enum! { $(#[$meta])* $name { $($(#[$vmeta])* $variant = $word,)+ } }
        impl Default for $name { fn default() -> Self { Self::$default } })+
    };
}

choices! {
    /// Nobody else sells the card, proven.
    AloneChoice {
        /// Up by 5 % a run.
        Raise = "raise",
        /// To the ceiling.
        Ceiling = "ceiling",
        /// Stay.
        Hold = "hold",
    } default Raise
    /// Fewer rivals than the wanted place.
    RoomyChoice {
        /// Stay.
        Hold = "hold",
        /// To the ceiling.
        Ceiling = "ceiling",
    } default Hold
    /// Target and leader below the lowest safe price.
    BelowFloorChoice {
        /// The best place that the safe prices reach.
        Reachable = "reachable",
        /// Stay.
        Hold = "hold",
        /// To the lowest safe price.
        Floor = "floor",
        /// To the ceiling: let the war burn out.
        Ceiling = "ceiling",
    } default Reachable
    /// The leader stands at the lowest safe price.
    AtFloorChoice {
        /// To the same price.
        Match = "match",
        /// Stay.
        Hold = "hold",
        /// To the ceiling.
        Ceiling = "ceiling",
    } default Match
    /// The target is above the ceiling.
    AboveCeilingChoice {
        /// To the ceiling.
        Ceiling = "ceiling",
        /// Stay.
        Hold = "hold",
    } default Ceiling
    /// We are first and could ask more.
    FirstChoice {
        /// Go up.
        Capture = "capture",
        /// Stay.
        Hold = "hold",
    } default Capture
    /// A rival is at war with us, or was within the last day.
    WarChoice {
        /// To its price, no longer below it.
        Match = "match",
        /// Leave it the first place and stand right behind.
        Yield = "yield",
        /// Go on as if nothing were.
        Off = "off",
    } default Match
}

impl WarChoice {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What to do where the market leaves no plain answer (pricing rules, scenario table).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenarios {
    /// Nobody else sells the card.
    #[serde(deserialize_with = "strict::word")]
    pub alone: AloneChoice,
    /// Fewer rivals than the wanted place.
    #[serde(deserialize_with = "strict::word")]
    pub roomy: RoomyChoice,
    /// Target and leader are below the lowest safe price.
    #[serde(deserialize_with = "strict::word")]
    pub leader_below_floor: BelowFloorChoice,
    /// The leader stands at the lowest safe price.
    #[serde(deserialize_with = "strict::word")]
    pub leader_at_floor: AtFloorChoice,
    /// The target is above the ceiling.
    #[serde(deserialize_with = "strict::word")]
    pub leader_above_ceiling: AboveCeilingChoice,
    /// We are first and could ask more.
    #[serde(deserialize_with = "strict::word")]
    pub first: FirstChoice,
}

/// How far, how often and in which direction the price may move (pricing rules, guards G3–G9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Motion {
    /// Largest decrease of one run.
    #[serde(deserialize_with = "strict::percent")]
    pub max_down_percent: Percent,
    /// Largest increase of one run.
    #[serde(deserialize_with = "strict::percent")]
    pub max_up_percent: Percent,
    /// Largest distance from the opening price of the day.
    #[serde(deserialize_with = "strict::percent")]
    pub max_day_percent: Percent,
    /// Changes per product and day.
    pub max_changes_per_day: i64,
    /// No raise within this time after any change.
    pub raise_cooldown_minutes: i64,
    /// Smallest useful move.
    #[serde(deserialize_with = "strict::object")]
    pub min_move: MinMove,
    /// May the price fall?
    pub allow_down: bool,
    /// May the price rise?
    pub allow_up: bool,
    /// A larger decrease waits for a person.
    #[serde(deserialize_with = "strict::percent")]
    pub quarantine_percent: Percent,
    /// Last digits that prices shall have, where that costs nearly nothing; each 1–4 digits.
    pub endings: Vec<String>,
}

impl Default for Motion {
    fn default() -> Self {
        Self {
            max_down_percent: Percent::whole(10),
            max_up_percent: Percent::whole(10),
            max_day_percent: Percent::whole(20),
            max_changes_per_day: 48,
            raise_cooldown_minutes: 30,
            min_move: MinMove::default(),
            allow_down: true,
            allow_up: true,
            quarantine_percent: Percent::whole(30),
            endings: Vec::new(),
        }
    }
}

/// The smallest useful move: both must be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MinMove {
    /// In tenge.
    pub tenge: Tenge,
    /// As a share of the present price.
    #[serde(deserialize_with = "strict::percent")]
    pub percent: Percent,
}

impl Default for MinMove {
    fn default() -> Self {
        Self {
            tenge: Tenge(1),
            percent: Percent::from_hundredths(10),
        }
    }
}
