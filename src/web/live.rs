//! What open pages hear: a stream of events per page with the header's three things. While anybody listens, one task
//! of the process looks at the database once a second and tells all streams; no stream holds a connection. A stream
//! ends with its session, with its user's role, and when the panel is told to stop.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::HeaderName,
    web::{self, Bytes},
};
use askama::Template;
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    time::{Interval, interval, sleep},
};

use super::{
    Shell, WebError, WebResult,
    auth::CurrentUser,
    error::ErrorKind,
    filters,
    header::Header,
    middleware::wants_stream,
    render::{html, see_other},
    routes::{Access, Kind, Route},
    session,
};
use crate::{
    domain::{Role, Tenant, UserId},
    services::Services,
    store::{
        StoreError,
        live::{LiveNow, LiveSlow, live_now, live_sessions, live_slow, live_users},
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[Route::get("/live", Kind::Fragment, Access::SignedIn, || {
    web::to(live)
})];

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// What changes slowly is looked at every so many looks.
const SLOW_EVERY: u32 = 30;
/// A sign of life, so that whatever lies between does not take the line for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Streams of one user: open windows, not more. One more takes the place of the oldest: that one may be of a window
/// which is long gone.
const PER_USER: usize = 16;
/// What a window is told whose place went to another one: to come back later, or the two would fight for it.
const COME_LATER: &[u8] = b"retry: 60000\n\n";
/// Streams of the process.
const IN_ALL: usize = 2_000;

/// The streams of the process. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Hub>);

struct Hub {
    services: Services,
    runtime: Handle,
    state: Mutex<State>,
    seen: watch::Sender<Option<Arc<Look>>>,
    closed: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    /// Number of the next seat.
    next: u64,
    seats: BTreeMap<u64, (Listener, Arc<Notify>)>,
    /// The task that looks is there.
    looking: bool,
}

/// Whose stream it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listener {
    /// Hash of the session's key.
    session: Vec<u8>,
    user: UserId,
    /// The user's session version.
    version: i32,
    role: Role,
}

/// Everything that one look has seen.
#[derive(Debug, Default, PartialEq, Eq)]
struct Look {
    /// Seats below this number were taken before it began. To the others it may tell what is older than their page.
    seats: u64,
    now: LiveNow,
    slow: Arc<LiveSlow>,
    /// Sessions that are over.
    over: BTreeSet<Vec<u8>>,
    /// Users whose role is another one than that of one of their streams.
    changed: BTreeSet<UserId>,
}

impl Live {
    /// For one process. Nothing is done until somebody listens.
    ///
    /// # Errors
    /// Outside of a runtime.
    pub fn new(services: Services) -> std::io::Result<Self> {
        Ok(Self(Arc::new(Hub {
            services,
            runtime: Handle::try_current().map_err(std::io::Error::other)?,
            state: Mutex::default(),
            seen: watch::Sender::new(None),
            closed: watch::Sender::new(false),
        })))
    }

    /// Ends all streams, and every later one at once: the panel stops.
    pub fn close(&self) {
        self.0.closed.send_replace(true);
    }

    /// How many listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.0.state().seats.len()
    }

    /// A seat for one more stream. `None`: all of them together are enough.
    fn join(&self, listener: Listener) -> Option<Seat> {
        let mut state = self.0.state();
        let own = |(other, _): &(Listener, _)| other.user == listener.user;
        if state.seats.values().filter(|seat| own(seat)).count() >= PER_USER {
            let oldest = state
                .seats
                .iter()
                .find(|(_, seat)| own(seat))
                .map(|(number, _)| *number);
            if let Some((_, given_up)) = oldest.and_then(|number| state.seats.remove(&number)) {
                given_up.notify_one();
            }
        }
        if state.seats.len() >= IN_ALL {
            return None;
        }
        let number = state.next;
        state.next += 1;
        let given_up = Arc::new(Notify::new());
        state.seats.insert(number, (listener, given_up.clone()));
        if !state.looking {
            state.looking = true;
            self.0.runtime.spawn(look_while_listened(Arc::downgrade(&self.0)));
        }
        Some(Seat {
            hub: self.clone(),
            number,
            given_up,
        })
    }
}

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who listens, and the number of the next seat; where nobody does, the task that asks ends.
    fn who_listens(&self) -> Option<(Vec<Listener>, u64)> {
        let mut state = self.state();
        if state.seats.is_empty() {
            state.looking = false;
            self.seen.send_replace(None);
            return None;
        }
        let listeners = state.seats.values().map(|(listener, _)| listener.clone());
        Some((listeners.collect(), state.next))
    }
}

