//! Where mail is read from, and how far.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::AccountName;

/// A folder of an account; cursors belong to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Folder {
    /// The account.
    pub(crate) account: AccountName,
    /// The folder's name as the server knows it, decoded.
    pub(crate) folder: String,
}

/// How far a folder has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Under which UIDVALIDITY.
    pub(crate) uid_validity: u32,
    /// The first UID not read yet.
    pub(crate) uid_next: u32,
    /// When it was last read to its end: what bounds a rescan.
    pub(crate) read_at: Timestamp,
    /// When the bot began to watch it; requests received before are held as backlog.
    pub(crate) watched_from: Timestamp,
}
