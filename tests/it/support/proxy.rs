//! An outgoing proxy of a test: HTTP and SOCKS 5 on one loopback port, with or without credentials. It forwards
//! to wherever it is asked and tells what came.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use kaspi_panel::{
    domain::{ProxyId, ProxyScheme},
    kaspi::ProxyAddress,
    secrets::Secret,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A running proxy; it ends with this value.
pub struct TestProxy {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    /// `user:password`.
    credentials: Option<String>,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    fault: Option<Fault>,
    seen: Vec<String>,
    forwarded: usize,
    refused: usize,
}

/// What is wrong with a proxy.
#[derive(Clone, Copy)]
enum Fault {
    Silent,
    BadGateway,
}

impl TestProxy {
    /// A proxy that wants `user:password`, where there is one.
    pub async fn start(credentials: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            credentials: credentials.map(str::to_owned),
            now: Mutex::default(),
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

    /// What the client is told to use it by; `credentials` are `user:password`.
    pub fn told(&self, scheme: ProxyScheme, credentials: Option<&str>) -> ProxyAddress {
        let (username, password) = credentials.and_then(|text| text.split_once(':')).unzip();
        ProxyAddress {
            id: ProxyId::new(),
            scheme,
            host: self.address.ip().to_string(),
            port: self.address.port(),
            username: username.map(str::to_owned),
            password: password.map(Secret::from),
        }
    }

    /// What was asked for since the last look, whatever became of it: addresses of plain HTTP, and `host:port` of
    /// tunnels.
    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut self.state.now.lock().unwrap().seen)
    }

    /// How much was passed on: requests of plain HTTP, and tunnels.
    pub fn forwarded(&self) -> usize {
        self.state.now.lock().unwrap().forwarded
    }

    /// How much was refused for its credentials.
    pub fn refused(&self) -> usize {
        self.state.now.lock().unwrap().refused
    }

    /// From now on everybody is dropped without an answer.
    pub fn break_down(&self) {
        self.state.now.lock().unwrap().fault = Some(Fault::Silent);
    }

    /// From now on every request of HTTP is answered with 502.
    pub fn answer_bad_gateway(&self) {
        self.state.now.lock().unwrap().fault = Some(Fault::BadGateway);
    }
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    /// Notes what was asked for; answers what is wrong.
    fn note(&self, target: &str, welcome: bool) -> Option<Fault> {
        let mut now = self.now.lock().unwrap();
        now.seen.push(target.to_owned());
        if !welcome {
            now.refused += 1;
        } else if now.fault.is_none() {
            now.forwarded += 1;
        }
        now.fault
    }
}

async fn serve(client: TcpStream, state: &State) -> io::Result<()> {
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
    let given = head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case("proxy-authorization").then_some(value)
    });
    let wanted = state.credentials.as_ref().map(|text| STANDARD.encode(text));
    let welcome = wanted.is_none_or(|wanted| given == Some(&format!("Basic {wanted}")));
    let refusal = match (state.note(target, welcome), welcome) {
        (Some(Fault::Silent), _) => return Ok(()),
        (_, false) => Some("407 Proxy Authentication Required\r\nproxy-authenticate: Basic"),
        (Some(Fault::BadGateway), true) => Some("502 Bad Gateway"),
        (None, true) => None,
    };
    if let Some(status) = refusal {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        return client.write_all(answer.as_bytes()).await;
    }
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
    let wanted = state.credentials.as_deref().and_then(|text| text.split_once(':'));
    client
        .write_all(&[5, if wanted.is_some() { 2 } else { 0 }])
        .await?;
    if let Some((user, password)) = wanted {
        client.read_u8().await?;
        let given = (read_counted(&mut client).await?, read_counted(&mut client).await?);
        let welcome = given == (user.as_bytes().to_vec(), password.as_bytes().to_vec());
        client.write_all(&[1, u8::from(!welcome)]).await?;
        if !welcome {
            state.note("", false);
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
    if state.note(&format!("{host}:{port}"), true).is_some() {
        return Ok(());
    }
    let mut server = TcpStream::connect((host.as_str(), port)).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

async fn read_counted(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = client.read_u8().await?;
    let mut bytes = vec![0; usize::from(length)];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}