/// A stream's place; it is free again with this value.
struct Seat {
    hub: Live,
    number: u64,
    /// Told when another stream has taken the place.
    given_up: Arc<Notify>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.0.state().seats.remove(&self.number);
    }
}

async fn look_while_listened(hub: Weak<Hub>) {
    let mut slow: Option<Arc<LiveSlow>> = None;
    let mut until_slow: u32 = 0;
    let mut seats_before = 0;
    loop {
        let Some(hub) = hub.upgrade() else { return };
        let Some((listeners, seats)) = hub.who_listens() else {
            return;
        };
        // The page of somebody new is younger than what was seen long ago.
        if seats != seats_before {
            until_slow = 0;
        }
        let known = slow.clone().filter(|_| until_slow > 0);
        until_slow = if known.is_some() {
            until_slow - 1
        } else {
            SLOW_EVERY
        };
        match look(hub.services.clone(), (listeners, seats), known).await {
            Ok(look) => {
                seats_before = seats;
                slow = Some(look.slow.clone());
                hub.seen.send_if_modified(|seen| {
                    let new = seen.as_deref() != Some(&look);
                    if new {
                        *seen = Some(Arc::new(look));
                    }
                    new
                });
            }
            // The pages keep what they show; requests tell of the trouble.
            Err(error) => {
                tracing::debug!(%error, "no look for the open pages");
                hub.seen.send_replace(None);
            }
        }
        drop(hub);
        sleep(PAUSE).await;
    }
}

async fn look(
    services: Services,
    (listeners, seats): (Vec<Listener>, u64),
    known: Option<Arc<LiveSlow>>,
) -> Result<Look, StoreError> {
    let at = services.now();
    services
        .db
        .read(move |conn| {
            let mut look = Look {
                seats,
                now: live_now(conn)?,
                slow: match known {
                    Some(slow) => slow,
                    None => Arc::new(live_slow(conn, at)?),
                },
                ..Look::default()
            };
            let hashes: Vec<_> = listeners.iter().map(|one| one.session.clone()).collect();
            let alive = live_sessions(conn, &hashes, at, at - session::IDLE)?;
            let ids: Vec<_> = listeners.iter().map(|one| one.user).collect();
            let users = live_users(conn, &ids)?;
            for listener in listeners {
                let user = users.get(&listener.user);
                let signed_in = user.is_some_and(|(version, _)| *version == listener.version);
                if !signed_in || !alive.contains(&listener.session) {
                    look.over.insert(listener.session);
                } else if user.is_some_and(|(_, role)| *role != listener.role) {
                    look.changed.insert(listener.user);
                }
            }
            Ok(look)
        })
        .await
}

#[derive(Deserialize)]
struct Query {
    #[serde(default)]
    seen: String,
}

#[derive(Template)]
#[template(path = "layout/_live.html")]
struct LiveFragment {
    shell: Shell,
}

#[derive(Template)]
#[template(path = "layout/_robot.html")]
struct RobotPart<'a> {
    shell: &'a Shell,
}

#[derive(Template)]
#[template(path = "layout/_live_jobs.html")]
struct JobsPart<'a> {
    shell: &'a Shell,
}

#[derive(Template)]
#[template(path = "layout/_live_problems.html")]
struct ProblemsPart<'a> {
    shell: &'a Shell,
}

/// The stream for those who take one; for htmx the parts of the header, or nothing where the page shows them already,
/// so that screen readers speak only of changes. By itself it leads to the page that explains the robot's state.
async fn live(
    req: HttpRequest,
    user: CurrentUser,
    services: web::Data<Services>,
    hub: web::Data<Live>,
    query: web::Query<Query>,
) -> WebResult<HttpResponse> {
    let mut shell = Shell::without_database(&req)?;
    if !wants_stream(&req) {
        if !shell.htmx {
            return Ok(see_other("/stop"));
        }
        shell.load_overview(&req).await?;
        if shell.header.key() == query.seen {
            return Ok(HttpResponse::NoContent().finish());
        }
        return html(&LiveFragment { shell });
    }
    let listener = Listener {
        session: session::key_hash(&req, &services).ok_or_else(WebError::unauthenticated)?,
        user: user.id(),
        version: user.user.session_version,
        role: user.user.role,
    };
    let seat = hub
        .join(listener.clone())
        .ok_or_else(|| WebError::new(ErrorKind::TooMany { after: 60 }))?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        // Proxies that gather answers before they pass them on are asked not to.
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(events(Ear {
            looks: hub.0.seen.subscribe(),
            closed: hub.0.closed.subscribe(),
            beat: interval(HEARTBEAT),
            tenant: user.tenant(),
            told: None,
            begun: false,
            shell,
            listener,
            seat,
        })))
}

