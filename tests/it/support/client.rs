//! People and programs that use the panel over HTTP: cookies are kept, redirects are shown and not
//! followed, forms carry the session's token.

use std::{sync::Mutex, time::Duration};

use reqwest::{Method, StatusCode, header, redirect::Policy};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use url::Url;

/// The password of every user of `db_user`.
pub const PASSWORD: &str = "correct horse battery";

/// A connection that was idle for so long is not used again: the panel closes it after five seconds, and a request
/// in that moment would be lost.
const IDLE: Duration = Duration::from_secs(2);

/// One browser, or one program with a key of the API.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    pub api_key: Option<String>,
    htmx: bool,
    csrf: Mutex<Option<String>>,
}

impl Client {
    /// Somebody nobody knows.
    pub fn anonymous(base: &Url) -> Self {
        let http = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .timeout(Duration::from_secs(30))
            .pool_idle_timeout(IDLE)
            .build()
            .unwrap();
        Self {
            http,
            base: base.clone(),
            api_key: None,
            htmx: false,
            csrf: Mutex::new(None),
        }
    }

    /// A program with a key of the JSON API.
    pub fn api(base: &Url, key: &str) -> Self {
        Self {
            api_key: Some(key.to_owned()),
            ..Self::anonymous(base)
        }
    }

    /// The same session, asking as htmx does.
    pub fn htmx(&self) -> Self {
        Self {
            http: self.http.clone(),
            base: self.base.clone(),
            api_key: self.api_key.clone(),
            htmx: true,
            csrf: Mutex::new(self.csrf.lock().unwrap().clone()),
        }
    }

    /// Signs in with [`PASSWORD`].
    pub async fn sign_in(&self, email: &str) -> Answer {
        self.sign_in_with(email, PASSWORD).await
    }

    /// Signs in with another password.
    pub async fn sign_in_with(&self, email: &str, password: &str) -> Answer {
        let answer = self
            .post("/login", &[("email", email), ("password", password)])
            .await;
        *self.csrf.lock().unwrap() = None; // a session that signed in has a new token
        answer
    }

    /// The session goes on under a new key: its token is another one from now on.
    pub fn forget_token(&self) {
        *self.csrf.lock().unwrap() = None;
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Listens to what open pages hear. The answer is that of the headers; events follow.
    pub async fn listen(&self) -> Listening {
        let request = self
            .request(Method::GET, "/live")
            .header(header::ACCEPT, "text/event-stream")
            .timeout(Duration::from_secs(300));
        let answer = request.send().await.expect("the panel answers");
        Listening {
            status: answer.status(),
            retry: String::new(),
            answer,
            rest: String::new(),
        }
    }

    /// `GET` with more headers.
    pub async fn get_with(&self, path: &str, headers: header::HeaderMap) -> Answer {
        self.send(self.request(Method::GET, path).headers(headers)).await
    }

    /// `POST` of a form, with the session's token.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token().await;
        let mut fields = fields.to_vec();
        fields.push(("csrf_token", &token));
        self.post_bare(path, &fields).await
    }

    /// As [`Client::post`], to a panel that may be gone: `None` when no whole answer came. The token must be known.
    pub async fn try_post(&self, path: &str, fields: &[(&str, &str)]) -> Option<Answer> {
        let token = self.csrf.lock().unwrap().clone().expect("a token");
        let mut fields = fields.to_vec();
        fields.push(("csrf_token", &token));
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let form = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = self.request(Method::POST, path).header(form.0, form.1);
        answer_of(request.body(body)).await.ok()
    }

    /// As [`Client::sign_in`], of somebody new, at a panel that may be gone.
    pub async fn try_sign_in(&self, email: &str) -> Option<Answer> {
        let page = answer_of(self.request(Method::GET, "/login")).await.ok()?;
        *self.csrf.lock().unwrap() = Some(page.attribute("input[name=csrf_token]", "value"));
        self.try_post("/login", &[("email", email), ("password", PASSWORD)])
            .await
    }

    /// Another browser at the same panel.
    pub fn somebody_else(&self) -> Self {
        Self::anonymous(&self.base)
    }

