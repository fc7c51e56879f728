//! Files of mails: which files a path means, and one mail after the other out of an mbox. Memory
//! does not grow with the archive.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Bytes of one mail that are kept; the rest of a longer one is skipped.
const MOST: usize = 32 << 20;

/// A file, or a folder in it that can't be listed.
pub(super) type Found = Result<PathBuf, (PathBuf, io::Error)>;

/// The files that a path means: itself, or those in the folder and the folders in it that look
/// like mail (`.eml`, `.mbox`, and everything in a Maildir's `cur` and `new`), in order of name.
///
/// # Errors
/// The path itself can't be read.
pub(super) fn files(path: &Path) -> io::Result<Vec<Found>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![Ok(path.to_owned())]);
    }
    let mut found = Vec::new();
    let mut folders = VecDeque::from([path.to_owned()]);
    while let Some(folder) = folders.pop_front() {
        match listed(&folder) {
            Ok(entries) => {
                for (entry, is_folder) in entries {
                    if is_folder {
                        folders.push_back(entry);
                    } else if looks_like_mail(&entry) {
                        found.push(Ok(entry));
                    }
                }
            }
            Err(error) => found.push(Err((folder, error))),
        }
    }
    Ok(found)
}

/// A folder's entries by name, and whether each is a folder. Links to folders are not followed:
/// they may lead back.
fn listed(folder: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        entries.push((entry.path(), entry.file_type()?.is_dir()));
    }
    entries.sort();
    Ok(entries)
}

fn looks_like_mail(path: &Path) -> bool {
    let named = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    matches!(named.as_deref(), Some("eml" | "mbox")) || matches!(folder, Some("cur" | "new"))
}

/// The header block of a mail, with the empty line that ends it.
pub(super) fn header(mail: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in mail.split_inclusive(|b| *b == b'\n') {
        at += line.len();
        if line == b"\n" || line == b"\r\n" {
            break;
        }
    }
    &mail[..at]
}

/// The mails in a stream: one mail, or an mbox, which its first line tells.
pub(super) struct Mails<'a> {
    from: BufReader<&'a mut dyn Read>,
    mail: Vec<u8>,
    line: Vec<u8>,
    /// Whether the first line was an mbox's; `None` before it was read.
    mbox: Option<bool>,
    done: bool,
}

impl<'a> Mails<'a> {
    pub(super) fn new(from: &'a mut dyn Read) -> Self {
        Self {
            from: BufReader::with_capacity(1 << 16, from),
            mail: Vec::new(),
            line: Vec::new(),
            mbox: None,
            done: false,
        }
    }

    /// The next mail; `None` after the last.
    ///
    /// # Errors
    /// The stream can't be read.
    pub(super) fn next_mail(&mut self) -> io::Result<Option<&[u8]>> {
        self.mail.clear();
        let mut after_empty = false;
        while !self.done {
            self.line.clear();
            if self.from.read_until(b'\n', &mut self.line)? == 0 {
                self.done = true;
                break;
            }
            if self.mbox.is_none() {
                self.mbox = Some(self.line.starts_with(b"From "));
                if self.mbox == Some(true) {
                    continue;
                }
            }
            if self.mbox == Some(true) && after_empty && is_separator(&self.line) {
                return Ok(Some(&self.mail));
            }
            after_empty = self.line == b"\n" || self.line == b"\r\n";
            self.keep();
        }
        Ok((!self.mail.is_empty()).then_some(&self.mail))
    }

    /// Keeps a line, with one mark of quoting taken off in an mbox (mboxrd; mboxo the same).
    fn keep(&mut self) {
        let quoted = self.mbox == Some(true)
            && self.line.starts_with(b">")
            && self.line[self.line.iter().take_while(|b| **b == b'>').count()..]
                .starts_with(b"From ");
        let line = if quoted { &self.line[1..] } else { &self.line[..] };
        let room = MOST.saturating_sub(self.mail.len());
        self.mail.extend_from_slice(&line[..line.len().min(room)]);
    }
}

/// `From sender date`: an mbox's line, and not a sentence. It ends in a year, or a zone after it.
fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let text = String::from_utf8_lossy(rest);
    let is_year = |word: &str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    let is_time = |word: &str| word.contains(':') && word.as_bytes()[0].is_ascii_digit();
    text.split_whitespace().any(is_year) && text.split_whitespace().any(is_time)
}
