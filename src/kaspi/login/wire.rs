//! What the login's one endpoint is told and answers (contract, "Login: what happens on the wire").

use serde::Deserialize;
use serde_json::{Value, json};

use super::{CodeBy, LoginOutcome, with_margin};
use crate::domain::offer::Merchant;

/// The endpoint of all steps.
pub const LOGIN: &str = "api/p/login";
/// Sends a mailed code once more.
pub const RESEND: &str = "api/p/mfa/send";
/// The cookie of the login itself: it says that somebody is signed in. The others say which device this is.
pub const SSO_COOKIE: &str = "MS_AUTH_SSO";

/// Body of the step that sends an SMS.
pub fn phone(number: &str) -> Value {
    json!({ "_ph": number })
}

/// Body of the step with e-mail and password; this device is to be remembered.
pub fn credentials(email: &str, password: &str) -> Value {
    json!({ "_u": email, "_p": password, "_r_d": true })
}

/// Body of the step with a code.
pub fn code(by: CodeBy, code: &str, email: &str) -> Value {
    match by {
        CodeBy::Sms => json!({ "_c": code }),
        CodeBy::Mail => json!({ "_m_c": code, "_r_d": true, "_u": email }),
    }
}

/// One of the sellers or employees to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// As people see it.
    pub merchant: Merchant,
    /// An employee's account rather than a merchant.
    pub is_user: bool,
}

/// Body of the step that chooses.
pub fn chosen(choice: &Choice) -> Value {
    let field = if choice.is_user { "_s_u" } else { "_s_m" };
    json!({ field: choice.merchant.id })
}

/// What a step was answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Go on there.
    Redirect(String),
    /// A code was sent.
    Code { by: CodeBy, sent_to: Option<String> },
    /// One must be chosen.
    Choose(Vec<Choice>),
    /// It was understood and done.
    Done,
    /// The step was refused.
    Refused(LoginOutcome),
    /// Nothing we know.
    Unknown,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "redirectUrl")]
    redirect_url: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    su: Option<Vec<Value>>,
    #[serde(rename = "errorCode")]
    error_code: Option<String>,
    #[serde(rename = "errorData")]
    error_data: Option<Value>,
}

/// Reads an answer by status and body.
pub fn answer(status: u16, body: &[u8], by: CodeBy) -> Answer {
    let Ok(body) = serde_json::from_slice::<Body>(body) else {
        return match status {
            500..=599 => Answer::Refused(LoginOutcome::Unavailable),
            403 | 405 | 429 => Answer::Refused(LoginOutcome::Blocked { wait: None }),
            _ => Answer::Unknown,
        };
    };
    if let Some(code) = body.error_code {
        let wait = body
            .error_data
            .as_ref()
            .and_then(|data| data.get("breakTimeSeconds"))
            .and_then(Value::as_u64)
            .map(with_margin);
        return refused(&code, wait, by).map_or(Answer::Unknown, Answer::Refused);
    }
    if let Some(to) = body.redirect_url {
        return Answer::Redirect(to);
    }
    if let Some(choices) = body.su {
        return Answer::Choose(choices.iter().filter_map(choice).collect());
    }
    match (body.email, body.phone, status) {
        (Some(email), ..) => Answer::Code {
            by: CodeBy::Mail,
            sent_to: Some(email),
        },
        (None, Some(phone), _) => Answer::Code {
            by: CodeBy::Sms,
            sent_to: Some(phone),
        },
        (None, None, 200..=299) => Answer::Done,
        (None, None, 429 | 403 | 405) => Answer::Refused(LoginOutcome::Blocked { wait: None }),
        (None, None, 500..=599) => Answer::Refused(LoginOutcome::Unavailable),
        _ => Answer::Unknown,
    }
}

/// What an error code means; `None` for one that we do not know.
pub fn refused(code: &str, wait: Option<std::time::Duration>, by: CodeBy) -> Option<LoginOutcome> {
    Some(match code {
        "CREDENTIALS_INVALID" => LoginOutcome::WrongCredentials,
        "INSUFFICIENT_PERMISSIONS" => LoginOutcome::NoPermission,
        "NO_MERCHANTS" => LoginOutcome::NoMerchants,
        "SECURITY_CODE_INVALID" | "MFA_CODE_INVALID" => LoginOutcome::NeedsCode {
            by,
            sent_to: None,
            wrong: true,
        },
        "INACTIVE_CODE_ERROR" | "TIMEOUT_EXCEEDED" => LoginOutcome::CodeExpired,
        "MFA_CODE_ATTEMPT_LIMIT" | "MFA_SEND_FLOOD" | "MFA_CODE_TOO_MANY_SEND" => {
            LoginOutcome::Blocked { wait }
        }
        "FAILED" => LoginOutcome::StartAgain,
        _ => return None,
    })
}

