//! The assortment of the demonstration: invented brands and models, and how they combine into cards.

/// A line of products: every model comes in every variant.
pub struct Line {
    /// What it is, as a buyer would search for it.
    pub noun: &'static str,
    pub brand: &'static str,
    pub category: &'static str,
    /// Which outline the image host draws.
    pub image: &'static str,
    pub models: &'static [&'static str],
    pub variants: &'static [&'static str],
    /// Price of the first model's first variant, whole tenge.
    pub price: i64,
    /// What each further model and each further variant costs more.
    pub model_step: i64,
    pub variant_step: i64,
}

/// A product of the assortment.
pub struct Good {
    pub title: String,
    pub brand: &'static str,
    pub category: &'static str,
    pub image: &'static str,
    pub price: i64,
}

/// All products of some lines, in a stable order.
pub fn goods(lines: &[Line]) -> Vec<Good> {
    let mut goods = Vec::new();
    for line in lines {
        for (model_number, model) in (0_i64..).zip(line.models) {
            for (variant_number, variant) in (0_i64..).zip(line.variants) {
                goods.push(Good {
                    title: format!("{} {} {model} {variant}", line.noun, line.brand)
                        .trim_end()
                        .to_owned(),
                    brand: line.brand,
                    category: line.category,
                    image: line.image,
                    price: line.price + line.model_step * model_number + line.variant_step * variant_number,
                });
            }
        }
    }
    goods
}

/// Electronics, for the first store.
pub const ELECTRONICS: [Line; 11] = [
    Line {
        noun: "Смартфон",
        brand: "Alma",
        category: "Смартфоны",
        image: "phone",
        models: &["X5", "X5 Pro", "X6", "Note 12"],
        variants: &["128 ГБ чёрный", "128 ГБ синий", "256 ГБ чёрный", "256 ГБ белый"],
        price: 94_990,
        model_step: 32_000,
        variant_step: 9_000,
    },
    Line {
        noun: "Смартфон",
        brand: "Nomad",
        category: "Смартфоны",
        image: "phone",
        models: &["One", "One Plus", "Fold Lite"],
        variants: &["64 ГБ", "128 ГБ", "256 ГБ"],
        price: 64_990,
        model_step: 55_000,
        variant_step: 14_000,
    },
    Line {
        noun: "Беспроводные наушники",
        brand: "Dombra",
        category: "Наушники",
        image: "headphones",
        models: &["Air 2", "Air 3", "Studio", "Sport Run"],
        variants: &["чёрные", "белые", "зелёные"],
        price: 12_490,
        model_step: 7_500,
        variant_step: 500,
    },
    Line {
        noun: "Умные часы",
        brand: "Qyran",
        category: "Смарт-часы",
        image: "round",
        models: &["Fit 2", "Fit 3", "Active", "Active Max"],
        variants: &["41 мм", "45 мм", "49 мм"],
        price: 19_990,
        model_step: 12_000,
        variant_step: 3_000,
    },
    Line {
        noun: "Портативная колонка",
        brand: "Dombra",
        category: "Акустика",
        image: "box",
        models: &["Mini", "Go", "Party", "Party XL"],
        variants: &["чёрная", "красная", "бирюзовая"],
        price: 9_990,
        model_step: 14_000,
        variant_step: 400,
    },
    Line {
        noun: "Монитор",
        brand: "Sayan",
        category: "Мониторы",
        image: "screen",
        models: &["24F", "27F", "27Q", "32Q"],
        variants: &["75 Гц", "144 Гц", "165 Гц"],
        price: 47_990,
        model_step: 21_000,
        variant_step: 12_000,
    },
    Line {
        noun: "Ноутбук",
        brand: "Tengri",
        category: "Ноутбуки",
        image: "screen",
        models: &["Book 14", "Book 15", "Book 16 Pro", "Game 15"],
        variants: &["8/256 ГБ", "16/512 ГБ", "32/1024 ГБ"],
        price: 189_990,
        model_step: 64_000,
        variant_step: 45_000,
    },
    Line {
        noun: "Клавиатура",
        brand: "Baiterek",
        category: "Клавиатуры",
        image: "box",
        models: &["65", "75", "98", "Office"],
        variants: &["белая", "чёрная", "серая"],
        price: 14_990,
        model_step: 4_500,
        variant_step: 300,
    },
    Line {
        noun: "Мышь беспроводная",
        brand: "Baiterek",
        category: "Мыши",
        image: "round",
        models: &["M1", "M3", "M5 Silent", "Gamer G1"],
        variants: &["чёрная", "белая", "розовая"],
        price: 4_990,
        model_step: 2_200,
        variant_step: 200,
    },
    Line {
        noun: "Внешний аккумулятор",
        brand: "Quat",
        category: "Зарядные устройства",
        image: "phone",
        models: &["P10", "P20", "P30"],
        variants: &["10000 мАч", "20000 мАч", "30000 мАч"],
        price: 6_990,
        model_step: 3_000,
        variant_step: 2_500,
    },
    Line {
        noun: "Планшет",
        brand: "Alma",
        category: "Планшеты",
        image: "screen",
        models: &["Tab 8", "Tab 10", "Tab 11 Pro", "Tab 12"],
        variants: &["64 ГБ", "128 ГБ", "256 ГБ"],
        price: 59_990,
        model_step: 38_000,
        variant_step: 16_000,
    },
];

