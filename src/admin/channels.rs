//! Where alerts are delivered to: each channel has fields of its own. What it signs in with is written and never loaded.
//! A channel is set up for the first time on its page in the settings, where it can be tried.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, keyed, yes_no},
    framework::{
        Cell, Choices, Column, Dir, Field, Filter, Form, Input, Label, Model, Outcome, SaveError, Section,
        Spec, Target, Values, queries, sort_by,
    },
    staff::administrators,
    stores::on,
};
use crate::{
    app::alerts::channels::{ChannelChange, fields, set_channel},
    domain::{AlertChannel, AlertChannelId, AlertKind},
    schema::alert_channels,
    store::alert_channels::channel_list,
};

/// The model.
pub struct AlertChannels;

/// A field of its form.
type FormField = Field<AlertChannels>;

/// A column of its list.
type Col = Column<AlertChannels>;

/// A channel without its secret.
#[derive(Queryable, Selectable)]
#[diesel(table_name = alert_channels, check_for_backend(Pg))]
pub struct Row {
    id: AlertChannelId,
    channel: AlertChannel,
    enabled: bool,
    language: String,
    settings: Value,
    secret_set_at: Option<DateTime<Utc>>,
    kinds: Value,
    version: i32,
    updated_at: DateTime<Utc>,
}

impl Model for AlertChannels {
    type Context = Staff;
    type Row = Row;
    type Query = alert_channels::BoxedQuery<'static, Pg>;

    queries!(alert_channels::table, alert_channels::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.channel.to_string()
    }

    fn version(row: &Row) -> Option<i32> {
        Some(row.version)
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("alert_channel"),
            columns: columns(),
            filters: vec![Filter {
                name: "enabled",
                choices: YES_NO,
                apply: |query, value, _| Some(query.filter(alert_channels::enabled.eq(yes_no(value)?))),
            }],
            default_sort: ("channel", Dir::Asc),
            form: Form {
                sections: sections(),
                adds: false,
                save: Some(save),
            },
            site_link: Some(|row| format!("/settings/alerts#{}", row.channel)),
            ..Spec::shown("alert-channels", "send", administrators)
        }
    }
}

fn channel(row: &Row) -> Cell {
    Cell::Badge("ghost", "send", format!("alert-channel-{}", row.channel))
}

fn columns() -> Vec<Column<AlertChannels>> {
    vec![
        Col::start("channel", channel).by(sort_by!(alert_channels::channel, alert_channels::id)),
        Col::start("enabled", |row| Cell::Bool(row.enabled))
            .by(sort_by!(alert_channels::enabled, alert_channels::id)),
        Col::end("updated_at", |row| Cell::When(row.updated_at))
            .by(sort_by!(alert_channels::updated_at, alert_channels::id)),
    ]
}

const LANGUAGES: Choices = Choices::Fixed(|| {
    let language = |(word, name): (&str, &str)| (word.to_owned(), Label::Words(name.to_owned()));
    [("ru", "Русский"), ("kk", "Қазақша"), ("en", "English")]
        .map(language)
        .to_vec()
});

const SECURITIES: Choices =
    Choices::Fixed(|| keyed("alert-security", ["tls", "starttls", "none"].into_iter()));

/// A field that only this channel has.
macro_rules! only {
    ($channel:ident, $name:literal) => {
        only!($channel, $name, Input::Text(500))
    };
    ($channel:ident, $name:literal, $input:expr) => {
        FormField::When(
            |row| row.is_some_and(|row| row.channel == AlertChannel::$channel),
            Box::new(FormField::Edit($name, $input, |row| setting(row, $name))),
        )
    };
}

fn setting(row: Option<&Row>, name: &str) -> String {
    let value = row.and_then(|row| row.settings.get(name)?.as_str());
    value.unwrap_or_default().to_owned()
}

fn sections() -> Vec<Section<AlertChannels>> {
    vec![
        Section {
            name: "main",
            fields: vec![
                FormField::Show("channel", channel),
                FormField::Edit("enabled", Input::Checkbox, |row| {
                    on(row.is_some_and(|row| row.enabled))
                }),
                FormField::Edit("language", Input::Select(LANGUAGES), |row| {
                    row.map(|row| row.language.clone()).unwrap_or_default()
                }),
                FormField::Show("kinds", |row| Cell::Json(row.kinds.clone())),
            ],
        },
        Section {
            name: "delivery",
            fields: vec![
                only!(Telegram, "chat_id"),
                only!(Email, "host"),
                only!(Email, "port"),
                only!(Email, "security", Input::Select(SECURITIES)),
                only!(Email, "username"),
                only!(Email, "from"),
                only!(Email, "to"),
                only!(Webhook, "url"),
                FormField::Edit("secret", Input::Secret, |_| String::new()),
                FormField::Show("credentials_set_at", |row| Cell::when(row.secret_set_at)),
            ],
        },
    ]
}

fn save(staff: &Staff, target: Target, mut values: Values) -> Outcome<'_, Uuid> {
    Box::pin(async move {
        let Target::Existing(id, version) = target else {
            return Err(SaveError::Forbidden);
        };
        let known = staff.services.db.read(channel_list).await?;
        let row = known.into_iter().find(|row| row.id.0 == id);
        let row = row.ok_or(SaveError::NotFound)?;
        let settings = fields(row.channel)
            .iter()
            .map(|name: &&'static str| ((*name).to_owned(), Value::String(values.text(name))))
            .collect();
        let change = ChannelChange {
            enabled: values.checked("enabled"),
            language: values.text("language"),
            settings,
            secret: values.optional_text("secret").map(Into::into),
            kinds: AlertKind::ALL
                .iter()
                .filter(|kind| {
                    row.kinds
                        .as_array()
                        .is_some_and(|kinds| kinds.contains(&Value::from(kind.as_str())))
                })
                .copied()
                .collect(),
        };
        let change = values.finish(Some(change))?;
        set_channel(&staff.services, &staff.actor, row.channel, version, change).await?;
        Ok(id)
    })
}
