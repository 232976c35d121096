//! A second process of ours: the simulator or the worker of the demo. It ends with its value and with
//! this program, whatever ends this program. Browser and database have files of their own.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::sys::{self, Signal};
use super::wait::wait_for;

/// How long an ended value waits for an orderly end before it kills.
const GRACE: Duration = Duration::from_secs(5);

/// Why a child process is not there, or not ready.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    #[error("cannot start {program}: {source}")]
    Start { program: String, source: io::Error },
    #[error("{program} ended before it was ready ({status})")]
    Ended { program: String, status: ExitStatus },
    #[error("{program} was not ready within {} s", within.as_secs())]
    NotReady { program: String, within: Duration },
}

/// A running process that dies with this value (asked first, killed after five seconds) and at once
/// with this program, even by `kill -9`.
#[derive(Debug)]
pub struct ChildProcess {
    program: String,
    child: Child,
}

impl ChildProcess {
    /// Starts this same program again with other arguments. What it prints goes where ours goes.
    pub fn spawn_self<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Self, ChildError> {
        let program = std::env::current_exe().map_err(|source| ChildError::Start {
            program: "this program".into(),
            source,
        })?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        Self::spawn(command)
    }

    /// Starts a prepared command, in a process group of its own: Ctrl-C in the terminal reaches only
    /// us, and we decide in which order things stop.
    pub fn spawn(mut command: Command) -> Result<Self, ChildError> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.process_group(0);
        match sys::spawn_tied(command, Signal::Kill) {
            Ok(child) => Ok(Self { program, child }),
            Err(source) => Err(ChildError::Start { program, source }),
        }
    }

    /// Starts a prepared command and waits for the first line it prints, which says that it is ready.
    /// Everything it prints later is read and thrown away, so that it never waits for us.
    pub fn spawn_until_line(mut command: Command, within: Duration) -> Result<(Self, String), ChildError> {
        command.stdout(Stdio::piped());
        let mut this = Self::spawn(command)?;
        let Some(output) = this.child.stdout.take() else {
            return Err(this.not_ready(within));
        };
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody listens after the first line; the rest is read all the same.
                let _ = sender.send(line);
            }
        });
        match lines.recv_timeout(within) {
            Ok(line) => Ok((this, line)),
            Err(_) => Err(this.not_ready(within)),
        }
    }

    /// The process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, or `None` while it runs.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Asks it to end (SIGTERM), kills it when it has not after `grace`, and says how it ended.
    pub fn stop(mut self, grace: Duration) -> io::Result<ExitStatus> {
        stop(&mut self.child, Signal::Terminate, grace)
    }

    /// Kills it (SIGKILL) and waits until it is gone; nothing where it has ended already.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    fn not_ready(&mut self, within: Duration) -> ChildError {
        // Its output closes a moment before the process itself ends.
        match wait_within(&mut self.child, Duration::from_millis(200)) {
            Ok(Some(status)) => ChildError::Ended {
                program: self.program.clone(),
                status,
            },
            _ => ChildError::NotReady {
                program: self.program.clone(),
                within,
            },
        }
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        // Nothing can be done about a process that cannot be signalled; it still ends with us.
        let _ = stop(&mut self.child, Signal::Terminate, GRACE);
    }
}

/// Sends `signal`, waits for `grace`, then kills.
pub(super) fn stop(child: &mut Child, signal: Signal, grace: Duration) -> io::Result<ExitStatus> {
    if let Some(status) = child.try_wait()? {
        return Ok(status);
    }
    sys::signal(child, signal)?;
    if let Some(status) = wait_within(child, grace)? {
        return Ok(status);
    }
    child.kill()?;
    child.wait()
}

/// Waits for the end of a process for a limited time, which std cannot do.
pub(super) fn wait_within(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    wait_for(Instant::now() + limit, || child.try_wait().transpose()).transpose()
}
