//! How far a scan is, for a person at a terminal. It goes to standard error only, leaves nothing
//! there, and is nothing where standard error is no terminal.

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::folders;

/// A bar on a terminal, or nothing.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// No bar.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// A bar if a person is there to see it. `alone`: nothing else may be on the same terminal, for
    /// the output is for a program.
    pub(crate) fn on_a_terminal(paths: &[PathBuf], alone: bool) -> Self {
        let seen = io::stderr().is_terminal() && !(alone && io::stdout().is_terminal());
        if !seen {
            return Self::none();
        }
        let (bar, template) = match total(paths) {
            Some(total) => (ProgressBar::new(total), "{bytes} of {total_bytes} {bar:30} {eta}"),
            None => (ProgressBar::no_length(), "{bytes} read, {bytes_per_sec}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(Some(bar))
    }

    /// Does something that may write to the terminal, with the bar out of the way.
    pub(crate) fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bar) => bar.suspend(act),
            None => act(),
        }
    }

    /// A stream whose bytes count.
    pub(crate) fn counting<'a>(&'a self, from: impl Read + 'a) -> impl Read + 'a {
        Counting { from, progress: self }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

struct Counting<'a, R> {
    from: R,
    progress: &'a Progress,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        if let Some(bar) = &self.progress.0 {
            bar.inc(read as u64);
        }
        Ok(read)
    }
}

/// The bytes of all files; `None` if that can't be known. What can't be read counts nothing.
fn total(paths: &[PathBuf]) -> Option<u64> {
    if paths.iter().any(|path| path == Path::new("-")) {
        return None;
    }
    let files = paths.iter().filter_map(|path| folders::files(path).ok()).flatten().flatten();
    let size = |file: PathBuf| std::fs::metadata(file).ok().filter(|about| about.is_file());
    Some(files.filter_map(size).map(|about| about.len()).sum())
}
