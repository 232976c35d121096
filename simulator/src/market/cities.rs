//! The cities the simulated marketplace delivers to.

/// City ids and names.
pub const CITIES: [(&str, &str); 19] = [
    ("750000000", "Алматы"),
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

/// Almaty, where most of the simulated trade happens.
pub const ALMATY: &str = "750000000";
/// Astana.
pub const ASTANA: &str = "710000000";

/// The name of a city, or its id when it is not known.
pub fn name(id: &str) -> &str {
    CITIES
        .iter()
        .find(|(city, _)| *city == id)
        .map_or(id, |(_, name)| name)
}

/// Whether the marketplace knows the city.
pub fn is_known(id: &str) -> bool {
    CITIES.iter().any(|(city, _)| *city == id)
}
