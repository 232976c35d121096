//! Headings of columns in Russian, Kazakh and English, as our template and the marketplace's price list have them.

use crate::domain::imports::ImportColumn;

/// Spellings, by column: small letters, single spaces.
const NAMES: &[(ImportColumn, &[&str])] = &[
    (
        ImportColumn::Sku,
        &[
            "артикул",
            "артикул продавца",
            "sku",
            "код товара",
            "тауар коды",
            "article",
        ],
    ),
    (
        ImportColumn::Floor,
        &[
            "минимальная цена",
            "минимальная",
            "мин. цена",
            "мин цена",
            "нижняя цена",
            "пол",
            "ең төменгі баға",
            "төменгі баға",
            "мин. баға",
            "floor",
            "min price",
            "minimum price",
            "lowest price",
        ],
    ),
    (
        ImportColumn::Ceiling,
        &[
            "максимальная цена",
            "максимальная",
            "макс. цена",
            "макс цена",
            "верхняя цена",
            "потолок",
            "ең жоғары баға",
            "жоғары баға",
            "макс. баға",
            "ceiling",
            "max price",
            "maximum price",
            "highest price",
        ],
    ),
    (
        ImportColumn::UnitCost,
        &[
            "себестоимость",
            "закупочная цена",
            "закупка",
            "өзіндік құн",
            "өзіндік құны",
            "cost",
            "unit cost",
        ],
    ),
    (
        ImportColumn::Rule,
        &["правило", "выборка", "ереже", "іріктеме", "rule", "selection"],
    ),
    (
        ImportColumn::Enabled,
        &[
            "автоцена",
            "автоматическая цена",
            "автоматические цены",
            "робот",
            "вкл",
            "вкл/выкл",
            "автоматты баға",
            "қосулы",
            "автобаға",
            "automatic price",
            "automatic prices",
            "enabled",
            "on/off",
        ],
    ),
    (
        ImportColumn::PreorderDays,
        &[
            "дни предзаказа",
            "предзаказ",
            "предзаказ, дней",
            "срок предзаказа",
            "алдын ала тапсырыс күндері",
            "алдын ала тапсырыс",
            "алдын ала тапсырыс, күн",
            "preorder",
            "preorder days",
            "pre-order",
            "pre-order days",
        ],
    ),
];

/// The column that a heading names.
#[must_use]
pub fn column_of(heading: &str) -> Option<ImportColumn> {
    let name = plain(heading);
    NAMES
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()))
        .map(|(column, _)| *column)
}

/// Small letters, single spaces, without what people put around a heading: `Мин. цена, ₸ *`.
#[must_use]
pub fn plain(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let mut name = words.join(" ");
    loop {
        let shorter = name
            .trim_end_matches(['*', ':', ',', '₸', ' '])
            .trim_end_matches("(₸)")
            .trim_end_matches("тг")
            .trim_end_matches("тенге")
            .to_owned();
        if shorter == name {
            return name;
        }
        name = shorter;
    }
}
