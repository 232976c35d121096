//! Cities of the marketplace: nine digits, agreed by several dated captures (contract, "City ids").

/// Almaty: the main city of a store until another is chosen.
pub const ALMATY: &str = "750000000";

/// Known cities: id and name.
pub const CITIES: &[(&str, &str)] = &[
    (ALMATY, "Алматы"),
    ("710000000", "Астана"),
    ("511010000", "Шымкент"),
    ("151010000", "Актобе"),
    ("351010000", "Караганда"),
    ("231010000", "Атырау"),
    ("311010000", "Тараз"),
    ("551010000", "Павлодар"),
    ("631010000", "Усть-Каменогорск"),
    ("391010000", "Костанай"),
    ("431010000", "Кызылорда"),
    ("271010000", "Уральск"),
    ("591010000", "Петропавловск"),
    ("471010000", "Актау"),
    ("191010000", "Талдыкорган"),
    ("111010000", "Кокшетау"),
    ("632810000", "Семей"),
    ("352410000", "Темиртау"),
    ("552210000", "Экибастуз"),
];

/// The city's name, or the id where it is not known.
#[must_use]
pub fn city_name(id: &str) -> &str {
    CITIES
        .iter()
        .find(|(city, _)| *city == id)
        .map_or(id, |(_, name)| *name)
}
