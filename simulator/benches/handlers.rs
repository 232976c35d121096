//! What the handlers cost without HTTP: `cargo bench -p kaspi-sim`.
#![expect(clippy::expect_used, reason = "a benchmark that cannot go on stops")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kaspi_sim::bench::Bench;

const MANY: u32 = 50_000;
const PAGES: usize = 500;

fn handlers(criterion: &mut Criterion) {
    let mut small = Bench::new(0).expect("the market of seed 1");
    criterion.bench_function("offers of a card with four sellers", |bench| {
        bench.iter(|| black_box(small.offers("100000001")));
    });
    let mut price = 10_000;
    criterion.bench_function("process, applied at once, two rivals", |bench| {
        bench.iter(|| {
            price += 1;
            black_box(small.process("100000007_200000008", price))
        });
    });
    let mut large = Bench::new(MANY).expect("a large market");
    let mut page = 0;
    criterion.bench_function("list, 100 rows of 50,000 offers", |bench| {
        bench.iter(|| {
            page = (page + 1) % PAGES;
            black_box(large.list(page))
        });
    });
    criterion.bench_function("process among 50,000 offers", |bench| {
        bench.iter(|| {
            price += 1;
            black_box(large.process("200025000_1", price))
        });
    });
}

criterion_group!(benches, handlers);
criterion_main!(benches);
