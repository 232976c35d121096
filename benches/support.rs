//! What the benchmarks of whole pieces of work share: the simulator as a process of its own, counts of SQL
//! statements, memory, and medians.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use kaspi_panel::{
    config::{Kaspi, KaspiLimits},
    os::ChildProcess,
};
use serde_json::Value;
use url::Url;

/// The merchant of the market of seed 1.
pub const MERCHANT: &str = "30000001";
/// How long things may take to start or to answer.
pub const START: Duration = Duration::from_secs(60);

/// Statements that the program has sent since the count was last taken.
pub static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// How often each statement was sent and how long its answers took; filled in while [`PROFILE`] is set.
pub static TIMES: Mutex<BTreeMap<String, (u64, Duration)>> = Mutex::new(BTreeMap::new());
/// Times are taken.
pub static PROFILE: AtomicBool = AtomicBool::new(false);

/// Lets every connection made from now on count its statements.
pub fn count_statements() -> Result<()> {
    set_default_instrumentation(|| {
        let mut started = Instant::now();
        Some(Box::new(move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartQuery { .. } => {
                STATEMENTS.fetch_add(1, Ordering::Relaxed);
                started = Instant::now();
            }
            InstrumentationEvent::FinishQuery { query, .. } if PROFILE.load(Ordering::Relaxed) => {
                let text: String = query.to_string().chars().take(90).collect();
                let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
                let entry = times.entry(text.replace('\n', " ")).or_default();
                entry.0 += 1;
                entry.1 += started.elapsed();
            }
            _ => {}
        }))
    })?;
    Ok(())
}

/// A line of `/proc/self/status`, in KiB.
pub fn memory(name: &str) -> Result<u64> {
    std::fs::read_to_string("/proc/self/status")?
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .with_context(|| format!("no {name}"))
}

/// The simulator: a process of its own, spoken to as everybody does.
pub struct Market {
    _process: ChildProcess,
    hosts: Value,
    /// A bare client.
    pub client: reqwest::Client,
}

impl Market {
    /// The market of seed 1, each answer so late.
    pub fn start(latency_ms: u64) -> Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaspi-panel"));
        command
            .args([
                "simulator",
                "--port",
                "0",
                "--control-port",
                "0",
                "--time",
                "virtual",
                "--latency-ms",
                &latency_ms.to_string(),
            ])
            .stdin(Stdio::null());
        let (process, line) = ChildProcess::spawn_until_line(command, START)?;
        Ok(Self {
            _process: process,
            hosts: serde_json::from_str(&line)?,
            client: reqwest::Client::builder().timeout(START).build()?,
        })
    }

    /// The address of `login`, `cabinet`, `public` or `control`.
    pub fn host(&self, name: &str) -> Result<Url> {
        let text = self.hosts.get(name).and_then(Value::as_str);
        Ok(Url::parse(text.context("an address is missing")?)?)
    }

    /// Settings that lead the program here, without the pace that it keeps towards the marketplace.
    pub fn kaspi(&self) -> Result<Kaspi> {
        Ok(Kaspi {
            login: self.host("login")?,
            cabinet: self.host("cabinet")?,
            public: self.host("public")?,
            orders: self.host("orders")?,
            cdn: self.host("cdn")?,
            other_hosts: true,
            private_proxies: false,
            timeout: Duration::from_secs(20),
            limits: KaspiLimits {
                list_interval: Duration::ZERO,
                ..KaspiLimits::for_tests()
            },
        })
    }
}

/// The middle one.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Median, least and most.
pub fn spread(values: impl Iterator<Item = f64> + Clone) -> String {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.clone().fold(0.0, f64::max);
    format!("{:.2} ({least:.2} to {most:.2})", median(values))
}
