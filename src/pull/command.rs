//! What people may tell the bot: one table, one parser, for the control socket and the mailbox.
//! It must not carry anything out.

use std::fmt;

use super::ids::{MessageId, ObjectId, PullNumber, RunId};

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Tests a commit that somebody merged already: no second merge, no tag.
    Test {
        /// Whence to fetch.
        url: String,
        /// What to fetch.
        reference: String,
        /// What it must be.
        sha: ObjectId,
    },
    /// Lifts a hold.
    Approve(Named),
    /// Tests again: the same candidate.
    Retest(Named),
    /// Tests again: a new merge onto the target as it is now.
    RetestFresh(Named),
    /// Stops a request or a run.
    Cancel(Named),
    /// Begins no new test until `resume`.
    Pause {
        /// Why.
        reason: String,
    },
    /// Ends a pause.
    Resume,
}

/// How a command names a request or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A request, by number.
    Pull(PullNumber),
    /// A request, by its mail.
    Mail(MessageId),
    /// A run.
    Run(RunId),
}

/// One row of the table: what `help` prints.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The command's word.
    pub word: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// What it does, in one sentence.
    pub does: &'static str,
}

/// Every command.
pub const TABLE: &[Row] = &[
    Row {
        word: "test",
        usage: "test URL REF SHA",
        does: "Tests a commit that is merged already, and answers whoever asked.",
    },
    Row {
        word: "approve",
        usage: "approve ID",
        does: "Lifts the hold of a request; it is queued.",
    },
    Row {
        word: "retest",
        usage: "retest [fresh] ID",
        does: "Tests the same candidate again; with fresh, a new merge onto the target as it is now.",
    },
    Row {
        word: "cancel",
        usage: "cancel ID",
        does: "Stops a request, or a run (run-N), and cancels its pipeline.",
    },
    Row {
        word: "pause",
        usage: "pause REASON",
        does: "Begins no new test until resume; running ones go on.",
    },
    Row { word: "resume", usage: "resume", does: "Ends a pause." },
];

/// Why a line is no command, in words that say what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// Nothing was written.
    #[error("There is no command here. Commands: {}.", words())]
    Empty,
    /// The word is not known.
    #[error("There is no command {word:?}.{} Commands: {}.", suggestion(.near), words())]
    Unknown {
        /// The word, cut to 40 characters.
        word: String,
        /// The nearest known word.
        near: Option<&'static str>,
    },
    /// The arguments do not fit.
    #[error("{why} Write: {usage}")]
    Arguments {
        /// What is wrong, a sentence.
        why: String,
        /// How to write it.
        usage: &'static str,
    },
}

fn words() -> String {
    TABLE.iter().map(|row| row.word).collect::<Vec<_>>().join(", ")
}

fn suggestion(near: &Option<&'static str>) -> String {
    near.map_or_else(String::new, |word| format!(" Did you mean {word:?}?"))
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pull(number) => write!(f, "request {number}"),
            Self::Mail(id) => write!(f, "request {}", id.bracketed()),
            Self::Run(id) => write!(f, "run {id}"),
        }
    }
}

/// Reads one command from one line.
///
/// # Errors
/// Says what to write instead.
pub fn parse(line: &str) -> Result<Command, BadCommand> {
    let mut parts = line.split_whitespace();
    let word = parts.next().ok_or(BadCommand::Empty)?.to_ascii_lowercase();
    let rest: Vec<&str> = parts.collect();
    let Some(row) = TABLE.iter().find(|row| row.word == word) else {
        let near = TABLE
            .iter()
            .map(|row| (strsim::damerau_levenshtein(row.word, &word), row.word))
            .min()
            .filter(|(distance, _)| *distance <= 2)
            .map(|(_, word)| word);
        return Err(BadCommand::Unknown { word: word.chars().take(40).collect(), near });
    };
    arguments(row, &rest).map_err(|why| BadCommand::Arguments { why, usage: row.usage })
}

fn arguments(row: &Row, rest: &[&str]) -> Result<Command, String> {
    match (row.word, rest) {
        ("test", [url, reference, sha]) => Ok(Command::Test {
            url: (*url).into(),
            reference: (*reference).into(),
            sha: sha.parse().map_err(|error| format!("{error}."))?,
        }),
        ("approve", [id]) => named(id).map(Command::Approve),
        ("retest", [fresh, id]) | ("retest", [id, fresh]) if *fresh == "fresh" => {
            named(id).map(Command::RetestFresh)
        }
        ("retest", [id]) if *id != "fresh" => named(id).map(Command::Retest),
        ("cancel", [id]) => named(id).map(Command::Cancel),
        ("pause", []) => {
            Err("A pause needs a reason: it is shown wherever something waits.".into())
        }
        ("pause", words) => {
            Ok(Command::Pause { reason: words.join(" ").chars().take(200).collect() })
        }
        ("resume", []) => Ok(Command::Resume),
        (word, words) => Err(format!("{word} does not take {} arguments.", words.len())),
    }
}

/// Reads the name of a request or a run: `12`, `#12`, `run-5`, a Message-ID with or without
/// brackets, or an archive's URL that ends in one.
///
/// # Errors
/// A sentence.
pub fn named(text: &str) -> Result<Named, String> {
    let number = |text: &str| text.parse::<u64>().ok();
    if let Some(n) = number(text.strip_prefix('#').unwrap_or(text)) {
        return Ok(Named::Pull(PullNumber(n)));
    }
    if let Some(n) = text.strip_prefix("run-").and_then(number) {
        return Ok(Named::Run(RunId(n)));
    }
    let id = if text.starts_with("http://") || text.starts_with("https://") {
        text.trim_end_matches('/').rsplit('/').next().unwrap_or(text)
    } else {
        text
    };
    match id.parse::<MessageId>() {
        Ok(id) if id.as_str().contains('@') => Ok(Named::Mail(id)),
        Ok(_) | Err(_) => {
            Err(format!("{text:?} is no request's number, no run (run-N) and no Message-ID."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn the_table_and_the_parser_know_the_same_words() {
        for row in TABLE {
            let line = row
                .usage
                .replace("URL", "https://git.example.org/p")
                .replace("REF", "staging")
                .replace("SHA", SHA)
                .replace("ID", "12")
                .replace("REASON", "runners are down")
                .replace(['[', ']'], "");
            parse(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn a_request_is_named_by_number_mail_or_archive() {
        assert_eq!(named("#12"), Ok(Named::Pull(PullNumber(12))));
        assert_eq!(named("run-5"), Ok(Named::Run(RunId(5))));
        let mail = Named::Mail("a@b".parse().unwrap());
        assert_eq!(named("<a@b>"), Ok(mail.clone()));
        assert_eq!(named("https://lists.example.org/devel/a@b/"), Ok(mail));
        assert!(named("twelve").is_err());
    }

    #[test]
    fn a_mistake_says_what_to_write() {
        let said = |line: &str| parse(line).unwrap_err().to_string();
        assert!(said("retset 3").contains("Did you mean \"retest\"?"));
        assert!(said("approve").contains("Write: approve ID"));
        assert!(said("test https://x y 123").contains("full git object id"));
        assert!(said("pause").contains("needs a reason"));
        assert!(said("").contains("Commands: test, approve"));
        assert!(said("retest fresh").contains("Write: retest [fresh] ID"));
    }

    #[test]
    fn fresh_may_stand_on_either_side() {
        let fresh = Ok(Command::RetestFresh(Named::Pull(PullNumber(3))));
        assert_eq!(parse("retest fresh 3"), fresh);
        assert_eq!(parse("Retest 3 fresh"), fresh);
    }
}
