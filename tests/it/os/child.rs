//! Our own second process: it ends with its value and with the program.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

use kaspi_panel::os::{ChildError, ChildProcess};

use super::program::{BOUND, Program, eventually, is_alive, role, say};

fn sleeper() -> Command {
    let mut command = Command::new("sleep");
    command.arg("1000");
    command
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn a_child_ends_with_its_value() {
    let child = ChildProcess::spawn(sleeper()).unwrap();
    let id = child.id();
    assert!(is_alive(id));

    drop(child);

    assert!(!is_alive(id));
}

#[test]
fn a_child_that_does_not_listen_is_killed() {
    let stubborn = shell(r#"trap "" TERM; echo ready; exec sleep 1000"#);
    let (child, line) = ChildProcess::spawn_until_line(stubborn, BOUND).unwrap();
    assert_eq!(line, "ready");

    let status = child.stop(Duration::from_millis(100)).unwrap();

    assert_eq!(status.signal(), Some(9));
}

#[test]
fn a_child_that_is_not_ready_is_an_error_and_leaves_nothing() {
    let error = ChildProcess::spawn_until_line(shell("exit 3"), BOUND).unwrap_err();
    assert!(
        matches!(&error, ChildError::Ended { status, .. } if status.code() == Some(3)),
        "{error}"
    );

    let error = ChildProcess::spawn_until_line(sleeper(), Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, ChildError::NotReady { .. }), "{error}");

    let error = ChildProcess::spawn(Command::new("/nowhere/program")).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot start /nowhere/program: "),
        "{error}"
    );
}

#[test]
fn a_killed_program_takes_its_child_with_it() {
    if role().is_some() {
        // The thread that asks for the child may end before the child.
        let child = std::thread::spawn(|| ChildProcess::spawn(sleeper()).unwrap())
            .join()
            .unwrap();
        say(&child.id().to_string());
        super::program::live();
        return;
    }
    let program = Program::start("os::child::a_killed_program_takes_its_child_with_it", "parent");
    let child = program.hear().parse().unwrap();
    assert!(is_alive(child));

    program.kill();

    eventually("the child is gone", Duration::from_secs(10), || !is_alive(child));
}
