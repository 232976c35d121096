//! chromedriver and the Chromium it starts: a fresh profile in a folder of its own, and nothing left
//! behind, whatever ends this program. Knows no page and no login; thirtyfour speaks to it through
//! [`ChromeDriver::url`].

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use thirtyfour::error::WebDriverResult;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, DesiredCapabilities};

use super::processes::{self, Process};
use super::sys::{self, Signal};
use super::wait::wait_for;

const CHROMIUM_PLACES: [&str; 5] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/local/bin/chromium",
    "/snap/bin/chromium",
];
const DRIVER_PLACES: [&str; 4] = [
    "/usr/bin/chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
    "/usr/local/bin/chromedriver",
    "/snap/bin/chromium.chromedriver",
];

/// The shell lives as long as our end of its input. When that closes, by `kill -9` too, `read` returns
/// and the whole process group goes; chromedriver's death alone would leave Chromium running. The
/// shell lets go of the output, so that its end tells us when chromedriver is gone.
const GUARD: &str = r#""$@" & exec >/dev/null; read -r _; kill -KILL 0"#;

const FOLDER_PREFIX: &str = "kaspi-panel-browser.";
/// The kernel cuts names after 15 bytes: `chrome_crashpad_handler`.
const CRASHPAD: &str = "chrome_crashpad";
/// Far longer than it takes, because a busy machine lets starting processes wait.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Far longer than it takes, because a busy machine lets dying processes wait.
const END_LIMIT: Duration = Duration::from_secs(10);

/// No background traffic (the browser talks to the login page and to nobody else), no dialogs, no
/// crash reports. `--disable-crashpad-for-testing` would break the session.
const ARGUMENTS: [&str; 18] = [
    "--headless=new",
    "--window-size=1280,900",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-extensions",
    "--disable-features=MediaRouter,OptimizationHints,Translate",
    "--password-store=basic",
];

/// Where the browser's programs and its temporary folders are.
#[derive(Debug, Clone)]
pub struct BrowserOptions {
    /// The Chromium program; the usual places when `None`.
    pub chromium: Option<PathBuf>,
    /// The chromedriver program; the usual places when `None`.
    pub chromedriver: Option<PathBuf>,
    /// Profiles are made in here, each in a folder only this user may enter.
    pub temp_dir: PathBuf,
}

impl Default for BrowserOptions {
    fn default() -> Self {
        Self {
            chromium: None,
            chromedriver: None,
            temp_dir: std::env::temp_dir(),
        }
    }
}

/// Why there is no browser. Every sentence says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    #[error("Chromium was not found{}: install the package chromium, or name the program in CHROME", at(.0))]
    ChromiumMissing(Option<PathBuf>),
    #[error(
        "chromedriver was not found{}: install the package chromium-driver, or name the program in CHROMEDRIVER",
        at(.0)
    )]
    DriverMissing(Option<PathBuf>),
    #[error("chromedriver did not start: run {} --version to see why", .0.display())]
    NotStarted(PathBuf),
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

fn at(named: &Option<PathBuf>) -> String {
    named
        .as_ref()
        .map_or_else(String::new, |path| format!(" at {}", path.display()))
}

