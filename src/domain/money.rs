//! Money: whole tenge, never a fraction, never floating point.

/// An amount in whole tenge.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Tenge(pub i64);

/// Why a text is no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Nothing was typed.
    #[error("no amount")]
    Empty,
    /// Other characters than digits and separators of thousands.
    #[error("not a number")]
    NotANumber,
    /// A part of a tenge: prices on the marketplace are whole.
    #[error("a fraction of a tenge")]
    Fraction,
    /// More than fits or than anybody would ask.
    #[error("too large")]
    TooLarge,
    /// Zero or less where a price is wanted.
    #[error("not above zero")]
    NotPositive,
}

impl Tenge {
    /// Largest price that the panel accepts: one billion tenge.
    pub const MAX: Self = Self(1_000_000_000);

    /// Sum; `None` on overflow.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Difference; `None` on overflow.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The amount in hundredths (tiyin), as the predecessor's JSON API writes prices. Saturates.
    #[must_use]
    pub fn tiyin(self) -> i64 {
        self.0.saturating_mul(100)
    }

    /// Understands what people type: `12 480`, `12 480 ₸`, `12480 тг`, `1,234,567`.
    ///
    /// # Errors
    /// [`MoneyError`] says what is wrong; a fraction is refused, not rounded.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let mut text = text.trim();
        for sign in ["₸", "тг.", "тг", "тенге", "KZT"] {
            text = text.strip_suffix(sign).unwrap_or(text).trim_end();
        }
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (sign, digits) = match compact.strip_prefix(['-', '−']) {
            Some(rest) => (-1, rest.to_owned()),
            None => (1, compact),
        };
        if digits.is_empty() {
            return Err(MoneyError::Empty);
        }
        let digits = without_thousands_separators(&digits)?;
        if digits.len() > 15 {
            return Err(MoneyError::TooLarge);
        }
        let value: i64 = digits.parse().map_err(|_| MoneyError::NotANumber)?;
        if value > Self::MAX.0 {
            Err(MoneyError::TooLarge)
        } else {
            Ok(Self(sign * value))
        }
    }

    /// A decimal with at most two places, as the predecessor's JSON API writes amounts (`10900.50`), rounded up to
    /// whole tenge: its `min_profit` becomes a floor, and a floor stays a floor.
    ///
    /// # Errors
    /// [`MoneyError`]; more than two places are no number of that interface.
    pub fn from_decimal_rounded_up(text: &str) -> Result<Self, MoneyError> {
        let (whole, hundredths) = decimal(text)?;
        Self::within(whole + i64::from(hundredths > 0))
    }

    /// [`Tenge::from_decimal_rounded_up`], rounded down: its `max_profit` becomes a ceiling, and a ceiling stays a
    /// ceiling.
    ///
    /// # Errors
    /// As there.
    pub fn from_decimal_rounded_down(text: &str) -> Result<Self, MoneyError> {
        let (whole, _) = decimal(text)?;
        Self::within(whole)
    }

    fn within(value: i64) -> Result<Self, MoneyError> {
        if (-Self::MAX.0..=Self::MAX.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(MoneyError::TooLarge)
        }
    }

    /// [`Tenge::parse`] for a price: above zero.
    ///
    /// # Errors
    /// As `parse`, and [`MoneyError::NotPositive`].
    pub fn parse_price(text: &str) -> Result<Self, MoneyError> {
        let value = Self::parse(text)?;
        if value.0 > 0 {
            Ok(value)
        } else {
            Err(MoneyError::NotPositive)
        }
    }
}

impl std::fmt::Display for Tenge {
    /// Plain digits, for logs; people see `web::format`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// `-?digits(.digit{1,2})?` as the largest whole number that is not above it, and the hundredths to add to that.
fn decimal(text: &str) -> Result<(i64, i64), MoneyError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if digits.is_empty() {
        return Err(MoneyError::Empty);
    }
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "00"));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(places) || places.len() > 2 {
        return Err(MoneyError::NotANumber);
    }
    if whole.len() > 15 {
        return Err(MoneyError::TooLarge);
    }
    let number = |s: &str| s.parse::<i64>().map_err(|_| MoneyError::NotANumber);
    let tens = if places.len() == 1 { 10 } else { 1 };
    let hundredths = number(whole)? * 100 + number(places)? * tens;
    let hundredths = if negative { -hundredths } else { hundredths };
    Ok((hundredths.div_euclid(100), hundredths.rem_euclid(100)))
}

/// `1,234,567` → `1234567`; anything after a comma or point that is no group of three is a fraction.
fn without_thousands_separators(text: &str) -> Result<String, MoneyError> {
    let mut groups = text.split([',', '.']);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let all_digits = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_digit());
    if !all_digits(first) || !rest.iter().all(|s| all_digits(s)) {
        return Err(MoneyError::NotANumber);
    }
    let grouped = !rest.is_empty() && first.len() <= 3 && rest.iter().all(|g| g.len() == 3);
    // One separator with three digits behind it is read as thousands only with a comma: `1.234` is a fraction.
    if rest.is_empty() || (grouped && !text.contains('.')) {
        Ok(std::iter::once(first).chain(rest).collect())
    } else {
        Err(MoneyError::Fraction)
    }
}

#[cfg(test)]
mod tests;
