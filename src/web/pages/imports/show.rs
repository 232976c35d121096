//! One import: what its check found, its progress, and the buttons that write it or bring it back.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::Value;

use super::state_mark;
use crate::{
    app::imports::{ImportError, apply::progress, apply_import, undo_import, values::Values},
    domain::{
        ImportId, Tenge,
        imports::{FileLayout, ImportColumn, ImportKind, ImportRowState, ImportState},
    },
    services::Services,
    store::{
        StoreError,
        imports::{Import, ImportRow, import_earlier, import_fetch, import_rows_list},
        page::Paged,
        stores::{Store, store_fetch},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        filters, format,
        pages::listing::{Pager, Params},
        render::{html, see_other},
        session,
        texts::Texts,
    },
};

/// A change of one value, in words.
struct Change {
    label: String,
    before: String,
    after: String,
}

/// A row, ready to be shown.
struct Line {
    number: i32,
    product: Option<(String, String)>,
    sku: String,
    changes: Vec<Change>,
    /// Where and what.
    troubles: Vec<(String, String)>,
    class: &'static str,
    icon: &'static str,
    state: String,
}

impl Line {
    fn new((row, name): (ImportRow, Option<String>), layout: Option<&FileLayout>, t: Texts) -> Self {
        let (class, icon) = match row.state {
            ImportRowState::Planned => ("info", "clock"),
            ImportRowState::Wrong => ("bad", "x-circle"),
            ImportRowState::Applied => ("ok", "check-circle"),
            ImportRowState::Left | ImportRowState::Kept => ("held", "hand"),
            ImportRowState::Undone => ("ghost", "x-circle"),
        };
        let read = |value: &Value| serde_json::from_value::<Values>(value.clone()).unwrap_or_default();
        let before = read(&row.before);
        let changes = read(&row.after)
            .into_iter()
            .map(|(column, after)| Change {
                label: t.get(format!("import-column-{column}")),
                before: before
                    .get(&column)
                    .map_or_else(String::new, |value| shown(column, value, t)),
                after: shown(column, &after, t),
            })
            .collect();
        Self {
            number: row.row_number,
            product: row.product_id.zip(name).map(|(id, name)| (id.to_string(), name)),
            changes,
            troubles: troubles(&row, layout, t),
            class,
            icon,
            state: t.get(format!("import-row-{}", row.state)),
            sku: row.sku,
        }
    }
}

/// What is wrong with a row: places and sentences; also for the command line.
#[must_use]
pub fn troubles(row: &ImportRow, layout: Option<&FileLayout>, t: Texts) -> Vec<(String, String)> {
    let number = u32::try_from(row.row_number).unwrap_or_default();
    let list = row.troubles.as_array().into_iter().flatten();
    list.filter_map(|trouble| {
        let column: ImportColumn = trouble.get("column")?.as_str()?.parse().ok()?;
        let code = trouble.get("code")?.as_str()?;
        let place = layout.map_or_else(String::new, |layout| layout.place(column, number));
        Some((place, t.get_or(code, "import-trouble-refused")))
    })
    .collect()
}

/// A value in words.
fn shown(column: ImportColumn, value: &Value, t: Texts) -> String {
    let nothing = || "—".to_owned();
    match column {
        ImportColumn::Rule => {
            let names: Vec<&str> = value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|rule| rule.get(1)?.as_str())
                .collect();
            if names.is_empty() {
                nothing()
            } else {
                names.join(", ")
            }
        }
        ImportColumn::Enabled => t.get(if value.as_bool() == Some(true) {
            "import-on"
        } else {
            "import-off"
        }),
        ImportColumn::PreorderDays => value.as_i64().map_or_else(nothing, |days| days.to_string()),
        _ => value
            .as_i64()
            .map_or_else(nothing, |amount| format::money(Tenge(amount))),
    }
}

/// A tab over the rows.
struct Tab {
    text: String,
    href: String,
    count: i64,
    current: bool,
}

#[derive(Template)]
#[template(path = "imports/_progress.html")]
struct Progress<'a> {
    t: &'a Texts,
    import: &'a Import,
    done: i32,
    all: i32,
}

#[derive(Template)]
#[template(path = "imports/show.html")]
struct ShowPage {
    shell: Shell,
    store: Store,
    import: Import,
    /// The same bytes before.
    earlier: Option<Import>,
    ignored: Vec<String>,
    /// Empty: nothing is under way.
    progress: String,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    pager: Pager,
}

impl ShowPage {
    fn state(&self) -> (&'static str, &'static str, String) {
        state_mark(self.import.state, &self.shell.t)
    }

    fn is_price_list(&self) -> bool {
        self.import.kind == ImportKind::PriceList
    }

    fn may_apply(&self) -> bool {
        let again = self.import.state == ImportState::Failed && !self.import.undo;
        self.shell.may_change()
            && (self.import.state == ImportState::Checked && self.import.rows_changed > 0 || again)
    }

