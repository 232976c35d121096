//! The fields of a definition as the form shows them, in people's words.

use crate::{
    app::{
        edit::FieldError,
        rules::definition::{DefinitionField, FIELDS, FieldKind, Group, Texts as Typed, unit_name},
    },
    domain::pricing::Strategy,
    web::texts::Texts,
};

/// One choice of a field.
pub struct ChoiceView {
    /// The word that is sent.
    pub word: &'static str,
    /// What it says.
    pub label: String,
    /// Chosen.
    pub chosen: bool,
}

/// One field, ready to be shown.
pub struct FieldView {
    /// Name and id.
    pub name: &'static str,
    /// Name of the unit's field.
    pub unit_name: String,
    /// What it is called.
    pub label: String,
    /// What it does.
    pub hint: String,
    /// What was typed.
    pub value: String,
    /// What is wrong; empty: nothing.
    pub error: String,
    /// How it is entered: `amount`, `number`, `percent`, `text`, `lines`, `choice` or `switch`.
    pub kind: &'static str,
    /// Choices; of an amount the units.
    pub choices: Vec<ChoiceView>,
}

/// The fields of a group that belong to this kind of strategy.
pub fn views(group: Group, kind: &str, typed: &Typed, errors: &[FieldError], t: Texts) -> Vec<FieldView> {
    FIELDS
        .iter()
        .filter(|field| field.group() == group && field.belongs_to(kind))
        .map(|field| view(field, typed, errors, t))
        .collect()
}

fn view(field: &DefinitionField, typed: &Typed, errors: &[FieldError], t: Texts) -> FieldView {
    let value = typed.get(field.name).cloned().unwrap_or_default();
    let choice = |word: &'static str, label: String, chosen: bool| ChoiceView { word, label, chosen };
    let (kind, choices) = match field.kind {
        FieldKind::Amount => {
            let percent = typed
                .get(&unit_name(field.name))
                .is_some_and(|unit| unit == "percent");
            let units = vec![
                choice("tenge", "₸".to_owned(), !percent),
                choice("percent", "%".to_owned(), percent),
            ];
            ("amount", units)
        }
        FieldKind::Whole | FieldKind::OptionalWhole => ("number", Vec::new()),
        FieldKind::Percent => ("percent", Vec::new()),
        FieldKind::OptionalRating | FieldKind::Endings | FieldKind::OptionalHours => ("text", Vec::new()),
        FieldKind::Lines | FieldKind::OptionalLines | FieldKind::Windows => ("lines", Vec::new()),
        FieldKind::Switch => ("switch", Vec::new()),
        FieldKind::Choice(words) => {
            let say = |word: &'static str| t.get(format!("rule-{}-{word}", field.name));
            let choices = words().into_iter();
            (
                "choice",
                choices
                    .map(|word| choice(word, say(word), value == word))
                    .collect(),
            )
        }
        FieldKind::Fallback => {
            let mut choices = vec![choice("", t.get("rule-fallback-none"), value.is_empty())];
            choices.extend(kinds(Strategy::named_kinds(), &value, t));
            ("choice", choices)
        }
    };
    FieldView {
        name: field.name,
        unit_name: unit_name(field.name),
        label: t.get(format!("rule-{}", field.name)),
        hint: t.get(format!("rule-{}-hint", field.name)),
        error: error_of(field.name, errors, t),
        value,
        kind,
        choices,
    }
}

/// The sentence for a field; empty when it is right.
pub fn error_of(name: &str, errors: &[FieldError], t: Texts) -> String {
    errors
        .iter()
        .find(|error| error.field == name)
        .map_or_else(String::new, |error| t.get(error.code))
}

/// Kinds of strategies as choices.
pub fn kinds(
    all: impl Iterator<Item = &'static str>,
    chosen: &str,
    t: Texts,
) -> impl Iterator<Item = ChoiceView> {
    all.map(move |word| ChoiceView {
        word,
        label: t.get(format!("strategy-{word}")),
        chosen: word == chosen,
    })
}
