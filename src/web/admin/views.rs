//! What the templates of the administration area show.

use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{Models, ask, changes};
use crate::{
    admin::{
        Staff,
        framework::{
            Align, Cell, ChangeList, Content, Detail, Dir, FieldView, Head, InputView, Label, Line, Problem,
            Resource, Values, Verb,
        },
    },
    app::passwords::MIN_LENGTH,
    domain::{SavedViewId, Tenge},
    services::Services,
    store::{audit::AuditEntry, saved_views::SavedView},
    web::{Shell, WebError, WebResult, filters, format, texts::Texts},
};

/// The words of one model.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    t: Texts,
    /// Name of the model in addresses.
    pub slug: &'static str,
}

impl Words {
    /// The words of the model of this name.
    pub const fn new(t: Texts, slug: &'static str) -> Self {
        Self { t, slug }
    }

    /// A text of the panel.
    pub fn text(&self, key: &str) -> String {
        self.t.get(key)
    }

    /// What rows of the model are called.
    pub fn many(&self) -> String {
        self.t.get(format!("admin-{}", self.slug))
    }

    fn one(&self) -> String {
        self.t.get(format!("admin-{}-one", self.slug))
    }

    fn search(&self) -> String {
        self.t.get(format!("admin-{}-search", self.slug))
    }

    /// What a field is called.
    pub fn field(&self, name: &str) -> String {
        let key = format!("admin-field-{name}");
        // The log may speak of fields that no form shows.
        if self.t.has(&key) {
            self.t.get(key)
        } else {
            name.to_owned()
        }
    }

    fn section(&self, name: &str) -> String {
        self.t.get(format!("admin-section-{name}"))
    }

    fn action(&self, name: &str) -> String {
        self.t.get(format!("admin-action-{name}"))
    }

    fn label(&self, label: &Label) -> String {
        match label {
            Label::Key(key) => self.t.get(key),
            Label::Words(words) => words.clone(),
        }
    }

    /// What stands in an input, as people read it.
    fn value(&self, field: &FieldView) -> String {
        match &field.input {
            InputView::Checkbox if field.value == "on" => self.t.get("admin-yes"),
            InputView::Checkbox => self.t.get("admin-no"),
            InputView::Select(choices) => choices
                .iter()
                .find(|(value, _)| *value == field.value)
                .map_or_else(|| field.value.clone(), |(_, label)| self.label(label)),
            _ if field.value.is_empty() => self.t.get("admin-value-empty"),
            _ => field.value.clone(),
        }
    }

    /// What is wrong with a field; the ends of its range and the length of a password belong to the words.
    fn problem(&self, field: &FieldView, code: &str) -> String {
        match field.input {
            InputView::Number(least, most) if self.t.has(code) => {
                self.t.with2(code, "least", least, "most", most)
            }
            InputView::Secret if self.t.has(code) => self.t.with(code, "n", MIN_LENGTH),
            _ => self.t.get_or(code, "error-invalid-text"),
        }
    }

    fn money(&self, amount: &i64) -> String {
        format::money(Tenge(*amount))
    }

    fn hint(&self, name: &str) -> Option<String> {
        let key = format!("admin-hint-{name}");
        self.t.has(&key).then(|| self.t.get(key))
    }
}

/// A model on the front page.
pub struct ModelCard {
    /// Its words.
    pub words: Words,
    /// Its icon.
    pub icon: &'static str,
    /// Rows; `None`: too many to count.
    pub count: Option<i64>,
}

/// What somebody did lately, on the front page.
pub struct RecentAct {
    at: DateTime<Utc>,
    who: String,
    action: String,
    kind: String,
    name: String,
    link: Option<String>,
}

impl RecentAct {
    /// A line of the log in words; it leads to the object where that is administered.
    #[must_use]
    pub fn of(entry: &AuditEntry, models: &Models, t: Texts) -> Self {
        let resource = models
            .resources()
            .find(|resource| resource.audit_kind() == Some(entry.object_kind.as_str()));
        let kind = resource.map(|resource| Words::new(t, resource.slug()).one());
        Self {
            at: entry.at,
            who: entry.actor_name.clone(),
            action: t.get_or(&format!("action-{}", entry.action), "action-other"),
            kind: kind.unwrap_or_default(),
            name: entry.object_name.clone(),
            link: resource
                .zip(entry.object_id)
                .map(|(resource, id)| format!("/admin/{}/{id}/", resource.slug())),
        }
    }
}

/// The front page.
#[derive(Template)]
#[template(path = "admin/index.html")]
pub struct IndexPage {
    /// Around the page.
    pub shell: Shell,
    /// The models.
    pub cards: Vec<ModelCard>,
    /// The newest acts.
    pub acts: Vec<RecentAct>,
}

