//! `/api/v1/kaspi/auth/…`: logging stores in. The work is a job like those of the panel's pages; an answer waits for it
//! a while and says what it came to, or what it asks for.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use serde_json::{Value, json};

use crate::{
    app::connect_store::{
        ConnectError, choose_merchant, give_password, look_at_attempt, merchants_of, settled_attempt,
        sms_start, start_connection, verify_code,
    },
    domain::{AccountKind, Actor, AttemptId, AttemptState, StoreId},
    secrets::Secret,
    services::Services,
    store::{
        connections::ConnectionAttempt,
        stores::{Store, store_fetch},
    },
    web::{
        WebError,
        api::{
            body::Body,
            envelope::{Refused, answer, ok, time},
            fields::Errors,
            shapes::{on_behalf, patience, word},
        },
        auth::CurrentUser,
        texts::Texts,
    },
};

/// Seconds that a login is waited for: a browser is at work.
const LOGIN_WAIT: u64 = 30;

/// What an answer about a login is made of.
struct Login<'a> {
    req: &'a HttpRequest,
    services: &'a Services,
    user: &'a CurrentUser,
    patience: Duration,
}

/// `POST /api/v1/kaspi/auth/authenticate/`
pub async fn authenticate(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let body = body.object()?;
    let missing = || Refused::Bare("user_id, email и password обязательны".to_owned());
    let email = word(body, "email")?.ok_or_else(missing)?;
    let password = secret(body.get("password")).ok_or_else(missing)?;
    let login = Login::new(&req, &services, &user)?;
    let actor = on_behalf(&services, &req, &user, word(body, "user_id")?).await?;
    let begun = start_connection(&services, &actor, &email, password, None).await;
    let attempt = login.wait(&actor, begun).await?;
    login.told(attempt).await
}

/// `POST /api/v1/kaspi/auth/sms_start/`
pub async fn start_sms(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let body = body.object()?;
    let phone =
        word(body, "phone")?.ok_or_else(|| Refused::Bare("user_id и phone обязательны".to_owned()))?;
    let login = Login::new(&req, &services, &user)?;
    let actor = on_behalf(&services, &req, &user, word(body, "user_id")?).await?;
    let begun = sms_start(&services, &actor, &phone, None).await;
    let attempt = login.wait(&actor, begun).await?;
    if attempt.state == AttemptState::SmsCode {
        return Ok(ok(&json!({ "session_id": attempt.id })));
    }
    login.told(attempt).await
}

/// `POST /api/v1/kaspi/auth/sms_verify/`: the code, the password or the chosen merchant that a login waits for.
pub async fn verify(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let body = body.object()?;
    let missing = || Refused::Bare("session_id и code обязательны".to_owned());
    let session = word(body, "session_id")?.ok_or_else(missing)?;
    let code = secret(body.get("code"));
    let password = secret(body.get("password"));
    let merchant = word(body, "merchant_uid")?;
    let login = Login::new(&req, &services, &user)?;
    let actor = on_behalf(&services, &req, &user, word(body, "user_id")?).await?;
    let unknown = || {
        let text = "session_id не найден";
        Refused::failure(&req, StatusCode::NOT_FOUND, "session-unknown", text)
    };
    let id: AttemptId = session.parse().map_err(|_| unknown())?;
    let before = match look_at_attempt(&services, user.tenant(), id).await {
        Err(ConnectError::NotFound) => return Err(unknown().into()),
        found => found.map_err(WebError::from)?,
    };
    let given = match (code, password, merchant) {
        (_, _, Some(merchant)) => choose_merchant(&services, &actor, id, &merchant).await,
        (Some(code), _, _) => verify_code(&services, &actor, id, &code).await,
        (None, Some(password), None) => give_password(&services, &actor, id, password).await,
        (None, None, None) => return Err(missing().into()),
    };
    match given {
        // What came too late is answered by what the login has come to.
        Ok(()) | Err(ConnectError::NotFound) => {}
        Err(error) => {
            login.begun(Err(error))?;
        }
    }
    let attempt = login.wait(&actor, Ok(before.id)).await?;
    login.told(attempt).await
}

fn secret(value: Option<&Value>) -> Option<Secret> {
    let text = match value? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty()).map(Secret::from)
}

impl<'a> Login<'a> {
    fn new(req: &'a HttpRequest, services: &'a Services, user: &'a CurrentUser) -> Result<Self, Refused> {
        Ok(Self {
            patience: patience(req, LOGIN_WAIT)?,
            req,
            services,
            user,
        })
    }

