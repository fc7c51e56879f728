//! One line into a command. It must not know which requests, lists or targets there are.

use super::{Command, PARSERS, ROWS};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::mistakes::{BadCommand, unknown};

/// Reads one command from one line. In an answer on a request's thread (`in_thread`) the request
/// need not be named.
///
/// # Errors
/// Says what to write instead.
pub(crate) fn parse(line: &str, in_thread: bool) -> Result<Command, BadCommand> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let Some(first) = parts.first() else { return Err(BadCommand::Empty { rows: ROWS }) };
    let lower = |word: &str| word.trim_end_matches([',', ':', '!', '.']).to_ascii_lowercase();
    let first = lower(first);
    let pair = parts.get(1).map(|second| format!("{first} {}", lower(second)));
    let pair = pair.as_deref();
    let found = PARSERS.iter().find_map(|(row, parse)| {
        let by_pair = pair.is_some() && [Some(row.word), row.also].contains(&pair);
        let words = if by_pair { 2 } else { 1 };
        (by_pair || row.word == first).then_some((*row, parse, words))
    });
    let Some((row, parse, words)) = found else { return Err(unknown(ROWS, &first, pair)) };
    let words = parts.get(words..).unwrap_or_default();
    let said = Arguments { words, in_thread, row, rows: ROWS }.without_kind();
    parse(&said).map_err(|BadArguments { why, wants_more }| BadCommand::Arguments {
        why,
        row,
        wants_more,
    })
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
