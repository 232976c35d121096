//! An app for codes of the second factor, as people have it on their telephones.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The code that an app with this seed shows at a moment; the app is not ours, so neither is this.
pub fn code_at(seed: &str, at: DateTime<Utc>) -> String {
    let key = BASE32_NOPAD.decode(seed.replace(' ', "").as_bytes()).unwrap();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&(at.timestamp() / 30).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] % 16);
    let number = digest[at..at + 4]
        .iter()
        .fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{:06}", number % (1 << 31) % 1_000_000)
}