    /// The attempt that was begun; one that is under way is joined.
    fn begun(&self, begun: Result<AttemptId, ConnectError>) -> actix_web::Result<AttemptId> {
        match begun {
            Ok(id) | Err(ConnectError::AlreadyRunning { attempt: Some(id) }) => Ok(id),
            Err(ConnectError::AlreadyRunning { attempt: None }) => {
                let text = "Вход в этот аккаунт уже идёт";
                Err(Refused::failure(self.req, StatusCode::CONFLICT, "login-running", text).into())
            }
            Err(ConnectError::Blocked { until }) => Err(Refused::Object(
                StatusCode::ACCEPTED,
                json!({
                    "success": false,
                    "state": "blocked",
                    "session_id": null,
                    "error": state_text(AttemptState::Blocked),
                    "blocked_until": time(until),
                }),
            )
            .into()),
            Err(ConnectError::Invalid(wrong)) => {
                let (mut errors, t) = (Errors::default(), Texts::default());
                for error in wrong {
                    let name = if error.field == "merchant_id" {
                        "merchant_uid"
                    } else {
                        error.field
                    };
                    errors.add(name, t.get(error.code));
                }
                Err(Refused::Fields(errors).into())
            }
            Err(error) => Err(WebError::from(error).into()),
        }
    }

    async fn wait(
        &self,
        actor: &Actor,
        begun: Result<AttemptId, ConnectError>,
    ) -> actix_web::Result<ConnectionAttempt> {
        let id = self.begun(begun)?;
        Ok(settled_attempt(self.services, actor, id, self.patience)
            .await
            .map_err(WebError::from)?)
    }

    /// What a login has come to.
    async fn told(&self, attempt: ConnectionAttempt) -> actix_web::Result<HttpResponse> {
        let state = match attempt.state {
            AttemptState::Done => return self.done(&attempt).await,
            AttemptState::WrongCredentials => {
                return Err(Refused::Object(
                    StatusCode::UNAUTHORIZED,
                    json!({ "success": false, "error": "Ошибка аутентификации в Kaspi" }),
                )
                .into());
            }
            AttemptState::SmsCode | AttemptState::MailCode => "needs_code",
            AttemptState::Password => "needs_password",
            AttemptState::ChooseMerchant => "choose_merchant",
            AttemptState::Blocked => "blocked",
            AttemptState::Queued | AttemptState::Running => "running",
            AttemptState::Unavailable
            | AttemptState::Interrupted
            | AttemptState::BrowserMissing
            | AttemptState::PageChanged
            | AttemptState::Captcha
            | AttemptState::Failed => {
                let text = format!("Ошибка при подключении к Kaspi: {}", state_text(attempt.state));
                let code = attempt.state.as_str();
                return Err(Refused::failure(self.req, StatusCode::BAD_GATEWAY, code, &text).into());
            }
            _ => {
                let (code, text) = (attempt.state.as_str(), state_text(attempt.state));
                return Err(Refused::failure(self.req, StatusCode::CONFLICT, code, &text).into());
            }
        };
        let t = Texts::default();
        let text = if attempt.wrong_answers > 0 && attempt.state.wants_code() {
            t.get("connect-code-wrong")
        } else {
            state_text(attempt.state)
        };
        let mut body = json!({
            "success": false,
            "state": state,
            "session_id": attempt.id,
            "error": text,
        });
        if let Some(body) = body.as_object_mut() {
            if attempt.state == AttemptState::ChooseMerchant {
                let merchants: Vec<Value> = merchants_of(&attempt.merchants)
                    .into_iter()
                    .map(|merchant| json!({ "merchant_uid": merchant.id, "name": merchant.name }))
                    .collect();
                body.insert("merchants".to_owned(), merchants.into());
            }
            if let Some(until) = attempt.blocked_until {
                body.insert("blocked_until".to_owned(), json!(time(until)));
            }
            if let Some(sent_to) = attempt.sent_to.filter(|_| attempt.state.wants_code()) {
                body.insert("sent_to".to_owned(), json!(sent_to));
            }
        }
        Ok(answer(StatusCode::ACCEPTED, &body))
    }

    async fn done(&self, attempt: &ConnectionAttempt) -> actix_web::Result<HttpResponse> {
        let id: StoreId = attempt.store_id.ok_or_else(WebError::not_found)?;
        let tenant = self.user.tenant();
        let store: Store = self
            .services
            .db
            .read(move |conn| Ok::<_, WebError>(store_fetch(conn, tenant, id)?))
            .await?
            .ok_or_else(WebError::not_found)?;
        let is_replaced = store.created_at < attempt.created_at;
        if attempt.kind == AccountKind::Phone {
            let message = if is_replaced {
                "Сессия магазина успешно обновлена через SMS"
            } else {
                "Магазин успешно привязан через SMS"
            };
            return Ok(ok(&json!({
                "success": true,
                "store_id": store.id,
                "message": message,
                "is_replaced": is_replaced,
            })));
        }
        let message = if is_replaced {
            "Сессия магазина успешно обновлена"
        } else {
            "Магазин успешно привязан к вашему аккаунту"
        };
        // The key is for the owner alone.
        let api_key = (store.owner_id == self.user.id()).then_some(store.api_key);
        Ok(ok(&json!({
            "success": true,
            "store_id": store.id,
            "name": store.name,
            "message": message,
            "api_key": api_key,
            "is_replaced": is_replaced,
        })))
    }
}

fn state_text(state: AttemptState) -> String {
    Texts::default().get(format!("attempt-state-{}", state.as_str()))
}
