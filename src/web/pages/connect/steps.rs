//! The steps of connecting a store as addresses of their own: each can be opened, reloaded and come back to.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::attempt::{AttemptFragment, AttemptPage};
use crate::{
    domain::{AttemptId, AttemptState, RepricingMode, StoreId},
    queue::runs::{RunFilter, job_run_list},
    services::Services,
    store::{
        StoreError,
        overview::{StoreFigures, overview_store},
        stores::{Store, store_fetch},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, path_id},
        filters, format,
        pages::jobs::{RunProgress, RunView},
        render::{html, see_other},
    },
};

/// A step after the forms that begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The marketplace is being asked.
    Wait,
    /// The password of the account.
    Password,
    /// A code from a message.
    Code,
    /// Which of several stores.
    Merchant,
    /// The catalogue is read for the first time.
    Read,
    /// What the robot does from now on: nothing, or nothing that is sent.
    Defaults,
}

impl Step {
    const ALL: [Self; 6] = [
        Self::Wait,
        Self::Password,
        Self::Code,
        Self::Merchant,
        Self::Read,
        Self::Defaults,
    ];

    /// Its word in addresses and keys of texts.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Password => "password",
            Self::Code => "code",
            Self::Merchant => "merchant",
            Self::Read => "read",
            Self::Defaults => "defaults",
        }
    }

    /// The step that a login is at; one that failed is at its first.
    pub(super) fn of(state: AttemptState) -> Self {
        match state {
            AttemptState::Done => Self::Read,
            AttemptState::ChooseMerchant => Self::Merchant,
            AttemptState::Password => Self::Password,
            _ if state.wants_code() => Self::Code,
            _ => Self::Wait,
        }
    }

    /// Its place in the line of steps that pages show, from 0; the way and the form that begins are before.
    pub(super) const fn place(self) -> usize {
        match self {
            Self::Wait | Self::Password | Self::Code => 2,
            Self::Merchant => 3,
            Self::Read => 4,
            Self::Defaults => 5,
        }
    }

    fn of_path(path: &str) -> Option<Self> {
        let word = path.rsplit('/').next()?;
        Self::ALL.into_iter().find(|step| step.word() == word)
    }
}

/// A step that is behind, or that waits for others.
#[derive(Template)]
#[template(path = "stores/step_other.html")]
struct OtherPage {
    shell: Shell,
    id: AttemptId,
    login: String,
    /// The step that is looked at.
    asked: Step,
    /// The step that the login is at.
    now: Step,
}

#[derive(Template)]
#[template(path = "stores/step_read.html")]
struct ReadPage {
    shell: Shell,
    id: AttemptId,
    store: Store,
    figures: StoreFigures,
    open: Vec<RunProgress>,
    past: Vec<RunView>,
}

#[derive(Template)]
#[template(path = "stores/step_defaults.html")]
struct DefaultsPage {
    shell: Shell,
    id: AttemptId,
    store: Store,
    figures: StoreFigures,
}

impl DefaultsPage {
    /// What nothing is sent with.
    fn modes(&self) -> [RepricingMode; 2] {
        [RepricingMode::Off, RepricingMode::Shadow]
    }
}

/// `GET /stores/connect/{id}/{step}`
///
/// # Errors
/// Not found; database away.
pub(super) async fn show(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let id: AttemptId = path_id(&req)?;
    let asked = Step::of_path(req.path()).ok_or_else(WebError::not_found)?;
    let fragment = AttemptFragment::load(&services, &shell, &user, id, None).await?;
    let attempt = fragment.attempt();
    let now = Step::of(attempt.state);
    if let (Step::Read, Step::Read | Step::Defaults, Some(store)) = (now, asked, attempt.store_id) {
        return after_login(shell, &user, &services, (id, store), asked).await;
    }
    if asked == now {
        return html(&AttemptPage::new(shell, fragment));
    }
    html(&OtherPage {
        shell,
        id,
        login: format::login(attempt.kind, &attempt.login),
        asked,
        now,
    })
}

/// What follows once the store is there.
async fn after_login(
    shell: Shell,
    user: &CurrentUser,
    services: &Services,
    (id, store_id): (AttemptId, StoreId),
    asked: Step,
) -> WebResult<HttpResponse> {
    let (tenant, now, t) = (user.tenant(), shell.now, shell.t);
    let of_store = RunFilter {
        store_id: Some(store_id),
        ..RunFilter::default()
    };
    let found = services
        .db
        .read(move |conn| {
            let Some(store) = store_fetch(conn, tenant, store_id)? else {
                return Ok(None);
            };
            let figures = overview_store(conn, store_id)?;
            Ok::<_, StoreError>(Some((store, figures, job_run_list(conn, tenant, of_store, 3)?)))
        })
        .await?;
    // The store was removed since: the login tells what there is to tell.
    let Some((store, figures, runs)) = found else {
        return Ok(see_other(&format!("/stores/connect/{id}")));
    };
    if asked == Step::Defaults {
        return html(&DefaultsPage {
            shell,
            id,
            store,
            figures,
        });
    }
    let (open, past): (Vec<_>, Vec<_>) = runs
        .into_iter()
        .map(|(run, _)| RunView::new(run, None, now, t))
        .partition(|view| view.open);
    html(&ReadPage {
        open: open
            .into_iter()
            .map(|view| RunProgress::new(view, &shell))
            .collect(),
        shell,
        id,
        store,
        figures,
        past,
    })
}