    /// `POST` of a form as it is, for forged requests.
    pub async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, fields, &[]).await
    }

    /// `POST` of a form as it is, with more headers.
    pub async fn post_with(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let form = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let mut request = self.request(Method::POST, path).header(form.0, form.1);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body)).await
    }

    /// `POST` of a form with a file, with the session's token in front.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: (&str, &[u8])) -> Answer {
        let token = self.token().await;
        let mut form = reqwest::multipart::Form::new().text("csrf_token", token);
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        let part = reqwest::multipart::Part::bytes(file.1.to_vec()).file_name(file.0.to_owned());
        self.send(
            self.request(Method::POST, path)
                .multipart(form.part("file", part)),
        )
        .await
    }

    /// As [`Client::upload`], without a token that counts.
    pub async fn upload_bare(&self, path: &str, token: &str, bytes: &[u8]) -> Answer {
        let part = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name("a.xlsx");
        let form = reqwest::multipart::Form::new()
            .text("csrf_token", token.to_owned())
            .part("file", part);
        self.send(self.request(Method::POST, path).multipart(form)).await
    }

    /// A request with a JSON body, or without one.
    pub async fn json(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await
    }

    /// A request with any headers and any body.
    pub async fn raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body)).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method, self.base.join(path).unwrap());
        if let Some(key) = &self.api_key {
            request = request.header(header::AUTHORIZATION, format!("Token {key}"));
        }
        if self.htmx {
            request = request.header("HX-Request", "true");
        }
        request
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        answer_of(request).await.expect("the panel answers in full")
    }

    /// The session's token, as every page with a form carries it.
    pub async fn token(&self) -> String {
        if let Some(token) = self.csrf.lock().unwrap().clone() {
            return token;
        }
        // The login page sends people who are signed in on to the dashboard, and that some of them to what they owe.
        let mut page = self.get("/login").await;
        while page.status.is_redirection() {
            page = self.get(&page.location()).await;
        }
        let token = page.attribute("input[name=csrf_token]", "value");
        *self.csrf.lock().unwrap() = Some(token.clone());
        token
    }
}

/// A stream of events.
pub struct Listening {
    /// Status of the answer.
    pub status: StatusCode,
    /// What was said last about coming back, e.g. `retry: 2000`.
    pub retry: String,
    answer: reqwest::Response,
    rest: String,
}

impl Listening {
    /// The next event: name, id, data. `None`: the stream has ended in order. Signs of life are passed over.
    pub async fn event(&mut self) -> Option<(String, String, String)> {
        loop {
            while let Some((block, rest)) = self.rest.split_once("\n\n") {
                let field = |name: &str| {
                    let lines = block.lines().filter_map(|line| line.strip_prefix(name));
                    lines.collect::<Vec<_>>().join("\n")
                };
                let event = (field("event: "), field("id: "), field("data: "));
                if block.starts_with("retry: ") {
                    self.retry = block.to_owned();
                }
                self.rest = rest.to_owned();
                if !event.0.is_empty() {
                    return Some(event);
                }
            }
            let more = self.answer.chunk().await.expect("the stream is not torn off")?;
            self.rest += std::str::from_utf8(&more).expect("whole letters");
        }
    }

    /// A header that must be there.
    pub fn header(&self, name: &str) -> String {
        let value = self.answer.headers().get(name);
        let value = value.unwrap_or_else(|| panic!("no header {name}"));
        value.to_str().unwrap().to_owned()
    }

    /// The next event of this name.
    pub async fn of(&mut self, name: &str) -> (String, String) {
        loop {
            let (event, id, data) = self.event().await.unwrap_or_else(|| panic!("no more {name}"));
            if event == name {
                return (id, data);
            }
        }
    }
}

