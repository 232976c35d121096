//! The program as processes of their own: they listen, are told to stop, or are killed. Their log is in a file.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use url::Url;

use super::{TestApp, wait_until};

/// How long a process may take until it listens or has ended; generous, for machines with much to do.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running process; killed with this value.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command with its errors in the file `log`.
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .expect("the program starts");
        Self { child, log }
    }

    /// `serve` on this test's database and market, at `bind`; port 0 is any free one.
    pub fn serve(app: &TestApp, bind: &str) -> Self {
        let mut command = app.program(&["serve"]);
        command.env("KASPI_PANEL_BIND", bind).env("RUST_LOG", "info");
        Self::start(command, app.services.config.data_dir.join("serve.log"))
    }

    /// `worker` on this test's database and market, with its temporary folders in [`worker_temp_dir`].
    pub fn worker(app: &TestApp, settings: &[(&str, &str)]) -> Self {
        let mut command = app.program(&["worker"]);
        command
            .env("TMPDIR", worker_temp_dir(app))
            .envs(settings.iter().copied());
        Self::start(command, app.services.config.data_dir.join("worker.log"))
    }

    /// Everything it has logged.
    pub fn log(&self) -> Vec<u8> {
        fs::read(&self.log).unwrap()
    }

    /// Where `serve` listens, as soon as it does.
    pub async fn address(&self) -> Url {
        wait_until("the panel listens", PATIENCE, || async {
            let log = String::from_utf8_lossy(&self.log()).into_owned();
            let line = log
                .lines()
                .find(|line| line.contains("the panel listens"))
                .ok_or(log.clone())?;
            let plain: String = line.replace("\u{1b}[", "\n");
            let address = plain.split("127.0.0.1:").nth(1).ok_or(plain.clone())?;
            let port: String = address.chars().take_while(char::is_ascii_digit).collect();
            Url::parse(&format!("http://127.0.0.1:{port}/")).map_err(|error| error.to_string())
        })
        .await
    }

    /// `kill -9`
    pub fn kill(&mut self) {
        self.child.kill().expect("the process is killed");
        self.child.wait().expect("the process is gone");
    }

    /// `kill -TERM`, and waits for the end.
    pub async fn terminate(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        wait_until("the process ends", PATIENCE, || {
            let ended = self.child.try_wait().unwrap().ok_or("it runs");
            async move { ended }
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Where the workers of a test make their temporary folders, those of browsers above all.
pub fn worker_temp_dir(app: &TestApp) -> PathBuf {
    let folder = app.services.config.data_dir.join("tmp");
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// How many things are in a folder.
pub fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().flatten().count()
}
