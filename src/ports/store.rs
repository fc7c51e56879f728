//! The port to what the bot remembers.

use jiff::SignedDuration;

use super::{Fault, FaultKind, FileName};
use crate::pull::aside::RecordKey;
use crate::pull::audit::AuditEntry;
use crate::pull::command_mail::CommandMail;
pub(crate) use crate::pull::folder::{Cursor, Folder};
use crate::pull::ids::{MessageId, PullNumber, RunId, TargetName};
use crate::pull::letter::Letter;
pub(crate) use crate::pull::records::{Batch, Control, HistoryEntry, Records};
use crate::pull::request::Pull;
use crate::pull::run::Run;
use crate::pull::signed_tag::SignedTag;

/// Why a batch is not put, and on account of which record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub(crate) struct NotPut {
    /// What went wrong.
    pub(crate) fault: Fault,
    /// The one record that can't be kept, whatever the disk does; for a line of a history or of the
    /// audit trail, and for a signature's digest, what it belongs to.
    pub(crate) culprit: Option<RecordKey>,
}

impl NotPut {
    /// On account of that record, if it is one that can't be kept.
    pub(crate) fn for_the_sake_of(culprit: Option<RecordKey>) -> impl FnOnce(Fault) -> Self {
        |fault| match fault.kind {
            FaultKind::Bug => Self { fault, culprit },
            FaultKind::Temporary | FaultKind::Permanent | FaultKind::Misconfigured => fault.into(),
        }
    }
}

impl From<Fault> for NotPut {
    fn from(fault: Fault) -> Self {
        Self { fault, culprit: None }
    }
}

/// What the bot remembers. All reads may be repeated; puts are idempotent, being whole records.
pub(crate) trait Store: Send + Sync {
    /// Puts a batch; returns when it is durable against loss of power.
    ///
    /// # Errors
    /// Temporary: the disk is full. Bug: a record is over 32 KB, or contradicts another; it is
    /// named, and nothing was put.
    fn put(&self, batch: &Batch) -> Result<(), NotPut>;

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

    /// The last request by which a person decided (`refuse`, `ignore`) that this signed tag is not
    /// wanted for that target, open or closed. Whether the decision still stands is in its record.
    ///
    /// # Errors
    /// As above.
    fn unwanted(&self, tag: &SignedTag, target: &TargetName) -> Result<Option<PullNumber>, Fault>;

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

    /// A mail to the command mailbox by its Message-ID, however old.
    ///
    /// # Errors
    /// As above.
    fn mail(&self, id: &MessageId) -> Result<Option<CommandMail>, Fault>;

    /// The mail whose signature has that digest, if one was acted on.
    ///
    /// # Errors
    /// As above.
    fn seen(&self, digest: &str) -> Result<Option<MessageId>, Fault>;

    /// The newest lines of the audit trail, of all or about one request, newest first.
    ///
    /// # Errors
    /// As above.
    fn audit(&self, of: Option<PullNumber>, at_most: usize) -> Result<Vec<AuditEntry>, Fault>;

    /// Writes a file beside the records; durable on return, whole or not at all. Safe to repeat.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn put_file(&self, name: &FileName, content: &[u8]) -> Result<(), Fault>;

    /// Removes files that were written longer ago than that; says how many. Safe to repeat.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn expire_files(&self, older_than: SignedDuration) -> Result<u64, Fault>;

    /// What was noted of the work that is under way; empty where nothing was.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn journal(&self) -> Result<String, Fault>;

    /// Notes one thing more. It outlives the process, and need not outlive the machine.
    ///
    /// # Errors
    /// Temporary: the disk; a part may be there.
    fn append_journal(&self, text: &str) -> Result<(), Fault>;

    /// Notes this and nothing else.
    ///
    /// # Errors
    /// Temporary: the disk; then what was there is there.
    fn write_journal(&self, text: &str) -> Result<(), Fault>;

    /// A file's content.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn file(&self, name: &FileName) -> Result<Option<Vec<u8>>, Fault>;
}
