//! Buyers' orders on preorder: read with a store's own token, overdue ones first, and "the goods are there" told once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kaspi_panel::{
    app::preorder_orders::{ArrivalError, ask_arrived, read_due_orders, set_orders_token, tell_arrived},
    domain::{Arrival, JobState, PreorderOrderId, Role},
    schema::{audit_log, job_runs, orders_accesses, preorder_orders},
    secrets::Secret,
    store::preorder_orders::{OrderFilter, PreorderOrder, preorder_order_list},
};

use super::*;
use crate::support::wait_until;

const TOKEN: &str = "Token-30000001";

impl Shop {
    /// A shop with two orders that wait for goods, one of them overdue, and one that is not on preorder.
    async fn in_season() -> Self {
        let app = TestApp::new();
        let market_now: DateTime<Utc> = "2026-09-01T08:00:00Z".parse().unwrap();
        let behind = u32::try_from((now() - market_now).num_seconds()).unwrap();
        app.market.advance(behind).await;
        let order = |code: &str, pre_order: bool, planned_days: i64| {
            json!({ "code": code, "merchant": "30000001", "sku": SKU, "quantity": 2, "state": "KASPI_DELIVERY",
                "status": "ACCEPTED_BY_MERCHANT", "pre_order": pre_order, "created_seconds_ago": 864_000,
                "planned_in_seconds": planned_days * 86_400 })
        };
        let orders = [
            order("400000901", true, 5),
            order("400000902", true, -2),
            order("400000903", false, 1),
        ];
        app.market.control("/control/orders", json!(orders)).await;
        Self::on(app).await
    }

    /// The same, with its token given and its orders read.
    async fn with_orders() -> Self {
        let shop = Self::in_season().await;
        shop.give(TOKEN).await;
        read_due_orders(&shop.app.services).await.unwrap();
        shop
    }

    async fn give(&self, token: &str) {
        let (services, token) = (&self.app.services, Some(Secret::from(token)));
        set_orders_token(services, &Actor::system(), self.store, token)
            .await
            .unwrap();
    }

    fn waiting(&self) -> Vec<PreorderOrder> {
        let rows =
            preorder_order_list(&mut self.app.conn(), Tenant::All, OrderFilter::default(), 100).unwrap();
        rows.into_iter().map(|(order, _)| order).collect()
    }

    /// Says that the goods of an order are there, and does the job.
    async fn arrive(&self, id: PreorderOrderId) {
        let services = &self.app.services;
        let run = ask_arrived(services, &Actor::system(), id).await.unwrap();
        tell_arrived(services, &Actor::system(), self.store, run)
            .await
            .unwrap();
        let state: JobState = job_runs::table
            .find(run)
            .select(job_runs::state)
            .first(&mut self.app.conn())
            .unwrap();
        assert_eq!(state, JobState::Succeeded);
    }

    fn arrival(&self, id: PreorderOrderId) -> (Option<Arrival>, Option<String>) {
        preorder_orders::table
            .find(id)
            .select((preorder_orders::arrival, preorder_orders::arrival_failure))
            .first(&mut self.app.conn())
            .unwrap()
    }

    /// Requests that change an order, by the marketplace's journal.
    async fn told(&self) -> usize {
        self.app.market.calls("order_status").await.len()
    }

    async fn read_again(&self) {
        self.app.advance(700).await;
        read_due_orders(&self.app.services).await.unwrap();
    }
}

#[actix_web::test]
async fn orders_on_preorder_are_read_with_their_goods_and_nothing_of_buyers() {
    let shop = Shop::with_orders().await;
    let waiting = shop.waiting();
    let codes: Vec<&str> = waiting.iter().map(|order| order.code.as_str()).collect();
    assert_eq!(codes, ["400000902", "400000901"], "overdue first");
    for order in &waiting {
        let entries = order.entries.as_ref().expect("lines").as_array().unwrap();
        assert_eq!(entries[0]["sku"], SKU);
        assert_eq!(entries[0]["quantity"], 2);
    }
    // Reading again adds nothing.
    let count = |shop: &Shop| -> i64 {
        preorder_orders::table
            .count()
            .get_result(&mut shop.app.conn())
            .unwrap()
    };
    let before = count(&shop);
    shop.read_again().await;
    assert_eq!(count(&shop), before);
}