/// One stream.
struct Ear {
    looks: watch::Receiver<Option<Arc<Look>>>,
    closed: watch::Receiver<bool>,
    beat: Interval,
    tenant: Tenant,
    /// What was told last.
    told: Option<Header>,
    begun: bool,
    shell: Shell,
    listener: Listener,
    seat: Seat,
}

/// What a look means for a stream.
enum News {
    Nothing,
    Text(String),
    /// The last words.
    End(String),
}

fn events(ear: Ear) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(Some(ear), |ear| async move {
        let mut ear = ear?;
        if !ear.begun {
            ear.begun = true;
            ear.looks.mark_changed();
            return Some((Ok(Bytes::from_static(b"retry: 2000\n\n")), Some(ear)));
        }
        loop {
            tokio::select! {
                biased;
                // Without its hub a stream is over as well.
                () = async { drop(ear.closed.wait_for(|closed| *closed).await) } => return None,
                () = ear.seat.given_up.notified() => {
                    return Some((Ok(Bytes::from_static(COME_LATER)), None));
                }
                changed = ear.looks.changed() => {
                    changed.ok()?;
                    let look = ear.looks.borrow_and_update().clone();
                    match look.map_or(News::Nothing, |look| ear.news(&look)) {
                        News::Nothing => {}
                        News::Text(text) => return Some((Ok(Bytes::from(text)), Some(ear))),
                        News::End(text) => return Some((Ok(Bytes::from(text)), None)),
                    }
                }
                _ = ear.beat.tick() => return Some((Ok(Bytes::from_static(b":\n\n")), Some(ear))),
            }
        }
    })
}

impl Ear {
    fn news(&mut self, look: &Look) -> News {
        if self.seat.number >= look.seats {
            return News::Nothing;
        }
        if look.over.contains(&self.listener.session) {
            return News::End(event("over", "over", "-"));
        }
        if look.changed.contains(&self.listener.user) {
            // The page comes back at once and gets what its user may see now.
            return News::End(":\n\n".to_owned());
        }
        let header = Header::of_look(&look.now, &look.slow, self.tenant);
        if self.told.as_ref() == Some(&header) {
            return News::Nothing;
        }
        self.shell.header = header.clone();
        match self.parts() {
            Ok(text) => {
                self.told = Some(header);
                News::Text(text)
            }
            Err(error) => {
                tracing::error!(%error, "the header of open pages could not be made");
                News::Nothing
            }
        }
    }

    /// The parts that are not as they were told last.
    fn parts(&self) -> askama::Result<String> {
        let (header, told) = (&self.shell.header, self.told.as_ref());
        let mut text = String::new();
        let shell = &self.shell;
        if told.is_none_or(|told| told.robot != header.robot) {
            text += &event("robot", &header.robot.key(), &RobotPart { shell }.render()?);
        }
        if told.is_none_or(|told| told.jobs != header.jobs) {
            text += &event("jobs", &header.jobs.to_string(), &JobsPart { shell }.render()?);
        }
        if told.is_none_or(|told| told.problems != header.problems) {
            let part = ProblemsPart { shell }.render()?;
            text += &event("problems", &header.problems.to_string(), &part);
        }
        Ok(text)
    }
}

/// An event of the stream.
fn event(name: &str, id: &str, data: &str) -> String {
    let data = data.trim().replace('\r', "").replace('\n', "\ndata: ");
    format!("event: {name}\nid: {id}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_keeps_its_lines_apart() {
        assert_eq!(
            event("robot", "live", "<p>\r\n</p>\n"),
            "event: robot\nid: live\ndata: <p>\ndata: </p>\n\n"
        );
    }
}
