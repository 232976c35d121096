//! What the benchmarks of whole pieces of work share: the simulator as a process of its own, counts of SQL
//! statements, memory, CPU, and medians.
#![allow(dead_code, reason = "each benchmark takes what it needs")]

use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use diesel::{
    Connection, PgConnection, RunQueryDsl,
    connection::{InstrumentationEvent, SimpleConnection, set_default_instrumentation},
    sql_types,
};
use kaspi_panel::{
    config::{Config, Kaspi, KaspiLimits},
    domain::{AccountId, AccountKind, UserId},
    kaspi::{CabinetSession, Cookie, Identity},
    os::{ChildProcess, Cluster, ClusterOptions},
    secrets::{Place, Secret},
    services::Services,
    store::accounts::{CabinetAccount, account_save},
};
use reqwest::cookie::{CookieStore, Jar};
use serde_json::{Value, json};
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
    process: ChildProcess,
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
            process,
            hosts: serde_json::from_str(&line)?,
            client: reqwest::Client::builder().timeout(START).build()?,
        })
    }

    /// The simulator's process number.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// A session by a login over HTTP, and its cookies for the cabinet as one line.
    pub async fn log_in(&self, email: &str, password: &str) -> Result<(CabinetSession, String)> {
        let jar = Arc::new(Jar::default());
        let client = reqwest::Client::builder()
            .cookie_provider(jar.clone())
            .user_agent(Identity::for_key(email).user_agent())
            .timeout(START)
            .build()?;
        let cabinet = self.host("cabinet")?;
        let mut start = cabinet.join("/oauth2/authorization/1")?;
        start
            .query_pairs_mut()
            .append_pair("redirectUrl", self.host("public")?.join("/mc/")?.as_str());
        client.get(start).send().await?;
        let login = self.host("login")?;
        let answer: Value = client
            .post(login.join("/api/p/login")?)
            .json(&json!({ "_u": email, "_p": password, "_r_d": true }))
            .send()
            .await?
            .json()
            .await?;
        let next = answer.get("redirectUrl").and_then(Value::as_str);
        client
            .get(login.join(next.with_context(|| format!("not logged in: {answer}"))?)?)
            .send()
            .await?;
        let header = jar.cookies(&cabinet).context("no cookies")?;
        let header = header.to_str()?;
        let cookies = header
            .split("; ")
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| Cookie {
                name: name.into(),
                value: value.into(),
                domain: cabinet.host_str().unwrap_or_default().into(),
                path: "/".into(),
            })
            .collect();
        Ok((
            CabinetSession::new(cookies, Identity::for_key(email)),
            header.to_owned(),
        ))
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

/// So many percent of the times are not above it, in milliseconds.
pub fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times
        .get(place)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

/// Reads `--name number` for each of these names, and `--profile`; what else cargo passes is left alone.
pub fn arguments(known: &mut [(&str, &mut u64)]) -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--profile" {
            PROFILE.store(true, Ordering::Relaxed);
        } else if let Some((_, place)) = known.iter_mut().find(|(name, _)| *name == argument) {
            **place = arguments
                .next()
                .and_then(|text| text.parse().ok())
                .filter(|number| *number > 0)
                .with_context(|| format!("{argument} needs a number above zero"))?;
        }
    }
    Ok(())
}

/// Statements so far by the time that their answers took.
pub fn print_profile() {
    let times = std::mem::take(&mut *TIMES.lock().unwrap_or_else(PoisonError::into_inner));
    let mut times: Vec<_> = times.into_iter().collect();
    times.sort_by_key(|(_, (_, took))| std::cmp::Reverse(*took));
    println!("| statement | times | ms in all |");
    for (text, (count, took)) in times {
        println!("| {text} | {count} | {} |", took.as_millis());
    }
}

/// Posts to the simulator's control interface.
pub async fn post(market: &Market, url: Url, body: &Value) -> Result<()> {
    let answer = market.client.post(url).json(body).send().await?;
    ensure!(answer.status().is_success(), "{}", answer.text().await?);
    Ok(())
}

