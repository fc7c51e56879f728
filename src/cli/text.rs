//! Helps the subcommands to print: the output's form, and text from outside made safe for a
//! terminal.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;

use crate::pull::clean;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object.
    Json,
}

/// Prints a value as JSON; the exit code is that of [`say`].
pub(crate) fn json(value: &impl Serialize) -> ExitCode {
    match serde_json::to_string_pretty(value) {
        Ok(text) => say(&(visible(&text) + "\n")),
        Err(error) => {
            eprintln!("gatepost: {error}");
            ExitCode::from(70)
        }
    }
}

/// Prints text that ends its own lines. The exit code: 0, also where the reader has had enough
/// (`| head`), and 74 where it can't be written.
pub(crate) fn say(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gatepost: standard output: {error}");
            ExitCode::from(74)
        }
    }
}

/// JSON with what a terminal would obey, or not show, written as escapes: such characters stand
/// inside its texts only, where `\u` means the same (RFC 8259, section 7).
pub(crate) fn visible(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && clean::is_unfit(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Lines, each ended.
pub(crate) fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Text from outside on one line of a terminal.
pub(crate) fn safe(text: &str) -> String {
    clean::words(text)
}
