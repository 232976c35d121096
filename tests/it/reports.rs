//! Reports in Excel from the button to the cells, and who may have them.

use std::{io::Cursor, time::Duration};

use calamine::{Data, Reader, Xlsx};
use chrono::TimeDelta;
use diesel::{connection::SimpleConnection, prelude::*};
use kaspi_panel::{
    app::{reports::REPORT_LIFE, retention::forget_old},
    domain::{JobKind, JobRunId, JobState, ProductId, PushState, ReportId, ReportState, Role, UserId},
    schema::{
        audit_log, job_runs, preorders, price_changes, price_pushes, products, report_parts, reports, users,
    },
    store::{
        StoreError,
        reports::{Finished, ReportTry, report_finish, report_part_insert, report_start},
    },
    worker::jobs::make_report,
};

use crate::{
    pages::seed::{CITY, db_decision, db_push},
    support::{
        Answer, Client, NewProduct, Process, TestApp, db_product, db_store, db_user, db_waiting_runs, now,
        wait_until,
    },
};

fn user_of(app: &TestApp, name: &str) -> UserId {
    users::table
        .filter(users::external_id.eq(name))
        .select(users::id)
        .first(&mut app.conn())
        .unwrap()
}

/// Runs that wait, the oldest first.
fn waiting(app: &TestApp) -> Vec<JobRunId> {
    db_waiting_runs(&mut app.conn(), JobKind::MakeReport)
}

/// Makes what waits as a worker would.
async fn work(app: &TestApp) {
    for run in waiting(app) {
        make_report::run(app.services.clone(), run).await.unwrap();
    }
}

/// The newest report.
fn newest(app: &TestApp) -> (ReportId, ReportState, String) {
    reports::table
        .order(reports::id.desc())
        .select((reports::id, reports::state, reports::name))
        .first(&mut app.conn())
        .unwrap()
}

/// Asks for a report, makes it and fetches its file.
async fn made(app: &TestApp, client: &Client, fields: &[(&str, &str)]) -> Answer {
    let answer = client.post("/reports", fields).await.expect(303);
    assert_eq!(answer.location(), "/reports");
    work(app).await;
    let (id, state, name) = newest(app);
    assert_eq!(state, ReportState::Ready);
    let file = client.get(&format!("/reports/{id}/file")).await.expect(200);
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"{name}\"")
    );
    assert_eq!(file.header("content-length"), file.body.len().to_string());
    assert_eq!(file.header("cache-control"), "no-store");
    file.keep_sheet(fields[0].1);
    file
}

/// Rows of a sheet, each cell as a text that tells its type where it is not one.
fn sheet(file: &Answer, name: &str) -> Vec<Vec<String>> {
    let mut book = Xlsx::new(Cursor::new(&file.body)).unwrap();
    let range = book.worksheet_range(name).unwrap();
    let cell = |cell: &Data| match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) => format!("#{number}"),
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, ..) = at.to_ymd_hms_milli();
            format!("@{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
        }
        other => panic!("{other:?}"),
    };
    range.rows().map(|row| row.iter().map(cell).collect()).collect()
}

/// The cells of one line under these headers.
fn line<'a>(rows: &'a [Vec<String>], line: usize, headers: &[&str]) -> Vec<&'a str> {
    headers
        .iter()
        .map(|header| {
            let column = rows[0].iter().position(|each| each == header);
            rows[line][column.unwrap_or_else(|| panic!("{header}: {:?}", rows[0]))].as_str()
        })
        .collect()
}

