//! What every administration model has in common: lists with filters, search and order, forms, deletion,
//! actions, checks of the declarations. Knows no model, no rule of the trade and no HTTP.
//!
//! A declaration is a [`Model`] with its [`Spec`]: plain data whose every entry is a name and a function
//! pointer. [`Resource`] is the same without its types, so that a [`Site`] can hold them all.

mod check;
mod form;
mod list;
mod model;
mod narrow;
mod params;
mod resource;
mod site;

pub use check::Finding;
pub use form::{Field, FieldView, Form, Input, InputView, RowView, Section, SectionView, Target, Values};
pub use list::{ChangeList, Content, Head, Line, Pager, Sheet, SizeChoice, Typed, TypedRows};
pub use model::{
    Action, Align, Choices, Column, Delete, Dir, Drill, FOUND_MAX, Filter, Label, Lookup, Meant, Model,
    Outcome, Relation, Search, Seek, Span, SpanApply, Spec, Verb,
};
pub(crate) use model::{queries, seek_by_key, sort_by};
pub use narrow::{Choice, DrillView, Facet, RelationView, SpanView};
pub use params::{BadParameter, ListParams, PER_PAGE};
pub use resource::{ActionDone, AdminError, Detail, Loss, Problem, Resource, SaveError};
pub use site::Site;

use chrono::{DateTime, Utc};

/// What stands in a cell of a list, or in place of an input that is read-only. A cell is made of a row that is
/// loaded already: a list cannot ask the database once per line.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// A code or key, in a fixed-width face.
    Code(String),
    /// A count.
    Number(i64),
    /// Whole tenge.
    Money(i64),
    /// A moment.
    When(DateTime<Utc>),
    /// Yes or no.
    Bool(bool),
    /// A state: class of its colour, icon, key of its word.
    Badge(&'static str, &'static str, String),
    /// Words that lead elsewhere.
    Link(String, String),
    /// Structured data, shown as it is stored.
    Json(serde_json::Value),
}

impl Cell {
    /// The text, or nothing.
    #[must_use]
    pub fn text(text: Option<&str>) -> Self {
        text.filter(|text| !text.is_empty())
            .map_or(Self::Empty, |text| Self::Text(text.to_owned()))
    }

    /// The code, or nothing.
    #[must_use]
    pub fn code(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, |text| Self::Code(text.to_owned()))
    }

    /// The amount of whole tenge, or nothing.
    #[must_use]
    pub fn money(amount: Option<i64>) -> Self {
        amount.map_or(Self::Empty, Self::Money)
    }

    /// The count, or nothing.
    #[must_use]
    pub fn number(number: Option<i32>) -> Self {
        number.map_or(Self::Empty, |number| Self::Number(number.into()))
    }

    /// The moment, or nothing.
    #[must_use]
    pub fn when(at: Option<DateTime<Utc>>) -> Self {
        at.map_or(Self::Empty, Self::When)
    }
}
