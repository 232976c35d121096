//! Work on bytes of strangers, in a process of its own that can hurt nobody: little memory, little time, no files, no
//! environment. Whatever it does there, this program sees a limited number of bytes and goes on.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use super::sys::{self, Signal};

/// What a confined process may use.
#[derive(Debug, Clone, Copy)]
pub struct Confinement {
    /// Address space, bytes.
    pub memory: u64,
    /// Time on a processor, whole seconds.
    pub processor: Duration,
    /// Time until it is killed, whatever it does.
    pub time: Duration,
    /// Bytes of its output that are read.
    pub output: u64,
}

/// Starts `program` with `arguments`, hands it `input` and lets `read` see what it writes. The process has ended when
/// this returns. How it ended is no error: `read` sees only whether its output was whole.
///
/// Blocks: not for an async thread.
///
/// # Errors
/// The process cannot be started.
pub fn run_confined<T>(
    program: &Path,
    arguments: &[&str],
    limits: Confinement,
    input: &[u8],
    read: impl FnOnce(&mut dyn Read) -> T,
) -> io::Result<T> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    sys::confine(&mut command, limits.memory, limits.processor.as_secs());
    let mut child = sys::spawn_tied(command, Signal::Kill)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let guard = Guard::over(child, limits.time)?;
    if let Some(mut stdin) = stdin {
        // A process that has ended already does not listen; its output tells.
        let _ = stdin.write_all(input);
    }
    let result = match stdout {
        Some(stdout) => read(&mut stdout.take(limits.output)),
        None => read(&mut io::empty()),
    };
    drop(guard);
    Ok(result)
}

/// A running process and the thread that kills it when its time is up. Both are gone with this value.
struct Guard {
    child: Arc<Mutex<Child>>,
    /// Dropping it calls the watch off.
    done: Option<mpsc::Sender<()>>,
    watch: Option<std::thread::JoinHandle<()>>,
}

impl Guard {
    fn over(child: Child, time: Duration) -> io::Result<Self> {
        let child = Arc::new(Mutex::new(child));
        let (done, called_off) = mpsc::channel::<()>();
        let mut guard = Self {
            child: Arc::clone(&child),
            done: Some(done),
            watch: None,
        };
        let watch = std::thread::Builder::new().name("watch".into()).spawn(move || {
            if called_off.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout) {
                end(&child);
            }
        });
        // On an error the value is dropped, and the process with it.
        guard.watch = Some(watch?);
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(watch) = self.watch.take() {
            // It cannot have panicked, and nothing would follow from it.
            let _ = watch.join();
        }
        end(&self.child);
    }
}

/// Kills and collects; nothing where that was done before.
fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // An error means that it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}
