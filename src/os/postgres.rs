//! A private PostgreSQL cluster, owned by this program, for everybody who gives no `DATABASE_URL`.
//! Made from the system's PostgreSQL programs at the first start, ended with the program. Speaks no
//! SQL: roles, databases and migrations are made through [`Cluster::url`] by others.
//!
//! One program at a time owns a cluster. A file lock says so, which the kernel takes back however the
//! program ends; PostgreSQL's own lock files hold process numbers, which lie after a crash.

mod account;
mod programs;

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use account::Account;
use programs::Programs;
pub(super) use programs::{folders, major_version};

use super::child;
use super::processes::{self, Process};
use super::sys::{self, Signal};
use super::wait::wait_for;

/// The database's superuser, for making roles and databases.
pub const SUPERUSER: &str = "kaspi_panel_bootstrap";

/// Part of the socket's name; nothing listens on a network.
const PORT: &str = "5432";
/// The longest path of a Unix socket (`sun_path` without its end mark).
const SOCKET_PATH_MAX: usize = 107;
const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Recovery after a crash reads the whole log again.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const READY_POLL: Duration = Duration::from_millis(5);

/// What a cluster is made with.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Folder that holds one cluster per major version (`pg15`, `pg17`); made when absent.
    pub dir: PathBuf,
    /// Folder with `initdb` and `postgres`; the usual places when `None`.
    pub programs: Option<PathBuf>,
    /// Connections the server accepts.
    pub max_connections: u16,
    /// False only for tests: a power cut may then destroy the data.
    pub durability: bool,
    /// How long to wait for another program, or its server, that still uses the cluster.
    pub patience: Duration,
}

impl ClusterOptions {
    /// The product's options: sixty connections, durable, fifteen seconds of patience.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            programs: None,
            max_connections: 60,
            durability: true,
            patience: Duration::from_secs(15),
        }
    }
}

/// Why there is no cluster. Every sentence says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "PostgreSQL's server programs (version 14 or newer) were not found: install the package postgresql, \
         or name a database in DATABASE_URL, or the programs' folder in PG_BIN"
    )]
    ProgramsMissing,
    #[error("PG_BIN names {}, which does not hold PostgreSQL's programs initdb and postgres", .0.display())]
    ProgramsUnusable(PathBuf),
    #[error(
        "the database in {} was made by PostgreSQL {major}, whose programs are not installed: \
         install postgresql-{major}", dir.display()
    )]
    VersionMissing { major: u32, dir: PathBuf },
    #[error(
        "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as: \
         install the package postgresql, or start kaspi-panel as an ordinary user"
    )]
    NoServerUser,
    #[error(
        "PostgreSQL runs as user {user}, who may not enter {}: choose another data directory, \
         or allow it with chmod o+x", folder.display()
    )]
    NotReachable { folder: PathBuf, user: u32 },
    #[error("the path {} is too long for a database socket: choose a shorter data directory", .0.display())]
    PathTooLong(PathBuf),
    #[error(
        "another running kaspi-panel uses the database in {}: stop it first, or choose another data directory",
        .0.display()
    )]
    InUse(PathBuf),
    #[error(
        "the PostgreSQL server with process number {process} still uses {} and does not stop: \
         end it with kill -INT {process}", dir.display()
    )]
    ServerLeft { process: u32, dir: PathBuf },
    #[error("initdb could not make the database: {0}")]
    Initdb(String),
    #[error("PostgreSQL ended while it started ({status}), see {}: {tail}", log.display())]
    Ended {
        status: ExitStatus,
        log: PathBuf,
        tail: String,
    },
    #[error("PostgreSQL was not ready after {} s, see {}", limit.as_secs(), log.display())]
    NotReady { limit: Duration, log: PathBuf },
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

