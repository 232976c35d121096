//! The file of a backup: a line that names it, what it holds as one line of JSON, the dump in pieces, and the SHA-256
//! of all of it. With a recipient the whole is encrypted by age. A file that is cut off or damaged is noticed before
//! anything is done with it.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{BackupError, Manifest};

/// First bytes of the plain form.
const MAGIC: &[u8] = b"kaspi-panel backup 1\n";
/// First bytes of age's form.
const AGE: &[u8] = b"age-encryption.org/";
/// Bytes of a piece.
const PIECE: usize = 256 * 1024;
/// Longest line of JSON that is read.
const MANIFEST_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of the check sum.
const SUM: usize = 32;

/// Writes a backup; [`Writer::finish`] makes it whole.
pub(super) struct Writer<W: Write> {
    out: W,
    sum: Sha256,
    piece: Vec<u8>,
}

impl<W: Write> Writer<W> {
    pub fn begin(out: W, manifest: &Manifest) -> io::Result<Self> {
        let mut writer = Self {
            out,
            sum: Sha256::new(),
            piece: Vec::with_capacity(PIECE),
        };
        writer.put(MAGIC)?;
        let mut line = serde_json::to_vec(manifest)?;
        line.push(b'\n');
        writer.put(&line)?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }

    fn put_piece(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        let length = u32::try_from(piece.len()).map_err(io::Error::other)?;
        self.put(&length.to_be_bytes())?;
        self.put(&piece)?;
        self.piece = piece;
        self.piece.clear();
        Ok(())
    }

    /// The last piece, the end and the check sum.
    pub fn finish(mut self) -> io::Result<W> {
        if !self.piece.is_empty() {
            self.put_piece()?;
        }
        self.put(&0_u32.to_be_bytes())?;
        let sum = self.sum.finalize();
        self.out.write_all(&sum)?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE - self.piece.len();
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.piece.extend_from_slice(taken);
        if self.piece.len() >= PIECE {
            self.put_piece()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads the dump of a backup; after the last piece it has compared the check sum.
pub(super) struct Reader {
    input: Box<dyn Read>,
    sum: Sha256,
    left: usize,
    ended: bool,
}

/// What is wrong with a file, as the error of a reader.
fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the backup is damaged or cut off")
}

impl Reader {
    /// Opens a backup and reads what it holds.
    pub fn open(path: &Path, identities: &[age::x25519::Identity]) -> Result<(Self, Manifest), BackupError> {
        let io = |source| BackupError::File {
            path: path.display().to_string(),
            source,
        };
        let mut file = BufReader::with_capacity(PIECE, std::fs::File::open(path).map_err(io)?);
        let is_age = file.fill_buf().map_err(io)?.starts_with(AGE);
        let input: Box<dyn Read> = if is_age {
            if identities.is_empty() {
                return Err(BackupError::Encrypted);
            }
            let keys = identities.iter().map(|key| {
                let key: &dyn age::Identity = key;
                key
            });
            let decryptor = age::Decryptor::new_buffered(file).map_err(|_| BackupError::Damaged)?;
            match decryptor.decrypt(keys) {
                Ok(plain) => Box::new(BufReader::with_capacity(PIECE, plain)),
                Err(age::DecryptError::NoMatchingKeys) => return Err(BackupError::WrongIdentity),
                Err(_) => return Err(BackupError::Damaged),
            }
        } else {
            Box::new(file)
        };
        let mut reader = Self {
            input,
            sum: Sha256::new(),
            left: 0,
            ended: false,
        };
        let mut magic = [0; MAGIC.len()];
        reader.get(&mut magic).map_err(|_| BackupError::NoBackup)?;
        if magic != MAGIC {
            return Err(BackupError::NoBackup);
        }
        let line = reader.line().map_err(|_| BackupError::Damaged)?;
        let manifest = serde_json::from_slice(&line).map_err(|_| BackupError::Damaged)?;
        Ok((reader, manifest))
    }

    fn get(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.input.read_exact(bytes)?;
        self.sum.update(bytes);
        Ok(())
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut byte = [0];
        for _ in 0..MANIFEST_MAX {
            self.get(&mut byte)?;
            if byte == *b"\n" {
                return Ok(line);
            }
            line.extend_from_slice(&byte);
        }
        Err(damaged())
    }

    /// After the last piece: the sum of what was read, and nothing behind it.
    fn compare(&mut self) -> io::Result<()> {
        let expected = std::mem::take(&mut self.sum).finalize();
        let mut told = [0; SUM];
        self.input.read_exact(&mut told).map_err(|_| damaged())?;
        let mut more = [0];
        if told[..] != expected[..] || self.input.read(&mut more)? != 0 {
            return Err(damaged());
        }
        Ok(())
    }
}

impl Read for Reader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.ended || bytes.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            let mut length = [0; 4];
            self.get(&mut length).map_err(|_| damaged())?;
            self.left = usize::try_from(u32::from_be_bytes(length)).map_err(|_| damaged())?;
            if self.left > PIECE {
                return Err(damaged());
            }
            if self.left == 0 {
                self.compare()?;
                self.ended = true;
                return Ok(0);
            }
        }
        let wanted = self.left.min(bytes.len());
        let part = bytes.get_mut(..wanted).unwrap_or_default();
        let read = self.input.read(part).map_err(|_| damaged())?;
        if read == 0 {
            return Err(damaged());
        }
        self.sum.update(part.get(..read).unwrap_or_default());
        self.left -= read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            made_at: "2026-11-23T07:00:00Z".parse().unwrap(),
            build_id: "test".into(),
            server_major: 15,
            versions: vec!["1".into()],
            keys: vec![],
            tables: vec![],
        }
    }

    fn written(dump: &[u8]) -> Vec<u8> {
        let mut writer = Writer::begin(Vec::new(), &manifest()).unwrap();
        writer.write_all(dump).unwrap();
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<u8>, BackupError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let (mut reader, _) = Reader::open(file.path(), &[])?;
        let mut dump = Vec::new();
        reader.read_to_end(&mut dump).map_err(|_| BackupError::Damaged)?;
        Ok(dump)
    }

    #[test]
    fn what_was_written_is_read() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let dump: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
            assert!(read(&written(&dump)).unwrap() == dump, "{length}");
        }
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_noticed() {
        let whole = written(b"some bytes of a dump");
        for at in 0..whole.len() {
            assert!(read(&whole[..at]).is_err(), "cut off at {at}");
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "changed at {at}");
        }
        let longer = [&whole[..], b"x"].concat();
        assert!(read(&longer).is_err(), "longer");
    }
}
