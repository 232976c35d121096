//! A second PostgreSQL that follows the one of a test, and PgBouncer in front of whichever takes writes.

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use diesel::{Connection, PgConnection};
use kaspi_panel::os::{Cluster, ClusterOptions};
use tempfile::TempDir;
use url::Url;

use super::{signal, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

/// A folder that the server's user may enter.
pub(super) fn open_folder() -> TempDir {
    let files = tempfile::Builder::new()
        .prefix("kaspi-panel-own-")
        .tempdir()
        .expect("a folder");
    fs::set_permissions(files.path(), fs::Permissions::from_mode(0o755))
        .expect("a folder that others may enter");
    files
}

/// Copies a running server as `pg_basebackup` does and starts the copy, which follows it from then on.
pub(super) fn follow(server: &Cluster, options: ClusterOptions) -> (Cluster, ClusterOptions, TempDir) {
    let files = open_folder();
    let program = fs::read_link(format!("/proc/{}/exe", server.server_id())).expect("the server's program");
    let data = data_of(server);
    let owner = fs::metadata(&data).expect("the server's files");
    let home = files.path().join(data.parent().unwrap().file_name().unwrap());
    fs::DirBuilder::new()
        .mode(0o711)
        .create(&home)
        .expect("a folder for the copy");
    let copy = home.join("data");
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&copy)
        .expect("a folder for the copy");
    chown(&copy, Some(owner.uid()), Some(owner.gid())).expect("a folder of the server's user");
    let output = as_user(program.with_file_name("pg_basebackup"), &owner)
        .args([
            "--checkpoint=fast",
            "--wal-method=stream",
            "--write-recovery-conf",
            "--no-password",
        ])
        .arg("-D")
        .arg(&copy)
        .arg("-d")
        .arg(server.url())
        .output()
        .expect("pg_basebackup");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let options = ClusterOptions {
        dir: files.path().to_owned(),
        ..options
    };
    let standby = Cluster::start(&options).unwrap_or_else(|error| panic!("the standby: {error}"));
    (standby, options, files)
}

/// The server's data folder, as its arguments say.
fn data_of(server: &Cluster) -> PathBuf {
    let arguments = fs::read(format!("/proc/{}/cmdline", server.server_id())).expect("the server runs");
    let mut arguments = arguments.split(|byte| *byte == 0);
    arguments.find(|argument| *argument == b"-D").expect("its folder");
    PathBuf::from(String::from_utf8(arguments.next().unwrap().to_vec()).unwrap())
}

fn as_user(program: PathBuf, owner: &fs::Metadata) -> Command {
    let mut command = Command::new(program);
    command
        .uid(owner.uid())
        .gid(owner.gid())
        .current_dir("/")
        .stdin(Stdio::null());
    command
}

/// `PgBouncer` with a connection of the server for each of a client; ends with this value.
pub struct Bouncer {
    process: Child,
    port: u16,
    files: TempDir,
}

impl Bouncer {
    /// Starts it in front of the server at this address, in the pool mode that is named.
    pub async fn start(server: &str, mode: &str) -> Self {
        Self::run(open_folder(), server, mode).await
    }

    /// The same, for encrypted lines alone; it shows this certificate.
    pub async fn encrypted(server: &str, mode: &str, (certificate, key): (&str, &str)) -> Self {
        let files = open_folder();
        let owner = fs::metadata(host_of(server)).expect("the server's folder");
        for (name, text) in [("cert.pem", certificate), ("key.pem", key)] {
            let file = files.path().join(name);
            fs::write(&file, text).unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        Self::run(files, server, mode).await
    }

    async fn run(files: TempDir, server: &str, mode: &str) -> Self {
        // Free a moment ago; `PgBouncer` takes no listening socket from us.
        let port = TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let settings = files.path().join("pgbouncer.ini");
        write_settings(&settings, server, mode, port);
        let socket_folder = host_of(server);
        let owner = fs::metadata(&socket_folder).expect("the server's folder");
        let log = fs::File::create(files.path().join("log")).unwrap();
        let process = as_user(program(), &owner)
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("pgbouncer starts");
        let bouncer = Self { process, port, files };
        wait_until("PgBouncer takes connections", PATIENCE, || async {
            PgConnection::establish(&bouncer.url())
                .map(drop)
                .map_err(|error| {
                    let log = fs::read_to_string(bouncer.files.path().join("log")).unwrap_or_default();
                    format!("{error}: {log}")
                })
        })
        .await;
        bouncer
    }

    /// The address for the program.
    pub fn url(&self) -> String {
        format!("postgres://panel@127.0.0.1:{}/panel", self.port)
    }

    /// Leads new connections to another server, as `RELOAD` does after the change of a line.
    pub fn lead_to(&self, server: &str, mode: &str) {
        write_settings(&self.files.path().join("pgbouncer.ini"), server, mode, self.port);
        signal("HUP", self.process.id());
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Where Debian's package puts it: `sbin` is not in everybody's path.
fn program() -> PathBuf {
    let places = [
        "/usr/sbin/pgbouncer",
        "/usr/bin/pgbouncer",
        "/usr/local/bin/pgbouncer",
    ];
    let found = places.iter().find(|place| Path::new(place).exists());
    PathBuf::from(found.expect("the tests need PgBouncer: install the package pgbouncer"))
}

/// The folder of the socket in a private server's address.
fn host_of(server: &str) -> String {
    let url = Url::parse(server).expect("an address");
    let host = url.host_str().expect("a host");
    url::form_urlencoded::parse(format!("host={host}").as_bytes())
        .next()
        .map(|(_, host)| host.into_owned())
        .unwrap()
}

fn write_settings(path: &Path, server: &str, mode: &str, port: u16) {
    let url = Url::parse(server).expect("an address");
    let text = format!(
        "[databases]\n\
         panel = host={} port=5432 dbname={} user={}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = any\npool_mode = {mode}\n\
         max_client_conn = 300\ndefault_pool_size = 100\nserver_login_retry = 1\n",
        host_of(server),
        url.path().trim_start_matches('/'),
        url.username(),
    );
    let (certificate, key) = (path.with_file_name("cert.pem"), path.with_file_name("key.pem"));
    let encrypted = if certificate.exists() {
        format!(
            "client_tls_sslmode = require\nclient_tls_cert_file = {}\nclient_tls_key_file = {}\n",
            certificate.display(),
            key.display()
        )
    } else {
        String::new()
    };
    fs::write(path, format!("{text}{encrypted}")).expect("its settings");
}
