//! What a run did is kept with it: counts, and the skus of each kind.

use std::time::Duration;

use kaspi_panel::{secrets::Secret, worker};
use tokio::sync::watch;

use super::*;
use crate::support::wait_until;

/// The skus of a run's changes of a kind, with the reason and whether there is a product.
fn changes(app: &TestApp, run: JobRunId, kind: SyncChangeKind) -> Vec<(String, Option<String>, bool)> {
    let mut conn = app.conn();
    let store_id: StoreId = stores::table.select(stores::id).first(&mut conn).unwrap();
    sync_change_list(&mut conn, run, store_id, kind, 1_000)
        .unwrap()
        .into_iter()
        .map(|change| {
            (
                change.sku.unwrap_or_default(),
                change.reason,
                change.product.is_some(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_run_tells_which_products_are_new_changed_gone_back_and_unreadable() {
    let (app, id) = app().await;
    bulk(&app, 3).await;
    let (_, first) = sync(&app, id).await;
    assert_eq!(changes(&app, first.id, SyncChangeKind::Added).len(), 19);
    let key = |n: usize| json!({ "merchant": "30000001", "sku": sku(n) });
    app.market.delete("/control/offers", key(0)).await;
    let (_, second) = sync(&app, id).await;
    bulk(&app, 1).await;
    app.market.delete("/control/offers", key(1)).await;
    let dearer =
        json!({ "merchant": "30000001", "sku": sku(2), "card": "200000002", "title": "Bulk 2", "price": 5 });
    app.market.control("/control/offers", dearer).await;

    let (_, third) = sync(&app, id).await;

    assert_eq!(third.summary, summary(0, 1, 1, 1, 16));
    let one = |n: usize| vec![(sku(n), None, true)];
    assert_eq!(changes(&app, second.id, SyncChangeKind::Archived), one(0));
    assert_eq!(changes(&app, third.id, SyncChangeKind::Restored), one(0));
    assert_eq!(changes(&app, third.id, SyncChangeKind::Archived), one(1));
    assert_eq!(changes(&app, third.id, SyncChangeKind::Changed), one(2));
    assert_eq!(changes(&app, third.id, SyncChangeKind::Added), []);
}

#[tokio::test]
async fn of_many_changes_the_first_are_kept_and_all_are_counted() {
    let (app, id) = app().await;
    bulk(&app, 620).await;

    let (_, run) = sync(&app, id).await;

    assert_eq!(run.summary["added"], 636);
    let kept = changes(&app, run.id, SyncChangeKind::Added);
    assert_eq!(kept.len(), CHANGES_KEPT);
    assert!(kept.iter().all(|(_, reason, known)| *known && reason.is_none()));
}

#[tokio::test]
async fn the_page_of_a_run_shows_what_changed_kind_by_kind() {
    let (mut app, id) = app().await;
    bulk(&app, 2).await;
    synced(&app, id).await;
    app.market
        .delete(
            "/control/offers",
            json!({ "merchant": "30000001", "sku": sku(1) }),
        )
        .await;
    app.market
        .fault(
            "list",
            "row_patch",
            json!({ "after": 1, "times": 1, "patch": { "price": 1.5 } }),
        )
        .await;
    let (_, run) = sync(&app, id).await;
    let client = app.sign_in("aigul").await;
    let path = format!("/jobs/{}", run.id);

    let page = client.get(&path).await.expect(200);

    assert_eq!(
        page.texts(".tabs a"),
        ["Новые0", "Изменились0", "Пропали1", "Вернулись0", "Не прочитаны3"]
    );
    assert_eq!(
        page.text(".tabs [aria-current]"),
        "Пропали1",
        "the first that has any"
    );
    assert_eq!(page.texts("tbody th"), [sku(1)]);
    assert!(page.attribute("tbody a", "href").starts_with("/products/"));
    let failed = client.get(&format!("{path}?kind=failed")).await.expect(200);
    assert_eq!(failed.count("tbody tr"), 3);
    assert_eq!(
        failed.texts("tbody td")[0],
        "Цена записана не целым числом. Товар остался как был."
    );
    let added = client.get(&format!("{path}?kind=added")).await.expect(200);
    assert_eq!((added.count("tbody tr"), added.count(".blank")), (0, 1));
    client.get(&format!("{path}?kind=unknown")).await.expect(200);
    let store = client.get(&format!("/stores/{id}")).await.expect(200);
    let outcome = "Прочитано: 14, новых: 0, изменилось: 0, пропало: 1, вернулось: 0, не прочитано: 3.";
    assert!(
        store.texts("td").contains(&outcome.to_owned()),
        "{:?}",
        store.texts("td")
    );
}

#[tokio::test]
async fn an_incomplete_run_says_so() {
    let (mut app, id) = app().await;
    app.market
        .fault("list", "patch", json!({ "patch": { "total": 99 }, "times": 1 }))
        .await;
    let (_, run) = sync(&app, id).await;

    let client = app.sign_in("aigul").await;
    let page = client.get(&format!("/jobs/{}", run.id)).await.expect(200);

    let status = page.text(".job [role=status]");
    assert!(
        status.contains("Kaspi показал 16 из 102, поэтому ничего не убрано в архив."),
        "{status}"
    );
}

#[tokio::test]
async fn a_dead_run_is_tried_again_from_the_list_and_goes_on_where_it_stopped() {
    let (mut app, id) = app().await;
    bulk(&app, 250).await;
    app.market
        .fault("list", "malformed", json!({ "after": 3, "times": 1 }))
        .await;
    let (result, dead) = sync(&app, id).await;
    assert_eq!(result, Err(JobError::Fail("malformed_answer")));
    let client = app.sign_in("aigul").await;
    let list = client.get("/jobs?state=failed").await.expect(200);
    let action = list.attribute("tbody form", "action");
    assert_eq!(action, format!("/jobs/{}/retry", dead.id));

    let new = client.post(&action, &[]).await.expect(303).location();

    let page = client.get(&new).await.expect(200);
    assert_eq!(page.texts(".flash"), ["Сверка каталога запущена ещё раз"]);
    let new_id: JobRunId = new.trim_start_matches("/jobs/").parse().unwrap();
    assert_eq!(jobs::sync_store::run(app.services.clone(), new_id).await, Ok(()));
    assert_eq!(run(&app, new_id).summary["resumed"], 203);
    let page = client.get(&new).await.expect(200);
    assert!(
        page.text(".card-body .dim").contains("203"),
        "{}",
        page.text(".card-body .dim")
    );
    // What succeeded is not tried again, and what is somebody else's is not there.
    client.post(&format!("{new}/retry"), &[]).await.expect(303);
    assert_eq!(client.get(&new).await.texts(".flash.bad").len(), 1);
    let other = app.signed_in("other", kaspi_panel::domain::Role::Manager).await;
    other.post(&action, &[]).await.expect(404);
}

#[tokio::test]
async fn a_waiting_run_tells_until_when_and_why_and_is_called_off_from_the_store() {
    let (mut app, id) = app().await;
    app.market
        .fault(
            "list",
            "status",
            json!({ "status": 429, "retry_after": 600, "times": 1 }),
        )
        .await;
    let (result, waiting) = sync(&app, id).await;
    assert_eq!(result, Err(JobError::Postponed("rate_limited")));
    let client = app.sign_in("aigul").await;

    let page = client.get(&format!("/stores/{id}")).await.expect(200);

    assert_eq!(
        page.text(".job [role=status]"),
        "Ждёт до 12:10: Слишком много запросов к Kaspi. Попробуйте позже."
    );
    let action = page.attribute(".job form", "action");
    client.post(&action, &[]).await.expect(303);
    assert_eq!(run(&app, waiting.id).state, JobState::Cancelled);
    let page = client.get(&format!("/stores/{id}")).await.expect(200);
    assert_eq!(page.count(".job"), 0);
}

#[tokio::test]
async fn which_products_a_run_changed_is_forgotten_after_a_month_and_their_number_is_not() {
    let (mut app, id) = app().await;
    let (_, old) = sync(&app, id).await;
    app.advance(30 * 86_400).await;
    bulk(&app, 2).await;
    let (_, young) = sync(&app, id).await;
    let kept = |run: &JobRun| changes(&app, run.id, SyncChangeKind::Added).len();
    assert_eq!((kept(&old), kept(&young)), (16, 2));
    app.advance(1).await;

    // The worker does it by itself, and may.
    let (stop, stopped) = watch::channel(false);
    let (services, database) = (app.services.clone(), Secret::from(app.db.url()));
    let working =
        tokio::spawn(async move { worker::run(services, &database, "test".to_owned(), stopped).await });
    wait_until("the old changes are gone", Duration::from_secs(60), || async {
        match kept(&old) {
            0 => Ok(()),
            left => Err(left),
        }
    })
    .await;
    stop.send_replace(true);
    working.await.unwrap().expect("the worker ends in order");

    assert_eq!(kept(&young), 2, "its month is not over");
    let client = app.sign_in("aigul").await;
    let page = client.get(&format!("/jobs/{}", old.id)).await.expect(200);
    assert_eq!(page.texts(".tabs a")[0], "Новые16");
    assert_eq!(
        page.text(".blank"),
        "Какие это товары, хранится 30 дней. Количество остаётся."
    );
    let none = client.get(&format!("/jobs/{}?kind=changed", old.id)).await;
    assert_eq!(none.text(".blank"), "Таких товаров нет.");
}