/// Things for house and kitchen, for the second store.
pub const KITCHEN: [Line; 11] = [
    Line {
        noun: "Электрочайник",
        brand: "Tulpar",
        category: "Электрочайники",
        image: "kettle",
        models: &["K17", "K20", "K25", "K30 Retro"],
        variants: &["белый", "чёрный", "стальной"],
        price: 9_490,
        model_step: 3_500,
        variant_step: 700,
    },
    Line {
        noun: "Мультиварка",
        brand: "Kazan",
        category: "Мультиварки",
        image: "round",
        models: &["M40", "M45", "M50 Pro", "M60"],
        variants: &["3 л", "5 л", "6 л"],
        price: 22_990,
        model_step: 8_000,
        variant_step: 3_500,
    },
    Line {
        noun: "Блендер погружной",
        brand: "Tulpar",
        category: "Блендеры",
        image: "phone",
        models: &["B600", "B800", "B1000", "B1200"],
        variants: &["белый", "чёрный", "с чашей"],
        price: 11_990,
        model_step: 4_200,
        variant_step: 1_200,
    },
    Line {
        noun: "Утюг",
        brand: "Aigul",
        category: "Утюги",
        image: "kettle",
        models: &["S6", "S8", "S8 Steam", "S10"],
        variants: &["синий", "сиреневый", "бирюзовый"],
        price: 10_990,
        model_step: 3_800,
        variant_step: 300,
    },
    Line {
        noun: "Пылесос",
        brand: "Saryarka",
        category: "Пылесосы",
        image: "round",
        models: &["V3", "V5", "Cyclone", "Wash"],
        variants: &["1600 Вт", "2000 Вт", "2400 Вт"],
        price: 39_990,
        model_step: 17_000,
        variant_step: 6_000,
    },
    Line {
        noun: "Робот-пылесос",
        brand: "Saryarka",
        category: "Роботы-пылесосы",
        image: "round",
        models: &["R1", "R2", "R2 Mop", "R3 Max"],
        variants: &["белый", "чёрный"],
        price: 74_990,
        model_step: 36_000,
        variant_step: 1_000,
    },
    Line {
        noun: "Фен",
        brand: "Aigul",
        category: "Фены",
        image: "kettle",
        models: &["H1", "H2", "H2 Ion", "H4 Salon"],
        variants: &["чёрный", "розовый", "золотистый"],
        price: 6_990,
        model_step: 3_600,
        variant_step: 300,
    },
    Line {
        noun: "Микроволновая печь",
        brand: "Kazan",
        category: "Микроволновые печи",
        image: "screen",
        models: &["W20", "W23", "W25 Grill", "W28"],
        variants: &["белая", "чёрная", "стальная"],
        price: 32_990,
        model_step: 9_500,
        variant_step: 1_500,
    },
    Line {
        noun: "Кофемашина",
        brand: "Samal",
        category: "Кофемашины",
        image: "box",
        models: &["C1", "C3", "C5 Latte", "C7"],
        variants: &["чёрная", "серебристая"],
        price: 119_990,
        model_step: 48_000,
        variant_step: 5_000,
    },
    Line {
        noun: "Сковорода",
        brand: "Zhetisu",
        category: "Посуда",
        image: "round",
        models: &["Granit", "Titan", "Wok", "Grill"],
        variants: &["24 см", "26 см", "28 см", "30 см"],
        price: 5_490,
        model_step: 2_400,
        variant_step: 900,
    },
    Line {
        noun: "Весы кухонные",
        brand: "Zhetisu",
        category: "Кухонные весы",
        image: "box",
        models: &["E5", "E8", "E10 Glass"],
        variants: &["белые", "чёрные", "бамбук"],
        price: 3_490,
        model_step: 1_500,
        variant_step: 400,
    },
];