#[actix_web::test]
async fn the_goods_of_an_order_are_told_once_and_the_order_waits_no_more() {
    let shop = Shop::with_orders().await;
    let order = shop.waiting().remove(0);
    shop.arrive(order.id).await;
    assert_eq!(shop.arrival(order.id), (Some(Arrival::Told), None));
    assert_eq!(shop.told().await, 1);
    assert!(shop.waiting().iter().all(|other| other.id != order.id));
    let again = ask_arrived(&shop.app.services, &Actor::system(), order.id).await;
    assert!(matches!(again, Err(ArrivalError::TooLate)), "{again:?}");
    shop.read_again().await;
    assert_eq!(shop.arrival(order.id).0, Some(Arrival::Told));
    assert_eq!(shop.told().await, 1);
    let ends: i64 = audit_log::table
        .filter(audit_log::object_kind.eq("preorder_order"))
        .count()
        .get_result(&mut shop.app.conn())
        .unwrap();
    assert_eq!(ends, 2, "asked and told");
}

#[actix_web::test]
async fn a_lost_answer_is_resolved_by_reading_the_order_again() {
    for (kind, end) in [("reset_after", Arrival::Told), ("reset", Arrival::Failed)] {
        let shop = Shop::with_orders().await;
        let order = shop.waiting().remove(0);
        shop.app
            .market
            .fault("order_status", kind, json!({ "times": 1 }))
            .await;
        shop.arrive(order.id).await;
        assert_eq!(shop.arrival(order.id).0, Some(Arrival::Unclear), "{kind}");
        shop.read_again().await;
        assert_eq!(shop.arrival(order.id).0, Some(end), "{kind}");
        assert_eq!(shop.told().await, 1, "{kind}: never repeated by itself");
        if end == Arrival::Failed {
            // A person may say it once more.
            shop.arrive(order.id).await;
            assert_eq!(shop.arrival(order.id).0, Some(Arrival::Told));
        }
    }
}

#[actix_web::test]
async fn what_the_marketplace_says_against_it_is_kept() {
    let shop = Shop::with_orders().await;
    let order = shop.waiting().remove(0);
    let refused = json!({ "status": 400, "times": 1 });
    shop.app.market.fault("order_status", "status", refused).await;
    shop.arrive(order.id).await;
    let (arrival, said) = shop.arrival(order.id);
    assert_eq!(arrival, Some(Arrival::Failed));
    assert!(said.is_some());
    assert!(
        shop.waiting().iter().any(|other| other.id == order.id),
        "it still waits"
    );
}

#[actix_web::test]
async fn a_refused_token_is_not_used_again_until_another_one_is_given() {
    let shop = Shop::in_season().await;
    shop.give("Token-of-nobody").await;
    read_due_orders(&shop.app.services).await.unwrap();
    let asked = shop.app.market.calls("orders").await.len();
    assert!(asked > 0);
    shop.read_again().await;
    assert_eq!(shop.app.market.calls("orders").await.len(), asked);
    shop.give(TOKEN).await;
    read_due_orders(&shop.app.services).await.unwrap();
    assert!(!shop.waiting().is_empty());
}

