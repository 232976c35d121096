//! A running simulator in virtual time and a client with the cookie habits of a browser.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

pub const ALMATY: &str = "750000000";
pub const ASTANA: &str = "710000000";
/// The first offer of merchant 30000001 in seed 1, on card 100000001.
pub const SKU: &str = "100000001_200000002";

/// Where virtual time starts, in milliseconds.
pub const START_MS: i64 = 1_788_249_600_000;

/// A simulator process of its own; ends with the test.
pub struct Simulator {
    child: Child,
    hosts: Value,
    pub http: reqwest::Client,
}

/// Status and JSON body of an answer; null when the body is no JSON.
pub type Answer = (u16, Value);

impl Simulator {
    /// Starts seed 1 in virtual time.
    pub fn start() -> Self {
        Self::start_with(&["--time", "virtual"])
    }

    pub fn start_with(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kaspi-sim"))
            .args(arguments)
            .arg("--parent-stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output is piped"))
            .read_line(&mut line)
            .expect("a line");
        let hosts = serde_json::from_str(&line).expect("one JSON line");
        Self {
            child,
            hosts,
            http: client(),
        }
    }

    /// Back to the market of seed 1 with a browser that knows nothing.
    pub async fn begin_anew(&mut self) {
        self.control("POST", "reset", json!({ "seed": 1 })).await;
        self.http = client();
    }

    /// An answer with everything it holds; no header of the cabinet's page but a browser's.
    pub async fn raw(&self, method: &str, host: &str, path: &str, body: Value) -> reqwest::Response {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.host(host)));
        if !body.is_null() {
            request = request.json(&body);
        }
        request.send().await.expect("an answer")
    }

    /// Status and document of the orders interface, with the token of merchant 30000001.
    pub async fn orders(&self, method: &str, path: &str, body: Value) -> Answer {
        self.orders_with("Token-30000001", &[], method, path, body).await
    }

    /// The same with another token and more headers.
    pub async fn orders_with(
        &self,
        token: &str,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: Value,
    ) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self
            .http
            .request(method, format!("{}/v2{path}", self.host("orders")))
            .header("X-Auth-Token", token)
            .header("Accept", "application/vnd.api+json")
            .header("Content-Type", "application/vnd.api+json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// The orders of the last 14 days, with more filters.
    pub async fn order_list(&self, filters: &str) -> Answer {
        let from = START_MS - 13 * 24 * 60 * 60 * 1000;
        let path = format!(
            "/orders?page[number]=0&page[size]=100&filter[orders][creationDate][$ge]={from}{filters}"
        );
        self.orders("GET", &path, Value::Null).await
    }

    /// Uploads a price list of merchant 30000001.
    pub async fn upload(&self, name: &str, content_type: &str, data: Vec<u8>) -> Answer {
        let part = reqwest::multipart::Part::bytes(data)
            .file_name(name.to_owned())
            .mime_str(content_type)
            .expect("a content type");
        let url = format!(
            "{}/pricefeed/upload/merchant/upload?merchantUid=30000001",
            self.host("cabinet")
        );
        let form = reqwest::multipart::Form::new().part("file", part);
        let response = self
            .http
            .post(url)
            .header("x-auth-version", "3")
            .multipart(form)
            .send()
            .await
            .expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (status, value)
    }

    /// A base address: login, cabinet, public, orders, cdn or control.
    pub fn host(&self, name: &str) -> &str {
        self.hosts[name].as_str().expect("a host of the JSON line")
    }

    /// A call of the control interface, which must succeed.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/control/{path}", self.host("control"));
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the control interface answers");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    pub async fn advance(&self, seconds: u32) {
        self.control("POST", "clock", json!({ "advance_seconds": seconds }))
            .await;
    }

    pub async fn fault(&self, fault: Value) {
        self.control("POST", "faults", fault).await;
    }

    /// Journal entries of an endpoint.
    pub async fn journal(&self, endpoint: &str) -> Vec<Value> {
        let entries = self.control("GET", "journal", Value::Null).await;
        let entries = entries.as_array().expect("an array").clone();
        entries
            .into_iter()
            .filter(|entry| entry["endpoint"] == endpoint)
            .collect()
    }

    /// One step of the login.
    pub async fn login_step(&self, body: Value) -> Answer {
        self.send("POST", "login", "/api/p/login", body).await
    }

    /// Logs in by e-mail and walks the redirects, so that the client holds a session.
    pub async fn enter(&self) {
        let (status, answer) = self
            .login_step(json!({ "_u": "demo@example.kz", "_p": "Demo-Password-1", "_r_d": true }))
            .await;
        assert_eq!((status, &answer["redirectUrl"]), (200, &json!("/")));
        let page = self.page("login", "/").await;
        assert!(page.contains("ID - 30000001"), "{page}");
    }

    /// A page as a browser gets it after all redirects.
    pub async fn page(&self, host: &str, path: &str) -> String {
        let url = format!("{}{path}", self.host(host));
        self.http
            .get(url)
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("a page")
    }

    /// A request with the headers of the cabinet's own page.
    pub async fn send(&self, method: &str, host: &str, path: &str, body: Value) -> Answer {
        self.try_send(method, host, path, body).await.expect("an answer")
    }

    pub async fn try_send(
        &self,
        method: &str,
        host: &str,
        path: &str,
        body: Value,
    ) -> Result<Answer, reqwest::Error> {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.host(host)))
            .header("x-auth-version", "3")
            .header("Origin", self.host("public"))
            .header("Referer", format!("{}/mc/", self.host("public")));
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", "cabinet", path, Value::Null).await
    }

    /// Asks for a price change of merchant 30000001; the fields come on top of merchant and sku.
    pub async fn process(&self, sku: &str, fields: Value) -> Answer {
        let mut body = json!({ "merchantUid": "30000001", "sku": sku });
        let (Value::Object(all), Value::Object(more)) = (&mut body, fields) else {
            panic!("objects")
        };
        all.extend(more);
        self.send("POST", "cabinet", "/pricefeed/upload/merchant/process", body)
            .await
    }

    /// The cabinet row of an offer of merchant 30000001.
    pub async fn row(&self, sku: &str) -> Value {
        let (status, list) = self
            .get(&format!("/bff/offer-view/list?m=30000001&p=0&l=10&t={sku}"))
            .await;
        assert_eq!(status, 200);
        list["data"][0].clone()
    }

    /// Public offers of a card in a city: merchant and price, as they come.
    pub async fn asks(&self, card: &str, city: &str) -> Vec<(String, i64)> {
        let body = json!({ "cityId": city, "limit": 64 });
        let (status, answer) = self
            .send("POST", "public", &format!("/yml/offer-view/offers/{card}"), body)
            .await;
        assert_eq!(status, 200);
        let rows = answer["offers"].as_array().expect("offers").iter();
        rows.map(|row| {
            let price = row["price"].to_string();
            let whole = price.strip_suffix(".0").expect("a price with a fraction part");
            (
                row["merchantId"].as_str().expect("an id").to_owned(),
                whole.parse().expect("a number"),
            )
        })
        .collect()
    }

    /// What a merchant asks for a card in a city, in public.
    pub async fn ask_of(&self, card: &str, city: &str, merchant: &str) -> Option<i64> {
        self.asks(card, city)
            .await
            .into_iter()
            .find(|(id, _)| id == merchant)
            .map(|(_, price)| price)
    }

    /// Closes the standard input, as the end of a parent does, and waits for the simulator to follow.
    pub fn end_parent(mut self) -> bool {
        drop(self.child.stdin.take());
        self.child.wait().expect("it ends").success()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .cookie_store(true)
        .user_agent("Mozilla/5.0 (X11; Linux x86_64)")
        .timeout(std::time::Duration::from_secs(20))
        .build()
        .expect("a client")
}

/// Asks again and again until it is so; ten seconds are more than anything here takes.
pub async fn wait_until(what: &str, is_so: impl AsyncFn() -> bool) {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(20));
    for _ in 0..500 {
        tick.tick().await;
        if is_so().await {
            return;
        }
    }
    panic!("{what}: never");
}