/// A list under a name.
pub struct OwnView {
    id: SavedViewId,
    name: String,
    link: String,
    current: bool,
}

impl OwnView {
    /// A view beside the list that is shown.
    #[must_use]
    pub fn of(view: SavedView, list: &ChangeList) -> Self {
        let link = format!("?{}", view.query);
        Self {
            id: view.id,
            name: view.name,
            current: link == list.params.whole(),
            link,
        }
    }
}

/// The list of a model.
#[derive(Template)]
#[template(path = "admin/list.html")]
pub struct ListPage {
    /// Around the page.
    pub shell: Shell,
    /// The model's words.
    pub words: Words,
    /// The list.
    pub list: ChangeList,
    /// What can be done to selected rows.
    pub actions: Vec<&'static str>,
    /// Can rows be added?
    pub adds: bool,
    /// Can rows be changed?
    pub edits: bool,
    /// The person's own views of the list.
    pub views: Vec<OwnView>,
    /// What each head is called: looked up once, not for each cell.
    pub labels: Vec<String>,
    /// What stands before and after the name of a row in the words about choosing it.
    pub select: (String, String),
}

impl ListPage {
    /// The contents of a line with their heads and what these are called.
    fn contents<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = (&'a Head, &'a String, &'a Content)> {
        let heads = self.list.columns(line).zip(&self.labels);
        heads.map(|((head, content), label)| (head, label, content))
    }
}

/// Options for what was typed.
#[derive(Template)]
#[template(path = "admin/_suggestions.html")]
pub struct SuggestionsFragment {
    /// Names of rows.
    pub names: Vec<String>,
}

/// The page of one row.
#[derive(Template)]
#[template(path = "admin/form.html")]
pub struct FormPage {
    /// Around the page.
    pub shell: Shell,
    /// The model's words.
    pub words: Words,
    /// Key of the row; `None`: a new one.
    pub id: Option<Uuid>,
    /// Its sections.
    pub detail: Detail,
    /// Fields that differ from what somebody else wrote meanwhile: label and value.
    pub theirs: Option<Vec<(String, String)>>,
    /// Can it be saved?
    pub saves: bool,
    /// Can another one be added?
    pub adds: bool,
    /// Can it be deleted?
    pub deletes: bool,
    /// The newest changes; `None`: the model has no history.
    pub changes: Option<Vec<Change>>,
}

impl FormPage {
    /// The page of a row, or (`None`) of a new one.
    ///
    /// # Errors
    /// No such row, or the database is away.
    pub async fn load(
        shell: Shell,
        services: &Services,
        models: &Models,
        resource: &dyn Resource<Staff>,
        staff: &Staff,
        id: Option<Uuid>,
    ) -> WebResult<Self> {
        let detail = detail(services, models, resource.slug(), id, None).await?;
        let verb = if id.is_some() { Verb::Change } else { Verb::Add };
        let words = Words::new(shell.t, resource.slug());
        let changes = match (id, resource.audit_kind()) {
            (Some(id), Some(_)) => {
                let lines = changes(services, resource, id, 5).await?;
                Some(lines.iter().map(|entry| Change::of(entry, words)).collect())
            }
            _ => None,
        };
        let mut fields = detail.sections.iter().flat_map(|section| &section.fields);
        let any_input = fields.any(|field| !matches!(field.input, InputView::Shown(_)));
        Ok(Self {
            words,
            id,
            detail,
            theirs: None,
            saves: any_input && resource.allows(staff, verb),
            adds: resource.allows(staff, Verb::Add),
            deletes: id.is_some() && resource.allows(staff, Verb::Delete),
            changes,
            shell,
        })
    }

    /// What was typed, with what is wrong about it.
    ///
    /// # Errors
    /// As [`FormPage::load`].
    pub async fn with_typed(
        self,
        services: &Services,
        models: &Models,
        values: Values,
        problems: Vec<Problem>,
    ) -> WebResult<Self> {
        let typed = Some((values, problems));
        let detail = detail(services, models, self.words.slug, self.id, typed).await?;
        Ok(Self { detail, ..self })
    }

    /// Fields whose value in `self` (the database's) is another than in `typed`.
    #[must_use]
    pub fn differences(&self, typed: &Values) -> Vec<(String, String)> {
        self.fields()
            .filter(|field| !matches!(field.input, InputView::Shown(_)))
            .filter(|field| field.sent() != typed.raw(field.name))
            .map(|field| (self.words.field(field.name), self.words.value(field)))
            .collect()
    }

    fn fields(&self) -> impl Iterator<Item = &FieldView> {
        self.detail.sections.iter().flat_map(|section| &section.fields)
    }

    /// Fields with a mistake.
    fn wrong(&self) -> Vec<(&FieldView, &String)> {
        self.fields()
            .filter_map(|field| Some((field, field.error.as_ref()?)))
            .collect()
    }

