//! `store login`: a login from the shell, with progress lines, that asks for what the marketplace asks for.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;

use super::{PATIENCE, owner_of};
use crate::{
    app::connect_store::{
        ConnectError, cancel_attempt, give_password, look_at_attempt, reconnect_store, sms_start,
        start_connection, verify_code,
    },
    cli::{ask::Answers, say},
    domain::{AccountKind, Actor, AttemptId, AttemptState, StoreId, Tenant},
    services::Services,
    store::{accounts::account_of_store, connections::ConnectionAttempt},
    web::texts::{Language, Texts},
};

/// What `store login` is told.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Key of the store, as in its address in the panel.
    #[arg(long)]
    store: StoreId,
    /// Log in by telephone and SMS instead of e-mail and password.
    #[arg(long, conflicts_with = "email")]
    phone: bool,
    /// Log in with this e-mail and a password that is asked for, instead of what was kept.
    #[arg(long)]
    email: Option<String>,
    /// Read password and codes line by line from standard input instead of asking for them.
    #[arg(long)]
    password_stdin: bool,
    /// One JSON object at the end and nothing else.
    #[arg(long)]
    json: bool,
}

/// The panel's own words for states and faults: the shell speaks English.
const TEXTS: Texts = Texts::new(Language::En);
/// Pause between two looks at the login.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(500);

/// Logs the store in.
pub async fn login(services: &Services, args: LoginArgs) -> Result<()> {
    let actor = owner_of(services, args.store).await?;
    let answers = Answers::new(args.password_stdin);
    let id = match begin(services, &actor, &args, answers).await {
        Ok(id) => id,
        Err(error) => match error.downcast::<ConnectError>() {
            Ok(error) => bail!(told(&error)),
            Err(error) => return Err(error),
        },
    };
    let ended = match follow(services, &actor, id, answers, !args.json).await {
        Ok(ended) => ended,
        Err(error) => {
            // Nobody is there to answer any more; one that has ended stays as it is.
            cancel_attempt(services, &actor, id).await.ok();
            return Err(error);
        }
    };
    if args.json {
        say(
            json!({ "store": args.store, "attempt": id, "state": ended.state, "blocked_until": ended.blocked_until }),
        );
    }
    if ended.state != AttemptState::Done {
        bail!("the store was not logged in: {}", words(&ended));
    }
    Ok(())
}

async fn begin(services: &Services, actor: &Actor, args: &LoginArgs, answers: Answers) -> Result<AttemptId> {
    let store_id = args.store;
    let account = services
        .db
        .read(move |conn| account_of_store(conn, store_id))
        .await?;
    let known = |kind| {
        account
            .as_ref()
            .filter(|account| account.kind == kind)
            .map(|account| account.login.clone())
    };
    if args.phone {
        let number = match known(AccountKind::Phone) {
            Some(number) => number,
            None => answers.text("Telephone").await?,
        };
        return Ok(sms_start(services, actor, &number, Some(store_id)).await?);
    }
    if args.email.is_none() && !args.password_stdin {
        match reconnect_store(services, actor, store_id).await {
            Err(ConnectError::NoPassword) => say("No password is kept for this store."),
            begun => return Ok(begun?),
        }
    }
    let email = match args.email.clone().or_else(|| known(AccountKind::Email)) {
        Some(email) => email,
        None if args.password_stdin => bail!("the store has no e-mail yet: add --email"),
        None => answers.text("E-mail").await?,
    };
    let password = answers.secret(&format!("Password of {email}")).await?;
    Ok(start_connection(services, actor, &email, password, Some(store_id)).await?)
}

/// Tells how the login goes, where that is wanted, and answers for the person, until it ends. Which merchant it
/// is nobody is asked: the store's own.
async fn follow(
    services: &Services,
    actor: &Actor,
    id: AttemptId,
    answers: Answers,
    told_how: bool,
) -> Result<ConnectionAttempt> {
    let tell = |line: String| {
        if told_how {
            say(format!("login: {line}"));
        }
    };
    let mut since = tokio::time::Instant::now();
    let mut shown = None;
    loop {
        let attempt = look_at_attempt(services, Tenant::All, id).await?;
        if shown != Some(attempt.state) {
            tell(words(&attempt));
            shown = Some(attempt.state);
            since = tokio::time::Instant::now();
        }
        let answered = match attempt.state {
            state if state.is_final() => return Ok(attempt),
            AttemptState::SmsCode | AttemptState::MailCode => {
                if attempt.wrong_answers > 0 {
                    tell(TEXTS.get("connect-code-wrong"));
                }
                let to = attempt.sent_to.as_deref().unwrap_or(&attempt.login);
                let code = answers.secret(&format!("Code sent to {to}")).await?;
                verify_code(services, actor, id, &code).await
            }
            AttemptState::Password => {
                let password = answers.secret("Password").await?;
                give_password(services, actor, id, password).await
            }
            _ if since.elapsed() > PATIENCE => {
                bail!("no worker took the login up: is `kaspi-panel worker` running?")
            }
            _ => {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
        };
        match answered {
            Ok(()) => shown = None,
            Err(ConnectError::Invalid(wrong)) => {
                wrong.iter().for_each(|error| tell(TEXTS.get(error.code)));
            }
            // It ended meanwhile: the next look tells how.
            Err(ConnectError::NotFound) => {}
            Err(error) => bail!(told(&error)),
        }
    }
}

/// A state in the words of the panel, with what can be done about it and the waiting time where there is one.
fn words(attempt: &ConnectionAttempt) -> String {
    let state = attempt.state;
    let mut words = TEXTS.get(format!("attempt-state-{state}"));
    if let Some(until) = attempt.blocked_until {
        let wait = TEXTS.get("connect-blocked-until");
        words = format!("{words} {wait} {}", until.format("%H:%M:%S UTC"));
    }
    let next = format!("attempt-next-{state}");
    if state.is_final() && TEXTS.has(&next) {
        words = format!("{words} {}", TEXTS.get(&next));
    }
    words
}

fn told(error: &ConnectError) -> String {
    match error {
        ConnectError::Blocked { until } => format!(
            "the marketplace lets nobody log in to this account before {}",
            until.format("%H:%M:%S UTC")
        ),
        ConnectError::AlreadyRunning { .. } => {
            "a login of this account is under way: wait for its end, or call it off in the panel".to_owned()
        }
        ConnectError::Invalid(wrong) => {
            let texts: Vec<String> = wrong.iter().map(|error| TEXTS.get(error.code)).collect();
            texts.join(" ")
        }
        other => other.to_string(),
    }
}
