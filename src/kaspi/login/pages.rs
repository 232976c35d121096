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
    /// The field of the telephone number.
    PhoneField,
    /// The e-mail field alone.
    EmailField,
    /// Proof of being a person is asked for, and nothing else.
    Captcha,
    /// None of these (yet).
    Nothing,
}

/// The login page in a browser.
pub struct LoginPage<'a>(pub &'a WebDriver);

const EMAIL_FIELD: &str = "#user_email_field";
const PHONE_TAB: &str = "#phone_tab";
const PHONE_FIELD: &str = "#user_phone_field";
const PASSWORD_FIELD: &str = "#password_field, input[type=password]";
const CODE_FIELD: &str = "#sms_code_field, input[name=security-code]";
const SUBMIT: &str = ".button.is-primary";
const FORM_ERROR: &str = ".notification.is-danger, .error-message";
const FIELD_ERROR: &str = ".help.is-danger";
const CHOICE: &str = ".merchant-choice[data-uid]";
const CABINET: &str = "nav.navbar";
const CAPTCHA: &str = "iframe[src*=captcha], [class*=captcha], [id*=captcha], img[src*=captcha]";
/// The control that sends a code once more has no stable name: it is known by its words.
const RESEND: &str = "//*[self::a or self::button][contains(., 'повторно') or contains(., 'ещё раз') or contains(., 'еще раз') or contains(., 'снова')]";

/// Words by which a page without a form is known to ask for proof of being a person.
pub const CAPTCHA_SIGNS: [&str; 3] = ["captcha", "не робот", "not a robot"];

impl LoginPage<'_> {
    /// Looks once.
    pub async fn look(&self) -> WebDriverResult<Shown> {
        if !self.all(CABINET).await?.is_empty() {
            return Ok(Shown::Cabinet);
        }
        if let Some((text, _)) = self.text(FORM_ERROR).await? {
            return Ok(Shown::FormError(text));
        }
        if let Some((text, _)) = self.text(FIELD_ERROR).await? {
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
        if !self.all(PHONE_FIELD).await?.is_empty() {
            return Ok(Shown::PhoneField);
        }
        if !self.all(EMAIL_FIELD).await?.is_empty() {
            return Ok(Shown::EmailField);
        }
        if !self.all(CAPTCHA).await?.is_empty() {
            return Ok(Shown::Captcha);
        }
        Ok(Shown::Nothing)
    }

    /// Which error element stands there now, so that it is not taken for the answer to the next step.
    pub async fn error_mark(&self) -> WebDriverResult<Option<String>> {
        for selector in [FORM_ERROR, FIELD_ERROR] {
            if let Some((text, id)) = self.text(selector).await? {
                return Ok(Some(format!("{id} {text}")));
            }
        }
        Ok(None)
    }

    /// Proof of being a person is asked for, beside whatever else there is.
    pub async fn has_captcha(&self) -> WebDriverResult<bool> {
        Ok(!self.all(CAPTCHA).await?.is_empty())
    }

    /// Goes to the tab for telephone numbers. `false`: there is none.
    pub async fn choose_phone(&self) -> WebDriverResult<bool> {
        let Some(tab) = self.first(PHONE_TAB).await? else {
            return Ok(false);
        };
        tab.click().await?;
        Ok(true)
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

    /// Types the number as people write it; where the field makes something else of it, the ten digits alone.
    /// `false`: no field, or the field never holds the number.
    pub async fn type_phone(&self, number: &str) -> WebDriverResult<bool> {
        let Some(field) = self.first(PHONE_FIELD).await? else {
            return Ok(false);
        };
        let wanted = last_ten_digits(number);
        for text in [number, wanted.as_str()] {
            field.clear().await?;
            field.send_keys(text).await?;
            let shown = field.value().await?.unwrap_or_default();
            if last_ten_digits(&shown) == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Types the password. `false`: no field.
    pub async fn type_password(&self, password: &str) -> WebDriverResult<bool> {
        self.type_anew(PASSWORD_FIELD, password).await
    }

    /// Types the code, instead of an earlier one. `false`: no field.
    pub async fn type_code(&self, code: &str) -> WebDriverResult<bool> {
        self.type_anew(CODE_FIELD, code).await
    }

    async fn type_anew(&self, selector: &'static str, text: &str) -> WebDriverResult<bool> {
        let Some(field) = self.first(selector).await? else {
            return Ok(false);
        };
        field.clear().await?;
        field.send_keys(text).await?;
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

    /// Presses the control that sends the code once more. `false`: the page has none.
    pub async fn resend(&self) -> WebDriverResult<bool> {
        for control in self.0.find_all(By::XPath(RESEND)).await? {
            if control.is_displayed().await? && control.is_enabled().await? {
                control.click().await?;
                return Ok(true);
            }
        }
        Ok(false)
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

    /// Text of the first such element that shows one, and the element's own name.
    async fn text(&self, selector: &'static str) -> WebDriverResult<Option<(String, String)>> {
        for element in self.all(selector).await? {
            let text = element.text().await?;
            if !text.trim().is_empty() {
                return Ok(Some((text.trim().to_owned(), element.element_id().to_string())));
            }
        }
        Ok(None)
    }
}

fn last_ten_digits(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let from = digits.len().saturating_sub(10);
    digits.into_iter().skip(from).collect()
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

/// What an error text means. The page shows no codes, only texts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complaint {
    /// Wait so long.
    Wait(Duration),
    /// Wait, it is not said how long.
    WaitSomeTime,
    /// The code is not the one that was sent.
    WrongCode,
    /// The code came too late.
    CodeExpired,
    /// No shop.
    NoShop,
    /// No right to enter.
    NoPermission,
    /// Out of step: from the beginning.
    StartAgain,
    /// Nothing about the account: try again.
    TryAgain,
    /// The account or its password.
    Credentials,
}

/// Reads an error text.
pub fn complaint(text: &str) -> Complaint {
    let text = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let of_code = has(&["код"]);
    if let Some(wait) = wait_in(&text) {
        Complaint::Wait(wait)
    } else if has(&["слишком", "заблокирован", "too many"]) {
        Complaint::WaitSomeTime
    } else if has(&["время вышло"]) || of_code && has(&["не действ", "истек", "истёк", "устарел", "просроч"])
    {
        Complaint::CodeExpired
    } else if of_code && has(&["неверн", "неправильн", "не подход", "invalid"]) {
        Complaint::WrongCode
    } else if has(&["магазин"]) {
        Complaint::NoShop
    } else if has(&["прав", "доступ"]) && !has(&["неправ", "логин", "парол"]) {
        Complaint::NoPermission
    } else if has(&["заново"]) && !has(&["парол", "логин"]) {
        Complaint::StartAgain
    } else if has(&["пошло не так", "позже", "попробуйте"]) && !has(&["парол", "логин"])
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
    Some(super::with_margin(seconds))
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
            ("Недостаточно прав для входа в кабинет", Complaint::NoPermission),
            ("Неверный код", Complaint::WrongCode),
            ("Код больше не действует, начните заново", Complaint::CodeExpired),
            ("Время вышло, начните заново", Complaint::CodeExpired),
            ("Что-то пошло не так", Complaint::TryAgain),
            ("Не удалось войти, начните заново", Complaint::StartAgain),
            (
                "Слишком много неверных кодов. Повторите через 60 с",
                Complaint::Wait(Duration::from_secs(75)),
            ),
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

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for text in ["+7 (700) 000-00-01", "87000000001", "7000000001"] {
            assert_eq!(last_ten_digits(text), "7000000001");
        }
    }
}
