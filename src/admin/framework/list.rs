//! A list as it is shown: heads, lines, filters, neighbours. Templates read it and build no address of their own.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::{
    AdminError, Align, Cell, Dir, Label, Model, Spec,
    params::{BadParameter, ListParams},
};
use crate::store::page::search_words;

/// Head of a column.
#[derive(Debug, Clone)]
pub struct Head {
    /// Name of the column.
    pub name: &'static str,
    /// Where its content stands.
    pub align: Align,
    /// The list by this column; `None`: cannot be ordered by it.
    pub link: Option<String>,
    /// The present direction.
    pub dir: Option<Dir>,
}

/// A line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Key of the row.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// One per head.
    pub cells: Vec<Cell>,
}

/// A value of a filter.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its label; `None`: no narrowing.
    pub label: Option<Label>,
    /// The list with it.
    pub link: String,
    /// Is it the present one?
    pub chosen: bool,
}

/// A filter with its values.
#[derive(Debug, Clone)]
pub struct Facet {
    /// Name of the filter.
    pub name: &'static str,
    /// The first one lifts it.
    pub choices: Vec<Choice>,
}

/// A list as it is shown.
#[derive(Debug, Clone)]
pub struct ChangeList {
    /// What was asked.
    pub params: ListParams,
    /// Heads of the columns.
    pub heads: Vec<Head>,
    /// The lines of the page.
    pub lines: Vec<Line>,
    /// Rows of the whole list.
    pub total: i64,
    /// Number of the last page, at least 1.
    pub last_page: i64,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// The filters.
    pub facets: Vec<Facet>,
    /// Can the list be searched?
    pub searchable: bool,
}

impl ChangeList {
    /// The cells of a line with the heads of their columns.
    pub fn columns<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = (&'a Head, &'a Cell)> {
        self.heads.iter().zip(&line.cells)
    }
}

/// Makes the list that the query string asks for. A page beyond the end is the last page.
///
/// # Errors
/// A parameter that the model does not know, or the database failed.
pub(super) fn change_list<M: Model>(
    spec: &Spec<M>,
    conn: &mut PgConnection,
    query: &str,
    now: DateTime<Utc>,
) -> Result<ChangeList, AdminError> {
    let filters: Vec<_> = spec.filters.iter().map(|filter| filter.name).collect();
    let sortable: Vec<_> = spec
        .columns
        .iter()
        .filter(|column| column.sort.is_some())
        .map(|column| column.name)
        .collect();
    let mut params = ListParams::parse(query, &filters, &sortable)?;
    let total = M::count(narrowed(spec, &params, now)?, conn).map_err(db)?;
    let last_page = ((total + spec.per_page - 1) / spec.per_page).max(1);
    params.page = params.page.min(last_page);
    let rows = M::load(
        ordered(spec, narrowed(spec, &params, now)?, &params),
        spec.per_page,
        (params.page - 1) * spec.per_page,
        conn,
    )
    .map_err(db)?;
    let lines = rows.iter().map(|row| line(spec, row)).collect();
    Ok(ChangeList {
        heads: heads(spec, &params),
        lines,
        total,
        last_page,
        previous: (params.page > 1).then(|| params.with_page(params.page - 1).link()),
        next: (params.page < last_page).then(|| params.with_page(params.page + 1).link()),
        facets: facets(spec, &params, conn)?,
        searchable: spec.search.is_some(),
        params,
    })
}

fn db(error: diesel::result::Error) -> AdminError {
    AdminError::Store(error.into())
}

fn line<M: Model>(spec: &Spec<M>, row: &M::Row) -> Line {
    Line {
        id: M::id(row),
        name: M::name(row),
        cells: spec.columns.iter().map(|column| (column.cell)(row)).collect(),
    }
}

fn narrowed<M: Model>(
    spec: &Spec<M>,
    params: &ListParams,
    now: DateTime<Utc>,
) -> Result<M::Query, BadParameter> {
    let mut query = M::base();
    for filter in &spec.filters {
        if let Some(value) = params.filters.get(filter.name) {
            query = (filter.apply)(query, value, now).ok_or_else(|| BadParameter {
                name: filter.name.to_owned(),
                value: value.clone(),
            })?;
        }
    }
    match &spec.search {
        Some(search) => {
            for word in search_words(&params.search) {
                query = (search.apply)(query, word);
            }
            Ok(query)
        }
        None if params.search.is_empty() => Ok(query),
        None => Err(BadParameter {
            name: super::params::SEARCH.to_owned(),
            value: params.search.clone(),
        }),
    }
}

fn ordered<M: Model>(spec: &Spec<M>, query: M::Query, params: &ListParams) -> M::Query {
    let (default, dir) = spec.default_sort;
    let (name, dir) = match &params.sort {
        Some((name, true)) => (name.as_str(), Dir::Desc),
        Some((name, false)) => (name.as_str(), Dir::Asc),
        None => (default, dir),
    };
    match spec.columns.iter().find(|column| column.name == name) {
        Some(column) => match column.sort {
            Some(sort) => sort(query, dir),
            None => query,
        },
        None => query,
    }
}

fn heads<M: Model>(spec: &Spec<M>, params: &ListParams) -> Vec<Head> {
    let (default, dir) = spec.default_sort;
    let default_now = |name: &str| (params.sort.is_none() && name == default).then_some(dir);
    spec.columns
        .iter()
        .map(|column| Head {
            name: column.name,
            align: column.align,
            link: column.sort.map(|_| params.with_next_sort(column.name).link()),
            dir: params.direction(column.name).or_else(|| default_now(column.name)),
        })
        .collect()
}

fn facets<M: Model>(
    spec: &Spec<M>,
    params: &ListParams,
    conn: &mut PgConnection,
) -> Result<Vec<Facet>, AdminError> {
    let mut facets = Vec::new();
    for filter in &spec.filters {
        let present = params.filters.get(filter.name);
        let choice = |label: Option<Label>, value: Option<&str>| Choice {
            label,
            link: params.with_filter(filter.name, value).link(),
            chosen: present.map(String::as_str) == value,
        };
        let mut choices = vec![choice(None, None)];
        for (value, label) in filter.choices.get(conn)? {
            choices.push(choice(Some(label), Some(&value)));
        }
        facets.push(Facet {
            name: filter.name,
            choices,
        });
    }
    Ok(facets)
}
