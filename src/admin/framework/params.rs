//! The address of a list: search, order, page and filters as typed values and back. Unknown parameters are
//! refused, never ignored: a mistyped filter must not look like "everything".

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::Dir;

/// Search.
pub const SEARCH: &str = "q";
/// Order: a column, with `-` before it for falling.
pub const ORDER: &str = "o";
/// Page.
pub const PAGE: &str = "p";
/// Names that no filter may have.
pub const RESERVED: [&str; 3] = [SEARCH, ORDER, PAGE];

/// A parameter, or its value, that the list does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the list has no parameter {name}={value}")]
pub struct BadParameter {
    /// The parameter.
    pub name: String,
    /// Its value.
    pub value: String,
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
    /// Values of the filters.
    pub filters: BTreeMap<String, String>,
}

impl ListParams {
    /// Reads a query string.
    ///
    /// # Errors
    /// A parameter that is neither reserved nor in `filters`, an order by a column that is not in `sortable`, a
    /// page that is no number from 1.
    pub fn parse(query: &str, filters: &[&str], sortable: &[&str]) -> Result<Self, BadParameter> {
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
                    if !sortable.contains(&column) {
                        return Err(bad());
                    }
                    params.sort = Some((column.to_owned(), falling));
                }
                PAGE => {
                    params.page = value.parse().ok().filter(|page| *page >= 1).ok_or_else(bad)?;
                }
                known if filters.contains(&known) => {
                    if !value.is_empty() {
                        params.filters.insert(name.to_string(), value.to_string());
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
        Self { page, ..self.clone() }
    }

    /// The same list, from its first page, with a filter set or (`None`) lifted.
    #[must_use]
    pub fn with_filter(&self, name: &str, value: Option<&str>) -> Self {
        let mut params = self.with_page(1);
        match value {
            Some(value) => params.filters.insert(name.to_owned(), value.to_owned()),
            None => params.filters.remove(name),
        };
        params
    }

    /// The same list, from its first page, as it is after a press on the head of `column`: rising, falling, and
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

    /// Is anything narrowed?
    #[must_use]
    pub fn narrows(&self) -> bool {
        !self.search.is_empty() || !self.filters.is_empty()
    }

    /// The link to this list, relative to its page.
    #[must_use]
    pub fn link(&self) -> String {
        let mut query = form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        query.extend_pairs(&self.filters);
        if !self.search.is_empty() {
            query.append_pair(SEARCH, &self.search);
        }
        if let Some((column, falling)) = &self.sort {
            let sign = if *falling { "-" } else { "" };
            query.append_pair(ORDER, &format!("{sign}{column}"));
        }
        if self.page > 1 {
            query.append_pair(PAGE, &self.page.to_string());
        }
        query.finish()
    }

    /// What a search form must carry along.
    #[must_use]
    pub fn hidden(&self) -> Vec<(String, String)> {
        let mut hidden: Vec<_> = self.filters.clone().into_iter().collect();
        if let Some((column, falling)) = &self.sort {
            let sign = if *falling { "-" } else { "" };
            hidden.push((ORDER.to_owned(), format!("{sign}{column}")));
        }
        hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<ListParams, BadParameter> {
        ListParams::parse(query, &["active", "mode"], &["name", "count"])
    }

    #[test]
    fn a_list_is_its_address_and_back() {
        let params = parse("mode=live&q=%D1%87%D0%B0%D0%B9&o=-count&p=3").unwrap();
        assert_eq!(params.search, "чай");
        assert_eq!(params.sort, Some(("count".to_owned(), true)));
        assert_eq!(params.page, 3);
        assert_eq!(params.link(), "?mode=live&q=%D1%87%D0%B0%D0%B9&o=-count&p=3");
        assert_eq!(parse(params.link().trim_start_matches('?')).unwrap(), params);
    }

    #[test]
    fn what_the_list_does_not_know_is_refused() {
        for query in ["colour=red", "o=password_hash", "o=-", "p=0", "p=x", "id__gt=3"] {
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
