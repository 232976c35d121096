//! The files of `deploy/`: they name settings that the program knows, units that systemd understands, and streams that no
//! proxy holds back.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use kaspi_panel::config::VARIABLES;

use crate::tidy::{files, root};

/// Settings that a text names: words in capitals that begin as ours do.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.split(|c| !is_part(c))
        .filter(|word| word.starts_with("KASPI_") || *word == "DATABASE_URL")
        .map(|word| word.trim_end_matches('_').to_owned())
        .collect()
}

fn unknown(text: &str) -> Vec<String> {
    // `script/package` may be handed a program that was built before.
    let known =
        |word: &String| word == "KASPI_PANEL_BINARY" || VARIABLES.iter().any(|(name, _)| name == word);
    named(text).into_iter().filter(|word| !known(word)).collect()
}

#[test]
fn every_setting_that_is_named_is_known() {
    let mut texts = files(&["deploy"], &[""]);
    texts.extend(files(
        &["docs"],
        &["deployment.md", "operation.md", "runbooks.md", "many-workers.md"],
    ));
    texts.extend(files(&["script"], &["package", "soak"]));
    assert!(texts.iter().filter(|file| !named(&file.text).is_empty()).count() >= 6);
    for file in &texts {
        assert_eq!(unknown(&file.text), Vec::<String>::new(), "{}", file.path);
    }
    assert_eq!(unknown("Environment=KASPI_PANEL_LOGG=json"), ["KASPI_PANEL_LOGG"]);
}

#[test]
fn the_settings_of_the_example_are_complete() {
    let example = fs::read_to_string(root().join("deploy/environment.example")).unwrap();
    let lines = example
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let output = Command::new(env!("CARGO_BIN_EXE_kaspi-panel"))
        .args(["config", "check"])
        .env_clear()
        .envs(lines.map(|line| line.split_once('=').unwrap()))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("secure cookies   yes"));
}

#[test]
fn streams_are_not_held_back_and_people_are_told_apart() {
    let nginx = fs::read_to_string(root().join("deploy/nginx.conf")).unwrap();
    let live = nginx.split("location = /live").nth(1).unwrap();
    assert!(live.split('}').next().unwrap().contains("proxy_buffering off;"));
    // Written anew: what a client sends of it is not passed on.
    assert!(nginx.contains("proxy_set_header X-Forwarded-For $remote_addr;"));
    assert!(!nginx.contains("$proxy_add_x_forwarded_for"));
    // In clear text people are led to TLS, and programs with their keys are not.
    let clear = nginx
        .split("server {")
        .find(|server| server.contains("listen 80;"))
        .unwrap();
    for area in ["/api/", "/preorder_exports/"] {
        let place = clear.split(&format!("location {area} {{")).nth(1).unwrap();
        assert!(place.trim_start().starts_with("return 403;"), "{area}");
    }
    let caddy = fs::read_to_string(root().join("deploy/Caddyfile")).unwrap();
    let clear = caddy.split("http://panel.example.kz {").nth(1).unwrap();
    let clear = clear.split("\n}").next().unwrap();
    for area in ["/api/*", "/preorder_exports/*"] {
        let place = clear.split(&format!("handle {area} {{")).nth(1).unwrap();
        assert!(place.trim_start().starts_with("respond 403"), "{area}");
    }
    // Outside of a block of its own it would come first, for programs too.
    let rest = clear.split("handle {").nth(1).unwrap();
    assert!(rest.trim_start().starts_with("redir https://"));
    assert_eq!(clear.matches("redir").count(), 1);
    assert!(caddy.contains("flush_interval -1") && caddy.contains("X-Forwarded-For {remote_host}"));
}

/// Where the system has the tool; the files are plain text elsewhere.
#[test]
fn the_units_are_understood_and_have_few_rights() {
    let units = files(&["deploy/systemd"], &[".service", ".timer"]);
    assert_eq!(units.len(), 4);
    for unit in units.iter().filter(|unit| unit.path.ends_with(".service")) {
        for line in [
            "User=kaspi-panel",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "CapabilityBoundingSet=\n",
            "UMask=0077",
        ] {
            assert!(unit.text.contains(line), "{}: {line}", unit.path);
        }
    }
    let tool = Path::new("/usr/bin/systemd-analyze");
    if !tool.exists() {
        return;
    }
    // The program is looked for at its place: here it is this one.
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = units
        .iter()
        .map(|unit| {
            let name = Path::new(&unit.path).file_name().unwrap().to_str().unwrap();
            let path = folder.path().join(name.replace('@', "@1"));
            let text = unit
                .text
                .replace("/usr/bin/kaspi-panel", env!("CARGO_BIN_EXE_kaspi-panel"));
            fs::write(&path, text).unwrap();
            path
        })
        .collect();
    let output = Command::new(tool)
        .args(["verify", "--man=no"])
        .args(&paths)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let folder = folder.path().display().to_string();
    let ours: Vec<&str> = told.lines().filter(|line| line.contains(&folder)).collect();
    assert!(ours.is_empty(), "{told}");
}
