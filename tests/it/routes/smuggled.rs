//! Requests whose end can be read in two ways, as a proxy and a server may do to different ends: each is refused, and what
//! hides behind it is never taken for a request of its own.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::TestApp;

/// What hides: were it taken for a request, its answer would show this address.
const HIDDEN: &str = "GET /hidden-request HTTP/1.1\r\nHost: panel\r\n\r\n";

/// Sends it and gives all that comes back until the server has nothing more to say.
async fn answers(address: &url::Url, request: &str) -> String {
    let host = (address.host_str().unwrap(), address.port().unwrap());
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut is an answer, too.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// How many answers came.
fn count(answers: &str) -> usize {
    answers.matches("HTTP/1.1 ").count()
}

#[tokio::test]
async fn a_request_with_two_ends_is_refused() {
    let mut app = TestApp::new();
    let address = app.serve();
    let body = format!("0\r\n\r\n{HIDDEN}");
    let length = body.len();
    let two_ways = [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"),
        format!("Content-Length: 5\r\nContent-Length: {length}"),
        format!("Content-Length: {length}\r\nTransfer-Encoding: xchunked"),
        format!("Content-Length: {length}\r\nTransfer-Encoding:\tchunked"),
        format!("Content-Length: {length}\r\nTransfer-Encoding : chunked"),
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked, identity"),
        format!("Content-Length: {length}\r\nTransfer-Encoding: identity, chunked"),
        format!("Content-Length: +{length}"),
        format!("Content-Length: {length}, 5"),
        "Content-Length: -1".to_owned(),
        "Content-Length: 0x10".to_owned(),
    ];
    for headers in two_ways {
        let request = format!(
            "POST /login HTTP/1.1\r\nHost: panel\r\nContent-Type: application/x-www-form-urlencoded\r\n{headers}\r\n\r\n{body}"
        );
        let told = answers(&address, &request).await;
        assert!(count(&told) <= 1, "{headers}: {told}");
        assert!(
            told.is_empty() || told.starts_with("HTTP/1.1 4"),
            "{headers}: {told}"
        );
    }
    // Two whole requests on one connection are two answers: the count can tell.
    let honest = format!("GET /login HTTP/1.1\r\nHost: panel\r\n\r\n{HIDDEN}");
    assert_eq!(count(&answers(&address, &honest).await), 2);
}
