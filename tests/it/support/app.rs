//! The application of a test: real services with a clock that the test moves, a database and a market of
//! its own.

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
    sync::Arc,
};

use actix_web::dev::ServerHandle;
use chrono::TimeDelta;
use diesel::PgConnection;
use kaspi_panel::{
    clock::FixedClock, config::Config, domain::Role, secrets::Secret, services::Services, web::server,
};
use tempfile::TempDir;
use url::Url;

use super::{Client, Simulator, TestDb, db_user, now};

/// Everything a test needs; nothing is shared with another test.
pub struct TestApp {
    /// What `app` and jobs are called with.
    pub services: Services,
    /// The marketplace.
    pub market: Simulator,
    /// The database.
    pub db: TestDb,
    /// Stands still until the test moves it.
    pub clock: FixedClock,
    panel: Option<Panel>,
    _files: TempDir,
}

/// The panel's server; it stops with this value.
struct Panel {
    address: Url,
    handle: ServerHandle,
}

impl Drop for Panel {
    fn drop(&mut self) {
        // The order is given at once; nobody needs to wait until it is carried out.
        drop(self.handle.stop(false));
    }
}

/// What is special about an application.
pub struct TestAppBuilder {
    settings: Box<dyn FnOnce(&mut Config)>,
    real_time: bool,
    db: fn() -> TestDb,
}

impl TestApp {
    /// Virtual time, the market of seed 1, the settings of tests.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// As [`TestApp::new`], with something special.
    pub fn builder() -> TestAppBuilder {
        TestAppBuilder {
            settings: Box::new(|_| {}),
            real_time: false,
            db: TestDb::new,
        }
    }

    /// A connection to the database for `db_*` helpers.
    pub fn conn(&self) -> PgConnection {
        self.db.conn()
    }

    /// Lets time pass, here and in the market.
    pub async fn advance(&self, seconds: u32) {
        self.clock.advance(TimeDelta::seconds(i64::from(seconds)));
        self.market.advance(seconds).await;
    }

    /// The program itself with a command, on this test's database and market.
    pub fn program(&self, arguments: &[&str]) -> Command {
        self.other_program(env!("CARGO_BIN_EXE_kaspi-panel").as_ref(), arguments)
    }

    /// The program of before, in the file that `KASPI_PANEL_BEFORE` names; without it the program itself, which a
    /// change that is still to come has before it.
    pub fn program_of_before(&self, arguments: &[&str]) -> Command {
        let named = super::program_of_before();
        let program = named
            .as_deref()
            .unwrap_or(env!("CARGO_BIN_EXE_kaspi-panel").as_ref());
        self.other_program(program, arguments)
    }

    fn other_program(&self, program: &OsStr, arguments: &[&str]) -> Command {
        let config = &self.services.config;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("DATABASE_URL", self.db.url())
            .env("KASPI_PANEL_DATA_DIR", &config.data_dir)
            .env("KASPI_PANEL_DATABASE_POOL", "3")
            .env("KASPI_PANEL_WORKER_LOST_SECONDS", "3")
            .env("KASPI_ALLOW_OTHER_HOSTS", "1")
            .env("KASPI_LOGIN_URL", config.kaspi.login.as_str())
            .env("KASPI_CABINET_URL", config.kaspi.cabinet.as_str())
            .env("KASPI_PUBLIC_URL", config.kaspi.public.as_str())
            .env("KASPI_ORDERS_URL", config.kaspi.orders.as_str())
            .env("KASPI_CDN_URL", config.kaspi.cdn.as_str())
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null());
        command
    }

    /// Starts the panel on a free port, unless it runs already, and gives its address.
    pub fn serve(&mut self) -> Url {
        let panel = self.panel.get_or_insert_with(|| {
            let (server, address) = server::build(self.services.clone(), 1).expect("the panel listens");
            let handle = server.handle();
            tokio::spawn(server);
            Panel {
                address: Url::parse(&format!("http://{address}")).unwrap(),
                handle,
            }
        });
        panel.address.clone()
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&mut self) -> Client {
        Client::anonymous(&self.serve())
    }

    /// A new user of this name and role, signed in through the login page.
    pub async fn signed_in(&mut self, name: &str, role: Role) -> Client {
        db_user(&mut self.conn(), name, role);
        self.sign_in(name).await
    }

    /// Signs a user of `db_user` in through the login page.
    pub async fn sign_in(&mut self, name: &str) -> Client {
        let client = self.anonymous();
        let answer = client.sign_in(&format!("{name}@example.kz")).await.expect(303);
        assert_eq!(answer.location(), "/");
        client
    }

    /// A program with a key of the JSON API.
    pub fn api(&mut self, key: &str) -> Client {
        Client::api(&self.serve(), key)
    }

    /// The program ends and starts again: new services on the same database, files and market.
    pub fn restart(&mut self) {
        self.panel = None;
        let config = Config::clone(&self.services.config);
        self.services = services(config, &self.db, &self.clock);
    }
}

impl TestAppBuilder {
    /// Changes the settings.
    pub fn settings(mut self, change: impl FnOnce(&mut Config) + 'static) -> Self {
        self.settings = Box::new(change);
        self
    }

    /// Market and services go by the machine's clock, as processes of their own do.
    pub fn real_time(mut self) -> Self {
        self.real_time = true;
        self
    }

    /// On a PostgreSQL of its own, which the test may kill.
    pub fn own_server(mut self) -> Self {
        self.db = TestDb::on_own_server;
        self
    }

    /// On a PostgreSQL of its own on a small disk, which the test may fill.
    pub fn small_disk(mut self) -> Self {
        self.db = TestDb::on_small_disk;
        self
    }

    /// Puts it together.
    pub fn build(self) -> TestApp {
        let market = if self.real_time {
            Simulator::start_with(&["--time", "real", "--seed", "1"])
        } else {
            Simulator::start()
        };
        let db = (self.db)();
        let files = TempDir::new().expect("a folder");
        let mut config = Config::for_tests(files.path().to_owned(), db.url(), market.kaspi());
        config.program = env!("CARGO_BIN_EXE_kaspi-panel").into();
        (self.settings)(&mut config);
        let clock = FixedClock::new(now());
        let services = if self.real_time {
            Services::new(config, &Secret::from(db.url())).expect("services")
        } else {
            services(config, &db, &clock)
        };
        TestApp {
            services,
            market,
            db,
            clock,
            panel: None,
            _files: files,
        }
    }
}

fn services(config: Config, db: &TestDb, clock: &FixedClock) -> Services {
    Services::with_clock(config, &Secret::from(db.url()), Arc::new(clock.clone())).expect("services")
}
