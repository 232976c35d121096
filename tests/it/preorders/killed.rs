//! Workers that are killed between the steps of an upload: whatever is left, one file arrives.

use std::time::Duration;

use futures_util::future::join_all;

use super::*;
use crate::support::{Process, wait_until};

#[actix_web::test]
async fn a_worker_killed_at_any_step_leaves_one_file() {
    // At once: each waits for the minutes after which an upload is looked at.
    let points = [
        "upload_noted:1:kill",
        "upload_answered:1:kill",
        "upload_taken:1:kill",
    ];
    join_all(points.map(killed_at)).await;
}

async fn killed_at(point: &str) {
    let shop = Shop::on(TestApp::builder().real_time().build()).await;
    let id = shop.ask().await;
    let mut first = Process::worker(
        &shop.app,
        &[
            ("KASPI_PANEL_FAIL_POINT", point),
            ("KASPI_PANEL_WORKER_LOST_SECONDS", "6"),
        ],
    );
    first.ended().await;
    assert!(!shop.upload(id).state.is_final(), "{point}");
    let _second = Process::worker(&shop.app, &[("KASPI_PANEL_WORKER_LOST_SECONDS", "6")]);
    wait_until("the end of the upload", Duration::from_secs(240), || async {
        let state = shop.upload(id).state;
        if state.is_final() { Ok(()) } else { Err(state) }
    })
    .await;
    assert_eq!(shop.state(id), (UploadState::Applied, None), "{point}");
    assert_eq!(shop.app.market.calls("upload").await.len(), 1, "{point}");
}
