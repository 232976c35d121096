//! Formats of the interface, stricter than what serde takes by itself (pricing rules, exact semantics of the
//! input): objects are objects and no arrays, words are strings, times and decimals are written in one way.

use std::{fmt, marker::PhantomData, str::FromStr};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

use crate::domain::percent::Percent;

/// Reads structures from objects only: by itself serde takes an array of the fields' values too.
struct ObjectOnly<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ObjectOnly<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A structure, which must be written as an object.
#[derive(Deserialize)]
#[serde(transparent, bound = "T: Deserialize<'de>")]
struct Object<T>(#[serde(deserialize_with = "object")] T);

pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(ObjectOnly(deserializer))
}

pub(super) fn object_or_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|object| object.0))
}

pub(super) fn object_or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(object_or_null(deserializer)?.unwrap_or_default())
}

/// A value that may be left out, but not be null.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

pub(super) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Objects<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Objects<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array of objects")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::with_capacity(16);
            while let Some(Object(row)) = rows.next_element()? {
                all.push(row);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_seq(Objects(PhantomData))
}

/// Reads a string without copying it.
fn text<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    what: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Text<F>(&'static str, F);
    impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for Text<F> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            let what = self.0;
            (self.1)(text).ok_or_else(|| E::custom(format_args!("{text:?} is not {what}")))
        }
    }
    deserializer.deserialize_str(Text(what, read))
}

/// One of the words of an enum.
pub(super) fn word<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    text(deserializer, "a word that stands here", |text| text.parse().ok())
}

/// Words of an enum.
pub(super) fn words<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent, bound = "T: FromStr")]
    struct Word<T>(#[serde(deserialize_with = "word")] T);
    let words = Vec::<Word<T>>::deserialize(deserializer)?;
    Ok(words.into_iter().map(|word| word.0).collect())
}

/// A decimal without a sign, as `12.5`.
pub(super) fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
    text(deserializer, "a percentage as \"12.5\"", unsigned)
}

pub(super) fn given_percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Percent>, D::Error> {
    percent(deserializer).map(Some)
}

pub(super) fn unsigned(text: &str) -> Option<Percent> {
    if text.starts_with('-') {
        None
    } else {
        text.parse().ok()
    }
}

/// A rating in millionths; exact, as the decimals of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rating(Percent);

impl Rating {
    /// The best one.
    pub(super) const BEST: Self = Self(Percent::whole(5));

    /// From hundredths: 485 is 4.85.
    #[must_use]
    pub fn from_centi(hundredths: i32) -> Self {
        Self(Percent::from_hundredths(hundredths))
    }

    /// `None` for 0, which stands for "no rating".
    pub(super) fn known(self) -> Option<Self> {
        (self.0 > Percent::whole(0)).then_some(self)
    }

    pub(super) fn is_valid(self) -> bool {
        self.0 >= Percent::whole(0) && self <= Self::BEST
    }
}

impl FromStr for Rating {
    type Err = crate::domain::percent::NotAPercent;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for Rating {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rating {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, "a rating as \"4.85\"", |text| {
            unsigned(text).map(Self)
        })
    }
}

pub(super) fn rating<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rating>, D::Error> {
    Option::deserialize(deserializer)
}

/// An instant, which must be written as `2026-11-25T10:00:00.5+05:00` or with `Z`.
struct Time(DateTime<Utc>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(
            deserializer,
            "a time as \"2026-11-25T10:00:00Z\" or with \"+05:00\"",
            |text| parse_time(text).map(Self),
        )
    }
}

pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    Time::deserialize(deserializer).map(|time| time.0)
}

pub(super) fn time_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(Option::<Time>::deserialize(deserializer)?.map(|time| time.0))
}

/// `YYYY-MM-DDTHH:MM:SS`, up to nine decimals, then `Z` or `±HH:MM`; no leap second.
pub(super) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let (stamp, rest) = text.as_bytes().split_at_checked(19)?;
    let number = |from: usize, to: usize| digits(stamp.get(from..to)?);
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| stamp.get(*at) != Some(mark)) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)?;
    let (nanos, zone) = match rest.strip_prefix(b".") {
        None => (0, rest),
        Some(rest) => {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (fraction, zone) = rest.split_at_checked(length)?;
            if !(1..=9).contains(&length) {
                return None;
            }
            let scale = 10_u32.checked_pow(u32::try_from(9 - length).ok()?)?;
            (digits(fraction)? * scale, zone)
        }
    };
    let local = date.and_hms_nano_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, nanos)?;
    let offset = match zone {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), clock @ ..] if clock.len() == 5 && clock.get(2) == Some(&b':') => {
            let (hours, minutes) = (digits(clock.get(..2)?)?, digits(clock.get(3..)?)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = i64::from(hours * 60 + minutes);
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    Some(
        local
            .checked_sub_signed(TimeDelta::try_minutes(offset)?)?
            .and_utc(),
    )
}

/// At most nine digits, so that they always fit.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'))
    })
}

/// An error inside `field` of the structure that is being read; `wire` takes the field's name out again.
pub(super) fn inside<E: Error>(field: &str, message: impl fmt::Display) -> E {
    E::custom(format_args!("in `{field}`: {message}"))
}

/// A whole number or a text, as the goal's value.
pub(super) enum NumberOrText {
    /// Written as a number.
    Number(i64),
    /// Written as a string.
    Text(String),
}

impl<'de> Deserialize<'de> for NumberOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = NumberOrText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number or a percentage as \"12.5\"")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<NumberOrText, E> {
                Ok(NumberOrText::Number(number))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<NumberOrText, E> {
                i64::try_from(number)
                    .map(NumberOrText::Number)
                    .map_err(|_| E::custom("too large"))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<NumberOrText, E> {
                Ok(NumberOrText::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Any JSON, read only to see that no object repeats a field. Remembers the text of a top field `id`.
#[derive(Default)]
pub(super) struct Plain {
    text: Option<String>,
    /// The field `id` of this object, where it is a string.
    pub id: Option<String>,
}

/// Part of the message of a repeated field.
pub(super) const REPEATED: &str = "is there twice";

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anything;
        impl<'de> Visitor<'de> for Anything {
            type Value = Plain;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_bool<E>(self, _: bool) -> Result<Plain, E> {
                Ok(Plain::default())
            }
            fn visit_i64<E>(self, _: i64) -> Result<Plain, E> {
                Ok(Plain::default())
            }
            fn visit_u64<E>(self, _: u64) -> Result<Plain, E> {
                Ok(Plain::default())
            }
            fn visit_f64<E>(self, _: f64) -> Result<Plain, E> {
                Ok(Plain::default())
            }
            fn visit_unit<E>(self) -> Result<Plain, E> {
                Ok(Plain::default())
            }
            fn visit_str<E>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain {
                    text: Some(text.to_owned()),
                    id: None,
                })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Plain, A::Error> {
                while rows.next_element::<Plain>()?.is_some() {}
                Ok(Plain::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plain, A::Error> {
                let mut names = std::collections::HashSet::new();
                let mut plain = Plain::default();
                while let Some((name, value)) = map.next_entry::<String, Plain>()? {
                    if name == "id" {
                        plain.id = value.text;
                    }
                    if let Some(name) = names.replace(name) {
                        return Err(A::Error::custom(format_args!("`{name}` {REPEATED}")));
                    }
                }
                Ok(plain)
            }
        }
        deserializer.deserialize_any(Anything)
    }
}
