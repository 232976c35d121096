//! Tests of sealing: what opens, what does not, and which key files are refused.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{KeyFile, KeyId, Place, Secret, SecretError, Vault};

const OLD: [u8; 32] = [7; 32];
const NEW: [u8; 32] = [8; 32];

const PASSWORD: Place = Place {
    column: "accounts.password_sealed",
    row: Uuid::from_u128(1),
    tenant: Some(Uuid::from_u128(11)),
};

fn vault(keys: &[[u8; 32]]) -> Vault {
    Vault::new(keys).unwrap()
}

fn text_of(opened: Result<Secret, SecretError>) -> Option<String> {
    opened.ok().map(|secret| secret.expose_secret().to_owned())
}

fn places() -> impl Strategy<Value = Place> {
    let columns = prop::sample::select(vec![
        "accounts.password_sealed",
        "accounts.password_sealed2",
        "accounts.cookies_sealed",
        "proxies.credentials_sealed",
    ]);
    (columns, 0..4u128, prop::option::of(0..4u128)).prop_map(|(column, row, tenant)| Place {
        column,
        row: Uuid::from_u128(row),
        tenant: tenant.map(Uuid::from_u128),
    })
}

proptest! {
    #[test]
    fn a_value_opens_in_its_own_place_with_its_own_key_only(
        text in ".{0,80}", place in places(), other in places(), same_key: bool,
    ) {
        let sealed = vault(&[OLD]).seal(place, &Secret::from(text.as_str())).unwrap();
        let opener = vault(&[if same_key { OLD } else { NEW }]);
        let opened = text_of(opener.open(other, &sealed));
        prop_assert_eq!(opened, (same_key && place == other).then_some(text));
    }

    #[test]
    fn a_value_with_any_bit_changed_does_not_open(
        text in ".{0,40}", at: prop::sample::Index, bit in 0..8u8,
    ) {
        let vault = vault(&[OLD]);
        let mut sealed = vault.seal(PASSWORD, &Secret::from(text.as_str())).unwrap();
        *at.get_mut(&mut sealed) ^= 1 << bit;
        prop_assert!(matches!(vault.open(PASSWORD, &sealed), Err(SecretError::CannotOpen)));
    }

    #[test]
    fn parts_of_two_values_make_no_third(at: prop::sample::Index) {
        // Same place, same key: a wrapped key of one value with the ciphertext of the other.
        let vault = vault(&[OLD]);
        let (one, two) = (vault.seal(PASSWORD, &"one-".into()).unwrap(), vault.seal(PASSWORD, &"two-".into()).unwrap());
        let cut = at.index(one.len());
        let mixed = [&one[..cut], &two[cut..]].concat();
        prop_assume!(mixed != one && mixed != two);
        prop_assert!(vault.open(PASSWORD, &mixed).is_err());
    }

    #[test]
    fn noise_does_not_open(noise: Vec<u8>, format in 0..4u8) {
        let vault = vault(&[OLD]);
        let head = vault.newest().unwrap().0;
        for bytes in [noise.clone(), [&[format][..], &noise].concat(), [&[format][..], &head, &noise].concat()] {
            prop_assert!(vault.open(PASSWORD, &bytes).is_err());
        }
    }
}

#[test]
fn a_cut_or_continued_value_does_not_open() {
    let vault = vault(&[OLD]);
    let sealed = vault.seal(PASSWORD, &Secret::from("пароль")).unwrap();
    for at in 0..sealed.len() {
        assert!(vault.open(PASSWORD, &sealed[..at]).is_err(), "cut at {at}");
    }
    assert!(vault.open(PASSWORD, &[&sealed[..], b"x"].concat()).is_err());
    assert_eq!(text_of(vault.open(PASSWORD, &sealed)).as_deref(), Some("пароль"));
}

#[test]
fn a_value_of_another_format_does_not_open() {
    let vault = vault(&[OLD]);
    let sealed = vault.seal(PASSWORD, &Secret::from("secret")).unwrap();
    for format in (0..=u8::MAX).filter(|format| *format != sealed[0]) {
        let other = [&[format], &sealed[1..]].concat();
        assert!(vault.open(PASSWORD, &other).is_err(), "format {format}");
    }
}

