//! A list as it is shown: heads, lines, filters, neighbours. Templates read it and build no address of their own.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::{
    AdminError, Align, Cell, Dir, DrillView, Facet, FieldView, InputView, Model, Problem, RelationView,
    SpanView, Spec, Values,
    form::Field,
    model::Seek,
    narrow::{drill_view, facets, names, narrowed, relation_views, span_views},
    params::{BadParameter, Known, ListParams, PER_PAGE, Place},
};
use crate::store::{StoreError, page::search_words};

/// Rows that can be reached by numbers of pages in a big table; who looks further narrows the list.
const FAR_ROWS: i64 = 10_000;

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
    /// Number for the conflict check.
    pub version: i32,
    /// What people call it.
    pub name: String,
    /// One per head.
    pub cells: Vec<Content>,
    /// Somebody else changed the row meanwhile: what it holds now instead of what was typed.
    pub theirs: Option<Vec<FieldView>>,
}

/// What stands in a line under a head.
#[derive(Debug, Clone)]
pub enum Content {
    /// A value.
    Shown(Cell),
    /// An input.
    Input(FieldView),
}

/// The neighbours of a page.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// The beginning of the list.
    pub first: Option<String>,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// The end of the list.
    pub last: Option<String>,
    /// Number of the last page, where it is known.
    pub last_page: Option<i64>,
    /// There is more than can be reached in this order.
    pub cut: bool,
}

/// A number of rows a page may have.
#[derive(Debug, Clone)]
pub struct SizeChoice {
    /// How many.
    pub size: i64,
    /// The list with it.
    pub link: String,
    /// Is it the present one?
    pub chosen: bool,
}

/// A list as it is shown.
#[derive(Debug, Clone)]
pub struct ChangeList {
    /// What was asked.
    pub params: ListParams,
    /// All columns, with whether they are shown.
    pub columns: Vec<(&'static str, bool)>,
    /// Heads of the columns that are shown.
    pub heads: Vec<Head>,
    /// The lines of the page.
    pub lines: Vec<Line>,
    /// Rows of the whole list; `None`: not counted.
    pub total: Option<i64>,
    /// Other pages.
    pub pager: Pager,
    /// Rows a page may have.
    pub sizes: Vec<SizeChoice>,
    /// The filters by a choice.
    pub facets: Vec<Facet>,
    /// The filters by a stretch.
    pub spans: Vec<SpanView>,
    /// The filters by a row of another table.
    pub relations: Vec<RelationView>,
    /// Years, months and days.
    pub drill: Option<DrillView>,
    /// Can the list be searched?
    pub searchable: bool,
    /// The page with inputs, or without them; `None`: nothing can be changed in the list.
    pub edit: Option<String>,
}

impl ChangeList {
    /// The contents of a line with the heads of their columns.
    pub fn columns<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = (&'a Head, &'a Content)> {
        self.heads.iter().zip(&line.cells)
    }

    /// Is there anything to narrow by?
    #[must_use]
    pub fn can_narrow(&self) -> bool {
        !(self.facets.is_empty() && self.spans.is_empty() && self.relations.is_empty())
    }
}

/// What was typed into a line, and why it was not taken.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// As it was sent.
    pub values: Values,
    /// The version that the line showed.
    pub version: i32,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Somebody else changed the row meanwhile.
    pub conflict: bool,
}

/// What was typed into a list, by row.
pub type TypedRows = HashMap<Uuid, Typed>;

