//! An outgoing proxy: plain HTTP, with or without a password, that tells what went through it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use url::Url;

/// A running proxy; it ends with this value.
pub struct HttpProxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// The addresses that were asked for, oldest first.
    seen: Arc<Mutex<Vec<String>>>,
    broken: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Drop for HttpProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl HttpProxy {
    /// A proxy that wants `user:password`, where there is one.
    pub async fn start(credentials: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, broken) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let wanted = credentials.map(|text| format!("basic {}", STANDARD.encode(text)));
        let (log, down) = (seen.clone(), broken.clone());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (log, down, wanted) = (log.clone(), down.clone(), wanted.clone());
                // A client that goes away is nobody's fault.
                tokio::spawn(async move { serve(client, &log, &down, wanted.as_deref()).await.ok() });
            }
        });
        Self {
            address,
            seen,
            broken,
            task,
        }
    }

    /// Answers every request with 502 from now on.
    pub fn break_down(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// The addresses that were asked for since the last look.
    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

async fn serve(
    client: TcpStream,
    seen: &Mutex<Vec<String>>,
    broken: &AtomicBool,
    wanted: Option<&str>,
) -> std::io::Result<()> {
    let mut client = BufReader::new(client);
    let (mut asked, mut head, mut given) = (String::new(), Vec::new(), None);
    client.read_line(&mut asked).await?;
    loop {
        let mut line = String::new();
        client.read_line(&mut line).await?;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("proxy-authorization")
        {
            given = Some(value.trim().replacen("Basic", "basic", 1));
            continue;
        }
        let end = line.trim().is_empty();
        if !line.to_ascii_lowercase().starts_with("connection:") {
            head.push(line);
        }
        if end {
            break;
        }
    }
    let mut words = asked.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    seen.lock().unwrap().push(target.to_owned());
    let refusal = if wanted.is_some() && given.as_deref() != wanted {
        Some("407 Proxy Authentication Required")
    } else if broken.load(Ordering::Relaxed) {
        Some("502 Bad Gateway")
    } else {
        None
    };
    if let Some(status) = refusal {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        return client.write_all(answer.as_bytes()).await;
    }
    let url = Url::parse(target).map_err(std::io::Error::other)?;
    let host = (url.host_str().unwrap_or_default(), url.port().unwrap_or(80));
    let mut server = TcpStream::connect(host).await?;
    let path = &url[url::Position::BeforePath..];
    let head = format!(
        "{method} {path} HTTP/1.1\r\nconnection: close\r\n{}",
        head.concat()
    );
    server.write_all(head.as_bytes()).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    client.get_mut().shutdown().await?;
    let _rest = server.read(&mut [0; 1]).await?;
    Ok(())
}
