//! The typed face of a model: its rows, its query, and what is declared about it.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Cell, Loss, SaveError, Target, Values, form::Form};
use crate::store::StoreError;

/// A table, or a join around one, that is administered.
pub trait Model: Sized + Send + Sync + 'static {
    /// What writes need: who acts, and with what.
    type Context: Send + Sync + 'static;
    /// One line with everything that its cells show.
    type Row: Send + 'static;
    /// The boxed query behind lists; it owns its values.
    type Query: 'static;

    /// What is declared about the model.
    fn spec() -> Spec<Self>;
    /// All rows.
    fn base() -> Self::Query;
    /// Only the rows with these keys.
    fn with_ids(query: Self::Query, ids: Vec<Uuid>) -> Self::Query;
    /// How many rows.
    ///
    /// # Errors
    /// The database failed.
    fn count(query: Self::Query, conn: &mut PgConnection) -> QueryResult<i64>;
    /// `limit` rows from `offset`.
    ///
    /// # Errors
    /// The database failed.
    fn load(
        query: Self::Query,
        limit: i64,
        offset: i64,
        conn: &mut PgConnection,
    ) -> QueryResult<Vec<Self::Row>>;
    /// Key of a row.
    fn id(row: &Self::Row) -> Uuid;
    /// What people call the row.
    fn name(row: &Self::Row) -> String;
    /// Number that each change raises, where the table has one.
    fn version(_row: &Self::Row) -> Option<i32> {
        None
    }
}

/// Direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dir {
    /// Rising.
    Asc,
    /// Falling.
    Desc,
}

/// What somebody wants to do with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Look at it.
    View,
    /// Add a row.
    Add,
    /// Change a row.
    Change,
    /// Remove a row.
    Delete,
}

/// A label: a key of the texts, or words out of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// Key of a text.
    Key(String),
    /// Words as they are.
    Words(String),
}

/// Where the content of a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Start,
    /// Numbers and times.
    End,
}

/// Orders a query.
pub type Sort<M> = fn(<M as Model>::Query, Dir) -> <M as Model>::Query;

/// A column of the list. The first one leads to the row's page.
pub struct Column<M: Model> {
    /// Name in addresses and text keys.
    pub name: &'static str,
    /// Where its content stands.
    pub align: Align,
    /// What it shows.
    pub cell: fn(&M::Row) -> Cell,
    /// How the list is ordered by it; the key comes last, so that pages never overlap.
    pub sort: Option<Sort<M>>,
}

impl<M: Model> Column<M> {
    /// A column of words, in no order of its own.
    #[must_use]
    pub const fn start(name: &'static str, cell: fn(&M::Row) -> Cell) -> Self {
        Self {
            name,
            align: Align::Start,
            cell,
            sort: None,
        }
    }

    /// A column of numbers or times, in no order of its own.
    #[must_use]
    pub const fn end(name: &'static str, cell: fn(&M::Row) -> Cell) -> Self {
        Self {
            align: Align::End,
            ..Self::start(name, cell)
        }
    }

    /// The list can be ordered by it: [`sort_by!`].
    #[must_use]
    pub fn by(self, sort: Sort<M>) -> Self {
        Self {
            sort: Some(sort),
            ..self
        }
    }
}

/// The two orders of a column, the key as the last criterion.
macro_rules! sort_by {
    ($column:expr, $key:expr) => {
        |query, dir| match dir {
            $crate::admin::framework::Dir::Asc => query.order(($column.asc(), $key.asc())),
            $crate::admin::framework::Dir::Desc => query.order(($column.desc(), $key.desc())),
        }
    };
}
pub(crate) use sort_by;

/// What every model asks of its table or join (`$base`) in the same words: rows by key (`$id`), a count, a page of them as
/// `Self::Row`. Diesel's types cannot say it once for all of them.
macro_rules! queries {
    ($base:expr, $id:expr) => {
        fn base() -> Self::Query {
            $base.into_boxed()
        }

        fn with_ids(query: Self::Query, ids: Vec<uuid::Uuid>) -> Self::Query {
            query.filter($id.eq_any(ids))
        }

        fn count(query: Self::Query, conn: &mut PgConnection) -> QueryResult<i64> {
            query.count().get_result(conn)
        }

        fn load(
            query: Self::Query,
            limit: i64,
            offset: i64,
            conn: &mut PgConnection,
        ) -> QueryResult<Vec<Self::Row>> {
            let page = query.limit(limit).offset(offset);
            page.select(Self::Row::as_select()).load(conn)
        }
    };
}
pub(crate) use queries;

/// Values with their labels.
pub type Labelled = Vec<(String, Label)>;

