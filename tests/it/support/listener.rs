//! Receivers of messages on loopback: a small HTTP server and a small mail server that tell what came.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// One HTTP request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `POST /path HTTP/1.1`
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Received {
    /// A header.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// An HTTP server that answers with the statuses it is given, 200 where none is left.
pub struct HttpListener {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    task: JoinHandle<()>,
}

impl HttpListener {
    /// A server on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answers: Arc<Mutex<VecDeque<(u16, String)>>> = Arc::default();
        let (told, next) = (seen.clone(), answers.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some((received, stream)) = read_request(stream).await else {
                    continue;
                };
                told.lock().unwrap().push(received);
                let (status, body) = next.lock().unwrap().pop_front().unwrap_or((200, String::new()));
                answer(stream, status, &body).await;
            }
        });
        Self {
            address,
            seen,
            answers,
            task,
        }
    }

    /// Answers the next request so.
    pub fn answer(&self, status: u16, body: &str) {
        self.answers.lock().unwrap().push_back((status, body.to_owned()));
    }

    /// What came, the oldest first.
    pub fn seen(&self) -> Vec<Received> {
        self.seen.lock().unwrap().clone()
    }

    /// Its address as people write it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for HttpListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request, and the connection to answer it on.
pub async fn read_request(stream: TcpStream) -> Option<(Received, TcpStream)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).await.ok()?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).await.ok()?;
    let received = Received {
        line: line.trim_end().to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
    };
    Some((received, reader.into_inner()))
}

async fn answer(mut stream: TcpStream, status: u16, body: &str) {
    let text = format!(
        "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // A client that is gone needs no answer.
    let _gone = stream.write_all(text.as_bytes()).await;
}

/// A mail server without TLS that takes every letter, or none.
pub struct MailListener {
    /// Where it listens.
    pub address: SocketAddr,
    letters: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl MailListener {
    /// A server on a free port; with `refuses` it takes no reader.
    pub async fn start(refuses: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().unwrap();
        let letters = Arc::new(Mutex::new(Vec::new()));
        let told = letters.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(letter) = take_letter(stream, refuses).await {
                    told.lock().unwrap().push(letter);
                }
            }
        });
        Self {
            address,
            letters,
            task,
        }
    }

    /// The letters that came, with their envelopes.
    pub fn letters(&self) -> Vec<String> {
        self.letters.lock().unwrap().clone()
    }
}

impl Drop for MailListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take_letter(stream: TcpStream, refuses: bool) -> Option<String> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut letter = String::new();
    writer.write_all(b"220 mail.example.kz\r\n").await.ok()?;
    let mut data = false;
    while let Some(line) = lines.next_line().await.ok()? {
        letter.push_str(&line);
        letter.push('\n');
        if data {
            if line == "." {
                data = false;
                writer.write_all(b"250 taken\r\n").await.ok()?;
            }
            continue;
        }
        let said: &[u8] = match line.split(' ').next().unwrap_or_default().to_uppercase().as_str() {
            "EHLO" => b"250-mail.example.kz\r\n250 8BITMIME\r\n",
            "RCPT" if refuses => b"550 nobody of that name\r\n",
            "DATA" => {
                data = true;
                b"354 go on\r\n"
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n").await.ok()?;
                break;
            }
            _ => b"250 ok\r\n",
        };
        writer.write_all(said).await.ok()?;
    }
    Some(letter).filter(|letter| letter.contains("DATA"))
}
