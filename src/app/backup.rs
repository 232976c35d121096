//! A copy of the whole database as one file, and the way back into an empty one. The file holds no key: sealed values stay
//! sealed. A restored database begins with everything stopped and nothing in the queue, because what was planned when the
//! copy was made was meant for the prices of then.

mod container;

use std::{
    fs,
    io::{self, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use self::container::{Reader, Writer};
use super::{kill_switch::stop_everything, reprice::supersede_of};
use crate::{
    domain::{Actor, Role},
    os::{DumpError, DumpPrograms},
    secrets::{Secret, SecretError},
    services::Services,
    store::{
        Db, StoreError,
        audit::{AuditEntry, audit_insert},
        backup::{
            EMPTIED, EndedWork, Snapshot, TableSum, is_empty, planned_products, roles_make, server_major,
            versions_mark, work_end,
        },
        migrate::known_versions,
    },
};

/// Why the prices of a restored database are stopped; a text stands in the locales.
pub const RESTORED: &str = "restored";

/// What a backup holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// When.
    pub made_at: DateTime<Utc>,
    /// The program that made it.
    pub build_id: String,
    /// Version of the PostgreSQL that it is of.
    pub server_major: u32,
    /// Migrations that the database had.
    pub versions: Vec<String>,
    /// Heads of the sealed values, in hexadecimal: format and key.
    pub keys: Vec<String>,
    /// Its tables.
    pub tables: Vec<TableSum>,
}

impl Manifest {
    /// Rows of all tables.
    #[must_use]
    pub fn rows(&self) -> i64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// The keys without which sealed values cannot be opened, as they are called elsewhere.
    #[must_use]
    pub fn key_ids(&self) -> Vec<String> {
        self.keys
            .iter()
            .filter_map(|head| head.get(2..).map(str::to_owned))
            .collect()
    }
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupStep {
    /// A table is read for its check sum: its number, how many there are, its name.
    Table(usize, usize, String),
    /// So many bytes of the dump have been written or read.
    Bytes(u64),
}

/// Why there is no backup, or none was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Only administrators.
    #[error("only an administrator may do that")]
    Forbidden,
    /// The file is there.
    #[error("{0} exists already: name another file")]
    Exists(String),
    /// The file cannot be written or read.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another kind of file.
    #[error("this is no backup of kaspi-panel")]
    NoBackup,
    /// A check sum says so.
    #[error("the backup is damaged or cut off; nothing was restored")]
    Damaged,
    /// A key is needed.
    #[error("the backup is encrypted: name the file with its identity, --identity FILE")]
    Encrypted,
    /// Another key is needed.
    #[error("the backup was encrypted for somebody else: none of the given identities opens it")]
    WrongIdentity,
    /// Not age's form.
    #[error("{0} is no recipient: it begins with age1, and `kaspi-panel backup-key FILE` makes one")]
    BadRecipient(String),
    /// Not age's form.
    #[error("{0} holds no identity: a line that begins with AGE-SECRET-KEY-1")]
    BadIdentity(String),
    /// Another version of the program is needed.
    #[error(
        "the backup is of another version of the program ({0}): restore it with that version, then run `kaspi-panel migrate` with this one"
    )]
    OtherVersion(String),
    /// Something is there.
    #[error("the database is not empty: make a new one, and name it in DATABASE_URL")]
    NotEmpty,
    /// Self-check.
    #[error("the restored database differs from the backup in {0}; drop it and make a new one")]
    Differs(String),
    /// PostgreSQL's programs.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// No randomness.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn file_error(path: &Path) -> impl Fn(io::Error) -> BackupError + '_ {
    |source| BackupError::File {
        path: path.display().to_string(),
        source,
    }
}

/// Who can open an encrypted backup.
///
/// # Errors
/// [`BackupError::BadRecipient`].
pub fn recipient(text: &str) -> Result<age::x25519::Recipient, BackupError> {
    age::x25519::Recipient::from_str(text.trim()).map_err(|_| BackupError::BadRecipient(text.to_owned()))
}

/// The identities in a file, one a line as `age-keygen` and [`make_identity`] write them.
///
/// # Errors
/// [`BackupError::BadIdentity`], or the file cannot be read.
pub fn identities(path: &Path) -> Result<Vec<age::x25519::Identity>, BackupError> {
    let text = zeroize::Zeroizing::new(fs::read_to_string(path).map_err(file_error(path))?);
    let bad = || BackupError::BadIdentity(path.display().to_string());
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let found: Result<Vec<_>, _> = lines
        .map(|line| age::x25519::Identity::from_str(line).map_err(|_| bad()))
        .collect();
    found.and_then(|found| if found.is_empty() { Err(bad()) } else { Ok(found) })
}

