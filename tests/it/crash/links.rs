//! Bad connections: requests that are lost before they arrive, answers that are lost on their way, wires to the
//! database and to the cabinet that are cut, slow, silent or come in pieces.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use chrono::TimeDelta;
use serde_json::json;
use url::Url;

use super::{
    history::{History, Kind},
    rig::{Chance, PATIENCE, Pace, Rig, Size, long, tell},
    witness::{Struck, Witness},
};
use crate::support::{Far, Trouble, Wire, wait_until};

const SIZE: Size = Size {
    stores: 3,
    products: 20,
};

#[actix_web::test]
async fn lost_requests_and_lost_answers_are_resolved_by_reading() {
    // As many of each kind: a request that is lost, and an answer.
    let lost_of_each = if long() { 2_000 } else { 15 };
    let mut chance = Chance::new();
    let rig = Rig::open(SIZE, Pace::default()).await;
    let witness = Witness::default();
    for (kind, probability) in [
        ("reset", 0.15),
        ("reset_after", 0.1),
        ("applied_but_500", 0.1),
        ("no_id", 0.1),
    ] {
        rig.app
            .market
            .fault("process", kind, json!({ "probability": probability }))
            .await;
    }
    let mut workers = [rig.worker(None), rig.worker(None)];
    let mut struck = Struck::default();
    while struck.requests < lost_of_each || struck.answers < lost_of_each {
        rig.more_sent(10, &mut chance).await;
        struck = witness.struck(&rig).await;
    }
    rig.end(&mut workers).await;
    let history = witness.judge(&rig).await;
    let unresolved = history.intents.iter().filter(|intent| !intent.is_final()).count();
    assert_eq!(unresolved, 0);
    let (arrived, _) = counted(&history);
    tell(&format!(
        "{arrived} writes: {} requests and {} answers were lost; each was resolved by reading",
        struck.requests, struck.answers
    ));
}

/// Writes that arrived, and those of them that the marketplace did not take.
fn counted(history: &History) -> (usize, usize) {
    let writes = history.requests.iter().filter(|one| one.kind != Kind::Read);
    let taken = writes
        .clone()
        .filter(|one| matches!(one.kind, Kind::Write { accepted: true, .. }));
    let arrived = writes.count();
    (arrived, arrived - taken.count())
}

/// Lets prices move over a wire that is broken in one way after the other.
async fn over(wire: &Wire, rig: &Rig, troubles: &[Trouble], chance: &mut Chance) -> History {
    // As many for each trouble.
    let writes = if long() { 500 } else { 5 };
    let mut witness = Witness::default();
    if long() {
        // The wire breaks again and again for an hour. What counts is that each write ends soon after the last time, for
        // which `Rig::end` waits two minutes and no longer.
        witness.slower = TimeDelta::hours(1);
    }
    let mut workers = [rig.worker(None), rig.worker(None)];
    for trouble in troubles {
        let wanted = rig.sent() + writes;
        while rig.sent() < wanted {
            rig.more_sent(5, chance).await;
            wire.set(*trouble);
            lasts(rig, 3).await;
            wire.set(Trouble::None);
            witness.look(rig).await;
        }
    }
    rig.more_sent(5, chance).await;
    rig.end(&mut workers).await;
    let history = witness.judge(rig).await;
    tell(&format!(
        "{troubles:?}, {writes} writes each: {} writes",
        counted(&history).0
    ));
    history
}

/// Lets so many seconds pass.
async fn lasts(rig: &Rig, seconds: i64) {
    let until = rig.app.services.now() + TimeDelta::seconds(seconds);
    wait_until("the trouble lasts", PATIENCE, || async {
        let now = rig.app.services.now();
        if now >= until { Ok(()) } else { Err(until - now) }
    })
    .await;
}

#[actix_web::test]
async fn a_bad_wire_to_the_database_loses_nothing() {
    let mut chance = Chance::new();
    let mut rig = Rig::open(SIZE, Pace::default()).await;
    let url = Url::parse(rig.app.db.url()).unwrap();
    let loopback: IpAddr = [127, 0, 0, 1].into();
    let host = url.host_str().expect("a host");
    let folder: String = url::form_urlencoded::parse(format!("host={host}").as_bytes())
        .map(|(_, value)| value.into_owned())
        .collect();
    let far = if folder.starts_with('/') {
        Far::Unix(PathBuf::from(folder).join(".s.PGSQL.5432"))
    } else {
        Far::Tcp((loopback, url.port().unwrap_or(5432)).into())
    };
    let wire = Wire::to(loopback, far);
    let user = match url.password() {
        Some(password) => format!("{}:{password}", url.username()),
        None => url.username().to_owned(),
    };
    let through = format!("postgres://{user}@{}{}", wire.address(), url.path());
    rig.instead.insert("DATABASE_URL", through);
    let troubles = [
        Trouble::Down,
        Trouble::Reset,
        Trouble::Slow(Duration::from_millis(100)),
        Trouble::Thin(20_000),
        Trouble::ClosedLate(Duration::from_secs(2)),
        Trouble::Silent,
        Trouble::Sliced,
        Trouble::AnswerCut(50),
        Trouble::AnswerLost(50),
    ];
    over(&wire, &rig, &troubles, &mut chance).await;
}

#[actix_web::test]
async fn a_bad_wire_to_the_cabinet_loses_nothing() {
    let mut chance = Chance::new();
    let mut rig = Rig::open(SIZE, Pace::default()).await;
    let cabinet = rig.app.market.host("cabinet");
    let address = cabinet.socket_addrs(|| None).unwrap()[0];
    // Cookies belong to a host, whatever the port.
    let wire = Wire::to(address.ip(), Far::Tcp(address));
    rig.instead
        .insert("KASPI_CABINET_URL", format!("http://{}", wire.address()));
    // Not every answer: after five failures in a row the client leaves a host alone for half a minute.
    let mut troubles = vec![
        Trouble::Slow(Duration::from_millis(300)),
        Trouble::Thin(4_000),
        Trouble::ClosedLate(Duration::from_secs(2)),
        Trouble::Silent,
        Trouble::Sliced,
        Trouble::AnswerCut(7),
        Trouble::AnswerLost(7),
    ];
    if long() {
        troubles.extend([Trouble::Down, Trouble::Reset]);
    }
    over(&wire, &rig, &troubles, &mut chance).await;
}
