//! A database of its own for every test, cloned from a template that is migrated once per run. The server
//! is a private cluster of the run, or the one of `TEST_DATABASE_URL`.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types::Text};
use kaspi_panel::{
    os::{Cluster, ClusterOptions},
    secrets::Secret,
};
use tempfile::TempDir;
use url::Url;

use super::{
    small_disk::SmallDisk,
    standby::{follow, open_folder},
};

/// Connections of all tests that run at once; each application has a small pool and a worker.
const CONNECTIONS: u16 = 200;

/// A server with its first logs, a migrated database, and room for some more.
const DISK_MEGABYTES: u32 = 192;

/// Who migrates and owns the databases of a private cluster. No superuser, as on a real server.
const OWNER: &str = "kaspi_panel_owner";

/// A migrated database that nobody else uses; dropped with this value.
#[derive(Debug)]
pub struct TestDb {
    name: String,
    url: String,
    /// Where it is not on the server of the run.
    own: Option<OwnServer>,
}

impl TestDb {
    /// A fresh copy of the template.
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = Server::get();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("it_{}_{number}", std::process::id());
        server.execute(&format!(
            "create database {name} template {} strategy file_copy",
            server.template
        ));
        Self {
            url: server.url_of(&name),
            name,
            own: None,
        }
    }

    /// A database without any of our tables.
    pub fn empty() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = Server::get();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("it_{}_empty_{number}", std::process::id());
        server.execute(&format!("create database {name} template template0"));
        Self {
            url: server.url_of(&name),
            name,
            own: None,
        }
    }

    /// A migrated database on a durable PostgreSQL of its own, which the test may kill.
    pub fn on_own_server() -> Self {
        Self::on(OwnServer::start(None))
    }

    /// The same on a small disk.
    pub fn on_small_disk() -> Self {
        Self::on(OwnServer::start(Some(DISK_MEGABYTES)))
    }

    fn on(own: OwnServer) -> Self {
        let url = own.url();
        migrate(&url);
        Self {
            name: String::new(),
            url,
            own: Some(own),
        }
    }

    /// The disk of this test's own server.
    pub fn disk(&self) -> &SmallDisk {
        let own = self.own.as_ref().expect("a server of its own");
        own.disk.as_ref().expect("a small disk")
    }

    /// The server that is this test's own.
    pub fn own_server(&mut self) -> &mut OwnServer {
        self.own.as_mut().expect("a server of its own")
    }

    /// A second server follows this test's own one.
    pub fn start_standby(&mut self) -> Standby {
        let own = self.own_server();
        let server = own.cluster.as_ref().expect("a server");
        let (cluster, options, files) = follow(server, own.options.clone());
        Standby(OwnServer {
            cluster: Some(cluster),
            options,
            disk: None,
            _files: files,
        })
    }

    /// This test's own server dies, and the one that follows it takes its place.
    pub fn fail_over(&mut self, standby: Standby) {
        self.own_server().kill();
        self.url = standby.0.url();
        self.conn()
            .batch_execute("select pg_promote(true, 60)")
            .expect("the standby is promoted");
        let lost = self.own.replace(standby.0);
        // Its processes have to be collected, and its files go.
        drop(lost);
    }

    /// Address for the owner of the schema; the program steps down to its run-time role by itself.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server turns everybody away who wants this database, from now on.
    pub fn take_away(&self) {
        let name = &self.name;
        Server::get().execute(&format!("alter database {name} allow_connections false"));
        Server::get().execute(&format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        ));
    }

    /// A connection of the owner.
    pub fn conn(&self) -> PgConnection {
        PgConnection::establish(&self.url).expect("the test database answers")
    }

    /// Ends all connections and refuses new ones: for the program the database is away.
    pub fn cut_off(&self) {
        let server = Server::get();
        server.execute(&format!(
            "alter database {} with allow_connections false",
            self.name
        ));
        server.execute(&format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'",
            self.name
        ));
    }

    /// A connection with the rights the program has at run time.
    pub fn runtime_conn(&self) -> PgConnection {
        let mut conn = self.conn();
        conn.batch_execute("set role kaspi_panel_runtime")
            .expect("the owner may step down");
        conn
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if self.own.is_some() {
            return;
        }
        // Connections of the dropped application may still be closing.
        Server::get().execute(&format!("drop database if exists {} with (force)", self.name));
    }
}

/// A private, durable PostgreSQL of one test; its files go with it.
#[derive(Debug)]
pub struct OwnServer {
    cluster: Option<Cluster>,
    options: ClusterOptions,
    disk: Option<SmallDisk>,
    _files: TempDir,
}

impl OwnServer {
    /// On a disk of so many megabytes of its own, or where temporary files lie.
    fn start(megabytes: Option<u32>) -> Self {
        let files = open_folder();
        let disk = megabytes.map(|megabytes| SmallDisk::over(files.path(), megabytes));
        let mut options = ClusterOptions::new(files.path());
        options.max_connections = CONNECTIONS;
        let mut own = Self {
            cluster: None,
            options,
            disk,
            _files: files,
        };
        own.start_again();
        own
    }

