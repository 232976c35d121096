//! What a run did is kept with it: counts, and the skus of each kind.

use super::*;

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