/// Makes the list that the query string asks for. A page beyond the end is the last page.
///
/// # Errors
/// A parameter that the model does not know, or the database failed.
pub(super) fn change_list<M: Model>(
    spec: &Spec<M>,
    conn: &mut PgConnection,
    query: &str,
    typed: &TypedRows,
    now: DateTime<Utc>,
) -> Result<ChangeList, AdminError> {
    let mut params = parse(spec, query)?;
    let relations = relation_views(spec, &params, conn)?;
    let page = page(spec, &mut params, &relations, conn, now)?;
    let shown: Vec<_> = spec
        .columns
        .iter()
        .filter(|column| params.shows(column.name))
        .collect();
    let inputs = inputs(spec, &params, conn)?;
    let line = |row: &M::Row| {
        let id = M::id(row);
        let typed = typed.get(&id);
        let cells = shown.iter().map(|column| match inputs.get(column.name) {
            Some((input, value)) => Content::Input(input_of(column.name, input, value(Some(row)), typed)),
            None => Content::Shown((column.cell)(row)),
        });
        let theirs = typed.filter(|typed| typed.conflict).map(|typed| {
            let now = inputs
                .iter()
                .map(|(name, (input, value))| input_of(name, input, value(Some(row)), None));
            now.filter(|field| field.value != typed.values.raw(field.name))
                .collect()
        });
        Line {
            id,
            version: match typed {
                Some(typed) if !typed.conflict => typed.version,
                // Both versions are shown: saving once more is meant.
                _ => M::version(row).unwrap_or_default(),
            },
            name: M::name(row),
            cells: cells.collect(),
            theirs,
        }
    };
    Ok(ChangeList {
        columns: spec
            .columns
            .iter()
            .map(|column| (column.name, params.shows(column.name)))
            .collect(),
        heads: heads(spec, &params),
        lines: page.rows.iter().map(line).collect(),
        total: page.total,
        pager: page.pager,
        sizes: PER_PAGE
            .iter()
            .map(|size| SizeChoice {
                size: *size,
                link: params.with_size(*size).link(),
                chosen: params.size.unwrap_or(spec.per_page) == *size,
            })
            .collect(),
        facets: facets(spec, &params, conn)?,
        spans: span_views(spec, &params),
        drill: drill_view(spec, &params, now),
        searchable: spec.search.is_some(),
        edit: (!spec.inline.is_empty()).then(|| params.with_edit(!params.edit).link()),
        relations,
        params,
    })
}

fn parse<M: Model>(spec: &Spec<M>, query: &str) -> Result<ListParams, BadParameter> {
    let columns = spec.columns.iter();
    ListParams::parse(
        query,
        &Known {
            filters: names(spec),
            sortable: columns
                .clone()
                .filter(|column| column.sort.is_some())
                .map(|column| column.name)
                .collect(),
            columns: columns.map(|column| column.name).collect(),
            edits: !spec.inline.is_empty(),
        },
    )
}

/// The rows of a page, with what is known of those around them.
struct Page<M: Model> {
    rows: Vec<M::Row>,
    total: Option<i64>,
    pager: Pager,
}

fn page<M: Model>(
    spec: &Spec<M>,
    params: &mut ListParams,
    relations: &[RelationView],
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Page<M>, AdminError> {
    let size = params.size.unwrap_or(spec.per_page);
    let Some(query) = narrowed(spec, params, relations, now)? else {
        return Ok(Page {
            rows: Vec::new(),
            total: Some(0),
            pager: Pager::default(),
        });
    };
    match (&spec.seek, &params.sort) {
        (Some(seek), None) => by_place(spec, seek, query, params, size, conn),
        (Some(_), Some(_)) => uncounted(spec, query, (params, relations, now), size, conn),
        (None, _) => {
            let total = M::count(query, conn).map_err(db)?;
            let last = ((total + size - 1) / size).max(1);
            params.page = params.page.min(last);
            // A query is used up by counting it.
            let again = narrowed(spec, params, relations, now)?.unwrap_or_else(M::base);
            let offset = (params.page - 1) * size;
            let rows = M::load(ordered(spec, again, params), size, offset, conn).map_err(db)?;
            let to = |page: i64, there: bool| there.then(|| params.with_page(page).link());
            Ok(Page {
                rows,
                total: Some(total),
                pager: Pager {
                    first: to(1, params.page > 1),
                    previous: to(params.page - 1, params.page > 1),
                    next: to(params.page + 1, params.page < last),
                    last: to(last, params.page < last),
                    last_page: Some(last),
                    cut: false,
                },
            })
        }
    }
}

/// A page of a big table in its own order: one row more than shown tells whether it goes on.
fn by_place<M: Model>(
    spec: &Spec<M>,
    seek: &Seek<M>,
    query: M::Query,
    params: &ListParams,
    size: i64,
    conn: &mut PgConnection,
) -> Result<Page<M>, AdminError> {
    let (_, dir) = spec.default_sort;
    let back = match dir {
        Dir::Asc => Dir::Desc,
        Dir::Desc => Dir::Asc,
    };
    let (place, dir, backwards) = match &params.place {
        None => (None, dir, false),
        Some(Place::After(place)) => (Some(place.as_str()), dir, false),
        Some(Place::Before(place)) => (Some(place.as_str()), back, true),
        Some(Place::End) => (None, back, true),
    };
    let from = (seek.from)(query, place, dir).ok_or_else(|| BadParameter {
        name: super::params::AFTER.to_owned(),
        value: place.unwrap_or_default().to_owned(),
    })?;
    let mut rows = M::load(from, size + 1, 0, conn).map_err(db)?;
    let shown = usize::try_from(size).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    if backwards {
        rows.reverse();
    }
    let (before, behind) = if backwards {
        (more, place.is_some())
    } else {
        (place.is_some(), more)
    };
    let to = |place: Option<Place>| params.with_place(place).link();
    let at = |row: Option<&M::Row>| row.map(seek.place);
    let whole = !before && !behind;
    Ok(Page {
        total: whole.then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX)),
        pager: Pager {
            first: before.then(|| to(None)),
            previous: at(rows.first())
                .filter(|_| before)
                .map(|place| to(Some(Place::Before(place)))),
            next: at(rows.last())
                .filter(|_| behind)
                .map(|place| to(Some(Place::After(place)))),
            last: behind.then(|| to(Some(Place::End))),
            last_page: None,
            cut: false,
        },
        rows,
    })
}

