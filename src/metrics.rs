//! What this process counts for monitoring, by name. Whoever does something worth counting says so here; `web::metrics`
//! answers whoever asks. No secrets and nothing of a seller: labels are words and patterns of addresses.

use std::{
    sync::{LazyLock, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

/// Begins every name.
pub const PREFIX: &str = "kaspi_panel";

/// Seconds up to which answers are counted.
const ANSWERS: [f64; 8] = [0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0];
/// Seconds up to which waits are counted.
const WAITS: [f64; 8] = [0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];
/// Seconds up to which the delay of looks is counted.
const LOOKS: [f64; 8] = [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    /// Pattern of the path: a name, never a key.
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct WordLabels {
    word: String,
}

fn word(word: &str) -> WordLabels {
    WordLabels {
        word: word.to_owned(),
    }
}

/// The counters of this process.
struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram>,
    decisions: Family<WordLabels, Counter>,
    pushes: Family<WordLabels, Counter>,
    limiter_seconds: Family<WordLabels, Histogram>,
    look_delay_seconds: Histogram,
    browsers: Gauge,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let mut registry = Registry::with_prefix(PREFIX);
    let build = Info::new(vec![("build".to_owned(), crate::BUILD_ID.to_owned())]);
    registry.register("build", "The program that runs", build);
    let metrics = Metrics {
        requests: Family::default(),
        request_seconds: Family::new_with_constructor(|| Histogram::new(ANSWERS)),
        decisions: Family::default(),
        pushes: Family::default(),
        limiter_seconds: Family::new_with_constructor(|| Histogram::new(WAITS)),
        look_delay_seconds: Histogram::new(LOOKS),
        browsers: Gauge::default(),
        registry: Registry::default(),
    };
    registry.register(
        "http_requests",
        "Answers of the panel and the JSON API, by pattern of the address and status",
        metrics.requests.clone(),
    );
    registry.register(
        "http_request_seconds",
        "Time until an answer begins, by pattern of the address",
        metrics.request_seconds.clone(),
    );
    registry.register(
        "decisions",
        "Decisions about products, by outcome",
        metrics.decisions.clone(),
    );
    registry.register(
        "pushes",
        "Price writes that were sent, and what became of writes",
        metrics.pushes.clone(),
    );
    registry.register(
        "limiter_wait_seconds",
        "Waits for the own pace towards the marketplace, by limit",
        metrics.limiter_seconds.clone(),
    );
    registry.register(
        "look_delay_seconds",
        "How much later than due a product was decided about: a move of a rival is seen within the check interval and this",
        metrics.look_delay_seconds.clone(),
    );
    registry.register(
        "browser_sessions",
        "Logins in a browser that are under way",
        metrics.browsers.clone(),
    );
    Metrics { registry, ..metrics }
});

/// An answer of the panel began. `route`: the pattern of its address; none for what is not there.
pub fn answered(method: &str, route: Option<&str>, status: u16, took: Duration) {
    // What strangers make up must not become names.
    let method = match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
        _ => "other",
    };
    let route = route.unwrap_or("none").to_owned();
    METRICS
        .requests
        .get_or_create(&RequestLabels {
            method: method.to_owned(),
            route: route.clone(),
            status,
        })
        .inc();
    let of_route = RouteLabels { route };
    METRICS
        .request_seconds
        .get_or_create(&of_route)
        .observe(took.as_secs_f64());
}

/// A decision was made about a product, so long after it was due.
pub fn decided(outcome: &str, delay: Duration) {
    METRICS.decisions.get_or_create(&word(outcome)).inc();
    METRICS.look_delay_seconds.observe(delay.as_secs_f64());
}

/// A price write was sent, or came into a state after that.
pub fn push_became(state: &str) {
    METRICS.pushes.get_or_create(&word(state)).inc();
}

/// Somebody waited for the own pace towards the marketplace.
pub fn limiter_waited(limit: &str, waited: Duration) {
    METRICS
        .limiter_seconds
        .get_or_create(&word(limit))
        .observe(waited.as_secs_f64());
}

/// A browser that is counted while this value lives.
#[derive(Debug)]
pub struct BrowserCounted(());

impl BrowserCounted {
    /// Begins to count one.
    #[must_use]
    pub fn new() -> Self {
        METRICS.browsers.inc();
        Self(())
    }
}

impl Default for BrowserCounted {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for BrowserCounted {
    fn drop(&mut self) {
        METRICS.browsers.dec();
    }
}

/// One number of the moment, e.g. of the database: name, help, and its values by words.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Name without the prefix.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Values; a figure without words has one under an empty one.
    pub values: Vec<(String, u64)>,
}

/// Everything in the form that Prometheus reads: what the process has counted, and `figures`.
///
/// # Errors
/// Never for a text in memory.
pub fn text(figures: &[Figure]) -> Result<String, std::fmt::Error> {
    let mut now = Registry::with_prefix(PREFIX);
    for figure in figures {
        match figure.values.as_slice() {
            [(label, value)] if label.is_empty() => {
                let gauge = Gauge::<u64, AtomicU64>::default();
                gauge.set(*value);
                now.register(figure.name, figure.help, gauge);
            }
            values => {
                let family = Family::<WordLabels, Gauge<u64, AtomicU64>>::default();
                for (label, value) in values {
                    family.get_or_create(&word(label)).set(*value);
                }
                now.register(figure.name, figure.help, family);
            }
        }
    }
    use prometheus_client::encoding::text::{encode_eof, encode_registry};
    let mut text = String::new();
    encode_registry(&mut text, &METRICS.registry)?;
    encode_registry(&mut text, &now)?;
    encode_eof(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_and_the_figures_of_the_moment_are_told() {
        answered("GET", Some("/products/{id}"), 200, Duration::from_millis(20));
        answered("PROPFIND", None, 405, Duration::ZERO);
        decided("keep", Duration::from_secs(2));
        push_became("sent");
        limiter_waited("public", Duration::from_secs(3));
        let browser = BrowserCounted::new();
        let figures = [
            Figure {
                name: "alerts_open",
                help: "Troubles",
                values: vec![("critical".into(), 2)],
            },
            Figure {
                name: "stops",
                help: "Stops",
                values: vec![(String::new(), 1)],
            },
        ];
        let told = text(&figures).unwrap();
        drop(browser);
        for line in [
            r#"kaspi_panel_http_requests_total{method="GET",route="/products/{id}",status="200"} "#,
            r#"kaspi_panel_http_requests_total{method="other",route="none",status="405"} "#,
            r#"kaspi_panel_http_request_seconds_bucket{le="0.05",route="/products/{id}"} "#,
            r#"kaspi_panel_decisions_total{word="keep"} "#,
            r#"kaspi_panel_pushes_total{word="sent"} "#,
            r#"kaspi_panel_limiter_wait_seconds_count{word="public"} "#,
            "kaspi_panel_look_delay_seconds_sum ",
            "kaspi_panel_browser_sessions 1",
            r#"kaspi_panel_alerts_open{word="critical"} 2"#,
            "kaspi_panel_stops 1",
            "kaspi_panel_build_info{",
        ] {
            assert!(told.contains(line), "{line}\n{told}");
        }
        assert!(told.ends_with("# EOF\n"));
    }
}
