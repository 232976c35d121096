//! The system's process table, read from `/proc`. Reads only; never signals anybody.

use std::fs;
use std::path::Path;

/// One process at the moment of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub id: u32,
    pub parent: u32,
    pub group: u32,
    /// The kernel's name: the first 15 bytes of the program's file name.
    pub name: String,
    /// Ended, but not yet collected by its parent.
    pub zombie: bool,
}

impl Process {
    /// The arguments it was started with, the program first; empty for zombies and kernel threads. A
    /// program may overwrite them (PostgreSQL shows what a backend does).
    pub fn arguments(&self) -> Vec<String> {
        let text = fs::read(format!("/proc/{}/cmdline", self.id)).unwrap_or_default();
        let words = text.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        words
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect()
    }

    /// The number of the user it runs as; `None` when it is gone.
    pub fn user_id(&self) -> Option<u32> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

/// Every process this user may see.
pub fn list() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| read(&entry.path())).collect()
}

/// Those that are alive and belong to a process group.
pub fn alive_in_group(group: u32) -> Vec<Process> {
    list()
        .into_iter()
        .filter(|process| process.group == group && !process.zombie)
        .collect()
}

fn read(folder: &Path) -> Option<Process> {
    let id = folder.file_name()?.to_str()?.parse().ok()?;
    let stat = fs::read(folder.join("stat")).ok()?;
    parse(id, &String::from_utf8_lossy(&stat))
}

/// `42 (name, which may hold spaces and brackets) S parent group …`
fn parse(id: u32, stat: &str) -> Option<Process> {
    let (head, tail) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut fields = tail.split_whitespace();
    let zombie = matches!(fields.next()?, "Z" | "X");
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some(Process {
        id,
        parent,
        group,
        name: name.to_owned(),
        zombie,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_brackets_and_spaces() {
        let process = parse(7, "7 (a) b (c) Z 1 5 5 0 -1").unwrap();
        assert_eq!(
            process,
            Process {
                id: 7,
                parent: 1,
                group: 5,
                name: "a) b (c".into(),
                zombie: true
            }
        );
    }

    #[test]
    fn this_program_is_in_the_table() {
        let me = list()
            .into_iter()
            .find(|process| process.id == std::process::id())
            .unwrap();
        assert!(!me.zombie);
        assert_eq!(me.user_id(), Some(crate::os::effective_user_id()));
        assert_eq!(me.arguments(), std::env::args().collect::<Vec<_>>());
    }
}
