//! The login itself, as the job runs it: a conversation with the marketplace on one side, the attempt's row on
//! the other. Where a person is needed the job waits on the row, with a deadline and without a connection.

mod ask;
mod end;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::{ConnectError, expire, heartbeat::Heartbeat, password_place};
use crate::{
    app::cabinet_session::open_session,
    domain::{Actor, ActorKind, AttemptId, AttemptState, JobRunId, Tenant, UserId, offer::Merchant},
    kaspi::{
        CabinetSession, KaspiError,
        login::{self, CodeBy, Conversation, Login, LoginOutcome, Renewed},
    },
    secrets::Secret,
    services::Services,
    store::{
        StoreError,
        accounts::{CabinetAccount, account_fetch, account_list_by_login},
        connections::{AttemptEnd, ConnectionAttempt, attempt_fetch, attempt_finish, attempt_start},
        stores::store_fetch,
        users::user_fetch,
    },
};

/// Tells that the program is being stopped.
pub type Stop = watch::Receiver<bool>;

/// A code is not asked for again earlier.
const RESEND_GAP: TimeDelta = TimeDelta::seconds(65);
/// A step that is under way may still end after the order to stop.
const STEP_AFTER_STOP: Duration = Duration::from_secs(15);

/// Logs in for an attempt and makes the store of it; called by the job. An attempt that does not wait (any
/// more) is left alone. Returns where the attempt stands.
///
/// # Errors
/// Database or vault failed; the attempt has then ended as far as that could be written.
pub async fn run_connection(
    services: &Services,
    id: AttemptId,
    run_id: JobRunId,
    stop: Stop,
) -> Result<AttemptState, ConnectError> {
    let Some((attempt, actor, password)) = take_up(services, id, run_id).await? else {
        return abandoned(services, id).await;
    };
    let _beat = Heartbeat::start(services, id);
    let mut run = Run {
        services,
        conversation: Some(Conversation::new(&services.kaspi)),
        known: known_accounts(services, &attempt).await?,
        wanted: None,
        chosen_at_login: None,
        code_until: None,
        password,
        attempt,
        actor,
        stop,
    };
    let ended = run.converse().await;
    if let Some(conversation) = run.conversation.take() {
        conversation.finish().await;
    }
    if ended.is_err() {
        // The row must not say "running" until its deadline for a fault that is known now.
        run.end(AttemptState::Failed, AttemptEnd::default(), None).await?;
    }
    ended
}

/// A job that comes back finds the attempt of a worker that is gone: it cannot be continued.
async fn abandoned(services: &Services, id: AttemptId) -> Result<AttemptState, ConnectError> {
    let (now, silence) = (services.now(), services.config.worker.lost_after.as_secs_f64());
    let attempt = services
        .db
        .tx(move |conn| {
            expire(conn, silence, now)?;
            attempt_fetch(conn, Tenant::All, id)
        })
        .await?;
    attempt.map(|attempt| attempt.state).ok_or(ConnectError::NotFound)
}

/// Takes a waiting attempt up, with the person behind it and the opened password.
async fn take_up(
    services: &Services,
    id: AttemptId,
    run_id: JobRunId,
) -> Result<Option<(ConnectionAttempt, Actor, Option<Secret>)>, ConnectError> {
    let now = services.now();
    let taken = services
        .db
        .tx(move |conn| {
            if !attempt_start(conn, id, now)? {
                return Ok(None);
            }
            let Some(attempt) = attempt_fetch(conn, Tenant::All, id)? else {
                return Ok(None);
            };
            let user = user_fetch(conn, attempt.user_id)?;
            Ok::<_, StoreError>(user.map(|user| (attempt, user)))
        })
        .await?;
    let Some((attempt, user)) = taken else {
        return Ok(None);
    };
    let opened = attempt
        .password_sealed
        .as_deref()
        .map(|sealed| services.vault.open(password_place(id, attempt.user_id), sealed))
        .transpose();
    if opened.is_err() {
        let end =
            move |conn: &mut _| attempt_finish(conn, id, AttemptState::Failed, &AttemptEnd::default(), now);
        services.db.tx(end).await?;
    }
    let request_id = Some(run_id.to_string());
    let actor = if attempt.automatic {
        Actor {
            request_id,
            ..Actor::system()
        }
    } else {
        user.actor(ActorKind::Person, request_id)
    };
    Ok(Some((attempt, actor, opened?)))
}

/// What is known of the account before the login, and of the store it is for.
struct Known {
    /// Whose the account is.
    owner_id: UserId,
    /// Accounts of this owner and login, newest session first.
    accounts: Vec<CabinetAccount>,
    /// The account that is logged in again.
    account: Option<CabinetAccount>,
    /// The merchant of the store or account that is logged in again.
    merchant_id: Option<String>,
}

async fn known_accounts(services: &Services, attempt: &ConnectionAttempt) -> Result<Known, StoreError> {
    let attempt = attempt.clone();
    services
        .db
        .read(move |conn| {
            let store = match attempt.store_id {
                Some(id) => store_fetch(conn, Tenant::All, id)?,
                None => None,
            };
            let account = match attempt.account_id {
                Some(id) => account_fetch(conn, id)?,
                None => None,
            };
            let owner_id = store
                .as_ref()
                .map(|store| store.owner_id)
                .or(account.as_ref().map(|account| account.owner_id))
                .unwrap_or(attempt.user_id);
            // Another store of the account is wanted: then its last choice says nothing.
            let again = attempt.automatic || store.is_some();
            let merchant_id = store
                .map(|store| store.merchant_id)
                .or_else(|| account.as_ref()?.merchant_id.clone().filter(|_| again));
            Ok(Known {
                owner_id,
                accounts: account_list_by_login(conn, owner_id, attempt.kind, &attempt.login)?,
                account,
                merchant_id,
            })
        })
        .await
}

