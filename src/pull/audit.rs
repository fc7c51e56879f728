//! The audit trail: every command that was given, or refused, with who gave it and what proved that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::Sender;
use super::ids::{MessageId, PullNumber};

/// What came of a command that asked to see something.
pub const SHOWN: &str = "shown";

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When it was carried out or refused.
    pub at: Timestamp,
    /// Who gave it, and what proved that.
    pub by: Sender,
    /// The mail that it stood in; `None`: it came over the control socket.
    pub mail: Option<MessageId>,
    /// The command as it was written; empty where a whole mail was refused.
    pub command: String,
    /// The request that it was about, where there was one.
    pub pull: Option<PullNumber>,
    /// What came of it, in a sentence.
    pub outcome: String,
    /// Whether it was carried out.
    pub carried_out: bool,
}
