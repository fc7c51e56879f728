//! What a letter's Message-ID is made of: the same parts give the same id, so that a letter that was
//! written twice, around a crash, is one letter to every server. What goes into a key must never
//! change: letters that are on their way would be sent a second time.

use sha2::{Digest as _, Sha256};

use super::fault::LetterFault;
use crate::pull::clean;
use crate::pull::ids::{MessageId, ObjectId};
use crate::pull::verdict::Audience;

/// What a letter answers, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(Vec<String>);

impl Key {
    /// Of a letter about a request: `kind` is what it says of it. `attempt`: which attempt it speaks
    /// of; 0 before the first, and where however many attempts have one letter.
    pub(super) fn about_pull(
        mail: &MessageId,
        tag: Option<ObjectId>,
        attempt: u32,
        kind: &str,
    ) -> Self {
        let tag = tag.map(|id| id.to_string()).unwrap_or_default();
        Self::of([mail.to_string(), tag, attempt.to_string(), kind.to_owned()])
    }

    /// Of any other letter.
    pub(super) fn of(parts: impl IntoIterator<Item = String>) -> Self {
        Self(parts.into_iter().collect())
    }

    /// The Message-ID of the letter that this bot writes to that audience. `delivering`: whether
    /// letters are sent to those they are for.
    pub(super) fn id(
        &self,
        from: &lettre::Address,
        audience: Audience,
        delivering: &str,
    ) -> Result<MessageId, LetterFault> {
        let audience = match audience {
            Audience::Thread => "Thread",
            Audience::Author => "Author",
            Audience::Managers => "Managers",
            Audience::Administrator => "Administrator",
            Audience::Asker => "Asker",
        };
        let (first, last) = (from.to_string(), format!("{audience} {delivering}"));
        let parts = self.0.iter().map(String::as_str);
        computed_id(from.domain(), [first.as_str()].into_iter().chain(parts).chain([last.as_str()]))
    }
}

fn computed_id<'a>(
    domain: &str,
    parts: impl IntoIterator<Item = &'a str>,
) -> Result<MessageId, LetterFault> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digits: String = hash.finalize().iter().take(20).map(|b| format!("{b:02x}")).collect();
    format!("gatepost.{digits}@{domain}")
        .parse()
        .map_err(|_| LetterFault::Address { address: clean::cut(&clean::words(domain), 80) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_id_do_not_run_into_each_other() {
        let one = computed_id("a.example", ["ab", "c"]).unwrap();
        assert_ne!(one, computed_id("a.example", ["a", "bc"]).unwrap());
        assert_eq!(one, computed_id("a.example", ["ab", "c"]).unwrap());
        assert!(computed_id("a b", ["x"]).is_err());
    }
}
