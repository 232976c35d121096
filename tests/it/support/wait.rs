//! Waiting for a condition with a bound: the one place in the tests where time passes.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(25);

/// Looks again and again until `condition` gives `Ok`, and hands out its value. `Err` says what was seen
/// instead; after `bound` the test fails with `what` and the last of these.
pub async fn wait_until<T, S, F, Look>(what: &str, bound: Duration, mut condition: Look) -> T
where
    S: std::fmt::Debug,
    F: Future<Output = Result<T, S>>,
    Look: FnMut() -> F,
{
    let deadline = Instant::now() + bound;
    loop {
        match condition().await {
            Ok(value) => return value,
            Err(seen) if Instant::now() >= deadline => {
                panic!(
                    "not within {} s: {what}; last seen: {seen:?}",
                    bound.as_secs_f32()
                )
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
