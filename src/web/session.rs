//! Sessions of the browser: kept in PostgreSQL, named by a random key of which the database has only the
//! SHA-256. What is in a session is read and written through the functions here.

use actix_session::{
    Session, SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession},
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError},
};
use actix_web::{
    HttpRequest,
    cookie::{CookieJar, Key, SameSite, time::Duration},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{WebError, WebResult, unsent::Unsent};
use crate::{
    app::retention::SESSION_IDLE,
    domain::{AuditId, UserId},
    secrets::{hash_of_random_key, random_bytes},
    services::Services,
    store::{
        sessions::{self, SessionRow},
        users::User,
    },
};

/// Longest life of a session, however much it is used.
pub const ABSOLUTE: TimeDelta = TimeDelta::days(7);
/// A session that nobody used for so long is over.
pub const IDLE: TimeDelta = SESSION_IDLE;
/// Life of a session before anybody signed in: it only carries the token of the login form.
const ANONYMOUS: TimeDelta = TimeDelta::hours(1);
/// So long after the password the code of the second factor may come.
const AWAITED: TimeDelta = TimeDelta::minutes(10);

const USER: &str = "user";
const CSRF: &str = "csrf";
const FLASH: &str = "flash";
const USER_AGENT: &str = "user_agent";
const AWAITS_CODE: &str = "awaits_code";
const UNSENT: &str = "unsent";

/// The key that signs the session cookie: derived from the key of the secrets, so that several processes and
/// restarts agree.
#[must_use]
pub fn cookie_key(services: &Services) -> Key {
    Key::derive_from(&services.vault.derive("session cookie"))
}

/// Name of the cookie: bound to the host where the panel is served over https.
#[must_use]
pub fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-kaspi-panel"
    } else {
        "kaspi-panel"
    }
}

/// The session middleware.
pub fn middleware(services: &Services, key: &Key) -> SessionMiddleware<DatabaseSessions> {
    let secure = services.config.http.secure();
    let ttl = PersistentSession::default().session_ttl(Duration::seconds(ABSOLUTE.num_seconds()));
    SessionMiddleware::builder(DatabaseSessions(services.clone()), key.clone())
        .cookie_name(cookie_name(secure).to_owned())
        .cookie_secure(secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(ttl)
        .build()
}

/// The hash by which the database knows the session of a request.
#[must_use]
pub fn key_hash(req: &HttpRequest, services: &Services) -> Option<Vec<u8>> {
    let name = cookie_name(services.config.http.secure());
    let mut jar = CookieJar::new();
    jar.add_original(req.cookie(name)?);
    let key = jar.signed(&cookie_key(services)).get(name)?;
    Some(hash_of_random_key(key.value()))
}

/// Who is signed in, as the session remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The user.
    pub user_id: UserId,
    /// His session version at sign-in; a newer one in the database ends the session.
    pub version: i32,
}

/// A message for the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Did it go well?
    pub ok: bool,
    /// In the user's language.
    pub text: String,
    /// The change that can be undone from it.
    #[serde(default)]
    pub undo: Option<Undo>,
}

/// A change that can be undone: a line of the log, alone or with those of the same press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The line.
    pub line: AuditId,
    /// With all that was changed by the same press.
    pub whole: bool,
}

/// Who is signed in; `None` also for a session that holds something else.
#[must_use]
pub fn signed_in(session: &Session) -> Option<SignedIn> {
    session.get(USER).ok().flatten()
}

/// Signs a user in: a new key, a new token, nothing kept from before.
///
/// # Errors
/// No randomness.
pub fn sign_in(session: &Session, user: &User, user_agent: &str) -> WebResult<()> {
    session.clear();
    session.renew();
    let signed_in = SignedIn {
        user_id: user.id,
        version: user.session_version,
    };
    let user_agent: String = user_agent.chars().take(400).collect();
    put(session, USER, signed_in)?;
    put(session, USER_AGENT, user_agent)?;
    csrf_token(session).map(drop)
}

/// Who gave the right password and is signed in once a code of his second factor has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitsCode {
    /// The user.
    pub user_id: UserId,
    /// His session version at that time.
    pub version: i32,
    /// When the password was given.
    pub since: DateTime<Utc>,
}

/// Remembers who gave the right password, under a new key: nobody is signed in yet.
///
/// # Errors
/// No randomness.
pub fn await_code(session: &Session, user: &User, now: DateTime<Utc>) -> WebResult<()> {
    session.clear();
    session.renew();
    let awaits = AwaitsCode {
        user_id: user.id,
        version: user.session_version,
        since: now,
    };
    put(session, AWAITS_CODE, awaits)?;
    csrf_token(session).map(drop)
}

/// Whose code is awaited; `None` too where the password was given too long ago.
#[must_use]
pub fn awaits_code(session: &Session, now: DateTime<Utc>) -> Option<AwaitsCode> {
    let awaits: AwaitsCode = session.get(AWAITS_CODE).ok().flatten()?;
    (now - awaits.since < AWAITED).then_some(awaits)
}

/// Keeps a form that was not sent until whoever signs in has looked at it.
///
/// # Errors
/// None in practice: text always fits JSON.
pub fn keep_unsent(session: &Session, unsent: Option<Unsent>) -> WebResult<bool> {
    match unsent {
        Some(unsent) => put(session, UNSENT, unsent).map(|()| true),
        None => Ok(false),
    }
}

