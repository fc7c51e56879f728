//! The journal's file: lines that are appended and now and then written anew. Nothing is synced: it
//! has to outlive the process only.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::ports::Fault;

/// A larger one is none of ours.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The file, opened when it is first written to.
#[derive(Debug)]
pub(crate) struct JournalFile {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl JournalFile {
    /// The one at that path, which need not exist.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: Mutex::default() }
    }

    /// What it has; what is not text is replaced.
    ///
    /// # Errors
    /// As [`Fault::of_disk`].
    pub(crate) fn read(&self) -> Result<String, Fault> {
        let read = fs::metadata(&self.path).and_then(|about| match about.len() {
            ..=LARGEST => fs::read(&self.path),
            _ => Ok(Vec::new()),
        });
        match read {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(Fault::of_disk(&self.path, &error)),
        }
    }

    /// Appends, in one write.
    ///
    /// # Errors
    /// As [`Fault::of_disk`].
    pub(crate) fn append(&self, text: &str) -> Result<(), Fault> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let appended = match &mut *file {
            Some(file) => file.write_all(text.as_bytes()),
            none => {
                let opened = File::options().create(true).append(true).open(&self.path);
                opened.and_then(|opened| none.insert(opened).write_all(text.as_bytes()))
            }
        };
        appended.map_err(|error| Fault::of_disk(&self.path, &error))
    }

    /// Writes it anew, whole or not at all.
    ///
    /// # Errors
    /// As [`Fault::of_disk`].
    pub(crate) fn replace(&self, text: &str) -> Result<(), Fault> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let new = self.path.with_extension("new");
        let replaced = fs::write(&new, text).and_then(|()| fs::rename(&new, &self.path));
        *file = None;
        replaced.map_err(|error| Fault::of_disk(&self.path, &error))
    }
}