    fn may_undo(&self) -> bool {
        self.shell.may_change()
            && self.import.rows_applied > 0
            && matches!(self.import.state, ImportState::Applied | ImportState::Failed)
    }
}

/// Which rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Changes,
    Left,
    Wrong,
}

impl View {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Changes, "changes"),
        (Self::Left, "left"),
        (Self::Wrong, "wrong"),
    ];

    fn states(self) -> &'static [ImportRowState] {
        match self {
            Self::Changes => &[
                ImportRowState::Planned,
                ImportRowState::Applied,
                ImportRowState::Undone,
            ],
            Self::Left => &[ImportRowState::Left, ImportRowState::Kept],
            Self::Wrong => &[ImportRowState::Wrong],
        }
    }

    fn count(self, import: &Import) -> i32 {
        let left = import.rows_left + import.rows_kept;
        match self {
            Self::Changes => import.rows_changed - left,
            Self::Left => left,
            Self::Wrong => import.rows_wrong,
        }
    }
}

/// The import, or its progress alone where htmx asks.
///
/// # Errors
/// See [`WebError`].
pub async fn show(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let id: ImportId = path_id(&req)?;
    // The view is always named, so that no link of the pager is empty.
    let query = format!("{}&view=", req.query_string());
    let (tenant, params) = (
        user.tenant(),
        Params::parse(&query, "", &["view", "size", "page"]),
    );
    let asked = View::ALL
        .iter()
        .find(|(_, word)| *word == params.get("view"))
        .map(|(view, _)| *view);
    let page = params.page();
    let found = services
        .db
        .read(move |conn| {
            let Some(import) = import_fetch(conn, tenant, id)? else {
                return Ok(None);
            };
            let Some(store) = store_fetch(conn, tenant, import.store_id)? else {
                return Ok(None);
            };
            let first = View::ALL
                .iter()
                .map(|(view, _)| *view)
                .find(|view| view.count(&import) > 0);
            let view = asked.or(first).unwrap_or(View::Changes);
            let rows = import_rows_list(conn, id, view.states(), page)?;
            let earlier = import_earlier(conn, &import)?;
            Ok::<_, StoreError>(Some((import, store, view, rows, earlier)))
        })
        .await?;
    let (import, store, view, rows, earlier) = found.ok_or_else(WebError::not_found)?;
    let (done, all) = progress(&import);
    let part = Progress {
        t: &shell.t,
        import: &import,
        done,
        all,
    };
    if shell.htmx {
        if import.state.is_working() {
            return html(&part);
        }
        // It is over: the whole page tells something else now.
        return Ok(HttpResponse::Ok().insert_header(("HX-Refresh", "true")).finish());
    }
    let progress = if import.state.is_working() {
        part.render()?
    } else {
        String::new()
    };
    html(&page_of(
        shell,
        (import, store, earlier),
        (view, rows),
        &params,
        progress,
    ))
}

fn page_of(
    shell: Shell,
    (import, store, earlier): (Import, Store, Option<Import>),
    (view, rows): (View, Paged<(ImportRow, Option<String>)>),
    params: &Params,
    progress: String,
) -> ShowPage {
    let t = shell.t;
    let layout: Option<FileLayout> = serde_json::from_value(import.layout.clone()).ok();
    let tabs = View::ALL
        .iter()
        .filter(|(tab, _)| *tab == view || tab.count(&import) > 0)
        .map(|(tab, word)| Tab {
            text: t.get(format!("import-view-{word}")),
            href: params.link("view", word),
            count: i64::from(tab.count(&import)),
            current: *tab == view,
        })
        .collect();
    ShowPage {
        store,
        earlier,
        progress,
        tabs,
        pager: Pager::new(params, &rows),
        lines: rows
            .rows
            .into_iter()
            .map(|row| Line::new(row, layout.as_ref(), t))
            .collect(),
        ignored: layout.map(|layout| layout.ignored).unwrap_or_default(),
        import,
        shell,
    }
}

/// Asks for the changes to be written.
///
/// # Errors
/// See [`WebError`].
pub async fn apply(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id: ImportId = path_id(&req)?;
    let outcome = apply_import(&services, &user.0.actor(&req), id).await;
    told(outcome, id, shell.t, &session)
}

/// Asks for the values of before to be brought back.
///
/// # Errors
/// See [`WebError`].
pub async fn undo(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id: ImportId = path_id(&req)?;
    let outcome = undo_import(&services, &user.0.actor(&req), id).await;
    told(outcome, id, shell.t, &session)
}

fn told(
    outcome: Result<(), ImportError>,
    id: ImportId,
    t: Texts,
    session: &Session,
) -> WebResult<HttpResponse> {
    let sentence = match outcome {
        Ok(()) => None,
        Err(ImportError::Busy) => Some("import-error-busy"),
        Err(ImportError::TooLate) => Some("import-error-too-late"),
        Err(error) => return Err(error.into()),
    };
    if let Some(key) = sentence {
        session::flash(session, false, t.get(key))?;
    }
    Ok(see_other(&format!("/imports/{id}")))
}
