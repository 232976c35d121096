//! Percentages as exact decimals: no floating point anywhere near a price.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::Tenge;

/// A percentage in millionths of a percent: 12.5 % is 12 500 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(i64);

/// A text is no decimal with at most six digits before and after the point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal percentage")]
pub struct NotAPercent;

const UNIT: i64 = 1_000_000;

impl Percent {
    /// A whole percentage.
    #[must_use]
    pub const fn whole(percent: i32) -> Self {
        // i32 times a million always fits.
        Self(i64_from(percent) * UNIT)
    }

    /// From hundredths of a percent: 1 250 is 12.5 %.
    #[must_use]
    pub const fn from_hundredths(hundredths: i32) -> Self {
        Self(i64_from(hundredths) * (UNIT / 100))
    }

    /// From millionths of a percent, as tables keep them: 12 500 000 is 12.5 %.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// The change from one amount to another in hundredths of a percent, cut off towards zero; `None` from nothing, and
    /// where it is beyond all sense.
    #[must_use]
    pub fn of_change(before: Tenge, after: Tenge) -> Option<Self> {
        let moved = after.0.checked_sub(before.0)?.checked_mul(10_000)?;
        let hundredths = i32::try_from(moved.checked_div(before.0)?).ok()?;
        Some(Self::from_hundredths(hundredths))
    }

    /// Millionths of a percent, as tables keep them.
    #[must_use]
    pub const fn to_millionths(self) -> i64 {
        self.0
    }

    /// The percentage in millionths of a percent; what it is a share of counts 100 000 000 of them.
    #[must_use]
    pub fn millionths(self) -> i128 {
        i128::from(self.0)
    }

    /// `⌊amount · self / 100⌋`. Exact up to far more than any price; beyond it stops at the largest number.
    #[must_use]
    pub fn of_floor(self, amount: i64) -> i64 {
        narrow(product(amount, self.0).div_euclid(i128::from(UNIT) * 100))
    }

    /// `⌈amount · self / 100⌉`.
    #[must_use]
    pub fn of_ceil(self, amount: i64) -> i64 {
        -narrow((-product(amount, self.0)).div_euclid(i128::from(UNIT) * 100))
    }

    /// 100 % plus this.
    #[must_use]
    pub fn above_all(self) -> Self {
        Self(100 * UNIT + self.0)
    }

    /// 100 % minus this.
    #[must_use]
    pub fn below_all(self) -> Self {
        Self(100 * UNIT - self.0)
    }

    /// Is `part · 100 > self · whole`?
    #[must_use]
    pub fn is_exceeded_by(self, part: i64, whole: i64) -> bool {
        i128::from(part) * 100 * i128::from(UNIT) > product(whole, self.0)
    }

    /// Is `part · 100 ≥ self · whole`?
    #[must_use]
    pub fn is_reached_by(self, part: i64, whole: i64) -> bool {
        i128::from(part) * 100 * i128::from(UNIT) >= product(whole, self.0)
    }
}

#[expect(clippy::as_conversions, reason = "widening, and `From` is not const")]
const fn i64_from(value: i32) -> i64 {
    value as i64
}

fn product(amount: i64, millionths: i64) -> i128 {
    i128::from(amount) * i128::from(millionths)
}

/// Amounts are bounded far below `i64::MAX`. A number beyond it never wraps: it stays above or below every
/// limit.
fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value > 0 { i64::MAX } else { i64::MIN + 1 })
}

impl FromStr for Percent {
    type Err = NotAPercent;
    fn from_str(text: &str) -> Result<Self, NotAPercent> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |s: &str| (1..=6).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(NotAPercent);
        }
        let whole: i64 = whole.parse().map_err(|_| NotAPercent)?;
        let missing = u32::try_from(6 - fraction.len()).map_err(|_| NotAPercent)?;
        let fraction = fraction.parse::<i64>().map_err(|_| NotAPercent)? * 10_i64.pow(missing);
        Ok(Self(sign * (whole * UNIT + fraction)))
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.abs() / UNIT, self.0.abs() % UNIT);
        if fraction == 0 {
            write!(f, "{sign}{whole}")
        } else {
            let digits = format!("{fraction:06}");
            write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
        }
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Percent;

    #[test]
    fn percentages_are_exact_and_rounded_in_the_stated_direction() {
        let p: Percent = "12.5".parse().unwrap();
        assert_eq!((p.of_floor(9), p.of_ceil(9)), (1, 2));
        assert_eq!(Percent::whole(10).below_all().of_ceil(10_005), 9_005);
        assert_eq!(p.to_string(), "12.5");
        assert!("0.1".parse::<Percent>().unwrap().is_reached_by(1, 1_000));
        assert!(!"0.1".parse::<Percent>().unwrap().is_reached_by(1, 1_001));
        for bad in ["", ".5", "1.", "01", "1e3", "1234567", "+1"] {
            assert!(bad.parse::<Percent>().is_err(), "{bad}");
        }
    }
}
