//! The installation of missing system packages by the commands of the README. Which packages are
//! missing, who we are and what apt does are given by the test; nothing is installed.

use std::process::{Command, Output};

/// Runs `script/lib/packages.sh` with functions put in place of the system, then `commands`.
fn packages(system: &str, commands: &str) -> Output {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/script/lib/packages.sh");
    let script = format!(". {library}\n{system}\n{commands}");
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .output()
        .unwrap()
}

/// A Debian whose apt-get brings the driver, tells its arguments, and does not know `nothing`.
const DEBIAN: &str = r#"
    is_debian() { true; }
    is_root() { true; }
    installed=$(mktemp)
    trap 'rm -f "$installed"' EXIT
    missing_packages() { [ -s "$installed" ] || say chromium chromium-driver; }
    apt-get() { printf 'apt-get %s\n' "${*: -3}" >&2; [ "${@: -1}" = update ] || printf done >"$installed"; }
    env() { shift; "$@"; }
    sudo() { printf 'sudo ' >&2; "$@"; }
"#;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn this_machine_has_everything_and_a_run_without_need_says_nothing() {
    let output = packages(
        "apt-get() { fail called; }; sudo() { fail called; }",
        "require_packages",
    );
    assert!(output.status.success());
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        (String::new(), String::new())
    );
}

#[test]
fn root_installs_what_is_missing_once() {
    let output = packages(DEBIAN, "require_packages; require_packages");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        "Installing missing packages with apt-get: chromium chromium-driver\n"
    );
    let calls = text(&output.stderr);
    assert_eq!(calls.matches("apt-get").count(), 2, "{calls}");
    assert!(
        calls.ends_with("apt-get --no-install-recommends chromium chromium-driver\n"),
        "{calls}"
    );
    assert!(!calls.contains("sudo"), "{calls}");
}

#[test]
fn an_ordinary_user_installs_with_sudo() {
    let output = packages(DEBIAN, "is_root() { false; }; require_packages");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("Installing missing packages with sudo apt-get: "));
    let calls = text(&output.stderr);
    assert_eq!(calls.matches("sudo apt-get").count(), 2, "{calls}");
}

#[test]
fn another_system_gets_one_sentence_with_the_names() {
    let output = packages(
        DEBIAN,
        "is_debian() { false; }; require_packages; say not reached",
    );
    assert!(!output.status.success());
    assert_eq!(text(&output.stdout), "");
    let sentence = text(&output.stderr);
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    assert!(
        sentence.starts_with("Missing here: chromium chromium-driver "),
        "{sentence}"
    );
}

#[test]
fn a_failed_installation_ends_the_run() {
    let broken = "apt-get() { false; }; require_packages; say not reached";
    let output = packages(DEBIAN, broken);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("apt-get update failed"));

    let useless = "missing_packages() { say chromium; }; require_packages; say not reached";
    let output = packages(DEBIAN, useless);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("Still missing after the installation: chromium."));
}

#[test]
fn a_variable_that_names_no_file_counts_as_missing() {
    let system = "export CHROME=/nowhere CHROMEDRIVER=/nowhere PG_BIN=/nowhere";
    let output = packages(system, "missing_packages");
    assert_eq!(text(&output.stdout), "postgresql\nchromium\nchromium-driver\n");
}
