//! The record of a pull request: one mail that asks, and all that happens to it. [`apply`] records
//! what happened, [`decide`] says what to do next.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checks::{Check, Problem};
use super::ci_change::CiDifference;
use super::cover::Cover;
use super::ids::{ListName, MessageId, ObjectId, PullNumber, RunId, TargetName};
use super::retry::Retry;
use super::revision::Lineage;
use super::tag::{Pinned, Signer};
use super::verdict::Verdict;

pub mod apply;
mod checking;
pub mod decide;
mod examining;
mod fetching;
mod keeping;
mod ordered;
mod proving;
mod superseding;

/// A pull request. Stored whole; `history` keeps what led here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// Its number.
    pub number: PullNumber,
    /// The list it came by.
    pub list: ListName,
    /// Where it is to go.
    pub target: TargetName,
    /// The mail, read.
    pub cover: Cover,
    /// When the mailbox received it (IMAP INTERNALDATE).
    pub received_at: Timestamp,
    /// When the bot saw it, or a person asked for it again: it is unanswered since then.
    pub seen_at: Timestamp,
    /// Higher goes first; 0 unless a person said otherwise.
    pub priority: i32,
    /// Attempts made or begun.
    pub attempts: u32,
    /// Holds that a person lifted.
    pub approvals: Vec<Approval>,
    /// The target's tip against which it was last looked whether it has landed.
    pub landing_checked: Option<ObjectId>,
    /// The tag object that the request stands for: the first one that was fetched, or one that a
    /// person approved since.
    pub pinned_tag: Option<ObjectId>,
    /// Addresses of the maintainers whose paths it touches, in lower case: of those that the keyring
    /// lists with `paths`. As it was when its commits were last looked at.
    #[serde(default)]
    pub touches: Vec<String>,
    /// When the release managers were told that it is unanswered.
    pub told_unanswered: Option<Timestamp>,
    /// Its place among its revisions.
    pub lineage: Lineage,
    /// Its author's word that it is not wanted any more.
    pub retraction: Option<Retraction>,
    /// Whether its author had it tested again; a maintainer may more than once.
    #[serde(default)]
    pub retested_by_author: bool,
    /// What people wrote down beside it.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// Letters already written about it, by id; a repeated verdict finds its letter here.
    pub letters: Vec<MessageId>,
    /// Where it stands.
    pub stage: Stage,
}

/// An author's word, in a mail that nobody signed, that a request is not wanted any more. It is told
/// to the release managers and cancels nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retraction {
    /// The sentence that says so, cleaned and cut. Untrusted.
    pub said: String,
    /// When the bot saw it.
    pub at: Timestamp,
    /// Whether the release managers were told.
    pub told: bool,
}

/// How many notes a request keeps at most: the newest.
pub const MOST_NOTES: usize = 8;

/// What somebody wrote down beside a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The text, cut.
    pub text: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A tag that a trusted key signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    /// What was fetched.
    pub pinned: Pinned,
    /// Who signed it.
    pub signer: Signer,
    /// When its signature was last held against the keyring; `None`: by a version that did not note
    /// it.
    #[serde(default)]
    pub proved_at: Option<Timestamp>,
}

/// On which base the next attempt merges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// On the target's tip when its turn comes.
    Fresh,
    /// As an earlier attempt did: the same candidate again.
    Again {
        /// The earlier attempt's base.
        base: ObjectId,
        /// The earlier attempt's time, which is in the commit.
        at: Timestamp,
    },
}

/// Why a request is held for a person's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// It was mailed before the bot began to watch (`--since`).
    Backlog,
    /// It was more than seven days old when the bot saw it.
    LateArrival,
    /// Its tag was made more than fourteen days before.
    OldTag {
        /// When the tag says it was made.
        tagged_at: Timestamp,
    },
    /// The key that signed its tag is not in the keyring: a first-time signer.
    UnknownKey {
        /// The key, as the signature gives it.
        key: String,
        /// Whether the signature is proved to be that key's.
        proved: bool,
        /// The tag object.
        tag: ObjectId,
    },
    /// Its tag is another object than the one that was fetched first.
    Moved {
        /// The tag object that was fetched first.
        was: ObjectId,
        /// The tag object now.
        is: ObjectId,
    },
    /// CI would run something else than for the target.
    CiChanged {
        /// The run that found it out.
        run: RunId,
        /// What differs.
        difference: CiDifference,
    },
    /// Its commits have problems that a person has to look at.
    Checks {
        /// Which.
        problems: Vec<Problem>,
    },
}