/// Makes an identity in a new file that its owner alone can read, and tells the recipient that belongs to it.
///
/// # Errors
/// The file exists or cannot be written.
pub fn make_identity(path: &Path) -> Result<String, BackupError> {
    let key = age::x25519::Identity::generate();
    let recipient = key.to_public().to_string();
    let mut file = new_file(path)?;
    let text = key.to_string();
    writeln!(file, "# public key: {recipient}\n{}", text.expose_secret())
        .and_then(|()| file.sync_all())
        .map_err(file_error(path))?;
    Ok(recipient)
}

fn new_file(path: &Path) -> Result<fs::File, BackupError> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(path.display().to_string()),
            _ => file_error(path)(error),
        })
}

/// What a backup is made with.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    /// The database, as its owner.
    pub url: Secret,
    /// The file to be made; it appears when it is whole.
    pub file: PathBuf,
    /// Who can open it; nobody: it is not encrypted.
    pub recipients: Vec<age::x25519::Recipient>,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct MadeBackup {
    /// What it holds.
    pub manifest: Manifest,
    /// Size of the file.
    pub bytes: u64,
}

/// Copies the database as it is at one moment into a file, while everything runs.
///
/// # Errors
/// See [`BackupError`]; a file that is not whole is removed.
pub async fn back_up(
    services: &Services,
    actor: &Actor,
    options: BackupOptions,
    tell: impl FnMut(BackupStep) + Send + 'static,
) -> Result<MadeBackup, BackupError> {
    if actor.role != Role::Admin {
        return Err(BackupError::Forbidden);
    }
    let (bin_dir, now) = (services.config.database.bin_dir.clone(), services.now());
    let is_encrypted = !options.recipients.is_empty();
    let made =
        crate::telemetry::spawn_blocking(move || write_backup(&options, bin_dir.as_deref(), now, tell))
            .await
            .map_err(|error| StoreError::Unavailable(Box::new(error)))??;
    let (actor, rows, bytes) = (actor.clone(), made.manifest.rows(), made.bytes);
    services
        .db
        .tx(move |conn| {
            let object = ("database", Uuid::now_v7(), "");
            let entry = AuditEntry::new(&actor, now, None, object, "back_up").change(
                json!({}),
                json!({ "rows": rows, "bytes": bytes, "encrypted": is_encrypted }),
            );
            audit_insert(conn, &entry)
        })
        .await?;
    Ok(made)
}

/// Removes what is not whole.
struct Partial(Option<PathBuf>);

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // It cannot be taken for a backup, whatever becomes of it.
            let _ = fs::remove_file(path);
        }
    }
}

/// Tells how many bytes pass.
struct Counted<T, F> {
    inner: T,
    bytes: u64,
    tell: F,
}

impl<T, F: FnMut(BackupStep)> Counted<T, F> {
    fn passed(&mut self, count: usize) {
        self.bytes += u64::try_from(count).unwrap_or_default();
        (self.tell)(BackupStep::Bytes(self.bytes));
    }
}

impl<W: Write, F: FnMut(BackupStep)> Write for Counted<W, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.passed(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read, F: FnMut(BackupStep)> Read for Counted<R, F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.passed(read);
        Ok(read)
    }
}

fn write_backup(
    options: &BackupOptions,
    bin_dir: Option<&Path>,
    now: DateTime<Utc>,
    mut tell: impl FnMut(BackupStep),
) -> Result<MadeBackup, BackupError> {
    let path = &options.file;
    if path.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(path.display().to_string()));
    }
    let server_major = server_major(&options.url)?;
    let programs = DumpPrograms::find(bin_dir, server_major)?;
    let mut snapshot = Snapshot::open(&options.url)?;
    let manifest = Manifest {
        made_at: now,
        build_id: crate::BUILD_ID.to_owned(),
        server_major,
        versions: snapshot.versions()?,
        keys: snapshot.sealed_heads()?.iter().map(|head| hex(head)).collect(),
        tables: sums(&mut snapshot, &mut tell)?,
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let file = new_file(&partial)?;
    let mut unfinished = Partial(Some(partial.clone()));
    let failed = file_error(path);
    let dump = |out: &mut dyn Write| -> Result<(), BackupError> {
        let name = snapshot.export()?;
        programs.dump(options.url.expose_secret(), &name, EMPTIED, out)?;
        Ok(())
    };
    let out = Counted {
        inner: BufWriter::new(file),
        bytes: 0,
        tell,
    };
    let mut out = if options.recipients.is_empty() {
        framed(out, &manifest, path, dump)?
    } else {
        let to = options.recipients.iter().map(|to| {
            let to: &dyn age::Recipient = to;
            to
        });
        let encryptor = age::Encryptor::with_recipients(to).map_err(|_| SecretError::CannotSeal)?;
        let sealed = encryptor.wrap_output(out).map_err(&failed)?;
        framed(sealed, &manifest, path, dump)?.finish().map_err(&failed)?
    };
    out.flush().map_err(&failed)?;
    let bytes = out.bytes;
    let file = out
        .inner
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(&failed)?;
    fs::rename(&partial, path).map_err(&failed)?;
    unfinished.0 = None;
    Ok(MadeBackup { manifest, bytes })
}