#[tokio::test]
async fn products_come_as_the_list_filters_them() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let aigul = user_of(&app, "aigul");
    let conn = &mut app.conn();
    let store = db_store(conn, aigul, "30000001");
    for (sku, name, price) in [
        ("S-1", "=HYPERLINK(\"https://example.kz\")", 10_000),
        ("S-2", "Kettle two", 12_500),
        ("S-3", "Toaster", 9_000),
    ] {
        let new = NewProduct {
            sku,
            name,
            price,
            ..NewProduct::default()
        };
        db_product(conn, store, &new);
    }
    let other = db_user(conn, "other", Role::Manager);
    let theirs = db_store(conn, other, "30000009");
    db_product(conn, theirs, &NewProduct::default());

    let page = client.get("/products?q=e&sort=name").await.expect(200);
    let form: Vec<(String, String)> = page
        .form_fields("#excel")
        .into_iter()
        .filter(|(name, _)| name != "csrf_token")
        .collect();
    assert_eq!(
        form,
        [
            ("kind".to_owned(), "products".to_owned()),
            ("q".to_owned(), "e".to_owned())
        ]
    );
    let found = client.htmx().get("/products?q=kettle").await.expect(200);
    assert_eq!(
        found.attribute("#excel input[name=q]", "value"),
        "kettle",
        "the button follows the search"
    );

    let file = made(&app, &client, &[("kind", "products")]).await;
    let rows = sheet(&file, "Товары");
    assert_eq!(rows.len(), 4, "what is somebody else's is not in it: {rows:?}");
    assert_eq!(
        line(
            &rows,
            3,
            &[
                "Магазин",
                "Артикул",
                "Товар",
                "Карточка",
                "Цена",
                "Пол",
                "Потолок",
                "Затраты на штуку",
                "В продаже",
                "Автоцены",
                "Цена прочитана"
            ]
        ),
        [
            "Store 30000001",
            "S-1",
            "=HYPERLINK(\"https://example.kz\")",
            "100000001",
            "#10000",
            "#8000",
            "#12000",
            "",
            "да",
            "да",
            "@2026-11-23 12:00"
        ]
    );
    assert_eq!(newest(&app).2, "products_2026-11-23_1200.xlsx");

    let file = made(
        &app,
        &client,
        &[
            ("kind", "products"),
            ("q", "kettle"),
            ("store", &store.to_string()),
            ("view", "auto"),
        ],
    )
    .await;
    let rows = sheet(&file, "Товары");
    assert_eq!(line(&rows, 1, &["Артикул"]), ["S-2"]);
    assert_eq!(rows.len(), 2);
    let about = sheet(&file, "Параметры");
    let about: Vec<(&str, &str)> = about
        .iter()
        .map(|row| (row[0].as_str(), row[1].as_str()))
        .collect();
    assert!(about.contains(&("Отчёт", "Товары")), "{about:?}");
    assert!(about.contains(&("Магазин", "Store 30000001")), "{about:?}");
    assert!(about.contains(&("Поиск", "kettle")), "{about:?}");
    assert!(about.contains(&("Строк", "#1")), "{about:?}");
    assert!(about.contains(&("Сделан", "@2026-11-23 12:00")), "{about:?}");
    assert!(about.contains(&("Для кого", "aigul")), "{about:?}");
    let audited: i64 = audit_log::table
        .filter(audit_log::object_kind.eq("report"))
        .filter(audit_log::action.eq("create"))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(audited, 2);
}

#[tokio::test]
async fn price_changes_tell_who_changed_them_and_why() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let aigul = user_of(&app, "aigul");
    let conn = &mut app.conn();
    let store = db_store(conn, aigul, "30000001");
    let product = db_product(conn, store, &NewProduct::default());
    let decided = db_decision(conn, product, "30000001", &[("30000002", 9_500)]);
    db_push(
        conn,
        (store, product),
        Some(decided.0),
        (10_000, 9_499),
        (PushState::Confirmed, None),
    );
    let push: uuid::Uuid = price_pushes::table
        .select(price_pushes::id)
        .first::<kaspi_panel::domain::PushId>(conn)
        .unwrap()
        .0;
    diesel::delete(price_changes::table).execute(conn).unwrap();
    change(conn, product, 0, (Some(10_000), Some(9_499)), Some(push));
    change(conn, product, 60, (Some(9_499), Some(12_000)), None);
    change(conn, product, 120, (None, Some(10_000)), None);
    // A day before the period, and somebody else's.
    change(conn, product, 40 * 24 * 60, (None, Some(1)), None);
    change(conn, ProductId::new(), 1, (None, Some(2)), None);

    let file = made(
        &app,
        &client,
        &[("kind", "price_changes"), ("product", &product.to_string())],
    )
    .await;
    let rows = sheet(&file, "Изменения цен");
    assert_eq!(rows.len(), 4, "{rows:?}");
    let headers = [
        "Когда",
        "Магазин",
        "Артикул",
        "Товар",
        "Город",
        "Было",
        "Стало",
        "Разница",
        "Разница, %",
        "Кто",
        "Лучшая цена соперника",
    ];
    assert_eq!(
        line(&rows, 1, &headers),
        [
            "@2026-11-23 12:00",
            "Store 30000001",
            "SKU-1",
            "Kettle",
            "Алматы",
            "#10000",
            "#9499",
            "#-501",
            "#-0.0501",
            "Робот",
            "#9500"
        ]
    );
    let why = line(&rows, 1, &["Причина"])[0];
    assert!(!why.is_empty() && !why.contains('_'), "in words: {why}");
    assert_eq!(
        line(&rows, 2, &["Было", "Стало", "Кто", "Причина"]),
        [
            "#9499",
            "#12000",
            "Не панель",
            "изменена в кабинете или другой программой"
        ]
    );
    assert_eq!(
        line(&rows, 3, &["Было", "Стало", "Разница", "Причина"]),
        ["", "#10000", "", "прочитана впервые"]
    );
    let about = sheet(&file, "Параметры");
    assert!(
        about.contains(&vec!["С какого дня".to_owned(), "@2026-10-25 00:00".to_owned()]),
        "{about:?}"
    );

    let day = [
        ("kind", "price_changes"),
        ("from", "2026-10-14"),
        ("to", "2026-10-14"),
    ];
    let rows = sheet(&made(&app, &client, &day).await, "Изменения цен");
    assert_eq!(rows.len(), 2, "{rows:?}");
    let log = client
        .get(&format!("/log?object=product&id={product}"))
        .await
        .expect(200);
    assert_eq!(
        log.attribute("form[action='/reports'] input[name=product]", "value"),
        product.to_string()
    );
}

