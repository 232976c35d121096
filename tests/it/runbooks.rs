//! The runbooks, rehearsed from their text: every command of every chapter is run as it stands there.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use diesel::prelude::*;
use kaspi_panel::{
    domain::Role,
    schema::{kill_switches, users},
    web::routes::all,
};

use crate::support::{NewProduct, TestApp, TestDb, db_product, db_store, db_user};

/// Chapters with their shell commands.
fn chapters(text: &str) -> Vec<(String, String)> {
    text.split("\n## ")
        .skip(1)
        .map(|chapter| {
            let (title, rest) = chapter.split_once('\n').unwrap();
            let blocks = rest.split("```sh\n").skip(1);
            let commands: Vec<&str> = blocks.map(|block| block.split("```").next().unwrap()).collect();
            (title.to_owned(), commands.concat())
        })
        .collect()
}

fn executable(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[actix_web::test]
async fn the_commands_of_every_runbook_do_what_they_say() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbooks.md")).unwrap();
    let chapters = chapters(&text);
    assert_eq!(chapters.len(), 7);

    let app = TestApp::new();
    let conn = &mut app.conn();
    let owner = db_user(conn, "berik", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    db_product(conn, store, &NewProduct::default());
    let data = &app.services.config.data_dir;
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kaspi-panel"), bin.join("kaspi-panel")).unwrap();
    executable(&bin.join("systemctl"), "#!/bin/sh\necho \"systemctl $*\"\n");

    for (number, (title, commands)) in chapters.iter().enumerate() {
        assert!(commands.contains("kaspi-panel "), "{title} has commands");
        let target = TestDb::empty();
        let backups = folder.path().join(format!("backups-{number}"));
        fs::create_dir(&backups).unwrap();
        // The environment of the program's own tests, and the names that the text tells to set.
        let program = app.program(&[]);
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", commands]);
        for (name, value) in program.get_envs() {
            shell.env(name, value.unwrap());
        }
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
        let output = shell
            .env("PATH", path)
            .env("STORE", store.to_string())
            .env("EMAIL", "berik@example.kz")
            .env("TIME", "2026-11-23T12:00")
            .env("BACKUPS", &backups)
            .env("NEW_DATABASE_URL", target.url())
            .env("NEW_DATA", folder.path().join(format!("data-{number}")))
            .env("KASPI_PANEL_SECRET_KEY_FILE", data.join("secret.key"))
            .output()
            .unwrap();
        let told = format!(
            "{title}\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "{told}");
        let expected = match title.as_str() {
            "Stop everything" => "Released 1 stop(s)",
            "Put prices back" => "Released 1 stop(s)",
            "Change the key of the secrets" => "Added key",
            "Back up and restore" => "Released 1 stop(s)",
            "Revoke a person" => "berik@example.kz",
            "Move to another machine" => "systemctl start kaspi-panel-serve",
            "Add a worker machine" => "systemctl enable --now kaspi-panel-worker@1",
            other => panic!("a chapter without a check: {other}"),
        };
        assert!(told.contains(expected), "{told}");
        for db in [&app.db, &target] {
            let stops: i64 = kill_switches::table
                .filter(kill_switches::released_at.is_null())
                .count()
                .get_result(&mut db.conn())
                // Not every chapter fills the new database.
                .unwrap_or(0);
            assert_eq!(stops, 0, "{title}: every stop was released");
        }
    }
    let active: bool = users::table
        .find(owner)
        .select(users::active)
        .first(&mut app.conn())
        .unwrap();
    assert!(!active, "the person is shut out");
    for page in ["/stop", "/log", "/alerts"] {
        assert!(
            all().any(|route| route.path == page),
            "{page} is named by the runbooks"
        );
    }
}
