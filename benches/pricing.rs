//! Benchmarks of the pricing engine: decisions with their reasons, safe sets, and lines of the interface from
//! bytes to bytes. `cargo bench --bench pricing`.
#![expect(
    clippy::expect_used,
    reason = "a benchmark stops at what is not as it must be"
)]

use std::hint::black_box;

use chrono::{DateTime, TimeDelta};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kaspi_panel::domain::{
    Outcome, Tenge,
    percent::Percent,
    pricing::{
        self, Amount, Band, Economics, Goal, Input, Limits, Market, Move, Offer, Product, Rating, Rule, war,
        wire::{DecideLine, answer_decide, answer_safe_set},
    },
};
use serde_json::json;

/// Costs with a delivery table of five bands.
fn economics() -> Economics {
    let band = |up_to: Option<i64>, fee| Band {
        up_to: up_to.map(Tenge),
        fee: Tenge(fee),
    };
    Economics {
        unit_cost: Tenge(6_000),
        commission_percent: Percent::from_hundredths(1_250),
        tax_percent: Percent::whole(3),
        delivery_vat_percent: Percent::whole(16),
        delivery: vec![
            band(Some(999), 49),
            band(Some(2_999), 149),
            band(Some(4_999), 199),
            band(Some(9_999), 699),
            band(None, 1_099),
        ],
        goal: Goal::Profit(300),
    }
}

/// A card with so many offers, ours among them; every field of an offer is told.
fn input(offers: i64) -> Input {
    let now = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
    let offer = |merchant: String, price| Offer {
        merchant: Some(merchant),
        price: Some(price),
        rating: Some(Rating::from_centi(480)),
        reviews: Some(120),
        delivery: Some("TOMORROW".to_owned()),
        preorder_days: Some(0),
    };
    let mut all: Vec<Offer> = (1..offers)
        .map(|n| offer(format!("4000{n:04}"), 9_900 + (n * 7_919) % 3_000))
        .collect();
    all.push(offer("30000001".to_owned(), 10_900));
    Input {
        now,
        product: Product {
            merchant: "30000001".to_owned(),
            price: Tenge(10_900),
            stock: Some(5),
            preorder_days: 0,
            rating: Some(Rating::from_centi(480)),
            delivery: Some("TOMORROW".to_owned()),
            alone_streak: 0,
            last_change_at: Some(now),
            opening_price: Some(Tenge(10_900)),
            changes_today: 3,
            locked_until: None,
        },
        own_merchants: vec!["30000001".to_owned()],
        limits: Limits {
            floor: Some(Tenge(8_500)),
            ceiling: Some(Tenge(15_000)),
        },
        economics: Some(economics()),
        rule: Rule::default(),
        market: Some(Market {
            taken_at: now,
            complete: true,
            total: offers,
            offers: all,
        }),
        market_max_age_seconds: 120,
        own_stores: None,
        wars: Vec::new(),
    }
}

fn decisions(c: &mut Criterion) {
    let mut group = c.benchmark_group("price decision");
    group.throughput(Throughput::Elements(1));
    for offers in [10, 64, 500] {
        let input = input(offers);
        assert_eq!(pricing::decide(&input).outcome, Outcome::Change);
        group.bench_function(format!("{offers} offers"), |b| {
            b.iter(|| pricing::decide(black_box(&input)));
        });
    }
    group.finish();
}

fn lines(c: &mut Criterion) {
    let mut group = c.benchmark_group("pricing line");
    group.throughput(Throughput::Elements(1));
    let mut out = Vec::with_capacity(1 << 16);
    for offers in [10, 64, 500] {
        let line = DecideLine::new("1".to_owned(), input(offers));
        let line = serde_json::to_vec(&line).expect("a line");
        assert!(answer_decide(&line, 1, &mut out));
        group.bench_function(format!("decide, {offers} offers"), |b| {
            b.iter(|| {
                out.clear();
                answer_decide(black_box(&line), 1, &mut out)
            });
        });
    }
    let line = json!({"id": "1", "limits": {"ceiling": 20_000}, "economics": economics()});
    let line = serde_json::to_vec(&line).expect("a line");
    group.bench_function("safe-set, 5 bands", |b| {
        b.iter(|| {
            out.clear();
            answer_safe_set(black_box(&line), 1, &mut out)
        });
    });
    group.finish();
}

/// A day in which both sides move every so many minutes.
fn wars(c: &mut Criterion) {
    let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
    let mut group = c.benchmark_group("price war");
    for minutes in [20, 5] {
        let rounds = 26 * 60 / minutes;
        let moves = |ahead: i64| -> Vec<Move> {
            let moves = (0..rounds).map(|round| Move {
                at: now - TimeDelta::minutes(round * minutes + ahead),
                price: Tenge(10_000 + 2 * round + ahead),
            });
            moves.rev().collect()
        };
        let (own, rival) = (moves(1), moves(0));
        group.bench_function(format!("{rounds} moves of both sides"), |b| {
            b.iter(|| war("rival", black_box(&own), black_box(&rival), Amount::Tenge(1), now));
        });
    }
    group.finish();
}

criterion_group!(benches, decisions, lines, wars);
criterion_main!(benches);