#[test]
fn why_a_value_does_not_open_is_not_told() {
    let vault = vault(&[OLD]);
    let sealed = vault.seal(PASSWORD, &Secret::from("secret")).unwrap();
    let elsewhere = Place {
        row: Uuid::from_u128(2),
        ..PASSWORD
    };
    let mut damaged = sealed.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let other_key = super::Vault::new(&[NEW]).unwrap();
    let errors: BTreeSet<String> = [
        vault.open(elsewhere, &sealed),
        vault.open(PASSWORD, &damaged),
        vault.open(PASSWORD, &sealed[..9]),
        vault.open(PASSWORD, b""),
        other_key.open(PASSWORD, &sealed),
    ]
    .into_iter()
    .map(|opened| format!("{0} {0:?}", opened.unwrap_err()))
    .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[test]
fn equal_values_do_not_look_alike() {
    let vault = vault(&[OLD]);
    let sealed: BTreeSet<Vec<u8>> = (0..50)
        .map(|_| vault.seal(PASSWORD, &Secret::from("same")).unwrap()[9..].to_vec())
        .collect();
    assert_eq!(sealed.len(), 50);
    let wrapped: BTreeSet<Vec<u8>> = sealed.iter().map(|value| value[24..72].to_vec()).collect();
    assert_eq!(wrapped.len(), 50, "each value has a key of its own");
}

#[test]
fn every_key_reads_and_the_newest_writes() {
    let (old, both) = (vault(&[OLD]), vault(&[OLD, NEW]));
    let by_old = old.seal(PASSWORD, &Secret::from("secret")).unwrap();
    assert!(by_old.starts_with(&old.newest().unwrap().head()));
    assert_eq!(text_of(both.open(PASSWORD, &by_old)).as_deref(), Some("secret"));

    let by_new = both.reseal(PASSWORD, &by_old).unwrap();
    assert!(by_new.starts_with(&vault(&[NEW]).newest().unwrap().head()));
    assert_eq!(
        text_of(vault(&[NEW]).open(PASSWORD, &by_new)).as_deref(),
        Some("secret")
    );
    assert!(old.open(PASSWORD, &by_new).is_err());
    let elsewhere = Place {
        tenant: None,
        ..PASSWORD
    };
    assert!(
        both.reseal(elsewhere, &by_old).is_err(),
        "sealing anew checks the place"
    );
}

#[test]
fn a_new_key_ends_no_session_and_tells_nothing() {
    let before = vault(&[OLD]).derive("session cookie");
    assert_eq!(vault(&[OLD, NEW]).derive("session cookie"), before);
    assert_ne!(vault(&[NEW]).derive("session cookie"), before);
    assert_ne!(vault(&[OLD]).derive("something else"), before);
    assert!(!before.windows(8).any(|bytes| bytes == [7; 8]));
    assert!(!format!("{:?}", vault(&[OLD])).contains('7'));
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn refusal(path: &Path) -> String {
    Vault::open_or_create(KeyFile::at(path))
        .map(drop)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_key_file_is_made_once_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/secret.key");
    let vault = Vault::open_or_create(KeyFile::at(&path)).unwrap();
    let sealed = vault.seal(PASSWORD, &Secret::from("s")).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = Vault::open_or_create(KeyFile::at(&path)).unwrap();
    assert!(again.open(PASSWORD, &sealed).is_ok());
    assert_eq!(
        fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn a_key_file_that_others_may_read_or_change_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret.key");
    KeyFile::at(&path).create().unwrap();
    for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o666, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refusal = refusal(&path);
        assert!(refusal.contains("chmod 600"), "{mode:o}: {refusal}");
    }
    for mode in [0o600, 0o400] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(Vault::open_or_create(KeyFile::at(&path)).is_ok(), "{mode:o}");
    }
}

#[test]
fn keys_that_are_short_default_or_typed_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret.key");
    let good = STANDARD.encode(super::random_bytes::<32>().unwrap());
    let counted: Vec<u8> = (0..32).collect();
    let steps: Vec<u8> = (0..32).map(|n| 250 - n * 7).collect();
    for (what, text) in [
        ("no key", String::new()),
        ("no key", "# only a remark\n\n".to_owned()),
        ("not base64", "correct horse battery staple !!".to_owned()),
        ("32 bytes", STANDARD.encode([9; 16])),
        ("32 bytes", STANDARD.encode([9; 33])),
        ("32 bytes", good[..40].to_owned()),
        ("not a random key", STANDARD.encode([0; 32])),
        ("not a random key", STANDARD.encode([0xff; 32])),
        ("not a random key", STANDARD.encode([1, 2].repeat(16))),
        ("not a random key", STANDARD.encode(counted)),
        ("not a random key", STANDARD.encode(steps)),
        (
            "not a random key",
            STANDARD.encode("change-me, 0123456789 abcdefghij"),
        ),
        ("line 2", format!("{good}\n{}", STANDARD.encode([0; 32]))),
        ("repeats", format!("{good}\n{good}\n")),
    ] {
        write(&path, &text, 0o600);
        let refusal = refusal(&path);
        assert!(
            refusal.contains(what) && refusal.contains("secret.key"),
            "{what}: {refusal}"
        );
        assert!(!refusal.contains(&good[..12]), "a key is not repeated: {refusal}");
    }
    write(&path, &format!("# made in November\r\n{good}\r\n\n"), 0o600);
    assert!(
        Vault::open_or_create(KeyFile::at(&path)).is_ok(),
        "remarks and empty lines are fine"
    );
}

