//! What a cover letter asks for: its request block and the facts of its mail. It must not judge
//! them; the reader in `mail` fills it, the rules read it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{CommitName, MessageId};

/// A person as a mail names one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// The display name, decoded, if there was one.
    pub name: Option<String>,
    /// The bare address, `local@domain`.
    pub address: String,
}

impl Person {
    /// The name for a sentence: the display name, else the address.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.address)
    }
}

/// The request block: what `git request-pull` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The repository's URL as the mail gives it. Untrusted; the policy is in the git adapter.
    pub url: String,
    /// The ref as the mail gives it: `tags/x`, `refs/tags/x`, or a bare name.
    pub reference: String,
    /// "The following changes since commit", where the mail says it.
    pub base: Option<CommitName>,
    /// "for you to fetch changes up to", where the mail says it.
    pub tip: Option<CommitName>,
}

/// A cover letter: a mail that asks for a pull, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// The mail's own Message-ID.
    pub message_id: MessageId,
    /// The subject, decoded and unfolded, as it came.
    pub subject: String,
    /// What stood in the subject's leading brackets, in order: `PULL v2 00/12`.
    pub prefixes: Vec<String>,
    /// The revision: 1 unless the subject says another.
    pub revision: u32,
    /// The person to answer (Reply-To where the list munged From).
    pub author: Person,
    /// The thread above the mail: References, then In-Reply-To, oldest first, without doubles.
    pub references: Vec<MessageId>,
    /// The Date header. The sender's claim; deadlines never rest on it.
    pub date: Option<Timestamp>,
    /// What is asked.
    pub request: Request,
}
