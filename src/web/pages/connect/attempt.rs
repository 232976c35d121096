//! The page of one login: where it stands, what it asks for, and what it looked like when it failed.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use askama::Template;
use serde::Deserialize;

use super::{form_address, steps::Step};
use crate::{
    app::{
        connect_store::{
            ConnectError, cancel_attempt, choose_merchant, give_password, look_at_attempt, merchants_of,
            resend_code, verify_code,
        },
        edit::FieldError,
    },
    domain::{AccountKind, Actor, AttemptId, AttemptState, offer::Merchant},
    secrets::Secret,
    services::Services,
    store::{
        StoreError,
        connections::ConnectionAttempt,
        evidence::{AttemptEvidence, evidence_fetch},
        stores::store_own_merchants,
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        filters, form, format,
        render::{html, html_with, see_other},
        session,
        texts::Texts,
    },
};

/// A merchant to choose.
struct Choice {
    merchant: Merchant,
    /// The user has this store already.
    connected: bool,
}

/// Where a login stands; asks again every two seconds while a worker is at it.
#[derive(Template)]
#[template(path = "stores/_attempt.html")]
pub(super) struct AttemptFragment {
    t: Texts,
    csrf: String,
    may_change: bool,
    now: chrono::DateTime<chrono::Utc>,
    attempt: ConnectionAttempt,
    choices: Vec<Choice>,
    evidence: Option<AttemptEvidence>,
    error: Option<FieldError>,
}

impl AttemptFragment {
    pub(super) async fn load(
        services: &Services,
        shell: &Shell,
        user: &CurrentUser,
        id: AttemptId,
        error: Option<FieldError>,
    ) -> WebResult<Self> {
        let tenant = user.tenant();
        let attempt = look_at_attempt(services, tenant, id).await?;
        let owner = attempt.user_id;
        let (evidence, known) = services
            .db
            .read(move |conn| {
                let evidence = evidence_fetch(conn, tenant, id)?;
                Ok::<_, StoreError>((
                    evidence,
                    store_own_merchants(conn, &[owner])?
                        .remove(&owner)
                        .unwrap_or_default(),
                ))
            })
            .await?;
        let mut choices: Vec<Choice> = merchants_of(&attempt.merchants)
            .into_iter()
            .map(|merchant| Choice {
                connected: known.contains(&merchant.id),
                merchant,
            })
            .collect();
        // What is new comes first.
        choices.sort_by_key(|choice| choice.connected);
        Ok(Self {
            t: shell.t,
            csrf: shell.csrf.clone(),
            may_change: shell.may_change(),
            now: shell.now,
            attempt,
            choices,
            evidence,
            error,
        })
    }

    pub(super) fn attempt(&self) -> &ConnectionAttempt {
        &self.attempt
    }

    /// Address of the step that the login is at.
    fn address(&self) -> String {
        let step = Step::of(self.attempt.state);
        format!("/stores/connect/{}/{}", self.attempt.id, step.word())
    }

    fn state(&self) -> &'static str {
        self.attempt.state.as_str()
    }

    fn works(&self) -> bool {
        self.attempt.state.is_working()
    }

    fn wants_code(&self) -> bool {
        self.attempt.state.wants_code()
    }

    fn wants_password(&self) -> bool {
        self.attempt.state == AttemptState::Password
    }

    fn wants_choice(&self) -> bool {
        self.attempt.state == AttemptState::ChooseMerchant
    }

    fn is_done(&self) -> bool {
        self.attempt.state == AttemptState::Done
    }

    fn by_phone(&self) -> bool {
        self.attempt.kind == AccountKind::Phone
    }

    /// Where the code went.
    fn sent_to(&self) -> String {
        self.attempt
            .sent_to
            .clone()
            .unwrap_or_else(|| format::login(self.attempt.kind, &self.attempt.login))
    }

    /// The time from which the code may be asked for again, while it is not yet.
    fn resend_from(&self) -> Option<&chrono::DateTime<chrono::Utc>> {
        self.attempt.resend_at.as_ref().filter(|at| **at > self.now)
    }

    /// Icon and class of the message.
    fn look(&self) -> (&'static str, &'static str) {
        match self.attempt.state {
            AttemptState::Done => ("check-circle", "note"),
            AttemptState::ChooseMerchant => ("store", "note"),
            AttemptState::SmsCode => ("phone", "note"),
            AttemptState::MailCode => ("mail", "note"),
            AttemptState::Password => ("key", "note"),
            AttemptState::Blocked | AttemptState::Unavailable | AttemptState::CodeExpired => {
                ("clock", "note warn")
            }
            AttemptState::Interrupted | AttemptState::NeedsCode => ("refresh", "note warn"),
            AttemptState::Cancelled => ("pause", "note"),
            _ => ("alert", "note bad"),
        }
    }

    /// Beginning again makes sense.
    fn may_retry(&self) -> bool {
        self.may_change && self.attempt.state.is_final() && !self.is_done()
    }

    /// Address of the form to begin again with.
    fn retry(&self) -> String {
        form_address(self.attempt.kind, self.attempt.store_id)
    }
}

#[derive(Template)]
#[template(path = "stores/attempt.html")]
pub(super) struct AttemptPage {
    shell: Shell,
    login: String,
    fragment: AttemptFragment,
}

impl AttemptPage {
    pub(super) fn new(shell: Shell, fragment: AttemptFragment) -> Self {
        let attempt = &fragment.attempt;
        Self {
            login: format::login(attempt.kind, &attempt.login),
            shell,
            fragment,
        }
    }