fn framed<W: Write>(
    out: W,
    manifest: &Manifest,
    path: &Path,
    dump: impl FnOnce(&mut dyn Write) -> Result<(), BackupError>,
) -> Result<W, BackupError> {
    let mut writer = Writer::begin(out, manifest).map_err(file_error(path))?;
    dump(&mut writer)?;
    writer.finish().map_err(file_error(path))
}

fn sums(snapshot: &mut Snapshot, tell: &mut impl FnMut(BackupStep)) -> Result<Vec<TableSum>, StoreError> {
    let names = snapshot.tables()?;
    let count = names.len();
    let mut sums = Vec::with_capacity(count);
    for (number, name) in (1..).zip(names) {
        tell(BackupStep::Table(number, count, name.clone()));
        sums.push(snapshot.sum(&name)?);
    }
    Ok(sums)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a backup is restored with.
pub struct RestoreOptions {
    /// An empty database, as its owner.
    pub url: Secret,
    /// The backup.
    pub file: PathBuf,
    /// What opens it, where it is encrypted.
    pub identities: Vec<age::x25519::Identity>,
    /// Folder with PostgreSQL's programs; the usual places when `None`.
    pub bin_dir: Option<PathBuf>,
}

/// What was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    /// What the backup held.
    pub manifest: Manifest,
    /// What was under way then and is not gone on with.
    pub ended: EndedWork,
}

/// Reads a backup into an empty database, compares every table with it, stops all prices and ends all work. Until then no
/// program works on it.
///
/// # Errors
/// See [`BackupError`].
pub async fn restore(
    options: RestoreOptions,
    now: DateTime<Utc>,
    tell: impl FnMut(BackupStep) + Send + 'static,
) -> Result<Restored, BackupError> {
    let url = options.url.clone();
    let manifest = crate::telemetry::spawn_blocking(move || read_backup(&options, tell))
        .await
        .map_err(|error| StoreError::Unavailable(Box::new(error)))??;
    let db = Db::new(&url, 1)?;
    let ended = db.tx(move |conn| make_harmless(conn, now)).await?;
    let versions = manifest.versions.clone();
    crate::telemetry::spawn_blocking(move || versions_mark(&url, &versions))
        .await
        .map_err(|error| StoreError::Unavailable(Box::new(error)))??;
    Ok(Restored { manifest, ended })
}

fn read_backup(options: &RestoreOptions, mut tell: impl FnMut(BackupStep)) -> Result<Manifest, BackupError> {
    let (mut reader, manifest) = Reader::open(&options.file, &options.identities)?;
    if manifest.versions != known_versions()? {
        return Err(BackupError::OtherVersion(manifest.build_id));
    }
    if !is_empty(&options.url)? {
        return Err(BackupError::NotEmpty);
    }
    let programs = DumpPrograms::find(options.bin_dir.as_deref(), server_major(&options.url)?)?;
    // Read once to its end, so that nothing of a damaged file reaches the database.
    io::copy(&mut reader, &mut io::sink()).map_err(|_| BackupError::Damaged)?;
    let (reader, manifest) = Reader::open(&options.file, &options.identities)?;
    roles_make(&options.url)?;
    let mut reader = Counted {
        inner: reader,
        bytes: 0,
        tell: &mut tell,
    };
    programs.restore(options.url.expose_secret(), &mut reader)?;
    let mut snapshot = Snapshot::open(&options.url)?;
    let restored = sums(&mut snapshot, &mut tell)?;
    if restored != manifest.tables {
        return Err(BackupError::Differs(differing(&manifest.tables, &restored)));
    }
    Ok(manifest)
}

/// Names of the tables that are not the same.
fn differing(before: &[TableSum], after: &[TableSum]) -> String {
    let missing = before.iter().filter(|table| !after.contains(table));
    let added = after
        .iter()
        .filter(|table| !before.iter().any(|other| other.table == table.table));
    let names: Vec<&str> = missing.chain(added).map(|table| table.table.as_str()).collect();
    names.join(", ")
}

/// Stops everything and ends what was under way, in one transaction.
fn make_harmless(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<EndedWork, StoreError> {
    let actor = Actor::system();
    stop_everything(conn, &actor, RESTORED, now)?;
    let products = planned_products(conn)?;
    let superseded = supersede_of(conn, &actor, &products, (None, Some(RESTORED)), now)?;
    let ended = EndedWork {
        planned_prices: superseded.len(),
        ..work_end(conn, now)?
    };
    let object = ("database", Uuid::now_v7(), "");
    let entry = AuditEntry::new(&actor, now, None, object, "restore_backup");
    audit_insert(conn, &entry.change(json!({}), json!(ended)))?;
    Ok(ended)
}
