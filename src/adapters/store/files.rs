//! Mails, letters and logs as files: sled never gives back the room of large values.
//!
//! A file is written under another name, synced, renamed, and its directory synced: it is there
//! whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::ports::{Fault, FileName};

const UNFINISHED: &str = ".unfinished-";
const FOLDERS: [&str; 5] = ["mail", "letter", "log", "ci", KEYS];
/// What never grows old.
const KEYS: &str = "key";

/// A directory of files.
#[derive(Debug)]
pub(crate) struct Files {
    directory: PathBuf,
}

impl Files {
    /// Opens the directory, making it where it is missing, and removes what a crash left
    /// unfinished. Safe to repeat.
    ///
    /// # Errors
    /// The system's own, with the path that it is about.
    pub(crate) fn open(directory: PathBuf) -> Result<Self, (PathBuf, io::Error)> {
        for folder in FOLDERS {
            let folder = directory.join(folder);
            fs::create_dir_all(&folder)
                .and_then(|()| remove_unfinished(&folder))
                .map_err(|error| (folder, error))?;
        }
        sync_directory(&directory).map_err(|error| (directory.clone(), error))?;
        Ok(Self { directory })
    }

    /// Writes a file; see the port.
    ///
    /// # Errors
    /// As [`Fault::of_disk`].
    pub(crate) fn put(&self, name: &FileName, content: &[u8]) -> Result<(), Fault> {
        let path = self.path(name);
        write_durably(&path, content).map_err(|error| Fault::of_disk(&path, &error))
    }

    /// Reads a file; see the port.
    ///
    /// # Errors
    /// As [`Fault::of_disk`].
    pub(crate) fn get(&self, name: &FileName) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::of_disk(&path, &error)),
        }
    }

    /// Removes what was written longer ago than that; see the port.
    ///
    /// # Errors
    /// As [`Fault::of_disk`].
    pub(crate) fn expire(&self, older_than: Duration) -> Result<u64, Fault> {
        let mut removed = 0;
        for folder in FOLDERS.iter().filter(|folder| **folder != KEYS) {
            let folder = self.directory.join(folder);
            removed += expire_in(&folder, older_than).map_err(|e| Fault::of_disk(&folder, &e))?;
        }
        Ok(removed)
    }

    /// Message-IDs are other people's text: only their hashes become names.
    fn path(&self, name: &FileName) -> PathBuf {
        let hashed = |text: &str| -> String {
            Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        self.directory.join(match name {
            FileName::Mail(id) => format!("mail/{}.eml", hashed(id.as_str())),
            FileName::CommandMail(id) => format!("mail/{}-commands.eml", hashed(id.as_str())),
            FileName::Letter(id) => format!("letter/{}.eml", hashed(id.as_str())),
            FileName::Log(run, job) => format!("log/run-{run}-job-{job}.log"),
            FileName::CiPlan(run) => format!("ci/run-{run}-target.json"),
            FileName::CiDifference(run) => format!("ci/run-{run}-difference.txt"),
            FileName::Key(fingerprint) => format!("{KEYS}/{}.pgp", hashed(fingerprint)),
        })
    }
}

fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_directory(folder)
}

fn expire_in(folder: &Path, older_than: Duration) -> io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A time in the future is a clock that was set back: not old.
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        if age > older_than {
            fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes a directory's entries durable (fsync(2): a file's own sync does not cover its name).
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
