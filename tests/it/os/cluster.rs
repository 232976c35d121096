//! The private PostgreSQL cluster: every way its start and its end can go wrong.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use kaspi_panel::os::{Cluster, ClusterError, ClusterOptions, effective_user_id, processes};
use tempfile::TempDir;

use super::program::{Program, eventually, is_alive, live, role, say};

/// How long a killed program's server may take to be gone.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// A data directory that PostgreSQL's own user may pass through when the tests run as root.
fn data_dir() -> TempDir {
    tempfile::Builder::new()
        .prefix("kaspi-panel-test.")
        .permissions(fs::Permissions::from_mode(0o711))
        .tempdir()
        .unwrap()
}

fn quick(dir: &Path) -> ClusterOptions {
    ClusterOptions {
        durability: false,
        ..ClusterOptions::new(dir)
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    setting: String,
}

fn connect(url: &str) -> PgConnection {
    PgConnection::establish(url).unwrap()
}

/// The commit is in the log file when this returns, so that it outlives a killed server.
fn add_row(url: &str) {
    connect(url)
        .batch_execute("set synchronous_commit = on; create table if not exists kept (id int); insert into kept values (1)")
        .unwrap();
}

fn rows(url: &str) -> i64 {
    let found: Count = diesel::sql_query("select count(*) from kept")
        .get_result(&mut connect(url))
        .unwrap();
    found.count
}

fn setting(url: &str, name: &str) -> String {
    let query = diesel::sql_query("select current_setting($1) as setting").bind::<Text, _>(name);
    query.get_result::<Setting>(&mut connect(url)).unwrap().setting
}

fn user_of(process: u32) -> u32 {
    processes::list()
        .into_iter()
        .find(|found| found.id == process)
        .unwrap()
        .user_id()
        .unwrap()
}

/// The only cluster in a data directory.
fn home(dir: &Path) -> std::path::PathBuf {
    let mut entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("pg"))
        .unwrap()
}

fn log(dir: &Path) -> String {
    fs::read_to_string(home(dir).join("server.log")).unwrap()
}

/// A program that owns the cluster in `dir`. Says its server's number.
fn owner(dir: &Path) -> (Program, u32) {
    let program = Program::start(
        "os::cluster::a_program_owns_its_cluster_until_it_ends",
        dir.to_str().unwrap(),
    );
    let server = program.hear().parse().unwrap();
    (program, server)
}

/// What [`owner`] runs.
fn own(dir: &str) {
    let cluster = Cluster::start(&quick(Path::new(dir))).unwrap();
    say(&cluster.server_id().to_string());
    live();
}

#[test]
fn a_program_owns_its_cluster_until_it_ends() {
    if let Some(dir) = role() {
        return own(&dir);
    }
    let dir = data_dir();
    let (program, server) = owner(dir.path());
    let url = Cluster::running(dir.path()).expect("the address of the other program's server");
    add_row(&url);

    program.end();

    assert!(!is_alive(server));
    assert_eq!(Cluster::running(dir.path()), None);
}

#[test]
fn the_first_start_makes_the_cluster_and_a_restart_keeps_it() {
    let dir = data_dir();
    let cluster = Cluster::start(&quick(dir.path())).unwrap();
    let url = cluster.url();
    add_row(&url);
    assert_eq!(setting(&url, "fsync"), "off");
    assert_eq!(setting(&url, "client_connection_check_interval"), "1s");
    assert_eq!(setting(&url, "TimeZone"), "UTC");
    assert_eq!(setting(&url, "max_connections"), "60");
    assert_eq!(setting(&url, "listen_addresses"), "");
    let server = cluster.server_id();
    drop(cluster);
    assert!(!is_alive(server));

    let cluster = Cluster::start(&ClusterOptions::new(dir.path())).unwrap();
    assert_eq!(rows(&cluster.url()), 1);
    assert_eq!(setting(&cluster.url(), "fsync"), "on");
}

#[test]
fn what_a_killed_initdb_left_is_cleared_away() {
    let dir = data_dir();
    drop(Cluster::start(&quick(dir.path())).unwrap());
    let home = home(dir.path());
    let half_made = home.join("data.new.killed");
    fs::rename(home.join("data"), &half_made).unwrap();
    fs::remove_file(half_made.join("PG_VERSION")).unwrap();

    let cluster = Cluster::start(&quick(dir.path())).unwrap();

    add_row(&cluster.url());
    assert!(!half_made.exists());
}

#[test]
fn a_killed_program_takes_the_server_with_it_and_the_next_start_waits_for_that() {
    let dir = data_dir();
    let (program, server) = owner(dir.path());
    add_row(&Cluster::running(dir.path()).unwrap());

    program.kill();

    let cluster = Cluster::start(&quick(dir.path())).unwrap();
    assert!(!is_alive(server));
    assert_ne!(cluster.server_id(), server);
    assert_eq!(rows(&cluster.url()), 1);
    assert!(log(dir.path()).contains("received fast shutdown request"));
}

#[test]
fn a_killed_program_leaves_no_server_behind() {
    let dir = data_dir();
    let (program, server) = owner(dir.path());
    let program_id = program.id();
    assert!(is_alive(server));

    program.kill();

    assert!(!is_alive(program_id));
    eventually("the server is gone", SHUTDOWN, || !is_alive(server));
}