/// Values to choose from: what stands in addresses and forms, and its label.
#[derive(Clone, Copy)]
pub enum Choices {
    /// Known beforehand.
    Fixed(fn() -> Labelled),
    /// Read from the database.
    Loaded(fn(&mut PgConnection) -> Result<Labelled, StoreError>),
}

impl Choices {
    /// The values.
    ///
    /// # Errors
    /// The database failed.
    pub fn get(self, conn: &mut PgConnection) -> Result<Labelled, StoreError> {
        match self {
            Self::Fixed(list) => Ok(list()),
            Self::Loaded(load) => load(conn),
        }
    }
}

/// Narrows a query by a value of the address, at a present moment; `None`: no such value.
pub type Apply<Q> = fn(Q, &str, DateTime<Utc>) -> Option<Q>;

/// A filter of the list.
pub struct Filter<M: Model> {
    /// Its parameter in the address.
    pub name: &'static str,
    /// What can be chosen.
    pub choices: Choices,
    /// How it narrows.
    pub apply: Apply<M::Query>,
}

/// A filter by a stretch of numbers or days; either end may stay open.
pub struct Span<M: Model> {
    /// Its name; the parameters in the address are this with `-from` and `-until`.
    pub name: &'static str,
    /// How it narrows.
    pub apply: SpanApply<M::Query>,
}

/// What a [`Span`] is made of.
#[derive(Clone, Copy)]
pub enum SpanApply<Q> {
    /// Whole numbers, both ends included.
    Number(fn(Q, i64, i64) -> Q),
    /// Whole tenge, both ends included.
    Money(fn(Q, i64, i64) -> Q),
    /// Days of Almaty, both included: from a moment to before another one.
    Days(fn(Q, DateTime<Utc>, DateTime<Utc>) -> Q),
}

/// Years, months and days of a list, each a step further in.
pub struct Drill<M: Model> {
    /// The column it is about.
    pub name: &'static str,
    /// From a moment to before another one.
    pub apply: fn(M::Query, DateTime<Utc>, DateTime<Utc>) -> M::Query,
}

/// A filter by a row of another table, of which there are too many to list: it is found by typing.
pub struct Relation<M: Model> {
    /// Its parameter in the address: the key, or what was typed.
    pub name: &'static str,
    /// How rows are found.
    pub lookup: Lookup,
    /// How it narrows.
    pub apply: fn(M::Query, Uuid) -> M::Query,
}

/// Rows of a table that are found by typing, in filters and in forms.
#[derive(Clone, Copy)]
pub struct Lookup {
    /// Rows that a text finds, at most [`FOUND_MAX`]. What it calls them finds them again.
    pub find: Find,
    /// What the row with a key is called.
    pub name_of: NameOf,
}

/// What a text means.
pub enum Meant {
    /// One row, and what it is called.
    Row(Uuid, String),
    /// Several rows, or none.
    Unclear(Vec<(Uuid, String)>),
}

impl Lookup {
    /// The row that a text means: the only one that it finds, or the only one that is called so.
    ///
    /// # Errors
    /// The database failed.
    pub fn meant(self, conn: &mut PgConnection, text: &str) -> Result<Meant, StoreError> {
        let found = (self.find)(conn, text)?;
        let called: Vec<_> = found.iter().filter(|(_, name)| name == text).collect();
        Ok(match (found.as_slice(), called.as_slice()) {
            ([(id, name)], _) | (_, [(id, name)]) => Meant::Row(*id, name.clone()),
            _ => Meant::Unclear(found),
        })
    }
}

/// Finds rows by a text.
pub type Find = fn(&mut PgConnection, &str) -> Result<Vec<(Uuid, String)>, StoreError>;
/// Tells what a row is called.
pub type NameOf = fn(&mut PgConnection, Uuid) -> Result<Option<String>, StoreError>;
/// Rows that are offered for what was typed.
pub const FOUND_MAX: i64 = 20;

/// Pages of a big table, by the place of a row instead of a number: no page is counted and none is passed over.
pub struct Seek<M: Model> {
    /// Where a row stands, as it is written in addresses.
    pub place: fn(&M::Row) -> String,
    /// What follows a place (`None`: everything) in a direction, in that order. `None`: there is no such place.
    pub from: SeekFrom<M::Query>,
}

/// Narrows a query to what follows a place in a direction, and orders it so.
pub type SeekFrom<Q> = fn(Q, Option<&str>, Dir) -> Option<Q>;

