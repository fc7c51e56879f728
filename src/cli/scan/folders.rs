//! Which files a path means: the file itself, or what is mail in a folder of `.eml` files, mboxes,
//! Maildirs, MH folders and any of these in folders of their own. It lists one folder at a time,
//! and reads no more of a file than tells whether it is an mbox.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::packed;

/// A file, or a folder in it that can't be listed.
pub(super) type Found = Result<PathBuf, (PathBuf, io::Error)>;

/// The files that a path means, folder by folder in order of name.
///
/// # Errors
/// The path itself can't be read.
pub(super) fn files(path: &Path) -> io::Result<Files> {
    let mut files = Files::default();
    if std::fs::metadata(path)?.is_dir() {
        files.list(path)?;
    } else {
        files.found.push_back(path.to_owned());
    }
    Ok(files)
}

/// An iterator over files of mail.
#[derive(Debug, Default)]
pub(super) struct Files {
    found: VecDeque<PathBuf>,
    folders: VecDeque<PathBuf>,
}

impl Iterator for Files {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            if let Some(file) = self.found.pop_front() {
                return Some(Ok(file));
            }
            let folder = self.folders.pop_front()?;
            if let Err(error) = self.list(&folder) {
                return Some(Err((folder, error)));
            }
        }
    }
}

impl Files {
    /// Takes in a folder's entries by name. Links to folders are not followed: they may lead back.
    /// A pipe or socket is no mail: nobody may ever write into it.
    fn list(&mut self, folder: &Path) -> io::Result<()> {
        let mut files = Vec::new();
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() || kind.is_symlink() && entry.path().is_file() {
                files.push(entry.path());
            }
        }
        if is_maildir(&folders) {
            folders.retain(|folder| folder.file_name() != Some(OsStr::new("tmp")));
        }
        files.retain(|file| is_mail(file));
        sort(&mut files);
        folders.sort();
        self.found.extend(files);
        self.folders.extend(folders);
        Ok(())
    }
}

/// A Maildir has `cur`, `new` and `tmp`; what is in the last is half delivered (maildir(5)).
fn is_maildir(folders: &[PathBuf]) -> bool {
    let has = |name| folders.iter().any(|folder| folder.file_name() == Some(OsStr::new(name)));
    has("cur") && has("new")
}

/// By name, and numbers (MH) by their size.
fn sort(files: &mut [PathBuf]) {
    files.sort_by_cached_key(|file| {
        let number = file.file_name().and_then(OsStr::to_str).and_then(|n| n.parse::<u64>().ok());
        (number, file.clone())
    });
}

/// Whether a file of a folder is mail: by its name, by the folder's, or as an mbox by its first
/// line.
fn is_mail(file: &Path) -> bool {
    let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if name.starts_with('.') {
        return false;
    }
    let folder = file.parent().and_then(Path::file_name).and_then(OsStr::to_str);
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let ending = Path::new(plain).extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    matches!(folder, Some("cur" | "new"))
        || matches!(ending.as_deref(), Some("eml" | "mbox"))
        || is_number(name)
        || begins_as_an_mbox(file).unwrap_or(false)
}

/// MH names its mails by numbers (mh-folder(5)).
fn is_number(name: &str) -> bool {
    (1..=9).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_digit())
}

fn begins_as_an_mbox(file: &Path) -> io::Result<bool> {
    let mut first = [0; 5];
    packed::unpacked(File::open(file)?)?.read_exact(&mut first)?;
    Ok(&first == b"From ")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = io::Result<()>;

    const MBOX: &str = "From a@b.example Fri Jan  2 10:15:00 2026\nSubject: x\n\n";

    fn found(files: &[&str], content: &str) -> io::Result<Vec<String>> {
        let folder = tempfile::tempdir()?;
        for file in files {
            let path = folder.path().join(file);
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(path, content)?;
        }
        let name = |file: Found| {
            let file = file.map_err(|(_, error)| error)?;
            let below = file.strip_prefix(folder.path()).unwrap_or(&file);
            Ok(below.display().to_string())
        };
        self::files(folder.path())?.map(name).collect()
    }

    #[test]
    fn mail_is_known_by_its_name_or_its_folder() -> Outcome {
        let mails = ["10", "9", "a/b/c.eml", "a/d.MBOX", "a/e.mbox.gz"];
        let found = found(&[&mails[..], &["notes.txt", "a/,3", ".mh_sequences"]].concat(), "x")?;
        assert_eq!(found, ["9", "10", "a/d.MBOX", "a/e.mbox.gz", "a/b/c.eml"]);
        Ok(())
    }

    #[test]
    fn a_maildir_has_folders_of_its_own_and_nothing_half_delivered() -> Outcome {
        let found = found(
            &[
                "cur/1700000000.1.host:2,S",
                "new/1700000001.1.host",
                "tmp/1700000002.1.host",
                "tmp/3.eml",
                "dovecot.index",
                ".lists.devel/cur/1700000003.1.host:2,",
                ".lists.devel/new/.keep",
                ".lists.devel/tmp/1700000004.1.host",
            ],
            "x",
        )?;
        let expected = [
            "cur/1700000000.1.host:2,S",
            "new/1700000001.1.host",
            ".lists.devel/cur/1700000003.1.host:2,",
        ];
        assert_eq!(found, expected);
        Ok(())
    }

    #[test]
    fn a_socket_is_no_mail_whatever_its_name() -> Outcome {
        let folder = tempfile::tempdir()?;
        let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("1.eml"))?;
        assert_eq!(files(folder.path())?.count(), 0);
        Ok(())
    }

    #[test]
    fn an_mbox_is_known_by_its_first_line_whatever_its_name() -> Outcome {
        assert_eq!(found(&["2026-January.txt", "INBOX"], MBOX)?, ["2026-January.txt", "INBOX"]);
        assert!(found(&["2026-January.txt", "INBOX"], "From here on")?.len() == 2);
        assert!(found(&["2026-January.txt", "INBOX"], "Subject: x")?.is_empty());
        Ok(())
    }
}
