//! Senseless requests to every page: no fault of ours comes of them, and no panic.

use futures_util::future::join_all;
use kaspi_panel::{
    domain::Role,
    web::routes::{Kind, Route, all},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::Method;

use super::Things;
use crate::support::{TestApp, long};

/// Names of fields and of parts of addresses that some page knows.
const NAMES: [&str; 28] = [
    "q",
    "page",
    "sort",
    "store",
    "store_id",
    "state",
    "kind",
    "range",
    "columns",
    "view",
    "back",
    "next",
    "email",
    "password",
    "name",
    "reason",
    "target",
    "floor",
    "ceiling",
    "price",
    "version",
    "seen",
    "ids",
    "picked",
    "all",
    "lines",
    "code",
    "csrf_token",
];

const VALUES: [&str; 22] = [
    "",
    "0",
    "-1",
    "1",
    "99999999999999999999",
    "1e309",
    "NaN",
    "\u{0}",
    "\u{1f600}\u{202e}",
    "null",
    "[]",
    "{}",
    "%",
    "%00",
    "../../etc/passwd",
    "' or 1=1 --",
    "<b>",
    "2026-02-30",
    "25:61",
    "00000000-0000-0000-0000-000000000000",
    "\r\nSet-Cookie: a=b",
    "１２３",
];

struct Noise {
    rng: StdRng,
    long: String,
}

impl Noise {
    fn value(&mut self) -> String {
        match self.rng.random_range(0..40) {
            0 => self.long.clone(),
            1..4 => (0..self.rng.random_range(1..30))
                .map(|_| char::from_u32(self.rng.random_range(1..0x3000)).unwrap_or('x'))
                .collect(),
            _ => (*VALUES.choose(&mut self.rng).unwrap()).to_owned(),
        }
    }

    fn pairs(&mut self) -> String {
        let count = self.rng.random_range(0..6);
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        for _ in 0..count {
            let name = *NAMES.choose(&mut self.rng).unwrap();
            let value = self.value();
            // Sometimes twice.
            for _ in 0..self.rng.random_range(1..3) {
                pairs.append_pair(name, &value);
            }
        }
        pairs.finish()
    }

    fn path(&mut self, known: &str, pattern: &str) -> String {
        if !pattern.contains('{') || self.rng.random_range(0..3) > 0 {
            return known.to_owned();
        }
        let parts = pattern.split('/').map(|part| {
            if part.starts_with('{') {
                let value: String = self.value().chars().take(60).collect();
                percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC).to_string()
            } else {
                part.to_owned()
            }
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Method, address, headers and body.
    fn request(
        &mut self,
        route: &Route,
        known: &str,
        token: &str,
    ) -> (Method, String, Vec<(&'static str, String)>, Vec<u8>) {
        let method: Method = match self.rng.random_range(0..12) {
            0 => ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "BREW"]
                .choose(&mut self.rng)
                .unwrap()
                .parse()
                .unwrap(),
            _ => route.method.as_str().parse().unwrap(),
        };
        let path = self.path(known, route.path);
        let mut query = self.pairs();
        // Longer addresses are refused by the client itself.
        query.truncate(16_000);
        let address = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let mut headers = vec![("x-csrf-token", token.to_owned())];
        if self.rng.random_bool(0.3) {
            headers.push(("hx-request", "true".into()));
        }
        if self.rng.random_bool(0.1) {
            headers.push((
                "cookie",
                "language=\u{1}; theme=<>; __Host-session=nonsense; session=%zz".replace('\u{1}', "x"),
            ));
        }
        let kind = *[
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded; charset=utf-16",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/json",
            "text/plain",
        ]
        .choose(&mut self.rng)
        .unwrap();
        let kind = if self.rng.random_bool(0.8) {
            "application/x-www-form-urlencoded"
        } else {
            kind
        };
        headers.push(("content-type", kind.to_owned()));
        let body = if self.rng.random_bool(0.1) {
            (0..self.rng.random_range(0..200))
                .map(|_| self.rng.random())
                .collect()
        } else {
            self.pairs().into_bytes()
        };
        (method, address, headers, body)
    }
}

fn rounds() -> usize {
    // About five thousand requests in the long form.
    if long() { 28 } else { 3 }
}

#[tokio::test]
async fn senseless_requests_to_pages_are_no_fault_of_ours() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    let admin = app.signed_in("admin", Role::Admin).await;
    let token = admin.token().await;
    // Brings cookies of its own, and may get others.
    let stranger = admin.somebody_else();
    let mut noise = Noise {
        rng: StdRng::seed_from_u64(20_261_204),
        long: "ы".repeat(20_000),
    };
    // Whatever ends or hides the own session would leave the rest of the requests to somebody whom nobody knows.
    let ends = ["/logout", "/live"];
    let routes: Vec<&Route> = all()
        .filter(|route| matches!(route.kind, Kind::Page | Kind::Fragment) && !ends.contains(&route.path))
        .filter(|route| !route.path.contains("sessions") && !route.path.contains("users"))
        .collect();
    let mut sent = 0;
    for _ in 0..rounds() {
        for some in routes.chunks(8) {
            let requests: Vec<_> = some
                .iter()
                .map(|route| noise.request(route, &things.address(route), &token))
                .collect();
            let answers = join_all(requests.iter().map(|(method, address, headers, body)| {
                let headers: Vec<(&str, &str)> = headers
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                let who = if headers.iter().any(|(name, _)| *name == "cookie") {
                    &stranger
                } else {
                    &admin
                };
                async move { who.raw(method.clone(), address, &headers, body.clone()).await }
            }))
            .await;
            for ((method, address, _, body), answer) in requests.iter().zip(answers) {
                let short: String = address.chars().take(300).collect();
                assert!(
                    answer.status.as_u16() < 500,
                    "{} {method} {short}\n{}",
                    answer.status,
                    String::from_utf8_lossy(body)
                        .chars()
                        .take(300)
                        .collect::<String>()
                );
                sent += 1;
            }
        }
    }
    assert!(sent >= routes.len() * rounds());
    let still = admin.get("/products").await;
    assert_eq!(still.status, 200, "the session lived through it all");
}
