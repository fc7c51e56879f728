//! The records beside requests, runs and letters, and what is put or read together.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::aside::{Aside, RecordKey};
use super::audit::AuditEntry;
use super::command_mail::CommandMail;
use super::expiry::{Warned, Warning};
use super::ids::{AccountName, MessageId, PullNumber};
use super::letter::Letter;
use super::near_miss::NearMiss;
use super::overlay::Overlay;
use super::request::Pull;
use super::room::{ROOM, size, within, written};
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

/// What the bot counts, and what it has to write about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Counts for the administrator's weekly letter, by what was counted.
    pub counts: BTreeMap<String, u64>,
    /// Since when they count.
    pub counting_since: Option<Timestamp>,
    /// Alerts that are to be written: by subject, the detail.
    pub alerts: BTreeMap<String, String>,
    /// Warnings of keys that end soon, which are to be written: by key.
    pub key_warnings: BTreeMap<String, Warning>,
    /// The last warning of each key that was written, until the key's end.
    pub warned_keys: BTreeMap<String, Warned>,
    /// Mails that are meant to be requests and are none, whose authors are to be told.
    pub near_misses: BTreeMap<MessageId, NearMiss>,
    /// Alerts by subject: when last written (at once, then daily).
    pub alerted: BTreeMap<String, Timestamp>,
    /// When senders of command mails were told that a mail of theirs was refused as a whole.
    #[serde(default)]
    pub refused: BTreeMap<String, Timestamp>,
}

/// Bytes to which an alert's detail may be cut where there is no room for more.
const SHORT_ALERT: usize = 300;

impl Control {
    /// Leaves out as much as it takes to be put: warnings that are due again at the next look at the
    /// keyring, then what keeps somebody from being told twice a day, then words of alerts.
    pub(super) fn fit(&mut self) {
        while size(self) > ROOM && self.give_way() {}
    }

    fn give_way(&mut self) -> bool {
        if self.key_warnings.pop_last().is_some() {
            return true;
        }
        let oldest = self.alerted.iter().min_by_key(|(_, at)| **at);
        if let Some(subject) = oldest.map(|(subject, _)| subject.clone()) {
            return self.alerted.remove(&subject).is_some();
        }
        let longest = self.alerts.values_mut().max_by_key(|detail| written(detail));
        match longest.filter(|detail| written(detail) > SHORT_ALERT) {
            Some(detail) => {
                *detail = within(detail, SHORT_ALERT);
                true
            }
            None => self.alerts.pop_last().is_some(),
        }
    }
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
    /// What the bot counts, if it changed.
    pub control: Option<Control>,
    /// What commands changed, if that changed.
    pub overlay: Option<Overlay>,
    /// Mails to the command mailbox, whole.
    pub mails: Vec<CommandMail>,
    /// Digests of signatures that must not be acted on again, each with its mail.
    pub seen: Vec<(String, MessageId)>,
    /// History lines to append.
    pub history: Vec<(PullNumber, HistoryEntry)>,
    /// Lines of the audit trail to append.
    pub audit: Vec<AuditEntry>,
    /// Records that are set aside, or (`None`) no longer.
    pub aside: Vec<(RecordKey, Option<Aside>)>,
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
    /// What the bot counts.
    pub control: Control,
    /// What commands changed.
    pub overlay: Overlay,
    /// Mails to the command mailbox whose stage is not `Closed`.
    pub mails: Vec<CommandMail>,
    /// Which of them are set aside.
    pub aside: Vec<(RecordKey, Aside)>,
    /// The number the next request gets.
    pub next_pull: u64,
    /// The number the next run gets.
    pub next_run: u64,
}