#[actix_web::test]
async fn the_pages_give_a_token_show_what_is_late_and_ask_before_they_tell() {
    let mut shop = Shop::in_season().await;
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    let empty = admin.get("/preorders/orders").await.expect(200);
    assert!(empty.text(".blank").contains("ещё не подключены"));
    let form = format!("/stores/{}/orders-token", shop.store);
    admin.get(&form).await.expect(200);
    let wrong = admin.post(&form, &[("token", "two words")]).await.expect(422);
    assert_eq!(wrong.attribute("#token", "aria-invalid"), "true");
    assert!(!wrong.body_text().contains("two words"));
    admin.post(&form, &[("token", TOKEN)]).await.expect(303);
    read_due_orders(&shop.app.services).await.unwrap();
    let page = admin.get("/preorders/orders").await.expect(200);
    assert!(page.text(".note.bad").contains("росрочен"));
    assert!(
        page.texts("tbody tr")[0].contains("просрочен"),
        "the late one first"
    );
    let link = page.attribute("tbody tr a.btn", "href");
    let asks = admin.get(&link).await.expect(200);
    assert!(asks.text("form.dlg").contains("на складе?"));
    assert_eq!(shop.told().await, 0, "looking tells nothing");
    admin.post(&link, &[]).await.expect(303);
    let page = admin.get("/preorders/orders").await.expect(200);
    assert!(page.texts("tbody tr")[0].contains("сообщаем Kaspi"));
    // The token is nowhere to be seen, and can be deleted.
    assert!(!page.body_text().contains(TOKEN));
    assert!(!admin.get(&form).await.expect(200).body_text().contains(TOKEN));
    let log = admin.get("/log").await.expect(200);
    assert!(!log.body_text().contains(TOKEN));
    admin.post(&form, &[("forget", "yes")]).await.expect(303);
    let tokens: i64 = orders_accesses::table
        .count()
        .get_result(&mut shop.app.conn())
        .unwrap();
    assert_eq!(tokens, 0);

    let stranger = shop.app.signed_in("stranger", Role::Manager).await;
    stranger.get(&link).await.expect(404);
    stranger.post(&link, &[]).await.expect(404);
    stranger.get(&form).await.expect(404);
    stranger.post(&form, &[("token", TOKEN)]).await.expect(404);
    assert_eq!(
        stranger
            .get("/preorders/orders")
            .await
            .expect(200)
            .count("tbody tr"),
        0
    );
}

#[actix_web::test]
async fn an_arrival_that_no_job_looks_after_is_told_after_the_next_reading() {
    let shop = Shop::with_orders().await;
    shop.sql("update preorder_orders set arrival = 'asked', arrival_at = now() where code = '400000901'");
    shop.read_again().await;
    let runs: Vec<JobRunId> = job_runs::table
        .filter(job_runs::kind.eq("tell_arrived"))
        .select(job_runs::id)
        .load(&mut shop.app.conn())
        .unwrap();
    assert_eq!(runs.len(), 1);
    tell_arrived(&shop.app.services, &Actor::system(), shop.store, runs[0])
        .await
        .unwrap();
    assert_eq!(shop.told().await, 1);
    let told = preorder_orders::table
        .filter(preorder_orders::code.eq("400000901"))
        .select(preorder_orders::arrival)
        .first::<Option<Arrival>>(&mut shop.app.conn())
        .unwrap();
    assert_eq!(told, Some(Arrival::Told));
}

#[actix_web::test]
async fn a_worker_that_dies_while_it_tells_leaves_an_order_that_is_read_and_not_told_again() {
    let shop = Shop::with_orders().await;
    let order = shop.waiting().remove(0);
    let slow = json!({ "delay_ms": 60_000, "times": 1 });
    shop.app.market.fault("order_status", "slow", slow).await;
    let services = &shop.app.services;
    let run = ask_arrived(services, &Actor::system(), order.id).await.unwrap();
    let actor = Actor::system();
    let telling = tell_arrived(services, &actor, shop.store, run);
    let told = wait_until("the marketplace is told", Duration::from_secs(30), || async {
        let told = shop.told().await;
        if told == 1 { Ok(()) } else { Err(told) }
    });
    tokio::select! {
        ended = telling => panic!("{ended:?}"),
        () = told => {}
    }
    assert_eq!(shop.arrival(order.id).0, Some(Arrival::Unclear));
    shop.app.market.clear_faults().await;
    // The next worker takes the run up: nothing is left to tell.
    tell_arrived(services, &actor, shop.store, run).await.unwrap();
    assert_eq!(shop.told().await, 1);
}