async fn answer_of(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let answer = request.send().await?;
    Ok(Answer {
        status: answer.status(),
        headers: answer.headers().clone(),
        body: answer.bytes().await?.to_vec(),
    })
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: header::HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// Fails unless the status is this; says what the page says.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body_text());
        self
    }

    /// Leaves the body as a spreadsheet for `script/check-office`.
    pub fn keep_sheet(&self, kind: &str) {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("sheets");
        std::fs::create_dir_all(&folder).unwrap();
        // Two tests may leave the same kind.
        let whole = tempfile::NamedTempFile::new_in(&folder).unwrap();
        std::fs::write(whole.path(), &self.body).unwrap();
        whole.persist(folder.join(format!("{kind}.xlsx"))).unwrap();
    }

    /// Where a redirect leads.
    pub fn location(&self) -> String {
        self.header("location")
    }

    /// A header that must be there.
    pub fn header(&self, name: &str) -> String {
        let value = self
            .headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name}"));
        value.to_str().unwrap().to_owned()
    }

    /// The body as text.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body_text()))
    }

    /// The body as a page.
    pub fn page(&self) -> Html {
        Html::parse_document(&self.body_text())
    }

    /// The texts of all elements that match, white space folded.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.page().select(&css(selector)).map(text_of).collect()
    }

    /// The text of the only element that matches.
    pub fn text(&self, selector: &str) -> String {
        let mut texts = self.texts(selector);
        assert_eq!(texts.len(), 1, "{selector}: {texts:?} in {}", self.body_text());
        texts.remove(0)
    }

    /// An attribute of the first element that matches.
    pub fn attribute(&self, selector: &str, name: &str) -> String {
        let page = self.page();
        let element = page.select(&css(selector)).next();
        let value = element.and_then(|element| element.value().attr(name).map(str::to_owned));
        value.unwrap_or_else(|| panic!("no {name} at {selector} in {}", self.body_text()))
    }

    /// Where all links that match lead.
    pub fn page_links(&self, selector: &str) -> Vec<String> {
        self.page()
            .select(&css(selector))
            .filter_map(|link| link.value().attr("href").map(str::to_owned))
            .collect()
    }

    /// The fields of the form that matches, as a browser sends them, without its buttons.
    pub fn form_fields(&self, form: &str) -> Vec<(String, String)> {
        let page = self.page();
        let form = page.select(&css(form)).next().expect("the form");
        fields_of(form)
            .filter_map(|(field, value)| Some((field.value().attr("name")?.to_owned(), value)))
            .collect()
    }

    /// Every form that changes something, with what its first button adds.
    pub fn forms(&self) -> Vec<Form> {
        let (page, posted) = (self.page(), css("form[method=post]"));
        let forms = page.select(&posted).map(|form| {
            let attribute =
                |element: &ElementRef<'_>, name: &str| element.attr(name).unwrap_or_default().to_owned();
            let mut action = attribute(&form, "action");
            let mut fields: Vec<Field> = fields_of(form)
                .map(|(field, value)| Field {
                    name: attribute(&field, "name"),
                    kind: match (field.value().name(), field.attr("type")) {
                        ("input", kind) => kind.unwrap_or("text").to_owned(),
                        (name, _) => name.to_owned(),
                    },
                    value,
                })
                .collect();
            if let Some(button) = form.select(&css("button:not([type=button])")).next() {
                if let Some(other) = button.attr("formaction") {
                    other.clone_into(&mut action);
                }
                if let Some(name) = button.attr("name") {
                    fields.push(Field {
                        name: name.to_owned(),
                        kind: "button".to_owned(),
                        value: attribute(&button, "value"),
                    });
                }
            }
            let is_file = form.attr("enctype").is_some();
            Form {
                action,
                fields,
                is_file,
            }
        });
        forms.collect()
    }

    /// How many elements match.
    pub fn count(&self, selector: &str) -> usize {
        self.page().select(&css(selector)).count()
    }
}

/// A form of a page.
pub struct Form {
    pub action: String,
    pub fields: Vec<Field>,
    /// It sends a file.
    pub is_file: bool,
}

/// A field of a form, with what stands in it.
pub struct Field {
    pub name: String,
    /// Type of an input, else the name of the element.
    pub kind: String,
    pub value: String,
}

/// The fields of a form with what a browser sends of them; its buttons are none.
fn fields_of(form: ElementRef<'_>) -> impl Iterator<Item = (ElementRef<'_>, String)> {
    let fields: Vec<_> = form
        .select(&css("input[name], select[name], textarea[name]"))
        .collect();
    let value = |element: ElementRef<'_>| element.value().attr("value").map(str::to_owned);
    fields.into_iter().filter_map(move |field| {
        let text = match (field.value().name(), field.value().attr("type")) {
            ("select", _) => {
                let chosen = field.select(&css("option[selected]")).next();
                let option = chosen.or_else(|| field.select(&css("option")).next())?;
                value(option).unwrap_or_else(|| text_of(option))
            }
            ("textarea", _) => field.text().collect(),
            (_, Some("checkbox" | "radio")) => {
                field.value().attr("checked")?;
                value(field).unwrap_or_default()
            }
            _ => value(field).unwrap_or_default(),
        };
        Some((field, text))
    })
}

fn css(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"))
}

fn text_of(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
