//! The words behind a command's own, and what several commands read in them alike. It must not know
//! which requests, lists or targets there are.

use super::mistakes::Rows;
use super::named::{Named, named, sure};
use super::row::Row;
use crate::pull::room::{LONGEST_ADDRESS, within};

/// Characters of a running text that are kept, and bytes of it as a record has them.
const LONGEST_TEXT: usize = 500;
pub(crate) const MOST_WRITTEN: usize = 1_000;

/// The words behind a command's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments<'a> {
    pub(crate) words: &'a [&'a str],
    /// Whether they stand in an answer on a request's thread: that one need not be named.
    pub(crate) in_thread: bool,
    /// The command's own row.
    pub(crate) row: &'static Row,
    /// The rows of all commands.
    pub(crate) rows: Rows,
}

/// What is wrong with them: a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadArguments {
    pub(crate) why: String,
    /// There are too few: the rest may stand on the next line.
    pub(crate) wants_more: bool,
}

impl From<String> for BadArguments {
    fn from(why: String) -> Self {
        Self { why, wants_more: false }
    }
}

impl From<&str> for BadArguments {
    fn from(why: &str) -> Self {
        why.to_owned().into()
    }
}

impl BadArguments {
    /// There are too few.
    pub(crate) fn few(why: &str) -> Self {
        Self { why: why.to_owned(), wants_more: true }
    }
}

impl<'a> Arguments<'a> {
    /// Other words, of the same command.
    pub(crate) fn with<'b>(&self, words: &'b [&'b str]) -> Arguments<'b> {
        Arguments { words, in_thread: self.in_thread, row: self.row, rows: self.rows }
    }

    /// Without the first word of `request 12`, as the bot's letters say it.
    pub(crate) fn without_kind(self) -> Self {
        match self.words {
            [kind, named @ ..]
                if kind.eq_ignore_ascii_case("request")
                    && named.first().is_some_and(|name| sure(name).is_some()) =>
            {
                Self { words: named, ..self }
            }
            [..] => self,
        }
    }

    /// That there are more than it takes.
    pub(crate) fn too_many(&self) -> BadArguments {
        let Row { word, usage, .. } = self.row;
        match (usage == word, self.words.len()) {
            (true, _) => format!("{word} takes no arguments.").into(),
            (false, n) => format!("{word} does not take {n} arguments.").into(),
        }
    }

    /// Checks that there are none.
    pub(crate) fn none(&self) -> Result<(), BadArguments> {
        if self.words.is_empty() { Ok(()) } else { Err(self.too_many()) }
    }

    /// The only word; without it a sentence says what is needed.
    pub(crate) fn one(&self, needed: &str) -> Result<&'a str, BadArguments> {
        match self.words {
            [one] => Ok(one),
            [] => Err(BadArguments::few(needed)),
            [..] => Err(format!("One name is enough, not {}.", self.words.len()).into()),
        }
    }

    /// A running text, cut to what a record takes.
    pub(crate) fn text(&self) -> Option<String> {
        (!self.words.is_empty()).then(|| self.bounded().join(" "))
    }

    /// The words of a running text, as many as a record takes.
    pub(crate) fn bounded(&self) -> Vec<String> {
        let text: String = self.words.join(" ").chars().take(LONGEST_TEXT).collect();
        within(&text, MOST_WRITTEN).split(' ').map(str::to_owned).collect()
    }

    /// The request or run that is named, and nothing else.
    pub(crate) fn which(&self) -> Result<Named, BadArguments> {
        match self.words {
            [] if self.in_thread => Ok(Named::Thread),
            [] => Err(BadArguments::few("A request has to be named, by its number for example.")),
            [id] => Ok(named(id)?),
            [..] => Err("Name one request, and nothing else.".into()),
        }
    }

    /// A request and a text; on a thread the request may be left out, and the text's first word is
    /// taken for its name only if it can be nothing else. Without a text a sentence says what is
    /// needed.
    pub(crate) fn which_and_text(&self, needed: &str) -> Result<(Named, String), BadArguments> {
        let (which, words) = match self.words {
            [] => return Err(BadArguments::few(needed)),
            [first, words @ ..] => match sure(first) {
                Some(which) => (which, words),
                None if self.in_thread => (Named::Thread, self.words),
                None => (named(first)?, words),
            },
        };
        let text = self.with(words).text();
        text.map(|text| (which, text)).ok_or_else(|| BadArguments::few(needed))
    }

    /// An address, by itself or behind its owner's name.
    pub(crate) fn address(&self) -> Result<String, BadArguments> {
        if let [.., last] = self.words
            && last.starts_with('<')
        {
            return Ok(address(last)?);
        }
        Ok(address(self.one("An address has to be named.")?)?)
    }

    /// A whole fingerprint, of an OpenPGP key with or without blanks, or of an SSH key.
    pub(crate) fn fingerprint(&self) -> Result<String, BadArguments> {
        if let [ssh] = self.words
            && let Some(hash) = ssh.strip_prefix("SHA256:")
            && hash.len() == 43
            && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        {
            return Ok((*ssh).to_owned());
        }
        let digits = self.words.concat().to_ascii_uppercase();
        let digits = digits.strip_prefix("0X").unwrap_or(&digits);
        match digits.len() {
            40 | 64 if digits.bytes().all(|b| b.is_ascii_hexdigit()) => Ok(digits.to_owned()),
            0 => Err(BadArguments::few("A key's whole fingerprint is needed.")),
            n => Err(BadArguments {
                why: "A key's whole fingerprint is needed: 40 or 64 digits, or SHA256:… of an SSH \
                      key."
                    .into(),
                wants_more: n < 40,
            }),
        }
    }
}

fn address(text: &str) -> Result<String, String> {
    let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;:()\"*?".contains(c);
    match bare.split_once('@') {
        Some((user, host))
            if !user.is_empty()
                && !host.is_empty()
                && !host.contains('@')
                && bare.len() <= LONGEST_ADDRESS
                && !bare.contains(odd) =>
        {
            Ok(bare.to_lowercase())
        }
        _ => Err(format!(
            "{:?} is no address such as alice@example.org.",
            text.chars().take(80).collect::<String>()
        )),
    }
}
