//! Lists of big tables: pages by place, stretches, rows of other tables, days, columns, files.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use diesel::prelude::*;
use kaspi_panel::schema::products;

use super::{panel, product};
use crate::support::{Answer, Client, TestApp};

const PRODUCTS: &str = "/admin/products/";

async fn list(client: &Client, query: &str) -> Answer {
    client.get(&format!("{PRODUCTS}{query}")).await.expect(200)
}

fn names(list: &Answer) -> Vec<String> {
    list.texts("main tbody th")
}

#[tokio::test]
async fn a_big_table_is_paged_in_both_directions_and_never_counted() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    for number in 0..60 {
        product(
            &app,
            store,
            &format!("S{number:02}"),
            &format!("Kettle {number:02}"),
            100,
        );
    }
    let kettle = |number: usize| format!("Kettle {number:02}");
    let down = |from: usize, count: usize| (0..count).map(|n| kettle(from - n)).collect::<Vec<_>>();
    let first = list(&root, "?n=25").await;
    assert_eq!(names(&first), down(59, 25));
    assert!(!first.text("main .head").contains("60"), "nothing is counted");
    assert_eq!(first.count("main .pager a[rel=prev]"), 0);
    let second = list(&root, &first.attribute("main .pager a[rel=next]", "href")).await;
    assert_eq!(names(&second), down(34, 25));
    let third = list(&root, &second.attribute("main .pager a[rel=next]", "href")).await;
    assert_eq!(names(&third), down(9, 10));
    assert_eq!(third.count("main .pager a[rel=next]"), 0);
    let back = list(&root, &third.attribute("main .pager a[rel=prev]", "href")).await;
    assert_eq!(names(&back), down(34, 25));
    let last = list(&root, "?n=25&before=").await;
    assert_eq!(names(&last), down(24, 25));
    assert_eq!(last.count("main .pager a[rel=next]"), 0);
    // What fits on a page is counted by looking at it.
    let few = list(&root, "?q=Kettle+05").await;
    assert_eq!(names(&few), ["Kettle 05"]);
    assert_eq!(few.text("main .filters output"), "1 запись");
}

#[tokio::test]
async fn stretches_narrow_by_money_numbers_and_days() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let cheap = product(&app, store, "A", "Cheap", 9_000);
    product(&app, store, "B", "Middle", 10_000);
    product(&app, store, "C", "Dear", 11_000);
    diesel::update(products::table.find(cheap))
        .set((
            products::stock.eq(7),
            products::updated_at.eq("2026-11-20T19:30:00Z"
                .parse::<chrono::DateTime<chrono::Utc>>()
                .unwrap()),
        ))
        .execute(&mut app.conn())
        .unwrap();
    for (query, expected) in [
        ("?price-from=10+000&o=name", vec!["Dear", "Middle"]),
        ("?price-until=10000&o=name", vec!["Cheap", "Middle"]),
        ("?price-from=9500&price-until=10500", vec!["Middle"]),
        ("?stock-from=7", vec!["Cheap"]),
        ("?stock-until=6", vec![]),
        // The day is Almaty's.
        (
            "?updated_at-from=2026-11-21&updated_at-until=2026-11-21",
            vec!["Cheap"],
        ),
        ("?updated_at-until=2026-11-20", vec![]),
    ] {
        assert_eq!(names(&list(&root, query).await), expected, "{query}");
    }
    let page = list(&root, "?price-from=9500").await;
    assert_eq!(page.attribute("#s-price-from", "value"), "9500");
}

#[tokio::test]
async fn a_row_of_another_table_is_found_by_typing() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    product(&app, store, "A", "Kettle", 9_000);
    let owner = crate::support::db_user(&mut app.conn(), "boris", kaspi_panel::domain::Role::Manager);
    let other = crate::support::db_store(&mut app.conn(), owner, "30000002");
    product(&app, other, "B", "Iron", 9_000);
    let by_key = list(&root, &format!("?store={store}")).await;
    assert_eq!(names(&by_key), ["Kettle"]);
    assert_eq!(by_key.attribute("#r-store", "value"), "Store 30000001 · 30000001");
    for typed in ["30000002", "Store+30000002+%C2%B7+30000002"] {
        assert_eq!(
            names(&list(&root, &format!("?store={typed}")).await),
            ["Iron"],
            "{typed}"
        );
    }
    // What is not clear shows nothing, not everything.
    let several = list(&root, "?store=store").await;
    assert_eq!(several.count("main tbody th"), 0);
    let links = several.page_links("main .facet .err + ul a");
    assert_eq!(links.len(), 2);
    assert_eq!(names(&list(&root, &links[1]).await), ["Iron"]);
    let none = list(&root, "?store=nobody").await;
    assert_eq!(
        (none.count("main tbody th"), none.count("main .facet .err")),
        (0, 1)
    );
    let offered = root
        .get(&format!("{PRODUCTS}choices/store/?store=0002"))
        .await
        .expect(200);
    assert_eq!(offered.attribute("option", "value"), "Store 30000002 · 30000002");
    root.get(&format!("{PRODUCTS}choices/owner/?owner=x"))
        .await
        .expect(404);
}

#[tokio::test]
async fn the_days_of_a_log_lead_in_and_out() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let id = product(&app, store, "A", "Kettle", 9_000);
    let form = [("version", "1"), ("floor_tenge", "7000"), ("ceiling_tenge", "")];
    root.post(&format!("{PRODUCTS}{id}/"), &form).await.expect(303);
    let log = root.get("/admin/audit-log/?day=2026-11").await.expect(200);
    assert_eq!(log.count("main tbody tr"), 1);
    let steps = log.texts("main .drill a");
    assert_eq!(steps.len(), 24, "out, and the days up to today: {steps:?}");
    let days = log.page_links("main .drill a");
    let today = root
        .get(&format!("/admin/audit-log/{}", days[23]))
        .await
        .expect(200);
    assert_eq!(today.count("main tbody tr"), 1);
    let yesterday = root
        .get(&format!("/admin/audit-log/{}", days[22]))
        .await
        .expect(200);
    assert_eq!(yesterday.count("main tbody tr"), 0);
    root.get("/admin/audit-log/?day=2026-13").await.expect(400);
}

#[tokio::test]
async fn a_file_holds_exactly_what_is_shown() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    product(&app, store, "A", "=1+1", 9_000);
    product(&app, store, "B", "Kettle", 12_000);
    product(&app, store, "C", "Iron", 15_000);
    let query = "?price-until=12000&o=name&c=name&c=price";
    let page = list(&root, query).await;
    assert_eq!(page.texts("main thead th"), ["Название", "Цена"]);
    assert_eq!(names(&page), ["=1+1", "Kettle"]);
    let link = page
        .page_links("main .head .acts a")
        .into_iter()
        .find(|link| link.contains("export"))
        .unwrap();
    let file = root.get(&link).await.expect(200);
    assert!(
        file.header("content-disposition")
            .contains("products_2026-11-23_1200.xlsx")
    );
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.body)).unwrap();
    let sheet = book.worksheet_range("Товары").unwrap();
    let rows: Vec<Vec<Data>> = sheet.rows().map(<[Data]>::to_vec).collect();
    let text = |text: &str| Data::String(text.to_owned());
    assert_eq!(
        rows,
        [
            vec![text("Название"), text("Цена")],
            vec![text("=1+1"), Data::Float(9_000.0)],
            vec![text("Kettle"), Data::Float(12_000.0)],
        ]
    );
}
