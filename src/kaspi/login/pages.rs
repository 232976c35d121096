//! Page objects of the login: the selectors of the contract, what the page shows, and what its error texts
//! mean. Nothing here decides how long to wait.

use std::time::Duration;

use thirtyfour::{By, WebDriver, WebElement, error::WebDriverResult};

use crate::domain::offer::Merchant;

/// What the login page shows, most telling first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The cabinet: logged in.
    Cabinet,
    /// An error of the whole form.
    FormError(String),
    /// An error beside a field.
    FieldError(String),
    /// A code is asked for.
    CodeField,
    /// One merchant must be chosen.
    Choice(Vec<Merchant>),
    /// The password field.
    PasswordField,
    /// The e-mail field alone.
    EmailField,
    /// None of these (yet).
    Nothing,
}

/// The login page in a browser.
pub struct LoginPage<'a>(pub &'a WebDriver);

const EMAIL_FIELD: &str = "#user_email_field";
const PASSWORD_FIELD: &str = "#password_field, input[type=password]";
const CODE_FIELD: &str = "#sms_code_field, input[name=security-code]";
const SUBMIT: &str = ".button.is-primary";
const FORM_ERROR: &str = ".notification.is-danger, .error-message";
const FIELD_ERROR: &str = ".help.is-danger";
const CHOICE: &str = ".merchant-choice[data-uid]";
const CABINET: &str = "nav.navbar";

impl LoginPage<'_> {
    /// Looks once.
    pub async fn look(&self) -> WebDriverResult<Shown> {
        if !self.all(CABINET).await?.is_empty() {
            return Ok(Shown::Cabinet);
        }
        if let Some(text) = self.text(FORM_ERROR).await? {
            return Ok(Shown::FormError(text));
        }
        if let Some(text) = self.text(FIELD_ERROR).await? {
            return Ok(Shown::FieldError(text));
        }
        if !self.all(CODE_FIELD).await?.is_empty() {
            return Ok(Shown::CodeField);
        }
        let choices = self.all(CHOICE).await?;
        if !choices.is_empty() {
            return Ok(Shown::Choice(merchants(&choices).await?));
        }
        if !self.all(PASSWORD_FIELD).await?.is_empty() {
            return Ok(Shown::PasswordField);
        }
        if !self.all(EMAIL_FIELD).await?.is_empty() {
            return Ok(Shown::EmailField);
        }
        Ok(Shown::Nothing)
    }

    /// Types the e-mail unless the field holds it already. `false`: no field.
    pub async fn type_email(&self, email: &str) -> WebDriverResult<bool> {
        let Some(field) = self.first(EMAIL_FIELD).await? else {
            return Ok(false);
        };
        if field.value().await?.as_deref() != Some(email) {
            field.clear().await?;
            field.send_keys(email).await?;
        }
        Ok(true)
    }

    /// Types the password. `false`: no field.
    pub async fn type_password(&self, password: &str) -> WebDriverResult<bool> {
        let Some(field) = self.first(PASSWORD_FIELD).await? else {
            return Ok(false);
        };
        field.send_keys(password).await?;
        Ok(true)
    }

    /// Presses the button of the step. `false`: no button.
    pub async fn submit(&self) -> WebDriverResult<bool> {
        let Some(button) = self.first(SUBMIT).await? else {
            return Ok(false);
        };
        button.click().await?;
        Ok(true)
    }

    /// Chooses a merchant. `false`: it is not offered.
    pub async fn choose(&self, merchant_id: &str) -> WebDriverResult<bool> {
        for choice in self.all(CHOICE).await? {
            if choice.attr("data-uid").await?.as_deref() == Some(merchant_id) {
                choice.click().await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn all(&self, selector: &'static str) -> WebDriverResult<Vec<WebElement>> {
        self.0.find_all(By::Css(selector)).await
    }

    async fn first(&self, selector: &'static str) -> WebDriverResult<Option<WebElement>> {
        Ok(self.all(selector).await?.into_iter().next())
    }

    /// Text of the first such element that shows one.
    async fn text(&self, selector: &'static str) -> WebDriverResult<Option<String>> {
        for element in self.all(selector).await? {
            let text = element.text().await?;
            if !text.trim().is_empty() {
                return Ok(Some(text.trim().to_owned()));
            }
        }
        Ok(None)
    }
}

async fn merchants(choices: &[WebElement]) -> WebDriverResult<Vec<Merchant>> {
    let mut merchants = Vec::new();
    for choice in choices {
        if let Some(id) = choice.attr("data-uid").await?.filter(|id| !id.is_empty()) {
            let text = choice.text().await?;
            let name = text.split(" (ID").next().unwrap_or_default().trim().to_owned();
            merchants.push(Merchant {
                id,
                name: (!name.is_empty()).then_some(name),
            });
        }
    }
    Ok(merchants)
}

/// What an error text of the form means. The page shows no codes, only texts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complaint {
    /// Wait so long.
    Wait(Duration),
    /// Wait, it is not said how long.
    WaitSomeTime,
    /// No shop, or no right to enter it.
    NoShop,
    /// Nothing about the account: try again.
    TryAgain,
    /// The account or its password.
    Credentials,
}

/// Reads an error text of the form.
pub fn complaint(text: &str) -> Complaint {
    let text = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if let Some(wait) = wait_in(&text) {
        Complaint::Wait(wait)
    } else if has(&["слишком", "заблокирован", "too many"]) {
        Complaint::WaitSomeTime
    } else if has(&["магазин", "прав"]) && !has(&["неправ"]) {
        Complaint::NoShop
    } else if has(&["пошло не так", "позже", "заново", "попробуйте"]) && !has(&["парол", "логин"])
    {
        Complaint::TryAgain
    } else {
        Complaint::Credentials
    }
}

/// `… через 60 с`, `… через 2 мин`; a margin is added, because the page rounds.
fn wait_in(text: &str) -> Option<Duration> {
    let (_, rest) = text.split_once("через ")?;
    let mut words = rest.split_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    let seconds = match words.next()? {
        unit if unit.starts_with("мин") => number.checked_mul(60)?,
        unit if unit.starts_with('с') => number,
        _ => return None,
    };
    Some(Duration::from_secs(seconds.min(86_400) + 15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_text_has_a_next_step() {
        let table = [
            ("Неверный логин или пароль", Complaint::Credentials),
            ("Неправильный e-mail", Complaint::Credentials),
            ("Неверный пароль. Попробуйте ещё раз", Complaint::Credentials),
            ("К этой учётной записи не привязан магазин", Complaint::NoShop),
            ("Недостаточно прав для входа в кабинет", Complaint::NoShop),
            ("Что-то пошло не так", Complaint::TryAgain),
            ("Не удалось войти, начните заново", Complaint::TryAgain),
            ("Слишком много неверных кодов", Complaint::WaitSomeTime),
            (
                "Коды запрашиваются слишком часто. Повторите через 60 с",
                Complaint::Wait(Duration::from_secs(75)),
            ),
            (
                "Повторите через 2 минуты",
                Complaint::Wait(Duration::from_secs(135)),
            ),
        ];
        for (text, meaning) in table {
            assert_eq!(complaint(text), meaning, "{text}");
        }
    }
}
