//! A mail that is meant to be a request and is none: what a letter to its author needs. It waits in
//! the control record from the transaction that moves the cursor past the mail until its letter is
//! written. Anybody can mail such a thing, so what is kept is small and few.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::cover::Person;
use super::ids::{ListName, MessageId, TargetName};
use super::room::{size, within, written};

/// How many may wait for their letters at a time, and how many of one author; what comes beyond is
/// counted only.
const MOST_WAITING: usize = 8;
const MOST_OF_ONE: usize = 5;

/// Bytes that all of them may take in their record.
const MOST_WRITTEN: usize = 8 * 1024;

/// How long an author is not told: a cover letter of several requests names nothing itself, they
/// come in answer to it; and who sees the slip sends the request at once.
pub(crate) const WAIT: SignedDuration = SignedDuration::from_mins(30);

/// Bytes of a Message-ID, of an address or of a name at most, as they are written.
const LONGEST: usize = 250;

/// Bytes of a subject that are kept.
const LONGEST_SUBJECT: usize = 400;

/// A mail whose subject asks for a pull and whose text names nothing to pull.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NearMiss {
    /// The mail's own Message-ID.
    pub(crate) message_id: MessageId,
    /// The list it came by.
    pub(crate) list: ListName,
    /// Where it would have gone.
    pub(crate) target: TargetName,
    /// The person to answer.
    pub(crate) author: Person,
    /// The subject, decoded and unfolded.
    pub(crate) subject: String,
    /// The first and the last mail of the thread above.
    pub(crate) references: Vec<MessageId>,
    /// When the mailbox received it.
    pub(crate) received_at: Timestamp,
}

impl NearMiss {
    /// The author's address as it is counted.
    fn author_key(&self) -> String {
        self.author.address.to_lowercase()
    }

    /// The same, small enough to wait in the overlay; `None` if what names it is too long for that.
    pub(crate) fn bounded(mut self) -> Option<Self> {
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

/// Has a near miss wait, and says how many are not told for that. Where too many wait, whoever has
/// the most of them gives up the newest one to whoever has fewer: nobody is to crowd others out
/// in somebody's name.
pub(crate) fn admit(waiting: &mut BTreeMap<MessageId, NearMiss>, miss: NearMiss) -> usize {
    if waiting.contains_key(&miss.message_id) {
        return 0;
    }
    let own = waiting.values().filter(|other| other.author_key() == miss.author_key()).count();
    if own >= MOST_OF_ONE {
        return 1;
    }
    let mut untold = 0;
    while waiting.len() >= MOST_WAITING || size(waiting) + size(&miss) > MOST_WRITTEN {
        let Some(newest) = newest_of_a_crowd(waiting, own + 1) else { return untold + 1 };
        waiting.remove(&newest);
        untold += 1;
    }
    waiting.insert(miss.message_id.clone(), miss);
    untold
}

/// The newest one of the author who has the most, if that is more than `fair`.
fn newest_of_a_crowd(waiting: &BTreeMap<MessageId, NearMiss>, fair: usize) -> Option<MessageId> {
    let mut of_each: BTreeMap<String, Vec<&NearMiss>> = BTreeMap::new();
    for miss in waiting.values() {
        of_each.entry(miss.author_key()).or_default().push(miss);
    }
    let crowd = of_each.into_values().max_by_key(Vec::len).filter(|crowd| crowd.len() > fair)?;
    let newest = crowd.into_iter().max_by_key(|miss| (miss.received_at, &miss.message_id))?;
    Some(newest.message_id.clone())
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
    fn who_crowds_gives_way_to_who_does_not() {
        let of = |author: &str, n: i64| NearMiss {
            message_id: format!("{n}@{author}").parse().unwrap(),
            author: Person { name: None, address: format!("{author}@example.org") },
            received_at: Timestamp::from_second(n).unwrap(),
            ..miss()
        };
        let mut waiting = BTreeMap::new();
        let sent = ["alice", "alice", "ALICE", "alice", "alice", "bob", "bob", "bob"];
        for (n, author) in (0..).zip(sent) {
            assert_eq!(admit(&mut waiting, of(author, n)), 0, "{n}");
        }
        assert_eq!(admit(&mut waiting, of("Alice", 8)), 1, "five of one author wait");
        assert_eq!(admit(&mut waiting, of("carol", 9)), 1, "a place for hers");
        assert!(waiting.contains_key(&of("carol", 9).message_id));
        assert!(!waiting.contains_key(&of("alice", 4).message_id), "the newest of the most");
        let of_alice = |miss: &&NearMiss| miss.author_key() == "alice@example.org";
        assert_eq!(waiting.values().filter(of_alice).count(), 4);
        assert_eq!(admit(&mut waiting, of("carol", 9)), 0, "it waits already");
        assert_eq!(admit(&mut waiting, of("carol", 10)), 1);
        assert_eq!(admit(&mut waiting, of("carol", 11)), 1, "nobody has more than a fair share");
        assert!(!waiting.contains_key(&of("carol", 11).message_id));
    }

    #[test]
    fn all_that_wait_fit_into_their_record() {
        let mut waiting = BTreeMap::new();
        for n in 0..20 {
            let mut long = miss();
            long.message_id = format!("{n}@{}", "x".repeat(200)).parse().unwrap();
            long.author.address = format!("{n}@{}", "y".repeat(200));
            long.subject = "\u{1}".repeat(200);
            admit(&mut waiting, long);
        }
        assert!((2..8).contains(&waiting.len()), "{}", waiting.len());
        assert!(size(&waiting) <= MOST_WRITTEN + 1024, "{}", size(&waiting));
    }

    #[test]
    fn what_can_not_be_small_is_none() {
        let id = format!("{}@example.org", "x".repeat(800)).parse().unwrap();
        assert_eq!(NearMiss { message_id: id, ..miss() }.bounded(), None);
        let author = Person { name: None, address: format!("{}@example.org", "x".repeat(800)) };
        assert_eq!(NearMiss { author, ..miss() }.bounded(), None);
    }
}
