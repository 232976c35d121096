//! PostgreSQL's own programs that take a database out as one stream and put it back: `pg_dump` and `pg_restore`.
//! What passes through them is not looked at here.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use percent_encoding::percent_decode_str;

use super::postgres::folders;
use super::sys::{self, Signal};

/// Bytes of a program's complaints that are kept.
const COMPLAINT_MAX: u64 = 16 * 1024;

/// Why a database was not taken out or put back.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    #[error(
        "PostgreSQL's programs pg_dump and pg_restore, version {0} or newer, were not found: install the package \
         postgresql-client-{0}, or name their folder in PG_BIN"
    )]
    ProgramsMissing(u32),
    #[error("{program}: {complaint}")]
    Failed {
        program: &'static str,
        complaint: String,
    },
    #[error("{program}: {source}")]
    Io {
        program: &'static str,
        source: io::Error,
    },
}

/// `pg_dump` and `pg_restore` of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpPrograms {
    folder: PathBuf,
    major: u32,
}

impl DumpPrograms {
    /// Those of the server's own version, else the oldest that are newer: an older `pg_dump` refuses a newer server, and
    /// what a much newer one writes an older server may not read.
    pub fn find(named: Option<&Path>, server_major: u32) -> Result<Self, DumpError> {
        folders(named)
            .into_iter()
            .filter_map(|folder| {
                let major = version(&folder.join("pg_dump"))?;
                folder
                    .join("pg_restore")
                    .is_file()
                    .then_some(Self { folder, major })
            })
            .filter(|programs| programs.major >= server_major)
            .min_by_key(|programs| programs.major)
            .ok_or(DumpError::ProgramsMissing(server_major))
    }

