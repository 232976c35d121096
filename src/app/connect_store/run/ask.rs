//! Asking the person behind a login back: the question goes into the attempt's row, the answer is found there.
//! Nothing is held while nobody answers but the browser.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Next, RESEND_GAP, Run};
use crate::{
    app::{
        cabinet_session,
        connect_store::{ConnectError, answer_place},
    },
    domain::{AttemptState, Tenant, offer::Merchant},
    kaspi::login::CodeBy,
    secrets::Secret,
    store::connections::{AttemptWait, ConnectionAttempt, attempt_fetch, attempt_take_answer, attempt_wait},
};

/// Life of a code, from its sending on.
const CODE_LIFE: TimeDelta = TimeDelta::minutes(10);
/// So long a person may think about a choice or look for a password.
const CHOICE_LIFE: TimeDelta = TimeDelta::minutes(10);
/// Pause between two looks at the row.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Every so many looks the browser is asked for a sign of life.
const LOOKS_PER_SIGN: u32 = 7;

/// What a person answered.
enum Reply {
    Answer(Secret),
    Chosen(String),
    Resend,
    /// Nobody did.
    Ended(AttemptState),
}

impl Run<'_> {
    pub(super) async fn ask_code(
        &mut self,
        by: CodeBy,
        sent_to: Option<String>,
        wrong: bool,
        resend_at: Option<DateTime<Utc>>,
    ) -> Result<Next, ConnectError> {
        if self.attempt.automatic {
            return self.ended(AttemptState::NeedsCode).await;
        }
        let now = self.services.now();
        let until = *self.code_until.get_or_insert(now + CODE_LIFE);
        let wait = AttemptWait {
            state: match by {
                CodeBy::Sms => AttemptState::SmsCode,
                CodeBy::Mail => AttemptState::MailCode,
            },
            merchants: json!([]),
            sent_to: sent_to.clone(),
            wrong,
            resend_at: Some(resend_at.unwrap_or(until - CODE_LIFE + RESEND_GAP)),
            deadline_at: until,
        };
        Ok(
            match self.wait_for_person(wait, AttemptState::CodeExpired).await? {
                Reply::Answer(code) => Next::Code(code),
                Reply::Resend => Next::Resend { by, sent_to },
                Reply::Chosen(_) => return self.ended(AttemptState::Failed).await,
                Reply::Ended(state) => return self.ended(state).await,
            },
        )
    }

    pub(super) async fn ask_password(&mut self) -> Result<Next, ConnectError> {
        if self.attempt.automatic {
            return self.ended(AttemptState::WrongCredentials).await;
        }
        // Another store of a known account: what was kept for it is good enough.
        let kept = self.known.account.as_ref().and_then(|account| {
            let sealed = account.password_sealed.as_deref()?;
            let place = cabinet_session::password_place(account);
            self.services.vault.open(place, sealed).ok()
        });
        if let (None, Some(kept)) = (&self.password, kept) {
            self.password = Some(kept.clone());
            return Ok(Next::Password(kept));
        }
        let wait = AttemptWait {
            state: AttemptState::Password,
            merchants: json!([]),
            sent_to: None,
            wrong: false,
            resend_at: None,
            deadline_at: self.services.now() + CHOICE_LIFE,
        };
        Ok(
            match self.wait_for_person(wait, AttemptState::Interrupted).await? {
                Reply::Answer(password) => {
                    self.password = Some(password.clone());
                    Next::Password(password)
                }
                Reply::Chosen(_) | Reply::Resend => return self.ended(AttemptState::Failed).await,
                Reply::Ended(state) => return self.ended(state).await,
            },
        )
    }

    /// The login page asks for a merchant: the one of the store that is logged in again, or a person's choice.
    pub(super) async fn ask_choice_at_login(&mut self, merchants: &[Merchant]) -> Result<Next, ConnectError> {
        let offered = |id: &String| merchants.iter().any(|merchant| merchant.id == *id);
        let chosen = match self.known.merchant_id.clone().filter(offered) {
            Some(known) => known,
            None if self.attempt.automatic || self.attempt.store_id.is_some() => {
                return self.ended(AttemptState::NoMerchants).await;
            }
            None => match self.ask_choice(merchants).await? {
                Ok(chosen) => chosen,
                Err(state) => return self.ended(state).await,
            },
        };
        self.wanted = Some(chosen.clone());
        self.chosen_at_login = Some(chosen.clone());
        Ok(Next::Choose(chosen))
    }

    pub(super) async fn ask_choice(
        &mut self,
        merchants: &[Merchant],
    ) -> Result<Result<String, AttemptState>, ConnectError> {
        let wait = AttemptWait {
            state: AttemptState::ChooseMerchant,
            merchants: json!(merchants),
            sent_to: None,
            wrong: false,
            resend_at: None,
            deadline_at: self.services.now() + CHOICE_LIFE,
        };
        Ok(
            match self.wait_for_person(wait, AttemptState::Interrupted).await? {
                Reply::Chosen(merchant_id) => Ok(merchant_id),
                Reply::Answer(_) | Reply::Resend => Err(AttemptState::Failed),
                Reply::Ended(state) => Err(state),
            },
        )
    }

    /// Waits on the row. Ends with the deadline, the browser, the program, or the attempt itself.
    async fn wait_for_person(
        &mut self,
        wait: AttemptWait,
        late: AttemptState,
    ) -> Result<Reply, ConnectError> {
        let (services, id) = (self.services, self.attempt.id);
        let (now, until) = (services.now(), wait.deadline_at);
        let waits = services
            .db
            .tx(move |conn| attempt_wait(conn, id, &wait, now))
            .await?;
        if !waits {
            return Ok(Reply::Ended(AttemptState::Cancelled));
        }
        let mut looks = 0_u32;
        loop {
            if *self.stop.borrow() {
                return Ok(Reply::Ended(AttemptState::Interrupted));
            }
            if services.now() >= until {
                return Ok(Reply::Ended(late));
            }
            let found = services
                .db
                .read(move |conn| attempt_fetch(conn, Tenant::All, id))
                .await?;
            let Some(found) = found else {
                return Ok(Reply::Ended(AttemptState::Cancelled));
            };
            if found.state.is_final() {
                return Ok(Reply::Ended(found.state));
            }
            if found.state == AttemptState::Running {
                return self.reply(found).await;
            }
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(LOOKS_PER_SIGN)
                && let Some(conversation) = &mut self.conversation
                && !conversation.is_alive().await
            {
                return Ok(Reply::Ended(AttemptState::Interrupted));
            }
            let mut stop = self.stop.clone();
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                Ok(_) = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    async fn reply(&self, found: ConnectionAttempt) -> Result<Reply, ConnectError> {
        let id = found.id;
        self.services
            .db
            .tx(move |conn| attempt_take_answer(conn, id))
            .await?;
        if let Some(sealed) = found.answer_sealed {
            let secret = self
                .services
                .vault
                .open(answer_place(id, found.user_id), &sealed)?;
            return Ok(Reply::Answer(secret));
        }
        Ok(match found.merchant_id {
            _ if found.resend_wanted => Reply::Resend,
            Some(merchant_id) => Reply::Chosen(merchant_id),
            None => Reply::Ended(AttemptState::Failed),
        })
    }
}
