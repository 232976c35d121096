//! A door before the panel: what a browser asks for passes through it, until a test says how a request is to fail.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use url::Url;

use super::listener::{Received, read_request};

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// With a sentence, as the panel refuses a part of a page.
    Sentence(u16, &'static str),
    /// With a page of something that stands before the panel.
    Page(u16),
    /// The connection ends without an answer.
    Cut,
    /// No answer comes until the door is whole again.
    Silent,
}

/// A page that is nobody's of ours.
const FOREIGN: &str = "<html><body><h1>Bad gateway</h1></body></html>";

/// A door that listens on a free port; it closes with this value.
pub struct Door {
    address: Url,
    state: Arc<Mutex<Option<(&'static str, Failure)>>>,
    whole: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Door {
    /// A door before this panel.
    pub async fn before(panel: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().unwrap());
        let far = panel.socket_addrs(|| None).expect("an address")[0];
        let state: Arc<Mutex<Option<(&'static str, Failure)>>> = Arc::default();
        let (whole, is_whole) = watch::channel(true);
        let failing = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (failing, is_whole) = (failing.clone(), is_whole.clone());
                tokio::spawn(async move {
                    let Some((request, near)) = read_request(near).await else {
                        return;
                    };
                    let failure = failing.lock().unwrap().filter(|(line, _)| is_hit(&request, line));
                    // Who has gone needs no answer.
                    let _gone = match failure {
                        Some((_, failure)) => fail(near, failure, is_whole).await,
                        None => pass(near, &request, far).await,
                    };
                });
            }
        });
        Self {
            address: Url::parse(&address).unwrap(),
            state,
            whole,
            task,
        }
    }

    /// Where the browser finds the panel.
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// From now on requests of htmx whose first line begins so fail.
    pub fn fail(&self, line: &'static str, failure: Failure) {
        *self.state.lock().unwrap() = Some((line, failure));
        self.whole.send_replace(false);
    }

    /// Everything passes again.
    pub fn heal(&self) {
        *self.state.lock().unwrap() = None;
        self.whole.send_replace(true);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn is_hit(request: &Received, line: &str) -> bool {
    request.header("hx-request") == "true" && request.line.starts_with(line)
}

async fn fail(
    mut near: TcpStream,
    failure: Failure,
    mut whole: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let (status, kind, body) = match failure {
        Failure::Sentence(status, sentence) => (status, "text/plain", sentence),
        Failure::Page(status) => (status, "text/html", FOREIGN),
        Failure::Cut => return Ok(()),
        Failure::Silent => {
            let _healed = whole.wait_for(|whole| *whole).await;
            return Ok(());
        }
    };
    let answer = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    near.write_all(answer.as_bytes()).await
}

/// One request and its answer, however long that lasts.
async fn pass(mut near: TcpStream, request: &Received, far: std::net::SocketAddr) -> std::io::Result<()> {
    let mut head = format!("{}\r\n", request.line);
    for (name, value) in request.headers.iter().filter(|(name, _)| name != "connection") {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("connection: close\r\n\r\n");
    let mut far = TcpStream::connect(far).await?;
    far.write_all(head.as_bytes()).await?;
    far.write_all(request.body.as_bytes()).await?;
    copy(&mut far, &mut near).await?;
    Ok(())
}
