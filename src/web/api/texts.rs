//! Every sentence of the JSON API. They are Russian whatever the panel's language: clients compare them.

/// Neither token nor session.
pub const NO_CREDENTIALS: &str = "Учетные данные не были предоставлены.";
/// No such object, or not one of the caller's.
pub const NOT_FOUND: &str = "Страница не найдена.";
/// No such page of a list.
pub const BAD_PAGE: &str = "Неправильная страница";
/// A filter that wants true or false.
pub const BAD_BOOLEAN: &str = "Must be a valid boolean.";
/// The resource has no such method.
#[must_use]
pub fn method_not_allowed(method: &str) -> String {
    format!("Метод \"{method}\" не разрешен.")
}

/// A key that is no uuid.
#[must_use]
pub fn bad_uuid(text: &str) -> String {
    format!("Значение “{text}” не является верным UUID-ом.")
}

/// A word that is none of the allowed ones.
#[must_use]
pub fn bad_choice(text: &str) -> String {
    format!("Значения {text} нет среди допустимых вариантов.")
}
