//! Goes through all paths of a scan, mail by mail, and hands what was read of each to the caller in
//! the archive's order. What a mail means it does not know.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::mbox::{Mail, Mails};
use super::progress::Progress;
use super::readers::{Place, Readers};
use super::{folders, packed};

/// The exit code where everything was read (sysexits `EX_OK`).
pub(crate) const ALL_READ: u8 = 0;
/// The exit code where a path could not be read (sysexits `EX_NOINPUT`).
pub(crate) const SOME_UNREADABLE: u8 = 66;

/// What a scan reads, and where it complains.
pub(super) struct Streams<'a> {
    pub(super) paths: &'a [PathBuf],
    /// What `-` reads.
    pub(super) input: &'a mut dyn Read,
    pub(super) err: &'a mut dyn Write,
    pub(super) progress: &'a Progress,
}

/// What was gone through.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) mails: u64,
    /// Paths and mails that could not be read.
    pub(super) unreadable: u64,
}

impl Counts {
    /// The exit code.
    pub(super) fn code(self) -> u8 {
        if self.unreadable == 0 { ALL_READ } else { SOME_UNREADABLE }
    }
}

/// Reads every mail that is `worth` it on several threads, and gives what came of it to `take`.
/// What can't be read is named, and the rest is gone through.
///
/// # Errors
/// `take` fails, or the place for complaints can't be written to.
pub(super) fn walk<T: Send>(
    streams: Streams<'_>,
    worth: impl Fn(&[u8]) -> bool,
    read: impl Fn(&[u8]) -> T + Clone + Send,
    take: impl FnMut(&Place, T) -> io::Result<()>,
) -> io::Result<Counts> {
    std::thread::scope(|threads| {
        let readers = Readers::start(threads, read);
        let Streams { paths, input, err, progress } = streams;
        let counts = Counts::default();
        let mut walk = Walk { err, progress, worth, take, readers, counts };
        for path in paths {
            walk.path(path, input)?;
        }
        walk.end()
    })
}

struct Walk<'a, T, W, F> {
    err: &'a mut dyn Write,
    progress: &'a Progress,
    worth: W,
    take: F,
    readers: Readers<T>,
    counts: Counts,
}

impl<T, W, F> Walk<'_, T, W, F>
where
    T: Send,
    W: Fn(&[u8]) -> bool,
    F: FnMut(&Place, T) -> io::Result<()>,
{
    fn path(&mut self, path: &Path, input: &mut dyn Read) -> io::Result<()> {
        if path == Path::new("-") {
            return self.stream(path, input);
        }
        match folders::files(path) {
            Err(error) => self.cannot(path, &error),
            Ok(mut files) => files.try_for_each(|file| match file {
                Ok(file) => self.file(&file),
                Err((path, error)) => self.cannot(&path, &error),
            }),
        }
    }

    fn file(&mut self, path: &Path) -> io::Result<()> {
        match File::open(path) {
            Ok(file) => self.stream(path, file),
            Err(error) => self.cannot(path, &error),
        }
    }

    /// One mail, or an mbox of them. A failing read ends this path only.
    fn stream(&mut self, path: &Path, from: impl Read) -> io::Result<()> {
        let progress = self.progress;
        let mut mails = match packed::unpacked(progress.counting(from)) {
            Ok(from) => Mails::new(from),
            Err(error) => return self.cannot(path, &error),
        };
        let mut place = Place { path: path.into(), number: 0 };
        loop {
            match mails.next_mail() {
                Ok(Some(mail)) => {
                    place.number += 1;
                    self.mail(&place, mail)?;
                }
                Ok(None) => return Ok(()),
                Err(error) => return self.cannot(path, &error),
            }
        }
    }

    fn mail(&mut self, place: &Place, mail: Mail<'_>) -> io::Result<()> {
        self.counts.mails += 1;
        if (self.worth)(mail.raw) {
            let place = Place { path: Arc::clone(&place.path), number: place.number };
            self.readers.put(place, &mail.unquoted());
            while let Some(outcomes) = self.readers.ready() {
                self.take(outcomes)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, outcomes: Vec<(Place, Option<T>)>) -> io::Result<()> {
        let progress = self.progress;
        progress.aside(|| {
            outcomes.into_iter().try_for_each(|(place, outcome)| match outcome {
                Some(outcome) => (self.take)(&place, outcome),
                None => self.broke(&place),
            })
        })
    }

    fn broke(&mut self, place: &Place) -> io::Result<()> {
        self.counts.unreadable += 1;
        let (path, number) = (place.path.display(), place.number);
        writeln!(self.err, "{path}: mail {number} broke the reader")
    }

    fn cannot(&mut self, path: &Path, error: &io::Error) -> io::Result<()> {
        self.counts.unreadable += 1;
        let err = &mut *self.err;
        self.progress.aside(|| writeln!(err, "{} can't be read: {error}", path.display()))
    }

    fn end(mut self) -> io::Result<Counts> {
        while let Some(outcomes) = self.readers.rest() {
            self.take(outcomes)?;
        }
        Ok(self.counts)
    }
}
