//! The only way out of a login's browser: a SOCKS 5 server on loopback that lives as long as the login, reaches the
//! hosts of the login and nothing else, and passes every connection on through the account's way out. The browser
//! looks no name up and is told of no proxy's credentials.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::reachable;
use crate::{config, kaspi::http::tunnel::Tunnels};

/// Most connections at once; a browser opens no more than 32 through one proxy.
const CONNECTIONS_MAX: usize = 64;
/// Longest time in which a browser says where it wants to go.
const ASKING_MAX: Duration = Duration::from_secs(10);

/// What a server of SOCKS answers (RFC 1928).
struct Reply(u8);

impl Reply {
    const DONE: Self = Self(0);
    const FAILED: Self = Self(1);
    const NOT_ALLOWED: Self = Self(2);
    const COMMAND_UNKNOWN: Self = Self(7);
    const ADDRESS_UNKNOWN: Self = Self(8);
}

/// A running relay; it and every connection through it end with this value.
pub struct Relay {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// There is none.
    pub async fn start(hosts: &config::Kaspi, tunnels: Tunnels) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let passage = Arc::new(Passage {
            allowed: reachable(hosts)
                .into_iter()
                .filter_map(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)))
                .collect(),
            tunnels,
        });
        Ok(Self {
            address,
            task: tokio::spawn(listen(listener, passage)),
        })
    }

    /// What the browser is started with, so that nothing of it goes another way: not to loopback, not by looking
    /// names up, and not by the UDP of calls between browsers.
    pub fn arguments(&self) -> [String; 4] {
        let address = self.address;
        [
            format!("--proxy-server=socks5://{address}"),
            "--proxy-bypass-list=<-loopback>".to_owned(),
            format!("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE {}", address.ip()),
            "--webrtc-ip-handling-policy=disable_non_proxied_udp".to_owned(),
        ]
    }
}

/// Where connections may lead, and how.
struct Passage {
    /// Hosts as they stand in addresses, and ports.
    allowed: Vec<(String, u16)>,
    tunnels: Tunnels,
}

async fn listen(listener: TcpListener, passage: Arc<Passage>) {
    // Ends its connections when it is dropped, with the task.
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if open.len() < CONNECTIONS_MAX => {
                if let Ok((browser, _)) = accepted {
                    let passage = passage.clone();
                    // A browser that goes away in the middle is no fault.
                    open.spawn(async move { drop(passage.serve(browser).await) });
                }
            }
            Some(_) = open.join_next() => {}
        }
    }
}

impl Passage {
    async fn serve(&self, mut browser: TcpStream) -> io::Result<()> {
        browser.set_nodelay(true)?;
        let asked = tokio::time::timeout(ASKING_MAX, asked(&mut browser)).await??;
        let (host, port) = match asked {
            Ok(target) => target,
            Err(refusal) => return reply(&mut browser, refusal).await,
        };
        if !self
            .allowed
            .iter()
            .any(|(name, at)| name.eq_ignore_ascii_case(&host) && *at == port)
        {
            tracing::debug!("a login page asked for a host that is not of the login");
            return reply(&mut browser, Reply::NOT_ALLOWED).await;
        }
        let Some(mut target) = self.tunnels.open(&host, port).await else {
            return reply(&mut browser, Reply::FAILED).await;
        };
        reply(&mut browser, Reply::DONE).await?;
        copy_bidirectional(&mut browser, &mut target).await?;
        Ok(())
    }
}

/// Greets and reads where the browser wants to go: a host as it stands in addresses, and a port.
async fn asked(browser: &mut TcpStream) -> io::Result<Result<(String, u16), Reply>> {
    const VERSION: u8 = 5;
    const NO_CREDENTIALS: u8 = 0;
    const NO_METHOD: u8 = 255;
    let _version = browser.read_u8().await?;
    let methods = counted(browser).await?;
    let known = methods.contains(&NO_CREDENTIALS);
    let method = if known { NO_CREDENTIALS } else { NO_METHOD };
    browser.write_all(&[VERSION, method]).await?;
    let mut head = [0; 4];
    browser.read_exact(&mut head).await?;
    let [_version, command, _, kind] = head;
    if command != 1 {
        return Ok(Err(Reply::COMMAND_UNKNOWN));
    }
    let host = match kind {
        1 => Ipv4Addr::from(browser.read_u32().await?).to_string(),
        3 => {
            let name = String::from_utf8(counted(browser).await?).map_err(io::Error::other)?;
            match name.parse::<Ipv6Addr>() {
                Ok(address) => format!("[{address}]"),
                Err(_) => name,
            }
        }
        4 => format!("[{}]", Ipv6Addr::from(browser.read_u128().await?)),
        _ => return Ok(Err(Reply::ADDRESS_UNKNOWN)),
    };
    Ok(Ok((host, browser.read_u16().await?)))
}

/// Bytes behind their number.
async fn counted(browser: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(browser.read_u8().await?)];
    browser.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Answers; what address the connection leaves from is told to nobody.
async fn reply(browser: &mut TcpStream, reply: Reply) -> io::Result<()> {
    browser.write_all(&[5, reply.0, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

#[cfg(test)]
mod tests;
