//! Pictures of products: from the image host alone, small, and really pictures.

use url::Url;

use super::{KaspiClient, KaspiError};

/// Largest picture, bytes.
pub const PICTURE_BYTES_MAX: usize = 1024 * 1024;

/// A picture as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Told from its first bytes, whatever the answer says.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

impl KaspiClient {
    /// Fetches a picture. Nothing is asked of any other host than the image host, and no redirect is followed.
    ///
    /// # Errors
    /// `Malformed` for another host, for more than [`PICTURE_BYTES_MAX`] and for what is no JPEG, PNG or WebP; else as
    /// any call.
    pub async fn picture(&self, address: &str) -> Result<Picture, KaspiError> {
        let url = Url::parse(address).map_err(|_| KaspiError::malformed("no address of a picture"))?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !is_plain || url.origin() != self.hosts.cdn.origin() {
            return Err(KaspiError::malformed("a picture on another host"));
        }
        let bytes = self.read_image(url, PICTURE_BYTES_MAX).await?;
        let media_type =
            media_type(&bytes).ok_or_else(|| KaspiError::malformed("a file that is no picture"))?;
        Ok(Picture { media_type, bytes })
    }
}

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_their_first_bytes() {
        let cases: [(&[u8], Option<&str>); 7] = [
            (b"\x89PNG\r\n\x1a\n....", Some("image/png")),
            (b"\xff\xd8\xff\xe0....", Some("image/jpeg")),
            (b"RIFF\x10\x00\x00\x00WEBPVP8 ", Some("image/webp")),
            (b"RIFF\x10\x00\x00\x00WAVEfmt ", None),
            (b"GIF89a", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"", None),
        ];
        for (bytes, kind) in cases {
            assert_eq!(media_type(bytes), kind, "{bytes:?}");
        }
    }
}
