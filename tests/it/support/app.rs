//! The application of a test: real services with a clock that the test moves, a database and a market of
//! its own.

use std::sync::Arc;

use chrono::TimeDelta;
use diesel::PgConnection;
use kaspi_panel::{clock::FixedClock, config::Config, secrets::Secret, services::Services};
use tempfile::TempDir;

use super::{Simulator, TestDb, now};

/// Everything a test needs; nothing is shared with another test.
pub struct TestApp {
    /// What `app` and jobs are called with.
    pub services: Services,
    /// The marketplace.
    pub market: Simulator,
    /// The database.
    pub db: TestDb,
    clock: FixedClock,
    _files: TempDir,
}

/// What is special about an application.
pub struct TestAppBuilder {
    market: Vec<&'static str>,
    settings: Box<dyn FnOnce(&mut Config)>,
}

impl TestApp {
    /// Virtual time, the market of seed 1, the settings of tests.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// As [`TestApp::new`], with something special.
    pub fn builder() -> TestAppBuilder {
        TestAppBuilder {
            market: vec!["--time", "virtual", "--seed", "1"],
            settings: Box::new(|_| {}),
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

    /// The program ends and starts again: new services on the same database, files and market.
    pub fn restart(&mut self) {
        let config = Config::clone(&self.services.config);
        self.services = services(config, &self.db, &self.clock);
    }
}

impl TestAppBuilder {
    /// Other options of the simulator instead of the usual ones.
    pub fn market(mut self, options: &[&'static str]) -> Self {
        self.market = options.to_vec();
        self
    }

    /// Changes the settings.
    pub fn settings(mut self, change: impl FnOnce(&mut Config) + 'static) -> Self {
        self.settings = Box::new(change);
        self
    }

    /// Puts it together.
    pub fn build(self) -> TestApp {
        let market = Simulator::start_with(&self.market);
        let db = TestDb::new();
        let files = TempDir::new().expect("a folder");
        let mut config = Config::for_tests(files.path().to_owned(), db.url(), market.kaspi());
        (self.settings)(&mut config);
        let clock = FixedClock::new(now());
        TestApp {
            services: services(config, &db, &clock),
            market,
            db,
            clock,
            _files: files,
        }
    }
}

fn services(config: Config, db: &TestDb, clock: &FixedClock) -> Services {
    Services::with_clock(config, &Secret::from(db.url()), Arc::new(clock.clone())).expect("services")
}