/// CPU that these processes and their children have used so far, ended children that were waited for included.
pub fn cpu_of(ids: &[u32]) -> Result<Duration> {
    let mut ticks = 0;
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let number = stat.split(' ').next().and_then(|text| text.parse().ok());
        // The name may hold anything; what follows its end begins with the state and the parent.
        let Some((number, (_, rest))) = number.zip(stat.rsplit_once(") ")) else {
            continue;
        };
        let field = |place: usize| {
            rest.split(' ')
                .nth(place)
                .and_then(|text| text.parse::<u64>().ok())
        };
        let parent = field(1).and_then(|parent| u32::try_from(parent).ok());
        if ids.contains(&number) {
            ticks += [11, 12, 13, 14].into_iter().filter_map(field).sum::<u64>();
        } else if parent.is_some_and(|parent| ids.contains(&parent)) {
            ticks += [11, 12].into_iter().filter_map(field).sum::<u64>();
        }
    }
    // A hundredth of a second on every Linux of today.
    Ok(Duration::from_millis(ticks * 10))
}

/// An account of a cabinet that is logged in with the session.
pub fn logged_in(
    conn: &mut PgConnection,
    services: &Services,
    (owner, login): (UserId, &str),
    session: &CabinetSession,
) -> Result<AccountId> {
    let (id, now) = (AccountId::new(), services.now());
    let place = Place {
        column: "cabinet_accounts.cookies_sealed",
        row: id.0,
        tenant: Some(owner.0),
    };
    let account = CabinetAccount {
        id,
        owner_id: owner,
        kind: AccountKind::Email,
        login: login.to_owned(),
        merchant_id: None,
        password_sealed: None,
        password_set_at: None,
        cookies_sealed: Some(services.vault.seal(place, &session.to_secret())?),
        cookies_set_at: Some(now),
        session_id: Some(session.id()),
        session_used_at: Some(now),
        renew_after: None,
        renew_failures: 0,
        created_at: now,
        updated_at: now,
    };
    account_save(conn, &account)?;
    Ok(id)
}

/// A marketplace that nobody asks anything.
pub fn no_market() -> Result<Kaspi> {
    let nowhere = || url::Url::parse("http://127.0.0.1:9/");
    Ok(Kaspi {
        login: nowhere()?,
        cabinet: nowhere()?,
        public: nowhere()?,
        orders: nowhere()?,
        cdn: nowhere()?,
        other_hosts: true,
        private_proxies: false,
        timeout: Duration::from_secs(20),
        limits: KaspiLimits::for_tests(),
    })
}

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Stores of the seller of [`stock`].
pub const STORES: i64 = 4;

