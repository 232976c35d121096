//! The type of every secret text. It has no `Display` and no `Serialize`; a test proves it.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

/// A text that is never printed: no `Display`, no `Serialize`, `Debug` shows stars, memory is wiped on drop.
#[derive(Clone, Default)]
pub struct Secret(SecretString);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(SecretString::from(text))
    }
}

impl From<String> for Secret {
    /// Wipes the given text: shrinking it to size would leave its bytes in freed memory.
    fn from(mut text: String) -> Self {
        let secret = Self::from(text.as_str());
        text.zeroize();
        secret
    }
}

impl ExposeSecret<str> for Secret {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Display;

    use secrecy::zeroize::ZeroizeOnDrop;
    use serde::{Serialize, de::DeserializeOwned};

    use super::*;

    /// Does not compile where the type has the trait: the method would then exist twice.
    macro_rules! assert_lacks {
        ($type:ty: $($lacked:path),+) => {$({
            trait Lacks<Marker> { fn proven() {} }
            impl<T: ?Sized> Lacks<()> for T {}
            struct Has;
            impl<T: ?Sized + $lacked> Lacks<Has> for T {}
            <$type as Lacks<_>>::proven();
        })+};
    }

    /// Does not compile where the type lacks the trait.
    fn assert_wiped<T: ZeroizeOnDrop>(_: &T) {}

    #[test]
    fn a_secret_has_no_way_out_but_expose_secret() {
        assert_lacks!(Secret: Display, Serialize, AsRef<str>, AsRef<[u8]>, std::ops::Deref, PartialEq, Into<String>, DeserializeOwned);
        assert_lacks!(crate::secrets::Vault: Display, Serialize, Clone);
    }

    #[test]
    fn a_secret_is_wiped_when_it_is_dropped() {
        let Secret(inner) = Secret::from("canary");
        assert_wiped(&inner);
    }

    #[test]
    fn a_secret_is_printed_as_stars() {
        let secret = Secret::from(String::from("canary"));
        assert_eq!(
            format!("{secret:?} {secret:#?} {:?}", Some(&secret)),
            "*** *** Some(***)"
        );
    }
}
