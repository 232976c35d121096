//! Tests of sealing and of keeping secrets out of sight.

use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;

use super::{Place, Secret, SecretError, Vault};

const PASSWORD: Place = Place {
    column: "store_credentials.password",
    row: uuid::Uuid::from_u128(1),
};

#[test]
fn a_sealed_value_opens_in_its_own_place_only() {
    let vault = Vault::new([7; 32]);
    let sealed = vault.seal(PASSWORD, &Secret::from("пароль")).unwrap();
    assert_eq!(vault.open(PASSWORD, &sealed).unwrap().expose_secret(), "пароль");

    let other_row = Place {
        row: uuid::Uuid::from_u128(2),
        ..PASSWORD
    };
    let other_column = Place {
        column: "store_credentials.cookies",
        ..PASSWORD
    };
    for place in [other_row, other_column] {
        assert!(matches!(vault.open(place, &sealed), Err(SecretError::CannotOpen)));
    }
    assert!(matches!(
        Vault::new([8; 32]).open(PASSWORD, &sealed),
        Err(SecretError::CannotOpen)
    ));
}

#[test]
fn a_damaged_value_does_not_open() {
    let vault = Vault::new([7; 32]);
    let sealed = vault.seal(PASSWORD, &Secret::from("secret")).unwrap();
    for at in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        assert!(vault.open(PASSWORD, &damaged).is_err(), "byte {at}");
        assert!(vault.open(PASSWORD, &sealed[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_secret_is_not_printed() {
    assert!(!format!("{:?}", Secret::from("canary")).contains("canary"));
}

#[test]
fn the_key_file_is_made_once_and_refused_when_others_may_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/secret.key");
    let sealed = Vault::open_or_create(&path)
        .unwrap()
        .seal(PASSWORD, &Secret::from("s"))
        .unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        Vault::open_or_create(&path)
            .unwrap()
            .open(PASSWORD, &sealed)
            .is_ok()
    );

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(
        Vault::open_or_create(&path),
        Err(SecretError::BadKey { .. })
    ));
}
