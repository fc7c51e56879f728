//! What the store needs of a key-value store: ordered tables, one atomic durable commit, files.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::ports::{Fault, FileName};

/// The tables. Numbers in keys are big-endian, so that keys sort as numbers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    /// Requests by number.
    Pulls,
    /// Runs by number.
    Runs,
    /// Letters by Message-ID.
    Letters,
    /// Cursors by account and folder.
    Cursors,
    /// What the bot counts, and what commands changed, under a key each.
    Control,
    /// History lines by (request, sequence).
    History,
    /// Request numbers by the Message-ID of the mail that asked.
    MessageIds,
    /// Keys of what is not over, after a letter for the table; the values are empty.
    Open,
    /// Mails to the command mailbox by Message-ID.
    Mails,
    /// Mails by the digests of their signatures.
    Seen,
    /// The audit trail by sequence.
    Audit,
    /// Keys of the audit trail by (request, sequence); the values are empty.
    AuditOf,
    /// Request numbers by the signed tags that a person does not want.
    Unwanted,
    /// Marks of what is set aside, by record.
    Aside,
}

impl Table {
    /// All of them, in the order of [`index`](Self::index).
    pub(crate) const ALL: [Self; 14] = [
        Self::Pulls,
        Self::Runs,
        Self::Letters,
        Self::Cursors,
        Self::Control,
        Self::History,
        Self::MessageIds,
        Self::Open,
        Self::Mails,
        Self::Seen,
        Self::Audit,
        Self::AuditOf,
        Self::Unwanted,
        Self::Aside,
    ];

    /// The name on disk. Never changes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pulls => "pulls",
            Self::Runs => "runs",
            Self::Letters => "letters",
            Self::Cursors => "cursors",
            Self::Control => "control",
            Self::History => "history",
            Self::MessageIds => "message-ids",
            Self::Open => "open",
            Self::Mails => "mails",
            Self::Seen => "seen",
            Self::Audit => "audit",
            Self::AuditOf => "audit-of",
            Self::Unwanted => "unwanted",
            Self::Aside => "aside",
        }
    }

    /// Its place in [`ALL`](Self::ALL).
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// One change of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    /// Where.
    pub(crate) table: Table,
    /// Under which key.
    pub(crate) key: Vec<u8>,
    /// What; `None` removes.
    pub(crate) value: Option<Vec<u8>>,
}

/// In which order keys are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// What a visitor of entries says: go on, stop, or give up.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Fault>;

/// An ordered, durable key-value store with files beside it.
pub(crate) trait Engine: Send + Sync {
    /// The value under a key.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// Visits the entries whose keys begin so, one by one.
    ///
    /// # Errors
    /// Temporary: the disk; and whatever the visitor says.
    fn visit(
        &self,
        table: Table,
        prefix: &[u8],
        order: Order,
        each: Visit<'_>,
    ) -> Result<(), Fault>;

    /// Makes all changes or none; returns when they are durable. Safe to repeat.
    ///
    /// # Errors
    /// Temporary: the disk; then they are made or not, but never some of them.
    fn commit(&self, writes: &[Write]) -> Result<(), Fault>;

    /// Writes a file, whole or not at all; durable on return. Safe to repeat.
    ///
    /// # Errors
    /// Temporary: the disk. Misconfigured: no right to write.
    fn put_file(&self, name: &FileName, content: &[u8]) -> Result<(), Fault>;

    /// Removes files that were written longer ago than that; says how many.
    ///
    /// # Errors
    /// As [`put_file`](Self::put_file).
    fn expire_files(&self, older_than: Duration) -> Result<u64, Fault>;

    /// What the journal has; empty where there is none.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn journal(&self) -> Result<String, Fault>;

    /// Appends to the journal; not durable against loss of power.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn append_journal(&self, text: &str) -> Result<(), Fault>;

    /// Replaces the journal; not durable against loss of power.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn write_journal(&self, text: &str) -> Result<(), Fault>;

    /// A file's content.
    ///
    /// # Errors
    /// As [`put_file`](Self::put_file).
    fn file(&self, name: &FileName) -> Result<Option<Vec<u8>>, Fault>;
}
