//! The page of one row: sections of fields, what was typed into them, and what was wrong with it.

use std::{collections::BTreeMap, str::FromStr};

use diesel::PgConnection;
use uuid::Uuid;

use super::{
    Cell, Choices, Lookup, Meant, Model, Problem, SaveError,
    model::{Label, Labelled, Save},
};
use crate::store::StoreError;

/// Which row a form is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A new one.
    New,
    /// The one with this key, as it was at this version.
    Existing(Uuid, i32),
}

/// What kind of input a field has.
#[derive(Clone, Copy)]
pub enum Input {
    /// One line of so many characters at most.
    Text(u16),
    /// A whole number between two others.
    Number(i32, i32),
    /// Whole tenge.
    Money,
    /// One of a few values.
    Select(Choices),
    /// Yes or no.
    Checkbox,
    /// Several lines.
    Lines,
    /// Something that is written and never shown again; left empty it stays as it is.
    Secret,
    /// A row of another table, of which there are too many to list: it is found by typing. Its value is the key.
    Row(Lookup),
}

/// A field of the form.
pub enum Field<M: Model> {
    /// Can be changed; the value is what the input shows at first (`None`: of a new row).
    Edit(&'static str, Input, fn(Option<&M::Row>) -> String),
    /// Can be given once, when the row is added; shown afterwards.
    Once(&'static str, Input, fn(&M::Row) -> Cell),
    /// Only shown.
    Show(&'static str, fn(&M::Row) -> Cell),
    /// A field that only some rows have.
    When(fn(Option<&M::Row>) -> bool, Box<Self>),
}

impl<M: Model> Field<M> {
    /// Its name in forms and text keys.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Edit(name, ..) | Self::Once(name, ..) | Self::Show(name, ..) => name,
            Self::When(_, field) => field.name(),
        }
    }

    fn is_input(&self, new: bool) -> bool {
        match self {
            Self::Edit(..) => true,
            Self::Once(..) => new,
            Self::Show(..) => false,
            Self::When(_, field) => field.is_input(new),
        }
    }

    /// The field itself, whichever rows have it.
    pub(super) fn inner(&self) -> &Self {
        match self {
            Self::When(_, field) => field.inner(),
            field => field,
        }
    }

    /// How its rows are found, where it is filled in by typing.
    pub(super) fn lookup(&self) -> Option<Lookup> {
        match self.inner() {
            Self::Edit(_, Input::Row(lookup), _) | Self::Once(_, Input::Row(lookup), _) => Some(*lookup),
            _ => None,
        }
    }
}

/// Fields under a common head.
pub struct Section<M: Model> {
    /// Name in text keys.
    pub name: &'static str,
    /// Its fields.
    pub fields: Vec<Field<M>>,
}

/// The page of one row.
pub struct Form<M: Model> {
    /// Its sections.
    pub sections: Vec<Section<M>>,
    /// Can rows be added?
    pub adds: bool,
    /// Writes what was typed, through `app`; `None`: the page only shows.
    pub save: Option<Save<M::Context>>,
}

impl<M: Model> Form<M> {
    /// All fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field<M>> {
        self.sections.iter().flat_map(|section| &section.fields)
    }

    /// A page that only shows.
    #[must_use]
    pub fn shown(sections: Vec<Section<M>>) -> Self {
        Self {
            sections,
            adds: false,
            save: None,
        }
    }
}

/// An input with what stands in it.
#[derive(Debug, Clone)]
pub enum InputView {
    /// One line.
    Text(u16),
    /// A whole number between two others.
    Number(i32, i32),
    /// Whole tenge.
    Money,
    /// Values with their labels.
    Select(Labelled),
    /// Yes or no.
    Checkbox,
    /// Several lines.
    Lines,
    /// Never shown.
    Secret,
    /// A row of another table.
    Row(RowView),
    /// No input: the value is only shown.
    Shown(Cell),
}

/// A row of another table as it stands in an input: the value of the field is what it is called, or what was typed.
#[derive(Debug, Clone, Default)]
pub struct RowView {
    /// The row that is meant by the value.
    pub key: Option<Uuid>,
    /// Rows to choose from, where what was typed means several.
    pub found: Vec<(Uuid, String)>,
}

