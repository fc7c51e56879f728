//! The audit trail: every command that was given, or refused, with who gave it and what proved that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::Sender;
use super::ids::{MessageId, PullNumber};

/// What came of a command that asked to see something.
pub(crate) const SHOWN: &str = "shown";

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditEntry {
    /// When it was carried out or refused.
    pub(crate) at: Timestamp,
    /// Who gave it, and what proved that.
    pub(crate) by: Sender,
    /// The mail that it stood in; `None`: it came over the control socket.
    pub(crate) mail: Option<MessageId>,
    /// The command as it was written; empty where a whole mail was refused.
    pub(crate) command: String,
    /// The request that it was about, where there was one.
    pub(crate) pull: Option<PullNumber>,
    /// What came of it, in a sentence.
    pub(crate) outcome: String,
    /// Whether it was carried out.
    pub(crate) carried_out: bool,
}
