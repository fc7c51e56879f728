//! `gatepost scan PATH…`: says which mails ask for a pull, and why the others do not. It reads
//! files and standard input only, and changes nothing. One thread takes archives apart and has a
//! cheap look at each mail; the others read those that it lets through.

mod folders;
mod mbox;
mod packed;
mod progress;
mod readers;
mod row;
mod survey;
mod walk;

use std::io::{self, Read, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(crate) use self::progress::Progress;
use self::row::Row;
use self::walk::{Streams, walk};
use super::text::visible;
use crate::mail::words::counted;
use crate::mail::{self, Reason, Rules, look};

/// What to scan, and what to print.
#[derive(Debug, Clone, Args)]
pub(crate) struct ScanArgs {
    /// Mails, mboxes (also packed: .mbox.gz), Maildirs, folders of these, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to print what is found
    #[arg(long, value_enum, default_value_t = ScanFormat::Text)]
    pub(crate) format: ScanFormat,
    /// Print every mail, with the reason where it is no request
    #[arg(long)]
    pub(crate) all: bool,
    /// Count answers, patch series and unmarked mails that name what to pull as requests too
    #[arg(long)]
    pub(crate) wide: bool,
    /// Say what this configuration's lists would have done with the mails: counts by reason, and
    /// the mails nearest to the border. Its secrets are not read
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["all", "wide"])]
    pub(crate) config: Option<PathBuf>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScanFormat {
    /// A line a mail, for people
    Text,
    /// A JSON object a line
    Json,
}

/// The exit code where everything was read (sysexits `EX_OK`).
pub(crate) const ALL_READ: u8 = 0;
/// The exit code where a path could not be read (sysexits `EX_NOINPUT`).
pub(crate) const SOME_UNREADABLE: u8 = 66;

/// Scans, writing results as they are found; returns the exit code. Paths that can't be read are
/// named on `err`, and the rest is scanned. A bar on the terminal says how far it is.
///
/// # Errors
/// `out` or `err` can't be written to.
pub(crate) fn run(args: &ScanArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let progress = Progress::on_a_terminal(&args.paths, args.format == ScanFormat::Json);
    scan(args, &mut io::stdin().lock(), out, err, &progress)
}

/// Says what the rules of lists would have done with all mails; else as [`run`].
///
/// # Errors
/// `out` or `err` can't be written to.
pub(crate) fn run_rules(
    args: &ScanArgs,
    lists: &[Rules],
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let progress = Progress::on_a_terminal(&args.paths, args.format == ScanFormat::Json);
    let input = &mut io::stdin().lock();
    let streams = Streams { paths: &args.paths, input, err, progress: &progress };
    let (survey, counts) = survey::of(lists, streams)?;
    drop(progress);
    match args.format {
        ScanFormat::Json => {
            writeln!(out, "{}", visible(&serde_json::to_string(&survey)?))?;
        }
        ScanFormat::Text => write!(out, "{survey}")?,
    }
    out.flush()?;
    Ok(counts.code())
}

/// As [`run`], with what `-` reads given by the caller.
pub(crate) fn scan(
    args: &ScanArgs,
    input: &mut dyn Read,
    out: &mut dyn Write,
    err: &mut dyn Write,
    progress: &Progress,
) -> io::Result<u8> {
    let (all, wide) = (args.all, args.wide);
    let mut requests = 0;
    let counts = walk(
        Streams { paths: &args.paths, input, err, progress },
        move |mail| all || wide || look::may_ask(mail),
        move |mail| row(mail, all, wide),
        |_, row| {
            let Some(row) = row else { return Ok(()) };
            requests += u64::from(row.is_pull_request);
            print(&row, args.format, out)
        },
    )?;
    if args.format == ScanFormat::Text {
        let (requests, mails) = (counted(requests, "request"), counted(counts.mails, "mail"));
        progress.aside(|| writeln!(out, "{requests} in {mails}"))?;
    }
    out.flush()?;
    Ok(counts.code())
}

/// What is printed of a mail, if anything is.
fn row(mail: &[u8], all: bool, wide: bool) -> Option<Row> {
    if !all && !wide && is_settled(mail) {
        return None;
    }
    let row = Row::of(&mail::read(mail), wide);
    (row.is_pull_request || all).then_some(row)
}

/// Whether a mail can be no request by its header, or as a patch of a series.
fn is_settled(mail: &[u8]) -> bool {
    let heading = mail::heading(look::header(mail));
    let numbered = heading.marks.number.is_some_and(|number| number > 0);
    heading.refusal().is_some_and(is_final) || (numbered && look::holds_a_diff(mail))
}

fn print(row: &Row, format: ScanFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        ScanFormat::Json => writeln!(out, "{}", visible(&serde_json::to_string(row)?)),
        ScanFormat::Text => writeln!(out, "{row}"),
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
        | Reason::NoBlock
        | Reason::Quoted => false,
    }
}
