//! The record of a pull request: one mail that asks, and all that happens to it. [`apply`] records
//! what happened, [`decide`] says what to do next.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::Proof;
use super::cover::Cover;
use super::hold::HoldReason;
use super::ids::{ListName, MessageId, ObjectId, PullNumber, TargetName};
use super::lineage::Lineage;
use super::signed_tag::{PayloadDigest, SignedTag};
use super::tag::{Pinned, Signer, Tag};

pub(crate) use self::stage::Stage;

pub(crate) mod apply;
mod commit_checks;
pub(crate) mod decide;
mod ending;
pub(crate) mod event;
mod freeze;
mod keeping;
mod ordered;
mod repeating;
pub(crate) mod situation;
mod stage;
mod stages;
mod superseding;
mod trust;
pub(crate) mod unproved;
pub(crate) mod work;

/// A pull request. Stored whole; `history` keeps what led here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pull {
    /// Its number.
    pub(crate) number: PullNumber,
    /// The list it came by.
    pub(crate) list: ListName,
    /// Where it is to go.
    pub(crate) target: TargetName,
    /// The mail, read.
    pub(crate) cover: Cover,
    /// When the mailbox received it (IMAP INTERNALDATE).
    pub(crate) received_at: Timestamp,
    /// When the bot saw it, or a person asked for it again: it is unanswered since then.
    pub(crate) seen_at: Timestamp,
    /// Higher goes first; 0 unless a person said otherwise.
    pub(crate) priority: i32,
    /// Attempts made or begun.
    pub(crate) attempts: u32,
    /// Holds that a person lifted.
    pub(crate) approvals: Vec<Approval>,
    /// The target's tip against which it was last looked whether it has landed.
    pub(crate) landing_checked: Option<ObjectId>,
    /// The tag object that the request stands for: the first one that was fetched, or one that a
    /// person approved since.
    pub(crate) pinned_tag: Option<ObjectId>,
    /// What the signature of that tag object covers, once it was looked at: another object with the
    /// same payload is the same tag.
    #[serde(default)]
    pub(crate) pinned_payload: Option<PayloadDigest>,
    /// The signed tag that it asks for, once a trusted signature was verified. Kept when trust is
    /// dropped: what was decided about this tag holds for it however often it is mailed.
    #[serde(default)]
    pub(crate) signed: Option<SignedTag>,
    /// How well the sender of the mail that is answered is proved; looked at only where the same tag
    /// was mailed more than once.
    #[serde(default)]
    pub(crate) proof: Option<Proof>,
    /// The mail that is answered instead of its own.
    #[serde(default)]
    pub(crate) adopted: Option<Box<Adopted>>,
    /// Addresses of the maintainers whose paths it touches, in lower case: of those that the keyring
    /// lists with `paths`. As it was when its commits were last looked at.
    #[serde(default)]
    pub(crate) touches: Vec<String>,
    /// When the release managers were told that it is unanswered.
    pub(crate) told_unanswered: Option<Timestamp>,
    /// Its place among its revisions.
    pub(crate) lineage: Lineage,
    /// Its author's word that it is not wanted any more.
    pub(crate) retraction: Option<Retraction>,
    /// Whether its author had it tested again; a maintainer may more than once.
    #[serde(default)]
    pub(crate) retested_by_author: bool,
    /// What people wrote down beside it.
    #[serde(default)]
    pub(crate) notes: Vec<Note>,
    /// Letters already written about it, by id; a repeated verdict finds its letter here.
    pub(crate) letters: Vec<MessageId>,
    /// Where it stands.
    pub(crate) stage: Stage,
}

/// Another mail that asks for the same signed tag, by a sender who is better proved than the one of
/// the first mail. Letters answer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Adopted {
    /// The request that it made.
    pub(crate) by: PullNumber,
    /// The list it came by.
    pub(crate) list: ListName,
    /// The mail, read.
    pub(crate) cover: Cover,
}

/// An author's word, in a mail that nobody signed, that a request is not wanted any more. It is told
/// to the release managers and cancels nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retraction {
    /// The sentence that says so, cleaned and cut. Untrusted.
    pub(crate) said: String,
    /// When the bot saw it.
    pub(crate) at: Timestamp,
    /// Whether the release managers were told.
    pub(crate) told: bool,
}

/// How many notes a request keeps at most: the newest.
pub(crate) const MOST_NOTES: usize = 8;

/// What somebody wrote down beside a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The text, cut.
    pub(crate) text: String,
    /// Who.
    pub(crate) by: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// A tag that a trusted key signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trusted {
    /// What was fetched.
    pub(crate) pinned: Pinned,
    /// Who signed it.
    pub(crate) signer: Signer,
    /// When its signature was last held against the keyring; `None`: by a version that did not note
    /// it.
    #[serde(default)]
    pub(crate) proved_at: Option<Timestamp>,
}

/// A person's word that a hold is lifted; bound to the tag object where one was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// What was lifted.
    pub(crate) reason: HoldReason,
    /// The tag object it was lifted for.
    pub(crate) tag: Option<ObjectId>,
    /// What that tag's signature covers.
    #[serde(default)]
    pub(crate) payload: Option<PayloadDigest>,
    /// Who said so.
    pub(crate) by: String,
    /// When.
    pub(crate) at: Timestamp,
}

impl Approval {
    /// Whether it was given for that tag, whichever object carries it.
    pub(crate) fn is_for(&self, tag: &Tag) -> bool {
        match (self.payload, tag.payload) {
            (Some(approved), Some(payload)) => approved == payload,
            (None, _) | (_, None) => self.tag == Some(tag.id),
        }
    }
}

impl Pull {
    /// The mail that is answered.
    pub(crate) fn mail(&self) -> &Cover {
        self.adopted.as_ref().map_or(&self.cover, |adopted| &adopted.cover)
    }

    /// The list that the answered mail came by.
    pub(crate) fn mail_list(&self) -> &ListName {
        self.adopted.as_ref().map_or(&self.list, |adopted| &adopted.list)
    }

    /// Whether a mail is this request's: its own, or the one that is answered instead.
    pub(crate) fn is_mail(&self, id: &MessageId) -> bool {
        self.cover.message_id == *id || self.mail().message_id == *id
    }

    /// Who approved that difference in what CI runs, for the very tag that it has now.
    pub(crate) fn ci_approved_by(&self, digest: &str) -> Option<&str> {
        let tag = self.stage.trusted()?.pinned.tag.as_ref()?;
        let lifts = |approval: &&Approval| match &approval.reason {
            HoldReason::CiChanged { difference, .. } => {
                approval.is_for(tag) && difference.digest == digest
            }
            HoldReason::Backlog
            | HoldReason::LateArrival
            | HoldReason::OldTag { .. }
            | HoldReason::UnknownKey { .. }
            | HoldReason::Moved { .. }
            | HoldReason::Checks { .. } => false,
        };
        self.approvals.iter().find(lifts).map(|approval| approval.by.as_str())
    }
}
