//! Settings of the program, read once at the start. The only reader of the environment.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use url::Url;

use crate::{
    domain::proxy::{ProxyLine, parse_lines},
    secrets::Secret,
};

#[cfg(debug_assertions)]
mod database;
mod fail_point;
mod limits;
#[cfg(debug_assertions)]
pub(crate) use fail_point::{FailPoint, fail_point};
pub use limits::KaspiLimits;

/// Everything the program is told from outside.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the private database cluster, the secret key and files live.
    pub data_dir: PathBuf,
    /// This program, which is started once more to read a file that somebody has uploaded.
    pub program: PathBuf,
    /// The panel.
    pub http: Http,
    /// The database.
    pub database: Database,
    /// Key that seals passwords and cookies; made on first start where absent.
    pub secret_key_file: PathBuf,
    /// The marketplace's hosts.
    pub kaspi: Kaspi,
    /// Where bots of Telegram live.
    pub telegram_url: Url,
    /// Outgoing proxies; more may stand in the database.
    pub proxies: Vec<ProxyLine>,
    /// Chromium and its driver.
    pub browser: Browser,
    /// Cost of hashing a password.
    pub password_cost: PasswordCost,
    /// Background work.
    pub worker: Worker,
    /// Where metrics are told; `None`: nowhere.
    pub metrics_bind: Option<SocketAddr>,
    /// Form of the log lines.
    pub log: LogFormat,
    /// What is logged, as `RUST_LOG`.
    pub log_filter: String,
    /// The predecessor's database, for the import from it.
    pub django_url: Option<Secret>,
}

/// Address of the panel.
#[derive(Debug, Clone)]
pub struct Http {
    /// Where it listens.
    pub bind: SocketAddr,
    /// What people type; decides cookie names and links.
    pub public_url: Url,
    /// Requests of the JSON API in a minute, for each key.
    pub api_per_minute: NonZeroU32,
    /// Requests of pages and their parts in a minute, for each person.
    pub pages_per_minute: NonZeroU32,
    /// Origins of other sites whose scripts may use the JSON API with a key.
    pub cors_origins: Vec<String>,
    /// Reverse proxies whose word about who asks is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Nobody works in the panel without a second factor.
    pub second_factor_demanded: bool,
}

impl Http {
    /// Cookies are `__Host-` and Secure only where the public address is https.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Connection to PostgreSQL.
#[derive(Debug, Clone)]
pub struct Database {
    /// `None`: a private cluster in the data directory.
    pub url: Option<Secret>,
    /// Folder with `postgres` and `initdb` for the private cluster.
    pub bin_dir: Option<PathBuf>,
    /// Connections of this process.
    pub pool_size: u32,
}

/// Base addresses of the marketplace, one per host of the contract.
#[derive(Debug, Clone)]
pub struct Kaspi {
    /// Login pages: `idmc.shop.kaspi.kz`.
    pub login: Url,
    /// Cabinet back end: `mc.shop.kaspi.kz`.
    pub cabinet: Url,
    /// Public shop: `kaspi.kz`.
    pub public: Url,
    /// Official API: `kaspi.kz/shop/api`.
    pub orders: Url,
    /// Images: `resources.cdn-kaspi.kz`.
    pub cdn: Url,
    /// Hosts other than the real ones were allowed on purpose; the panel shows a bar.
    pub other_hosts: bool,
    /// Proxies inside the own network may be used: for tests, never towards the real hosts.
    pub private_proxies: bool,
    /// Total time of one request.
    pub timeout: Duration,
    /// How fast it is asked.
    pub limits: KaspiLimits,
}

/// How accounts are logged in, and the programs for it.
#[derive(Debug, Clone)]
pub struct Browser {
    /// What speaks with the login page.
    pub driver: LoginDriver,
    /// Chromium; `None`: the driver finds it.
    pub chrome: Option<PathBuf>,
    /// Its driver; `None`: `chromedriver` on the search path.
    pub chromedriver: Option<PathBuf>,
    /// Logins at once in one worker, those that wait for a person included.
    pub sessions: usize,
    /// Longest time for a login that waits for nobody.
    pub login_timeout: Duration,
    /// A cabinet session that was not used for so long is looked after.
    pub keep_alive: Duration,
}

/// What speaks with the login page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginDriver {
    /// Chromium, as a person would.
    WebDriver,
    /// The page's own requests, without a browser.
    Http,
}