    /// Writes the database as a snapshot shows it into `out`, without owners, and without the rows of the tables in
    /// `emptied`. Blocks until it is done.
    pub fn dump(
        &self,
        url: &str,
        snapshot: &str,
        emptied: &[&str],
        out: &mut dyn Write,
    ) -> Result<u64, DumpError> {
        let program = "pg_dump";
        let mut command = self.command(program, url);
        command
            .args([
                "--format=custom",
                "--no-owner",
                "--no-comments",
                "--no-security-labels",
            ])
            .args([
                "--no-publications",
                "--no-subscriptions",
                "--lock-wait-timeout=60s",
            ])
            .arg(format!("--snapshot={snapshot}"))
            .args(
                emptied
                    .iter()
                    .map(|table| format!("--exclude-table-data={table}")),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let (mut child, complaints) = start(command, program)?;
        let copied = match child.stdout.take() {
            Some(mut stdout) => io::copy(&mut stdout, out),
            None => Ok(0),
        };
        if copied.is_err() {
            // It would wait for us to read on.
            let _ = child.kill();
        }
        let ended = end(child, complaints, program);
        let bytes = copied.map_err(|source| DumpError::Io { program, source })?;
        ended.map(|()| bytes)
    }

    /// Reads what [`DumpPrograms::dump`] wrote into an empty database: all of it or nothing. Blocks until it is done.
    pub fn restore(&self, url: &str, input: &mut dyn Read) -> Result<(), DumpError> {
        let program = "pg_restore";
        let mut command = self.command(program, url);
        command
            .args([
                "--no-owner",
                "--no-comments",
                "--single-transaction",
                "--exit-on-error",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let (mut child, complaints) = start(command, program)?;
        let given = match child.stdin.take() {
            Some(mut stdin) => io::copy(input, &mut stdin).map(drop),
            None => Ok(()),
        };
        let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        match given {
            // Its own words tell more than the pipe that it closed.
            Err(error) if !broken(&error) => {
                // Cut off, it would take what it has for the whole.
                let _ = child.kill();
                let _ = child.wait();
                Err(DumpError::Io {
                    program,
                    source: error,
                })
            }
            Ok(()) | Err(_) => end(child, complaints, program),
        }
    }

    fn command(&self, program: &str, url: &str) -> Command {
        let (address, password) = without_password(url);
        let mut command = Command::new(self.folder.join(program));
        // Everybody on the machine can read arguments.
        command.arg(format!("--dbname={address}")).arg("--no-password");
        command.env("LC_ALL", "C");
        if let Some(password) = password {
            command.env("PGPASSWORD", password);
        }
        command
    }
}

type Complaints = std::thread::JoinHandle<Vec<u8>>;

fn start(mut command: Command, program: &'static str) -> Result<(Child, Complaints), DumpError> {
    let failed = |source| DumpError::Io { program, source };
    command.stderr(Stdio::piped());
    let mut child = sys::spawn_tied(command, Signal::Kill).map_err(failed)?;
    let stderr = child.stderr.take();
    let complaints = std::thread::Builder::new()
        .name("complaints".into())
        .spawn(move || {
            let mut text = Vec::new();
            if let Some(mut stderr) = stderr {
                // What cannot be read is not told; the rest is read all the same, so that it never waits for us.
                let _ = stderr.by_ref().take(COMPLAINT_MAX).read_to_end(&mut text);
                let _ = io::copy(&mut stderr, &mut io::sink());
            }
            text
        });
    match complaints {
        Ok(complaints) => Ok((child, complaints)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(failed(error))
        }
    }
}

fn end(mut child: Child, complaints: Complaints, program: &'static str) -> Result<(), DumpError> {
    let status = child.wait().map_err(|source| DumpError::Io { program, source })?;
    let text = complaints.join().unwrap_or_default();
    if status.success() {
        return Ok(());
    }
    let complaint = complaint(&String::from_utf8_lossy(&text)).unwrap_or_else(|| status.to_string());
    Err(DumpError::Failed { program, complaint })
}

/// The first sentence of what a program says is wrong. Lines behind it may repeat rows.
fn complaint(text: &str) -> Option<String> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines()
        .find(|line| line.contains("error:"))
        .or_else(|| lines().next())?;
    let words = line.split_once("error: ").map_or(line, |(_, words)| words);
    Some(words.chars().take(300).collect())
}

/// `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
fn version(program: &Path) -> Option<u32> {
    let mut command = Command::new(program);
    let output = command.arg("--version").stdin(Stdio::null()).output().ok()?;
    super::postgres::major_version(&String::from_utf8_lossy(&output.stdout))
}

/// The address without its password, and the password.
fn without_password(url: &str) -> (String, Option<String>) {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut password = None;
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .filter(|part| match part.strip_prefix("password=") {
            Some(value) => {
                password = Some(decoded(value));
                false
            }
            None => true,
        })
        .collect();
    let query = if kept.is_empty() {
        String::new()
    } else {
        format!("?{}", kept.join("&"))
    };
    let Some((scheme, rest)) = address.split_once("://") else {
        return (format!("{address}{query}"), password);
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let authority = match authority.rsplit_once('@') {
        Some((person, host)) => match person.split_once(':') {
            Some((name, word)) => {
                password = Some(decoded(word));
                format!("{name}@{host}")
            }
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    (format!("{scheme}://{authority}{path}{query}"), password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_no_arguments() {
        let plain = |url: &str| (url.to_owned(), None);
        let with = |url: &str, password: &str| (url.to_owned(), Some(password.to_owned()));
        for (url, expected) in [
            ("postgres://me@db/panel", plain("postgres://me@db/panel")),
            (
                "postgres://db/panel?sslmode=require",
                plain("postgres://db/panel?sslmode=require"),
            ),
            (
                "postgres://me:a%40b@db:5433/panel?x=1",
                with("postgres://me@db:5433/panel?x=1", "a@b"),
            ),
            (
                "postgresql://me@/panel?host=/run/pg&password=p%26q",
                with("postgresql://me@/panel?host=/run/pg", "p&q"),
            ),
            ("postgres://me:secret@db", with("postgres://me@db", "secret")),
        ] {
            assert_eq!(without_password(url), expected, "{url}");
        }
    }

    #[test]
    fn a_complaint_is_one_sentence_without_rows() {
        let text = "pg_restore: while PROCESSING TOC:\npg_restore: error: could not execute query: ERROR:  no room\n\
                    CONTEXT:  COPY users, line 3: \"secret\"";
        assert_eq!(
            complaint(text).unwrap(),
            "could not execute query: ERROR:  no room"
        );
        assert_eq!(complaint(" \n"), None);
    }

    #[test]
    fn the_programs_of_a_newer_server_are_missing() {
        let error = DumpPrograms::find(None, 1_000).unwrap_err();
        assert!(error.to_string().contains("postgresql-client-1000"), "{error}");
    }
}
