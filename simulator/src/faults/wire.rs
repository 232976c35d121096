//! How an answer travels: slowly, in pieces, compressed, cut off, or not as HTTP at all.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures_util::stream::{self, Stream};

use super::{Encoding, Fault, Kind};

/// Bytes that neither HTTP nor TLS begins with.
pub const GARBAGE: &[u8] = b"\x00\xff\x13\x37 not a protocol anybody speaks \xff\x00\r\n\r\n";
/// Pieces of a slow body.
const PIECES: usize = 10;
/// Blanks that follow an endless body, and how many times at most: nobody waits for so long.
const BLANKS: &[u8] = &[b' '; 1024];
const BLANKS_MAX: u32 = 1_000_000;
const BLANKS_EVERY_MS: u64 = 20;

/// Sends the body in the way of the fault; `None` when the fault does not concern the way.
pub fn respond(
    response: &mut HttpResponseBuilder,
    body: Vec<u8>,
    fault: &Fault,
) -> Result<HttpResponse, Vec<u8>> {
    let delay = |usual: u64| Duration::from_millis(fault.delay_ms.unwrap_or(usual));
    match fault.kind {
        Kind::SlowBody => {
            let pieces = u32::try_from(PIECES).unwrap_or(1);
            Ok(response.streaming(slowly(body, delay(1000) / pieces)))
        }
        Kind::EndlessBody => Ok(response.streaming(endlessly(body, delay(BLANKS_EVERY_MS)))),
        Kind::CutBody => {
            let whole = u64::try_from(body.len()).unwrap_or(0);
            Ok(response.no_chunking(whole).streaming(cut(body)))
        }
        _ => Err(body),
    }
}

type Piece = Result<Bytes, std::io::Error>;

fn slowly(body: Vec<u8>, gap: Duration) -> impl Stream<Item = Piece> + 'static {
    let size = body.len().div_ceil(PIECES).max(1);
    stream::unfold(Bytes::from(body), move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(gap).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok(piece), rest))
    })
}

fn endlessly(body: Vec<u8>, gap: Duration) -> impl Stream<Item = Piece> + 'static {
    stream::unfold(
        (Some(Bytes::from(body)), 0_u32),
        move |(first, sent)| async move {
            if let Some(body) = first {
                return Some((Ok(body), (None, sent)));
            }
            if sent >= BLANKS_MAX {
                return None;
            }
            tokio::time::sleep(gap).await;
            Some((Ok(Bytes::from_static(BLANKS)), (None, sent.saturating_add(1))))
        },
    )
}

/// Half of the body, then an error. The pause lets the server send what it has.
fn cut(body: Vec<u8>) -> impl Stream<Item = Piece> + 'static {
    let mut half = Bytes::from(body);
    half.truncate(half.len() / 2);
    stream::unfold(Some(half), |half| async move {
        if let Some(half) = half {
            return Some((Ok(half), None));
        }
        tokio::time::sleep(Duration::from_millis(BLANKS_EVERY_MS)).await;
        Some((Err(std::io::Error::other("the connection is cut")), None))
    })
}

/// Drops a connection, after garbage if that is the fault.
pub fn drop_connection(mut connection: &TcpStream, kind: Kind) {
    // An error means that the other side has already gone, which is what is wanted.
    if kind == Kind::Garbage {
        let _ = connection.write_all(GARBAGE);
    }
    let _ = connection.shutdown(Shutdown::Both);
}

/// Compresses a body and says how the coding is called.
pub fn compress(encoding: Encoding, body: &[u8]) -> (&'static str, Vec<u8>) {
    match encoding {
        Encoding::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            let written = writer.write_all(body);
            ("gzip", written.and_then(|()| writer.finish()).unwrap_or_default())
        }
        Encoding::Br => {
            let mut out = Vec::new();
            let parameters = brotli::enc::BrotliEncoderParams {
                quality: 5,
                ..Default::default()
            };
            let mut body = body;
            let written = brotli::BrotliCompress(&mut body, &mut out, &parameters);
            ("br", written.map(|_| out).unwrap_or_default())
        }
        Encoding::Zstd => ("zstd", zstd::encode_all(body, 3).unwrap_or_default()),
    }
}