fn choice(value: &Value) -> Option<Choice> {
    let text = |names: &[&str]| {
        names.iter().find_map(|name| {
            let value = value.get(name)?;
            let text = value
                .as_str()
                .map(str::to_owned)
                .or_else(|| value.as_u64().map(|number| number.to_string()));
            text.filter(|text| !text.is_empty())
        })
    };
    let name = text(&["name", "merchantName", "title"]);
    if let Some(id) = text(&["uid", "merchantUid", "merchantId"]) {
        return Some(Choice {
            merchant: Merchant { id, name },
            is_user: false,
        });
    }
    text(&["userId", "id"]).map(|id| Choice {
        merchant: Merchant { id, name },
        is_user: true,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(status: u16, body: &str) -> Answer {
        answer(status, body.as_bytes(), CodeBy::Sms)
    }

    #[test]
    fn every_error_code_of_the_contract_has_a_next_step() {
        let code = |code: &str| read(401, &format!(r#"{{"errorCode":"{code}"}}"#));
        let wrong = LoginOutcome::NeedsCode {
            by: CodeBy::Sms,
            sent_to: None,
            wrong: true,
        };
        for (word, outcome) in [
            ("CREDENTIALS_INVALID", LoginOutcome::WrongCredentials),
            ("INSUFFICIENT_PERMISSIONS", LoginOutcome::NoPermission),
            ("NO_MERCHANTS", LoginOutcome::NoMerchants),
            ("SECURITY_CODE_INVALID", wrong.clone()),
            ("MFA_CODE_INVALID", wrong),
            ("INACTIVE_CODE_ERROR", LoginOutcome::CodeExpired),
            ("TIMEOUT_EXCEEDED", LoginOutcome::CodeExpired),
            ("MFA_CODE_ATTEMPT_LIMIT", LoginOutcome::Blocked { wait: None }),
            ("MFA_SEND_FLOOD", LoginOutcome::Blocked { wait: None }),
            ("MFA_CODE_TOO_MANY_SEND", LoginOutcome::Blocked { wait: None }),
            ("FAILED", LoginOutcome::StartAgain),
        ] {
            assert_eq!(code(word), Answer::Refused(outcome), "{word}");
        }
        assert_eq!(code("SOMETHING_NEW"), Answer::Unknown);
    }

    #[test]
    fn a_waiting_time_gets_a_margin() {
        let body = r#"{"errorCode":"MFA_SEND_FLOOD","errorData":{"breakTimeSeconds":60}}"#;
        let wait = Some(Duration::from_secs(75));
        assert_eq!(read(401, body), Answer::Refused(LoginOutcome::Blocked { wait }));
    }

    #[test]
    fn answers_of_each_step_are_told_apart() {
        let merchant = |id: &str, name: &str| Merchant {
            id: id.into(),
            name: Some(name.into()),
        };
        assert_eq!(read(200, r#"{"redirectUrl":"/"}"#), Answer::Redirect("/".into()));
        assert_eq!(
            read(200, r#"{"email":"s***@example.kz"}"#),
            Answer::Code {
                by: CodeBy::Mail,
                sent_to: Some("s***@example.kz".into())
            }
        );
        assert_eq!(
            read(200, r#"{"phone":"+7 (700) ***-**-01"}"#),
            Answer::Code {
                by: CodeBy::Sms,
                sent_to: Some("+7 (700) ***-**-01".into())
            }
        );
        assert_eq!(
            read(
                200,
                r#"{"su":[{"uid":"30000001","name":"A"},{"userId":7,"name":"B"},{}]}"#
            ),
            Answer::Choose(vec![
                Choice {
                    merchant: merchant("30000001", "A"),
                    is_user: false
                },
                Choice {
                    merchant: merchant("7", "B"),
                    is_user: true
                }
            ])
        );
        assert_eq!(read(200, "{}"), Answer::Done);
        assert_eq!(read(200, "<html>"), Answer::Unknown);
        assert_eq!(read(404, "{}"), Answer::Unknown);
        assert_eq!(
            read(403, "<html>"),
            Answer::Refused(LoginOutcome::Blocked { wait: None })
        );
        assert_eq!(read(503, "x"), Answer::Refused(LoginOutcome::Unavailable));
    }
}
