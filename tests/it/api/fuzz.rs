//! Two thousand requests that make no sense, always the same ones: each gets an answer, and none is a fault of ours.

use futures_util::future::join_all;
use kaspi_panel::web::routes::{Kind, Route, all};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::Method;
use serde_json::{Value, json};

use super::seller;
use crate::support::{NewProduct, TestApp, db_product};

const REQUESTS: usize = 2_000;

/// Names that some address knows.
const NAMES: &[&str] = &[
    "kaspi_product_id",
    "kaspi_sku",
    "store",
    "store_id",
    "price",
    "name",
    "external_kaspi_id",
    "category",
    "image_url",
    "bot_active",
    "last_check_time",
    "min_profit",
    "max_profit",
    "strategy",
    "user_id",
    "merchant_id",
    "last_sync",
    "is_active",
    "product",
    "product_id",
    "product_ids",
    "article",
    "brand",
    "status",
    "warehouses",
    "delivery_days",
    "sku",
    "email",
    "password",
    "phone",
    "session_id",
    "code",
    "merchant_uid",
    "scope",
    "products",
    "definition",
    "enabled",
    "target",
    "reason",
    "id",
];

struct Chaos {
    rng: StdRng,
    ids: Vec<String>,
}

impl Chaos {
    fn text(&mut self) -> String {
        let known = [
            "",
            " ",
            "\0",
            "abc",
            "zzz",
            "NaN",
            "1e400",
            "-0",
            "١٢٣",
            "💥",
            "%00",
            "' or 1=1 --",
            "\u{feff}",
        ];
        match self.rng.random_range(0..5) {
            0 => "я".repeat(self.rng.random_range(1..3_000)),
            1 => self.ids.choose(&mut self.rng).unwrap().clone(),
            2 => self.rng.random::<i64>().to_string(),
            _ => (*known.choose(&mut self.rng).unwrap()).to_owned(),
        }
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.rng.random_range(0..10) {
            0 => Value::Null,
            1 => json!(self.rng.random::<bool>()),
            2 => json!(self.rng.random::<i64>()),
            3 => json!(self.rng.random_range(-1e18..1e18)),
            4 => json!(self.rng.random_range(-200..200)),
            5 if depth < 4 => (0..self.rng.random_range(0..4))
                .map(|_| self.value(depth + 1))
                .collect(),
            6 if depth < 4 => self.object(depth + 1),
            _ => json!(self.text()),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        let mut object = serde_json::Map::new();
        for _ in 0..self.rng.random_range(0..8) {
            let name = (*NAMES.choose(&mut self.rng).unwrap()).to_owned();
            let value = self.value(depth);
            object.insert(name, value);
        }
        Value::Object(object)
    }

    fn body(&mut self) -> Vec<u8> {
        match self.rng.random_range(0..10) {
            0 => Vec::new(),
            1 => (0..self.rng.random_range(1..200))
                .map(|_| self.rng.random())
                .collect(),
            2 => b"[".repeat(self.rng.random_range(1..5_000)),
            3 => {
                let mut text = self.object(0).to_string();
                let cut = text
                    .char_indices()
                    .map(|(at, _)| at)
                    .nth(text.chars().count() / 2)
                    .unwrap_or(0);
                text.truncate(cut);
                text.into_bytes()
            }
            4 => br#"{"name":"\ud800","price":1e999}"#.to_vec(),
            5 => self.value(0).to_string().into_bytes(),
            _ => self.object(0).to_string().into_bytes(),
        }
    }

    fn query(&mut self) -> String {
        let names = [
            "page",
            "page_size",
            "search",
            "ordering",
            "store",
            "store_id",
            "bot_active",
            "category",
            "status",
            "user_id",
            "limit",
            "offset",
            "product",
            "seen",
            "past",
            "kind",
            "state",
        ];
        // Nobody works here: what would wait does not.
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("wait", "0");
        for _ in 0..self.rng.random_range(0..4) {
            let name = *names.choose(&mut self.rng).unwrap();
            let text: String = self.text().chars().take(300).collect();
            query.append_pair(name, &text);
        }
        query.finish()
    }

    fn request(&mut self, routes: &[&Route]) -> (Method, String, Vec<(&'static str, String)>, Vec<u8>) {
        let route = *routes.choose(&mut self.rng).unwrap();
        let mut method: Method = route.method.as_str().parse().unwrap();
        if self.rng.random_range(0..10) == 0 {
            method = [
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::OPTIONS,
                Method::HEAD,
            ]
            .choose(&mut self.rng)
            .unwrap()
            .clone();
        }
        // What is there stays there for the requests that follow.
        let real = method != Method::DELETE && self.rng.random_range(0..3) > 0;
        let id = if real {
            self.ids.choose(&mut self.rng).unwrap().clone()
        } else {
            let text: String = self.text().chars().take(100).collect();
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let path = format!("{}?{}", route.path.replace("{id}", &id), self.query());
        let kinds = [
            "application/json",
            "application/json; charset=utf-8",
            "text/plain",
            "",
            "application/x-www-form-urlencoded",
        ];
        let kind = if self.rng.random_range(0..8) == 0 {
            *kinds.choose(&mut self.rng).unwrap()
        } else {
            kinds[0]
        };
        let mut headers = vec![("content-type", kind.to_owned())];
        if self.rng.random_range(0..8) == 0 {
            headers.push(("idempotency-key", format!("k{}", self.rng.random_range(0..5))));
        }
        (method, path, headers, self.body())
    }
}

#[tokio::test]
async fn two_thousand_senseless_requests_are_no_fault_of_ours() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let mut ids = vec![
        store.to_string(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
    ];
    for sku in ["A", "B", "C"] {
        let new = NewProduct {
            sku,
            ..NewProduct::default()
        };
        ids.push(db_product(&mut app.conn(), store, &new).to_string());
    }
    let routes: Vec<&Route> = all().filter(|route| route.kind == Kind::Api).collect();
    let mut chaos = Chaos {
        rng: StdRng::seed_from_u64(20_261_201),
        ids,
    };
    let mut statuses = std::collections::BTreeMap::new();
    let requests: Vec<_> = (0..REQUESTS).map(|_| chaos.request(&routes)).collect();
    for some in requests.chunks(8) {
        let answers = join_all(some.iter().map(|(method, path, headers, body)| {
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let anna = &anna;
            async move { anna.raw(method.clone(), path, &headers, body.clone()).await }
        }))
        .await;
        for ((method, path, _, body), answer) in some.iter().zip(answers) {
            let status = answer.status.as_u16();
            assert!(
                status < 500,
                "{status} {method} {path} {}: {}",
                String::from_utf8_lossy(body),
                answer.body_text()
            );
            *statuses.entry(status).or_insert(0_usize) += 1;
        }
    }
    assert!(
        statuses.get(&400).is_some_and(|count| *count > 200),
        "{statuses:?}"
    );
    assert!(
        statuses.get(&404).is_some_and(|count| *count > 200),
        "{statuses:?}"
    );
}
