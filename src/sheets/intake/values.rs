//! What stands in a cell → what is wanted. A number is never rounded and never guessed at.

use super::{TEXT_MAX, Wanted};
use crate::domain::{
    Tenge,
    imports::{ImportColumn, ImportTrouble, SKU_MAX},
    money::MoneyError,
};

/// A cell as its file holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Raw<'a> {
    /// A text.
    Text(&'a str),
    /// A number, as spreadsheets keep all of them.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// A date or a duration.
    Date,
    /// `#N/A` and its kind.
    Error,
}

/// Signs that clear what is set.
const NOTHING: [&str; 3] = ["-", "–", "—"];
const YES: [&str; 10] = [
    "да",
    "иә",
    "ия",
    "yes",
    "true",
    "истина",
    "вкл",
    "қосулы",
    "on",
    "1",
];
const NO: [&str; 10] = [
    "нет",
    "жоқ",
    "no",
    "false",
    "ложь",
    "выкл",
    "өшірулі",
    "өшірілген",
    "off",
    "0",
];

/// What a cell of a column wants; `None`: it is empty.
#[must_use]
pub fn wanted(column: ImportColumn, raw: Raw<'_>) -> Option<Wanted> {
    if let Raw::Text(text) = raw {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if NOTHING.contains(&text) {
            return Some(match column {
                ImportColumn::Floor | ImportColumn::Ceiling | ImportColumn::UnitCost | ImportColumn::Rule => {
                    Wanted::Nothing
                }
                ImportColumn::Sku | ImportColumn::Enabled | ImportColumn::PreorderDays => {
                    Wanted::Wrong(ImportTrouble::NotClearable)
                }
            });
        }
    }
    let result = match column {
        ImportColumn::Floor | ImportColumn::Ceiling | ImportColumn::UnitCost => {
            amount(raw).and_then(|amount| {
                if amount > 0 {
                    Ok(amount)
                } else {
                    Err(ImportTrouble::NotPositive)
                }
            })
        }
        ImportColumn::PreorderDays => amount(raw),
        ImportColumn::Enabled => return Some(switch(raw)),
        ImportColumn::Rule | ImportColumn::Sku => {
            return Some(match name(raw) {
                Ok(name) => Wanted::Name(name),
                Err(trouble) => Wanted::Wrong(trouble),
            });
        }
    };
    Some(result.map_or_else(Wanted::Wrong, Wanted::Amount))
}

/// An article; `None`: the cell is empty.
#[must_use]
pub fn sku(raw: Raw<'_>) -> Option<Result<String, ImportTrouble>> {
    match raw {
        Raw::Text(text) if text.trim().is_empty() => None,
        other => Some(name(other)),
    }
}

fn name(raw: Raw<'_>) -> Result<String, ImportTrouble> {
    let text = match raw {
        Raw::Text(text) => text.trim().to_owned(),
        Raw::Number(number) => {
            let digits = number.to_string();
            // A spreadsheet keeps fifteen digits.
            if digits.chars().filter(char::is_ascii_digit).count() > 15 {
                return Err(ImportTrouble::RoundedSku);
            }
            digits
        }
        Raw::Flag(_) | Raw::Date => return Err(ImportTrouble::Date),
        Raw::Error => return Err(ImportTrouble::ErrorCell),
    };
    if text.chars().count() > SKU_MAX {
        return Err(ImportTrouble::TooLong);
    }
    Ok(text)
}

fn amount(raw: Raw<'_>) -> Result<i64, ImportTrouble> {
    let text = match raw {
        Raw::Text(text) => text.trim().to_owned(),
        Raw::Number(number) if number.is_finite() => number.to_string(),
        Raw::Number(_) | Raw::Flag(_) => return Err(ImportTrouble::NotANumber),
        Raw::Date => return Err(ImportTrouble::Date),
        Raw::Error => return Err(ImportTrouble::ErrorCell),
    };
    if text.len() > TEXT_MAX {
        return Err(ImportTrouble::TooLong);
    }
    if matches!(raw, Raw::Number(_)) && text.contains('.') {
        return Err(ImportTrouble::Fraction);
    }
    // Prices are often shown with hundredths that are none.
    let whole = text.strip_suffix(",00").or_else(|| text.strip_suffix(".00"));
    Tenge::parse(whole.unwrap_or(&text))
        .map(|amount| amount.0)
        .map_err(|error| match error {
            MoneyError::Empty | MoneyError::NotANumber => ImportTrouble::NotANumber,
            MoneyError::Fraction => ImportTrouble::Fraction,
            MoneyError::TooLarge => ImportTrouble::TooHigh,
            MoneyError::NotPositive => ImportTrouble::NotPositive,
        })
}

fn switch(raw: Raw<'_>) -> Wanted {
    let text = match raw {
        Raw::Flag(flag) => return Wanted::Switch(flag),
        Raw::Text(text) => text.trim().to_lowercase(),
        Raw::Number(number) => number.to_string(),
        Raw::Date => return Wanted::Wrong(ImportTrouble::Date),
        Raw::Error => return Wanted::Wrong(ImportTrouble::ErrorCell),
    };
    if YES.contains(&text.as_str()) {
        Wanted::Switch(true)
    } else if NO.contains(&text.as_str()) {
        Wanted::Switch(false)
    } else {
        Wanted::Wrong(ImportTrouble::NotASwitch)
    }
}
