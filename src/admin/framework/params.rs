//! The address of a list: search, order, page, columns and filters as typed values and back. Unknown parameters are
//! refused, never ignored: a mistyped filter must not look like "everything".

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::Dir;

/// Search.
pub const SEARCH: &str = "q";
/// Order: a column, with `-` before it for falling.
pub const ORDER: &str = "o";
/// Page, of lists that are paged by numbers.
pub const PAGE: &str = "p";
/// Rows per page.
pub const SIZE: &str = "n";
/// A column that is shown; none: all of them.
pub const COLUMN: &str = "c";
/// What follows a place, of lists that are paged by places.
pub const AFTER: &str = "after";
/// What precedes a place; empty: the end of the list.
pub const BEFORE: &str = "before";
/// Fields can be changed in the list.
pub const EDIT: &str = "edit";
/// Names that no filter may have.
pub const RESERVED: [&str; 8] = [SEARCH, ORDER, PAGE, SIZE, COLUMN, AFTER, BEFORE, EDIT];
/// Rows that a page may have.
pub const PER_PAGE: [i64; 4] = [25, 50, 100, 200];

/// A parameter, or its value, that the list does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the list has no parameter {name}={value}")]
pub struct BadParameter {
    /// The parameter.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What the addresses of a list may say.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Parameters of filters.
    pub filters: Vec<String>,
    /// Columns.
    pub columns: Vec<&'static str>,
    /// Columns by which it can be ordered.
    pub sortable: Vec<&'static str>,
    /// Can fields be changed in it?
    pub edits: bool,
}

/// A page of a list that is paged by places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// What follows it.
    After(String),
    /// What precedes it.
    Before(String),
    /// The end of the list.
    End,
}

/// What is asked of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListParams {
    /// Words to find.
    pub search: String,
    /// Column and direction, where they were chosen.
    pub sort: Option<(String, bool)>,
    /// From 1.
    pub page: i64,
    /// Where the page begins or ends, in lists that are paged by places.
    pub place: Option<Place>,
    /// Rows per page, where they were chosen.
    pub size: Option<i64>,
    /// Columns that are shown; none: all of them.
    pub columns: Vec<String>,
    /// Fields can be changed.
    pub edit: bool,
    /// Values of the filters.
    pub filters: BTreeMap<String, String>,
}

impl ListParams {
    /// Reads a query string.
    ///
    /// # Errors
    /// A parameter that is neither reserved nor known, an order by a column that cannot be ordered by, a page or a
    /// number of rows that does not exist.
    pub fn parse(query: &str, known: &Known) -> Result<Self, BadParameter> {
        let mut params = Self {
            page: 1,
            ..Self::default()
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let bad = || BadParameter {
                name: name.to_string(),
                value: value.to_string(),
            };
            match &*name {
                SEARCH => params.search = value.replace('\0', "").trim().to_owned(),
                ORDER => {
                    let (column, falling) = value.strip_prefix('-').map_or((&*value, false), |c| (c, true));
                    if !known.sortable.contains(&column) {
                        return Err(bad());
                    }
                    params.sort = Some((column.to_owned(), falling));
                }
                PAGE => {
                    params.page = value.parse().ok().filter(|page| *page >= 1).ok_or_else(bad)?;
                }
                SIZE => {
                    let size = value.parse().ok().filter(|size| PER_PAGE.contains(size));
                    params.size = Some(size.ok_or_else(bad)?);
                }
                COLUMN if known.columns.contains(&&*value) => params.columns.push(value.to_string()),
                AFTER if !value.is_empty() => params.place = Some(Place::After(value.to_string())),
                BEFORE if value.is_empty() => params.place = Some(Place::End),
                BEFORE => params.place = Some(Place::Before(value.to_string())),
                EDIT if known.edits && value == "1" => params.edit = true,
                name if known.filters.iter().any(|filter| filter == name) => {
                    let value = value.replace('\0', "").trim().to_owned();
                    if !value.is_empty() {
                        params.filters.insert(name.to_owned(), value);
                    }
                }
                _ => return Err(bad()),
            }
        }
        Ok(params)
    }

    /// The same list with another page.
    #[must_use]
    pub fn with_page(&self, page: i64) -> Self {
        Self {
            page,
            place: None,
            ..self.clone()
        }
    }

    /// The same list from or to another place; `None`: from its beginning.
    #[must_use]
    pub fn with_place(&self, place: Option<Place>) -> Self {
        Self {
            place,
            ..self.with_page(1)
        }
    }

    /// The same list, from its beginning, with so many rows a page.
    #[must_use]
    pub fn with_size(&self, size: i64) -> Self {
        Self {
            size: Some(size),
            ..self.with_page(1)
        }
    }

    /// The same page with or without inputs.
    #[must_use]
    pub fn with_edit(&self, edit: bool) -> Self {
        Self { edit, ..self.clone() }
    }

    /// The same list, from its beginning, with a filter set or (`None`) lifted.
    #[must_use]
    pub fn with_filter(&self, name: &str, value: Option<&str>) -> Self {
        let mut params = self.with_page(1);
        match value {
            Some(value) => params.filters.insert(name.to_owned(), value.to_owned()),
            None => params.filters.remove(name),
        };
        params
    }

