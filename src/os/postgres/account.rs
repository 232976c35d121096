//! The user the database server runs as. PostgreSQL refuses to run as root, so root's server drops to
//! another user, who must be able to reach the data.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use super::{ClusterError, doing};
use crate::os::sys;

/// Who root's server becomes, in order of preference.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// A user with a group, as in `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub user: u32,
    pub group: u32,
}

impl Account {
    /// The user to drop to, or `None` when this program is not root and the server runs as its user.
    /// Data that exists keeps its owner.
    pub fn for_server(data: &Path) -> Result<Option<Self>, ClusterError> {
        if sys::effective_user_id() != 0 {
            return Ok(None);
        }
        if let Ok(owner) = fs::metadata(data)
            && owner.uid() != 0
        {
            return Ok(Some(Self {
                user: owner.uid(),
                group: owner.gid(),
            }));
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        find(&passwd).map(Some).ok_or(ClusterError::NoServerUser)
    }

    /// Gives a file or folder to this user.
    pub fn take(&self, path: &Path) -> Result<(), ClusterError> {
        chown(path, Some(self.user), Some(self.group)).map_err(doing("give away", path))
    }

    /// Fails with the folder that keeps this user out, which PostgreSQL itself would not name.
    pub fn check_reach(&self, path: &Path) -> Result<(), ClusterError> {
        for folder in path.ancestors() {
            let found = fs::metadata(folder).map_err(doing("look at", folder))?;
            if !self.may_enter(&found) {
                return Err(ClusterError::NotReachable {
                    folder: PathBuf::from(folder),
                    user: self.user,
                });
            }
        }
        Ok(())
    }

    fn may_enter(&self, folder: &fs::Metadata) -> bool {
        let needed = if folder.uid() == self.user {
            0o100
        } else if folder.gid() == self.group {
            0o010
        } else {
            0o001
        };
        folder.mode() & needed != 0
    }
}

fn find(passwd: &str) -> Option<Account> {
    CANDIDATES
        .iter()
        .find_map(|name| passwd.lines().find_map(|line| entry(line, name)))
}

/// `postgres:x:103:110:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash`
fn entry(line: &str, name: &str) -> Option<Account> {
    let mut fields = line.split(':');
    if fields.next()? != name {
        return None;
    }
    let user = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some(Account { user, group })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str =
        "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\npostgres:x:103:110::/:/bin/sh\n";

    #[test]
    fn the_servers_own_user_is_preferred_to_nobody() {
        assert_eq!(
            find(BOTH),
            Some(Account {
                user: 103,
                group: 110
            })
        );
        assert_eq!(
            find("nobody:x:65534:65533::/:\n"),
            Some(Account {
                user: 65534,
                group: 65533
            })
        );
        assert_eq!(find("root:x:0:0::/root:/bin/sh\n"), None);
        assert_eq!(find(""), None);
    }
}
