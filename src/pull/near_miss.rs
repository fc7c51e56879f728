//! A mail that is meant to be a request and is none: what a letter to its author needs. It waits in
//! the overlay from the transaction that moves the cursor past the mail until its letter is
//! written. Anybody can mail such a thing, so what is kept is small and few.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::cover::Person;
use super::ids::{ListName, MessageId, TargetName};
use super::room::{within, written};

/// How many may wait for their letters at a time; what comes beyond is counted only.
pub const MOST_WAITING: usize = 5;

/// How long an author is not told: a cover letter of several requests names nothing itself, they
/// come in answer to it; and who sees the slip sends the request at once.
pub const WAIT: SignedDuration = SignedDuration::from_mins(30);

/// Bytes of a Message-ID, of an address or of a name at most, as they are written.
const LONGEST: usize = 250;

/// Bytes of a subject that are kept.
const LONGEST_SUBJECT: usize = 400;

/// A mail whose subject asks for a pull and whose text names nothing to pull.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    /// The mail's own Message-ID.
    pub message_id: MessageId,
    /// The list it came by.
    pub list: ListName,
    /// Where it would have gone.
    pub target: TargetName,
    /// The person to answer.
    pub author: Person,
    /// The subject, decoded and unfolded.
    pub subject: String,
    /// The first and the last mail of the thread above.
    pub references: Vec<MessageId>,
    /// When the mailbox received it.
    pub received_at: Timestamp,
}

impl NearMiss {
    /// The same, small enough to wait in the overlay; `None` if what names it is too long for that.
    pub fn bounded(mut self) -> Option<Self> {
        let fits = |text: &str| written(text) <= LONGEST;
        if !fits(self.message_id.as_str()) || !fits(&self.author.address) {
            return None;
        }
        self.subject = within(&self.subject, LONGEST_SUBJECT);
        self.author.name = self.author.name.filter(|name| fits(name));
        self.references.retain(|id| fits(id.as_str()));
        if self.references.len() > 2 {
            let last = self.references.pop();
            self.references.truncate(1);
            self.references.extend(last);
        }
        Some(self)
    }
}

/// What came of telling an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissEvent {
    /// The letter is written, or none can be.
    Settled,
    /// It could not be kept.
    Failed(super::decision::Trouble),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn miss() -> NearMiss {
        let id = |n: usize| format!("{n}@example.org").parse().unwrap();
        NearMiss {
            message_id: id(0),
            list: ListName::new("devel"),
            target: TargetName::new("master"),
            author: Person { name: Some("Alice".into()), address: "alice@example.org".into() },
            subject: "[PULL] x".into(),
            references: (1..9).map(id).collect(),
            received_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_waits_is_small() {
        let mut long = miss();
        long.subject = "ä".repeat(9_000);
        long.author.name = Some("x".repeat(9_000));
        let kept = long.bounded().unwrap();
        assert!(serde_json::to_string(&kept).unwrap().len() < 2_000);
        let thread: Vec<&str> = kept.references.iter().map(MessageId::as_str).collect();
        assert_eq!(thread, ["1@example.org", "8@example.org"]);
        assert_eq!(kept.author.name, None);
    }

    #[test]
    fn what_can_not_be_small_is_none() {
        let id = format!("{}@example.org", "x".repeat(800)).parse().unwrap();
        assert_eq!(NearMiss { message_id: id, ..miss() }.bounded(), None);
        let author = Person { name: None, address: format!("{}@example.org", "x".repeat(800)) };
        assert_eq!(NearMiss { author, ..miss() }.bounded(), None);
    }
}
