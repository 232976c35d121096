//! Who asks, and what he may: the guard before every handler and the extractors that hand handlers checked
//! values only.

use std::{
    future::{Ready, ready},
    net::IpAddr,
};

use actix_session::SessionExt;
use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    web,
};
use futures_util::future::LocalBoxFuture;
use ipnet::IpNet;

use super::{
    WebError, WebResult,
    error::ErrorKind,
    limits::Limits,
    middleware,
    routes::{Access, Route},
    session,
};
use crate::{
    app::second_factor::{SecondFactorState, second_factor_state},
    domain::{Actor, ActorKind, Role, StoreId, Tenant, UserId},
    secrets::hash_of_random_key,
    services::Services,
    store::{
        stores::{self, Store},
        users::{self, User},
    },
};

/// Loads who asks and refuses what the route's access does not allow.
///
/// # Errors
/// What the handler returns.
pub async fn guard(
    route: &'static Route,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let user = match identify(req.request()).await {
        Ok(user) => user,
        Err(error) => return Ok(req.error_response(error)),
    };
    if let Err(error) = check(route, user.as_ref()) {
        return Ok(req.error_response(error));
    }
    if let Some(user) = user {
        let kind = if has_api_token(req.request()) {
            ActorKind::Api
        } else {
            ActorKind::Person
        };
        let user = CurrentUser { user, kind };
        let counted = match req.app_data::<web::Data<Limits>>() {
            Some(limits) => limits.count(route.kind, &user, req.request()),
            None => Ok(()),
        };
        let admitted = match counted {
            Ok(()) => settled(route, req.request(), &user.user).await,
            refused => refused,
        };
        if let Err(error) = admitted {
            return Ok(req.error_response(error));
        }
        req.extensions_mut().insert(user);
    }
    // An error that leaves the guard as an answer keeps its request: the face is made from both.
    let request = req.parts().0.clone();
    match next.call(req).await {
        Ok(res) => Ok(res.map_into_boxed_body()),
        Err(error) => Ok(ServiceResponse::from_err(error, request)),
    }
}

fn check(route: &Route, user: Option<&User>) -> WebResult<()> {
    if route.access == Access::Anonymous {
        return Ok(());
    }
    let user = user.ok_or_else(WebError::unauthenticated)?;
    let allowed = match route.access {
        Access::Anonymous | Access::SignedIn => true,
        Access::Manager => user.role != Role::Viewer,
        Access::Admin => user.role == Role::Admin,
    };
    if allowed {
        Ok(())
    } else {
        Err(WebError::forbidden())
    }
}

/// What somebody who has signed in must do before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debt {
    /// Another person chose his password: he chooses his own (ASVS 6.4.1).
    OwnPassword,
    /// The panel demands a second factor, and he has none (ASVS 6.3.3).
    SecondFactor,
}

impl Debt {
    /// Where it is done.
    #[must_use]
    pub const fn page(self) -> &'static str {
        match self {
            Self::OwnPassword => "/profile",
            Self::SecondFactor => "/profile/second-factor",
        }
    }

    /// Is the route open meanwhile? Those of the page itself are, the ways out, and what keeps every page up to date.
    fn leaves_open(self, route: &Route) -> bool {
        let own = match self {
            Self::OwnPassword => ["/profile", "/profile/password"].contains(&route.path),
            Self::SecondFactor => route.path.starts_with(self.page()),
        };
        own || route.access == Access::Anonymous || ["/logout", "/preferences", "/live"].contains(&route.path)
    }
}

/// Refuses who owes something, on every route that is not about it. Keys of the API are not asked: whoever made one was.
async fn settled(route: &Route, req: &HttpRequest, user: &User) -> WebResult<()> {
    if has_api_token(req) {
        return Ok(());
    }
    let services = services(req)?;
    let owes = |debt: Debt| !debt.leaves_open(route);
    if user.password_given_at.is_some() {
        return if owes(Debt::OwnPassword) {
            Err(WebError::new(ErrorKind::Owing(Debt::OwnPassword)))
        } else {
            Ok(())
        };
    }
    if services.config.http.second_factor_demanded && owes(Debt::SecondFactor) {
        let state = second_factor_state(&services, user.id).await?;
        if !matches!(state, SecondFactorState::On { .. }) {
            return Err(WebError::new(ErrorKind::Owing(Debt::SecondFactor)));
        }
    }
    Ok(())
}

/// The user behind the request's token or session; `None` where there is none that counts.
async fn identify(req: &HttpRequest) -> WebResult<Option<User>> {
    let services = services(req)?;
    if has_api_token(req) {
        let Some(key) = api_token(req) else {
            return Ok(None);
        };
        let hash = hash_of_random_key(&key);
        let now = services.now();
        return Ok(services
            .db
            .read(move |conn| users::api_token_user(conn, &hash, now))
            .await?);
    }
    let session = req.get_session();
    let Some(signed_in) = session::signed_in(&session) else {
        return Ok(None);
    };
    let user = services
        .db
        .read(move |conn| users::user_fetch(conn, signed_in.user_id))
        .await?
        .filter(|user| user.active && user.session_version == signed_in.version);
    if user.is_none() {
        session::sign_out(&session);
    }
    Ok(user)
}

/// Does the request bring its own key of the JSON API instead of a session?
#[must_use]
pub fn has_api_token(req: &HttpRequest) -> bool {
    ["/api/", "/preorder_exports/"]
        .iter()
        .any(|area| req.path().starts_with(area))
        && req.headers().contains_key(header::AUTHORIZATION)
}

