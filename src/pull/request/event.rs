//! What may happen to a request: what its work answers, what people order, what follows from other
//! records. It must not say what that means: the stages do.

use super::Adopted;
use crate::pull::checks::Series;
use crate::pull::command::Proof;
use crate::pull::fault::Fault;
use crate::pull::ids::{MessageId, ObjectId, PullNumber, RunId};
use crate::pull::run::Plan;
use crate::pull::signed_tag::PayloadDigest;
use crate::pull::tag::{Facts, Pinned, Verification};
use crate::pull::verdict::Outcome;

/// Why a fetch brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FetchTrouble {
    /// The policy forbids the URL.
    NotAllowed {
        /// One sentence for the author.
        why: String,
    },
    /// There is no such ref.
    RefMissing,
    /// The ref leads to something else than a commit.
    NotACommit,
    /// Something else.
    Fault(Fault),
}

/// What came of a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) found: Result<Pinned, FetchTrouble>,
    /// Whether the sender may be told of it.
    pub(crate) sender_known: bool,
}

/// Files that a request changes and its signer may not submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutOfPaths {
    /// The first of them.
    pub(crate) files: Vec<String>,
    pub(crate) total: u32,
    /// Whether the sender may be told of it.
    pub(crate) sender_known: bool,
}

/// What a check of a signature found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) verification: Verification,
    /// What the signature covers; `None` where there is no tag object.
    pub(crate) payload: Option<PayloadDigest>,
    /// An earlier request by which a person decided that this very tag is not wanted, and which
    /// is over.
    pub(crate) unwanted_by: Option<PullNumber>,
    /// Whether the keyring has the sender's address.
    pub(crate) sender_known: bool,
}

/// What a look at a request's commits found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Examined {
    pub(crate) facts: Facts,
    /// Older requests whose tips its own contains.
    pub(crate) contains: Vec<PullNumber>,
    /// What its commits are like; `None` where the target has them already.
    pub(crate) series: Option<Box<Series>>,
    /// Addresses of the maintainers whose paths it touches.
    pub(crate) touches: Vec<String>,
}

/// A person's command about one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ordered {
    /// Its hold is lifted.
    Approve {
        /// Who.
        by: String,
    },
    /// It is to be tested again.
    Retest {
        /// On which base.
        plan: Plan,
        /// Who.
        by: String,
        /// Whether that is its author, and nobody who may ask more than once.
        only_author: bool,
    },
    /// It is stopped.
    Cancel {
        /// Who.
        by: String,
    },
    /// It is refused in public.
    Refuse {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// It is left alone for good.
    Ignore {
        /// Who.
        by: String,
    },
    /// It gets another place in the queue.
    Priority {
        /// Higher goes first.
        priority: i32,
        /// Who.
        by: String,
    },
    /// Something is written down beside it.
    Note {
        /// The text.
        text: String,
        /// Who.
        by: String,
    },
}

/// What happened to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PullEvent {
    /// Its tag was fetched, or could not be.
    Fetched(Fetched),
    /// Its signature was checked.
    Checked(Checked),
    /// The tag that it is trusted for is not kept any more.
    Lost,
    /// Its commits were looked at.
    Examined(Examined),
    /// A later revision of it is verified.
    Superseded {
        /// That request.
        by: PullNumber,
    },
    /// Its author said that it is not wanted any more.
    Retracted {
        /// The sentence.
        said: String,
    },
    /// The release managers were told so.
    RetractionTold(Vec<MessageId>),
    /// It changes files that its signer may not submit.
    OutOfPaths(OutOfPaths),
    /// The same tag was mailed before.
    Repeated {
        /// By that request.
        of: PullNumber,
    },
    /// It was looked who sent the mails of this and of another request for the same tag.
    SendersProved {
        /// The other request.
        of: PullNumber,
        /// How well this one's sender is proved.
        mine: Proof,
        /// How well the other's is.
        theirs: Proof,
    },
    /// A better proved sender mailed the same tag: that mail is answered.
    Adopted {
        /// The mail.
        adopted: Box<Adopted>,
        /// How well its sender is proved.
        proof: Proof,
    },
    /// What the signature of its tag covers was found out afterwards.
    PayloadNoted(PayloadDigest),
    /// A local step could not be done now.
    Failed(Fault),
    /// The letters about a hold are written.
    HoldTold(Vec<MessageId>),
    /// Its turn came.
    Began(RunId),
    /// Its attempt ended.
    Ended(Outcome),
    /// The letters about its conclusion are written (none, where silence is the answer).
    Written(Vec<MessageId>),
    /// They are all sent.
    Sent,
    /// The release managers were told that it waits.
    UnansweredTold(Vec<MessageId>),
    /// It was looked whether it has landed.
    Looked {
        /// The target's tip then.
        head: ObjectId,
        /// Whether it has.
        landed: bool,
    },
    /// A person gave a command about it.
    Ordered(Ordered),
    /// The freeze that held it is over.
    FreezeEnded,
    /// Its quarantine is gone: it is over.
    Forgotten,
}

impl PullEvent {
    /// What kept something from being done.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Failed(fault)
            | Self::Fetched(Fetched { found: Err(FetchTrouble::Fault(fault)), .. }) => Some(fault),
            _ => None,
        }
    }
}
