//! A small disk of a test's own, which it can fill. Mounting one needs root: for long forms alone.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// A file system in memory over a folder; it goes with this value.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of so many megabytes over a folder.
    pub fn over(folder: &Path, megabytes: u32) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o"])
            .arg(format!("size={megabytes}m,mode=755"))
            .arg("none")
            .arg(folder)
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "a disk cannot be mounted: root may"
        );
        Self(folder.to_owned())
    }

    /// Leaves no room.
    pub fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).unwrap();
        let piece = [1; 4_096];
        while file.write_all(&piece).is_ok() {}
    }

    /// Gives the room back.
    pub fn relieve(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server may still be closing its files.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