/// The key of the JSON API that a request brings.
#[must_use]
pub fn api_token(req: &HttpRequest) -> Option<String> {
    let value = req.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("token")
        .then(|| key.trim().to_owned())
        .filter(|key| !key.is_empty())
}

/// Where a request comes from, for counts of attempts and for the log. Empty: not known.
#[must_use]
pub fn address_of(req: &HttpRequest) -> String {
    let Some(peer) = req.peer_addr() else {
        return String::new();
    };
    let services = req.app_data::<web::Data<Services>>();
    let trusted = services.map_or(&[][..], |services| &services.config.http.trusted_proxies);
    let told = req.headers().get_all("x-forwarded-for");
    let told: Vec<&str> = told.filter_map(|value| value.to_str().ok()).collect();
    client_address(peer.ip(), &told.join(","), trusted).to_string()
}

/// Who asks, where proxies stand in between: each that is trusted tells who asked it, the nearest last. What somebody
/// tells who is not trusted is not believed.
fn client_address(peer: IpAddr, told: &str, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    let mut told = told.rsplit(',').map(str::trim);
    while trusted.iter().any(|network| network.contains(&client)) {
        let Some(before) = told.next().and_then(|text| text.parse::<IpAddr>().ok()) else {
            break;
        };
        client = before.to_canonical();
    }
    client
}

/// The services of the application.
///
/// # Errors
/// The application was put together without them.
pub fn services(req: &HttpRequest) -> WebResult<web::Data<Services>> {
    req.app_data::<web::Data<Services>>()
        .cloned()
        .ok_or_else(|| WebError::internal(anyhow::anyhow!("no services in the application")))
}

/// The user who asks. Refused with a way to the login page where there is none.
#[derive(Debug, Clone)]
pub struct CurrentUser {
    /// The user.
    pub user: User,
    kind: ActorKind,
}

impl CurrentUser {
    /// The user as one who acts, for `app`.
    #[must_use]
    pub fn actor(&self, req: &HttpRequest) -> Actor {
        self.user.actor(self.kind, Some(middleware::request_id(req)))
    }

    /// The stores this user may see.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        match self.user.role {
            Role::Admin => Tenant::All,
            Role::Manager | Role::Viewer => Tenant::User(self.user.id),
        }
    }

    /// The user's key.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// Viewers change nothing.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.user.role != Role::Viewer
    }
}

/// The user behind a request that passed the guard; `None` on pages that are open to everybody.
#[must_use]
pub fn user_of(req: &HttpRequest) -> Option<CurrentUser> {
    req.extensions().get::<CurrentUser>().cloned()
}

impl FromRequest for CurrentUser {
    type Error = WebError;
    type Future = Ready<WebResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(user_of(req).ok_or_else(WebError::unauthenticated))
    }
}

/// A user who may change things.
#[derive(Debug, Clone)]
pub struct ManagerUser(pub CurrentUser);

impl FromRequest for ManagerUser {
    type Error = WebError;
    type Future = Ready<WebResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match user_of(req) {
            Some(user) if user.may_change() => Ok(Self(user)),
            Some(_) => Err(WebError::forbidden()),
            None => Err(WebError::unauthenticated()),
        })
    }
}

/// An administrator.
#[derive(Debug, Clone)]
pub struct AdminUser(pub CurrentUser);

impl FromRequest for AdminUser {
    type Error = WebError;
    type Future = Ready<WebResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match user_of(req) {
            Some(user) if user.user.role == Role::Admin => Ok(Self(user)),
            Some(_) => Err(WebError::forbidden()),
            None => Err(WebError::unauthenticated()),
        })
    }
}

/// The store of the path's `{id}`, if the user may see it; anything else is "not found".
#[derive(Debug, Clone)]
pub struct OwnedStore(pub Store);

impl FromRequest for OwnedStore {
    type Error = WebError;
    type Future = LocalBoxFuture<'static, WebResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let user = user_of(&req).ok_or_else(WebError::unauthenticated)?;
            let id: StoreId = path_id(&req)?;
            let tenant = user.tenant();
            services(&req)?
                .db
                .read(move |conn| stores::store_fetch(conn, tenant, id))
                .await?
                .map(Self)
                .ok_or_else(WebError::not_found)
        })
    }
}

/// The key in the path's `{id}`; a text that is no key is "not found".
///
/// # Errors
/// No such part, or no key.
pub fn path_id<T: std::str::FromStr>(req: &HttpRequest) -> WebResult<T> {
    req.match_info()
        .get("id")
        .and_then(|text| text.parse().ok())
        .ok_or_else(WebError::not_found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        let trusted: Vec<IpNet> = ["127.0.0.1/32", "10.0.0.0/8"]
            .map(|net| net.parse().unwrap())
            .into();
        for (peer, told, expected) in [
            // Nobody stands in between: what he tells of himself does not count.
            ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
            ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
            // The proxy adds behind what the client made up.
            ("127.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "1.1.1.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
            ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
            // Nothing, or nonsense: the proxy itself.
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "unknown", "127.0.0.1"),
            ("127.0.0.1", "203.0.113.7, <script>", "127.0.0.1"),
        ] {
            let found = client_address(peer.parse().unwrap(), told, &trusted);
            assert_eq!(found.to_string(), expected, "{peer}: {told}");
        }
        let alone = client_address("127.0.0.1".parse().unwrap(), "203.0.113.7", &[]);
        assert_eq!(alone.to_string(), "127.0.0.1");
    }
}