/// [`Seek`] by a key that rises with time.
macro_rules! seek_by_key {
    ($key:expr, $id:ty) => {
        Some($crate::admin::framework::Seek {
            place: |row| Self::id(row).to_string(),
            from: |query, place, dir| {
                let place: Option<$id> = match place {
                    Some(place) => Some(<$id>::from(place.parse::<uuid::Uuid>().ok()?)),
                    None => None,
                };
                Some(match (dir, place) {
                    ($crate::admin::framework::Dir::Desc, None) => query.order($key.desc()),
                    ($crate::admin::framework::Dir::Asc, None) => query.order($key.asc()),
                    ($crate::admin::framework::Dir::Desc, Some(place)) => {
                        query.filter($key.lt(place)).order($key.desc())
                    }
                    ($crate::admin::framework::Dir::Asc, Some(place)) => {
                        query.filter($key.gt(place)).order($key.asc())
                    }
                })
            },
        })
    };
}
pub(crate) use seek_by_key;

/// The search of the list.
pub struct Search<M: Model> {
    /// Which index serves it, or why none is needed.
    pub index: &'static str,
    /// Narrows to rows with one word of the search, a pattern for `ilike`.
    pub apply: fn(M::Query, String) -> M::Query,
}

/// A write that may be refused.
pub type Outcome<'a, T> = BoxFuture<'a, Result<T, SaveError>>;

/// Does something to one row.
pub type Act<C> = for<'a> fn(&'a C, Uuid) -> Outcome<'a, ()>;

/// Writes what was typed into a form; gives the key of the row.
pub type Save<C> = for<'a> fn(&'a C, Target, Values) -> Outcome<'a, Uuid>;

/// How a row is removed.
pub struct Delete<M: Model> {
    /// What goes with it: keys of texts with their counts.
    pub losses: fn(&mut PgConnection, Uuid) -> Result<Vec<Loss>, StoreError>,
    /// Removes it.
    pub run: Act<M::Context>,
}

/// Something that can be done to selected rows. It is always confirmed first.
pub struct Action<M: Model> {
    /// Name in forms and text keys.
    pub name: &'static str,
    /// The right it needs.
    pub needs: Verb,
    /// Does it to one row.
    pub run: Act<M::Context>,
}

/// Everything that is declared about a model.
pub struct Spec<M: Model> {
    /// Name in addresses and text keys, plural.
    pub slug: &'static str,
    /// Name of its icon.
    pub icon: &'static str,
    /// Its word in the audit log; `None`: the log says nothing of it.
    pub audit_kind: Option<&'static str>,
    /// Columns of the list.
    pub columns: Vec<Column<M>>,
    /// Filters of the list.
    pub filters: Vec<Filter<M>>,
    /// Filters by a stretch.
    pub spans: Vec<Span<M>>,
    /// Filters by a row of another table.
    pub relations: Vec<Relation<M>>,
    /// Years, months and days.
    pub drill: Option<Drill<M>>,
    /// Search of the list.
    pub search: Option<Search<M>>,
    /// How the command box finds rows; `None`: as the search of the list does, unless the table is too big for it.
    pub find: Option<Find>,
    /// Column and direction where nothing is asked.
    pub default_sort: (&'static str, Dir),
    /// How a big table is paged in the default order; `None`: by numbers, with a count.
    pub seek: Option<Seek<M>>,
    /// Rows per page where nothing is asked: one of [`PER_PAGE`](super::PER_PAGE).
    pub per_page: i64,
    /// Fields of the form that can be changed in the list.
    pub inline: Vec<&'static str>,
    /// The page of one row.
    pub form: Form<M>,
    /// How rows are removed; `None`: not here.
    pub delete: Option<Delete<M>>,
    /// What can be done to selected rows.
    pub actions: Vec<Action<M>>,
    /// Where the panel shows the row.
    pub site_link: Option<fn(&M::Row) -> String>,
    /// Who may do what.
    pub access: fn(&M::Context, Verb) -> bool,
}

impl<M: Model> Spec<M> {
    /// A model that is shown to those whom `access` lets in, and nothing more; declarations say the rest.
    #[must_use]
    pub fn shown(slug: &'static str, icon: &'static str, access: fn(&M::Context, Verb) -> bool) -> Self {
        Self {
            slug,
            icon,
            audit_kind: None,
            columns: Vec::new(),
            filters: Vec::new(),
            spans: Vec::new(),
            relations: Vec::new(),
            drill: None,
            search: None,
            find: None,
            default_sort: ("created_at", Dir::Desc),
            seek: None,
            per_page: 50,
            inline: Vec::new(),
            form: Form {
                sections: Vec::new(),
                adds: false,
                save: None,
            },
            delete: None,
            actions: Vec::new(),
            site_link: None,
            access,
        }
    }
}
