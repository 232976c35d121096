//! The end of a login: what is kept of a good one, and what is written down about the others.

use chrono::TimeDelta;
use secrecy::ExposeSecret;

use super::{Next, Run};
use crate::{
    app::{
        cabinet_session::{self, renewal_ended, seal_session, session_works},
        connect_store::{
            ConnectError,
            finish::{Connected, store_connected},
        },
    },
    domain::{AccountId, AttemptState, Tenant, offer::Merchant},
    kaspi::{
        CabinetSession, KaspiError,
        login::{Evidence, LoginOutcome},
    },
    store::{
        StoreError,
        accounts::{CabinetAccount, account_forget_password, account_save},
        connections::{AttemptEnd, attempt_fetch, attempt_finish},
        evidence::{AttemptEvidence, evidence_save},
    },
};

/// The marketplace wants us to wait and does not say how long.
const USUAL_WAIT: TimeDelta = TimeDelta::minutes(5);

impl Run<'_> {
    /// The cabinet is open: which merchant is it, what does its card say, and then the store.
    pub(super) async fn logged_in(
        &mut self,
        session: CabinetSession,
        merchants: Vec<Merchant>,
    ) -> Result<AttemptState, ConnectError> {
        // The login page has nothing more to say, and others wait for a browser.
        if let Some(conversation) = self.conversation.take() {
            conversation.finish().await;
        }
        let account = self.keep_session(&session, &merchants).await?;
        if self.attempt.automatic {
            let end = AttemptEnd {
                account_id: Some(account.id),
                ..AttemptEnd::default()
            };
            return self.end(AttemptState::Done, end, None).await;
        }
        let wanted = self.wanted.clone().or_else(|| self.known.merchant_id.clone());
        let merchant_id = match (wanted, merchants.as_slice()) {
            (Some(wanted), _) => wanted,
            (None, [only]) => only.id.clone(),
            (None, _) => match self.ask_choice(&merchants).await? {
                Ok(chosen) => chosen,
                Err(state) => return self.end(state, AttemptEnd::default(), None).await,
            },
        };
        if !merchants.iter().any(|merchant| merchant.id == merchant_id) {
            return self.give_up(&LoginOutcome::NoMerchants).await;
        }
        let card = match self.services.kaspi.merchant_card(&session, &merchant_id).await {
            Ok(card) => card,
            Err(error) => {
                tracing::warn!(%error, "the card of a merchant could not be read");
                return self.give_up(&after_login(&error)).await;
            }
        };
        let connected = Connected {
            attempt: self.attempt.clone(),
            actor: self.actor.clone(),
            owner_id: self.known.owner_id,
            account_id: account.id,
            card,
        };
        store_connected(self.services, connected).await?;
        Ok(AttemptState::Done)
    }

    /// Keeps what the login gave with the account: session, device trust, and the password that was right.
    async fn keep_session(
        &self,
        session: &CabinetSession,
        merchants: &[Merchant],
    ) -> Result<CabinetAccount, ConnectError> {
        let (services, now) = (self.services, self.services.now());
        let same = |account: &&CabinetAccount| account.merchant_id == self.chosen_at_login;
        // The account that was logged in again stays itself, unless the login led to another merchant.
        let again = self
            .known
            .account
            .as_ref()
            .filter(|account| self.chosen_at_login.is_none() || same(account));
        let known = again.or_else(|| self.known.accounts.iter().find(same));
        let mut account = known.cloned().unwrap_or_else(|| CabinetAccount {
            id: AccountId::new(),
            owner_id: self.known.owner_id,
            kind: self.attempt.kind,
            login: self.attempt.login.clone(),
            merchant_id: self.chosen_at_login.clone(),
            password_sealed: None,
            password_set_at: None,
            cookies_sealed: None,
            cookies_set_at: None,
            session_id: None,
            session_used_at: None,
            renew_after: None,
            renew_failures: 0,
            created_at: now,
            updated_at: now,
        });
        seal_session(services, &mut account, session, now)?;
        if let Some(password) = &self.password {
            let place = cabinet_session::password_place(&account);
            account.password_sealed = Some(services.vault.seal(place, password)?);
            account.password_set_at = Some(now);
        }
        let (kept, actor, merchants) = (account.clone(), self.actor.clone(), merchants.to_vec());
        services
            .db
            .tx(move |conn| {
                account_save(conn, &kept)?;
                session_works(conn, &actor, kept.id, &merchants, now)
            })
            .await?;
        Ok(account)
    }

    /// Writes down how a login ended that did not succeed.
    pub(super) async fn give_up(&mut self, outcome: &LoginOutcome) -> Result<AttemptState, ConnectError> {
        let now = self.services.now();
        let mut end = AttemptEnd::default();
        let state = match outcome {
            LoginOutcome::WrongCredentials => AttemptState::WrongCredentials,
            LoginOutcome::NeedsCode { .. } => AttemptState::NeedsCode,
            LoginOutcome::CodeExpired => AttemptState::CodeExpired,
            LoginOutcome::StartAgain => AttemptState::Interrupted,
            LoginOutcome::NoMerchants => AttemptState::NoMerchants,
            LoginOutcome::NoPermission => AttemptState::NoPermission,
            LoginOutcome::Captcha => AttemptState::Captcha,
            LoginOutcome::BrowserMissing { .. } => AttemptState::BrowserMissing,
            LoginOutcome::Unavailable => AttemptState::Unavailable,
            LoginOutcome::LoggedIn { .. }
            | LoginOutcome::NeedsPassword
            | LoginOutcome::ChooseMerchant { .. } => AttemptState::Failed,
            LoginOutcome::PageChanged { what } => {
                tracing::error!(what, "the login of the marketplace has changed");
                AttemptState::PageChanged
            }
            LoginOutcome::Blocked { wait } => {
                let wait = wait.and_then(|wait| TimeDelta::from_std(wait).ok());
                end.blocked_until = Some(now + wait.unwrap_or(USUAL_WAIT));
                AttemptState::Blocked
            }
        };
        let odd = matches!(
            state,
            AttemptState::PageChanged | AttemptState::Unavailable | AttemptState::Captcha
        );
        let evidence = match &mut self.conversation {
            Some(conversation) if odd => conversation.evidence().await,
            _ => None,
        };
        self.end(state, end, evidence).await
    }

    pub(super) async fn ended(&self, state: AttemptState) -> Result<Next, ConnectError> {
        Ok(Next::Ended(self.end(state, AttemptEnd::default(), None).await?))
    }

    /// Ends the attempt, unless it has ended already, with what follows for account and stores.
    pub(super) async fn end(
        &self,
        state: AttemptState,
        end: AttemptEnd,
        evidence: Option<Evidence>,
    ) -> Result<AttemptState, ConnectError> {
        let (id, now, actor) = (self.attempt.id, self.services.now(), self.actor.clone());
        let account = self.known.account.as_ref().map(|account| account.id);
        let forget = (state == AttemptState::WrongCredentials)
            .then(|| self.account_with_this_password())
            .flatten();
        let evidence = evidence.map(|evidence| AttemptEvidence {
            attempt_id: id,
            picture: evidence.picture,
            page: evidence.page,
            address: evidence.address,
            taken_at: now,
        });
        let ended = self
            .services
            .db
            .tx(move |conn| {
                if !attempt_finish(conn, id, state, &end, now)? {
                    let found = attempt_fetch(conn, Tenant::All, id)?;
                    return Ok(found.map_or(AttemptState::Cancelled, |found| found.state));
                }
                if let Some(evidence) = &evidence {
                    evidence_save(conn, evidence)?;
                }
                if let Some(account) = forget {
                    account_forget_password(conn, account, now)?;
                }
                if let Some(account) = account.filter(|_| state != AttemptState::Done) {
                    renewal_ended(conn, &actor, account, state, end.blocked_until, now)?;
                }
                Ok::<_, StoreError>(state)
            })
            .await?;
        Ok(ended)
    }

    /// The account whose kept password was the one that was refused: it is never tried again.
    fn account_with_this_password(&self) -> Option<AccountId> {
        let account = self.known.account.as_ref()?;
        let sealed = account.password_sealed.as_deref()?;
        let place = cabinet_session::password_place(account);
        let kept = self.services.vault.open(place, sealed).ok()?;
        let used = self.password.as_ref()?;
        (kept.expose_secret() == used.expose_secret()).then_some(account.id)
    }
}

fn after_login(error: &KaspiError) -> LoginOutcome {
    match error {
        KaspiError::Blocked => LoginOutcome::Blocked { wait: None },
        KaspiError::RateLimited { after } => LoginOutcome::Blocked { wait: *after },
        KaspiError::Unavailable(_) | KaspiError::Paused { .. } | KaspiError::TokenRefused => {
            LoginOutcome::Unavailable
        }
        KaspiError::Rejected { .. } => LoginOutcome::NoMerchants,
        KaspiError::SessionExpired | KaspiError::Malformed { .. } => LoginOutcome::PageChanged {
            what: "the merchant card",
        },
    }
}
