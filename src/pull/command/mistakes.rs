//! What is wrong with a line that is no command, in words that say what to write instead.

use super::row::Row;

/// The rows of all commands, in the order of `help`.
pub(crate) type Rows = &'static [&'static Row];

/// Why a line is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadCommand {
    /// Nothing was written.
    #[error("There is no command here. Commands: {}.", words(.rows))]
    Empty {
        /// The rows of all commands.
        rows: &'static [&'static Row],
    },
    /// The word is not known.
    #[error("There is no command {word:?}. {}", suggestion(*.near, .rows))]
    Unknown {
        /// The word, cut to 40 characters.
        word: String,
        /// The nearest known word.
        near: Option<&'static str>,
        /// The rows of all commands.
        rows: &'static [&'static Row],
    },
    /// The arguments do not fit.
    #[error("{why} Write: {}", .row.usage)]
    Arguments {
        /// What is wrong, a sentence.
        why: String,
        /// The command's row.
        row: &'static Row,
        /// Whether there are too few: the rest may stand on the next line.
        wants_more: bool,
    },
}

/// A word that is no command's; `pair` is that word and the next one.
pub(crate) fn unknown(rows: Rows, first: &str, pair: Option<&str>) -> BadCommand {
    let distance = |row: &Row| {
        let words = [row.word, row.first_word()].into_iter();
        let alone = words.map(|word| strsim::damerau_levenshtein(word, first)).min();
        let whole = pair.map(|pair| strsim::damerau_levenshtein(row.word, pair));
        [alone, whole].into_iter().flatten().min().unwrap_or(usize::MAX)
    };
    // Short words are like many others: "hello" is no "help", "for" no "log".
    let near_enough = |distance: usize| distance <= if first.len() > 5 { 2 } else { 1 };
    // `keys`, `manager alice@…`: the right word, and the wrong second one.
    let begins = |row: &&&Row| row.first_word() == first;
    let near = rows.iter().map(|row| (distance(row), row.word)).min();
    let near = near.filter(|(distance, _)| near_enough(*distance) && first.len() > 2);
    let near = near.map(|(_, word)| word).or_else(|| rows.iter().find(begins).map(|row| row.word));
    BadCommand::Unknown { word: first.chars().take(40).collect(), near, rows }
}

fn words(rows: &[&Row]) -> String {
    rows.iter().map(|row| row.word).collect::<Vec<_>>().join(", ")
}

/// All of a command's second words, where it is the first word that is near.
fn suggestion(near: Option<&'static str>, rows: &[&Row]) -> String {
    let Some(near) = near else { return format!("Commands: {}.", words(rows)) };
    let first = near.split(' ').next();
    let alike = rows.iter().filter(|row| Some(row.first_word()) == first);
    let alike: Vec<String> = alike.map(|row| format!("{:?}", row.word)).collect();
    format!("Did you mean {}?", alike.join(" or "))
}