    /// Which of the steps is the present one; a login that failed begins again with the form.
    fn step(&self) -> usize {
        let state = self.fragment.attempt.state;
        if state.is_final() && state != AttemptState::Done {
            1
        } else {
            Step::of(state).place()
        }
    }

    fn has_error(&self) -> bool {
        self.fragment.error.is_some()
    }
}

/// `GET /stores/connect/{id}`
pub(super) async fn show(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let fragment = AttemptFragment::load(&services, &shell, &user, path_id(&req)?, None).await?;
    if shell.htmx {
        // The address is that of the step which is shown now, so that it can be reloaded and come back to.
        let step = fragment.address();
        let mut response = html(&fragment)?;
        let step = header::HeaderValue::from_str(&step).map_err(|error| WebError::internal(error.into()))?;
        response
            .headers_mut()
            .insert(header::HeaderName::from_static("hx-replace-url"), step);
        return Ok(response);
    }
    html(&AttemptPage::new(shell, fragment))
}

/// Back to the login's page; a wrong field is shown there, and what came too late as the state it is in.
async fn answered(
    outcome: Result<(), ConnectError>,
    services: &Services,
    shell: Shell,
    user: &CurrentUser,
    id: AttemptId,
) -> WebResult<HttpResponse> {
    match outcome {
        Ok(()) | Err(ConnectError::NotFound | ConnectError::Blocked { .. }) => {
            // A stranger's login is not found, one's own shows what it has come to.
            look_at_attempt(services, user.tenant(), id).await?;
            Ok(see_other(&format!("/stores/connect/{id}")))
        }
        Err(ConnectError::Invalid(errors)) => {
            let error = errors.first().copied();
            let fragment = AttemptFragment::load(services, &shell, user, id, error).await?;
            html_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &AttemptPage::new(shell, fragment),
            )
        }
        Err(error) => Err(error.into()),
    }
}

/// What an act on a login needs.
struct Act {
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    actor: Actor,
    id: AttemptId,
}

impl Act {
    fn new(
        req: &HttpRequest,
        shell: Shell,
        user: ManagerUser,
        services: web::Data<Services>,
    ) -> WebResult<Self> {
        Ok(Self {
            actor: user.0.actor(req),
            id: path_id(req)?,
            shell,
            user,
            services,
        })
    }

    async fn answered(self, outcome: Result<(), ConnectError>) -> WebResult<HttpResponse> {
        answered(outcome, &self.services, self.shell, &self.user.0, self.id).await
    }
}

#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(deserialize_with = "form::secret")]
    code: Secret,
}

/// `POST /stores/connect/{id}/code`
pub(super) async fn code(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    fields: web::Form<CodeForm>,
) -> WebResult<HttpResponse> {
    let act = Act::new(&req, shell, user, services)?;
    let outcome = verify_code(&act.services, &act.actor, act.id, &fields.code).await;
    act.answered(outcome).await
}

/// `POST /stores/connect/{id}/resend`
pub(super) async fn resend(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let act = Act::new(&req, shell, user, services)?;
    let outcome = resend_code(&act.services, &act.actor, act.id).await;
    if let Err(ConnectError::Blocked { .. }) = outcome {
        session::flash(&session, false, act.shell.t.get("connect-resend-early"))?;
    }
    act.answered(outcome).await
}

#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(deserialize_with = "form::secret")]
    password: Secret,
}

/// `POST /stores/connect/{id}/password`
pub(super) async fn password(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    fields: web::Form<PasswordForm>,
) -> WebResult<HttpResponse> {
    let act = Act::new(&req, shell, user, services)?;
    let password = fields.into_inner().password;
    let outcome = give_password(&act.services, &act.actor, act.id, password).await;
    act.answered(outcome).await
}

#[derive(Deserialize)]
pub(super) struct MerchantForm {
    #[serde(default)]
    merchant_id: String,
}

/// `POST /stores/connect/{id}/merchant`
pub(super) async fn choose(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    fields: web::Form<MerchantForm>,
) -> WebResult<HttpResponse> {
    let act = Act::new(&req, shell, user, services)?;
    let outcome = choose_merchant(&act.services, &act.actor, act.id, &fields.merchant_id).await;
    act.answered(outcome).await
}

/// `POST /stores/connect/{id}/cancel`
pub(super) async fn cancel(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let act = Act::new(&req, shell, user, services)?;
    let outcome = cancel_attempt(&act.services, &act.actor, act.id).await;
    act.answered(outcome).await
}

/// `GET /stores/connect/{id}/picture`: what the login page looked like.
pub(super) async fn picture(
    req: HttpRequest,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let picture = evidence_of(&req, &user, &services).await?.picture;
    let picture = picture.ok_or_else(WebError::not_found)?;
    Ok(HttpResponse::Ok().content_type("image/png").body(picture))
}

/// `GET /stores/connect/{id}/source`: its source as a file of plain text, never as a page.
pub(super) async fn source(
    req: HttpRequest,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let page = evidence_of(&req, &user, &services).await?.page;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"login-page.txt\"",
        ))
        .body(page))
}

async fn evidence_of(
    req: &HttpRequest,
    user: &CurrentUser,
    services: &Services,
) -> WebResult<AttemptEvidence> {
    let (tenant, id) = (user.tenant(), path_id(req)?);
    services
        .db
        .read(move |conn| evidence_fetch(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)
}
