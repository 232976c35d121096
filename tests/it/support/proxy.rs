//! An outgoing proxy of a test: HTTP and SOCKS 5 on one loopback port, with or without credentials. It forwards
//! to wherever it is asked and counts what came.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// User name and password that every test proxy with credentials wants.
pub const PROXY_USER: &str = "proxy-user";
/// See [`PROXY_USER`].
pub const PROXY_PASSWORD: &str = "proxy-password";

/// A running proxy; it ends with this value.
pub struct TestProxy {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    credentials: bool,
    broken: AtomicBool,
    forwarded: AtomicUsize,
    refused: AtomicUsize,
}

impl TestProxy {
    /// A proxy that serves everybody.
    pub async fn open() -> Self {
        Self::start(false).await
    }

    /// A proxy that wants [`PROXY_USER`] and [`PROXY_PASSWORD`].
    pub async fn with_credentials() -> Self {
        Self::start(true).await
    }

    async fn start(credentials: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            credentials,
            broken: AtomicBool::new(false),
            forwarded: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        });
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                // A client that goes away in the middle is its own affair.
                tokio::spawn(async move { drop(serve(stream, &state).await) });
            }
        });
        Self { address, state, task }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Requests that were passed on.
    pub fn forwarded(&self) -> usize {
        self.state.forwarded.load(Ordering::SeqCst)
    }

    /// Requests that were refused for their credentials.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// From now on every connection is dropped at once.
    pub fn break_down(&self) {
        self.state.broken.store(true, Ordering::SeqCst);
    }
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(client: TcpStream, state: &State) -> io::Result<()> {
    if state.broken.load(Ordering::SeqCst) {
        return Ok(());
    }
    let mut first = [0];
    client.peek(&mut first).await?;
    if first == [5] {
        socks(client, state).await
    } else {
        http(client, state).await
    }
}

/// One request of HTTP: absolute addresses are passed on, `CONNECT` opens a tunnel.
async fn http(mut client: TcpStream, state: &State) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let wanted = format!(
        "Basic {}",
        STANDARD.encode(format!("{PROXY_USER}:{PROXY_PASSWORD}"))
    );
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    if state.credentials && header("proxy-authorization") != Some(&wanted) {
        state.refused.fetch_add(1, Ordering::SeqCst);
        let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return client.write_all(answer).await;
    }
    state.forwarded.fetch_add(1, Ordering::SeqCst);
    if method == "CONNECT" {
        let mut server = TcpStream::connect(target).await?;
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    let rest = target.strip_prefix("http://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut server = TcpStream::connect(host).await?;
    let kept = lines.filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        !line.is_empty() && !name.starts_with("proxy-") && name != "connection"
    });
    // One request a connection: the next one has an address of its own.
    let request = std::iter::once(format!("{method} /{path} HTTP/1.1"))
        .chain(kept.map(str::to_owned))
        .chain(["connection: close".to_owned(), String::new(), String::new()])
        .collect::<Vec<_>>()
        .join("\r\n");
    server.write_all(request.as_bytes()).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// One connection of SOCKS 5 (RFC 1928, RFC 1929).
async fn socks(mut client: TcpStream, state: &State) -> io::Result<()> {
    client.read_u8().await?;
    read_counted(&mut client).await?;
    client
        .write_all(&[5, if state.credentials { 2 } else { 0 }])
        .await?;
    if state.credentials {
        client.read_u8().await?;
        let user = read_counted(&mut client).await?;
        let password = read_counted(&mut client).await?;
        let right = user == PROXY_USER.as_bytes() && password == PROXY_PASSWORD.as_bytes();
        client.write_all(&[1, u8::from(!right)]).await?;
        if !right {
            state.refused.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => {
            let mut octets = [0; 4];
            client.read_exact(&mut octets).await?;
            std::net::Ipv4Addr::from(octets).to_string()
        }
        3 => String::from_utf8(read_counted(&mut client).await?).map_err(io::Error::other)?,
        other => return Err(io::Error::other(format!("address type {other}"))),
    };
    let port = client.read_u16().await?;
    let mut server = TcpStream::connect((host.as_str(), port)).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    state.forwarded.fetch_add(1, Ordering::SeqCst);
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

async fn read_counted(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = client.read_u8().await?;
    let mut bytes = vec![0; usize::from(length)];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}
