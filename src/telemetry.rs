//! Log lines: where they go, in which form, and how the present span follows work to another thread.

use tokio::task::JoinHandle;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::config::LogFormat;

/// Starts logging to standard error. Later calls change nothing.
pub fn init(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    // A second start in the same process (tests) keeps the first subscriber.
    let _already_set = match format {
        LogFormat::Json => registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .try_init(),
        LogFormat::Text => registry
            .with(fmt::layer().with_writer(std::io::stderr))
            .try_init(),
    };
}

/// Runs blocking work on the pool for it; log lines keep the request or job they belong to.
pub fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let span = tracing::Span::current();
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that carries the span along"
    )]
    tokio::task::spawn_blocking(move || span.in_scope(work))
}
