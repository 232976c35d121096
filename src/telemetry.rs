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

/// The browser library logs what is typed into pages, passwords included, and libraries of the network log
/// raw traffic at their finest level: whatever the settings say, such lines are not written.
fn tells_secrets(line: &tracing::Metadata<'_>) -> bool {
    let (target, level) = (line.target(), *line.level());
    (target.starts_with("thirtyfour") && level > tracing::Level::INFO)
        || (level == tracing::Level::TRACE && !target.starts_with("kaspi_"))
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_the_browser_types_is_not_logged_whatever_the_settings_say() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::registry()
            .with(EnvFilter::new("trace,thirtyfour::session::http=trace"))
            .with(filter_fn(|line| !tells_secrets(line)))
            .with(fmt::layer().with_writer(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "thirtyfour::session::http", "typed canary-1");
            tracing::trace!(target: "hyper::proto::h1::conn", "raw canary-2");
            tracing::debug!(target: "hyper::proto::h1::conn", "plain line");
            tracing::trace!(target: "kaspi_panel::app", "own line");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("plain line") && text.contains("own line"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn an_error_is_logged_with_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot keep the file")]
        struct Outer(#[source] std::io::Error);
        let error = Outer(std::io::Error::other("disk full"));
        assert_eq!(chain(&error).to_string(), "cannot keep the file: disk full");
    }
}