#[test]
fn a_killed_program_and_a_killed_server_are_recovered_from() {
    let dir = data_dir();
    let (program, server) = owner(dir.path());
    add_row(&Cluster::running(dir.path()).unwrap());

    // The server first: the death of its program would let it shut down in order.
    let both = format!("kill -9 {server} {}", program.id());
    assert!(Command::new("sh").args(["-c", &both]).status().unwrap().success());
    eventually("the server is dead", SHUTDOWN, || !is_alive(server));
    let data = home(dir.path()).join("data");
    assert!(
        data.join("postmaster.pid").exists(),
        "the dead server's lock file is there"
    );

    let cluster = Cluster::start(&quick(dir.path())).unwrap();
    assert_eq!(rows(&cluster.url()), 1);
    assert!(log(dir.path()).contains("automatic recovery in progress"));
}

#[test]
fn a_lock_file_with_the_number_of_another_program_is_not_believed() {
    let dir = data_dir();
    drop(Cluster::start(&quick(dir.path())).unwrap());
    let home = home(dir.path());
    let foreign = format!(
        "{}\n{}\n0\n5432\n",
        std::process::id(),
        home.join("data").display()
    );
    fs::write(home.join("data/postmaster.pid"), &foreign).unwrap();
    fs::write(home.join("run/.s.PGSQL.5432.lock"), &foreign).unwrap();

    let cluster = Cluster::start(&quick(dir.path())).unwrap();

    add_row(&cluster.url());
}

#[test]
fn of_two_programs_the_second_waits_and_then_says_who_is_in_the_way() {
    let dir = data_dir();
    let (program, _) = owner(dir.path());
    add_row(&Cluster::running(dir.path()).unwrap());

    let patience = Duration::from_millis(300);
    let asked = Instant::now();
    let error = Cluster::start(&ClusterOptions {
        patience,
        ..quick(dir.path())
    })
    .unwrap_err();
    assert!(asked.elapsed() >= patience);
    assert!(matches!(error, ClusterError::InUse(_)), "{error}");
    assert!(error.to_string().contains("stop it first"), "{error}");

    let options = quick(dir.path());
    let second = std::thread::spawn(move || Cluster::start(&options).unwrap());
    assert_eq!(rows(&Cluster::running(dir.path()).unwrap()), 1);
    assert!(!second.is_finished(), "the second waits while the first lives");
    program.end();
    assert_eq!(rows(&second.join().unwrap().url()), 1);
}

#[test]
fn roots_server_is_another_user_and_everybody_elses_is_their_own() {
    let dir = data_dir();
    let cluster = Cluster::start(&quick(dir.path())).unwrap();

    let server_user = user_of(cluster.server_id());

    let me = effective_user_id();
    assert_eq!(
        server_user == me,
        me != 0,
        "server of user {me} runs as {server_user}"
    );
    assert_ne!(server_user, 0);
}

#[test]
fn an_ordinary_user_has_a_cluster_too() {
    const TEST: &str = "os::cluster::an_ordinary_user_has_a_cluster_too";
    const NOBODY: u32 = 65534;
    if let Some(dir) = role() {
        return own(&dir);
    }
    let dir = data_dir();
    // Only root can become somebody else; anybody else is an ordinary user already.
    let (user, program) = if effective_user_id() == 0 {
        chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        (
            NOBODY,
            Program::start_as(NOBODY, dir.path(), TEST, dir.path().to_str().unwrap()),
        )
    } else {
        (
            effective_user_id(),
            Program::start(TEST, dir.path().to_str().unwrap()),
        )
    };
    let server = program.hear().parse().unwrap();
    assert_eq!(user_of(server), user);
    add_row(&Cluster::running(dir.path()).unwrap());

    program.kill();

    eventually("the server is gone", SHUTDOWN, || !is_alive(server));
}

#[test]
fn a_cluster_outlives_the_thread_that_started_it() {
    let dir = data_dir();
    let options = quick(dir.path());
    let cluster = std::thread::spawn(move || Cluster::start(&options).unwrap())
        .join()
        .unwrap();

    // A server told to stop would cut this connection.
    connect(&cluster.url())
        .batch_execute("select pg_sleep(0.5)")
        .unwrap();
}

#[test]
fn what_the_server_complains_about_is_in_the_error() {
    let dir = data_dir();
    let impossible = ClusterOptions {
        max_connections: 1,
        ..quick(dir.path())
    };

    let error = Cluster::start(&impossible).unwrap_err();

    assert!(
        matches!(&error, ClusterError::Ended { tail, .. } if tail.contains("max_connections")),
        "{error}"
    );
    Cluster::start(&quick(dir.path())).expect("the next start, with good options");
}

#[test]
fn a_path_too_long_for_a_socket_is_refused_with_a_reason() {
    let dir = data_dir();
    let error = Cluster::start(&quick(&dir.path().join("d".repeat(100)))).unwrap_err();
    assert!(matches!(error, ClusterError::PathTooLong(_)), "{error}");
}
