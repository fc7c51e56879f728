//! `gatepost scan PATH…`: says which mails ask for a pull, and why the others do not. It reads
//! files and standard input only, one mail at a time, and changes nothing.

mod archive;
mod row;

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use self::row::Row;
use super::text::visible;
use crate::mail::words::counted;
use crate::mail::{self, Reading, Reason};

/// What to scan, and what to print.
#[derive(Debug, Clone, Args)]
pub struct ScanArgs {
    /// Mails (.eml), mboxes, folders of them, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How to print what is found
    #[arg(long, value_enum, default_value_t = ScanFormat::Text)]
    pub format: ScanFormat,
    /// Print every mail, with the reason where it is no request
    #[arg(long)]
    pub all: bool,
    /// Count answers, patch series and unmarked mails that name what to pull as requests too
    #[arg(long)]
    pub wide: bool,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScanFormat {
    /// A line a mail, for people
    Text,
    /// A JSON object a line
    Json,
}

/// The exit code where everything was read (sysexits `EX_OK`).
pub const ALL_READ: u8 = 0;
/// The exit code where a path could not be read (sysexits `EX_NOINPUT`).
pub const SOME_UNREADABLE: u8 = 66;

/// Scans, writing results as they are found; returns the exit code. Paths that can't be read are
/// named on `err`, and the rest is scanned.
///
/// # Errors
/// `out` or `err` can't be written to.
pub fn run(args: &ScanArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    run_with(args, &mut io::stdin().lock(), out, err)
}

/// As [`run`], with what `-` reads given by the caller.
///
/// # Errors
/// `out` or `err` can't be written to.
pub fn run_with(
    args: &ScanArgs,
    input: &mut dyn Read,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let mut scan = Scan { args, out, err, mails: 0, requests: 0, unreadable: 0 };
    for path in &args.paths {
        scan.path(path, input)?;
    }
    scan.end()
}

struct Scan<'a> {
    args: &'a ScanArgs,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    mails: u64,
    requests: u64,
    unreadable: u64,
}

impl Scan<'_> {
    fn path(&mut self, path: &Path, input: &mut dyn Read) -> io::Result<()> {
        if path == Path::new("-") {
            return self.stream(path, input);
        }
        match archive::files(path) {
            Err(error) => self.cannot(path, &error),
            Ok(files) => files.into_iter().try_for_each(|file| match file {
                Ok(file) => self.file(&file),
                Err((path, error)) => self.cannot(&path, &error),
            }),
        }
    }

    fn file(&mut self, path: &Path) -> io::Result<()> {
        match std::fs::File::open(path) {
            Ok(mut file) => self.stream(path, &mut file),
            Err(error) => self.cannot(path, &error),
        }
    }

    /// One mail, or an mbox of them. A failing read ends this path; a failing write everything.
    fn stream(&mut self, path: &Path, from: &mut dyn Read) -> io::Result<()> {
        let mut mails = archive::Mails::new(from);
        loop {
            match mails.next_mail() {
                Ok(Some(mail)) => self.mail(path, mail)?,
                Ok(None) => return Ok(()),
                Err(error) => return self.cannot(path, &error),
            }
        }
    }

    fn mail(&mut self, path: &Path, mail: &[u8]) -> io::Result<()> {
        self.mails += 1;
        // The parser of MIME is not ours: what makes it panic is one unreadable mail.
        let reading = catch_unwind(AssertUnwindSafe(|| self.reading(mail)));
        let reading = match reading {
            Ok(Some(reading)) => reading,
            Ok(None) => return Ok(()),
            Err(_) => {
                writeln!(self.err, "{}: mail {} broke the reader", path.display(), self.mails)?;
                self.unreadable += 1;
                return Ok(());
            }
        };
        let row = Row::of(&reading, self.args.wide);
        self.requests += u64::from(row.is_pull_request);
        if !row.is_pull_request && !self.args.all {
            return Ok(());
        }
        match self.args.format {
            ScanFormat::Json => {
                writeln!(self.out, "{}", visible(&serde_json::to_string(&row)?))
            }
            ScanFormat::Text => writeln!(self.out, "{row}"),
        }
    }

    /// Reads one mail; `None` if its header shows that it would not be printed.
    fn reading(&self, mail: &[u8]) -> Option<Reading> {
        let shown_anyway = self.args.all || self.args.wide;
        if !shown_anyway && mail::heading(archive::header(mail)).refusal().is_some_and(is_final) {
            return None;
        }
        Some(mail::read(mail))
    }

    fn cannot(&mut self, path: &Path, error: &io::Error) -> io::Result<()> {
        self.unreadable += 1;
        writeln!(self.err, "{} can't be read: {error}", path.display())
    }

    fn end(self) -> io::Result<u8> {
        if self.args.format == ScanFormat::Text {
            let (requests, mails) =
                (counted(self.requests, "request"), counted(self.mails, "mail"));
            writeln!(self.out, "{requests} in {mails}")?;
        }
        self.out.flush()?;
        Ok(if self.unreadable == 0 { ALL_READ } else { SOME_UNREADABLE })
    }
}

/// Whether a header's refusal settles that nothing is printed.
fn is_final(reason: Reason) -> bool {
    match reason {
        Reason::Automatic | Reason::ListMachinery | Reason::Answer | Reason::NoMarker => true,
        Reason::Unreadable
        | Reason::NoMessageId
        | Reason::NoAuthor
        | Reason::Patch
        | Reason::PatchSeries
        | Reason::Elsewhere
        | Reason::NoRequest
        | Reason::Quoted => false,
    }
}
