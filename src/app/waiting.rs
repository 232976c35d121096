//! Waiting for work of the background: its row is looked at until it has settled, or whoever waits has lost patience.

use std::time::Duration;

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// Looks until what is found `has_settled`, for `patience` at most; then as it stands.
///
/// # Errors
/// What `look` returns.
pub(super) async fn settled<T, E>(
    patience: Duration,
    mut look: impl AsyncFnMut() -> Result<T, E>,
    has_settled: impl Fn(&T) -> bool,
) -> Result<T, E> {
    let begun = tokio::time::Instant::now();
    loop {
        let found = look().await?;
        if has_settled(&found) || begun.elapsed() >= patience {
            return Ok(found);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
