//! Benchmark of reports.
fn main() {}
