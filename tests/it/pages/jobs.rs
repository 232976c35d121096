//! The list of background work and one run.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{JobState, Role},
    schema::{job_runs, users},
};

use crate::support::{TestApp, db_store};

#[tokio::test]
async fn work_is_listed_shown_and_called_off() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    assert_eq!(client.get("/jobs").await.expect(200).texts(".blank").len(), 1);
    let owner = users::table.select(users::id).first(&mut app.conn()).unwrap();
    let store = db_store(&mut app.conn(), owner, "30000001");
    client
        .post(&format!("/stores/{store}/sync"), &[])
        .await
        .expect(303);
    let page = client.get("/jobs").await.expect(200);
    assert_eq!(page.texts(".job h3"), ["Сверка каталога · Store 30000001"]);
    assert_eq!(
        page.texts("main .note.bad h3"),
        ["Ни один исполнитель не работает"]
    );
    diesel::sql_query(
        "insert into workers (id, host, pid, build_id, started_at, seen_at)
         values (gen_random_uuid(), 'a', 1, 'test', now(), now())",
    )
    .execute(&mut app.conn())
    .unwrap();
    assert_eq!(client.get("/jobs").await.texts("main .note.bad").len(), 0);
    let run = page.attribute(".job a.btn", "href");
    let shown = client.get(&run).await.expect(200);
    assert_eq!(shown.text("h1"), "Сверка каталога");
    let other = app.signed_in("other", Role::Manager).await;
    other.get(&run).await.expect(404);
    other.post(&format!("{run}/cancel"), &[]).await.expect(404);
    // Whoever may only look at the store stops no work of it, whatever he may do elsewhere.
    diesel::sql_query(format!(
        "insert into store_access (store_id, user_id, role, created_at)
         select '{store}', id, 'viewer', now() from users where external_id = 'other'"
    ))
    .execute(&mut app.conn())
    .unwrap();
    other.get(&run).await.expect(200);
    other.post(&format!("{run}/cancel"), &[]).await.expect(403);
    client.post(&format!("{run}/cancel"), &[]).await.expect(303);
    let state: JobState = job_runs::table
        .select(job_runs::state)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(state, JobState::Cancelled);
    let page = client.get(&run).await.expect(200);
    assert_eq!(page.texts(".flash"), ["Задание отменено"]);
    client.post(&format!("{run}/cancel"), &[]).await.expect(303);
    assert_eq!(client.get(&run).await.texts(".flash.bad").len(), 1, "too late");
    assert_eq!(client.get("/jobs").await.texts("tbody .st"), ["отменено"]);
    assert_eq!(
        client
            .get("/jobs?state=failed")
            .await
            .expect(200)
            .texts("tbody tr")
            .len(),
        0
    );
}
