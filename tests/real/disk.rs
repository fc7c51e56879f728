//! A small disk of its own for a bot's state directory, which can be filled. It must not outlive
//! the test.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::process::{command, outcome, run};

/// A file system in memory, mounted over a folder.
pub(crate) struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one; `None`, said loudly, where this machine does not let root mount.
    pub(crate) fn over(folder: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(folder).expect("a new folder");
        let size = format!("size={megabytes}m,mode=0700");
        let mounted = outcome(
            command("/usr/bin/mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder),
        );
        if mounted.status.success() {
            return Some(Self { folder: folder.to_owned() });
        }
        let why = String::from_utf8_lossy(&mounted.stderr).into_owned();
        // Not by a macro: the test's output is kept from everybody if it passes.
        let _nobody_reads = writeln!(
            std::io::stderr(),
            "\nSKIPPED: no file system can be mounted here, so a full disk is not tested: {why}"
        );
        None
    }

    /// Leaves no room at all.
    pub(crate) fn fill(&self) {
        let mut filler = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("filler"))
            .expect("a file");
        for size in [1 << 20, 4096, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Gives the room back.
    pub(crate) fn free(&self) {
        fs::remove_file(self.folder.join("filler")).expect("the filler");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run(command("/usr/bin/umount").arg("--lazy").arg(&self.folder));
    }
}
