//! A second program to be killed: this test binary, started again to run a single test, which finds
//! itself in the role of that program.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use kaspi_panel::os::processes;

const ROLE: &str = "KASPI_PANEL_TEST_ROLE";
/// Starts every line meant for the test, since the test runner prints lines of its own.
const MARK: &str = "@@ ";
/// Longest wait for anything a program says or does.
pub const BOUND: Duration = Duration::from_secs(60);

/// What this process was started for; `None` in the test run itself.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's role is no setting of the program"
)]
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// In the role: tells the test something.
pub fn say(text: &str) {
    stdout()
        .write_all(format!("\n{MARK}{text}\n").as_bytes())
        .unwrap();
}

/// In the role: lives until the test closes our input, or kills us.
pub fn live() {
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
}

/// The program as the test sees it. Killed when dropped.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
}

impl Program {
    /// Starts `test` (its full name) in a role.
    pub fn start(test: &str, role: &str) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), test, role)
    }

    /// The same as another user, who gets a copy of the program in `folder`: the build folder may be
    /// closed to that user.
    pub fn start_as(user: u32, folder: &Path, test: &str, role: &str) -> Self {
        let copy = folder.join("program");
        std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        let mut command = Command::new(copy);
        command.uid(user).gid(user).current_dir(folder);
        Self::run(command, test, role)
    }

    fn run(mut command: Command, test: &str, role: &str) -> Self {
        command
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(ROLE, role);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(text) = line.strip_prefix(MARK) {
                    let _ = sender.send(text.to_owned());
                }
            }
        });
        Self { child, lines }
    }

    /// The next thing it says.
    pub fn hear(&self) -> String {
        self.lines
            .recv_timeout(BOUND)
            .expect("the program says something")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// An end in order.
    pub fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success(), "the program ended in order");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// True while the process runs; a zombie does not.
pub fn is_alive(process: u32) -> bool {
    processes::list()
        .iter()
        .any(|found| found.id == process && !found.zombie)
}

/// Waits for a condition and fails with its name after a bound.
#[expect(
    clippy::disallowed_methods,
    reason = "the pause between two looks at a condition"
)]
pub fn eventually(what: &str, bound: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + bound;
    while !condition() {
        assert!(
            Instant::now() < deadline,
            "not within {} s: {what}",
            bound.as_secs()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
