//! Programs of two versions on one database. From the moment in which a newer one has told its push protocol, the old one
//! sends nothing, and people hear of it; and after a migration the program of before goes on.

use diesel::prelude::*;
use diesel_migrations::MigrationHarness;
use kaspi_panel::{
    domain::{AlertKind, Role},
    schema::alerts,
    store::migrate::MIGRATIONS,
};

use super::{
    history::Stop,
    rig::{Chance, PATIENCE, Pace, Rig, Size, tell},
    witness::Witness,
};
use crate::support::{Client, Process, db_user, wait_until};

#[actix_web::test]
async fn an_old_worker_sends_nothing_once_a_newer_program_has_run() {
    let size = Size {
        stores: 2,
        products: 10,
    };
    let mut chance = Chance::new();
    let rig = Rig::open(size, Pace::default()).await;
    let mut witness = Witness::default();
    let mut workers = [rig.worker(None), rig.worker(None)];
    rig.more_sent(20, &mut chance).await;
    assert_eq!(told(&rig), 0);
    // A newer program announces itself; this one is the old one from now on, also where it starts again.
    newer_by(&rig, 1);
    let acknowledged_at = rig.app.services.now();
    workers[0].kill();
    workers[0] = rig.worker(None);
    wait_until("people are told", PATIENCE, || async {
        let told = told(&rig);
        if told == 1 { Ok(()) } else { Err(told) }
    })
    .await;
    let decided = rig.count_rows("price_decisions");
    rig.move_rivals(&mut chance).await;
    wait_until("more is decided that could be sent", PATIENCE, || async {
        let now = rig.count_rows("price_decisions");
        if now > decided + 2 { Ok(()) } else { Err(now) }
    })
    .await;
    let released_at = rig.app.services.now();
    // As if these were the newer ones: they end what is left.
    newer_by(&rig, -1);
    witness.stops.push(Stop {
        merchant: None,
        sku: None,
        acknowledged_at,
        released_at: Some(released_at),
    });
    rig.more_sent(5, &mut chance).await;
    rig.end(&mut workers).await;
    let history = witness.judge(&rig).await;
    tell(&format!(
        "an old program: nothing of {} intents was sent while a newer one ruled",
        history.intents.len()
    ));
}

/// Alerts that are about a program and no store.
fn told(rig: &Rig) -> i64 {
    alerts::table
        .filter(alerts::kind.eq(AlertKind::NeedsPerson))
        .filter(alerts::store_id.is_null())
        .count()
        .get_result(&mut rig.app.conn())
        .unwrap()
}

fn newer_by(rig: &Rig, versions: i32) {
    rig.sql(&format!(
        "update settings set value = to_jsonb((value #>> '{{}}')::int + {versions}) where key = 'push_protocol'"
    ));
}

/// Lists of the panel that read most of the tables.
const PAGES: [&str; 9] = [
    "/",
    "/stores",
    "/products",
    "/rules",
    "/preorders",
    "/jobs",
    "/alerts",
    "/log",
    "/settings",
];

#[actix_web::test]
async fn a_program_of_before_goes_on_while_the_tables_become_those_of_the_next() {
    let size = Size {
        stores: 2,
        products: 10,
    };
    let mut chance = Chance::new();
    let rig = Rig::open(size, Pace::default()).await;
    db_user(&mut rig.app.conn(), "bolat", Role::Admin);
    let taken_back = tables_of_before(&rig);
    let witness = Witness::default();
    let mut panel = serve_before(&rig);
    let mut old = [rig.worker_of_before(), rig.worker_of_before()];
    let client = Client::anonymous(&panel.address().await);
    client.sign_in("bolat@example.kz").await.expect(303);
    rig.more_sent(20, &mut chance).await;

    let migrated = rig.app.program(&["migrate"]).status().unwrap();
    assert!(migrated.success());
    rig.more_sent(20, &mut chance).await;
    for page in PAGES {
        client.get(page).await.expect(200);
    }
    // One after the other, as the guide to deployment says.
    let new = rig.worker(None);
    rig.more_sent(20, &mut chance).await;
    assert_eq!(old[0].terminate().await.code(), Some(0));
    rig.more_sent(10, &mut chance).await;
    for page in PAGES {
        client.get(page).await.expect(200);
    }
    for process in [&panel, &old[0], &old[1], &new] {
        let log = String::from_utf8_lossy(&process.log()).into_owned();
        let failed: Vec<_> = log.lines().filter(|line| line.contains("ERROR")).collect();
        assert_eq!(failed, [""; 0]);
    }
    assert_eq!(panel.terminate().await.code(), Some(0));
    let [_, second] = old;
    rig.end(&mut [second, new]).await;
    let history = witness.judge(&rig).await;
    tell(&format!(
        "a fleet that changes: {} intents, {taken_back} migrations while the program of before worked",
        history.intents.len()
    ));
}

/// Takes migrations back until the program of before starts on what is left; it refuses tables that it does not know.
fn tables_of_before(rig: &Rig) -> usize {
    let knows = || {
        rig.app
            .program_of_before(&["jobs", "list"])
            .output()
            .unwrap()
            .status
            .success()
    };
    let mut taken_back = 0;
    while !knows() {
        assert!(
            taken_back < 20,
            "the program of before knows none of these tables"
        );
        rig.app.conn().revert_last_migration(MIGRATIONS).unwrap();
        taken_back += 1;
    }
    taken_back
}

fn serve_before(rig: &Rig) -> Process {
    let mut command = rig.app.program_of_before(&["serve"]);
    command
        .env("KASPI_PANEL_BIND", "127.0.0.1:0")
        .env("RUST_LOG", "info");
    Process::start(command, rig.app.services.config.data_dir.join("serve.log"))
}