fn doing(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BrowserError {
    let path = path.to_owned();
    move |source| BrowserError::Io { action, path, source }
}

/// A running chromedriver on a port of its own choosing. Its whole process group dies with this value
/// and with the program. Starting and dropping block for a moment: not for an async thread.
#[derive(Debug)]
pub struct ChromeDriver {
    guard: Child,
    url: String,
    chromium: PathBuf,
    folder: Folder,
}

impl ChromeDriver {
    /// Starts chromedriver; the browser itself starts with the session. Also clears away what killed
    /// programs have left in the temporary folder.
    pub fn start(options: &BrowserOptions) -> Result<Self, BrowserError> {
        let chromium = find(options.chromium.as_deref(), &CHROMIUM_PLACES)
            .ok_or_else(|| BrowserError::ChromiumMissing(options.chromium.clone()))?;
        let driver = find(options.chromedriver.as_deref(), &DRIVER_PLACES)
            .ok_or_else(|| BrowserError::DriverMissing(options.chromedriver.clone()))?;
        sweep(&options.temp_dir);
        collect_crash_handlers();
        let folder = Folder::make(&options.temp_dir).map_err(doing("make a folder in", &options.temp_dir))?;
        let mut guard = guarded(&driver, folder.path())
            .spawn()
            .map_err(doing("run", &driver))?;
        let port = guard.stdout.take().and_then(|output| port(output, START_LIMIT));
        // Made before the port is known to be there: dropping it ends what has started.
        let mut this = Self {
            guard,
            url: String::new(),
            chromium,
            folder,
        };
        let port = port.ok_or(BrowserError::NotStarted(driver))?;
        this.url = format!("http://127.0.0.1:{port}");
        Ok(this)
    }

    /// Where chromedriver listens, on loopback.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process group of chromedriver and its browser.
    pub fn group(&self) -> u32 {
        self.guard.id()
    }

    /// What to ask chromedriver for: a headless Chromium with this driver's fresh profile. One session
    /// at a time per driver.
    pub fn capabilities(&self) -> WebDriverResult<ChromeCapabilities> {
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            capabilities.add_arg(argument)?;
        }
        if !sandbox_works() {
            capabilities.add_arg("--no-sandbox")?;
        }
        capabilities.add_arg(&format!(
            "--user-data-dir={}",
            self.folder.path().join("profile").display()
        ))?;
        capabilities.set_binary(&self.chromium.to_string_lossy())?;
        Ok(capabilities)
    }

    /// Processes of this driver's browser that left its group: the crash handlers.
    fn strays(&self) -> Vec<Process> {
        let folder = self.folder.path().to_string_lossy();
        let is_ours = |process: &Process| {
            process.name == CRASHPAD
                && process
                    .arguments()
                    .iter()
                    .any(|argument| argument.contains(folder.as_ref()))
        };
        processes::list().into_iter().filter(is_ours).collect()
    }
}

impl Drop for ChromeDriver {
    fn drop(&mut self) {
        let group = self.guard.id();
        let strays = self.strays();
        // An error means that the group has ended already.
        let _ = sys::signal_group(&self.guard, Signal::Kill);
        let _ = self.guard.wait();
        // The browser's processes are adopted by us (a subreaper) or by process 1. Ours are collected
        // here; the profile can be removed once nobody writes to it any more.
        let gone = || (!still_there(group, &strays)).then_some(());
        let _ = wait_for(Instant::now() + END_LIMIT, gone);
        collect_crash_handlers();
    }
}

/// Collects what has ended and says whether anything of the browser still runs.
fn still_there(group: u32, strays: &[Process]) -> bool {
    let me = std::process::id();
    let of_browser = |process: &Process| {
        process.group == group
            || strays
                .iter()
                .any(|stray| stray.id == process.id && process.name == CRASHPAD)
    };
    let (ended, alive): (Vec<_>, Vec<_>) = processes::list()
        .into_iter()
        .filter(of_browser)
        .partition(|process| process.zombie);
    for process in ended.iter().filter(|process| process.parent == me) {
        sys::reap(process.id);
    }
    // Seen as the child of a process that ended while the list was read: it is adopted in a moment.
    let between_parents = |child: &Process| ended.iter().any(|process| process.id == child.parent);
    !alive.is_empty() || ended.iter().any(between_parents)
}

/// Collects ended crash handlers, which leave their group and are adopted by us when we are a
/// subreaper. A long-lived worker would gather two per session.
fn collect_crash_handlers() {
    let me = std::process::id();
    for process in processes::list() {
        if process.zombie && process.parent == me && process.name == CRASHPAD {
            sys::reap(process.id);
        }
    }
}

fn find(named: Option<&Path>, places: &[&str]) -> Option<PathBuf> {
    match named {
        Some(path) => Some(path.to_owned()).filter(|path| path.is_file()),
        None => places.iter().map(PathBuf::from).find(|path| path.is_file()),
    }
}

