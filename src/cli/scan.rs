//! `gatepost scan PATH…`: says which mails ask for a pull, and why the others do not. It reads
//! files and standard input only, and changes nothing. One thread takes archives apart and has a
//! cheap look at each mail; the others read those that it lets through.

mod folders;
mod mbox;
mod packed;
mod progress;
mod readers;
mod row;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use self::mbox::{Mail, Mails};
use self::progress::Progress;
use self::readers::{Outcome, Place, Readers};
use self::row::Row;
use crate::mail::words::counted;
use crate::mail::{self, Reason, look};

/// What to scan, and what to print.
#[derive(Debug, Clone, Args)]
pub struct ScanArgs {
    /// Mails, mboxes (also packed: .mbox.gz), Maildirs, folders of these, or - for standard input
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
/// named on `err`, and the rest is scanned. A bar on the terminal says how far it is.
///
/// # Errors
/// `out` or `err` can't be written to.
pub fn run(args: &ScanArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let progress = Progress::on_a_terminal(&args.paths, args.format == ScanFormat::Json);
    scan(args, &mut io::stdin().lock(), out, err, &progress)
}

/// As [`run`], with what `-` reads given by the caller, and without the bar.
///
/// # Errors
/// `out` or `err` can't be written to.
pub fn run_with(
    args: &ScanArgs,
    input: &mut dyn Read,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    scan(args, input, out, err, &Progress::none())
}

fn scan<'a>(
    args: &'a ScanArgs,
    input: &mut dyn Read,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    progress: &'a Progress,
) -> io::Result<u8> {
    std::thread::scope(|threads| {
        let (all, wide) = (args.all, args.wide);
        let readers = Readers::start(threads, move |mail| row(mail, all, wide));
        let out = BufWriter::new(out);
        let (mails, requests, unreadable) = (0, 0, 0);
        let mut scan = Scan { args, out, err, progress, readers, mails, requests, unreadable };
        for path in &args.paths {
            scan.path(path, input)?;
        }
        scan.end()
    })
}

/// What is printed of a mail, if anything is.
fn row(mail: &[u8], all: bool, wide: bool) -> Option<Row> {
    let settled = |reason| is_final(reason) && !all && !wide;
    if mail::heading(look::header(mail)).refusal().is_some_and(settled) {
        return None;
    }
    let row = Row::of(&mail::read(mail), wide);
    (row.is_pull_request || all).then_some(row)
}

struct Scan<'a> {
    args: &'a ScanArgs,
    out: BufWriter<&'a mut dyn Write>,
    err: &'a mut dyn Write,
    progress: &'a Progress,
    readers: Readers<Option<Row>>,
    mails: u64,
    requests: u64,
    unreadable: u64,
}

impl Scan<'_> {
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

    /// One mail, or an mbox of them. A failing read ends this path; a failing write everything.
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
        self.mails += 1;
        let all_are_read = self.args.all || self.args.wide;
        if all_are_read || look::may_ask(mail.raw) {
            let place = Place { path: Arc::clone(&place.path), number: place.number };
            self.readers.put(place, &mail.unquoted());
            while let Some(outcomes) = self.readers.ready() {
                self.print(outcomes)?;
            }
        }
        Ok(())
    }

    fn print(&mut self, outcomes: Vec<Outcome<Option<Row>>>) -> io::Result<()> {
        let progress = self.progress;
        let any = outcomes.iter().any(|(_, row)| !matches!(row, Some(None)));
        let mut write = || {
            outcomes.iter().try_for_each(|(place, row)| match row {
                Some(Some(row)) => self.row(row),
                Some(None) => Ok(()),
                None => self.broke(place),
            })
        };
        if any { progress.aside(write) } else { write() }
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        self.requests += u64::from(row.is_pull_request);
        match self.args.format {
            ScanFormat::Json => {
                serde_json::to_writer(&mut self.out, row)?;
                writeln!(self.out)
            }
            ScanFormat::Text => writeln!(self.out, "{row}"),
        }
    }

    fn broke(&mut self, place: &Place) -> io::Result<()> {
        self.unreadable += 1;
        let (path, number) = (place.path.display(), place.number);
        writeln!(self.err, "{path}: mail {number} broke the reader")
    }

    fn cannot(&mut self, path: &Path, error: &io::Error) -> io::Result<()> {
        self.unreadable += 1;
        let err = &mut *self.err;
        self.progress.aside(|| writeln!(err, "{} can't be read: {error}", path.display()))
    }

    fn end(mut self) -> io::Result<u8> {
        while let Some(outcomes) = self.readers.rest() {
            self.print(outcomes)?;
        }
        if self.args.format == ScanFormat::Text {
            let (requests, mails) =
                (counted(self.requests, "request"), counted(self.mails, "mail"));
            self.progress.aside(|| writeln!(self.out, "{requests} in {mails}"))?;
        }
        self.progress.aside(|| self.out.flush())?;
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
