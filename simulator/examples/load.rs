//! How many requests a running simulator answers, and what one costs:
//!
//! ```sh
//! cargo build --release -p kaspi-sim --example load --bin kaspi-sim
//! target/release/examples/load target/release/kaspi-sim
//! ```
//!
//! The simulator runs pinned to one core (`taskset`), the load on the others, over kept-alive connections on loopback.
//! Everything is bounded: rounds, requests of a round, connections. Prints the median and the spread of the rounds.
#![expect(
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on stops"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const ROUNDS: usize = 7;
const REQUESTS: usize = 20_000;
const CONNECTIONS: usize = 8;
/// An answer that takes longer stops the benchmark.
const PATIENCE: Duration = Duration::from_secs(10);
/// And so does a round that takes longer.
const ROUND_MAX: Duration = Duration::from_secs(60);
/// Clock ticks of `/proc` in a second.
const TICKS: f64 = 100.0;

fn main() {
    let program = std::env::args().nth(1).expect("the path of kaspi-sim");
    let mut market = Market::start(&program);
    let mut out = std::io::stdout().lock();
    market.control(
        "limits",
        &json!({ "enabled": false, "apply_list_seconds": 0, "apply_public_seconds": 0 }),
    );
    let cookie = market.enter();
    let offers = request(
        "POST",
        "/yml/offer-view/offers/100000001",
        "",
        r#"{"cityId":"750000000","id":"100000001","merchantUID":[],"limit":64,"page":0,"sortOption":"PRICE"}"#,
    );
    let process = request(
        "POST",
        "/pricefeed/upload/merchant/process",
        &cookie,
        r#"{"merchantUid":"30000001","sku":"100000001_200000002","price":15000,"cityPrices":[{"cityId":"750000000","value":15000},{"cityId":"710000000","value":15500}],"availabilities":[{"storeId":"30000001_PP1","available":"yes","stockCount":4},{"storeId":"30000001_PP2","available":"yes","preOrder":7}]}"#,
    );
    for (name, host, request) in [("offers", "public", &offers), ("process", "cabinet", &process)] {
        let (rates, costs) = rounds(&market, host, request, REQUESTS);
        writeln!(out, "{name}: {}", told(&rates, &costs)).expect("an output");
    }
    let begun = Instant::now();
    market.control("offers/many", &json!({ "merchant": "30000001", "count": 50_000 }));
    writeln!(
        out,
        "50,000 offers made in {:.2} s",
        begun.elapsed().as_secs_f64()
    )
    .expect("an output");
    let (mut seconds, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (begun, used) = (Instant::now(), market.cpu());
        let mut connection = Connection::open(&market.address("cabinet"));
        let mut bytes = 0;
        for page in 0..=500 {
            let path = format!("/bff/offer-view/list?m=30000001&p={page}&l=100&a=true");
            bytes += connection.ask(&request_of("GET", &path, &cookie));
        }
        assert!(bytes > 50_000 * 1000, "all rows came");
        seconds.push(begun.elapsed().as_secs_f64());
        cpu.push(market.cpu() - used);
    }
    let (low, middle, high) = spread(&mut seconds);
    let (_, cpu, _) = spread(&mut cpu);
    writeln!(
        out,
        "list of 50,016 offers, 501 pages: median {middle:.2} s ({low:.2}-{high:.2}), {cpu:.2} s of CPU"
    )
    .expect("an output");
    writeln!(out, "memory of the simulator: {} MiB", market.memory_mib()).expect("an output");
}

fn told(rates: &[f64], costs: &[f64]) -> String {
    let (low, middle, high) = spread(&mut rates.to_vec());
    let (cheap, cost, dear) = spread(&mut costs.to_vec());
    format!(
        "median {middle:.0} requests/s ({low:.0}-{high:.0}), {cost:.0} us of CPU each ({cheap:.0}-{dear:.0}); \
         {ROUNDS} rounds of {REQUESTS} requests on {CONNECTIONS} connections"
    )
}

fn spread(values: &mut [f64]) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[0], values[values.len() / 2], values[values.len() - 1])
}

/// Requests per second and microseconds of the simulator's CPU per request, for each round after a first to warm up.
#[expect(clippy::as_conversions, reason = "figures for people")]
fn rounds(market: &Market, host: &str, request: &[u8], count: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (begun, used) = (Instant::now(), market.cpu());
        thread::scope(|scope| {
            for _ in 0..CONNECTIONS {
                scope.spawn(|| {
                    let mut connection = Connection::open(&market.address(host));
                    for _ in 0..count / CONNECTIONS {
                        connection.ask(request);
                        assert!(begun.elapsed() < ROUND_MAX, "the round takes too long");
                    }
                });
            }
        });
        if round > 0 {
            rates.push(count as f64 / begun.elapsed().as_secs_f64());
            costs.push((market.cpu() - used) * 1e6 / count as f64);
        }
    }
    (rates, costs)
}