/// A page of a big table in another order, by its number and without a count; not far down.
fn uncounted<M: Model>(
    spec: &Spec<M>,
    query: M::Query,
    (params, relations, now): (&mut ListParams, &[RelationView], DateTime<Utc>),
    size: i64,
    conn: &mut PgConnection,
) -> Result<Page<M>, AdminError> {
    let last = FAR_ROWS / size;
    params.page = params.page.min(last);
    let offset = (params.page - 1) * size;
    let mut rows = M::load(ordered(spec, query, params), size + 1, offset, conn).map_err(db)?;
    if rows.is_empty() && params.page > 1 {
        // Where a list ends is not known: whoever asks beyond it begins anew.
        params.page = 1;
        if let Some(query) = narrowed(spec, params, relations, now)? {
            rows = M::load(ordered(spec, query, params), size + 1, 0, conn).map_err(db)?;
        }
    }
    let shown = usize::try_from(size).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let to = |page: i64, there: bool| there.then(|| params.with_page(page).link());
    let only = params.page == 1 && !more;
    Ok(Page {
        total: only.then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX)),
        pager: Pager {
            first: to(1, params.page > 1),
            previous: to(params.page - 1, params.page > 1),
            next: to(params.page + 1, more && params.page < last),
            last: None,
            last_page: None,
            cut: more && params.page == last,
        },
        rows,
    })
}

fn db(error: diesel::result::Error) -> AdminError {
    AdminError::Store(error.into())
}

fn ordered<M: Model>(spec: &Spec<M>, query: M::Query, params: &ListParams) -> M::Query {
    let (default, dir) = spec.default_sort;
    let (name, dir) = match &params.sort {
        Some((name, true)) => (name.as_str(), Dir::Desc),
        Some((name, false)) => (name.as_str(), Dir::Asc),
        None => (default, dir),
    };
    let column = spec.columns.iter().find(|column| column.name == name);
    match column.and_then(|column| column.sort) {
        Some(sort) => sort(query, dir),
        None => query,
    }
}

fn heads<M: Model>(spec: &Spec<M>, params: &ListParams) -> Vec<Head> {
    let (default, dir) = spec.default_sort;
    let default_now = |name: &str| (params.sort.is_none() && name == default).then_some(dir);
    spec.columns
        .iter()
        .filter(|column| params.shows(column.name))
        .map(|column| Head {
            name: column.name,
            align: column.align,
            link: column.sort.map(|_| params.with_next_sort(column.name).link()),
            dir: params.direction(column.name).or_else(|| default_now(column.name)),
        })
        .collect()
}

