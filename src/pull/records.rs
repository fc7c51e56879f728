//! The records beside requests, runs and letters, and what is put or read together.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{AccountName, MessageId, PullNumber};
use super::letter::Letter;
use super::near_miss::NearMiss;
use super::request::Pull;
use super::run::Run;

/// A folder of an account; cursors belong to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Folder {
    /// The account.
    pub account: AccountName,
    /// The folder's name as the server knows it, decoded.
    pub folder: String,
}

/// How far a folder has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Under which UIDVALIDITY.
    pub uid_validity: u32,
    /// The first UID not read yet.
    pub uid_next: u32,
    /// When it was last read to its end: what bounds a rescan.
    pub read_at: Timestamp,
    /// When the bot began to watch it; requests received before are held as backlog.
    pub watched_from: Timestamp,
}

/// Who stopped new tests, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why, in the person's words.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What commands changed, over what the configuration says; and what the bot counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Set while no new test may begin.
    pub pause: Option<Pause>,
    /// Counts for the administrator's weekly letter, by what was counted.
    pub counts: BTreeMap<String, u64>,
    /// Since when they count.
    pub counting_since: Option<Timestamp>,
    /// Alerts that are to be written: by subject, the detail.
    pub alerts: BTreeMap<String, String>,
    /// Mails that are meant to be requests and are none, whose authors are to be told.
    pub near_misses: BTreeMap<MessageId, NearMiss>,
    /// Alerts by subject: when last written (at once, then daily).
    pub alerted: BTreeMap<String, Timestamp>,
}

/// One line of a request's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// The stage after it.
    pub stage: String,
    /// What happened, in a sentence.
    pub what: String,
}

/// What is put in one transaction: all of it, or nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Requests, whole.
    pub pulls: Vec<Pull>,
    /// Runs, whole.
    pub runs: Vec<Run>,
    /// Letters, whole.
    pub letters: Vec<Letter>,
    /// Cursors.
    pub cursors: Vec<(Folder, Cursor)>,
    /// The overlay, if it changed.
    pub control: Option<Control>,
    /// History lines to append.
    pub history: Vec<(PullNumber, HistoryEntry)>,
}

impl Batch {
    /// Whether there is nothing to put.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Everything that is not over: what the bot holds in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// Requests whose stage is not `Closed`.
    pub pulls: Vec<Pull>,
    /// Runs whose stage is not `Closed`.
    pub runs: Vec<Run>,
    /// Letters whose state is not final.
    pub letters: Vec<Letter>,
    /// All cursors.
    pub cursors: Vec<(Folder, Cursor)>,
    /// The overlay.
    pub control: Control,
    /// The number the next request gets.
    pub next_pull: u64,
    /// The number the next run gets.
    pub next_run: u64,
}
