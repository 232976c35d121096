//! Paging by page number: how much is asked for and what came back.

/// Rows per page of the JSON API and of the panel's default.
pub const PAGE_SIZE: i64 = 50;

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub number: i64,
    /// Rows per page, 1–200.
    pub size: i64,
}

impl PageRequest {
    /// Page `number` (at least 1) of `size` rows (1–200).
    #[must_use]
    pub fn new(number: i64, size: i64) -> Self {
        Self {
            number: number.max(1),
            size: size.clamp(1, 200),
        }
    }

    /// Rows before this page.
    #[must_use]
    pub fn offset(self) -> i64 {
        (self.number - 1).saturating_mul(self.size)
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Paged<T> {
    /// The rows of the page.
    pub rows: Vec<T>,
    /// Rows of the whole list.
    pub total: i64,
    /// What was asked for.
    pub page: PageRequest,
}

impl<T> Paged<T> {
    /// Number of the last page, at least 1.
    #[must_use]
    pub fn last_page(&self) -> i64 {
        ((self.total + self.page.size - 1) / self.page.size).max(1)
    }
}

/// The words of a search as patterns for `ilike`; people's `%` and `_` mean themselves.
#[must_use]
pub fn search_words(search: &str) -> Vec<String> {
    search
        .split([' ', ',', '\u{a0}'])
        .filter(|word| !word.is_empty())
        .take(8)
        .map(|word| format!("%{}%", escaped(word)))
        .collect()
}

/// A text as it stands in a pattern of `like`.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