/// A change so many minutes ago.
fn change(
    conn: &mut PgConnection,
    product: ProductId,
    minutes: i64,
    (before, after): (Option<i64>, Option<i64>),
    push: Option<uuid::Uuid>,
) {
    diesel::insert_into(price_changes::table)
        .values((
            price_changes::id.eq(uuid::Uuid::now_v7()),
            price_changes::product_id.eq(product),
            price_changes::city_id.eq(CITY),
            price_changes::at.eq(now() - TimeDelta::minutes(minutes)),
            price_changes::before_tenge.eq(before),
            price_changes::price_tenge.eq(after),
            price_changes::push_id.eq(push),
        ))
        .execute(conn)
        .unwrap();
}

#[tokio::test]
async fn preorders_and_competitors_come_with_theirs() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Viewer).await;
    let aigul = user_of(&app, "aigul");
    let conn = &mut app.conn();
    let store = db_store(conn, aigul, "30000001");
    let product = db_product(conn, store, &NewProduct::default());
    db_decision(
        conn,
        product,
        "30000001",
        &[("30000002", 9_500), ("30000003", 11_000)],
    );
    for (status, days) in [("processing", 7), ("cancelled", 0)] {
        let product = match status {
            "processing" => product,
            _ => db_product(
                conn,
                store,
                &NewProduct {
                    sku: "SKU-2",
                    card_id: None,
                    ..NewProduct::default()
                },
            ),
        };
        diesel::insert_into(preorders::table)
            .values((
                preorders::id.eq(uuid::Uuid::now_v7()),
                preorders::store_id.eq(store),
                preorders::product_id.eq(product),
                preorders::name.eq("+Kettle"),
                preorders::status.eq(status),
                preorders::delivery_days.eq(days),
                preorders::warehouses
                    .eq(serde_json::json!({ "2": { "id": 2, "quantity": 3 }, "5": { "id": 5 } })),
                preorders::created_at.eq(now()),
                preorders::updated_at.eq(now()),
            ))
            .execute(conn)
            .unwrap();
    }
    let asked = [("kind", "preorders"), ("status", "processing")];
    let rows = sheet(&made(&app, &client, &asked).await, "Предзаказы");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(
        line(
            &rows,
            1,
            &[
                "Название",
                "Состояние",
                "Штук",
                "По точкам",
                "Дней предзаказа",
                "Цена"
            ]
        ),
        ["+Kettle", "в работе", "#3", "PP2: 3, PP5", "#7", ""]
    );
    assert_eq!(client.get("/preorders").await.expect(200).count("#excel"), 1);

    let page = client.get(&format!("/products/{product}")).await.expect(200);
    let fields = page.form_fields("form[action='/reports']:has([value='competitors'])");
    assert!(
        fields.contains(&("kind".to_owned(), "competitors".to_owned())),
        "{fields:?}"
    );
    let asked = [("kind", "competitors"), ("product", &product.to_string())];
    let rows = sheet(&made(&app, &client, &asked).await, "Конкуренты");
    let headers = [
        "Продавец",
        "Наше",
        "Цена",
        "Наша цена",
        "Разница",
        "Разница, %",
        "Рейтинг",
        "Доставка",
    ];
    assert_eq!(
        rows[1..]
            .iter()
            .enumerate()
            .map(|(n, _)| line(&rows, n + 1, &headers))
            .collect::<Vec<_>>(),
        [
            [
                "Shop 30000002",
                "нет",
                "#9500",
                "#10000",
                "#-500",
                "#-0.05",
                "#4.8",
                "завтра"
            ],
            [
                "Shop 30000001",
                "да",
                "#10000",
                "#10000",
                "",
                "",
                "#4.8",
                "завтра"
            ],
            [
                "Shop 30000003",
                "нет",
                "#11000",
                "#10000",
                "#1000",
                "#0.1",
                "#4.8",
                "завтра"
            ],
        ]
    );
}