/// Argon2id parameters.
#[derive(Debug, Clone, Copy)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
}

/// Background work of one process.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Jobs at once.
    pub concurrency: usize,
    /// Pause between two looks for due products.
    pub tick: Duration,
    /// Time between two checks of a product.
    pub check_interval: Duration,
    /// Cards of products read at once in one pass; 1 to 256.
    pub cards_at_once: usize,
    /// A store for which a pass planned prices is synced afterwards, unless that was done so recently.
    pub sync_after: Duration,
    /// A worker that was silent for so long is lost: its jobs are taken up by others.
    pub lost_after: Duration,
    /// Days for which offers of others that are no more are kept; at least 7.
    pub keep_market_days: u32,
    /// Days for which changes of our prices are kept; at least 7.
    pub keep_prices_days: u32,
    /// Days for which decisions are kept; the last one of a product stays. At least 7.
    pub keep_decisions_days: u32,
    /// Days for which price writes are kept; at least 7.
    pub keep_pushes_days: u32,
    /// Days for which runs of background work and logins are kept; at least 7.
    pub keep_jobs_days: u32,
    /// How long the right to write for a store holds without being renewed.
    pub lease: Duration,
    /// A write whose price has not shown for so long is given up.
    pub read_back_limit: Duration,
}

/// Form of the log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// All that is wrong with the settings, each line with the name of its variable.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// One variable: name and what it is for, as `config check --help` prints it.
pub const VARIABLES: &[(&str, &str)] = &[
    (
        "DATABASE_URL",
        "PostgreSQL to use. Absent: a private cluster in the data directory.",
    ),
    (
        "KASPI_PANEL_ALLOW_PLAIN_DATABASE",
        "1 allows a database on another machine without sslmode=verify-full, e.g. inside a network of containers. Default: refused.",
    ),
    (
        "KASPI_PANEL_DATA_DIR",
        "Folder of the private cluster, the secret key and files. Default: /var/lib/kaspi-panel for root, else kaspi-panel in the user's data folder.",
    ),
    (
        "KASPI_PANEL_BIND",
        "Address and port of the panel. Default: 127.0.0.1:8080.",
    ),
    (
        "KASPI_PANEL_PUBLIC_URL",
        "Address that people type. Default: http:// and the bind address. With https cookies are Secure.",
    ),
    (
        "KASPI_PANEL_API_PER_MINUTE",
        "Requests of the JSON API in a minute, for each key and each process. Default: 600.",
    ),
    (
        "KASPI_PANEL_PAGES_PER_MINUTE",
        "Requests of pages, their parts and photos in a minute, for each person and each process. Default: 3000.",
    ),
    (
        "KASPI_PANEL_CORS_ORIGINS",
        "Origins of other sites whose scripts may use the JSON API with a key, e.g. https://app.example.kz, separated by commas. Default: none.",
    ),
    (
        "KASPI_PANEL_TRUSTED_PROXIES",
        "Addresses or networks of reverse proxies, e.g. 127.0.0.1,::1: from them X-Forwarded-For tells who asks, so that failed attempts to sign in are counted by the address of the person and not of the proxy. Default: none.",
    ),
    (
        "KASPI_PANEL_SECOND_FACTOR",
        "offered: people may switch a second factor on. demanded: nobody works in the panel before he has one. Default: offered.",
    ),
    (
        "KASPI_PANEL_SECRET_KEY_FILE",
        "Key that seals passwords and cookies. Absent: secret.key in the data directory, made on first start with mode 0600.",
    ),
    (
        "KASPI_PANEL_DATABASE_POOL",
        "Database connections of one process. Default: 10.",
    ),
    (
        "KASPI_PANEL_CHECK_SECONDS",
        "Seconds between two checks of a product. Default: 300.",
    ),
    (
        "KASPI_PANEL_CARDS_AT_ONCE",
        "Cards of products that a repricing pass reads at once, 1 to 256; the pace towards the marketplace holds all the same. Default: 16.",
    ),
    (
        "KASPI_PANEL_SYNC_AFTER_SECONDS",
        "A store for which a repricing pass planned prices is synced afterwards, at most once in so many seconds. Default: 1800; 0: after every such pass.",
    ),
    (
        "KASPI_PANEL_WORKER_LOST_SECONDS",
        "Silence after which a worker counts as lost and others take its jobs up. Default: 45.",
    ),
    (
        "KASPI_PANEL_TELEGRAM_URL",
        "Address of Telegram's bots, other than https://api.telegram.org only for tests.",
    ),
    (
        "KASPI_PANEL_KEEP_MARKET_DAYS",
        "Days for which offers of competitors that are no more are kept, by whole months; at least 7. Default: 90.",
    ),
    (
        "KASPI_PANEL_KEEP_PRICES_DAYS",
        "Days for which changes of your own prices are kept, by whole months, at least 7: so far back prices can be put back. Default: 400.",
    ),
    (
        "KASPI_PANEL_KEEP_DECISIONS_DAYS",
        "Days for which decisions with everything they rest on are kept, at least 7; the last one of a product stays. Default: 30.",
    ),
    (
        "KASPI_PANEL_KEEP_PUSHES_DAYS",
        "Days for which price writes are kept, at least 7. Default: 400.",
    ),
    (
        "KASPI_PANEL_KEEP_JOBS_DAYS",
        "Days for which runs of background work and logins into the cabinet are kept, at least 7. Default: 90.",
    ),
    (
        "KASPI_PANEL_LEASE_SECONDS",
        "Seconds for which a worker alone may write for a store; another takes over what a lost one left after so long. Default: 60; at least 60.",
    ),
    (
        "KASPI_PANEL_READ_BACK_SECONDS",
        "Seconds after which a price that does not show on the marketplace is given up. Default: 900; at least 900.",
    ),
    (
        "KASPI_LOGIN_URL",
        "Login host. Default: https://idmc.shop.kaspi.kz.",
    ),
    (
        "KASPI_CABINET_URL",
        "Cabinet host. Default: https://mc.shop.kaspi.kz.",
    ),
    ("KASPI_PUBLIC_URL", "Public shop. Default: https://kaspi.kz."),
    (
        "KASPI_ORDERS_URL",
        "Official API. Default: https://kaspi.kz/shop/api.",
    ),
    (
        "KASPI_CDN_URL",
        "Image host. Default: https://resources.cdn-kaspi.kz.",
    ),
    (
        "KASPI_ALLOW_OTHER_HOSTS",
        "1 allows hosts other than the real ones; the panel shows it in a bar.",
    ),
    (
        "KASPI_WRITE_INTERVAL_MS",
        "Least milliseconds between two writes of one merchant. Default: 667; less than 500 gets a shop blocked and is refused.",
    ),
    (
        "KASPI_WRITES_PER_HALF_HOUR",
        "Writes of one merchant in any 30 minutes. Default: 200; the marketplace blocks at 250.",
    ),
    (
        "KASPI_WRITE_PAUSE_SECONDS",
        "No write of a merchant for so long after the marketplace asked to slow down. Default: 1800.",
    ),
    (
        "KASPI_PUBLIC_INTERVAL_MS",
        "Least milliseconds between two reads of the public shop from one address. Default: 125; at least 100.",
    ),
    (
        "KASPI_PUBLIC_PAUSE_SECONDS",
        "Pause of an address that the public shop refused. Default: 15.",
    ),
    (
        "KASPI_LIST_INTERVAL_MS",
        "Least milliseconds between two pages of a merchant's own list. Default: 400; at least 333.",
    ),
    (
        "KASPI_ORDERS_INTERVAL_MS",
        "Least milliseconds between two calls of the official orders API with one token. Default: 250; at least 166.",
    ),
    (
        "KASPI_PROXIES",
        "Outgoing proxies, one a line or separated by commas, e.g. http://user:password@host:port. More can be added in the panel. Default: none, requests go out directly.",
    ),
    (
        "KASPI_ALLOW_PRIVATE_PROXIES",
        "1 allows proxies inside the own network; refused towards the real hosts.",
    ),
    (
        "KASPI_PANEL_LOGIN_DRIVER",
        "What logs accounts in: webdriver (Chromium) or http (the page's own requests, no browser). Default: webdriver.",
    ),
    (
        "KASPI_PANEL_LOGINS",
        "Logins at once in one worker, those that wait for a code included. Default: 2.",
    ),
    (
        "KASPI_PANEL_KEEP_ALIVE_SECONDS",
        "A cabinet session unused for so long is probed, so that it stays alive. Default: 1800.",
    ),
    (
        "KASPI_PANEL_DJANGO_URL",
        "The predecessor's database, for `import-django` without --from, which everybody on the machine could read.",
    ),
    ("CHROME", "Chromium's program. Default: the driver's choice."),
    (
        "CHROMEDRIVER",
        "Chromium's driver. Default: chromedriver on the search path.",
    ),
    (
        "PG_BIN",
        "Folder with postgres and initdb. Default: the newest of the system.",
    ),
    (
        "RUST_LOG",
        "What is logged, e.g. info,kaspi_panel=debug. Default: info.",
    ),
    ("KASPI_PANEL_LOG", "text or json. Default: text."),
    (
        "KASPI_PANEL_METRICS_BIND",
        "Address and port where serve and worker tell Prometheus their metrics, e.g. 127.0.0.1:9187; each process of a machine needs its own, and nobody else should reach it. Default: nowhere.",
    ),
];