/// The form that waits to be sent.
#[must_use]
pub fn unsent(session: &Session) -> Option<Unsent> {
    session.get(UNSENT).ok().flatten()
}

/// Signs out: the session is removed from the database.
pub fn sign_out(session: &Session) {
    session.purge();
}

/// The session's token against forged requests; made where there is none.
///
/// # Errors
/// No randomness.
pub fn csrf_token(session: &Session) -> WebResult<String> {
    if let Some(token) = known_csrf_token(session) {
        return Ok(token);
    }
    let token = random_key()?;
    put(session, CSRF, &token)?;
    Ok(token)
}

/// The session's token, where it has one.
#[must_use]
pub fn known_csrf_token(session: &Session) -> Option<String> {
    session.get(CSRF).ok().flatten()
}

/// Leaves a message for the next page.
///
/// # Errors
/// None in practice: text always fits JSON.
pub fn flash(session: &Session, ok: bool, text: String) -> WebResult<()> {
    leave(session, Flash { ok, text, undo: None })
}

/// Leaves a message about what was done, with the way to undo it.
///
/// # Errors
/// As [`flash`].
pub fn flash_with_undo(session: &Session, text: String, undo: Option<Undo>) -> WebResult<()> {
    leave(session, Flash { ok: true, text, undo })
}

fn leave(session: &Session, message: Flash) -> WebResult<()> {
    let mut all: Vec<Flash> = session.get(FLASH).ok().flatten().unwrap_or_default();
    all.push(message);
    put(session, FLASH, all)
}

/// Takes the messages; they are shown once. A session without messages is left alone: taking something out, even nothing,
/// has it written again.
#[must_use]
pub fn take_flash(session: &Session) -> Vec<Flash> {
    if !session.contains_key(FLASH) {
        return Vec::new();
    }
    session.remove_as(FLASH).and_then(Result::ok).unwrap_or_default()
}

fn put(session: &Session, name: &str, value: impl Serialize) -> WebResult<()> {
    session
        .insert(name, value)
        .map_err(|error| WebError::internal(anyhow::anyhow!("session value {name}: {error}")))
}

fn random_key() -> WebResult<String> {
    let bytes = random_bytes::<32>().map_err(|error| WebError::internal(error.into()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Sessions in the table `sessions`.
pub struct DatabaseSessions(Services);

impl DatabaseSessions {
    fn row(&self, key: &str, state: std::collections::HashMap<String, String>) -> anyhow::Result<SessionRow> {
        let now = self.0.now();
        let signed_in: Option<SignedIn> = state.get(USER).and_then(|json| serde_json::from_str(json).ok());
        let life = if signed_in.is_some() { ABSOLUTE } else { ANONYMOUS };
        Ok(SessionRow {
            key_hash: hash_of_random_key(key),
            user_id: signed_in.map(|who| who.user_id),
            user_agent: state
                .get(USER_AGENT)
                .and_then(|json| serde_json::from_str(json).ok()),
            id: Uuid::now_v7(),
            state: serde_json::to_value(state)?,
            created_at: now,
            last_seen_at: now,
            expires_at: now + life,
        })
    }
}

impl SessionStore for DatabaseSessions {
    async fn load(
        &self,
        key: &SessionKey,
    ) -> Result<Option<std::collections::HashMap<String, String>>, LoadError> {
        let hash = hash_of_random_key(key.as_ref());
        let now = self.0.now();
        let state = self
            .0
            .db
            .read(move |conn| sessions::session_touch(conn, &hash, now, now - IDLE))
            .await
            .map_err(|error| LoadError::Other(error.into()))?;
        state
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| LoadError::Deserialization(error.into()))
    }

    async fn save(
        &self,
        state: std::collections::HashMap<String, String>,
        _ttl: &Duration,
    ) -> Result<SessionKey, SaveError> {
        let key = random_bytes::<32>()
            .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            .map_err(|error| SaveError::Other(error.into()))?;
        let row = self.row(&key, state).map_err(SaveError::Serialization)?;
        self.0
            .db
            .tx(move |conn| {
                // The one moment when dead sessions are sure to be few enough to remove in passing.
                sessions::session_delete_expired(conn, row.created_at, row.created_at - IDLE)?;
                sessions::session_insert(conn, &row)
            })
            .await
            .map_err(|error| SaveError::Other(error.into()))?;
        SessionKey::try_from(key).map_err(|error| SaveError::Other(error.into()))
    }

    async fn update(
        &self,
        key: SessionKey,
        state: std::collections::HashMap<String, String>,
        _ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let row = self
            .row(key.as_ref(), state)
            .map_err(UpdateError::Serialization)?;
        // A session that ended meanwhile stays ended.
        self.0
            .db
            .tx(move |conn| sessions::session_update(conn, &row.key_hash, row.user_id, &row.state))
            .await
            .map_err(|error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    async fn update_ttl(&self, _key: &SessionKey, _ttl: &Duration) -> Result<(), anyhow::Error> {
        // The absolute end never moves; idle time is noted by `load`.
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let hash = hash_of_random_key(key.as_ref());
        Ok(self
            .0
            .db
            .tx(move |conn| sessions::session_delete(conn, &hash))
            .await?)
    }
}