fn doing(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ClusterError {
    let path = path.to_owned();
    move |source| ClusterError::Io { action, path, source }
}

/// A running server. It stops, in order, with this value, and by itself when the program ends in any
/// other way. Starting and dropping block for up to some seconds: not for an async thread.
#[derive(Debug)]
pub struct Cluster {
    server: Child,
    folders: Folders,
    /// Held for as long as the value lives; released after the server has stopped.
    _lock: File,
}

impl Cluster {
    /// Starts the server, and makes the cluster first when there is none. May be called from any
    /// thread. Waits for another program that is just ending.
    pub fn start(options: &ClusterOptions) -> Result<Self, ClusterError> {
        let deadline = Instant::now() + options.patience;
        let programs = Programs::find(&options.dir, options.programs.as_deref())?;
        let folders = Folders::make(&options.dir, programs.major)?;
        let lock = folders.lock(deadline)?;
        let account = Account::for_server(&folders.data)?;
        if let Some(account) = &account {
            account.check_reach(&folders.home)?;
        }
        let launcher = Launcher {
            programs,
            account,
            options,
            folders: &folders,
        };
        launcher.make_data()?;
        launcher.make_run()?;
        folders.wait_for_former_server(deadline)?;
        folders.remove_stale_locks()?;
        let server = launcher.start()?;
        Ok(Self {
            server,
            folders,
            _lock: lock,
        })
    }

    /// The address of a server in `dir` that another program runs at this moment. It goes away with
    /// that program, so this is for short commands beside a running panel.
    pub fn running(dir: &Path) -> Option<String> {
        let entries = fs::read_dir(dir.canonicalize().ok()?).ok()?.flatten();
        entries
            .map(|entry| Folders::at(entry.path()))
            .find_map(|folders| {
                let owner = folders
                    .server_processes()
                    .into_iter()
                    .find(|process| folders.is_ready(process.id));
                owner.map(|_| folders.url(SUPERUSER, "postgres"))
            })
    }

    /// The superuser's address of the database `postgres`, which every cluster has.
    pub fn url(&self) -> String {
        self.folders.url(SUPERUSER, "postgres")
    }

    /// The address for another role and database, which must exist. Names of letters, digits and `_`.
    pub fn url_for(&self, role: &str, database: &str) -> String {
        self.folders.url(role, database)
    }

    /// The server's process number.
    pub fn server_id(&self) -> u32 {
        self.server.id()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown: connections are cut, the data is written. A server
        // that cannot do that in time is killed and recovers at the next start.
        let _ = child::stop(&mut self.server, Signal::Interrupt, STOP_LIMIT);
    }
}

/// The files of one cluster.
#[derive(Debug)]
struct Folders {
    home: PathBuf,
    data: PathBuf,
    run: PathBuf,
    log: PathBuf,
}

impl Folders {
    fn at(home: PathBuf) -> Self {
        Self {
            data: home.join("data"),
            run: home.join("run"),
            log: home.join("server.log"),
            home,
        }
    }

    fn make(dir: &Path, major: u32) -> Result<Self, ClusterError> {
        let home = dir.join(format!("pg{major}"));
        // Root's server is another user and must pass through; the folders inside are closed.
        let mode = if sys::effective_user_id() == 0 {
            0o711
        } else {
            0o700
        };
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(&home)
            .map_err(doing("make", &home))?;
        // PostgreSQL compares paths and the server starts in another folder.
        let folders = Self::at(home.canonicalize().map_err(doing("find", &home))?);
        if folders.socket().as_os_str().len() > SOCKET_PATH_MAX {
            return Err(ClusterError::PathTooLong(folders.home));
        }
        Ok(folders)
    }

    fn lock(&self, deadline: Instant) -> Result<File, ClusterError> {
        let path = self.home.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(doing("open", &path))?;
        let attempt = || match file.try_lock() {
            Err(TryLockError::WouldBlock) => None,
            Ok(()) => Some(Ok(())),
            Err(TryLockError::Error(source)) => Some(Err(doing("lock", &path)(source))),
        };
        let taken = wait_for(deadline, attempt);
        taken
            .unwrap_or_else(|| Err(ClusterError::InUse(self.home.clone())))
            .map(|()| file)
    }

    fn socket(&self) -> PathBuf {
        self.run.join(format!(".s.PGSQL.{PORT}"))
    }

    /// The socket's folder percent-encoded as the host is the one form that libpq, tokio-postgres and
    /// sqlx all accept.
    fn url(&self, role: &str, database: &str) -> String {
        let host: String = url::form_urlencoded::byte_serialize(self.run.as_os_str().as_encoded_bytes())
            .map(|part| if part == "+" { "%20" } else { part })
            .collect();
        format!("postgres://{role}@{host}/{database}")
    }

    /// A name for the server's processes that no other cluster has. They show it in their titles.
    fn cluster_name(&self) -> Option<String> {
        let data = fs::metadata(&self.data).ok()?;
        Some(format!("kaspi-panel-{:x}-{:x}", data.dev(), data.ino()))
    }

    /// Everything that has this cluster open: the server by the folder in its arguments, its backends,
    /// which outlive a killed server for a moment, by their title.
    fn server_processes(&self) -> Vec<Process> {
        let Some(name) = self.cluster_name() else {
            return vec![];
        };
        let title = format!("postgres: {name}: ");
        let is_ours = |process: &Process| {
            process.name == "postgres"
                && process
                    .arguments()
                    .iter()
                    .any(|argument| Path::new(argument) == self.data || argument.starts_with(&title))
        };
        processes::list()
            .into_iter()
            .filter(|process| !process.zombie && is_ours(process))
            .collect()
    }

    fn wait_for_former_server(&self, deadline: Instant) -> Result<(), ClusterError> {
        let mut left = None;
        let gone = || {
            left = self.server_processes().first().map(|process| process.id);
            left.is_none().then_some(())
        };
        let _ = wait_for(deadline, gone);
        match left {
            None => Ok(()),
            Some(process) => Err(ClusterError::ServerLeft {
                process,
                dir: self.data.clone(),
            }),
        }
    }

    /// Lock files of a server that was killed. PostgreSQL believes them when their process number
    /// belongs to another program by now, or to a zombie that nobody collects. Nobody has the cluster
    /// open, which has just been made sure, and the file lock keeps it so.
    fn remove_stale_locks(&self) -> Result<(), ClusterError> {
        let socket_lock = self.run.join(format!(".s.PGSQL.{PORT}.lock"));
        for file in [self.data.join("postmaster.pid"), socket_lock, self.socket()] {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(doing("remove", &file)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The first line of `postmaster.pid` is the server's number; the eighth says `ready` once it
    /// accepts connections, `standby` where it follows another server and can be read.
    fn is_ready(&self, server: u32) -> bool {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let mut lines = text.lines().map(str::trim);
        lines.next() == Some(&server.to_string()) && matches!(lines.nth(6), Some("ready" | "standby"))
    }

    /// The log, opened for more; a long one is put aside first.
    fn open_log(&self) -> Result<File, ClusterError> {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
            let old = self.log.with_extension("log.old");
            fs::rename(&self.log, &old).map_err(doing("put aside", &self.log))?;
        }
        File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(doing("open", &self.log))
    }

    /// The last lines the log got since it had `start` bytes.
    fn log_tail(&self, start: u64) -> String {
        let mut text = String::new();
        if let Ok(mut log) = File::open(&self.log)
            && log.seek(SeekFrom::Start(start)).is_ok()
        {
            // Half a message is better than none.
            let _ = log.take(LOG_BYTES_MAX).read_to_string(&mut text);
        }
        last_lines(&text)
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines
        .iter()
        .rev()
        .take(4)
        .rev()
        .copied()
        .collect::<Vec<_>>()
        .join(" | ")
}

/// Runs PostgreSQL's programs for one cluster.
struct Launcher<'a> {
    programs: Programs,
    account: Option<Account>,
    options: &'a ClusterOptions,
    folders: &'a Folders,
}

impl Launcher<'_> {
    /// Makes the data folder unless it is there: in a sibling that is renamed when it is whole, so that
    /// a killed `initdb` leaves nothing half made.
    fn make_data(&self) -> Result<(), ClusterError> {
        let Folders { home, data, .. } = self.folders;
        if data.join("PG_VERSION").exists() {
            return Ok(());
        }
        const PREFIX: &str = "data.new.";
        for entry in fs::read_dir(home).map_err(doing("read", home))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                // What a killed initdb still writes to stays until the next time; it is in nobody's way.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let new = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(home)
            .map_err(doing("write to", home))?;
        self.give(new.path())?;
        let mut initdb = self.command("initdb");
        initdb.args([
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]);
        initdb
            .arg(format!("--username={SUPERUSER}"))
            .arg("-D")
            .arg(new.path());
        if !self.options.durability {
            initdb.arg("--no-sync");
        }
        initdb.stdout(Stdio::null()).stderr(Stdio::piped());
        let program = self.programs.path("initdb");
        let output = sys::spawn_tied(initdb, Signal::Kill)
            .and_then(Child::wait_with_output)
            .map_err(doing("run", &program))?;
        if !output.status.success() {
            return Err(ClusterError::Initdb(last_lines(&String::from_utf8_lossy(
                &output.stderr,
            ))));
        }
        fs::rename(new.path(), data).map_err(doing("rename to", data))
    }

    /// The socket's folder, closed to everybody else: whoever can open the socket is trusted.
    fn make_run(&self) -> Result<(), ClusterError> {
        let run = &self.folders.run;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(run)
            .map_err(doing("make", run))?;
        fs::set_permissions(run, fs::Permissions::from_mode(0o700)).map_err(doing("close", run))?;
        self.give(run)
    }

    fn start(&self) -> Result<Child, ClusterError> {
        let log = self.folders.open_log()?;
        let log_start = log.metadata().map_err(doing("look at", &self.folders.log))?.len();
        let errors = log.try_clone().map_err(doing("open", &self.folders.log))?;
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(&self.folders.data)
            .arg("-k")
            .arg(&self.folders.run)
            .args(["-p", PORT]);
        for setting in self.settings() {
            command.arg("-c").arg(setting);
        }
        command.stdout(log).stderr(errors);
        let program = self.programs.path("postgres");
        let mut server = sys::spawn_tied(command, Signal::Interrupt).map_err(doing("run", &program))?;
        let ready = self.wait_until_ready(&mut server, log_start);
        if ready.is_err() {
            let _ = child::stop(&mut server, Signal::Quit, STOP_LIMIT);
        }
        ready.map(|()| server)
    }

    fn wait_until_ready(&self, server: &mut Child, log_start: u64) -> Result<(), ClusterError> {
        let log = || self.folders.log.clone();
        let deadline = Instant::now() + START_LIMIT;
        while !self.folders.is_ready(server.id()) {
            let ended =
                child::wait_within(server, READY_POLL).map_err(doing("wait for", &self.folders.data))?;
            if let Some(status) = ended {
                return Err(ClusterError::Ended {
                    status,
                    log: log(),
                    tail: self.folders.log_tail(log_start),
                });
            }
            if Instant::now() >= deadline {
                return Err(ClusterError::NotReady {
                    limit: START_LIMIT,
                    log: log(),
                });
            }
        }
        Ok(())
    }

    fn settings(&self) -> Vec<String> {
        let mut settings = vec![
            format!("max_connections={}", self.options.max_connections),
            // A request whose client is gone must not keep a backend busy.
            "client_connection_check_interval=1s".to_owned(),
        ];
        settings.extend(
            self.folders
                .cluster_name()
                .map(|name| format!("cluster_name={name}")),
        );
        let fixed = [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            "shared_buffers=256MB",
            "jit=off",
        ];
        settings.extend(fixed.map(str::to_owned));
        if !self.options.durability {
            settings
                .extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
        }
        settings
    }

    /// One of PostgreSQL's programs as the server's user, without our environment (it may hold
    /// secrets, and `PGPORT` and its like would change what the server does) and in a process group of
    /// its own: Ctrl-C in the terminal must not reach the server before we are done with it.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.path(program));
        command
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("PATH", "/usr/bin:/bin");
        command.current_dir("/").stdin(Stdio::null()).process_group(0);
        if let Some(account) = &self.account {
            // std drops the other groups too.
            command.uid(account.user).gid(account.group);
        }
        command
    }

    fn give(&self, path: &Path) -> Result<(), ClusterError> {
        self.account.as_ref().map_or(Ok(()), |account| account.take(path))
    }
}
