//! Rows of the predecessor's database as ours: what is taken, what is left empty, what is left out. Nothing is rounded
//! and nothing is guessed; each doubt has its reason. Start reading at [`rows`].

pub mod rows;

use super::{Tenge, product::LOWEST_PRICE, text_enum::text_enum};

text_enum! {
    /// A table of the predecessor.
    OldTable {
        /// Shops.
        Stores = "kaspi_stores",
        /// Offers.
        Products = "products",
        /// Preorders.
        Preorders = "preorders",
    }
}

text_enum! {
    /// Why a value is doubtful.
    Reason {
        /// Nothing there, where something must be.
        Empty = "empty",
        /// More characters than fit.
        TooLong = "too_long",
        /// A part of a tenge.
        Fraction = "fraction",
        /// Zero or less.
        NotPositive = "not_positive",
        /// Below what the marketplace takes.
        BelowLowest = "below_lowest",
        /// More than anybody would ask.
        TooHigh = "too_high",
        /// No number at all.
        NotANumber = "not_a_number",
        /// The floor lies above the ceiling.
        FloorAboveCeiling = "floor_above_ceiling",
        /// No number of days from 0 to 30.
        Days = "days",
        /// None of the known words.
        UnknownWord = "unknown_word",
        /// JSON of another form.
        Unreadable = "unreadable",
        /// No address of the web.
        NotAnAddress = "not_an_address",
        /// The predecessor has it several times.
        Duplicate = "duplicate",
        /// There is no such store, or it was left out.
        NoStore = "no_store",
        /// There is no such product, or it was left out.
        NoProduct = "no_product",
        /// Its product belongs to another store.
        OtherStore = "other_store",
        /// Another row of ours has its place.
        TakenHere = "taken_here",
        /// Follows from another doubt: the robot must not go on with less than it had.
        SwitchedOff = "switched_off",
        /// Its store sets prices here already: a person switches on what comes later.
        StoreWorks = "store_works",
        /// Different passwords for one login.
        Differing = "differing",
        /// No e-mail.
        NotAnEmail = "not_an_email",
    }
}

impl Reason {
    /// What is wrong, behind the name of a column.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::TooLong => "is too long",
            Self::Fraction => "is not a whole number of tenge",
            Self::NotPositive => "is not above zero",
            Self::BelowLowest => "is below the lowest price that the marketplace takes",
            Self::TooHigh => "is higher than any price",
            Self::NotANumber => "is not a number",
            Self::FloorAboveCeiling => "is below min_profit: the floor lies above the ceiling",
            Self::Days => "is not a number of days from 0 to 30",
            Self::UnknownWord => "is none of the known words",
            Self::Unreadable => "cannot be read",
            Self::NotAnAddress => "is not an address of the web",
            Self::Duplicate => "is there several times, and nobody knows which row is right",
            Self::NoStore => "names a store that is not here: it is missing, or was left out",
            Self::NoProduct => "names a product that is not here: it is missing, or was left out",
            Self::OtherStore => "is another store than its product's",
            Self::TakenHere => "belongs to another row here",
            Self::SwitchedOff => "is switched off, because a value above was left empty",
            Self::StoreWorks => "is switched off, because its store is at work here: switch it on yourself",
            Self::Differing => "has different passwords in several stores",
            Self::NotAnEmail => "is not an e-mail address",
        }
    }
}

/// What is doubtful in a row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Doubt {
    /// Column of the predecessor, or several in the order of their rule.
    pub field: &'static str,
    /// Why.
    pub reason: Reason,
    /// The value, where it is short and no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Doubt {
    /// `reason` at `field`.
    #[must_use]
    pub fn new(field: &'static str, reason: Reason) -> Self {
        Self {
            field,
            reason,
            value: None,
        }
    }

    /// The same with the value, or its beginning.
    #[must_use]
    pub fn of(self, value: impl std::fmt::Display) -> Self {
        let value = value.to_string().chars().take(60).collect();
        Self {
            value: Some(value),
            ..self
        }
    }
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.field, self.reason.sentence())?;
        match &self.value {
            Some(value) => write!(f, " ({value})"),
            None => Ok(()),
        }
    }
}

/// A price in hundredths as whole tenge.
///
/// # Errors
/// Anything that is no whole number of tenge from the lowest price to the highest: it is never rounded.
pub fn price_of_tiyin(text: &str) -> Result<Tenge, Reason> {
    let tiyin: i64 = text.parse().map_err(|_| Reason::NotANumber)?;
    if tiyin <= 0 {
        return Err(Reason::NotPositive);
    }
    if tiyin % 100 != 0 {
        return Err(Reason::Fraction);
    }
    price(Tenge(tiyin / 100))
}

/// A limit as the predecessor wrote it, in tenge with two decimals: `500.00`.
///
/// # Errors
/// As [`price_of_tiyin`].
pub fn limit_of_decimal(text: &str) -> Result<Tenge, Reason> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(places) {
        return Err(Reason::NotANumber);
    }
    let has_fraction = places.bytes().any(|b| b != b'0');
    if negative || (whole.bytes().all(|b| b == b'0') && !has_fraction) {
        return Err(Reason::NotPositive);
    }
    if has_fraction {
        return Err(Reason::Fraction);
    }
    // More digits than fit are more than any price.
    price(Tenge(whole.parse().map_err(|_| Reason::TooHigh)?))
}

fn price(price: Tenge) -> Result<Tenge, Reason> {
    if price < LOWEST_PRICE {
        Err(Reason::BelowLowest)
    } else if price > Tenge::MAX {
        Err(Reason::TooHigh)
    } else {
        Ok(price)
    }
}

/// A text that must be there, as it is.
///
/// # Errors
/// It is blank or longer than `limit` characters.
pub fn required(text: Option<String>, limit: usize) -> Result<String, Reason> {
    optional(text, limit)?.ok_or(Reason::Empty)
}

/// A text that may be missing; blank ones are.
///
/// # Errors
/// It is longer than `limit` characters.
pub fn optional(text: Option<String>, limit: usize) -> Result<Option<String>, Reason> {
    match text.filter(|text| !text.trim().is_empty()) {
        Some(text) if text.chars().count() > limit => Err(Reason::TooLong),
        text => Ok(text),
    }
}

#[cfg(test)]
mod tests;
