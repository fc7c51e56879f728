//! What a fetch pinned, and what its signature proved. It must not say what follows from that:
//! `decide` does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::ObjectId;
use super::room::within;
use super::signed_tag::PayloadDigest;
pub(crate) use super::signer::Signer;

/// A fetched ref, pinned by object id: what the request means from now on, wherever the ref moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pinned {
    /// The full ref it was found under, `refs/tags/x`.
    pub(crate) reference: String,
    /// The commit it leads to.
    pub(crate) tip: ObjectId,
    /// The annotated tag; `None` for a lightweight tag or a branch, which carry no signature.
    pub(crate) tag: Option<Tag>,
}

/// An annotated tag object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    /// The tag object's own id.
    pub(crate) id: ObjectId,
    /// What its signature covers, once that was looked at. A record made before 0.2 lacks it until
    /// the tag is looked at again.
    #[serde(default)]
    pub(crate) payload: Option<PayloadDigest>,
    /// The name inside the object, which a signature covers (the ref's name it does not), cut.
    pub(crate) name: String,
    /// The tagger line's person, `Name <address>`, cut.
    pub(crate) tagger: String,
    /// The tagger line's time: the signer's claim.
    pub(crate) tagged_at: Option<Timestamp>,
    /// The text without its signature, lossily decoded, at most 8 KiB as it is written here.
    pub(crate) message: String,
}

/// What came of checking a tag's signature against the keyring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verification {
    /// Good at signature time and now, by a key in the keyring.
    Good(Signer),
    /// No signature: a tag without one, a lightweight tag, or a branch.
    Unsigned,
    /// The signature does not fit the content.
    Bad {
        /// One clause, for people.
        why: String,
    },
    /// A signature by a key that is not in the keyring.
    UnknownKey {
        /// The key's fingerprint or id, as the signature gives it.
        key: String,
        /// Whether the signature is proved to be that key's: an SSH signature carries its key, an
        /// OpenPGP signature can't be checked without the certificate.
        proved: bool,
    },
    /// A good signature by a key that is in the keyring, but that no maintainer there has.
    NotListed {
        /// The key's fingerprint.
        key: String,
        /// What the key itself says whose it is.
        owner: String,
    },
    /// The key has expired, at signature time or since.
    Expired {
        /// The key's fingerprint.
        key: String,
        /// One clause, for people.
        why: String,
    },
    /// The key is revoked.
    Revoked {
        /// The key's fingerprint.
        key: String,
        /// One clause, for people.
        why: String,
    },
    /// The algorithms are too weak to believe.
    Weak {
        /// One clause, for people.
        why: String,
    },
    /// The tag object's own name is not the ref's.
    NameMismatch {
        /// The name inside the signed object.
        signed: String,
        /// The name of the ref it was found under.
        found: String,
    },
}

/// Bytes of a full ref that is looked for. Few file systems have names of more than 255.
pub(crate) const LONGEST_REFERENCE: usize = 500;

/// Bytes of a tag's text that a record keeps, as they are written.
const TEXT: usize = 8 * 1024;

/// Bytes of a name, a person or a key.
const NAME: usize = 250;

/// Bytes of a clause that says why.
const CLAUSE: usize = 600;

impl Tag {
    /// Whether this is the other tag, whichever objects carry them. Of a tag whose payload was never
    /// looked at only the object's id is known.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self.payload, other.payload) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (None, _) | (_, None) => self.id == other.id,
        }
    }

    /// The same with each text cut to what a record holds: git sets no bound to any of them.
    #[must_use]
    pub(crate) fn bounded(self) -> Self {
        Self {
            name: within(&self.name, NAME),
            tagger: within(&self.tagger, NAME),
            message: within(&self.message, TEXT),
            ..self
        }
    }
}

impl Verification {
    /// The same with each text cut to what a record holds: whoever signs chooses what stands in a
    /// tag, in a signature and in a certificate.
    #[must_use]
    pub(crate) fn bounded(self) -> Self {
        let name = |text: String| within(&text, NAME);
        let clause = |text: String| within(&text, CLAUSE);
        match self {
            Self::Good(signer) => Self::Good(signer.bounded()),
            Self::Unsigned => Self::Unsigned,
            Self::Bad { why } => Self::Bad { why: clause(why) },
            Self::UnknownKey { key, proved } => Self::UnknownKey { key: name(key), proved },
            Self::NotListed { key, owner } => {
                Self::NotListed { key: name(key), owner: name(owner) }
            }
            Self::Expired { key, why } => Self::Expired { key: name(key), why: clause(why) },
            Self::Revoked { key, why } => Self::Revoked { key: name(key), why: clause(why) },
            Self::Weak { why } => Self::Weak { why: clause(why) },
            Self::NameMismatch { signed, found } => {
                Self::NameMismatch { signed: name(signed), found: name(found) }
            }
        }
    }
}

/// A merge that was made: the thing that is tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Candidate {
    /// The target's tip that it was merged onto; `None` where a release manager made the merge.
    pub(crate) base: Option<ObjectId>,
    /// The merge commit.
    pub(crate) commit: ObjectId,
    /// Its tree.
    pub(crate) tree: ObjectId,
}

/// One file that did not merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConflictFile {
    /// Its path.
    pub(crate) path: String,
    /// What kind: "both changed", "changed here, deleted in the request", …
    pub(crate) kind: String,
    /// The target's newest commits since the merge base that touched it: short id and subject,
    /// three at most.
    pub(crate) touched_by: Vec<String>,
}

/// How far the target has moved since a candidate's base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Drift {
    /// The target's tip now.
    pub(crate) head: ObjectId,
    /// Commits on the target since the base (first-parent or not: all of them).
    pub(crate) commits: u32,
    /// Files that both those commits and the candidate change, at most ten.
    pub(crate) same_files: Vec<String>,
}

/// Facts about a request's commits, found before any CI minute is spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// The tip is an ancestor of the target already.
    pub(crate) already_merged: bool,
    /// How many commits it would bring.
    pub(crate) commits: u32,
    /// The target's tip that this was found against.
    pub(crate) head: ObjectId,
}
