//! What lists share: the query string as state, its links, and paging by numbers.

use actix_web::HttpRequest;

use crate::{
    store::page::{PAGE_SIZE, PageRequest, Paged},
    web::texts::Texts,
};

/// Rows per page that people may choose.
const SIZES: [i64; 3] = [50, 100, 200];

/// The known part of a query string: filters, order and page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    path: &'static str,
    pairs: Vec<(&'static str, String)>,
}

impl Params {
    /// The values of `names` that the request brings; other names and empty values are dropped.
    #[must_use]
    pub fn read(req: &HttpRequest, path: &'static str, names: &[&'static str]) -> Self {
        Self::parse(req.query_string(), path, names)
    }

    /// [`Params::read`] of a text.
    #[must_use]
    pub fn parse(query: &str, path: &'static str, names: &[&'static str]) -> Self {
        let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let pairs = names
            .iter()
            .filter_map(|name| {
                let (_, value) = given.iter().find(|(given, _)| given == name)?;
                let value = value.trim();
                (!value.is_empty()).then(|| (*name, value.to_owned()))
            })
            .collect();
        Self { path, pairs }
    }

    /// The value, or an empty text.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }

    /// The value, where it can be understood.
    #[must_use]
    pub fn value<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).parse().ok()
    }

    /// Address of the same list with another value; an empty one removes it. Leads back to page 1.
    #[must_use]
    pub fn link(&self, name: &'static str, value: impl std::fmt::Display) -> String {
        let value = value.to_string();
        let mut pairs: Vec<(&str, &str)> = self
            .pairs
            .iter()
            .filter(|(known, _)| *known != name && *known != "page")
            .map(|(known, value)| (*known, value.as_str()))
            .collect();
        if !value.is_empty() {
            pairs.push((name, &value));
        }
        address(self.path, &pairs)
    }

    /// The query string of this list from its first page, with another value for `name`.
    #[must_use]
    pub fn query_with(&self, name: &'static str, value: impl std::fmt::Display) -> String {
        let address = self.link(name, value);
        address
            .split_once('?')
            .map_or_else(String::new, |(_, query)| query.to_owned())
    }

    /// Address of this list as it is.
    #[must_use]
    pub fn here(&self) -> String {
        let pairs: Vec<(&str, &str)> = self
            .pairs
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        address(self.path, &pairs)
    }

    /// Address of the list without anything.
    #[must_use]
    pub fn bare(&self) -> &'static str {
        self.path
    }

    /// Is any of `names` set?
    #[must_use]
    pub fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| !self.get(name).is_empty())
    }

    /// Name and value of everything but `names`, for hidden fields of a form that sets those.
    #[must_use]
    pub fn others(&self, names: &[&str]) -> Vec<(&'static str, &str)> {
        self.pairs
            .iter()
            .filter(|(name, _)| !names.contains(name) && *name != "page")
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }

    /// The page that is wanted.
    #[must_use]
    pub fn page(&self) -> PageRequest {
        let size = self.value("size").filter(|size| SIZES.contains(size));
        let number: i64 = self.value("page").unwrap_or(1);
        // Far beyond any list, and far from overflow.
        PageRequest::new(number.min(1_000_000), size.unwrap_or(PAGE_SIZE))
    }
}

fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    if pairs.is_empty() {
        return path.to_owned();
    }
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("{path}?{query}")
}

/// A number of the pager, or the gap between two of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagerEntry {
    /// Number; 0: a gap.
    pub number: i64,
    /// Where it leads.
    pub href: String,
    /// Is it this page?
    pub current: bool,
}

/// The line below a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pager {
    /// Numbers and gaps.
    pub entries: Vec<PagerEntry>,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// Number of this page.
    pub number: i64,
    /// Number of the last page.
    pub last: i64,
    /// First row of this page, from 1.
    pub from: i64,
    /// Last row of this page.
    pub to: i64,
    /// Rows of the whole list.
    pub total: i64,
    /// Rows per page, where each leads, and whether it is chosen.
    pub sizes: Vec<(i64, String, bool)>,
}

impl Pager {
    /// The line for a page of a list.
    #[must_use]
    pub fn new<T>(params: &Params, paged: &Paged<T>) -> Self {
        let (number, last) = (paged.page.number, paged.last_page());
        let mut entries = Vec::new();
        let mut before = 0;
        for page in 1..=last {
            let near = page == 1 || page == last || (page - number).abs() <= 1;
            if !near {
                continue;
            }
            if page > before + 1 {
                entries.push(PagerEntry {
                    number: 0,
                    href: String::new(),
                    current: false,
                });
            }
            entries.push(PagerEntry {
                number: page,
                href: page_link(params, page),
                current: page == number,
            });
            before = page;
        }
        let rows = i64::try_from(paged.rows.len()).unwrap_or(0);
        Self {
            entries,
            previous: (number > 1).then(|| page_link(params, number - 1)),
            next: (number < last).then(|| page_link(params, number + 1)),
            number,
            last,
            from: if rows == 0 { 0 } else { paged.page.offset() + 1 },
            to: paged.page.offset() + rows,
            total: paged.total,
            sizes: SIZES
                .iter()
                .map(|size| {
                    let value = if *size == PAGE_SIZE {
                        String::new()
                    } else {
                        size.to_string()
                    };
                    (*size, params.link("size", value), *size == paged.page.size)
                })
                .collect(),
        }
    }
}

impl Pager {
    /// `1–50 из 4 318`
    #[must_use]
    pub fn rows(&self, t: &Texts) -> String {
        t.with_all(
            "pager-rows",
            &[("from", &self.from), ("to", &self.to), ("total", &self.total)],
        )
    }
}

fn page_link(params: &Params, page: i64) -> String {
    if page == 1 {
        params.link("page", "")
    } else {
        params.link("page", page)
    }
}

#[cfg(test)]
mod tests;
