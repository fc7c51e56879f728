//! What sled 0.34 can't do for itself at start: get over a snapshot that a crash left damaged
//! (sled issues 1527 and 1533). The records are in its log, the file `db`; snapshots only make
//! opening faster, so removing them loses nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::sync_directory;

/// Removes snapshots that were being written when the process died.
pub(crate) fn remove_unfinished_snapshots(database: &Path) -> io::Result<()> {
    for path in snapshots(database)? {
        if path.extension().is_some_and(|extension| extension == "generating") {
            tracing::warn!(
                store.file = %path.display(),
                "Removed a snapshot that was not finished when the last process ended."
            );
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Copies the database aside and removes its snapshots; returns where the copy is.
pub(crate) fn set_snapshots_aside(database: &Path) -> io::Result<PathBuf> {
    let copy = (1_u32..)
        .map(|n| database.with_extension(format!("damaged-{n}")))
        .find(|path| !path.exists())
        .ok_or(io::ErrorKind::AlreadyExists)?;
    if let Err(error) = copy_directory(database, &copy) {
        // Half a copy helps nobody, and takes the room that is missing.
        let _the_first_error_counts = fs::remove_dir_all(&copy);
        return Err(error);
    }
    for path in snapshots(database)? {
        fs::remove_file(path)?;
    }
    sync_directory(database)?;
    Ok(copy)
}

fn snapshots(database: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(database) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn copy_directory(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_directory(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
