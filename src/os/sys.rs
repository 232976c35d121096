//! The few system calls that std has no safe form for, each behind a safe function. The only file of
//! the program with `unsafe` code.
#![expect(
    unsafe_code,
    reason = "signals, parent-death signals and the reaping of adopted processes exist only as raw system calls"
)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError, mpsc};

/// The signals this program sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Interrupt,
    Quit,
    Kill,
    Terminate,
}

impl Signal {
    fn number(self) -> libc::c_int {
        match self {
            Self::Interrupt => libc::SIGINT,
            Self::Quit => libc::SIGQUIT,
            Self::Kill => libc::SIGKILL,
            Self::Terminate => libc::SIGTERM,
        }
    }
}

/// The number of the user whose rights this program has; 0 is root.
pub fn effective_user_id() -> u32 {
    // SAFETY: takes nothing, changes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// Ends this process as `kill -9` does: nothing is cleaned up, no other process hears of it.
#[cfg(debug_assertions)]
pub fn die() {
    // SAFETY: sends a signal to this process alone.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

/// Lets this process stand still until somebody sends it `SIGCONT`.
#[cfg(debug_assertions)]
pub fn freeze() {
    // SAFETY: as above.
    unsafe { libc::kill(libc::getpid(), libc::SIGSTOP) };
}

/// Makes this program the parent of orphaned descendants, so that the processes of a killed browser
/// can be collected even where process 1 collects nobody (many containers). Call it once, in `main`.
pub fn become_subreaper() -> io::Result<()> {
    const YES: libc::c_ulong = 1;
    // SAFETY: sets one flag of this process; the argument is the number the call asks for.
    checked(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, YES) })
}

/// Sends a signal to a child that has not been waited for yet, so that its number is still its own.
pub(super) fn signal(child: &Child, signal: Signal) -> io::Result<()> {
    let pid = pid_of(child.id())?;
    // SAFETY: `kill` reads its two numbers; the process is our child.
    checked(unsafe { libc::kill(pid, signal.number()) })
}

/// Sends a signal to the whole process group led by a child that has not been waited for yet.
pub(super) fn signal_group(leader: &Child, signal: Signal) -> io::Result<()> {
    let pid = pid_of(leader.id())?;
    // SAFETY: as above; a negative number means the group, which the unwaited leader keeps alive.
    checked(unsafe { libc::kill(-pid, signal.number()) })
}

/// Collects one ended child that no [`Child`] value stands for: an adopted orphan. True when it is gone.
pub(super) fn reap(process: u32) -> bool {
    let Ok(pid) = pid_of(process) else { return false };
    // SAFETY: no status is asked for (null is allowed) and WNOHANG never blocks.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) == pid }
}

type Order = (Command, mpsc::Sender<io::Result<Child>>);

static SPAWNER: Mutex<Option<mpsc::Sender<Order>>> = Mutex::new(None);

/// Starts `command` so that the kernel sends it `signal` when this program ends in any way, `kill -9`
/// included.
///
/// The kernel ties that promise to the *thread* which starts the child, so one thread that lives as
/// long as the program starts them all and callers need not care where they are.
pub(super) fn spawn_tied(mut command: Command, signal: Signal) -> io::Result<Child> {
    tie_to_parent(&mut command, signal)?;
    let (answer, child) = mpsc::channel();
    spawner()?.send((command, answer)).map_err(|_| lost_spawner())?;
    child.recv().map_err(|_| lost_spawner())?
}

fn spawner() -> io::Result<mpsc::Sender<Order>> {
    let mut slot = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = slot.as_ref() {
        return Ok(sender.clone());
    }
    let (sender, orders) = mpsc::channel::<Order>();
    std::thread::Builder::new()
        .name("spawner".into())
        .spawn(move || {
            for (mut command, answer) in orders {
                // A caller that is gone drops the child's value; the child itself ends with the program.
                let _ = answer.send(command.spawn());
            }
        })?;
    *slot = Some(sender.clone());
    Ok(sender)
}

fn lost_spawner() -> io::Error {
    io::Error::other("the thread that starts processes has ended")
}

fn tie_to_parent(command: &mut Command, signal: Signal) -> io::Result<()> {
    let number = libc::c_ulong::try_from(signal.number()).map_err(io::Error::other)?;
    let parent = pid_of(std::process::id())?;
    // SAFETY: between fork and exec the closure makes two system calls and allocates nothing. It runs
    // after std has changed the user, which would have cleared the request.
    unsafe {
        command.pre_exec(move || {
            checked(libc::prctl(libc::PR_SET_PDEATHSIG, number))?;
            // A parent that died before the request took effect will send nothing any more.
            if libc::getppid() == parent {
                Ok(())
            } else {
                Err(io::Error::from_raw_os_error(libc::ESRCH))
            }
        });
    }
    Ok(())
}

/// Takes from `command` what it does not need: memory beyond `memory` bytes, more than `seconds` of a processor, files
/// to write, the rights of programs that run as somebody else. What it starts has the same limits.
pub(super) fn confine(command: &mut Command, memory: u64, seconds: u64) {
    let limits = [
        (libc::RLIMIT_AS, memory),
        (libc::RLIMIT_CPU, seconds),
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_FSIZE, 0),
        (libc::RLIMIT_NOFILE, 32),
    ];
    // SAFETY: between fork and exec the closure makes system calls that read a structure of this frame, and allocates
    // nothing.
    unsafe {
        command.pre_exec(move || {
            for (resource, limit) in limits {
                let limit = libc::rlimit {
                    rlim_cur: limit,
                    rlim_max: limit,
                };
                checked(libc::setrlimit(resource, &raw const limit))?;
            }
            const YES: libc::c_ulong = 1;
            const NOTHING: libc::c_ulong = 0;
            checked(libc::prctl(
                libc::PR_SET_NO_NEW_PRIVS,
                YES,
                NOTHING,
                NOTHING,
                NOTHING,
            ))
        });
    }
}

fn pid_of(process: u32) -> io::Result<libc::pid_t> {
    libc::pid_t::try_from(process).map_err(io::Error::other)
}

fn checked(result: libc::c_int) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
