//! What a resource takes in a request, as a table, and how a body is read by it: kinds, needs and limits as the
//! predecessor's serializers had them, with their words. Fields that are not in the table are ignored.

mod values;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, http::Method};
use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{envelope::Refused, texts};

/// What a field takes.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// A text, trimmed; not longer than this.
    Text(usize),
    /// An address in the web; not longer than this.
    Url(usize),
    /// A whole number within these bounds.
    Integer(i64, i64),
    /// A price in tiyin: above zero, within 32 bits, whole tenge.
    Tiyin,
    /// Yes or no, in the spellings of the predecessor.
    Switch,
    /// Digits in all and behind the point.
    Decimal(usize, usize),
    /// The key of another object.
    Key,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any JSON.
    Json,
    /// A moment.
    Time,
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in bodies.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// It must be there, unless a body changes a part only.
    pub required: bool,
    /// `null` is a value of it, and for texts so is nothing.
    pub nullable: bool,
    /// An example of its value, as JSON.
    pub example: &'static str,
}

impl Field {
    /// A field that must be there.
    #[must_use]
    pub const fn required(name: &'static str, takes: Takes, example: &'static str) -> Self {
        Self {
            name,
            takes,
            required: true,
            nullable: false,
            example,
        }
    }

    /// A field that may be left out.
    #[must_use]
    pub const fn optional(name: &'static str, takes: Takes, example: &'static str) -> Self {
        Self {
            required: false,
            ..Self::required(name, takes, example)
        }
    }

    /// A field that may be left out or empty.
    #[must_use]
    pub const fn nullable(name: &'static str, takes: Takes, example: &'static str) -> Self {
        Self {
            nullable: true,
            ..Self::optional(name, takes, example)
        }
    }
}

/// Does a body make an object, or change fields of it?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Everything that is required.
    All,
    /// Nothing.
    Some,
}

impl Needs {
    /// `PATCH` changes some fields, everything else tells all.
    #[must_use]
    pub fn of(req: &HttpRequest) -> Self {
        if req.method() == Method::PATCH {
            Self::Some
        } else {
            Self::All
        }
    }
}

/// A value that was understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Switch(bool),
    /// A decimal as it is written: `500.00`.
    Decimal(String),
    /// A key.
    Key(Uuid),
    /// Any JSON.
    Json(Value),
    /// A moment.
    Time(DateTime<FixedOffset>),
}

/// What was wrong, field by field in the order of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(pub Vec<(&'static str, Vec<String>)>);

impl Errors {
    /// Adds a sentence to a field.
    pub fn add(&mut self, field: &'static str, text: String) {
        match self.0.iter_mut().find(|(name, _)| *name == field) {
            Some((_, texts)) => texts.push(text),
            None => self.0.push((field, vec![text])),
        }
    }

    /// Nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of a table.
    #[must_use]
    pub fn in_order_of(mut self, fields: &[Field]) -> Self {
        let place = |name: &str| fields.iter().position(|field| field.name == name);
        self.0.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
        self
    }

    /// The answer that tells them; nothing where nothing is wrong.
    ///
    /// # Errors
    /// 400 with all of them.
    pub fn refuse(self) -> Result<(), Refused> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Refused::Fields(self))
        }
    }
}

/// The fields of a body that are there.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<&'static str, Read>);

impl Values {
    /// Is the field there, be it empty?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text that is not empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            Some(Read::Text(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }

    /// A text as a change: outside `None` where the field is not there, inside `None` where it is empty.
    #[must_use]
    pub fn text_change(&self, name: &str) -> Option<Option<String>> {
        self.has(name).then(|| self.text(name))
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Read::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// Yes or no.
    #[must_use]
    pub fn switch(&self, name: &str) -> Option<bool> {
        match self.0.get(name) {
            Some(Read::Switch(on)) => Some(*on),
            _ => None,
        }
    }

    /// A decimal as it is written.
    #[must_use]
    pub fn decimal(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Read::Decimal(text)) => Some(text),
            _ => None,
        }
    }

    /// A key.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<Uuid> {
        match self.0.get(name) {
            Some(Read::Key(key)) => Some(*key),
            _ => None,
        }
    }

    /// Any JSON.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<&Value> {
        match self.0.get(name) {
            Some(Read::Json(value)) => Some(value),
            _ => None,
        }
    }
}

/// Reads a body by a table: what was understood and what is wrong. Names in `instead` stand for another field, which is
/// then not required: `store_id` for `store`.
#[must_use]
pub fn read(
    fields: &[Field],
    instead: &[(&str, &str)],
    body: &Map<String, Value>,
    needs: Needs,
) -> (Values, Errors) {
    let (mut values, mut errors) = (Values::default(), Errors::default());
    for field in fields {
        let other = instead
            .iter()
            .filter(|(_, name)| *name == field.name)
            .find_map(|(other, _)| body.get(*other).filter(|value| !is_nothing(value)));
        match other.or_else(|| body.get(field.name)) {
            None if field.required && needs == Needs::All => {
                errors.add(field.name, texts::REQUIRED.to_owned());
            }
            None => {}
            Some(value) => match values::read(field, value) {
                Ok(read) => {
                    values.0.insert(field.name, read);
                }
                Err(told) => errors.0.push((field.name, told)),
            },
        }
    }
    (values, errors)
}

/// Reads one value by the rules of a field.
///
/// # Errors
/// What is wrong with it.
pub fn one(field: &Field, value: &Value) -> Result<Read, Vec<String>> {
    values::read(field, value)
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value == ""
}
