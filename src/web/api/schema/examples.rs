//! Answers as they look, with made-up data.

pub(super) const STORE: &str = r#"{"id":"4022b702-85e4-68ff-98d0-1073c52038b8","created_at":"2026-11-21T19:54:05.648619+05:00","updated_at":"2026-11-22T19:54:05.648619+05:00","user_id":"user-1","merchant_id":"30000001","name":"Магазин 1","api_key":"kaspi_0f3a","products_count":10000,"last_sync":"2026-11-22T19:54:05.648619+05:00","is_active":true}"#;

pub(super) const PRODUCT: &str = r#"{"id":"4e54dd80-c05b-2dd1-e66c-4bd63b20c393","kaspi_product_id":"K0000051","kaspi_sku":"S0000051","store":"4022b702-85e4-68ff-98d0-1073c52038b8","price":503800,"price_in_tenge":"5038.00","name":"Чайник Barys белый мод. 51","external_kaspi_id":"100000051","category":"Категория 11","image_url":"https://img.example.invalid/p/51.jpg","bot_active":true,"last_check_time":null,"min_profit":"500.00","max_profit":"90000.00","strategy":null,"created_at":"2026-11-22T19:53:14.652340+05:00","updated_at":"2026-11-22T19:54:05.652340+05:00"}"#;

pub(super) const PREORDER: &str = r#"{"id":"fdd1bd3d-fc53-e49c-b867-4cea25bbcd2f","product":"4e54dd80-c05b-2dd1-e66c-4bd63b20c393","store":"4022b702-85e4-68ff-98d0-1073c52038b8","article":"ART1","name":"Предзаказ мод. 1","brand":"Tulpar","status":"completed","price":107900,"warehouses":{"1":{"id":1,"quantity":1}},"delivery_days":2,"created_at":"2026-11-22T19:53:07.071084+05:00","updated_at":"2026-11-22T19:54:07.071084+05:00"}"#;

pub(super) const STORE_PREORDERS: &str = r#"{"success":true,"preorders":[{"id":"fdd1bd3d-fc53-e49c-b867-4cea25bbcd2f","product_id":"4e54dd80-c05b-2dd1-e66c-4bd63b20c393","store_id":"4022b702-85e4-68ff-98d0-1073c52038b8","article":"A1","name":"Демо","brand":null,"price":null,"status":"processing","warehouses":{"1":{"id":1,"quantity":3}},"delivery_days":4,"created_at":"2026-11-22T15:00:06.211861+00:00","updated_at":"2026-11-22T15:00:06.211861+00:00"}],"count":1}"#;

pub(super) const PUSH: &str = r#"{"id":"0193a1b2-0000-7000-8000-000000000001","store":"4022b702-85e4-68ff-98d0-1073c52038b8","product":"4e54dd80-c05b-2dd1-e66c-4bd63b20c393","state":"confirmed","is_final":true,"origin":"person","reason":null,"reason_text":null,"cities":[{"city":"750000000","before":5038,"price":4990,"seen":4990}],"planned_at":"2026-11-22T19:54:05.652340+05:00","sent_at":"2026-11-22T19:54:06.652340+05:00","accepted_at":"2026-11-22T19:54:06.752340+05:00","finished_at":"2026-11-22T19:54:09.652340+05:00"}"#;

pub(super) const JOB: &str = r#"{"id":"0193a1b2-0000-7000-8000-000000000002","kind":"sync_store","store":"4022b702-85e4-68ff-98d0-1073c52038b8","state":"succeeded","is_final":true,"progress_done":500,"progress_total":500,"summary":{"total":500},"failure":null,"failure_text":null,"created_at":"2026-11-22T19:54:05.652340+05:00","started_at":"2026-11-22T19:54:05.752340+05:00","finished_at":"2026-11-22T19:54:15.652340+05:00"}"#;

pub(super) const DECISION: &str = r#"{"id":"0193a1b2-0000-7000-8000-000000000003","city":"750000000","decided_at":"2026-11-22T19:54:05.652340+05:00","outcome":"change","current":5038,"price":4990,"target":4990,"place":1,"competitors":4,"best_rival":4991,"shadow":false,"reasons":[{"code":"beat_lowest"}],"steps":[{"title":"Соперники","text":"4 предложения","output":"4 990 ₸"}]}"#;

pub(super) const OFFERS: &str = r#"{"card":"100000051","city":"750000000","taken_at":"2026-11-22T19:54:05.652340+05:00","complete":true,"results":[{"merchant_id":"30000002","merchant_name":"Сосед","price":4991,"rating_centi":480,"reviews":120,"preorder_days":0,"delivery":"TOMORROW","own":false,"first_seen_at":"2026-11-22T19:54:05.652340+05:00","last_seen_at":"2026-11-22T19:54:05.652340+05:00"}]}"#;

pub(super) const HISTORY: &str = r#"{"results":[{"at":"2026-11-22T19:54:05.652340+05:00","city":"750000000","before":5038,"price":4990,"push_id":"0193a1b2-0000-7000-8000-000000000001"}]}"#;