#[tokio::test]
async fn a_report_is_its_owners_alone_and_goes_after_a_week() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let admin = app.signed_in("admin", Role::Admin).await;
    made(&app, &client, &[("kind", "products")]).await;
    let (id, ..) = newest(&app);
    assert_eq!(client.get("/reports").await.expect(200).count(".job"), 1);
    assert_eq!(admin.get("/reports").await.expect(200).count(".job"), 0);
    for address in ["", "/file"] {
        admin.get(&format!("/reports/{id}{address}")).await.expect(404);
    }
    for act in ["cancel", "delete", "again"] {
        admin.post(&format!("/reports/{id}/{act}"), &[]).await.expect(404);
    }
    let store = db_store(&mut app.conn(), user_of(&app, "admin"), "30000009");
    client
        .post("/reports", &[("kind", "products"), ("store", &store.to_string())])
        .await
        .expect(404);
    client.post("/reports", &[("kind", "users")]).await.expect(400);

    let week = u32::try_from(REPORT_LIFE.num_seconds()).unwrap();
    app.advance(week - 1).await;
    let client = app.sign_in("aigul").await;
    client.get(&format!("/reports/{id}/file")).await.expect(200);
    assert!(!forget_old(&app.services).await.unwrap());
    assert_eq!(count(&app), (1, 1));
    app.advance(1).await;
    client.get(&format!("/reports/{id}/file")).await.expect(404);
    assert!(!forget_old(&app.services).await.unwrap());
    assert_eq!(count(&app), (0, 0));
}

/// Reports and pieces that are kept.
fn count(app: &TestApp) -> (i64, i64) {
    let conn = &mut app.conn();
    (
        reports::table.count().get_result(conn).unwrap(),
        report_parts::table.count().get_result(conn).unwrap(),
    )
}

#[tokio::test]
async fn a_report_is_called_off_made_again_and_deleted() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    client
        .post("/reports", &[("kind", "preorders")])
        .await
        .expect(303);
    let (id, ..) = newest(&app);
    let page = client.get("/reports").await.expect(200);
    assert_eq!(page.texts(".job progress").len(), 1);
    assert_eq!(page.attribute(".job", "hx-get"), format!("/reports/{id}"));
    let part = client.htmx().get(&format!("/reports/{id}")).await.expect(200);
    assert_eq!(part.count(".job"), 1);
    client.get(&format!("/reports/{id}/file")).await.expect(404);
    client
        .post(&format!("/reports/{id}/cancel"), &[])
        .await
        .expect(303);
    assert_eq!(newest(&app).1, ReportState::Cancelled);
    let state: JobState = job_runs::table
        .select(job_runs::state)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(state, JobState::Cancelled);
    client
        .post(&format!("/reports/{id}/cancel"), &[])
        .await
        .expect(303);
    assert_eq!(
        client.get("/reports").await.texts(".flash.bad").len(),
        1,
        "too late"
    );

    client
        .post(&format!("/reports/{id}/again"), &[])
        .await
        .expect(303);
    // Called off where work is looked at: the report knows it too.
    let run = waiting(&app)[0];
    client.post(&format!("/jobs/{run}/cancel"), &[]).await.expect(303);
    assert_eq!(newest(&app).1, ReportState::Cancelled);

    client
        .post(&format!("/reports/{id}/again"), &[])
        .await
        .expect(303);
    work(&app).await;
    let (last, state, _) = newest(&app);
    assert_eq!(state, ReportState::Ready);
    client
        .post(&format!("/reports/{last}/delete"), &[])
        .await
        .expect(303);
    assert_eq!(count(&app), (2, 0), "the file went with it");

    for search in ["a", "b", "c", "d", "e", "e"] {
        let form = [("kind", "products"), ("q", search)];
        client.post("/reports", &form).await.expect(303);
    }
    assert_eq!(count(&app).0, 7, "the same is asked for once");
    let form = [("kind", "products"), ("q", "f")];
    client.post("/reports", &form).await.expect(303);
    assert_eq!(
        client.get("/reports").await.texts(".flash.bad").len(),
        1,
        "too many at a time"
    );
    assert_eq!(count(&app).0, 7);
}