impl HoldReason {
    /// Whether nothing but a freeze of its target holds it.
    pub fn is_freeze(&self) -> bool {
        let Self::Checks { problems } = self else { return false };
        problems.iter().all(|problem| problem.check == Check::Frozen)
    }
}

/// A person's word that a hold is lifted; bound to the tag object where one was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What was lifted.
    pub reason: HoldReason,
    /// The tag object it was lifted for.
    pub tag: Option<ObjectId>,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Where a request stands. Each stage carries what it knows and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Read; its tag is to be fetched.
    Received {
        /// When to fetch.
        fetch: Retry,
    },
    /// The tag is pinned; its signature is to be checked.
    Fetched {
        /// What was fetched.
        pinned: Pinned,
        /// When to check.
        verify: Retry,
    },
    /// The signer is trusted; its commits are to be looked at.
    Verified {
        /// The trusted tag.
        trusted: Trusted,
        /// When to look.
        check: Retry,
    },
    /// Waits for a person.
    Held {
        /// The trusted tag; `None` where it was held on arrival.
        trusted: Option<Trusted>,
        /// What was fetched, where no known key signed it.
        unproved: Option<Pinned>,
        /// Why.
        reason: HoldReason,
        /// Since when.
        since: Timestamp,
        /// Whether the letters about it are written.
        told: bool,
    },
    /// Waits for its turn.
    Queued {
        /// The trusted tag.
        trusted: Trusted,
        /// On which base.
        plan: Plan,
        /// Since when.
        since: Timestamp,
    },
    /// An attempt is under way.
    Running {
        /// The trusted tag.
        trusted: Trusted,
        /// The attempt's run.
        run: RunId,
    },
    /// Concluded; its letters are to be written and sent.
    Concluded {
        /// The trusted tag, if it came that far.
        trusted: Option<Trusted>,
        /// The conclusion.
        verdict: Verdict,
        /// When.
        at: Timestamp,
        /// Whether the letters are written (they may not be sent yet).
        written: bool,
    },
    /// Whoever had to be told has been told. A retest can still be asked for.
    Answered {
        /// The trusted tag, if it came that far.
        trusted: Option<Trusted>,
        /// The conclusion.
        verdict: Verdict,
        /// When the last letter was accepted.
        at: Timestamp,
    },
    /// Over: nothing is kept for it any more but the record.
    Closed {
        /// The last conclusion.
        verdict: Verdict,
        /// When.
        at: Timestamp,
    },
}

impl Pull {
    /// Who approved that difference in what CI runs, for the very tag that it has now.
    pub fn ci_approved_by(&self, digest: &str) -> Option<&str> {
        let tag = self.stage.trusted()?.pinned.tag.as_ref()?.id;
        let lifts = |approval: &&Approval| match &approval.reason {
            HoldReason::CiChanged { difference, .. } => {
                approval.tag == Some(tag) && difference.digest == digest
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

impl Stage {
    /// The stage in one word, for lists, logs and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Received { .. } => "received",
            Self::Fetched { .. } => "fetched",
            Self::Verified { .. } => "verified",
            Self::Held { .. } => "held",
            Self::Queued { .. } => "queued",
            Self::Running { .. } => "running",
            Self::Concluded { .. } => "concluded",
            Self::Answered { .. } => "answered",
            Self::Closed { .. } => "closed",
        }
    }

    /// The trusted tag, where the stage has one.
    pub fn trusted(&self) -> Option<&Trusted> {
        match self {
            Self::Verified { trusted, .. }
            | Self::Queued { trusted, .. }
            | Self::Running { trusted, .. } => Some(trusted),
            Self::Held { trusted, .. }
            | Self::Concluded { trusted, .. }
            | Self::Answered { trusted, .. } => trusted.as_ref(),
            Self::Received { .. } | Self::Fetched { .. } | Self::Closed { .. } => None,
        }
    }

    /// The conclusion, where there is one.
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Concluded { verdict, .. }
            | Self::Answered { verdict, .. }
            | Self::Closed { verdict, .. } => Some(verdict),
            Self::Received { .. }
            | Self::Fetched { .. }
            | Self::Verified { .. }
            | Self::Held { .. }
            | Self::Queued { .. }
            | Self::Running { .. } => None,
        }
    }
}
