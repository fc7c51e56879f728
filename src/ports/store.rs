//! The port to what the bot remembers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Fault, FileName};
use crate::pull::ids::{AccountName, MessageId, PullNumber, RunId};
use crate::pull::letter::Letter;
use crate::pull::request::Pull;
use crate::pull::run::Run;

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
    /// When it was last read to its end: what bounds a rescan, and tells downtime.
    pub read_at: Timestamp,
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

/// What commands changed, over what the configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Set while no new test may begin.
    pub pause: Option<Pause>,
    /// Counts for the administrator's weekly letter, by what was counted.
    pub counts: BTreeMap<String, u64>,
    /// Since when they count.
    pub counting_since: Option<Timestamp>,
    /// Alerts by subject: when last sent (at once, then daily).
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

/// What the bot remembers. All reads may be repeated; puts are idempotent, being whole records.
pub trait Store: Send + Sync {
    /// Puts a batch; returns when it is durable against loss of power.
    ///
    /// # Errors
    /// Temporary: the disk is full. Bug: a record is over 32 KB.
    fn put(&self, batch: &Batch) -> Result<(), Fault>;

    /// Everything that is open.
    ///
    /// # Errors
    /// Permanent: a record is of a newer version, or unreadable; it is named.
    fn open_records(&self) -> Result<Records, Fault>;

    /// A request by number, open or closed.
    ///
    /// # Errors
    /// As [`open_records`](Self::open_records), like all below.
    fn pull(&self, number: PullNumber) -> Result<Option<Pull>, Fault>;

    /// The request that a mail made, open or closed, however old.
    ///
    /// # Errors
    /// As above.
    fn pull_by_message_id(&self, id: &MessageId) -> Result<Option<PullNumber>, Fault>;

    /// The newest requests, newest first.
    ///
    /// # Errors
    /// As above.
    fn newest_pulls(&self, at_most: usize) -> Result<Vec<Pull>, Fault>;

    /// A run by number.
    ///
    /// # Errors
    /// As above.
    fn run(&self, id: RunId) -> Result<Option<Run>, Fault>;

    /// The newest runs, newest first.
    ///
    /// # Errors
    /// As above.
    fn newest_runs(&self, at_most: usize) -> Result<Vec<Run>, Fault>;

    /// A letter by its Message-ID.
    ///
    /// # Errors
    /// As above.
    fn letter(&self, id: &MessageId) -> Result<Option<Letter>, Fault>;

    /// A request's history, oldest first.
    ///
    /// # Errors
    /// As above.
    fn history(&self, number: PullNumber) -> Result<Vec<HistoryEntry>, Fault>;

    /// Writes a file beside the records; durable on return, whole or not at all. Safe to repeat.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn put_file(&self, name: &FileName, content: &[u8]) -> Result<(), Fault>;

    /// A file's content.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn file(&self, name: &FileName) -> Result<Option<Vec<u8>>, Fault>;
}
