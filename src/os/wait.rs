//! Waiting, with a bound, for things of the operating system that nobody announces.

use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(5);

/// Asks until there is an answer, or until the deadline has passed. Asks at least once.
#[expect(
    clippy::disallowed_methods,
    reason = "a condition is waited for; the system has no call that waits for it with a limit"
)]
pub(super) fn wait_for<T>(deadline: Instant, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() >= deadline {
            return answer;
        }
        std::thread::sleep(PAUSE);
    }
}
