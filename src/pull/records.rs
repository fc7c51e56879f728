//! The records beside requests, runs and letters, and what is put or read together.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::aside::{Aside, RecordKey};
use super::audit::AuditEntry;
use super::command_mail::CommandMail;
use super::expiry::{Warned, Warning};
use super::folder::{Cursor, Folder};
use super::ids::{MessageId, PullNumber};
use super::letter::Letter;
use super::near_miss::NearMiss;
use super::overlay::Overlay;
use super::request::Pull;
use super::room::{ROOM, size, within, written};
use super::run::Run;

/// What the bot counts, and what it has to write about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Control {
    /// Counts for the administrator's weekly letter, by what was counted.
    pub(crate) counts: BTreeMap<String, u64>,
    /// Since when they count.
    pub(crate) counting_since: Option<Timestamp>,
    /// Alerts that are to be written: by subject, the detail.
    pub(crate) alerts: BTreeMap<String, String>,
    /// Warnings of keys that end soon, which are to be written: by key.
    pub(crate) key_warnings: BTreeMap<String, Warning>,
    /// The last warning of each key that was written, until the key's end.
    pub(crate) warned_keys: BTreeMap<String, Warned>,
    /// Mails that are meant to be requests and are none, whose authors are to be told.
    pub(crate) near_misses: BTreeMap<MessageId, NearMiss>,
    /// Alerts by subject: when last written (at once, then daily).
    pub(crate) alerted: BTreeMap<String, Timestamp>,
    /// When senders of command mails were told that a mail of theirs was refused as a whole.
    #[serde(default)]
    pub(crate) refused: BTreeMap<String, Timestamp>,
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
pub(crate) struct HistoryEntry {
    /// When.
    pub(crate) at: Timestamp,
    /// The stage after it.
    pub(crate) stage: String,
    /// What happened, in a sentence.
    pub(crate) what: String,
}

/// What is put in one transaction: all of it, or nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Batch {
    /// Requests, whole.
    pub(crate) pulls: Vec<Pull>,
    /// Runs, whole.
    pub(crate) runs: Vec<Run>,
    /// Letters, whole.
    pub(crate) letters: Vec<Letter>,
    /// Cursors.
    pub(crate) cursors: Vec<(Folder, Cursor)>,
    /// What the bot counts, if it changed.
    pub(crate) control: Option<Control>,
    /// What commands changed, if that changed.
    pub(crate) overlay: Option<Overlay>,
    /// Mails to the command mailbox, whole.
    pub(crate) mails: Vec<CommandMail>,
    /// Digests of signatures that must not be acted on again, each with its mail.
    pub(crate) seen: Vec<(String, MessageId)>,
    /// History lines to append.
    pub(crate) history: Vec<(PullNumber, HistoryEntry)>,
    /// Lines of the audit trail to append.
    pub(crate) audit: Vec<AuditEntry>,
    /// Records that are set aside, or (`None`) no longer.
    pub(crate) aside: Vec<(RecordKey, Option<Aside>)>,
}

impl Batch {
    /// Whether there is nothing to put.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Everything that is not over: what the bot holds in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Records {
    /// Requests whose stage is not `Closed`.
    pub(crate) pulls: Vec<Pull>,
    /// Runs whose stage is not `Closed`.
    pub(crate) runs: Vec<Run>,
    /// Letters whose state is not final.
    pub(crate) letters: Vec<Letter>,
    /// All cursors.
    pub(crate) cursors: Vec<(Folder, Cursor)>,
    /// What the bot counts.
    pub(crate) control: Control,
    /// What commands changed.
    pub(crate) overlay: Overlay,
    /// Mails to the command mailbox whose stage is not `Closed`.
    pub(crate) mails: Vec<CommandMail>,
    /// Which of them are set aside.
    pub(crate) aside: Vec<(RecordKey, Aside)>,
    /// The number the next request gets.
    pub(crate) next_pull: u64,
    /// The number the next run gets.
    pub(crate) next_run: u64,
}