const REAL_HOSTS: [(&str, &str); 5] = [
    ("KASPI_LOGIN_URL", "https://idmc.shop.kaspi.kz"),
    ("KASPI_CABINET_URL", "https://mc.shop.kaspi.kz"),
    ("KASPI_PUBLIC_URL", "https://kaspi.kz"),
    ("KASPI_ORDERS_URL", "https://kaspi.kz/shop/api"),
    ("KASPI_CDN_URL", "https://resources.cdn-kaspi.kz"),
];

/// Where bots of Telegram live.
const TELEGRAM: &str = "https://api.telegram.org";

impl Config {
    /// Settings from the process environment.
    ///
    /// # Errors
    /// All problems at once, each with the name of its variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(&std::env::vars().collect())
    }

    /// Settings from given variables; empty ones count as absent.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn from_vars(vars: &HashMap<String, String>) -> Result<Self, ConfigError> {
        let mut read = Reader {
            vars,
            errors: Vec::new(),
        };
        let data_dir = read.text("KASPI_PANEL_DATA_DIR").map_or_else(
            || {
                let user = crate::os::effective_user_id();
                crate::os::default_data_dir(read.text("HOME"), read.text("XDG_DATA_HOME"), user)
            },
            PathBuf::from,
        );
        let bind: SocketAddr = read.parsed(
            "KASPI_PANEL_BIND",
            SocketAddr::from(([127, 0, 0, 1], 8080)),
            "an address and port such as 127.0.0.1:8080",
        );
        let public_url = read.url("KASPI_PANEL_PUBLIC_URL", &format!("http://{bind}"));
        let other_hosts = read.text("KASPI_ALLOW_OTHER_HOSTS") == Some("1");
        let mut hosts = REAL_HOSTS
            .map(|(name, default)| read.url(name, default))
            .into_iter();
        let mut host = || hosts.next().unwrap_or_else(|| public_url.clone());
        let kaspi = Kaspi {
            login: host(),
            cabinet: host(),
            public: host(),
            orders: host(),
            cdn: host(),
            other_hosts: REAL_HOSTS
                .iter()
                .any(|(name, default)| read.text(name).is_some_and(|v| v != *default)),
            private_proxies: read.text("KASPI_ALLOW_PRIVATE_PROXIES") == Some("1"),
            timeout: Duration::from_secs(20),
            limits: KaspiLimits::default(),
        };
        let kaspi = Kaspi {
            limits: limits::read(&mut read, kaspi.other_hosts),
            ..kaspi
        };
        if kaspi.other_hosts && !other_hosts {
            read.errors.push(
                "KASPI_*_URL names a host that is not the marketplace's; set KASPI_ALLOW_OTHER_HOSTS=1 if that is meant".into(),
            );
        }
        if kaspi.private_proxies && !kaspi.other_hosts {
            read.errors.push(
                "KASPI_ALLOW_PRIVATE_PROXIES: only for tests, and the hosts are the marketplace's own; remove it".into(),
            );
        }
        let telegram_url = read.url("KASPI_PANEL_TELEGRAM_URL", TELEGRAM);
        if telegram_url.as_str().trim_end_matches('/') != TELEGRAM && !kaspi.private_proxies {
            read.errors.push(
                "KASPI_PANEL_TELEGRAM_URL: only for tests, together with KASPI_ALLOW_PRIVATE_PROXIES=1"
                    .into(),
            );
        }
        let proxies = read.proxies(kaspi.private_proxies);
        let config = Self {
            program: crate::os::own_program(),
            secret_key_file: read
                .text("KASPI_PANEL_SECRET_KEY_FILE")
                .map_or_else(|| data_dir.join("secret.key"), PathBuf::from),
            http: Http {
                bind,
                public_url,
                api_per_minute: read.parsed(
                    "KASPI_PANEL_API_PER_MINUTE",
                    NonZeroU32::MIN.saturating_add(599),
                    "a number of requests above zero",
                ),
                pages_per_minute: read.parsed(
                    "KASPI_PANEL_PAGES_PER_MINUTE",
                    NonZeroU32::MIN.saturating_add(2_999),
                    "a number of requests above zero",
                ),
                cors_origins: read.origins("KASPI_PANEL_CORS_ORIGINS"),
                trusted_proxies: read.networks("KASPI_PANEL_TRUSTED_PROXIES"),
                second_factor_demanded: match read.text("KASPI_PANEL_SECOND_FACTOR") {
                    None | Some("offered") => false,
                    Some("demanded") => true,
                    Some(other) => {
                        read.errors.push(format!(
                            "KASPI_PANEL_SECOND_FACTOR={other:?}: expected offered or demanded"
                        ));
                        true
                    }
                },
            },
            database: Database {
                url: read.database_url(),
                bin_dir: read.text("PG_BIN").map(PathBuf::from),
                pool_size: read.parsed("KASPI_PANEL_DATABASE_POOL", 10, "a number of connections"),
            },
            kaspi,
            telegram_url,
            proxies,
            browser: Browser {
                driver: match read.text("KASPI_PANEL_LOGIN_DRIVER") {
                    None | Some("webdriver") => LoginDriver::WebDriver,
                    Some("http") => LoginDriver::Http,
                    Some(other) => {
                        read.errors.push(format!(
                            "KASPI_PANEL_LOGIN_DRIVER={other:?}: expected webdriver or http"
                        ));
                        LoginDriver::WebDriver
                    }
                },
                chrome: read.text("CHROME").map(PathBuf::from),
                chromedriver: read.text("CHROMEDRIVER").map(PathBuf::from),
                sessions: read
                    .parsed(
                        "KASPI_PANEL_LOGINS",
                        NonZeroUsize::MIN.saturating_add(1),
                        "a number of logins",
                    )
                    .get(),
                login_timeout: Duration::from_secs(90),
                keep_alive: Duration::from_secs(read.parsed(
                    "KASPI_PANEL_KEEP_ALIVE_SECONDS",
                    1800,
                    "a number of seconds",
                )),
            },
            password_cost: PasswordCost {
                memory_kib: 19 * 1024,
                iterations: 2,
            },
            worker: Worker {
                concurrency: 8,
                tick: Duration::from_secs(1),
                check_interval: Duration::from_secs(read.parsed(
                    "KASPI_PANEL_CHECK_SECONDS",
                    300,
                    "a number of seconds",
                )),
                cards_at_once: read.cards_at_once(),
                sync_after: Duration::from_secs(read.parsed(
                    "KASPI_PANEL_SYNC_AFTER_SECONDS",
                    1800,
                    "a number of seconds",
                )),
                lost_after: Duration::from_secs(read.parsed(
                    "KASPI_PANEL_WORKER_LOST_SECONDS",
                    45,
                    "a number of seconds",
                )),
                keep_market_days: read.days("KASPI_PANEL_KEEP_MARKET_DAYS", 90),
                keep_prices_days: read.days("KASPI_PANEL_KEEP_PRICES_DAYS", 400),
                keep_decisions_days: read.days("KASPI_PANEL_KEEP_DECISIONS_DAYS", 30),
                keep_pushes_days: read.days("KASPI_PANEL_KEEP_PUSHES_DAYS", 400),
                keep_jobs_days: read.days("KASPI_PANEL_KEEP_JOBS_DAYS", 90),
                lease: limits::push_time(&mut read, "KASPI_PANEL_LEASE_SECONDS", 60, other_hosts),
                read_back_limit: limits::push_time(
                    &mut read,
                    "KASPI_PANEL_READ_BACK_SECONDS",
                    900,
                    other_hosts,
                ),
            },
            metrics_bind: read.metrics_bind(),
            log: match read.text("KASPI_PANEL_LOG") {
                None | Some("text") => LogFormat::Text,
                Some("json") => LogFormat::Json,
                Some(other) => {
                    read.errors
                        .push(format!("KASPI_PANEL_LOG={other:?}: expected text or json"));
                    LogFormat::Text
                }
            },
            log_filter: read.text("RUST_LOG").unwrap_or("info").to_owned(),
            django_url: read.text("KASPI_PANEL_DJANGO_URL").map(Secret::from),
            data_dir,
        };
        if read.errors.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(read.errors))
        }
    }

    /// Complete settings for tests: nothing real is reachable, hashing is cheap.
    #[must_use]
    pub fn for_tests(data_dir: PathBuf, database_url: &str, kaspi: Kaspi) -> Self {
        let bind = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            secret_key_file: data_dir.join("secret.key"),
            program: crate::os::own_program(),
            http: Http {
                bind,
                public_url: kaspi.public.clone(),
                api_per_minute: NonZeroU32::MAX,
                pages_per_minute: NonZeroU32::MAX,
                cors_origins: Vec::new(),
                trusted_proxies: Vec::new(),
                second_factor_demanded: false,
            },
            database: Database {
                url: Some(Secret::from(database_url)),
                bin_dir: None,
                pool_size: 4,
            },
            kaspi,
            telegram_url: loopback(),
            proxies: Vec::new(),
            browser: Browser {
                driver: LoginDriver::WebDriver,
                chrome: None,
                chromedriver: None,
                sessions: 1,
                login_timeout: Duration::from_secs(60),
                keep_alive: Duration::from_secs(1800),
            },
            password_cost: PasswordCost {
                memory_kib: 64,
                iterations: 1,
            },
            worker: Worker {
                concurrency: 2,
                tick: Duration::from_millis(50),
                check_interval: Duration::from_secs(300),
                cards_at_once: 4,
                sync_after: Duration::from_secs(1800),
                lost_after: Duration::from_secs(3),
                keep_market_days: 90,
                keep_prices_days: 400,
                keep_decisions_days: 30,
                keep_pushes_days: 400,
                keep_jobs_days: 90,
                lease: Duration::from_secs(60),
                read_back_limit: Duration::from_secs(900),
            },
            metrics_bind: None,
            log: LogFormat::Text,
            log_filter: "warn".into(),
            django_url: None,
            data_dir,
        }
    }
}