    fn url(&self) -> String {
        self.cluster.as_ref().expect("a server").url()
    }

    /// `kill -9` of the server's first process; the others end when they notice.
    pub fn kill(&mut self) {
        let cluster = self.cluster.as_ref().expect("a server");
        signal("KILL", cluster.server_id());
    }

    /// Starts it on the same files, at the same address. Returns when it takes connections.
    pub fn start_again(&mut self) {
        self.cluster = None;
        let cluster = Cluster::start(&self.options);
        self.cluster = Some(cluster.unwrap_or_else(|error| panic!("a PostgreSQL of its own: {error}")));
    }
}

/// A server that follows a test's own one.
#[derive(Debug)]
pub struct Standby(OwnServer);

/// `kill -NAME` of a process of a private server.
pub fn signal(name: &str, process: u32) {
    let told = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .status();
    assert!(told.unwrap().success(), "kill -{name} {process}");
}

/// Applies all migrations, ours and the queue's, as the command `migrate` does.
pub fn migrate(url: &str) {
    let url = Secret::from(url);
    kaspi_panel::store::migrate::run(&url).expect("the migrations apply");
    // A thread of its own: most tests are inside a runtime already, and the end of this one closes the
    // queue's connections.
    let queue = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(kaspi_panel::queue::migrate(&url))
    });
    queue.join().unwrap().expect("the queue's tables");
}

/// The PostgreSQL server of this run.
struct Server {
    /// Address of a database to give orders in.
    url: Url,
    template: String,
    /// Ends with the process; see [`Cleaner`] for its files.
    _cluster: Option<(Cluster, Cleaner)>,
}

impl Server {
    fn get() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "which server the tests use is no setting of the program"
    )]
    fn start() -> Self {
        let (url, cluster) = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) if !url.is_empty() => (url, None),
            _ => {
                let (url, cluster, cleaner) = start_cluster();
                (url, Some((cluster, cleaner)))
            }
        };
        let server = Self {
            url: Url::parse(&url).expect("TEST_DATABASE_URL is an address"),
            template: format!("it_{}_template", std::process::id()),
            _cluster: cluster,
        };
        server.drop_leftovers();
        server.execute(&format!("create database {}", server.template));
        migrate(&server.url_of(&server.template));
        server
    }

    fn execute(&self, sql: &str) {
        self.conn()
            .batch_execute(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn conn(&self) -> PgConnection {
        PgConnection::establish(self.url.as_str()).expect("the test server answers")
    }

    fn url_of(&self, database: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(database);
        url.into()
    }

    /// Databases of earlier runs that were killed; a run is named by its process number.
    fn drop_leftovers(&self) {
        #[derive(diesel::QueryableByName)]
        struct Name {
            #[diesel(sql_type = Text)]
            datname: String,
        }
        let names = diesel::sql_query("select datname::text from pg_database where datname ~ '^it_[0-9]+_'")
            .load::<Name>(&mut self.conn())
            .expect("the list of databases");
        for Name { datname } in names {
            let process = datname.split('_').nth(1).unwrap_or_default();
            if !Path::new("/proc").join(process).exists() {
                self.execute(&format!("drop database if exists {datname} with (force)"));
            }
        }
    }
}

fn start_cluster() -> (String, Cluster, Cleaner) {
    // Not below `target`: the server of root runs as another user, who may not enter root's folders.
    let dir = std::env::temp_dir().join(format!("kaspi-panel-it-{}", std::process::id()));
    let mut options = ClusterOptions::new(&dir);
    options.durability = false;
    options.max_connections = CONNECTIONS;
    let cluster = Cluster::start(&options).unwrap_or_else(|error| {
        panic!("the tests need PostgreSQL: {error}");
    });
    let cleaner = Cleaner::start(dir);
    let mut conn = PgConnection::establish(&cluster.url()).expect("the private cluster answers");
    conn.batch_execute(&format!(
        "create role {OWNER} login createrole createdb; grant pg_signal_backend to {OWNER}"
    ))
    .expect("a role for the owner");
    (cluster.url_for(OWNER, "postgres"), cluster, cleaner)
}

/// Removes the cluster's files when the test process is gone. Values in statics are never dropped and a
/// killed test can clean up nothing, so a process that outlives us by a moment does it: its standard
/// input closes when we end, in whatever way.
struct Cleaner {
    _watcher: Child,
}

impl Cleaner {
    fn start(dir: PathBuf) -> Self {
        const SCRIPT: &str = r#"cat >/dev/null; n=0
            while [ -n "$(ls "$1"/*/data/postmaster.pid 2>/dev/null)" ] && [ $n -lt 200 ]; do sleep 0.1; n=$((n+1)); done
            rm -rf -- "$1""#;
        use std::os::unix::process::CommandExt;
        let watcher = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell");
        Self { _watcher: watcher }
    }
}
