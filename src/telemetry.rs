//! Log lines: where they go, in which form, and how the present span follows work to another thread.

use tokio::task::JoinHandle;
use tracing_subscriber::{EnvFilter, filter::filter_fn, fmt, prelude::*};

use crate::config::LogFormat;

/// Starts logging to standard error. Later calls change nothing.
pub fn init(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(|line| !tells_secrets(line)));
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

/// The browser library logs what is typed into pages, passwords included: whatever the settings say, such
/// lines are not written.
fn tells_secrets(line: &tracing::Metadata<'_>) -> bool {
    line.target().starts_with("thirtyfour") && *line.level() > tracing::Level::INFO
}

/// An error with everything behind it, for one log line.
pub fn chain<'a>(error: &'a (dyn std::error::Error + 'a)) -> impl std::fmt::Display + 'a {
    struct Chain<'a>(&'a (dyn std::error::Error + 'a));
    impl std::fmt::Display for Chain<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{}", self.0)?;
            let mut source = self.0.source();
            while let Some(error) = source {
                write!(f, ": {error}")?;
                source = error.source();
            }
            Ok(())
        }
    }
    Chain(error)
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