/// An input with the function that tells what stands in it.
type InlineInput<M> = (InputView, fn(Option<&<M as Model>::Row>) -> String);

/// The inputs of the list by column, made once for all lines; none while it is only shown.
fn inputs<M: Model>(
    spec: &Spec<M>,
    params: &ListParams,
    conn: &mut PgConnection,
) -> Result<HashMap<&'static str, InlineInput<M>>, StoreError> {
    let mut inputs = HashMap::new();
    if params.edit {
        for field in spec.form.fields() {
            if let Field::Edit(name, input, value) = field
                && spec.inline.contains(name)
            {
                inputs.insert(*name, (input.view(conn)?, *value));
            }
        }
    }
    Ok(inputs)
}

fn input_of(name: &'static str, input: &InputView, value: String, typed: Option<&Typed>) -> FieldView {
    let mut input = input.clone();
    input.keep(&value);
    FieldView {
        name,
        input,
        value: typed.map_or(value, |typed| typed.values.raw(name).to_owned()),
        error: typed.and_then(|typed| {
            let problem = typed.problems.iter().find(|problem| problem.field == name);
            problem.map(|problem| problem.code.clone())
        }),
    }
}

/// The keys of all rows that the query string means, at most `limit`, in no order.
///
/// # Errors
/// As [`change_list`].
pub(super) fn matching<M: Model>(
    spec: &Spec<M>,
    conn: &mut PgConnection,
    query: &str,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, AdminError> {
    let params = parse(spec, query)?;
    let relations = relation_views(spec, &params, conn)?;
    let Some(query) = narrowed(spec, &params, &relations, now)? else {
        return Ok(Vec::new());
    };
    let rows = M::load(query, limit, 0, conn).map_err(db)?;
    Ok(rows.iter().map(M::id).collect())
}

/// Rows that the search of the list finds, by its own order; none where the table is paged by places, or has no search.
///
/// # Errors
/// The database failed.
pub(super) fn found<M: Model>(
    spec: &Spec<M>,
    conn: &mut PgConnection,
    text: &str,
    limit: usize,
) -> Result<Vec<(Uuid, String)>, StoreError> {
    let (Some(search), None) = (&spec.search, &spec.seek) else {
        return Ok(Vec::new());
    };
    let words = search_words(text).into_iter();
    let query = words.fold(M::base(), |query, word| (search.apply)(query, word));
    let query = ordered(spec, query, &ListParams::default());
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = M::load(query, most, 0, conn)?;
    Ok(rows.iter().map(|row| (M::id(row), M::name(row))).collect())
}

/// A list as a file holds it.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Names of the columns.
    pub heads: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// There is more than a file may hold.
    pub cut: bool,
}

/// The rows that the query string means, in its order and with its columns; at most `limit`.
///
/// # Errors
/// As [`change_list`].
pub(super) fn sheet<M: Model>(
    spec: &Spec<M>,
    conn: &mut PgConnection,
    query: &str,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Sheet, AdminError> {
    let params = parse(spec, query)?;
    let relations = relation_views(spec, &params, conn)?;
    let shown: Vec<_> = spec
        .columns
        .iter()
        .filter(|column| params.shows(column.name))
        .collect();
    let mut rows = match (
        narrowed(spec, &params, &relations, now)?,
        &spec.seek,
        &params.sort,
    ) {
        (None, ..) => Vec::new(),
        (Some(query), Some(seek), None) => match (seek.from)(query, None, spec.default_sort.1) {
            Some(query) => M::load(query, limit + 1, 0, conn).map_err(db)?,
            None => Vec::new(),
        },
        (Some(query), ..) => M::load(ordered(spec, query, &params), limit + 1, 0, conn).map_err(db)?,
    };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let cut = rows.len() > most;
    rows.truncate(most);
    Ok(Sheet {
        heads: shown.iter().map(|column| column.name).collect(),
        rows: rows
            .iter()
            .map(|row| shown.iter().map(|column| (column.cell)(row)).collect())
            .collect(),
        cut,
    })
}
