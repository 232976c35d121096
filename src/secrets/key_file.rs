//! The file outside the database that holds the key-encryption keys: one in base64 a line, newest last. Lines
//! that begin with `#` are for people.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
    time::SystemTime,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{
    KeyId, SecretError, random_bytes,
    vault::{Key, Keys},
};

/// Where the keys are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile(PathBuf);

/// What changes when the file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    length: u64,
    changed: Option<SystemTime>,
}

/// A key that was added, or the newest one where none had to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddedKey {
    /// The key that seals from now on.
    pub id: KeyId,
    /// It was not there before.
    pub is_new: bool,
}

impl KeyFile {
    /// The file at this path.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Is there something at the path?
    #[must_use]
    pub fn exists(&self) -> bool {
        self.0.symlink_metadata().is_ok()
    }

    /// Makes the file with one random key, readable by its owner alone. A file that another process has made
    /// meanwhile stays.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub(super) fn create(&self) -> Result<(), SecretError> {
        if let Some(parent) = self.0.parent() {
            fs::create_dir_all(parent).map_err(self.io())?;
        }
        let file = self.temporary(&random_line()?, None)?;
        match file.persist_noclobber(&self.0) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(self.io()(error.error)),
            Ok(_) | Err(_) => self.sync_folder(),
        }
    }

    /// The keys, oldest first.
    ///
    /// # Errors
    /// Unreadable, readable by others than its owner, without a key, or with one that is too short or not
    /// random.
    pub(super) fn read(&self) -> Result<Keys, SecretError> {
        // The stamp first: a change while we read shows at the next look.
        let metadata = fs::metadata(&self.0).map_err(self.io())?;
        if !metadata.is_file() {
            return Err(self.bad("is no file"));
        }
        if metadata.permissions().mode() & 0o077 != 0 {
            let path = self.0.display();
            return Err(self.bad(format!(
                "others than its owner may read or change it; run `chmod 600 {path}`"
            )));
        }
        let text = Zeroizing::new(fs::read_to_string(&self.0).map_err(self.io())?);
        let mut list: Vec<Key> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = key_of(line).map_err(|what| {
                self.bad(format!(
                    "line {number} {what}; put the file back from its backup, or, where nothing is stored yet, remove it and one is made"
                ))
            })?;
            if list.iter().any(|known| known.id == key.id) {
                return Err(self.bad(format!("line {number} repeats a key; remove that line")));
            }
            list.push(key);
        }
        if list.is_empty() {
            return Err(self.bad("holds no key; put it back from its backup"));
        }
        Ok(Keys {
            list,
            stamp: Some(Stamp::of(&metadata)),
        })
    }

    /// Adds a random key behind the others, at once and for good, unless `go_on` says, for the newest key that
    /// is there, that its turn is not over yet. Of several processes one does it at a time.
    ///
    /// # Errors
    /// What `go_on` says, and as [`KeyFile::read`]; the file is then as before.
    pub fn add_key<E: From<SecretError>>(
        &self,
        go_on: impl FnOnce(KeyId) -> Result<bool, E>,
    ) -> Result<AddedKey, E> {
        let held = self.lock()?;
        let before = self.read()?;
        let newest = before
            .list
            .last()
            .map(|key| key.id)
            .ok_or(SecretError::CannotSeal)?;
        if go_on(newest)? {
            return Ok(AddedKey {
                id: newest,
                is_new: false,
            });
        }
        let mut text = Zeroizing::new(fs::read_to_string(&self.0).map_err(self.io())?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&random_line()?);
        let owner = held.metadata().map_err(self.io())?;
        let file = self.temporary(&text, Some(&owner))?;
        file.persist(&self.0).map_err(|error| self.io()(error.error))?;
        self.sync_folder()?;
        let id = self.read()?.list.last().map(|key| key.id);
        Ok(AddedKey {
            id: id.ok_or(SecretError::CannotSeal)?,
            is_new: true,
        })
    }

    /// How the file looks now; `None` where it cannot be looked at.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        fs::metadata(&self.0).ok().map(|metadata| Stamp::of(&metadata))
    }

    /// Waits until nobody else changes the file. It is replaced and not written over, so the lock is on what
    /// stands at the path in the end.
    fn lock(&self) -> Result<File, SecretError> {
        loop {
            let file = File::open(&self.0).map_err(self.io())?;
            file.lock().map_err(self.io())?;
            let held = Stamp::of(&file.metadata().map_err(self.io())?);
            if self.stamp() == Some(held) {
                return Ok(file);
            }
        }
    }

    /// A finished file beside the real one, with the rights and the owner of the real one.
    fn temporary(
        &self,
        text: &str,
        owner: Option<&fs::Metadata>,
    ) -> Result<tempfile::NamedTempFile, SecretError> {
        let folder = self.0.parent().filter(|parent| !parent.as_os_str().is_empty());
        // `tempfile` makes files that their owner alone may read.
        let mut file = tempfile::Builder::new()
            .prefix(".secret.key-")
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(self.io())?;
        if let Some(owner) = owner {
            // Root may rotate for a service that runs as another user.
            fchown(file.as_file(), Some(owner.uid()), Some(owner.gid())).map_err(self.io())?;
        }
        file.write_all(text.as_bytes())
            .and_then(|()| file.as_file().sync_all())
            .map_err(self.io())?;
        Ok(file)
    }

    fn sync_folder(&self) -> Result<(), SecretError> {
        let folder = self.0.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))
            .and_then(|folder| folder.sync_all())
            .map_err(self.io())
    }

    fn io(&self) -> impl Fn(io::Error) -> SecretError + '_ {
        |source| SecretError::KeyFile {
            path: self.0.display().to_string(),
            source,
        }
    }

    fn bad(&self, what: impl Into<String>) -> SecretError {
        SecretError::BadKey {
            path: self.0.display().to_string(),
            what: what.into(),
        }
    }
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            length: metadata.len(),
            changed: metadata.modified().ok(),
        }
    }
}

fn random_line() -> Result<Zeroizing<String>, SecretError> {
    let key = Zeroizing::new(random_bytes::<32>()?);
    Ok(Zeroizing::new(format!(
        "{}\n",
        *Zeroizing::new(STANDARD.encode(key.as_slice()))
    )))
}

/// Fewest different bytes of a key: of seven billion random keys one has less.
const DIFFERENT_BYTES_MIN: usize = 20;

fn key_of(line: &str) -> Result<Key, &'static str> {
    let bytes = Zeroizing::new(STANDARD.decode(line).map_err(|_| "is not base64")?);
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| "is not 32 bytes long")?;
    let key = Zeroizing::new(key);
    let different: BTreeSet<u8> = key.iter().copied().collect();
    let counted = key.windows(3).all(|three| match three {
        [a, b, c] => b.wrapping_sub(*a) == c.wrapping_sub(*b),
        _ => false,
    });
    let typed = key.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if different.len() < DIFFERENT_BYTES_MIN || counted || typed {
        return Err("is not a random key");
    }
    Ok(Key::new(key))
}
