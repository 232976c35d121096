//! Every operation of the API: address, what it takes, what it gives.

use serde_json::{Value, json};

use super::examples as example;
use crate::web::api::{
    fields::{Field, Takes},
    preorders, products, rules, stops, stores,
};

/// Groups of operations, in the order of the page.
pub const TAGS: &[&str] = &[
    "Магазины",
    "Вход в Kaspi",
    "Товары",
    "Предзаказы",
    "Цены",
    "Правила",
    "Работа и тревоги",
    "Описание",
];

/// One operation.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Pattern of the path, as in the route table.
    pub path: &'static str,
    /// Its name in clients.
    pub id: &'static str,
    /// One of [`TAGS`].
    pub tag: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Parameters of the query.
    pub query: &'static [Param],
    /// The body.
    pub sent: Sent,
    /// Good ends, and ends of its own.
    pub gives: &'static [(u16, Gives)],
    /// Needs no key.
    pub open: bool,
}

/// A body.
#[derive(Debug, Clone, Copy)]
pub enum Sent {
    /// None.
    Nothing,
    /// These fields, what is required of them.
    All(&'static [Field]),
    /// Any of these fields.
    Some(&'static [Field]),
}

/// An answer.
#[derive(Debug, Clone, Copy)]
pub enum Gives {
    /// No body.
    Empty,
    /// An object of this type, with an example of it.
    Object(&'static str, &'static str),
    /// A list of objects, with an example of one: name of the list's type.
    List(&'static str, &'static str),
    /// A page of objects, with an example of one: name of the page's type.
    Page(&'static str, &'static str),
    /// Another object, by its example.
    Like(&'static str),
}

impl Gives {
    pub(super) fn json(self) -> Value {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let named = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let (schema, example) = match self {
            Self::Empty => return json!({ "description": "Сделано" }),
            Self::Object(name, text) => (named(name), read(text)),
            Self::List(name, text) => (named(name), json!({ "results": [read(text)] })),
            Self::Page(name, text) => (
                named(name),
                json!({ "count": 1, "next": null, "previous": null, "results": [read(text)] }),
            ),
            Self::Like(text) => (like(&read(text)), read(text)),
        };
        json!({
            "description": "Ответ",
            "content": { "application/json": { "schema": schema, "example": example } },
        })
    }
}

/// The schema of an example.
fn like(value: &Value) -> Value {
    match value {
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(_) => json!({ "type": "integer" }),
        // Keys and codes may be nothing.
        Value::String(_) => json!({ "type": ["string", "null"] }),
        Value::Array(values) => match values.first() {
            Some(first) => json!({ "type": "array", "items": like(first) }),
            None => json!({ "type": "array" }),
        },
        Value::Object(fields) => {
            let properties: serde_json::Map<String, Value> = fields
                .iter()
                .map(|(name, value)| (name.clone(), like(value)))
                .collect();
            json!({ "type": "object", "properties": properties })
        }
        Value::Null => json!({}),
    }
}

/// A parameter of the query.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// It must be there.
    pub required: bool,
    /// JSON Schema of its value.
    pub schema: &'static str,
}

impl Param {
    const fn new(name: &'static str, about: &'static str, schema: &'static str) -> Self {
        Self {
            name,
            about,
            required: false,
            schema,
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.about,
            "schema": serde_json::from_str::<Value>(self.schema).unwrap_or_default(),
        })
    }
}

const TEXT: &str = r#"{"type":"string"}"#;
const KEY: &str = r#"{"type":"string","format":"uuid"}"#;
const YES_NO: &str = r#"{"type":"boolean"}"#;
const LIMIT: Param = Param::new(
    "limit",
    "Сколько строк, не более 200",
    r#"{"type":"integer","minimum":1,"maximum":200,"default":50}"#,
);
const PAGE: Param = Param::new(
    "page",
    "Номер страницы от 1 или last; на странице 50",
    r#"{"anyOf":[{"type":"integer","minimum":1},{"const":"last"}]}"#,
);
const WAIT: Param = Param::new(
    "wait",
    "Сколько секунд ждать конца работы",
    r#"{"type":"integer","minimum":0,"maximum":60}"#,
);
const SEARCH: Param = Param::new(
    "search",
    "Слова через пробел или запятую: все должны встретиться",
    TEXT,
);
const STORE: Param = Param::new("store", "Только этот магазин", KEY);
const STORE_ID: Param = Param::new("store_id", "То же, что store", KEY);
const ORDERING: Param = Param::new("ordering", "Поля через запятую, - перед полем: по убыванию", TEXT);

const OF_STORE: &[Field] = &[Field::required(
    "store_id",
    Takes::Key,
    r#""4022b702-85e4-68ff-98d0-1073c52038b8""#,
)];
const OFFERS_BY_PRODUCT: &[Field] = &[Field::required(
    "sku",
    Takes::Text(255),
    r#""100000001_200000002""#,
)];
const UPDATE_PRICE: &[Field] = &[
    Field::required(
        "product_id",
        Takes::Key,
        r#""cf682b73-be1a-fad4-7d0f-32559ac34627""#,
    ),
    Field::required("price", Takes::Decimal(11, 2), r#""1500""#),
];
const BATCH: &[Field] = &[
    Field::required(
        "store_id",
        Takes::Key,
        r#""4022b702-85e4-68ff-98d0-1073c52038b8""#,
    ),
    Field::required("product_ids", Takes::Json, r#"["K0000005", "K0000010"]"#),
];
const AUTHENTICATE: &[Field] = &[
    Field::optional("user_id", Takes::Text(255), r#""user-1""#),
    Field::required("email", Takes::Text(255), r#""shop@example.kz""#),
    Field::required("password", Takes::Text(255), r#""password""#),
];
const SMS_START: &[Field] = &[
    Field::optional("user_id", Takes::Text(255), r#""user-1""#),
    Field::required("phone", Takes::Text(32), r#""+77000000001""#),
];
const SMS_VERIFY: &[Field] = &[
    Field::optional("user_id", Takes::Text(255), r#""user-1""#),
    Field::required(
        "session_id",
        Takes::Key,
        r#""0193a1b2-0000-7000-8000-000000000007""#,
    ),
    Field::optional("code", Takes::Text(16), r#""1234""#),
    Field::optional("password", Takes::Text(255), r#""password""#),
    Field::optional("merchant_uid", Takes::Text(64), r#""30000001""#),
];

const fn op(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    gives: &'static [(u16, Gives)],
) -> Operation {
    Operation {
        method,
        path,
        id,
        tag,
        summary,
        query: &[],
        sent: Sent::Nothing,
        gives,
        open: false,
    }
}

impl Operation {
    const fn with(self, query: &'static [Param]) -> Self {
        Self { query, ..self }
    }

    const fn takes(self, sent: Sent) -> Self {
        Self { sent, ..self }
    }

    const fn open(self) -> Self {
        Self { open: true, ..self }
    }
}

const A_STORE: Gives = Gives::Object("StoreJson", example::STORE);
const A_PRODUCT: Gives = Gives::Object("ProductJson", example::PRODUCT);
const A_PREORDER: Gives = Gives::Object("PreorderJson", example::PREORDER);
const A_RULE: Gives = Gives::Object("RuleJson", example::RULE);
const LOGIN: &[(u16, Gives)] = &[
    (200, Gives::Like(example::LOGGED_IN)),
    (202, Gives::Like(example::LOGIN_ASKS)),
    (502, Gives::Like(example::UPSTREAM)),
];

/// All operations, in the order of the page.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    op("GET", "/api/v1/", "root", "Описание", "Адреса списков", &[(200, Gives::Like(example::ROOT))]),
    op("GET", "/api/v1/kaspi/stores/", "stores_list", "Магазины", "Магазины, новые первыми", &[(200, Gives::Page("StorePage", example::STORE))])
        .with(&[PAGE, Param::new("user_id", "Только магазины этого пользователя", TEXT), ORDERING]),
    op("POST", "/api/v1/kaspi/stores/", "stores_create", "Магазины", "Добавить магазин", &[(201, A_STORE)]).takes(Sent::All(stores::FIELDS)),
    op("GET", "/api/v1/kaspi/stores/{id}/", "stores_read", "Магазины", "Магазин", &[(200, A_STORE)]),
    op("PUT", "/api/v1/kaspi/stores/{id}/", "stores_update", "Магазины", "Записать магазин целиком", &[(200, A_STORE)]).takes(Sent::All(stores::FIELDS)),
    op("PATCH", "/api/v1/kaspi/stores/{id}/", "stores_patch", "Магазины", "Изменить поля магазина", &[(200, A_STORE)]).takes(Sent::Some(stores::FIELDS)),
    op("DELETE", "/api/v1/kaspi/stores/{id}/", "stores_delete", "Магазины", "Удалить магазин со всем, что в нём", &[(204, Gives::Empty)]),
    op("POST", "/api/v1/kaspi/stores/{id}/sync/", "stores_sync", "Магазины", "Сверить каталог; идущая сверка не начинается заново", &[
        (200, Gives::Like(example::SYNCED)), (202, Gives::Like(example::GOES_ON)),
        (500, Gives::Like(example::SYNC_NEEDS_LOGIN)), (502, Gives::Like(example::UPSTREAM)),
    ]).with(&[WAIT]),
    op("POST", "/api/v1/kaspi/auth/authenticate/", "auth_authenticate", "Вход в Kaspi", "Подключить магазин по почте и паролю", LOGIN)
        .with(&[WAIT]).takes(Sent::All(AUTHENTICATE)),
    op("POST", "/api/v1/kaspi/auth/sms_start/", "auth_sms_start", "Вход в Kaspi", "Начать подключение по телефону", &[
        (200, Gives::Like(example::SMS_STARTED)), (202, Gives::Like(example::LOGIN_ASKS)), (502, Gives::Like(example::UPSTREAM)),
    ]).with(&[WAIT]).takes(Sent::All(SMS_START)),
    op("POST", "/api/v1/kaspi/auth/sms_verify/", "auth_sms_verify", "Вход в Kaspi", "Ответить на вопрос входа: код, пароль или продавец", &[
        (200, Gives::Like(example::SMS_VERIFIED)), (202, Gives::Like(example::LOGIN_ASKS)), (502, Gives::Like(example::UPSTREAM)),
    ]).with(&[WAIT]).takes(Sent::All(SMS_VERIFY)),

    op("GET", "/api/v1/products/", "products_list", "Товары", "Товары, новые первыми", &[(200, Gives::Page("ProductPage", example::PRODUCT))])
        .with(&[PAGE, SEARCH, STORE, STORE_ID, Param::new("bot_active", "Автоцена включена", YES_NO), Param::new("category", "Только эта категория", TEXT), ORDERING]),
    op("POST", "/api/v1/products/", "products_create", "Товары", "Добавить товар; без пола (min_profit) или затрат — своих, категории или магазина — робот его не трогает", &[(201, A_PRODUCT)]).takes(Sent::All(products::FIELDS)),
    op("GET", "/api/v1/products/{id}/", "products_read", "Товары", "Товар", &[(200, A_PRODUCT)]),
    op("PUT", "/api/v1/products/{id}/", "products_update", "Товары", "Записать товар целиком", &[(200, A_PRODUCT)]).takes(Sent::All(products::FIELDS)),
    op("PATCH", "/api/v1/products/{id}/", "products_patch", "Товары", "Изменить поля товара", &[(200, A_PRODUCT)]).takes(Sent::Some(products::FIELDS)),
    op("DELETE", "/api/v1/products/{id}/", "products_delete", "Товары", "Удалить товар", &[(204, Gives::Empty)]),
    op("POST", "/api/v1/products/offers_by_product/", "products_offers_by_product", "Товары", "Кто ещё продаёт товар с этим артикулом, цены в тенге", &[(200, Gives::Like(example::OFFERS_BY_PRODUCT))])
        .takes(Sent::All(OFFERS_BY_PRODUCT)),
    op("POST", "/api/v1/products/update_price/", "products_update_price", "Товары", "Назначить цену в тенге: те же границы и остановки, что у робота", &[
        (200, Gives::Like(example::PRICE_TAKEN)), (202, Gives::Like(example::PRICE_WAITS)),
    ]).with(&[WAIT]).takes(Sent::All(UPDATE_PRICE)),
    op("POST", "/api/v1/products/batch_enable/", "products_batch_enable", "Товары", "Включить автоцену товаров магазина по kaspi_product_id", &[(200, Gives::Like(example::SWITCHED))]).takes(Sent::All(BATCH)),
    op("POST", "/api/v1/products/batch_disable/", "products_batch_disable", "Товары", "Выключить автоцену товаров магазина по kaspi_product_id", &[(200, Gives::Like(example::SWITCHED))]).takes(Sent::All(BATCH)),
    op("GET", "/api/v1/products/{id}/decisions/", "products_decisions", "Цены", "Почему такая цена: последние решения", &[(200, Gives::List("DecisionListJson", example::DECISION))]).with(&[LIMIT]),
    op("GET", "/api/v1/products/{id}/offers/", "products_offers", "Цены", "Все предложения карточки, как прочитаны последний раз", &[(200, Gives::Object("OffersJson", example::OFFERS))]),
    op("GET", "/api/v1/products/{id}/price-history/", "products_price_history", "Цены", "Как менялась цена", &[(200, Gives::Object("PriceHistoryJson", example::HISTORY))]).with(&[LIMIT]),
    op("GET", "/api/v1/price-pushes/", "price_pushes_list", "Цены", "Последние записи цен", &[(200, Gives::List("PushListJson", example::PUSH))])
        .with(&[Param::new("product", "Только этот товар", KEY), STORE, LIMIT]),
    op("GET", "/api/v1/price-pushes/{id}/", "price_pushes_read", "Цены", "Где запись цены", &[(200, Gives::Object("PushJson", example::PUSH))]),

    op("GET", "/api/v1/preorders/", "preorders_list", "Предзаказы", "Предзаказы, новые первыми", &[(200, Gives::Page("PreorderPage", example::PREORDER))])
        .with(&[PAGE, SEARCH, STORE, STORE_ID, Param::new("status", "Только в этом состоянии", r#"{"enum":["processing","completed","cancelled"]}"#), ORDERING]),
    op("POST", "/api/v1/preorders/", "preorders_create", "Предзаказы", "Добавить предзаказ", &[(201, A_PREORDER)]).takes(Sent::All(preorders::FIELDS)),
    op("GET", "/api/v1/preorders/{id}/", "preorders_read", "Предзаказы", "Предзаказ", &[(200, A_PREORDER)]),
    op("PUT", "/api/v1/preorders/{id}/", "preorders_update", "Предзаказы", "Записать предзаказ целиком", &[(200, A_PREORDER)]).takes(Sent::All(preorders::FIELDS)),
    op("PATCH", "/api/v1/preorders/{id}/", "preorders_patch", "Предзаказы", "Изменить поля предзаказа", &[(200, A_PREORDER)]).takes(Sent::Some(preorders::FIELDS)),
    op("DELETE", "/api/v1/preorders/{id}/", "preorders_delete", "Предзаказы", "Удалить предзаказ", &[(204, Gives::Empty)]),
    op("GET", "/api/v1/preorders/list_by_store/", "preorders_list_by_store", "Предзаказы", "Предзаказы магазина", &[(200, Gives::Object("StorePreordersJson", example::STORE_PREORDERS))])
        .with(&[
            Param { required: true, ..Param::new("store_id", "Магазин", KEY) },
            Param::new("limit", "Сколько строк", r#"{"type":"integer","minimum":1,"maximum":5000,"default":1000}"#),
            Param::new("offset", "С какой строки", r#"{"type":"integer","minimum":0,"maximum":2147483647}"#),
        ]),
    op("POST", "/api/v1/preorders/generate_excel/", "preorders_generate_excel", "Предзаказы", "Сделать файл Excel", &[(200, Gives::Like(example::EXCEL))]).takes(Sent::All(OF_STORE)),
    op("POST", "/api/v1/preorders/upload/", "preorders_upload", "Предзаказы", "Отправить предзаказы магазина в Kaspi", &[
        (200, Gives::Like(example::UPLOADED)), (202, Gives::Like(example::GOES_ON)),
    ]).with(&[WAIT]).takes(Sent::All(OF_STORE)),

    op("GET", "/api/v1/rules/", "rules_list", "Правила", "Правила автоцен", &[(200, Gives::List("RuleListJson", example::RULE))]).with(&[STORE]),
    op("POST", "/api/v1/rules/", "rules_create", "Правила", "Добавить правило", &[(201, A_RULE)]).takes(Sent::All(rules::FIELDS)),
    op("GET", "/api/v1/rules/{id}/", "rules_read", "Правила", "Правило", &[(200, A_RULE)]),
    op("PATCH", "/api/v1/rules/{id}/", "rules_patch", "Правила", "Изменить правило", &[(200, A_RULE)]).takes(Sent::Some(rules::FIELDS)),
    op("DELETE", "/api/v1/rules/{id}/", "rules_delete", "Правила", "Удалить правило", &[(204, Gives::Empty)]),

    op("GET", "/api/v1/jobs/", "jobs_list", "Работа и тревоги", "Последняя фоновая работа", &[(200, Gives::List("JobListJson", example::JOB))])
        .with(&[STORE, Param::new("kind", "Вид работы", TEXT), Param::new("state", "Состояние", r#"{"enum":["queued","running","succeeded","failed","cancelled"]}"#), LIMIT]),
    op("GET", "/api/v1/jobs/{id}/", "jobs_read", "Работа и тревоги", "Фоновая работа", &[(200, Gives::Object("JobJson", example::JOB))]),
    op("POST", "/api/v1/jobs/{id}/cancel/", "jobs_cancel", "Работа и тревоги", "Отменить фоновую работу", &[(200, Gives::Object("JobJson", example::JOB))]),
    op("GET", "/api/v1/alerts/", "alerts_list", "Работа и тревоги", "Тревоги", &[(200, Gives::List("AlertListJson", example::ALERT))])
        .with(&[Param::new("seen", "Замеченные и прошедшие", YES_NO), LIMIT]),
    op("POST", "/api/v1/alerts/{id}/acknowledge/", "alerts_acknowledge", "Работа и тревоги", "Взять тревогу на себя", &[(204, Gives::Empty)]),
    op("GET", "/api/v1/stops/", "stops_list", "Работа и тревоги", "Остановки цен", &[(200, Gives::List("StopListJson", example::STOP))])
        .with(&[Param::new("past", "Прошедшие", YES_NO), LIMIT]),
    op("POST", "/api/v1/stops/", "stops_create", "Работа и тревоги", "Остановить цены: all, store:КЛЮЧ, strategy:СЛОВО или product:КЛЮЧ", &[(201, Gives::Object("StopJson", example::STOP))])
        .takes(Sent::All(stops::FIELDS)),
    op("GET", "/api/v1/stops/{id}/", "stops_read", "Работа и тревоги", "Остановка", &[(200, Gives::Object("StopJson", example::STOP))]),
    op("POST", "/api/v1/stops/{id}/release/", "stops_release", "Работа и тревоги", "Снять остановку: причина и пароль", &[(204, Gives::Empty)]).takes(Sent::All(stops::RELEASE)),
    op("GET", "/api/schema/", "schema", "Описание", "Это описание", &[(200, Gives::Like(example::DOCUMENT))]).open(),
];