/// Asks for the address with a header until the time is over; the time of each answer.
pub async fn ask(
    address: &str,
    (name, value): (&'static str, &str),
    clients: u64,
    time: Duration,
) -> Result<Vec<Duration>> {
    let end = Instant::now() + time;
    let running: Vec<_> = (0..clients)
        .map(|_| {
            let (address, value) = (address.to_owned(), value.to_owned());
            tokio::spawn(async move {
                let (client, mut times) = (client()?, Vec::new());
                while Instant::now() < end {
                    let start = Instant::now();
                    let answer = client.get(&address).header(name, &value).send().await?;
                    let status = answer.status();
                    let body = answer.bytes().await?;
                    times.push(start.elapsed());
                    ensure!(status.is_success() && body.len() > 200, "{status} for {address}");
                }
                Ok(times)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in running {
        all.extend(task.await??);
    }
    Ok(all)
}

/// A client that keeps its connection.
pub fn client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().timeout(PATIENCE).build()?)
}

/// A seller with so many products over a few stores; one name in five has the common word.
pub fn stock(conn: &mut PgConnection, products: u64) -> Result<()> {
    conn.batch_execute(
        "insert into users (id, external_id, email, password_hash, role, created_at, updated_at)
         values (gen_random_uuid(), 'bench', 'bench@example.kz', '', 'manager', now(), now())",
    )?;
    diesel::sql_query(
        "insert into stores (id, owner_id, merchant_id, name, api_key, created_at, updated_at)
         select gen_random_uuid(), users.id, n, 'Bench ' || n, '', now(), now()
         from users, generate_series(30000001, 30000000 + $1) n",
    )
    .bind::<sql_types::BigInt, _>(STORES)
    .execute(conn)?;
    diesel::sql_query(
        r#"insert into products (id, store_id, kaspi_product_id, sku, card_id, name, brand, category, floor_tenge,
             ceiling_tenge, stock, availabilities, availabilities_read_at, created_at, updated_at)
           select gen_random_uuid(), stores.id, 'offer-' || n, 'sku-' || n, (200000000 + n)::text,
             (array['Чайник', 'Утюг', 'Фен', 'Блендер', 'Наушники'])[1 + n % 5] || ' беспроводные Demo A' || n || ' чёрные',
             'Demo', 'Headphones', 9000, 12000, 5,
             '[{"storeId": "30000001_PP1", "available": true, "stockCount": 3, "preOrder": 0}]', now(),
             now() - n * interval '1 second', now()
           from stores, generate_series(1, $1) as n"#,
    )
    .bind::<sql_types::BigInt, _>(i64::try_from(products)? / STORES)
    .execute(conn)?;
    conn.batch_execute(
        "insert into product_prices (product_id, city_id, price_tenge, opening_price_tenge, opening_date, read_at)
         select id, '750000000', 1000 + right(sku, 3)::int, 1000, current_date, now() from products
         where right(sku, 3) ~ '^[0-9]{3}$'",
    )?;
    conn.batch_execute("vacuum analyze")?;
    conn.batch_execute("checkpoint")?;
    Ok(())
}

/// A database of its own with the seller of [`stock`].
pub struct Stocked {
    /// Folder of everything.
    pub files: tempfile::TempDir,
    /// Its server.
    pub cluster: Cluster,
    /// The program on it.
    pub services: Services,
}

impl Stocked {
    /// Makes one with so many products.
    pub async fn new(products: u64) -> Result<Self> {
        let files = tempfile::TempDir::new()?;
        let cluster = Cluster::start(&ClusterOptions::new(files.path().join("cluster")))?;
        let url = Secret::from(cluster.url());
        kaspi_panel::store::migrate::run(&url).context("migrations")?;
        kaspi_panel::queue::migrate(&url).await?;
        stock(&mut PgConnection::establish(&cluster.url())?, products)?;
        let config = Config::for_tests(files.path().to_owned(), &cluster.url(), no_market()?);
        let services = Services::new(config, &url)?;
        Ok(Self {
            files,
            cluster,
            services,
        })
    }

    /// Asks `server` for the address until the time is over, when the caches of program and database are warm, as they are
    /// all day. Cells of a table: answers a second, p50, p95, p99, CPU of an answer of the program and of PostgreSQL.
    pub async fn measure(
        &self,
        server: &ChildProcess,
        (address, header): (&str, (&'static str, &str)),
        clients: u64,
        time: Duration,
    ) -> Result<String> {
        ask(address, header, clients, time / 5).await?;
        let ids = ([server.id()], [self.cluster.server_id()]);
        let before = (cpu_of(&ids.0)?, cpu_of(&ids.1)?);
        let start = Instant::now();
        let times = ask(address, header, clients, time).await?;
        let took = start.elapsed();
        let count = f64::from(u32::try_from(times.len())?);
        let each = |used: Duration| used.as_secs_f64() * 1_000.0 / count;
        Ok(format!(
            "{:.0} | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} | {:.2}",
            count / took.as_secs_f64(),
            percentile(&times, 50),
            percentile(&times, 95),
            percentile(&times, 99),
            each(cpu_of(&ids.0)?.saturating_sub(before.0)),
            each(cpu_of(&ids.1)?.saturating_sub(before.1)),
        ))
    }
}

/// The program's own server, without limits for each key.
pub async fn serve(cluster: &Cluster, folder: &Path) -> Result<(ChildProcess, String)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaspi-panel"));
    command
        .arg("serve")
        .env("DATABASE_URL", cluster.url())
        .env("KASPI_PANEL_DATA_DIR", folder)
        .env("KASPI_PANEL_BIND", format!("127.0.0.1:{port}"))
        .env("KASPI_PANEL_API_PER_MINUTE", "1000000000")
        .env("KASPI_PANEL_PAGES_PER_MINUTE", "1000000000")
        .env("RUST_LOG", "error")
        .stdin(Stdio::null());
    let server = ChildProcess::spawn(command)?;
    let panel = format!("http://127.0.0.1:{port}");
    let (client, end) = (client()?, Instant::now() + Duration::from_secs(30));
    loop {
        let ready = client.get(format!("{panel}/health/ready")).send().await;
        if ready.is_ok_and(|answer| answer.status().is_success()) {
            return Ok((server, panel));
        }
        ensure!(Instant::now() < end, "the server is not ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
