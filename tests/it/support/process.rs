//! The program as processes of their own: they listen, are told to stop, or are killed. Their log is in a file.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::Duration,
};

use kaspi_panel::os::ChildProcess;
use url::Url;

use super::{TestApp, wait_until};

/// How long a process may take until it listens or has ended; generous, for machines with much to do.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running process; killed with this value, and by the kernel when the tests end in whatever way.
pub struct Process {
    child: ChildProcess,
    log: PathBuf,
}

impl Process {
    /// Starts a command with its errors in the file `log`.
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"));
        let child = ChildProcess::spawn(command).expect("the program starts");
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

    /// The process number.
    pub fn id(&self) -> u32 {
        self.child.id()
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

    /// `kill -NAME`
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(told.unwrap().success(), "kill -{name} {id}");
    }

    /// How it ended, once it has done so by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        wait_until("the process ends", PATIENCE, || {
            let ended = self.child.ended().unwrap().ok_or("it runs");
            async move { ended }
        })
        .await
    }

    /// Waits until it stands still, as by `kill -STOP`.
    pub async fn stands_still(&self) {
        let file = format!("/proc/{}/stat", self.child.id());
        wait_until("the process stands still", PATIENCE, || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            // The state follows the name in brackets.
            let state = text.rsplit(')').next().unwrap_or_default().trim().to_owned();
            async move {
                if state.starts_with('T') {
                    Ok(())
                } else {
                    Err(state)
                }
            }
        })
        .await;
    }

    /// `kill -9`
    pub fn kill(&mut self) {
        self.child.kill().expect("the process is killed and gone");
    }

    /// `kill -TERM`, and waits for the end.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended().await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.child.kill();
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
