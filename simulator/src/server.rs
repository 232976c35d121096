//! Listening: one loopback address per host of the marketplace, the control interface apart, and a clean stop.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::rt::net::TcpStream as AsyncTcpStream;
use actix_web::web::{self, Bytes, Data, PayloadConfig, ServiceConfig};
use actix_web::{App, HttpRequest, HttpServer};
use anyhow::{Context, anyhow};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::call::{self, Call, Connection, Handler, Reply, Shared, Trace};
use crate::market::Market;
use crate::{Options, cabinet, cdn, control, login, oauth, process, public, seed};

/// Bodies above this are refused; price list files stay far below.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

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
enum Role {
    Login,
    Cabinet,
    Public,
    Orders,
    Cdn,
}

const ROLES: [(Role, u8); 5] = [
    (Role::Login, 2),
    (Role::Cabinet, 3),
    (Role::Public, 4),
    (Role::Orders, 5),
    (Role::Cdn, 6),
];

/// Runs the simulated marketplace until it is told to stop (SIGTERM, SIGINT, or the parent's end).
///
/// Errors when the addresses cannot be had.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let listeners = listen(&options)?;
    let control = bind(Ipv4Addr::LOCALHOST, options.control_port)?;
    let hosts = hosts(&listeners, &control)?;
    let market = seed::market(hosts.clone(), &options)?;
    let shared = Data::new(Shared {
        market: Mutex::new(market),
        latency: Duration::from_millis(options.latency_ms),
    });
    let mut servers = Vec::new();
    for (roles, listener) in listeners {
        let shared = shared.clone();
        let app = move || App::new().configure(|config| marketplace(config, roles, &shared));
        let server = HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .shutdown_timeout(1)
            .on_connect(remember_connection)
            .listen(listener)?
            .run();
        servers.push(start(server));
    }
    let parent_stdin = options.parent_stdin;
    let options = Data::new(options);
    let app = move || {
        App::new()
            .app_data(shared.clone())
            .app_data(options.clone())
            .app_data(PayloadConfig::new(BODY_BYTES_MAX))
            .configure(control::routes)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(control)?
        .run();
    servers.push(start(server));
    announce(&hosts)?;
    stop_wanted(parent_stdin).await?;
    for server in servers {
        server.stop(false).await;
    }
    Ok(())
}

fn start(server: actix_web::dev::Server) -> ServerHandle {
    let handle = server.handle();
    tokio::spawn(server);
    handle
}

type Listening = Vec<(&'static [(Role, u8)], TcpListener)>;

fn listen(options: &Options) -> anyhow::Result<Listening> {
    if options.single_host {
        return Ok(vec![(ROLES.as_slice(), bind(Ipv4Addr::LOCALHOST, options.port)?)]);
    }
    // A free port of the first address may be taken on another one: then the next free port is tried.
    let attempts = if options.port == 0 { 20 } else { 1 };
    let mut last = anyhow!("no loopback address to listen on");
    for _ in 0..attempts {
        match listen_on_all(options.port) {
            Ok(listening) => return Ok(listening),
            Err(error) => last = error,
        }
    }
    Err(last.context("the simulator needs 127.0.0.2 to 127.0.0.6; --single-host does without"))
}

fn listen_on_all(wanted: u16) -> anyhow::Result<Listening> {
    let mut port = wanted;
    let mut listening = Listening::new();
    for role in ROLES.chunks(1) {
        for (_, last_octet) in role {
            let listener = bind(Ipv4Addr::new(127, 0, 0, *last_octet), port)?;
            port = listener.local_addr()?.port();
            listening.push((role, listener));
        }
    }
    Ok(listening)
}

fn bind(address: Ipv4Addr, port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((address, port)))
        .with_context(|| format!("cannot listen on {address}:{port}"))
}

fn hosts(listening: &Listening, control: &TcpListener) -> anyhow::Result<Hosts> {
    let address = |wanted: Role| -> anyhow::Result<String> {
        let found = listening
            .iter()
            .find(|(roles, _)| roles.iter().any(|(role, _)| *role == wanted));
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

fn announce(hosts: &Hosts) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(hosts)?)?;
    out.flush()?;
    Ok(())
}

