//! The marketplace of a test: the simulator as a process of its own, spoken to over HTTP. Nothing here
//! knows the simulator's types, so that a wrong field name cannot agree with itself.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use kaspi_panel::{
    config::{Kaspi, KaspiLimits},
    os::ChildProcess,
};
use serde_json::{Value, json};
use url::Url;

/// How long the simulator may take until it listens; generous, because many tests start one at once.
const START: Duration = Duration::from_secs(30);

/// A running simulator in virtual time; it ends with this value.
#[derive(Debug)]
pub struct Simulator {
    _process: ChildProcess,
    hosts: Value,
    client: reqwest::Client,
}

impl Simulator {
    /// The market of seed 1: merchant 30000001 with card 100000001.
    pub fn start() -> Self {
        Self::start_with(&["--time", "virtual", "--seed", "1"])
    }

    /// A market with other options.
    pub fn start_with(options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaspi-panel"));
        command
            .args(["simulator", "--port", "0", "--control-port", "0"])
            .args(options)
            .stdin(Stdio::null());
        let (process, line) = ChildProcess::spawn_until_line(command, START).expect("the simulator starts");
        Self {
            _process: process,
            hosts: serde_json::from_str(&line).expect("one line of JSON"),
            client: reqwest::Client::builder().timeout(START).build().unwrap(),
        }
    }

    /// Settings that lead the program to this market and nowhere else.
    pub fn kaspi(&self) -> Kaspi {
        Kaspi {
            login: self.host("login"),
            cabinet: self.host("cabinet"),
            public: self.host("public"),
            orders: self.host("orders"),
            cdn: self.host("cdn"),
            other_hosts: true,
            private_proxies: false,
            timeout: Duration::from_secs(20),
            limits: KaspiLimits::for_tests(),
        }
    }

    /// The address of `login`, `cabinet`, `public`, `orders`, `cdn` or `control`.
    pub fn host(&self, name: &str) -> Url {
        let address = self.hosts.get(name).and_then(Value::as_str).expect("an address");
        Url::parse(address).expect("a valid address")
    }

    /// Posts to the control interface, e.g. `control("/control/faults", json!({…}))`.
    pub async fn control(&self, path: &str, body: Value) -> Value {
        self.send(reqwest::Method::POST, path, Some(body)).await
    }

    /// Takes things out of the market, e.g. `delete("/control/offers", json!({…}))`.
    pub async fn delete(&self, path: &str, body: Value) -> Value {
        self.send(reqwest::Method::DELETE, path, Some(body)).await
    }

    /// Calls the control interface by any method.
    pub async fn call(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        self.send(method, path, Some(body)).await
    }

    /// The whole market.
    pub async fn state(&self) -> Value {
        self.send(reqwest::Method::GET, "/control/state", None).await
    }

    /// Every request the marketplace received, oldest first.
    pub async fn journal(&self) -> Vec<Value> {
        self.journal_since(0).await
    }

    /// The requests with a number above this; the market numbers them from 1 and keeps fifty thousand.
    pub async fn journal_since(&self, number: u64) -> Vec<Value> {
        let path = format!("/control/journal?since={number}");
        match self.send(reqwest::Method::GET, &path, None).await {
            Value::Array(entries) => entries,
            other => panic!("the journal is a list, not {other}"),
        }
    }

    /// The received requests of one endpoint.
    pub async fn calls(&self, endpoint: &str) -> Vec<Value> {
        let mut entries = self.journal().await;
        entries.retain(|entry| entry["endpoint"] == endpoint);
        entries
    }

    /// The received price changes: those that asked for another price of a product.
    pub async fn writes(&self) -> Vec<Value> {
        let mut entries = self.journal().await;
        entries.retain(|entry| entry.get("writes").is_some());
        entries
    }

    /// Switches a fault on: `kind` on `endpoint`, `more` as in `{"status": 429, "times": 1}`. The market refuses
    /// names that it does not know, and the test with them.
    pub async fn fault(&self, endpoint: &str, kind: &str, more: Value) {
        let mut fault = json!({ "endpoint": endpoint, "kind": kind });
        if let (Some(fault), Value::Object(more)) = (fault.as_object_mut(), more) {
            fault.extend(more);
        }
        self.control("/control/faults", fault).await;
    }

    /// How many requests to an endpoint a fault of this kind has struck.
    pub async fn struck(&self, endpoint: &str, kind: &str) -> usize {
        let calls = self.calls(endpoint).await;
        calls.iter().filter(|call| call["fault"] == kind).count()
    }

    /// Switches all faults off.
    pub async fn clear_faults(&self) {
        self.send(reqwest::Method::DELETE, "/control/faults", None).await;
    }

    /// Lets the market's time pass.
    pub async fn advance(&self, seconds: u32) {
        self.control("/control/clock", json!({ "advance_seconds": seconds }))
            .await;
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let url = self.host("control").join(path).unwrap();
        let mut request = self.client.request(method, url);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("the simulator answers");
        let status = answer.status();
        let text = answer.text().await.expect("the simulator answers in full");
        assert!(status.is_success(), "{path} {body:?}: {status} {text}");
        serde_json::from_str(&text).expect("the simulator answers JSON")
    }
}
