//! Where PostgreSQL's server programs are, and which version belongs to a data directory.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ClusterError;

/// The oldest major version with `client_connection_check_interval`.
const OLDEST: u32 = 14;

/// The folder with `initdb` and `postgres` of one major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    pub folder: PathBuf,
    pub major: u32,
}

impl Programs {
    /// The programs to use for the clusters in `dir`: those of a cluster that exists there, else the
    /// newest ones. A newer PostgreSQL on the machine must not make a database look empty.
    pub fn find(dir: &Path, named: Option<&Path>) -> Result<Self, ClusterError> {
        let installed = match named {
            Some(folder) => {
                vec![Self::at(folder).ok_or_else(|| ClusterError::ProgramsUnusable(folder.to_owned()))?]
            }
            None => usual_folders()
                .iter()
                .filter_map(|folder| Self::at(folder))
                .collect(),
        };
        choose(installed, newest_cluster(dir), dir)
    }

    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    fn at(folder: &Path) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let mut command = Command::new(folder.join("postgres"));
        let output = command.arg("--version").stdin(Stdio::null()).output().ok()?;
        let major = major_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self {
            folder: folder.to_owned(),
            major,
        })
    }
}

fn choose(installed: Vec<Programs>, existing: Option<u32>, dir: &Path) -> Result<Programs, ClusterError> {
    if installed.is_empty() {
        return Err(ClusterError::ProgramsMissing);
    }
    match existing {
        Some(major) => installed
            .into_iter()
            .find(|programs| programs.major == major)
            .ok_or_else(|| ClusterError::VersionMissing {
                major,
                dir: dir.to_owned(),
            }),
        None => installed
            .into_iter()
            .filter(|programs| programs.major >= OLDEST)
            .max_by_key(|programs| programs.major)
            .ok_or(ClusterError::ProgramsMissing),
    }
}

/// The highest major version that has a finished cluster in `dir`.
fn newest_cluster(dir: &Path) -> Option<u32> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let finished = entries.filter(|entry| entry.path().join("data/PG_VERSION").exists());
    finished
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("pg")?.parse().ok())
        .max()
}

/// The places of Debian, Red Hat, PostgreSQL's own build and everybody else.
fn usual_folders() -> Vec<PathBuf> {
    let mut folders = subfolders("/usr/lib/postgresql", "");
    folders.extend(subfolders("/usr", "pgsql-"));
    folders.extend(["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    folders
}

/// Where to look for programs: the folder that was named alone, else the usual ones.
pub(in crate::os) fn folders(named: Option<&Path>) -> Vec<PathBuf> {
    named.map_or_else(usual_folders, |folder| vec![folder.to_owned()])
}

fn subfolders(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let named = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with(prefix));
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| named(&entry.file_name()))
        .map(|entry| entry.path().join("bin"))
        .collect()
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`
pub(in crate::os) fn major_version(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("(PostgreSQL) ")?;
    let digits = version.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(majors: &[u32]) -> Vec<Programs> {
        majors
            .iter()
            .map(|major| Programs {
                folder: format!("/pg/{major}").into(),
                major: *major,
            })
            .collect()
    }

    #[test]
    fn versions_are_read_from_releases_and_previews() {
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_version("something else"), None);
    }

    #[test]
    fn a_new_cluster_gets_the_newest_version() {
        let chosen = choose(installed(&[15, 17, 13]), None, Path::new("/d")).unwrap();
        assert_eq!(chosen.major, 17);
    }

    #[test]
    fn an_existing_cluster_keeps_its_version() {
        let chosen = choose(installed(&[15, 17]), Some(15), Path::new("/d")).unwrap();
        assert_eq!(chosen.major, 15);
    }

    #[test]
    fn an_upgraded_machine_is_told_what_to_install_instead_of_starting_empty() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("pg15/data")).unwrap();
        fs::write(dir.path().join("pg15/data/PG_VERSION"), "15\n").unwrap();
        fs::create_dir_all(dir.path().join("pg16/data.new.x")).unwrap();

        let error = choose(installed(&[17]), newest_cluster(dir.path()), dir.path()).unwrap_err();
        assert!(
            matches!(error, ClusterError::VersionMissing { major: 15, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("postgresql-15"), "{error}");
    }

    #[test]
    fn a_machine_without_postgresql_is_told_the_package() {
        let error = choose(vec![], None, Path::new("/d")).unwrap_err();
        assert!(
            error.to_string().contains("install the package postgresql"),
            "{error}"
        );
    }

    #[test]
    fn a_folder_named_by_the_user_must_hold_the_programs() {
        let dir = tempfile::tempdir().unwrap();
        let error = Programs::find(dir.path(), Some(dir.path())).unwrap_err();
        assert!(matches!(error, ClusterError::ProgramsUnusable(_)), "{error}");
    }
}