/// A field as it is shown.
#[derive(Debug, Clone)]
pub struct FieldView {
    /// Its name.
    pub name: &'static str,
    /// Its input.
    pub input: InputView,
    /// What stands in it; for a checkbox `on` or nothing.
    pub value: String,
    /// Key of the text that says what is wrong.
    pub error: Option<String>,
}

impl FieldView {
    /// What saving the form as it stands sends.
    #[must_use]
    pub fn sent(&self) -> String {
        match &self.input {
            InputView::Row(RowView { key: Some(key), .. }) => key.to_string(),
            _ => self.value.clone(),
        }
    }
}

/// A section as it is shown.
#[derive(Debug, Clone)]
pub struct SectionView {
    /// Its name.
    pub name: &'static str,
    /// Its fields.
    pub fields: Vec<FieldView>,
}

/// The sections for a row (`None`: a new one). What was typed before stays, with what is wrong beside it.
pub(super) fn sections<M: Model>(
    form: &Form<M>,
    row: Option<&M::Row>,
    typed: Option<&Values>,
    problems: &[Problem],
    conn: &mut PgConnection,
) -> Result<Vec<SectionView>, StoreError> {
    let mut sections = Vec::new();
    for section in &form.sections {
        let mut fields = Vec::new();
        for field in &section.fields {
            if let Some(mut view) = view(field, row, conn)? {
                let problem = problems.iter().find(|problem| problem.field == field.name());
                view.error = problem.map(|problem| problem.code.clone());
                if let (Some(typed), true) = (typed, field.is_input(row.is_none())) {
                    let text = typed.raw(field.name());
                    match (&mut view.input, field.lookup()) {
                        (InputView::Secret, _) => {}
                        (InputView::Row(input), Some(lookup)) => {
                            (*input, view.value) = row_view(lookup, text, view.error.is_some(), conn)?;
                        }
                        _ => text.clone_into(&mut view.value),
                    }
                }
                fields.push(view);
            }
        }
        if !fields.is_empty() {
            sections.push(SectionView {
                name: section.name,
                fields,
            });
        }
    }
    Ok(sections)
}

fn view<M: Model>(
    field: &Field<M>,
    row: Option<&M::Row>,
    conn: &mut PgConnection,
) -> Result<Option<FieldView>, StoreError> {
    let (input, value) = match (field, row) {
        (Field::When(holds, field), row) if holds(row) => return view(field, row, conn),
        (Field::When(..), _) => return Ok(None),
        (Field::Edit(_, input, value), row) => {
            let (mut input, value) = (input.view(conn)?, value(row));
            input.keep(&value);
            match (&mut input, field.lookup()) {
                (InputView::Row(view), Some(lookup)) => {
                    let (known, name) = row_view(lookup, &value, false, conn)?;
                    *view = known;
                    (input, name)
                }
                _ => (input, value),
            }
        }
        (Field::Once(_, input, _), None) => (input.view(conn)?, String::new()),
        (Field::Once(_, _, cell) | Field::Show(_, cell), Some(row)) => {
            (InputView::Shown(cell(row)), String::new())
        }
        // A new row has nothing to show yet.
        (Field::Show(..), None) => return Ok(None),
    };
    Ok(Some(FieldView {
        name: field.name(),
        input,
        value,
        error: None,
    }))
}

/// What an input shows for a key or a text, with what the text finds where that is asked for.
fn row_view(
    lookup: Lookup,
    text: &str,
    search: bool,
    conn: &mut PgConnection,
) -> Result<(RowView, String), StoreError> {
    let mut view = RowView::default();
    if let Ok(key) = text.parse::<Uuid>() {
        // A key of nothing stays what was typed.
        if let Some(name) = (lookup.name_of)(conn, key)? {
            view.key = Some(key);
            return Ok((view, name));
        }
    } else if search && !text.is_empty() {
        view.found = (lookup.find)(conn, text)?;
    }
    Ok((view, text.to_owned()))
}

/// Ends of the names of what an input of a row sends besides its text: the row that was chosen, and what the text was then.
const KEY: &str = ".key";
const ASKED: &str = ".asked";

