//! Whole days in virtual time: deciding and writing with everything that can go wrong, drawn from one seed. The worker is
//! a future here that is let go in the middle, as by `kill -9`, and time is only what the test says. A failure's seed
//! plays the same day again.

use std::{future::Future, pin::pin, task::Poll, time::Duration};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use diesel::{RunQueryDsl, sql_types as sql};
use kaspi_panel::{
    app::{
        kill_switch::{release_prices, stop_prices},
        push_prices::push_store,
        sign_in::Confirmed,
    },
    domain::{Actor, StopTarget},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    history::{Kind, Stop},
    people::{set_floor, set_price},
    rig::{Chance, FLOOR, Pace, Rig, Size, long, tell},
    witness::Witness,
};
use crate::support::{TestApp, now};

const SIZE: Size = Size {
    stores: 1,
    products: 10,
};
/// What the product does by itself; only the claims' lease is real time, and ends when the test says so.
const PACE: Pace = Pace {
    lease: 60,
    read_back: 900,
    check: 300,
};
/// A write ends within this, in virtual time.
const SETTLED: TimeDelta = TimeDelta::minutes(25);

/// What a day came to.
#[derive(Debug, Default)]
struct Tally {
    writes: usize,
    deaths: usize,
    faults: usize,
    stops: usize,
}

/// One day.
struct Day {
    rig: Rig,
    witness: Witness,
    chance: Chance,
    worker: Uuid,
    stopped_at: Option<DateTime<Utc>>,
    tally: Tally,
}

impl Day {
    async fn open() -> Self {
        let app = TestApp::builder()
            .settings(|config| {
                config.kaspi.limits.write_interval = Duration::ZERO;
                config.kaspi.limits.writes_per_half_hour = 1_000_000;
            })
            .build();
        // Leases and lives go by the database's clock: the day begins now, here and on the marketplace.
        let real = diesel::sql_query("select now() as at")
            .get_result::<At>(&mut app.conn())
            .unwrap()
            .at
            .trunc_subsecs(0);
        app.clock.advance(real - now());
        let market = app
            .market
            .call(reqwest::Method::GET, "/control/clock", json!(null))
            .await;
        let market: DateTime<Utc> = market["time"].as_str().unwrap().parse().unwrap();
        let behind = u32::try_from((real - market).num_seconds()).unwrap();
        app.market.advance(behind).await;
        let rig = Rig::with(app, SIZE, PACE).await;
        rig.nothing_is_due();
        let mut witness = Witness::default();
        // An unknown outcome is waited for five minutes and the store's usual delay, which is up to two minutes of a look and
        // what the market took.
        witness.slower = TimeDelta::minutes(5);
        Self {
            rig,
            witness,
            chance: Chance::new(),
            worker: Uuid::now_v7(),
            stopped_at: None,
            tally: Tally::default(),
        }
    }

    /// Something happens, prices are decided about, sent and read back until all is quiet.
    async fn hour(&mut self) {
        if self.stopped_at.is_some() && self.chance.below(2) == 0 {
            self.stop_or_release().await;
        }
        for _ in 0..=self.chance.below(2) {
            self.happens().await;
        }
        self.rig.move_rivals(&mut self.chance).await;
        self.rig.plan(0).await;
        self.settle().await;
        self.rig.app.market.clear_faults().await;
        self.witness.look(&self.rig).await;
    }

    /// Rounds of the worker until no write is on its way; some of them end in the middle.
    async fn settle(&mut self) {
        let until = self.rig.app.services.now() + SETTLED;
        loop {
            let dies = self.chance.below(4) == 0;
            let steps = self.chance.below(60);
            self.round(dies.then_some(steps)).await;
            let step = 1 + u32::try_from(self.chance.below(30)).unwrap();
            self.rig.app.advance(step).await;
            let open = self.rig.open_pushes();
            if open.is_empty() {
                return;
            }
            assert!(
                self.rig.app.services.now() < until,
                "{open:?}\n{}",
                self.rig.stand()
            );
        }
    }