struct Run<'a> {
    services: &'a Services,
    attempt: ConnectionAttempt,
    actor: Actor,
    password: Option<Secret>,
    known: Known,
    /// `None` once nothing more is to be said to the login page.
    conversation: Option<Conversation>,
    /// The merchant that a person chose.
    wanted: Option<String>,
    /// The merchant that the login itself asked for.
    chosen_at_login: Option<String>,
    /// The code that was sent is good until then.
    code_until: Option<DateTime<Utc>>,
    stop: Stop,
}

impl Run<'_> {
    async fn converse(&mut self) -> Result<AttemptState, ConnectError> {
        let mut outcome = match self.by_session().await {
            Some(outcome) => outcome,
            None => self.step(Next::Begin).await,
        };
        loop {
            let next = match &outcome {
                LoginOutcome::LoggedIn { session, merchants } => {
                    let (session, merchants) = (CabinetSession::clone(session), merchants.clone());
                    return self.logged_in(session, merchants).await;
                }
                LoginOutcome::NeedsCode { by, sent_to, wrong } => {
                    let (by, sent_to, wrong) = (*by, sent_to.clone(), *wrong);
                    self.ask_code(by, sent_to, wrong, None).await?
                }
                LoginOutcome::NeedsPassword => self.ask_password().await?,
                LoginOutcome::ChooseMerchant { merchants } => {
                    let merchants = merchants.clone();
                    self.ask_choice_at_login(&merchants).await?
                }
                other => return self.give_up(other).await,
            };
            outcome = match next {
                Next::Ended(state) => return Ok(state),
                Next::Resend { by, sent_to } => match self.step(Next::Resend { by, sent_to: None }).await {
                    // Too early: the code that was sent before is still good.
                    LoginOutcome::Blocked { wait } => {
                        let wait = wait.and_then(|wait| TimeDelta::from_std(wait).ok());
                        let at = self.services.now() + wait.unwrap_or(RESEND_GAP);
                        match self.ask_code(by, sent_to, false, Some(at)).await? {
                            Next::Ended(state) => return Ok(state),
                            next => self.step(next).await,
                        }
                    }
                    LoginOutcome::NeedsCode { by, sent_to, .. } => {
                        self.code_until = None;
                        LoginOutcome::NeedsCode {
                            by,
                            sent_to,
                            wrong: false,
                        }
                    }
                    other => other,
                },
                next => self.step(next).await,
            };
        }
    }

    /// Another store of a known account: its session may be alive, or come back silently.
    async fn by_session(&self) -> Option<LoginOutcome> {
        if self.password.is_some() || self.attempt.store_id.is_some() {
            return None;
        }
        // Where the login asked for a merchant, its session is good for that one alone.
        let account = self
            .known
            .account
            .as_ref()
            .filter(|account| account.merchant_id.is_none())?;
        let session = open_session(self.services, account)?;
        let session = match self.services.kaspi.merchants(&session).await {
            Ok(merchants) if !merchants.is_empty() => {
                return Some(logged_in(session, merchants));
            }
            Ok(_) | Err(KaspiError::SessionExpired) => session,
            Err(_) => return Some(LoginOutcome::Unavailable),
        };
        match login::renew(&self.services.kaspi, &session).await {
            Renewed::Ready(session) => match self.services.kaspi.merchants(&session).await {
                Ok(merchants) if !merchants.is_empty() => Some(logged_in(session, merchants)),
                _ => None,
            },
            Renewed::NeedsLogin => None,
            Renewed::Unavailable => Some(LoginOutcome::Unavailable),
        }
    }

    /// One step of the conversation, broken off when the program is stopped and the step takes long.
    async fn step(&mut self, next: Next) -> LoginOutcome {
        let login = Login {
            kind: self.attempt.kind,
            account: self.attempt.login.clone(),
            password: self.password.clone(),
            known: self
                .known
                .accounts
                .iter()
                .find_map(|account| open_session(self.services, account)),
        };
        let Some(conversation) = &mut self.conversation else {
            return LoginOutcome::StartAgain;
        };
        let config = &self.services.config;
        let step = async {
            match next {
                Next::Begin => conversation.begin(&config.browser, login).await,
                Next::Code(code) => conversation.answer(&code).await,
                Next::Password(password) => conversation.give_password(&password).await,
                Next::Choose(merchant_id) => conversation.choose(&merchant_id).await,
                Next::Resend { .. } => conversation.resend().await,
                Next::Ended(_) => LoginOutcome::StartAgain,
            }
        };
        let mut stop = self.stop.clone();
        let stopped = async {
            // An error means that nobody can order a stop any more.
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(STEP_AFTER_STOP).await;
        };
        let outcome = tokio::select! {
            outcome = step => outcome,
            () = stopped => LoginOutcome::StartAgain,
        };
        match outcome {
            LoginOutcome::Unavailable if !conversation.is_alive().await => LoginOutcome::StartAgain,
            outcome => outcome,
        }
    }
}

fn logged_in(session: CabinetSession, merchants: Vec<Merchant>) -> LoginOutcome {
    LoginOutcome::LoggedIn {
        session: Box::new(session),
        merchants,
    }
}

/// What is done next.
enum Next {
    Begin,
    Code(Secret),
    Password(Secret),
    Choose(String),
    Resend {
        by: CodeBy,
        sent_to: Option<String>,
    },
    /// Nothing.
    Ended(AttemptState),
}
