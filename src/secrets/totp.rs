//! Codes of the second factor: the one-time codes of RFC 6238 as apps make them (SHA-1, six digits, half a minute),
//! and recovery codes for who has lost the app.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha1::Sha1;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Secret, SecretError, hash_of_random_key, random_bytes};

/// A code holds for so many seconds.
pub const STEP_SECONDS: i64 = 30;
/// So many half minutes early or late a code may come: clocks of telephones differ.
const DRIFT: i64 = 1;
/// Letters of a recovery code without its dashes: 120 random bits.
const RECOVERY_LETTERS: usize = 24;

/// A new seed: 160 random bits in base 32, as apps take it.
///
/// # Errors
/// No randomness.
pub fn new_seed() -> Result<Secret, SecretError> {
    let bytes = Zeroizing::new(random_bytes::<20>()?);
    Ok(Secret::from(BASE32_NOPAD.encode(bytes.as_slice())))
}

/// The address that an app reads from the picture: the seed under the name `issuer: account`.
#[must_use]
pub fn otpauth(seed: &Secret, issuer: &str, account: &str) -> Secret {
    let encode = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let (issuer, account) = (encode(issuer), encode(account));
    Secret::from(format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
        seed.expose_secret()
    ))
}

/// The half minute whose code this is, around `now` (seconds since 1970) and behind the last one that was `spent`;
/// `None`: a wrong code, an old one, or one that has counted already.
#[must_use]
pub fn matching_step(seed: &Secret, code: &Secret, now: i64, spent: i64) -> Option<i64> {
    let key = Zeroizing::new(BASE32_NOPAD.decode(seed.expose_secret().as_bytes()).ok()?);
    let typed: Zeroizing<String> = Zeroizing::new(
        code.expose_secret()
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect(),
    );
    let present = now.div_euclid(STEP_SECONDS);
    (present - DRIFT..=present + DRIFT)
        .filter(|step| *step > spent)
        .find(|step| {
            code_of(&key, *step).is_some_and(|right| bool::from(right.as_bytes().ct_eq(typed.as_bytes())))
        })
}

/// The six digits of a half minute.
fn code_of(key: &[u8], step: i64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last()? & 0x0f);
    let four: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
    let number = (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000;
    Some(format!("{number:06}"))
}

/// A new recovery code: `abcd-efgh-…`, 120 random bits, so that a plain hash of it is safe to keep.
///
/// # Errors
/// No randomness.
pub fn new_recovery_code() -> Result<Secret, SecretError> {
    let bytes = Zeroizing::new(random_bytes::<15>()?);
    let letters = Zeroizing::new(BASE32_NOPAD.encode(bytes.as_slice()).to_lowercase());
    let mut code = String::with_capacity(RECOVERY_LETTERS + RECOVERY_LETTERS / 4);
    for (place, letter) in letters.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    Ok(Secret::from(code))
}

/// What is kept of a recovery code, however its letters are spaced; `None` for what cannot be one.
#[must_use]
pub fn recovery_code_hash(code: &Secret) -> Option<Vec<u8>> {
    let letters: Zeroizing<String> = Zeroizing::new(
        code.expose_secret()
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .take(RECOVERY_LETTERS + 1)
            .collect(),
    );
    let whole = letters.len() == RECOVERY_LETTERS && letters.chars().all(|c| c.is_ascii_alphanumeric());
    whole.then(|| hash_of_random_key(&letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the vectors in RFC 6238, appendix B: `12345678901234567890`.
    fn seed() -> Secret {
        Secret::from(BASE32_NOPAD.encode(b"12345678901234567890"))
    }

    fn step(code: &str, now: i64, spent: i64) -> Option<i64> {
        matching_step(&seed(), &Secret::from(code), now, spent)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // The last six of its eight digits.
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step(code, at, 0), Some(at / 30), "{at}");
        }
    }

    #[test]
    fn a_code_counts_half_a_minute_early_or_late_and_once() {
        let (at, code) = (1_111_111_109, "081804");
        let own = at / 30;
        for (now, holds) in [
            (at - 60, false),
            (at - 30, true),
            (at + 30, true),
            (at + 60, false),
        ] {
            assert_eq!(step(code, now, 0).is_some(), holds, "{}", now - at);
        }
        assert_eq!(step(code, at, own - 1), Some(own));
        assert_eq!(step(code, at, own), None, "spent");
        assert_eq!(step(" 081 804 ", at, 0), Some(own), "as apps space it");
        for wrong in ["", "81804", "0818040", "081805", "abcdef"] {
            assert_eq!(step(wrong, at, 0), None, "{wrong}");
        }
    }

    #[test]
    fn seeds_and_recovery_codes_are_random_and_readable() {
        let (a, b) = (new_seed().unwrap(), new_seed().unwrap());
        assert_eq!(a.expose_secret().len(), 32);
        assert_ne!(a.expose_secret(), b.expose_secret());
        let code = new_recovery_code().unwrap();
        let text = code.expose_secret();
        assert_eq!((text.len(), text.split('-').count()), (29, 6), "{text}");
        let loose = Secret::from(format!(" {} ", text.to_uppercase().replace('-', " ")));
        assert!(recovery_code_hash(&code).is_some());
        assert_eq!(recovery_code_hash(&code), recovery_code_hash(&loose));
        for wrong in ["", "abcd", &format!("{text}a")] {
            assert_eq!(recovery_code_hash(&Secret::from(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_holds_the_names_whole() {
        let address = otpauth(&seed(), "kaspi-panel", "a+b@example.kz");
        assert_eq!(
            address.expose_secret(),
            "otpauth://totp/kaspi-panel:a%2Bb%40example.kz?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=kaspi-panel"
        );
    }
}
