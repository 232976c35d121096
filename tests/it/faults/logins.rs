//! Logins while something is wrong: the account's owner types what is asked for, and what becomes of the attempt
//! is what the row tells.

use std::time::Duration;

use diesel::prelude::*;
use kaspi_panel::{
    app::connect_store::{ConnectError, sms_start, start_connection, verify_code},
    config::LoginDriver,
    domain::{Actor, ActorKind, AttemptId, AttemptState, JobRunId, Role},
    schema::{connection_attempts, job_runs},
    secrets::Secret,
    store::{connections::ConnectionAttempt, users::user_fetch},
    worker::jobs,
};
use serde_json::json;
use tokio::sync::watch;

use super::{
    operations::Observed,
    table::{Fault, Row},
};
use crate::support::{TestApp, db_user, wait_until};

const EMAIL: &str = "demo@example.kz";
const PASSWORD: &str = "Demo-Password-1";
const PHONE: &str = "+77000000001";
const PATIENCE: Duration = Duration::from_secs(90);
/// Codes that the owner types before giving up.
const CODES_MAX: usize = 2;

/// Runs the login of a row.
pub async fn observe(row: &Row, fault: &Fault) -> Observed {
    let how = row.operation.as_str();
    let (browser, hurry) = (how.contains("browser"), how.contains("hurry"));
    let app = TestApp::builder()
        .settings(move |config| {
            config.browser.driver = if browser {
                LoginDriver::WebDriver
            } else {
                LoginDriver::Http
            };
            if hurry {
                config.kaspi.timeout = Duration::from_secs(1);
            }
        })
        .build();
    if how.contains("mailed code") {
        let account = json!({ "email": EMAIL, "mail_code": true });
        app.market
            .call(reqwest::Method::PATCH, "/control/accounts", account)
            .await;
    }
    let owner = db_user(&mut app.conn(), "aigul", Role::Manager);
    let actor = user_fetch(&mut app.conn(), owner)
        .unwrap()
        .unwrap()
        .actor(ActorKind::Person, None);
    let mut person = Person {
        app: &app,
        actor,
        how,
        passed: Vec::new(),
    };
    if how.contains("waiting") {
        let (id, job) = person.begin().await.expect("a login");
        person.settled(id, None).await;
        switch_on(&app, fault).await;
        return person.go_on(id, job).await;
    }
    switch_on(&app, fault).await;
    match person.begin().await {
        Ok((id, job)) => {
            if how.contains("twice") {
                let second = person.start().await.expect_err("one login at a time");
                assert!(
                    matches!(second, ConnectError::AlreadyRunning { .. }),
                    "{second:?}"
                );
                person.passed.push("second one refused".to_owned());
            }
            person.go_on(id, job).await
        }
        Err(error) => panic!("{error}"),
    }
}

async fn switch_on(app: &TestApp, fault: &Fault) {
    app.market
        .call(fault.method.clone(), &fault.path, fault.body.clone())
        .await;
}

type Job = tokio::task::JoinHandle<Result<(), jobs::JobError>>;

/// The owner of the account, before the page of the attempt.
struct Person<'a> {
    app: &'a TestApp,
    actor: Actor,
    how: &'a str,
    passed: Vec<String>,
}

impl Person<'_> {
    async fn start(&self) -> Result<AttemptId, ConnectError> {
        let services = &self.app.services;
        if self.how.contains("phone") {
            return sms_start(services, &self.actor, PHONE, None).await;
        }
        let password = if self.how.contains("wrong password") {
            "Wrong-Password-1"
        } else {
            PASSWORD
        };
        start_connection(services, &self.actor, EMAIL, Secret::from(password), None).await
    }

    /// Begins, and lets a worker take it up.
    async fn begin(&self) -> Result<(AttemptId, Job), ConnectError> {
        let id = self.start().await?;
        let run_id: JobRunId = job_runs::table
            .filter(job_runs::kind.eq("connect_store"))
            .order(job_runs::id.desc())
            .select(job_runs::id)
            .first(&mut self.app.conn())
            .unwrap();
        let services = self.app.services.clone();
        let job = tokio::spawn(async move {
            let (_order, stop) = watch::channel(false);
            jobs::connect_store::run(services, run_id, stop).await
        });
        Ok((id, job))
    }

    fn attempt(&self, id: AttemptId) -> ConnectionAttempt {
        connection_attempts::table
            .find(id)
            .select(ConnectionAttempt::as_select())
            .first(&mut self.app.conn())
            .unwrap()
    }

    /// The attempt when it waits for the person or is over, and is not as it was.
    async fn settled(&self, id: AttemptId, before: Option<i32>) -> ConnectionAttempt {
        wait_until("the login gets somewhere", PATIENCE, || async {
            let found = self.attempt(id);
            let moved = found.state.is_final() || Some(found.wrong_answers) != before;
            if !found.state.is_working() && found.answer_sealed.is_none() && moved {
                Ok(found)
            } else {
                Err(found.state)
            }
        })
        .await
    }

    /// Types codes as long as they are asked for, then tells how it ended.
    async fn go_on(mut self, id: AttemptId, job: Job) -> Observed {
        let mut found = self.settled(id, None).await;
        for turn in 0..CODES_MAX {
            if !found.state.wants_code() {
                break;
            }
            self.passed.push(found.state.to_string());
            let wrong = turn == 0 && self.how.contains("wrong code");
            let code = match found.state {
                _ if wrong => "000000",
                AttemptState::MailCode => "654321",
                _ => "123456",
            };
            verify_code(&self.app.services, &self.actor, id, &Secret::from(code))
                .await
                .unwrap();
            found = self.settled(id, Some(found.wrong_answers)).await;
        }
        let shown = match found.blocked_until {
            Some(until) => format!(
                "{} for {} s",
                found.state,
                (until - self.app.services.now()).num_seconds()
            ),
            None => found.state.to_string(),
        };
        if found.state.is_final() {
            // How the job ended is what the attempt says.
            let ended = tokio::time::timeout(PATIENCE, job)
                .await
                .expect("the job ends")
                .unwrap();
            assert_eq!(ended.is_ok(), found.state == AttemptState::Done, "{ended:?}");
        } else {
            job.abort();
        }
        Observed {
            classified: if self.passed.is_empty() {
                "–".to_owned()
            } else {
                self.passed.join(", ")
            },
            shown,
            asked: self.app.market.calls("login").await.len().to_string(),
        }
    }
}