struct Reader<'a> {
    vars: &'a HashMap<String, String>,
    errors: Vec<String>,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.vars.get(name).map(|v| v.trim()).filter(|v| !v.is_empty())
    }

    /// The value, or `default` where it is absent or wrong (then the error is noted).
    fn parsed<T: std::str::FromStr>(&mut self, name: &str, default: T, expected: &str) -> T {
        match self.text(name).map(str::parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                let text = self.text(name).unwrap_or_default();
                self.errors.push(format!("{name}={text:?}: expected {expected}"));
                default
            }
        }
    }

    /// More than 256 could not be read within the time of a claim at the pace of one address.
    fn cards_at_once(&mut self) -> usize {
        let (name, most) = ("KASPI_PANEL_CARDS_AT_ONCE", 256);
        let count = self.parsed(name, 16, "a number of cards");
        if !(1..=most).contains(&count) {
            self.errors.push(format!("{name}={count}: 1 to {most}"));
        }
        count
    }

    /// The days of the last week are never dropped.
    fn days(&mut self, name: &str, default: u32) -> u32 {
        let days = self.parsed(name, default, "a number of days");
        if !(7..=36_500).contains(&days) {
            self.errors.push(format!("{name}={days}: 7 to 36500"));
        }
        days
    }

    fn metrics_bind(&mut self) -> Option<SocketAddr> {
        let name = "KASPI_PANEL_METRICS_BIND";
        let text = self.text(name)?;
        let bind = text.parse().ok();
        if bind.is_none() {
            let expected = "an address and port such as 127.0.0.1:9187";
            self.errors.push(format!("{name}={text:?}: expected {expected}"));
        }
        bind
    }

    fn url(&mut self, name: &str, default: &str) -> Url {
        let text = self.text(name).unwrap_or(default);
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => {
                self.errors
                    .push(format!("{name}={text:?}: expected an address such as {default}"));
                loopback()
            }
        }
    }

    /// Scheme, host and port of each, as browsers write them.
    fn origins(&mut self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        let mut origins = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let known = Url::parse(part).ok().filter(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.has_host()
                    && url.path() == "/"
                    && url.query().is_none()
                    && url.username().is_empty()
            });
            match known {
                Some(url) => origins.push(url.origin().ascii_serialization()),
                None => self.errors.push(format!(
                    "{name}: {part:?}: expected an origin such as https://app.example.kz"
                )),
            }
        }
        origins
    }

    /// Addresses and networks.
    fn networks(&mut self, name: &str) -> Vec<IpNet> {
        let text = self.text(name).unwrap_or_default();
        let mut networks = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let address = || part.parse::<IpAddr>().map(IpNet::from);
            match part.parse().or_else(|_| address()) {
                Ok(network) => networks.push(network),
                Err(_) => self.errors.push(format!(
                    "{name}: {part:?}: expected an address or a network such as 127.0.0.1 or 10.0.0.0/8"
                )),
            }
        }
        networks
    }

    /// The values hold passwords: a bad one is told by its number.
    fn proxies(&mut self, private: bool) -> Vec<ProxyLine> {
        let text = self.text("KASPI_PROXIES").unwrap_or_default().replace(',', "\n");
        let mut proxies: Vec<ProxyLine> = Vec::new();
        for (number, (_, line)) in (1..).zip(parse_lines(&text, private)) {
            match line {
                Ok(proxy) if proxies.contains(&proxy) => {}
                Ok(proxy) => proxies.push(proxy),
                Err(fault) => self
                    .errors
                    .push(format!("KASPI_PROXIES: proxy {number} {}", fault.sentence())),
            }
        }
        proxies
    }

    /// The value may hold a password, so a bad one is not repeated in the message.
    fn database_url(&mut self) -> Option<Secret> {
        let text = self.text("DATABASE_URL")?;
        let plain = self.text("KASPI_PANEL_ALLOW_PLAIN_DATABASE") == Some("1");
        self.errors
            .extend(database::complaint(text, plain).map(str::to_owned));
        Some(Secret::from(text))
    }
}

/// Stands in for an address that was refused; the program does not start with it.
#[expect(clippy::expect_used, reason = "a constant text")]
fn loopback() -> Url {
    Url::parse("http://127.0.0.1").expect("a valid address")
}

#[cfg(test)]
mod tests;
