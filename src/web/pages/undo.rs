//! "Put back": the former values of a change of products, from the message after it or from its line in the log.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::products::{edit::row_after_undo, limits::safe_back};
use crate::{
    app::undo::{Left, Undone, undo},
    domain::{AuditId, ProductId},
    services::Services,
    web::{
        Shell, WebError, WebResult,
        auth::ManagerUser,
        render::see_other,
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[Route::post("/undo", Kind::Fragment, Access::Manager, || {
    web::to(put_back)
})];

/// Products that are told by name.
const NAMED: usize = 5;

#[derive(Default, Deserialize)]
#[serde(default)]
struct UndoForm {
    line: String,
    /// Present: with all that was changed by the same press.
    whole: Option<String>,
    /// Where the message stood.
    back: String,
}

async fn put_back(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<UndoForm>,
) -> WebResult<HttpResponse> {
    let line: AuditId = form.line.parse().map_err(|_| WebError::not_found())?;
    let undone = undo(&services, &user.0.actor(&req), line, form.whole.is_some()).await?;
    let back = safe_back(&form.back);
    let said = Said::of(&undone, &shell.t);
    if let (true, Some(id)) = (shell.htmx && form.whole.is_none(), only(&undone)) {
        return row_after_undo(shell, &user, &services, id, (said.done, said.left), back).await;
    }
    if !said.done.is_empty() {
        session::flash(&session, true, said.done)?;
    }
    if !said.left.is_empty() {
        session::flash(&session, false, said.left)?;
    }
    Ok(see_other(back))
}

/// The one product that it was about.
fn only(undone: &Undone) -> Option<ProductId> {
    match (undone.done.as_slice(), undone.left.as_slice()) {
        ([id], []) | ([], [(id, ..)]) => Some(*id),
        _ => None,
    }
}

/// What came of it, in words: what has its former values, and what stays as it is and why. Either may be empty.
struct Said {
    done: String,
    left: String,
}

impl Said {
    fn of(undone: &Undone, t: &Texts) -> Self {
        let done = undone.done.len();
        let mut left: Vec<String> = undone
            .left
            .iter()
            .take(NAMED)
            .map(|(_, name, why)| match why {
                Left::Changed(Some(who)) => t.with2("undo-left-changed-by", "name", name, "who", who),
                Left::Changed(None) => t.with("undo-left-changed", "name", name),
                Left::NotAllowed => t.with("undo-left-not-allowed", "name", name),
                Left::Gone => t.with("undo-left-gone", "name", name),
            })
            .collect();
        let more = undone.left.len().saturating_sub(NAMED);
        if more > 0 {
            left.push(t.with("undo-left-more", "n", more));
        }
        Self {
            done: match done {
                0 => String::new(),
                1 => t.get("undo-done-one"),
                many => t.with("undo-done", "n", many),
            },
            left: if left.is_empty() {
                String::new()
            } else {
                format!("{} {}", t.get("undo-left"), left.join(" "))
            },
        }
    }
}