    /// The form brings nothing back: the history does.
    #[expect(clippy::unused_self, reason = "the lines of both pages are one template")]
    fn restore(&self) -> Option<(String, i32)> {
        None
    }

    fn title(&self) -> String {
        match self.id {
            None => self.shell.t.get("admin-new"),
            Some(_) if self.detail.name.is_empty() => self.words.one(),
            Some(_) => self.detail.name.clone(),
        }
    }
}

async fn detail(
    services: &Services,
    models: &Models,
    slug: &'static str,
    id: Option<Uuid>,
    typed: Option<(Values, Vec<Problem>)>,
) -> WebResult<Detail> {
    let detail = ask(services, models, slug, move |resource, conn| {
        let (values, problems) = typed.map_or((None, Vec::new()), |(values, list)| (Some(values), list));
        resource.detail(conn, id, values.as_ref(), &problems)
    })
    .await?;
    detail.ok_or_else(WebError::not_found)
}

/// A question before something is done to rows.
#[derive(Template)]
#[template(path = "admin/confirm.html")]
pub struct ConfirmPage {
    /// Around the page.
    pub shell: Shell,
    /// The model's words.
    pub words: Words,
    /// What is to be done.
    pub action: String,
    /// To which rows.
    pub rows: Vec<(Uuid, String)>,
    /// How many they are; of many only the first stand in `rows`.
    pub count: usize,
    /// The list whose rows they are, where all that match are meant.
    pub all: Option<String>,
    /// What goes with them, when they are deleted.
    pub losses: Vec<String>,
}

impl ConfirmPage {
    /// Rows whose names are not told.
    fn more(&self) -> usize {
        self.count.saturating_sub(self.rows.len())
    }

    fn deletes(&self) -> bool {
        self.action == "delete"
    }

    /// Where the answer goes.
    fn target(&self) -> String {
        let slug = self.words.slug;
        match self.rows.as_slice() {
            [(id, _)] if self.deletes() && self.all.is_none() => format!("/admin/{slug}/{id}/delete/"),
            _ => format!("/admin/{slug}/actions/"),
        }
    }
}

/// The history of a row.
#[derive(Template)]
#[template(path = "admin/history.html")]
pub struct HistoryPage {
    /// Around the page.
    pub shell: Shell,
    /// The model's words.
    pub words: Words,
    /// Key of the row.
    pub id: Uuid,
    /// Number for the conflict check.
    pub version: i32,
    /// Its changes, newest first.
    pub changes: Vec<Change>,
}

impl HistoryPage {
    /// Where a line is brought back, and the version that the page knows.
    fn restore(&self) -> Option<(String, i32)> {
        Some((
            format!("/admin/{}/{}/history/", self.words.slug, self.id),
            self.version,
        ))
    }
}

/// One line of the history.
pub struct Change {
    /// Key.
    pub id: Uuid,
    /// Can what was before be brought back?
    pub restores: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// What was done.
    pub action: String,
    /// Label, before, after.
    pub fields: Vec<(String, Option<String>, Option<String>)>,
    /// Why.
    pub reason: Option<String>,
}

impl Change {
    /// A line of the log in words.
    #[must_use]
    pub fn of(entry: &AuditEntry, words: Words) -> Self {
        let part = |side: &Option<Value>, name: &str| {
            let value = side.as_ref()?.get(name)?;
            Some(value_words(words, name, value))
        };
        let names: Vec<String> = [&entry.after, &entry.before]
            .into_iter()
            .flatten()
            .find_map(|side| side.as_object().filter(|fields| !fields.is_empty()))
            .map(|fields| fields.keys().cloned().collect())
            .unwrap_or_default();
        Self {
            id: entry.id.0,
            restores: false,
            at: entry.at,
            who: entry.actor_name.clone(),
            action: entry.action.clone(),
            fields: names
                .iter()
                .map(|name| {
                    (
                        words.field(name),
                        part(&entry.before, name),
                        part(&entry.after, name),
                    )
                })
                .collect(),
            reason: entry.reason.clone(),
        }
    }
}

/// A value of the log as people read it.
fn value_words(words: Words, name: &str, value: &Value) -> String {
    match value {
        Value::Null => words.t.get("admin-value-empty"),
        Value::Bool(true) => words.t.get("admin-yes"),
        Value::Bool(false) => words.t.get("admin-no"),
        Value::Number(number) => match number.as_i64() {
            Some(amount) if name.ends_with("_tenge") => format::money(Tenge(amount)),
            _ => number.to_string(),
        },
        Value::String(text) => {
            let key = format!("admin-word-{}", text.replace('_', "-"));
            if words.t.has(&key) {
                words.t.get(key)
            } else {
                text.clone()
            }
        }
        other => other.to_string(),
    }
}
