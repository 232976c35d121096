//! Benchmarks of pure code: a page of the cabinet's list, the form of preorders, a wrong password of somebody who is known and
//! of somebody who is not.
//! `cargo bench --bench pure`; `script/bench` runs all benchmarks and writes a table.
#![expect(
    clippy::expect_used,
    reason = "a benchmark stops at what is not as it must be"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kaspi_panel::{
    app::passwords::{hash, matches},
    config::PasswordCost,
    domain::{Tenge, preorder::PointStock},
    kaspi::read_offers_page,
    secrets::Secret,
    sheets::preorder_form::{PreorderFormRow, write_preorder_form},
};
use serde_json::{Value, json};
use url::Url;

/// A page of 100 rows as the cabinet sends it, each with its price in so many cities.
fn page(cities: u32) -> Vec<u8> {
    let all_cities: serde_json::Map<String, Value> = (0..cities)
        .map(|n| {
            let price = json!({ "price": 15_990 + n, "oldPrice": null, "discount": 0 });
            (format!("{}", 100_000_000 + n), price)
        })
        .collect();
    let rows: Vec<Value> = (0..100)
        .map(|n| {
            json!({
                "sku": format!("{}_{}", 100_000_000 + n, 200_000_000 + n), "offerId": format!("{n:024x}"),
                "masterSku": format!("{}", 100_000_000 + n), "masterTitle": format!("Наушники Demo A{n}"),
                "title": "Demo", "model": "Demo", "brand": "Demo", "brandName": "Demo", "merchantUid": "30000001",
                "available": true, "price": 15_990, "minPrice": 15_990, "maxPrice": 16_490,
                "cityPrices": [{ "cityId": "750000000", "value": 15_990 }, { "cityId": "710000000", "value": 16_490 }],
                "allCityPrices": all_cities,
                "availabilities": (1..=3).map(|point| json!({
                    "storeId": format!("30000001_PP{point}"), "available": "yes", "stockCount": 4, "preOrder": 0,
                    "stockEnabled": true, "stockSpecified": true })).collect::<Vec<_>>(),
                "points": ["PP1", "PP2", "PP3"], "images": ["h00/h00/1.jpg"],
                "shopLink": format!("/p/demo-a{n}-{}/?c=750000000", 100_000_000 + n),
                "masterCategory": "Master - Headphones", "familyId": "family", "barcode": null, "attributes": [],
                "updatedAt": "2026-09-01T08:00:00.123456789Z"
            })
        })
        .collect();
    json!({ "data": rows, "total": 50_000 }).to_string().into_bytes()
}

fn form_rows(count: u32) -> Vec<PreorderFormRow> {
    (0..count)
        .map(|n| PreorderFormRow {
            sku: format!("SKU-{n}"),
            model: format!("Наушники Demo A{n}"),
            brand: Some("Demo".to_owned()),
            price: Tenge(15_990),
            points: vec![
                PointStock {
                    number: 1,
                    quantity: Some(3),
                },
                PointStock {
                    number: 2,
                    quantity: None,
                },
            ],
            days: 14,
        })
        .collect()
}

fn pure(c: &mut Criterion) {
    let cdn = Url::parse("https://resources.cdn-kaspi.kz").expect("an address");
    let mut group = c.benchmark_group("cabinet list");
    for cities in [20, 320] {
        let body = page(cities);
        let read = read_offers_page(&body, true, &cdn).expect("a page");
        assert_eq!((read.rows.len(), read.unreadable.len()), (100, 0));
        group.throughput(Throughput::Elements(100));
        group.bench_function(format!("page of 100 rows in {cities} cities"), |b| {
            b.iter(|| read_offers_page(black_box(&body), true, &cdn));
        });
    }
    group.finish();
    let rows = form_rows(1_000);
    c.bench_function("form of 1000 preorders", |b| {
        b.iter(|| write_preorder_form(black_box(&rows)));
    });
}

/// Whoever guesses must not learn from the time who exists: both take the same work.
fn wrong_password(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // As the configuration has it by itself.
    let cost = PasswordCost {
        memory_kib: 19_456,
        iterations: 2,
    };
    let known = runtime
        .block_on(hash(cost, Secret::from("correct horse battery")))
        .expect("a hash");
    let mut group = c.benchmark_group("wrong password");
    for (who, hash) in [("known", Some(known)), ("unknown", None)] {
        group.bench_function(who, |b| {
            b.iter(|| {
                let right =
                    runtime.block_on(matches(cost, hash.clone(), Secret::from("wrong horse battery")));
                assert!(!right.expect("an answer"));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, pure, wrong_password);
criterion_main!(benches);
