//! The database is there and does not do its part: read-only, without a free connection, full. No price is sent, no page is
//! an error of ours, and when the trouble is over everything goes on without a restart.

use diesel::connection::SimpleConnection;
use kaspi_panel::domain::Role;

use super::*;
use crate::support::long;

/// What happens to the database, and what ends it. `DB`: its name.
const TROUBLES: [(&str, &str, &str); 3] = [
    (
        "read-only",
        "alter database DB set default_transaction_read_only = on",
        "set default_transaction_read_only = off; alter database DB reset default_transaction_read_only",
    ),
    (
        "no connections",
        "alter database DB connection limit 0",
        "alter database DB connection limit -1",
    ),
    (
        "full",
        "create function full_disk() returns trigger language plpgsql as $$ begin
           raise exception using errcode = '53100',
             message = 'could not extend file \"base/1/2\": No space left on device'; end $$;
         do $$ declare t text; begin
           for t in select format('%I', relname) from pg_class where relnamespace = 'public'::regnamespace
             and relkind in ('r', 'p') and not relispartition loop
             execute 'create trigger full_disk before insert or update on ' || t || ' for each statement execute function full_disk()';
           end loop; end $$",
        "drop function full_disk() cascade",
    ),
];

#[actix_web::test]
async fn nothing_is_sent_while_the_database_cannot_write_and_everything_goes_on_afterwards() {
    let mut shop = Shop::open().await;
    let client = shop.app.signed_in("anna", Role::Admin).await;
    client.token().await;
    // A price waits to be sent, and the product to be looked at, all the time.
    shop.reprice().await;
    assert_eq!(shop.pushes(), [(PushState::Planned, None)]);
    shop.sql("update product_checks set next_check_at = '2026-11-23T06:59:00Z'");
    let name = shop.app.db.url().rsplit('/').next().unwrap().to_owned();
    // Opened before: it stays where no new one is taken.
    let mut keeper = shop.app.conn();
    let page = format!("/products/{}", shop.product);

    for (trouble, begin, end) in TROUBLES {
        keeper.batch_execute(&begin.replace("DB", &name)).unwrap();
        let others = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and pid <> pg_backend_pid()"
        );
        keeper.batch_execute(&others).unwrap();

        // Connections that were cut off are noticed at their next use. One that is not to be had is waited for.
        let tries = if trouble == "no connections" { 1 } else { 2 };
        for _ in 0..tries {
            let pushed = push_store(&shop.app.services, shop.store, shop.worker).await;
            assert!(
                pushed.is_err() || pushed.is_ok_and(|done| done.sent == 0),
                "{trouble}"
            );
            let decided = reprice_due(&shop.app.services, PASS).await;
            assert!(
                decided.is_err() || decided.is_ok_and(|pass| pass.changed == 0),
                "{trouble}"
            );
        }
        let stop = [("reason", "stop-reason-check"), ("scope", "all"), ("details", "")];
        let answer = client.post("/stop", &stop).await;
        assert_eq!(answer.status, 503, "{trouble}: {}", answer.body_text());
        assert!(!answer.header("retry-after").is_empty(), "{trouble}");
        let read = client.get(&page).await;
        assert!(
            [200, 503].contains(&read.status.as_u16()),
            "{trouble}: {}",
            read.status
        );
        assert_eq!(client.get("/health/").await.status, 200, "{trouble}");
        assert_eq!(shop.asked().await.len(), 0, "{trouble}: no price was sent");

        keeper.batch_execute(&end.replace("DB", &name)).unwrap();
        keeper.batch_execute(&others).unwrap();
        // The same program, the same connections' pool.
        let mut answer = client.get(&page).await;
        for _ in 0..4 {
            if answer.status != 503 {
                break;
            }
            answer = client.get(&page).await;
        }
        assert_eq!(answer.status, 200, "{trouble} is over");
        assert_eq!(
            shop.pushes().len(),
            1,
            "{trouble}: what was planned is still planned"
        );
    }
    let stops = kaspi_panel::schema::kill_switches::table
        .count()
        .get_result::<i64>(&mut keeper)
        .unwrap();
    assert_eq!(stops, 0, "a stop that was refused is none");
    let pass = shop.reprice().await;
    assert_eq!(pass.failed, 0);
    assert_eq!(shop.push().await.sent, 1);
}

/// A disk is mounted, which root alone may: in the long form.
#[actix_web::test]
async fn a_disk_that_is_really_full_holds_what_it_cannot_keep_and_everything_goes_on_afterwards() {
    for _ in 0..i32::from(long()) {
        let mut shop = Shop::on(TestApp::builder().small_disk().build()).await;
        shop.sql("update products set floor_tenge = 1000");
        let client = shop.app.signed_in("anna", Role::Admin).await;
        client.token().await;
        shop.app.db.disk().fill();

        // Rows still find room on pages that are there; then none.
        let mut price = 15_900;
        let mut refused = 0;
        for _ in 0..60 {
            price -= 20;
            move_rival(&shop, price).await;
            let decided = reprice_due(&shop.app.services, PASS).await;
            let pushed = push_store(&shop.app.services, shop.store, shop.worker).await;
            refused +=
                usize::from(decided.is_err() || decided.is_ok_and(|pass| pass.failed > 0) || pushed.is_err());
            for answer in [
                client.get("/products").await,
                client
                    .post("/stop", &[("reason", "stop-reason-check"), ("scope", "no-such")])
                    .await,
            ] {
                assert_ne!(answer.status, 500, "{}", answer.body_text());
            }
            shop.later(130).await;
            if refused > 3 {
                break;
            }
        }
        assert!(refused > 3, "the disk is full");
        let sent = sent(&shop);
        assert_eq!(
            shop.asked().await.len(),
            sent,
            "nothing was asked for that is not written down"
        );

        shop.app.db.disk().relieve();
        // The same program. What was under way ends, and the next price goes out.
        let mut more = 0;
        for _ in 0..20 {
            price -= 20;
            move_rival(&shop, price).await;
            shop.later(130).await;
            let decided = reprice_due(&shop.app.services, PASS).await;
            let pushed = push_store(&shop.app.services, shop.store, shop.worker).await;
            if let (Ok(pass), Ok(done)) = (decided, pushed) {
                assert_eq!(pass.failed, 0);
                more += done.sent;
            }
            if more > 1 {
                break;
            }
        }
        assert!(more > 1, "prices are sent again: {:?}", shop.pushes());
        client.get("/products").await.expect(200);
    }
}

async fn move_rival(shop: &Shop, price: i64) {
    let rival = json!({ "card": "100000001", "merchant_id": "40000009", "name": "Mover", "prices": { "750000000": price } });
    shop.app.market.control("/control/rivals", rival).await;
}

/// Writes that the journal says left.
fn sent(shop: &Shop) -> usize {
    let count: i64 = price_pushes::table
        .filter(price_pushes::sent_at.is_not_null())
        .count()
        .get_result(&mut shop.app.conn())
        .unwrap();
    usize::try_from(count).unwrap()
}
