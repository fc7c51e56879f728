//! Records that are set aside: each made the bot itself fail, so nothing is done with it until a
//! person says so, while everything else goes on. The mark is kept apart from the record, which may
//! be the very thing that can't be written. It must not say when a record is set aside.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command_mail::shortened;
use super::decision::clock;
use super::ids::{MessageId, PullNumber, RunId};

/// Bytes of a reason that are kept.
const LONGEST_WHY: usize = 600;

/// Bytes of the text that says what a record is.
const LONGEST_WHAT: usize = 300;

/// Names one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordKey {
    /// A request.
    Pull(PullNumber),
    /// A run.
    Run(RunId),
    /// A letter.
    Letter(MessageId),
    /// A mail to the command mailbox.
    Mail(MessageId),
}

impl RecordKey {
    /// Its name where a sentence begins.
    pub(crate) fn at_the_beginning(&self) -> String {
        let name = self.to_string();
        let (first, rest) = name.split_at(1);
        first.to_uppercase() + rest
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pull(number) => write!(f, "request {number}"),
            Self::Run(id) => write!(f, "run {id}"),
            Self::Letter(id) => write!(f, "letter {}", id.bracketed()),
            Self::Mail(id) => write!(f, "command mail {}", id.bracketed()),
        }
    }
}

/// That a record is set aside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Aside {
    /// What failed, for the administrator.
    pub(crate) why: String,
    /// Since when.
    pub(crate) since: Timestamp,
    /// Whether the letter about it is written.
    pub(crate) told: bool,
}

impl Aside {
    /// A mark whose letter is to be written; a long reason is cut.
    pub(crate) fn new(why: &str, now: Timestamp) -> Self {
        Self { why: shortened(why, LONGEST_WHY), since: now, told: false }
    }

    /// Why nothing happens to the record, in a clause.
    pub(crate) fn because(&self) -> String {
        let why = self.why.trim_end_matches('.');
        format!("it is set aside since {}: {why}", clock(self.since))
    }
}

/// What the letter about a record that is set aside has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AsideNotice {
    /// Which record.
    pub(crate) key: RecordKey,
    /// The mark.
    pub(crate) aside: Aside,
    /// What the record is: a subject, and who has to do with it.
    pub(crate) what: String,
    /// The request that it has to do with: then the release managers hear of it as well.
    pub(crate) pull: Option<PullNumber>,
}

impl AsideNotice {
    /// A notice; a long text is cut.
    pub(crate) fn new(key: RecordKey, aside: Aside, what: &str, pull: Option<PullNumber>) -> Self {
        Self { key, aside, what: shortened(what, LONGEST_WHAT), pull }
    }

    /// How commands name the record.
    pub(crate) fn name(&self) -> String {
        match &self.key {
            RecordKey::Pull(number) => number.to_string(),
            RecordKey::Run(id) => format!("run-{id}"),
            RecordKey::Letter(id) | RecordKey::Mail(id) => id.bracketed(),
        }
    }
}