/// Puts keys in place of what was typed for rows of other tables; what is not clear is noted as wrong.
///
/// # Errors
/// The database failed.
pub(super) fn resolve<M: Model>(
    form: &Form<M>,
    new: bool,
    values: &mut Values,
    conn: &mut PgConnection,
) -> Result<(), StoreError> {
    for field in form.fields().filter(|field| field.is_input(new)) {
        let (Some(lookup), name) = (field.lookup(), field.name()) else {
            continue;
        };
        let typed = values.raw(name).trim().to_owned();
        if typed.is_empty() || typed.parse::<Uuid>().is_ok() {
            continue;
        }
        let chosen = values.raw(&format!("{name}{KEY}")).parse::<Uuid>();
        if let (Ok(key), true) = (chosen, typed == values.raw(&format!("{name}{ASKED}")).trim()) {
            values.set(name, key.to_string());
            continue;
        }
        match lookup.meant(conn, &typed)? {
            Meant::Row(key, _) => values.set(name, key.to_string()),
            Meant::Unclear(found) if found.is_empty() => values.refuse(name, "admin-relation-none"),
            Meant::Unclear(_) => values.refuse(name, "admin-relation-several"),
        }
    }
    Ok(())
}

impl InputView {
    /// A stored value that is no choice becomes one: saving the rest of the form does not replace it.
    pub(super) fn keep(&mut self, value: &str) {
        if let Self::Select(choices) = self
            && !value.is_empty()
            && choices.iter().all(|(known, _)| known != value)
        {
            choices.push((value.to_owned(), Label::Words(value.to_owned())));
        }
    }
}

impl Input {
    pub(super) fn view(self, conn: &mut PgConnection) -> Result<InputView, StoreError> {
        Ok(match self {
            Self::Text(length) => InputView::Text(length),
            Self::Number(from, to) => InputView::Number(from, to),
            Self::Money => InputView::Money,
            Self::Select(choices) => InputView::Select(choices.get(conn)?),
            Self::Checkbox => InputView::Checkbox,
            Self::Lines => InputView::Lines,
            Self::Secret => InputView::Secret,
            Self::Row(_) => InputView::Row(RowView::default()),
        })
    }
}

/// What a form sent. Reading a value notes what is wrong with it; [`Values::finish`] then refuses them all.
#[derive(Debug, Clone, Default)]
pub struct Values {
    sent: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Values {
    /// The values of a form; the last of several with the same name counts.
    #[must_use]
    pub fn new(sent: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            sent: sent.into_iter().collect(),
            problems: Vec::new(),
        }
    }

    /// With another value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.sent.insert(name.to_owned(), value.into());
    }

    /// Was there such a value?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.sent.contains_key(name)
    }

    /// Everything that was sent.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sent
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// As it was sent.
    #[must_use]
    pub fn raw(&self, name: &str) -> &str {
        self.sent.get(name).map_or("", String::as_str)
    }

    /// A text without blanks around it; characters that no text in the database holds are a mistake.
    pub fn text(&mut self, name: &'static str) -> String {
        let text = self.raw(name).trim().to_owned();
        if text.contains('\0') {
            self.refuse(name, "admin-error-characters");
        }
        text
    }

    /// A text, or nothing.
    pub fn optional_text(&mut self, name: &'static str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A ticked box.
    #[must_use]
    pub fn checked(&self, name: &str) -> bool {
        self.raw(name) == "on"
    }

    /// One of a few words, or a key.
    pub fn word<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        self.parsed(name, "admin-error-choice", |text| text.parse().ok())
    }

    /// A whole number.
    pub fn number(&mut self, name: &'static str) -> Option<i32> {
        self.parsed(name, "admin-error-number", |text| {
            text.split_whitespace().collect::<String>().parse().ok()
        })
    }

    /// Reads a value with `parse`; what it refuses is noted with the text of `code`.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        code: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = parse(self.raw(name).trim());
        if value.is_none() {
            self.refuse(name, code);
        }
        value
    }

    /// Notes that the value cannot be taken.
    pub fn refuse(&mut self, name: &str, code: &str) {
        self.problems.push(Problem {
            field: name.to_owned(),
            code: code.to_owned(),
        });
    }

    /// Ends the reading. `value` is there when every part of it could be read.
    ///
    /// # Errors
    /// [`SaveError::Invalid`] with all that is wrong.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, SaveError> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(SaveError::Invalid(self.problems)),
        }
    }
}

/// What the inputs of a form hold for a row: what saving it unchanged sends.
pub(super) fn present<M: Model>(form: &Form<M>, row: &M::Row) -> Values {
    let mut values = Values::default();
    for field in form.fields().map(Field::inner) {
        if let Field::Edit(name, _, value) = field {
            values.set(name, value(Some(row)));
        }
    }
    values
}
