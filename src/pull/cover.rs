//! What a cover letter asks for: its request block and the facts of its mail. It must not judge
//! them; the reader in `mail` fills it, the rules read it. What it takes in a record is bounded: a
//! mail must not be able to make a record that can't be put.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{CommitName, MessageId};
use super::room::written;

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
    pub(crate) fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.address)
    }
}

/// The request block: what `git request-pull` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The repository's URL as the mail gives it. Untrusted; the policy is in the git adapter.
    pub(crate) url: String,
    /// The ref as the mail gives it: `tags/x`, `refs/tags/x`, or a bare name.
    pub(crate) reference: String,
    /// "The following changes since commit", where the mail says it.
    pub(crate) base: Option<CommitName>,
    /// "for you to fetch changes up to", where the mail says it.
    pub(crate) tip: Option<CommitName>,
}

impl Request {
    /// The ref's name without `refs/tags/` or `tags/`.
    pub(crate) fn tag_name(&self) -> &str {
        let short = self.reference.strip_prefix("refs/").unwrap_or(&self.reference);
        short.strip_prefix("tags/").unwrap_or(short)
    }
}

/// A cover letter: a mail that asks for a pull, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cover {
    /// The mail's own Message-ID.
    pub(crate) message_id: MessageId,
    /// The subject, decoded and unfolded, as it came.
    pub(crate) subject: String,
    /// What stood in the subject's leading brackets, in order: `PULL v2 00/12`.
    pub(crate) prefixes: Vec<String>,
    /// The revision: 1 unless the subject says another.
    pub(crate) revision: u32,
    /// The person to answer (Reply-To where the list munged From).
    pub(crate) author: Person,
    /// The thread above the mail: References, then In-Reply-To, oldest first, without doubles.
    pub(crate) references: Vec<MessageId>,
    /// The Date header. The sender's claim; deadlines never rest on it.
    pub(crate) date: Option<Timestamp>,
    /// What is asked.
    pub(crate) request: Request,
}

/// How many bytes a cover letter may take in a record.
const MOST: usize = 5 * 1024;

/// How many it may take as the second one of a record.
const MOST_OF_SECOND: usize = 2 * 1024;

/// How many characters of a subject are kept.
const LONGEST_SUBJECT: usize = 300;

impl Cover {
    /// The cover letter with what would make its record too large left out: the end of a subject,
    /// the middle of a thread. `None` if it is too large even so.
    pub(crate) fn bounded(self) -> Option<Self> {
        self.bounded_to(MOST)
    }

    /// The same, to stand beside another cover letter in one record.
    pub(crate) fn bounded_beside(self) -> Option<Self> {
        self.bounded_to(MOST_OF_SECOND)
    }

    fn bounded_to(mut self, most: usize) -> Option<Self> {
        self.subject = self.subject.chars().take(LONGEST_SUBJECT).collect();
        let Request { url, reference, .. } = &self.request;
        let person = self.author.name.as_deref().unwrap_or_default();
        let texts = [self.message_id.as_str(), &self.subject, person, &self.author.address];
        let rest = texts.into_iter().chain([url.as_str(), reference]);
        let rest = rest.chain(self.prefixes.iter().map(String::as_str));
        let listed = |text: &str| written(text) + 3;
        let mut left = most.checked_sub(rest.map(listed).sum())?;
        // The first names the thread, the last ones are what is answered.
        let mut kept = Vec::new();
        let mut above = self.references.into_iter();
        let first = above.next();
        for id in first.into_iter().chain(above.rev()) {
            left = match left.checked_sub(listed(id.as_str())) {
                Some(left) => left,
                None => break,
            };
            kept.push(id);
        }
        kept.get_mut(1..).unwrap_or_default().reverse();
        self.references = kept;
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover(references: usize) -> Cover {
        let id = |n: usize| format!("{n}.{}@example.org", "x".repeat(80)).parse().unwrap();
        Cover {
            message_id: "m@example.org".parse().unwrap(),
            subject: "[PULL] block".into(),
            prefixes: vec!["PULL".into()],
            revision: 1,
            author: Person { name: None, address: "alice@example.org".into() },
            references: (0..references).map(id).collect(),
            date: None,
            request: Request {
                url: "https://git.example.org/x.git".into(),
                reference: "tags/x".into(),
                base: None,
                tip: None,
            },
        }
    }

    #[test]
    fn a_usual_cover_letter_stays_as_it_is() {
        assert_eq!(cover(9).bounded(), Some(cover(9)));
    }

    #[test]
    fn a_long_thread_keeps_its_first_and_its_last() {
        let (whole, kept) = (cover(500), cover(500).bounded().unwrap());
        assert!(kept.references.len() > 10 && kept.references.len() < 60);
        assert_eq!(kept.references.first(), whole.references.first());
        assert_eq!(kept.references.last(), whole.references.last());
        assert!(
            kept.references
                .is_sorted_by_key(|id| { whole.references.iter().position(|known| known == id) })
        );
    }

    #[test]
    fn what_is_too_large_even_so_is_none() {
        let mut huge = cover(0);
        huge.request.url = "x".repeat(9_000);
        assert_eq!(huge.bounded(), None);
    }
}