    /// One round of the worker; it dies after so many steps, and another one takes its place.
    async fn round(&mut self, steps: Option<usize>) {
        let (services, store) = (&self.rig.app.services, self.rig.stores[0].0);
        let round = push_store(services, store, self.worker);
        let Some(steps) = steps else {
            round.await.unwrap();
            return;
        };
        if lives_for(steps, round).await.is_none() {
            self.tally.deaths += 1;
            self.worker = Uuid::now_v7();
            // The next one knows nothing of the failures of its forerunner. Its client would leave the marketplace alone for
            // half a minute of real time, which is a good part of an hour here.
            self.rig.app.restart();
            self.rig
                .sql("update stores set lease_until = now() - interval '1 second'");
        }
    }

    async fn happens(&mut self) {
        let product = self.chance.below(SIZE.products);
        match self.chance.below(8) {
            0 => {
                let price = self.chance.price();
                set_price(&self.rig, &mut self.witness, (0, product), price).await;
            }
            1 => {
                let floor = FLOOR + i64::try_from(self.chance.below(2_000)).unwrap();
                set_floor(&self.rig, &mut self.witness, (0, product), floor).await;
            }
            2 => self.stop_or_release().await,
            _ => {
                let (endpoint, kind, more) = self.fault();
                self.tally.faults += 1;
                self.rig.app.market.fault(endpoint, kind, more).await;
            }
        }
    }

    fn fault(&mut self) -> (&'static str, &'static str, serde_json::Value) {
        let times = 1 + self.chance.below(3);
        let faults = [
            ("process", "reset", json!({ "times": times })),
            ("process", "reset_after", json!({ "times": times })),
            ("process", "applied_but_500", json!({ "times": times })),
            ("process", "no_id", json!({ "times": times })),
            ("process", "accepted_not_applied", json!({ "times": 1 })),
            ("process", "apply_after", json!({ "times": times, "seconds": 45 })),
            ("process", "status", json!({ "times": times, "status": 400 })),
            ("process", "status", json!({ "times": times, "status": 503 })),
            ("list", "status", json!({ "times": times, "status": 500 })),
            ("list", "malformed", json!({ "times": times })),
            ("list", "reset", json!({ "times": times })),
            ("offers", "empty", json!({ "times": times })),
        ];
        faults[self.chance.below(faults.len())].clone()
    }

    async fn stop_or_release(&mut self) {
        let (services, actor) = (&self.rig.app.services, Actor::system());
        match self.stopped_at.take() {
            None => {
                stop_prices(services, &actor, StopTarget::All, "a day")
                    .await
                    .unwrap();
                self.tally.stops += 1;
                self.stopped_at = Some(services.now());
            }
            Some(acknowledged_at) => {
                let confirmed = Confirmed::at_the_machine();
                release_prices(services, &actor, &confirmed, StopTarget::All, "over")
                    .await
                    .unwrap();
                self.witness.stops.push(Stop {
                    merchant: None,
                    sku: None,
                    acknowledged_at,
                    released_at: Some(services.now()),
                });
            }
        }
    }

    async fn end(mut self) -> Tally {
        if self.stopped_at.is_some() {
            self.stop_or_release().await;
        }
        // What still waits was decided long ago: it is decided anew, sent or held.
        self.rig.app.advance(600).await;
        self.rig.plan(0).await;
        self.settle().await;
        let history = self.witness.judge(&self.rig).await;
        self.tally.writes = history
            .requests
            .iter()
            .filter(|one| one.kind != Kind::Read)
            .count();
        self.tally
    }
}

#[derive(diesel::QueryableByName)]
struct At {
    #[diesel(sql_type = sql::Timestamptz)]
    at: DateTime<Utc>,
}

/// Polls a future so often and then lets go of it: `None`.
async fn lives_for<F: Future>(mut steps: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if steps == 0 => Poll::Ready(None),
        Poll::Pending => {
            steps -= 1;
            Poll::Pending
        }
    })
    .await
}

#[actix_web::test]
async fn random_days_keep_every_promise() {
    let days = if long() { 300 } else { 3 };
    let mut all = Tally::default();
    for _ in 0..days {
        let mut day = Day::open().await;
        for _ in 0..24 {
            day.hour().await;
            day.rig.app.advance(3_000).await;
        }
        let tally = day.end().await;
        all.writes += tally.writes;
        all.deaths += tally.deaths;
        all.faults += tally.faults;
        all.stops += tally.stops;
    }
    assert!(all.writes > 0 && all.deaths > 0);
    tell(&format!("{days} days of {} products: {all:?}", SIZE.products));
}