#[test]
fn a_folder_in_the_place_of_the_key_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(refusal(dir.path()).contains("is no file"));
}

fn go(_: KeyId) -> Result<bool, SecretError> {
    Ok(false)
}

#[test]
fn a_key_that_another_process_adds_is_noticed_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::at(dir.path().join("secret.key"));
    let running = Vault::open_or_create(file.clone()).unwrap();
    let by_old = running.seal(PASSWORD, &Secret::from("old")).unwrap();

    let added = file.add_key(go).unwrap();
    assert!(added.is_new);
    let other = Vault::open_or_create(file.clone()).unwrap();
    let by_new = other.seal(PASSWORD, &Secret::from("new")).unwrap();
    assert_eq!(text_of(running.open(PASSWORD, &by_new)).as_deref(), Some("new"));
    assert_eq!(text_of(running.open(PASSWORD, &by_old)).as_deref(), Some("old"));
    let sealed = running.seal(PASSWORD, &Secret::from("x")).unwrap();
    assert!(sealed.starts_with(&added.id.head()), "the newest key writes");

    // A file that became unusable takes no key away.
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
    file.path().metadata().unwrap();
    fs::write(file.path(), "broken").unwrap();
    assert!(running.open(PASSWORD, &by_new).is_ok());
}

#[test]
fn adding_a_key_keeps_the_others_remarks_included() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret.key");
    let first = STANDARD.encode(super::random_bytes::<32>().unwrap());
    // No line end behind the last key.
    write(&path, &format!("# first\n{first}"), 0o600);
    KeyFile::at(&path).add_key(go).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with(&format!("# first\n{first}\n")) && text.lines().count() == 3,
        "{text}"
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );

    let kept = KeyFile::at(&path)
        .add_key(|_| Ok::<_, SecretError>(true))
        .unwrap();
    assert!(!kept.is_new);
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        text,
        "an unfinished change adds no key"
    );
    let refused = KeyFile::at(&path).add_key(|_| Err::<bool, _>(SecretError::CannotSeal));
    assert!(refused.is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn of_many_who_add_a_key_at_once_none_loses_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::at(dir.path().join("secret.key"));
    file.create().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| file.add_key(go).unwrap());
        }
    });
    assert_eq!(Vault::open_or_create(file).unwrap().key_ids().len(), 9);
}

#[test]
fn of_many_who_make_the_file_at_once_all_have_the_same_key() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::at(dir.path().join("secret.key"));
    let keys: BTreeSet<KeyId> = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Vault::open_or_create(file.clone()).unwrap().newest().unwrap()))
            .collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    assert_eq!(keys.len(), 1);
}