pub(super) const RULE: &str = r#"{"id":"0193a1b2-0000-7000-8000-000000000004","store":"4022b702-85e4-68ff-98d0-1073c52038b8","scope":"store","category":null,"product":null,"products":[],"name":"Как самый дешёвый","strategy":"match_lowest","definition":{"strategy":{"kind":"match_lowest"}},"enabled":true,"position":0,"created_at":"2026-11-22T19:54:05.652340+05:00","updated_at":"2026-11-22T19:54:05.652340+05:00"}"#;

pub(super) const ALERT: &str = r#"{"id":"0193a1b2-0000-7000-8000-000000000005","kind":"session_lost","severity":"critical","store":"4022b702-85e4-68ff-98d0-1073c52038b8","product":null,"title":"Магазин 1: вход истёк","times":1,"created_at":"2026-11-22T19:54:05.652340+05:00","last_at":"2026-11-22T19:54:05.652340+05:00","acknowledged_by":null,"acknowledged_at":null,"resolved_at":null}"#;

pub(super) const STOP: &str = r#"{"id":"0193a1b2-0000-7000-8000-000000000006","scope":"store","store":"4022b702-85e4-68ff-98d0-1073c52038b8","strategy":null,"product":null,"reason":"Ошибка в закупочных ценах","stopped_by":"Айгуль","stopped_at":"2026-11-22T19:54:05.652340+05:00","released_by":null,"released_at":null,"release_reason":null}"#;

pub(super) const ROOT: &str = r#"{"kaspi/stores":"http://HOST/api/v1/kaspi/stores/","products":"http://HOST/api/v1/products/","preorders":"http://HOST/api/v1/preorders/"}"#;

pub(super) const SYNCED: &str =
    r#"{"success":true,"products_count":500,"message":"Товары успешно синхронизированы"}"#;
pub(super) const SYNC_NEEDS_LOGIN: &str =
    r#"{"success":false,"error":"Сессия истекла или отсутствуют учётные данные. Нужен повторный логин."}"#;
pub(super) const GOES_ON: &str = r#"{"success":true,"job_id":"0193a1b2-0000-7000-8000-000000000002","message":"Синхронизация продолжается в фоне"}"#;
pub(super) const UPSTREAM: &str =
    r#"{"success":false,"error":"Kaspi не отвечает","code":"marketplace_unavailable","request_id":"0193"}"#;
pub(super) const OFFERS_BY_PRODUCT: &str =
    r#"{"success":true,"data":[{"merchant_id":"RIVAL1","price":900},{"merchant_id":"RIVAL2","price":950}]}"#;
pub(super) const PRICE_TAKEN: &str = r#"{"success":true,"data":{"success":true,"message":"Товар cf682b73-be1a-fad4-7d0f-32559ac34627 успешно синхронизирован","push_id":"0193a1b2-0000-7000-8000-000000000001","state":"accepted"}}"#;
pub(super) const PRICE_WAITS: &str = r#"{"success":false,"data":{"success":false,"message":"Цена записана и ждёт ответа Kaspi: спросите о ней по push_id","push_id":"0193a1b2-0000-7000-8000-000000000001","state":"planned"}}"#;
pub(super) const SWITCHED: &str = r#"{"success":true,"updated_count":2,"message":"Отключено товаров: 2"}"#;
pub(super) const EXCEL: &str = r#"{"success":true,"filepath":"preorder_exports/preorders_4022b702-85e4-68ff-98d0-1073c52038b8_20261122_200010_ca4eedd0.xlsx","message":"Excel файл успешно сгенерирован","url":"http://HOST/preorder_exports/preorders_4022b702-85e4-68ff-98d0-1073c52038b8_20261122_200010_ca4eedd0.xlsx","rows":2,"size":7012}"#;
pub(super) const UPLOADED: &str = r#"{"success":true,"message":"Предзаказы для магазина 4022b702-85e4-68ff-98d0-1073c52038b8 успешно загружены"}"#;
pub(super) const LOGGED_IN: &str = r#"{"success":true,"store_id":"4022b702-85e4-68ff-98d0-1073c52038b8","name":"Магазин 1","message":"Магазин успешно привязан к вашему аккаунту","api_key":"kaspi_0f3a","is_replaced":false}"#;
pub(super) const SMS_STARTED: &str = r#"{"session_id":"0193a1b2-0000-7000-8000-000000000007"}"#;
pub(super) const SMS_VERIFIED: &str = r#"{"success":true,"store_id":"4022b702-85e4-68ff-98d0-1073c52038b8","message":"Магазин успешно привязан через SMS","is_replaced":false}"#;
pub(super) const LOGIN_ASKS: &str = r#"{"success":false,"state":"needs_code","session_id":"0193a1b2-0000-7000-8000-000000000007","error":"Kaspi прислал код"}"#;
pub(super) const DOCUMENT: &str = r#"{"openapi":"3.1.0"}"#;
