//! Reading answers in bounded memory: the bytes on the wire and the bytes they unfold to are counted apart,
//! so that neither a large answer nor a small one that inflates can hurt.

use std::io;

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use futures_util::TryStreamExt;
use reqwest::{Response, header::CONTENT_ENCODING};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio_util::io::StreamReader;

use super::client::unavailable;
use crate::kaspi::KaspiError;

/// What we say to understand.
pub const ACCEPTED: &str = "gzip, deflate, br, zstd";
/// Largest answer on the wire.
const WIRE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Largest answer unfolded.
const BODY_BYTES_MAX: u64 = 50 * 1024 * 1024;

/// The decoded body of an answer.
///
/// # Errors
/// `Malformed` when it is too large or not encoded as it says; `Unavailable` when the connection ends.
pub async fn read(response: Response) -> Result<Vec<u8>, KaspiError> {
    let encoding = response
        .headers()
        .get(CONTENT_ENCODING)
        .map_or(Ok("identity"), |value| value.to_str())
        .map_err(|_| KaspiError::malformed("an unreadable content encoding"))?
        .trim()
        .to_ascii_lowercase();
    // One byte more than allowed tells "too large" from "just fits".
    let wire = StreamReader::new(response.bytes_stream().map_err(io::Error::other)).take(WIRE_BYTES_MAX + 1);
    let mut wire = BufReader::new(wire);
    let body = match encoding.as_str() {
        "" | "identity" => unfolded(&mut wire).await,
        "gzip" | "x-gzip" => unfolded(&mut GzipDecoder::new(&mut wire)).await,
        "br" => unfolded(&mut BrotliDecoder::new(&mut wire)).await,
        "zstd" => unfolded(&mut ZstdDecoder::new(&mut wire)).await,
        "deflate" => match wire.fill_buf().await.map(|start| start.first() == Some(&0x78)) {
            // Most servers mean zlib's format by this word, some the bare one.
            Ok(true) => unfolded(&mut ZlibDecoder::new(&mut wire)).await,
            Ok(false) => unfolded(&mut DeflateDecoder::new(&mut wire)).await,
            Err(error) => Err(error),
        },
        _ => return Err(KaspiError::malformed("an unknown content encoding")),
    };
    if wire.get_ref().limit() == 0 {
        return Err(KaspiError::malformed("an answer above 10 MiB"));
    }
    match body {
        Ok(Some(body)) => Ok(body),
        Ok(None) => Err(KaspiError::malformed("an answer above 50 MiB after unfolding")),
        Err(error) => Err(failed(error)),
    }
}

/// Everything, or nothing where there is too much.
async fn unfolded(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    reader.take(BODY_BYTES_MAX + 1).read_to_end(&mut body).await?;
    let fits = u64::try_from(body.len()).is_ok_and(|length| length <= BODY_BYTES_MAX);
    Ok(fits.then_some(body))
}

/// A broken connection is told from a body that is not what its header says.
fn failed(error: io::Error) -> KaspiError {
    match error.downcast::<reqwest::Error>() {
        Ok(error) => unavailable(error),
        Err(_) => KaspiError::malformed("a body that is not encoded as it says"),
    }
}
