//! The addresses of the marketplace: one per host. A host can be closed, so that connections are refused, or
//! answer with garbage, and be opened again on the same address.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::rt::net::TcpStream as AsyncTcpStream;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::Options;
use crate::call::{Connection, Shared};
use crate::faults::wire::GARBAGE;
use crate::routes;

/// Idle connections live so long. Shorter than that a client on a busy machine would now and then send a request on a
/// connection that is just being closed.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The base addresses, printed as one JSON line at the start.
#[derive(Clone, Debug, Serialize)]
pub struct Hosts {
    pub login: String,
    pub cabinet: String,
    pub public: String,
    pub orders: String,
    pub cdn: String,
    pub control: String,
}

/// A host of the marketplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Login,
    Cabinet,
    Public,
    Orders,
    Cdn,
}

impl Role {
    /// Every host.
    pub const ALL: [Self; 5] = [Self::Login, Self::Cabinet, Self::Public, Self::Orders, Self::Cdn];

    /// The name in `host:*` and in the control interface.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Cabinet => "cabinet",
            Self::Public => "public",
            Self::Orders => "orders",
            Self::Cdn => "cdn",
        }
    }

    /// The last part of the loopback address.
    fn octet(self) -> u8 {
        match self {
            Self::Login => 2,
            Self::Cabinet => 3,
            Self::Public => 4,
            Self::Orders => 5,
            Self::Cdn => 6,
        }
    }
}

/// How a host treats connections.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum HostState {
    Open,
    /// Nobody listens.
    Refused,
    /// Every connection gets bytes that are neither HTTP nor TLS.
    Garbage,
}

type Listeners = Vec<(&'static [Role], TcpListener)>;

/// Binds the addresses of the marketplace.
pub fn listen(options: &Options) -> anyhow::Result<Listeners> {
    if options.single_host {
        return Ok(vec![(
            Role::ALL.as_slice(),
            bind(Ipv4Addr::LOCALHOST, options.port)?,
        )]);
    }
    // A free port of the first address may be taken on another one: then the next free port is tried.
    let attempts = if options.port == 0 { 20 } else { 1 };
    let mut last = anyhow!("no loopback address to listen on");
    for _ in 0..attempts {
        match listen_on_all(options.port) {
            Ok(listeners) => return Ok(listeners),
            Err(error) => last = error,
        }
    }
    Err(last.context("the simulator needs 127.0.0.2 to 127.0.0.6; --single-host does without"))
}

fn listen_on_all(wanted: u16) -> anyhow::Result<Listeners> {
    let mut port = wanted;
    let mut listeners = Listeners::new();
    for roles in Role::ALL.chunks(1) {
        for role in roles {
            let listener = bind(Ipv4Addr::new(127, 0, 0, role.octet()), port)?;
            port = listener.local_addr()?.port();
            listeners.push((roles, listener));
        }
    }
    Ok(listeners)
}

/// Binds the address of the control interface.
pub fn bind_control(port: u16) -> anyhow::Result<TcpListener> {
    bind(Ipv4Addr::LOCALHOST, port)
}

fn bind(address: Ipv4Addr, port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((address, port)))
        .with_context(|| format!("cannot listen on {address}:{port}"))
}

/// The base addresses of what was bound.
pub fn hosts(listeners: &Listeners, control: &TcpListener) -> anyhow::Result<Hosts> {
    let address = |wanted: Role| -> anyhow::Result<String> {
        let found = listeners.iter().find(|(roles, _)| roles.contains(&wanted));
        let (_, listener) = found.ok_or_else(|| anyhow!("no address for {wanted:?}"))?;
        Ok(format!("http://{}", listener.local_addr()?))
    };
    Ok(Hosts {
        login: address(Role::Login)?,
        cabinet: address(Role::Cabinet)?,
        public: address(Role::Public)?,
        orders: format!("{}/shop/api", address(Role::Orders)?),
        cdn: address(Role::Cdn)?,
        control: format!("http://{}", control.local_addr()?),
    })
}

