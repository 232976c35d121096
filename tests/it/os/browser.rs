//! chromedriver and Chromium: a session works, and nothing of it is left behind.

use std::fs;
use std::path::Path;
use std::time::Duration;

use kaspi_panel::os::{BrowserOptions, ChromeDriver, become_subreaper, processes};
use thirtyfour::WebDriver;

use super::program::{Program, eventually, live, role, say};

/// How long a killed program's browser may take to be gone.
const END: Duration = Duration::from_secs(10);

fn options(temp_dir: &Path) -> BrowserOptions {
    BrowserOptions {
        temp_dir: temp_dir.to_owned(),
        ..BrowserOptions::default()
    }
}

/// Opens a page and leaves the session open, as a program does that is stopped in the middle.
fn open_page(driver: &ChromeDriver) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let browser = WebDriver::new(driver.url(), driver.capabilities().unwrap())
            .await
            .unwrap();
        browser.goto("about:blank").await.unwrap();
        assert_eq!(browser.current_url().await.unwrap().as_str(), "about:blank");
        browser.leak().unwrap();
    });
}

/// Living processes that were given a path below this folder: the browser's, its crash handlers too.
fn users_of(folder: &Path) -> Vec<u32> {
    let folder = folder.to_str().unwrap();
    let names_it = |process: &processes::Process| {
        process
            .arguments()
            .iter()
            .any(|argument| argument.contains(folder))
    };
    let found = processes::list()
        .into_iter()
        .filter(|process| !process.zombie && names_it(process));
    found.map(|process| process.id).collect()
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_page_is_opened_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let driver = ChromeDriver::start(&options(folder.path())).unwrap();
    open_page(&driver);
    let group = driver.group();
    assert!(
        processes::alive_in_group(group).len() > 2,
        "shell, driver and browser are in one group"
    );
    assert!(!users_of(folder.path()).is_empty());

    drop(driver);

    assert!(processes::alive_in_group(group).is_empty());
    assert!(
        users_of(folder.path()).is_empty(),
        "crash handlers, which leave the group"
    );
    assert_eq!(entries(folder.path()), 0, "the profile is gone");
}

#[test]
fn two_drivers_do_not_know_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let first = ChromeDriver::start(&options(folder.path())).unwrap();
    let second = ChromeDriver::start(&options(folder.path())).unwrap();
    assert_ne!(first.url(), second.url());

    drop(first);

    open_page(&second);
}

#[test]
fn a_killed_program_leaves_no_browser_and_the_next_start_clears_its_folder() {
    const TEST: &str = "os::browser::a_killed_program_leaves_no_browser_and_the_next_start_clears_its_folder";
    if let Some(folder) = role() {
        let driver = ChromeDriver::start(&options(Path::new(&folder))).unwrap();
        open_page(&driver);
        say(&driver.group().to_string());
        return live();
    }
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(TEST, folder.path().to_str().unwrap());
    let group = program.hear().parse().unwrap();
    assert!(processes::alive_in_group(group).len() > 2);

    program.kill();

    eventually("the group is gone", END, || {
        processes::alive_in_group(group).is_empty()
    });
    eventually("the crash handlers are gone", END, || {
        users_of(folder.path()).is_empty()
    });
    assert_eq!(
        entries(folder.path()),
        1,
        "a killed program cannot remove its folder"
    );
    let _next = ChromeDriver::start(&options(folder.path())).unwrap();
    assert_eq!(entries(folder.path()), 1, "only the new driver's folder");
}

#[test]
fn a_program_that_adopts_orphans_collects_those_of_its_browsers() {
    const TEST: &str = "os::browser::a_program_that_adopts_orphans_collects_those_of_its_browsers";
    if let Some(folder) = role() {
        become_subreaper().unwrap();
        for _ in 0..2 {
            open_page(&ChromeDriver::start(&options(Path::new(&folder))).unwrap());
        }
        let me = std::process::id();
        let left = || -> Vec<String> {
            let ours = processes::list()
                .into_iter()
                .filter(|process| process.parent == me);
            ours.map(|process| process.name).collect()
        };
        // A crash handler may end a moment after its browser: then the next start collects it.
        for _ in 0..10 {
            if left().is_empty() {
                break;
            }
            drop(ChromeDriver::start(&options(Path::new(&folder))).unwrap());
        }
        say(&format!("left: {:?}", left()));
        return live();
    }
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(TEST, folder.path().to_str().unwrap());

    assert_eq!(program.hear(), "left: []");

    program.end();
}