    /// The same list, from its beginning, as it is after a press on the head of `column`: rising, falling, and
    /// the third time in the list's own order.
    #[must_use]
    pub fn with_next_sort(&self, column: &str) -> Self {
        let sort = match &self.sort {
            Some((now, false)) if now == column => Some((column.to_owned(), true)),
            Some((now, true)) if now == column => None,
            _ => Some((column.to_owned(), false)),
        };
        Self {
            sort,
            ..self.with_page(1)
        }
    }

    /// The direction in which `column` was chosen.
    #[must_use]
    pub fn direction(&self, column: &str) -> Option<Dir> {
        self.sort
            .as_ref()
            .filter(|(chosen, _)| chosen == column)
            .map(|(_, falling)| if *falling { Dir::Desc } else { Dir::Asc })
    }

    /// Is the column shown?
    #[must_use]
    pub fn shows(&self, column: &str) -> bool {
        self.columns.is_empty() || self.columns.iter().any(|chosen| chosen == column)
    }

    /// Is anything narrowed?
    #[must_use]
    pub fn narrows(&self) -> bool {
        !self.search.is_empty() || !self.filters.is_empty()
    }

    /// The link to this list, relative to its page.
    #[must_use]
    pub fn link(&self) -> String {
        let mut query = form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        query.extend_pairs(self.pairs());
        query.finish()
    }

    /// The link to what a file of this list holds: every page of it.
    #[must_use]
    pub fn whole(&self) -> String {
        self.with_page(1).with_edit(false).link()
    }

    /// What a form that gives these parameters anew must carry along; it begins the list anew.
    #[must_use]
    pub fn hidden_but(&self, given: &[&str]) -> Vec<(String, String)> {
        let mut pairs = self.with_page(1).pairs();
        pairs.retain(|(name, _)| !given.contains(&name.as_str()));
        pairs
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = self.filters.clone().into_iter().collect();
        let mut add = |name: &str, value: String| pairs.push((name.to_owned(), value));
        if !self.search.is_empty() {
            add(SEARCH, self.search.clone());
        }
        if let Some((column, falling)) = &self.sort {
            let sign = if *falling { "-" } else { "" };
            add(ORDER, format!("{sign}{column}"));
        }
        if let Some(size) = self.size {
            add(SIZE, size.to_string());
        }
        for column in &self.columns {
            add(COLUMN, column.clone());
        }
        if self.edit {
            add(EDIT, "1".to_owned());
        }
        if self.page > 1 {
            add(PAGE, self.page.to_string());
        }
        match &self.place {
            Some(Place::After(place)) => add(AFTER, place.clone()),
            Some(Place::Before(place)) => add(BEFORE, place.clone()),
            Some(Place::End) => add(BEFORE, String::new()),
            None => {}
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<ListParams, BadParameter> {
        let known = Known {
            filters: vec!["active".to_owned(), "mode".to_owned()],
            columns: vec!["name", "count", "size"],
            sortable: vec!["name", "count"],
            edits: true,
        };
        ListParams::parse(query, &known)
    }

    #[test]
    fn a_list_is_its_address_and_back() {
        for query in [
            "mode=live&o=name&n=100&c=name&c=size&edit=1&after=x.1",
            "before=x.1",
            "before=",
        ] {
            let params = parse(query).unwrap();
            assert_eq!(params.link(), format!("?{query}"));
            assert_eq!(params.with_place(None).place, None);
        }
        let params = parse("mode=live&q=%D1%87%D0%B0%D0%B9&o=-count&p=3").unwrap();
        assert_eq!(params.search, "чай");
        assert_eq!(params.sort, Some(("count".to_owned(), true)));
        assert_eq!(params.page, 3);
        assert_eq!(params.link(), "?mode=live&q=%D1%87%D0%B0%D0%B9&o=-count&p=3");
        assert_eq!(parse(params.link().trim_start_matches('?')).unwrap(), params);
    }

    #[test]
    fn what_the_list_does_not_know_is_refused() {
        for query in [
            "colour=red",
            "o=password_hash",
            "o=-",
            "o=size",
            "p=0",
            "p=x",
            "n=7",
            "c=password_hash",
            "edit=2",
            "after=",
            "id__gt=3",
        ] {
            assert!(parse(query).is_err(), "{query}");
        }
    }

    #[test]
    fn a_head_goes_through_rising_falling_and_none() {
        let first = parse("p=4").unwrap().with_next_sort("name");
        assert_eq!(
            (first.sort.clone(), first.page),
            (Some(("name".to_owned(), false)), 1)
        );
        let second = first.with_next_sort("name");
        assert_eq!(second.sort, Some(("name".to_owned(), true)));
        assert_eq!(second.with_next_sort("name").sort, None);
        assert_eq!(
            second.with_next_sort("count").sort,
            Some(("count".to_owned(), false))
        );
    }

    #[test]
    fn a_filter_starts_at_the_first_page_and_can_be_lifted() {
        let params = parse("active=yes&p=2").unwrap().with_filter("mode", Some("off"));
        assert_eq!(params.link(), "?active=yes&mode=off");
        assert_eq!(params.with_filter("active", None).link(), "?mode=off");
    }
}