/// An address and what stands behind it now.
struct Place {
    roles: &'static [Role],
    address: SocketAddr,
    behind: Behind,
}

enum Behind {
    Nobody,
    Server(ServerHandle),
    Garbage(JoinHandle<()>),
}

/// All addresses of the marketplace.
pub struct Listening {
    places: Mutex<Vec<Place>>,
    shared: Data<Shared>,
    /// The control interface runs on a thread of its own; what listens belongs to the program.
    runtime: Handle,
}

impl Listening {
    /// Serves the marketplace on the listeners. Must be called on the program's runtime.
    pub fn new(listeners: Listeners, shared: &Data<Shared>) -> anyhow::Result<Self> {
        let mut places = Vec::new();
        for (roles, listener) in listeners {
            places.push(Place {
                roles,
                address: listener.local_addr()?,
                behind: Behind::Server(serve(roles, listener, shared)?),
            });
        }
        Ok(Self {
            places: Mutex::new(places),
            shared: shared.clone(),
            runtime: Handle::current(),
        })
    }

    /// Changes how a host treats connections; false when there is no such host.
    pub async fn set(&self, host: &str, state: HostState) -> anyhow::Result<bool> {
        let mut places = self.places.lock().await;
        let place = places
            .iter_mut()
            .find(|place| place.roles.iter().any(|role| role.name() == host));
        match place {
            Some(place) => self.change(place, state).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Opens every host that is not.
    pub async fn open_all(&self) -> anyhow::Result<()> {
        for place in self.places.lock().await.iter_mut() {
            if !matches!(place.behind, Behind::Server(_)) {
                self.change(place, HostState::Open).await?;
            }
        }
        Ok(())
    }

    /// Opens a host after a while of real time.
    pub fn open_later(self: Arc<Self>, host: String, after_ms: u64) {
        self.runtime.clone().spawn(async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            // A port that somebody else took meanwhile stays closed; the next call to the host shows it.
            let _ = self.set(&host, HostState::Open).await;
        });
    }

    /// Stops serving.
    pub async fn close_all(&self) {
        for place in self.places.lock().await.iter_mut() {
            close(place).await;
        }
    }

    async fn change(&self, place: &mut Place, state: HostState) -> anyhow::Result<()> {
        close(place).await;
        if state == HostState::Refused {
            return Ok(());
        }
        let listener = TcpListener::bind(place.address)
            .with_context(|| format!("cannot listen on {} again", place.address))?;
        let _on_the_program = self.runtime.enter();
        place.behind = match state {
            HostState::Garbage => Behind::Garbage(babble(listener)?),
            _ => Behind::Server(serve(place.roles, listener, &self.shared)?),
        };
        Ok(())
    }
}

async fn close(place: &mut Place) {
    match std::mem::replace(&mut place.behind, Behind::Nobody) {
        Behind::Nobody => {}
        Behind::Server(server) => server.stop(false).await,
        Behind::Garbage(task) => {
            task.abort();
            // The listener is gone when the task is.
            let _ = task.await;
        }
    }
}

fn serve(
    roles: &'static [Role],
    listener: TcpListener,
    shared: &Data<Shared>,
) -> anyhow::Result<ServerHandle> {
    let shared = shared.clone();
    let app = move || App::new().configure(|config| routes::marketplace(config, roles, &shared));
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .keep_alive(KEEP_ALIVE)
        .on_connect(remember_connection)
        .listen(listener)?
        .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}

/// Answers every connection with garbage.
fn babble(listener: TcpListener) -> anyhow::Result<JoinHandle<()>> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    Ok(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = stream.into_std() {
                // Who has gone already does not need it.
                let _ = stream.write_all(GARBAGE);
            }
        }
    }))
}

/// Keeps a second handle of the connection, for faults that drop it.
fn remember_connection(connection: &dyn std::any::Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<AsyncTcpStream>();
    if let Some(Ok(copy)) = stream.map(|stream| stream.as_fd().try_clone_to_owned()) {
        data.insert(Connection(Arc::new(TcpStream::from(copy))));
    }
}