#[tokio::test]
async fn a_try_that_was_taken_over_changes_nothing_any_more() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    client.post("/reports", &[("kind", "products")]).await.expect(303);
    let (id, ..) = newest(&app);
    // A worker begins, writes a piece and freezes.
    let lost = app
        .services
        .db
        .tx(move |conn| {
            let attempt = report_start(conn, id)?.unwrap();
            let work = ReportTry { id, attempt };
            report_part_insert(conn, work, 0, b"half of a file")?;
            Ok::<_, StoreError>(work)
        })
        .await
        .unwrap();
    work(&app).await;
    let (_, state, _) = newest(&app);
    assert_eq!(state, ReportState::Ready);
    let late = app
        .services
        .db
        .tx(move |conn| {
            report_part_insert(conn, lost, 1, b"the other half")?;
            let finished = Finished {
                rows: 9,
                bytes: 9,
                at: now(),
                expires_at: now(),
            };
            report_finish(conn, lost, "late.xlsx", finished)
        })
        .await
        .unwrap();
    assert!(!late);
    let file = client.get(&format!("/reports/{id}/file")).await.expect(200);
    assert_eq!(sheet(&file, "Товары").len(), 1);
}

#[tokio::test]
async fn who_may_not_sign_in_any_more_gets_no_report() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    client.post("/reports", &[("kind", "products")]).await.expect(303);
    diesel::update(users::table)
        .set(users::active.eq(false))
        .execute(&mut app.conn())
        .unwrap();
    let run = waiting(&app)[0];
    make_report::run(app.services.clone(), run).await.unwrap_err();
    assert_eq!(newest(&app).1, ReportState::Failed);
}

#[actix_web::test]
async fn a_killed_workers_report_is_made_again_by_another() {
    let mut app = TestApp::builder().real_time().build();
    let client = app.signed_in("aigul", Role::Manager).await;
    let store = db_store(&mut app.conn(), user_of(&app, "aigul"), "30000001");
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    changes(&mut app.conn(), product, 30_000);
    let today = app.services.now().date_naive();
    let (from, to) = (today.pred_opt().unwrap(), today.succ_opt().unwrap());
    let asked = [
        ("kind", "price_changes"),
        ("from", &from.to_string()),
        ("to", &to.to_string()),
    ];
    client.post("/reports", &asked).await.expect(303);
    let (id, ..) = newest(&app);
    let seen = || {
        reports::table
            .find(id)
            .select((reports::state, reports::rows_done, reports::attempt))
            .first::<(ReportState, i32, i32)>(&mut app.conn())
            .unwrap()
    };
    let mut first = Process::worker(&app, &[]);
    wait_until("the first rows", Duration::from_secs(90), || async {
        let found = seen();
        if found.1 > 0 { Ok(()) } else { Err(found) }
    })
    .await;
    first.kill();
    let (state, done, _) = seen();
    assert_eq!(state, ReportState::Running, "killed at {done} rows");

    let _second = Process::worker(&app, &[]);
    wait_until("the whole report", Duration::from_secs(120), || async {
        let found = seen();
        if found.0 == ReportState::Ready {
            Ok(())
        } else {
            Err(found)
        }
    })
    .await;
    assert_eq!(seen(), (ReportState::Ready, 30_000, 2));
    let file = client.get(&format!("/reports/{id}/file")).await.expect(200);
    let rows = sheet(&file, "Изменения цен");
    assert_eq!(rows.len(), 30_001);
    let mut amounts: Vec<&str> = rows[1..].iter().map(|row| row[6].as_str()).collect();
    amounts.sort_unstable();
    amounts.dedup();
    assert_eq!(
        amounts.len(),
        30_000,
        "each change once: pages neither overlap nor leave gaps"
    );
}

/// So many changes, some at the same moment, each to a price of its own.
fn changes(conn: &mut PgConnection, product: ProductId, number: i32) {
    conn.batch_execute(&format!(
        "insert into price_changes (id, product_id, city_id, at, before_tenge, price_tenge)
         select gen_random_uuid(), '{product}', '{CITY}', now() - n / 700 * interval '1 millisecond',
           1, 9999 + n from generate_series(1, {number}) n"
    ))
    .unwrap();
    let known: i64 = products::table.count().get_result(conn).unwrap();
    assert_eq!(known, 1);
}