async fn stop_wanted(parent_stdin: bool) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (parent_gone, parent) = oneshot::channel::<()>();
    if parent_stdin {
        // A thread of its own, because a read of the standard input cannot be called off.
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            let _ = parent_gone.send(());
        });
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = parent, if parent_stdin => {}
    }
    Ok(())
}

/// Keeps a second handle of the connection, for faults that drop it.
fn remember_connection(connection: &dyn std::any::Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<AsyncTcpStream>();
    if let Some(Ok(copy)) = stream.map(|stream| stream.as_fd().try_clone_to_owned()) {
        data.insert(Connection(Arc::new(TcpStream::from(copy))));
    }
}

fn marketplace(config: &mut ServiceConfig, roles: &[(Role, u8)], shared: &Data<Shared>) {
    config
        .app_data(shared.clone())
        .app_data(PayloadConfig::new(BODY_BYTES_MAX));
    for (role, _) in roles {
        match role {
            Role::Login => login_host(config),
            Role::Cabinet => cabinet_host(config),
            Role::Public => public_host(config),
            Role::Orders => {}
            Role::Cdn => on(config, "/img/m/p/{path:.*}", "image", cdn::image),
        }
    }
    config.default_service(web::to(
        |request: HttpRequest, body: Bytes, shared: Data<Shared>| {
            call::serve("unknown", unknown, request, body, shared)
        },
    ));
}

fn login_host(config: &mut ServiceConfig) {
    on(config, "/", "login_root", oauth::root);
    on(config, "/login", "login_page", login::page);
    on(config, "/api/p/login", "login", login::login);
    on(config, "/api/p/mfa/send", "mfa_send", login::send_again);
    on(config, "/oauth2/authorize", "authorize", oauth::authorize);
}

fn cabinet_host(config: &mut ServiceConfig) {
    on(
        config,
        "/oauth2/authorization/1",
        "authorization",
        oauth::authorization,
    );
    on(config, "/login/oauth2/code/1", "callback", oauth::callback);
    on(config, "/s/m", "merchants", cabinet::merchants);
    config.route("/mc/facade/graphql", web::to(graphql));
    on(config, "/bff/offer-view/points", "points", cabinet::points);
    on(config, "/bff/offer-view/list", "list", cabinet::list);
    on(config, "/bff/offer-view/details", "details", cabinet::details);
    on(config, "/offers/api/v1/offer/count", "count", cabinet::count);
    on(
        config,
        "/pricefeed/upload/merchant/process",
        "process",
        process::one,
    );
    on(
        config,
        "/pricefeed/upload/merchant/process/process/batch",
        "process_batch",
        process::batch,
    );
}

fn public_host(config: &mut ServiceConfig) {
    on(config, "/mc/", "shell", oauth::shell);
    on(config, "/mc", "shell", oauth::shell);
    on(config, "/yml/offer-view/offers/{card}", "offers", public::offers);
    on(config, "/p/{slug:.*}", "card_page", public::card_page);
    on(config, "/shop/p/{slug:.*}", "card_page", public::card_page);
}

fn on(config: &mut ServiceConfig, path: &str, endpoint: &'static str, handler: Handler) {
    config.route(
        path,
        web::to(move |request: HttpRequest, body: Bytes, shared: Data<Shared>| {
            call::serve(endpoint, handler, request, body, shared)
        }),
    );
}

/// One address serves all GraphQL operations; each is an endpoint of its own for faults and journal.
async fn graphql(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> actix_web::HttpResponse {
    let (endpoint, handler) = cabinet::graphql(request.query_string(), &body);
    call::serve(endpoint, handler, request, body, shared).await
}

fn unknown(_: &mut Market, _: &Call, trace: &mut Trace) -> Reply {
    trace.warnings.push("no such endpoint".to_owned());
    Reply::message(404, "Not Found")
}