fn guarded(driver: &Path, folder: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", GUARD, "sh"])
        .arg(driver)
        .args(["--port=0", "--log-level=SEVERE"]);
    // Our environment may hold secrets, and the browser needs none of it.
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8");
    for variable in [
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "XDG_RUNTIME_DIR",
        "TMPDIR",
    ] {
        command.env(variable, folder);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    command
}

/// Waits for `ChromeDriver was started successfully on port 41233.` and then keeps the pipe empty.
fn port(output: impl io::Read + Send + 'static, within: Duration) -> Option<u16> {
    let (sender, ports) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(port) = port_in(&line) {
                // Nobody listens any more when it comes too late.
                let _ = sender.send(port);
            }
        }
    });
    ports.recv_timeout(within).ok()
}

fn port_in(line: &str) -> Option<u16> {
    line.trim()
        .strip_suffix('.')?
        .rsplit_once("on port ")?
        .1
        .parse()
        .ok()
}

/// Chromium's sandbox needs user namespaces, which containers often forbid, and refuses root.
fn sandbox_works() -> bool {
    let mut probe = Command::new("unshare");
    probe.args(["--user", "--map-root-user", "true"]);
    probe
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    sys::effective_user_id() != 0 && probe.status().is_ok_and(|status| status.success())
}

/// A temporary folder with a lock on it, by which others see that its owner lives.
#[derive(Debug)]
struct Folder {
    dir: TempDir,
    _lock: File,
}

impl Folder {
    fn make(parent: &Path) -> io::Result<Self> {
        for _ in 0..10 {
            let dir = tempfile::Builder::new()
                .prefix(FOLDER_PREFIX)
                .tempdir_in(parent)?;
            // A sweep may come between the making and the locking; then another folder is made.
            if let Ok(lock) = File::open(dir.path())
                && lock.try_lock().is_ok()
                && dir.path().exists()
            {
                return Ok(Self { dir, _lock: lock });
            }
        }
        Err(io::Error::other("every new folder was removed by somebody else"))
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Removes our own user's browser folders whose program is gone. What cannot be removed now is tried
/// again at the next start.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_ours = entry.file_name().to_string_lossy().starts_with(FOLDER_PREFIX)
            && fs::symlink_metadata(&path)
                .is_ok_and(|found| found.is_dir() && found.uid() == sys::effective_user_id());
        if is_ours
            && let Ok(folder) = File::open(&path)
            && folder.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_drivers_greeting() {
        assert_eq!(
            port_in("ChromeDriver was started successfully on port 41233."),
            Some(41233)
        );
        assert_eq!(port_in("Starting ChromeDriver 156.0 on port 0"), None);
        assert_eq!(port_in("on port 70000."), None);
    }

    #[test]
    fn a_sweep_removes_dead_folders_and_spares_living_and_foreign_ones() {
        let parent = tempfile::tempdir().unwrap();
        let living = Folder::make(parent.path()).unwrap();
        let dead = parent.path().join("kaspi-panel-browser.dead");
        let foreign = parent.path().join("somebody-elses");
        fs::create_dir_all(dead.join("profile")).unwrap();
        fs::create_dir(&foreign).unwrap();

        sweep(parent.path());

        assert!(living.path().exists() && foreign.exists());
        assert!(!dead.exists());
    }

    #[test]
    fn missing_programs_are_named_with_the_package() {
        let nowhere = Some(PathBuf::from("/nowhere/program"));
        let no_browser = BrowserOptions {
            chromium: nowhere.clone(),
            ..BrowserOptions::default()
        };
        let error = ChromeDriver::start(&no_browser).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Chromium was not found at /nowhere/program: install the package chromium, \
             or name the program in CHROME"
        );

        let no_driver = BrowserOptions {
            chromedriver: nowhere,
            ..BrowserOptions::default()
        };
        let error = ChromeDriver::start(&no_driver).unwrap_err();
        assert!(matches!(error, BrowserError::DriverMissing(_)), "{error}");
        assert!(
            error.to_string().contains("install the package chromium-driver"),
            "{error}"
        );
    }

    #[test]
    fn a_driver_that_ends_at_once_is_an_error_and_no_endless_wait() {
        let options = BrowserOptions {
            chromedriver: Some("/bin/true".into()),
            ..BrowserOptions::default()
        };
        let error = ChromeDriver::start(&options).unwrap_err();
        assert!(matches!(error, BrowserError::NotStarted(_)), "{error}");
    }
}
