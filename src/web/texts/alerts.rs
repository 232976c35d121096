//! Alerts in words: for their page, and for the messages that are sent.

use serde_json::json;
use url::Url;

use super::{Language, Texts};
use crate::{notify::Message, store::alerts::AlertRow};

/// What happened, in one sentence. `store_name`: `None` where every store is meant.
#[must_use]
pub fn title_of(alert: &AlertRow, store_name: Option<&str>, t: &Texts) -> String {
    let named = |name: &str| {
        let value = alert.data.get(name).and_then(|value| value.as_str());
        value.unwrap_or_default().to_owned()
    };
    let store = store_name.map_or_else(|| t.get("alerts-everywhere"), str::to_owned);
    t.with_all(
        format!("alert-{}", alert.kind),
        &[
            ("store", &store),
            ("product", &named("product")),
            ("who", &named("who")),
            ("reason", &t.why_stopped(&named("reason"))),
        ],
    )
}

/// The message about an alert in the language of a channel, with the way into the panel.
#[must_use]
pub fn message_of(alert: &AlertRow, store_name: Option<&str>, language: &str, panel: &Url) -> Message {
    let t = Texts::new(Language::parse(language).unwrap_or_default());
    let title = title_of(alert, store_name, &t);
    let todo = t.get(format!("alert-{}-do", alert.kind));
    let word = t.get(format!("alert-severity-{}", alert.severity));
    let mut address = panel.clone();
    address.set_path("/alerts");
    Message {
        subject: format!("{word}: {title}"),
        text: format!("{word}: {title}\n{todo}\n{address}"),
        data: json!({
            "id": alert.id, "kind": alert.kind, "severity": alert.severity, "store_id": alert.store_id,
            "store": store_name, "product_id": alert.product_id, "data": alert.data, "times": alert.times,
            "created_at": alert.created_at, "last_at": alert.last_at, "title": title, "url": address.as_str(),
        }),
    }
}

/// A message that only shows that a channel works.
#[must_use]
pub fn trial_message(t: &Texts, panel: &Url) -> Message {
    let title = t.get("alert-channel-trial");
    Message {
        subject: title.clone(),
        text: format!("{title}\n{panel}"),
        data: json!({ "kind": "trial", "title": title, "url": panel.as_str() }),
    }
}
