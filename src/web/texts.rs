//! Texts of the interface: Russian, Kazakh, English, through Fluent. Templates say `{{ t.get("nav-products") }}`
//! or `{{ t.with("stores-count", "n", count) }}`; a text with several values is made in Rust with
//! [`Texts::with_all`].

pub mod alerts;

use std::{borrow::Cow, cell::RefCell, collections::HashMap};

use fluent_templates::{
    LanguageIdentifier, fluent_bundle::FluentValue, langid, loader::Loader as _, static_loader,
};

use super::format;
use crate::domain::Tenge;

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "ru",
        customise: |bundle| {
            bundle.set_use_isolating(false);
            bundle.set_formatter(Some(|value, _| match value {
                FluentValue::Number(number) => Some(format::group_digits(&number.as_string())),
                _ => None,
            }));
        },
    };
}

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Language {
    /// Russian: the default.
    #[default]
    Ru,
    /// Kazakh.
    Kk,
    /// English.
    En,
}

impl Language {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Ru, Self::Kk, Self::En];

    /// `ru`, `kk` or `en`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::Kk => "kk",
            Self::En => "en",
        }
    }

    /// The language's name in itself.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Ru => "Русский",
            Self::Kk => "Қазақша",
            Self::En => "English",
        }
    }

    /// The language of a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    const fn id(self) -> LanguageIdentifier {
        match self {
            Self::Ru => langid!("ru"),
            Self::Kk => langid!("kk"),
            Self::En => langid!("en"),
        }
    }
}

/// A value inside a text.
pub trait TextValue {
    /// The value as Fluent takes it; numbers choose plural forms and are grouped.
    fn value(&self) -> FluentValue<'_>;
}

impl<T: TextValue + ?Sized> TextValue for &T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

impl TextValue for str {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self)
    }
}

impl TextValue for String {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_str())
    }
}

impl TextValue for Tenge {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(format::money(*self))
    }
}

macro_rules! number_values {
    ($($type:ty),+) => {$(
        impl TextValue for $type {
            fn value(&self) -> FluentValue<'_> {
                FluentValue::from(*self)
            }
        }
    )+};
}
number_values!(i32, i64, u8, u16, u32, u64, usize);

thread_local! {
    /// Texts without values that this thread has asked for: a page asks for hundreds, and Fluent makes each of them anew.
    static KNOWN: RefCell<HashMap<Language, Known>> = RefCell::default();
}
/// Texts by their keys.
type Known = HashMap<Box<str>, Box<str>>;
/// So many of a language are kept; there are some three thousand.
const KNOWN_MAX: usize = 10_000;

/// The texts of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Texts {
    /// The language.
    pub language: Language,
}

impl Texts {
    /// The texts of this language.
    #[must_use]
    pub const fn new(language: Language) -> Self {
        Self { language }
    }

    /// A text without values.
    #[must_use]
    pub fn get(&self, key: impl AsRef<str>) -> String {
        let key = key.as_ref();
        let found = KNOWN.with_borrow(|known| Some(known.get(&self.language)?.get(key)?.to_string()));
        found.unwrap_or_else(|| {
            let text = self.look_up(key, &HashMap::new());
            KNOWN.with_borrow_mut(|known| {
                let known = known.entry(self.language).or_default();
                // Keys are the program's own; the bound is for one that a mistake makes out of something else.
                if known.len() < KNOWN_MAX {
                    known.insert(key.into(), text.as_str().into());
                }
            });
            text
        })
    }

    /// A text with one value.
    #[must_use]
    pub fn with(&self, key: impl AsRef<str>, name: &'static str, value: impl TextValue) -> String {
        self.look_up(key.as_ref(), &HashMap::from([(Cow::from(name), value.value())]))
    }

    /// A text with two values.
    #[must_use]
    pub fn with2(
        &self,
        key: impl AsRef<str>,
        name: &'static str,
        value: impl TextValue,
        name2: &'static str,
        value2: impl TextValue,
    ) -> String {
        let values = HashMap::from([
            (Cow::from(name), value.value()),
            (Cow::from(name2), value2.value()),
        ]);
        self.look_up(key.as_ref(), &values)
    }

    /// A text with any number of values.
    #[must_use]
    pub fn with_all(&self, key: impl AsRef<str>, values: &[(&'static str, &dyn TextValue)]) -> String {
        let values = values
            .iter()
            .map(|(name, value)| (Cow::from(*name), value.value()))
            .collect();
        self.look_up(key.as_ref(), &values)
    }

    /// Is there such a text? For texts that are chosen by a code out of the database.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        let no_values: Option<&HashMap<&str, FluentValue<'_>>> = None;
        match LOCALES.lookup_single_language(&self.language.id(), key, no_values) {
            Ok(_) => true,
            // A text that is there and lacks its values is told from one that is not there by the words of
            // the error alone: its type is private.
            Err(error) => error.to_string().starts_with("Fluent errors"),
        }
    }

    /// The text of `key`, or of `fallback` where there is none.
    #[must_use]
    pub fn get_or(&self, key: &str, fallback: &str) -> String {
        if self.has(key) {
            self.get(key)
        } else {
            self.get(fallback)
        }
    }

    /// Why prices were stopped: a person's own words, or the text of the program's code.
    #[must_use]
    pub fn why_stopped(&self, reason: &str) -> String {
        let key = format!("stop-why-{reason}");
        let is_code = !reason.is_empty() && reason.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_code && self.has(&key) {
            self.get(&key)
        } else {
            reason.to_owned()
        }
    }

    fn look_up(&self, key: &str, values: &HashMap<Cow<'static, str>, FluentValue<'_>>) -> String {
        LOCALES
            .try_lookup_complete(&self.language.id(), key, Some(values))
            .unwrap_or_else(|| {
                tracing::error!(key, "a text is missing");
                key.to_owned()
            })
    }
}

#[cfg(test)]
mod tests;