fn request(method: &str, path: &str, cookie: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: Mozilla/5.0\r\nAccept: application/json, text/plain, */*\r\n\
         x-auth-version: 3\r\nOrigin: https://kaspi.kz\r\nReferer: https://kaspi.kz/mc/\r\nCookie: {cookie}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn request_of(method: &str, path: &str, cookie: &str) -> Vec<u8> {
    request(method, path, cookie, "")
}

/// A kept-alive connection.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the simulator listens");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Self {
            stream,
            buffer: vec![0; 1024 * 1024],
        }
    }

    /// Length of the answer's body; anything but 200 stops the benchmark.
    fn ask(&mut self, request: &[u8]) -> usize {
        self.answer(request).1.len()
    }

    fn answer(&mut self, request: &[u8]) -> (String, Vec<u8>) {
        self.stream.write_all(request).expect("a request");
        let (mut seen, mut wanted) = (0, usize::MAX);
        let mut head = 0;
        while seen < wanted {
            let count = self.stream.read(&mut self.buffer[seen..]).expect("an answer");
            assert!(count > 0, "the connection ended");
            seen += count;
            if head == 0
                && let Some(end) = self.buffer[..seen]
                    .windows(4)
                    .position(|four| four == b"\r\n\r\n")
            {
                head = end + 4;
                let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
                assert!(
                    !text.starts_with("http/1.1 4") && !text.starts_with("http/1.1 5"),
                    "{text}"
                );
                let length = text.split("content-length: ").nth(1).expect("a length");
                let length: usize = length
                    .lines()
                    .next()
                    .expect("a line")
                    .trim()
                    .parse()
                    .expect("a number");
                wanted = head + length;
            }
        }
        let text = String::from_utf8_lossy(&self.buffer[..head]).into_owned();
        (text, self.buffer[head..wanted].to_vec())
    }
}

/// A simulator on the first core; it ends with the benchmark.
struct Market {
    child: Child,
    hosts: Value,
}

impl Market {
    fn start(program: &str) -> Self {
        let mut child = Command::new("taskset")
            .args(["-c", "0", program, "--time", "real", "--parent-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("taskset and the simulator");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("a line");
        Self {
            child,
            hosts: serde_json::from_str(&line).expect("one JSON line"),
        }
    }

    fn address(&self, host: &str) -> String {
        let url = self.hosts[host].as_str().expect("a host");
        url.trim_start_matches("http://").to_owned()
    }

    fn control(&mut self, path: &str, body: &Value) {
        let request = request("POST", &format!("/control/{path}"), "", &body.to_string());
        Connection::open(&self.address("control")).ask(&request);
    }

    /// Logs in and returns the session cookie.
    fn enter(&self) -> String {
        let body = r#"{"_u":"demo@example.kz","_p":"Demo-Password-1"}"#;
        let login =
            Connection::open(&self.address("login")).answer(&request("POST", "/api/p/login", "", body));
        let sso = cookie(&login.0, "MS_AUTH_SSO");
        let begin = "/oauth2/authorization/1?redirectUrl=x";
        let begun = Connection::open(&self.address("cabinet")).answer(&request_of("GET", begin, ""));
        let hop = cookie(&begun.0, "mc-oauth-request");
        let granted =
            Connection::open(&self.address("login")).answer(&request_of("GET", &path_of(&begun.0), &sso));
        let back =
            Connection::open(&self.address("cabinet")).answer(&request_of("GET", &path_of(&granted.0), &hop));
        cookie(&back.0, "mc-sid")
    }

    /// Seconds of CPU the simulator has used.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("its figures");
        let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
        let ticks = |place: usize| fields[place].parse::<f64>().expect("a number");
        (ticks(11) + ticks(12)) / TICKS
    }

    fn memory_mib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its figures");
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .expect("a line");
        let kib: u64 = line
            .split_whitespace()
            .nth(1)
            .expect("a number")
            .parse()
            .expect("a number");
        kib / 1024
    }
}

impl Drop for Market {
    fn drop(&mut self) {
        // It ends by itself when its standard input closes; this is for the case that it does not.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cookie(head: &str, name: &str) -> String {
    let start = format!("set-cookie: {name}=");
    let line = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with(&start.to_ascii_lowercase()))
        .expect("a cookie");
    let value = line[start.len()..].split(';').next().expect("a value");
    format!("{name}={value}")
}

/// Path and query of where a redirect leads.
fn path_of(head: &str) -> String {
    let line = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("location: "))
        .expect("a redirect");
    let url = line["location: ".len()..].trim();
    let path = url.trim_start_matches("http://");
    path[path.find('/').expect("a path")..].to_owned()
}
