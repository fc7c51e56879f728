//! What comes of a command. Part of the record of a command mail.

use serde::{Deserialize, Serialize};

use super::given::Item;

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It was carried out: a sentence.
    Done(String),
    /// It was not: a sentence that says what to write instead.
    Refused(String),
    /// It asks to see something, which is looked up when the answer is written.
    Look(Look),
}

/// What a command asks to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Look {
    /// The commands, or one by its word.
    Help(Option<String>),
    /// Everything at a glance.
    Status,
    /// What somebody who takes over has to know, or some of the requests.
    List(Option<ListFilter>),
    /// A request or a run.
    Show(Item),
    /// The log of a job of the last pipeline of a request or a run.
    Log {
        /// Of what.
        of: Item,
        /// The job's name.
        job: String,
    },
    /// The keyring.
    Keys,
}

/// Which requests are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListFilter {
    /// Those that wait for something: an answer, a slot, a person.
    Open,
    /// Those that wait for a person.
    Held,
    /// Those that wait for their turn.
    Queued,
    /// Those that were concluded last.
    Done,
}
