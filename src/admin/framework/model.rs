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
    /// Only the row with this key.
    fn with_id(query: Self::Query, id: Uuid) -> Self::Query;
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

/// The two orders of a column, the key as the last criterion.
macro_rules! sort_by {
    ($column:expr, $key:expr) => {
        Some(|query, dir| match dir {
            $crate::admin::framework::Dir::Asc => query.order(($column.asc(), $key.asc())),
            $crate::admin::framework::Dir::Desc => query.order(($column.desc(), $key.desc())),
        })
    };
}
pub(crate) use sort_by;

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
    /// Search of the list.
    pub search: Option<Search<M>>,
    /// Column and direction where nothing is asked.
    pub default_sort: (&'static str, Dir),
    /// Rows per page.
    pub per_page: i64,
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
