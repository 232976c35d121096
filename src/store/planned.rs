//! SQL that is written as text and planned once for a connection instead of at each use. `diesel::sql_query` has its
//! text parsed and planned every time, which costs more than running it where a statement of several tables finds a
//! few rows by their keys. For such statements alone: the plan does not know the values.

use std::{borrow::Cow, marker::PhantomData};

use diesel::{
    pg::{Pg, PgConnection},
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{HasSqlType, Untyped},
};

/// A statement with `$1`, `$2`, … in its text, each as often as it likes, and the values bound so far.
#[derive(Debug)]
pub struct Planned<Values> {
    sql: Cow<'static, str>,
    values: Values,
}

/// One more value.
#[derive(Debug)]
pub struct Bound<Before, Value, SqlType> {
    before: Before,
    value: Value,
    sql_type: PhantomData<SqlType>,
}

/// A statement that reads or changes few rows by their keys.
pub fn planned(sql: impl Into<Cow<'static, str>>) -> Planned<()> {
    Planned {
        sql: sql.into(),
        values: (),
    }
}

impl<Values> Planned<Values> {
    /// Binds the next value.
    pub fn bind<SqlType, Value>(self, value: Value) -> Planned<Bound<Values, Value, SqlType>> {
        Planned {
            sql: self.sql,
            values: Bound {
                before: self.values,
                value,
                sql_type: PhantomData,
            },
        }
    }
}

impl<Values: QueryFragment<Pg>> QueryFragment<Pg> for Planned<Values> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.sql);
        // A value brings its own `$n`: the text has them already, where they belong.
        out.push_sql("\n--");
        self.values.walk_ast(out.reborrow())
    }
}

impl<Before, Value, SqlType> QueryFragment<Pg> for Bound<Before, Value, SqlType>
where
    Before: QueryFragment<Pg>,
    Value: ToSql<SqlType, Pg>,
    Pg: HasSqlType<SqlType>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.before.walk_ast(out.reborrow())?;
        out.push_bind_param::<SqlType, Value>(&self.value)
    }
}

/// Told apart by the text.
impl<Values> QueryId for Planned<Values> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Values> Query for Planned<Values> {
    type SqlType = Untyped;
}

impl<Values> RunQueryDsl<PgConnection> for Planned<Values> {}
