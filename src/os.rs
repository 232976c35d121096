//! The operating system: processes this program starts and must never leave behind, and the folder it
//! keeps its data in. Knows nothing of stores, prices or pages; the only module with `unsafe` code, all
//! of it in [`sys`].
//!
//! * [`Cluster`]: the private PostgreSQL server used when no `DATABASE_URL` is given.
//! * [`ChromeDriver`]: the browser driver of a login.
//! * [`ChildProcess`]: our own program or the simulator as a second process.
//! * [`DumpPrograms`]: a whole database out as one stream, and back.
//! * [`run_confined`]: work on bytes of strangers, in a process with little memory and time.
//! * [`processes`]: what the system says about running processes.

mod child;
mod chromedriver;
mod confined;
mod dump;
mod postgres;
pub mod processes;
mod sys;
mod wait;

use std::{fs, path::PathBuf};

pub use child::{ChildError, ChildProcess};
pub use chromedriver::{BrowserError, BrowserOptions, ChromeDriver};
pub use confined::{Confinement, run_confined};
pub use dump::{DumpError, DumpPrograms};
pub use postgres::{Cluster, ClusterError, ClusterOptions, SUPERUSER};
pub use sys::{become_subreaper, effective_user_id};
#[cfg(debug_assertions)]
pub use sys::{die, freeze};

/// This program itself, also after its file was replaced by a newer one.
#[must_use]
pub fn own_program() -> PathBuf {
    "/proc/self/exe".into()
}

/// What this machine is called in its network; a container has a name of its own. Empty where the system does not tell.
#[must_use]
pub fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// The folder for everything the program keeps, unless the settings name another one.
///
/// Root gets `/var/lib/kaspi-panel`, because PostgreSQL drops to another user there, who may not enter
/// root's home. Everybody else gets the place of the XDG base directory rules: `$XDG_DATA_HOME`, which
/// counts only when absolute, or `~/.local/share`. Without a home, as for some services, root's place.
#[must_use]
pub fn default_data_dir(home: Option<&str>, xdg_data_home: Option<&str>, user_id: u32) -> PathBuf {
    let absolute = |path: &str| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let personal = || {
        xdg_data_home
            .and_then(absolute)
            .or_else(|| Some(home.and_then(absolute)?.join(".local/share")))
    };
    let folder = if user_id == 0 { None } else { personal() };
    folder.unwrap_or_else(|| "/var/lib".into()).join("kaspi-panel")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_follows_the_user_and_the_base_directory_rules() {
        let home = Some("/home/aigul");
        let dir = |home, xdg, user| default_data_dir(home, xdg, user).display().to_string();

        assert_eq!(dir(home, None, 1000), "/home/aigul/.local/share/kaspi-panel");
        assert_eq!(dir(home, Some("/data"), 1000), "/data/kaspi-panel");
        assert_eq!(
            dir(home, Some("relative"), 1000),
            "/home/aigul/.local/share/kaspi-panel"
        );
        assert_eq!(dir(Some("/root"), Some("/data"), 0), "/var/lib/kaspi-panel");
        assert_eq!(dir(None, None, 1000), "/var/lib/kaspi-panel");
    }
}
