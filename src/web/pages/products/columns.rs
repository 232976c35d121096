//! The columns of the list: name, price and limits always stand there, the others as the user chose.

use crate::{
    domain::UserId,
    store::{PgConnection, StoreError, saved_views::product_columns_of},
    web::pages::listing::Params,
};

/// Columns that can be chosen, in the order in which they stand.
pub const NAMES: &[&str] = &[
    "rival", "place", "stock", "state", "age", "store", "category", "brand", "strategy",
];

/// Those that stand there where nothing was chosen.
const USUAL: &[&str] = &["rival", "place", "stock", "state", "age"];

/// The word of a list without any of them.
const NONE: &str = "none";

/// The columns that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<&'static str>);

impl Default for Columns {
    fn default() -> Self {
        Self(USUAL.to_vec())
    }
}

impl Columns {
    /// Those among `words`; words that are not known are left out.
    #[must_use]
    pub fn among(words: &[&str]) -> Self {
        let known = NAMES.iter().filter(|name| words.contains(name));
        Self(known.copied().collect())
    }

    /// What [`Columns::text`] wrote; the usual ones for a text without any known word.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        let columns = Self::among(&words);
        if columns.0.is_empty() && !words.contains(&NONE) {
            Self::default()
        } else {
            columns
        }
    }

    /// What the address says, else what the user chose, else the usual ones.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn of(conn: &mut PgConnection, user: UserId, params: &Params) -> Result<Self, StoreError> {
        if params.any(&["columns"]) {
            return Ok(Self::parse(params.get("columns")));
        }
        let chosen = product_columns_of(conn, user)?;
        Ok(chosen.map_or_else(Self::default, |text| Self::parse(&text)))
    }

    /// As addresses and the database keep it: words with commas.
    #[must_use]
    pub fn text(&self) -> String {
        if self.0.is_empty() {
            NONE.to_owned()
        } else {
            self.0.join(",")
        }
    }

    /// Is this column shown?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    /// Are there more than a window of the usual width holds?
    #[must_use]
    pub fn more_than_usual(&self) -> bool {
        self.0.len() > USUAL.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_written_and_read_back_in_their_own_order() {
        let columns = Columns::parse("brand, place,nonsense,place");
        assert_eq!(columns.text(), "place,brand");
        assert_eq!(Columns::parse(&columns.text()), columns);
        assert!(columns.has("brand") && !columns.has("rival"));
        let none = Columns::among(&[]);
        assert_eq!(none.text(), "none");
        assert_eq!(Columns::parse("none"), none);
        for nothing in ["", ",", "nonsense"] {
            assert_eq!(Columns::parse(nothing), Columns::default(), "{nothing}");
        }
        assert!(!Columns::default().more_than_usual());
        assert!(Columns::among(NAMES).more_than_usual());
    }
}
