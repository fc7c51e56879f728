//! The work that is done for a request, and what each piece of it answers.

use crate::pull::command::Proof;
use crate::pull::cover::Cover;
use crate::pull::ids::{MessageId, ObjectId, PullNumber};
use crate::pull::lineage::OlderTip;
use crate::pull::run::Run;
use crate::pull::signed_tag::PayloadDigest;
use crate::pull::task::tasks;

use super::Pull;
use super::event::{Checked, Examined, Fetched, OutOfPaths, PullEvent};

/// A request, and the run that its verdict rests on.
#[derive(Debug, Clone)]
pub(crate) struct OnPull {
    pub(crate) pull: Pull,
    pub(crate) run: Option<Run>,
}

/// Fetch and pin its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetch;

/// Check its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verify;

/// What a check of a signature came to.
pub(crate) enum Verified {
    Checked(Checked),
    /// The tag that the request is trusted for is no longer kept.
    Lost,
}

/// Find out what its tag's signature covers: its record was made before that was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotePayload;

/// Look how well the senders of its mail and of an earlier mail of the same tag are proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProveSenders {
    /// The earlier request.
    pub(crate) of: PullNumber,
    /// The mail that is answered for that one.
    pub(crate) mail: Box<Cover>,
    /// How well that one's sender is proved, where it is known.
    pub(crate) known: Option<Proof>,
}

/// How well two senders are proved: this request's, and the earlier one's.
pub(crate) struct Senders {
    pub(crate) mine: Proof,
    pub(crate) theirs: Proof,
}

/// Look at its commits, and which of these older tips they contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Examine(pub(crate) Vec<OlderTip>);

/// What a look at commits came to.
pub(crate) enum Commits {
    Examined(Examined),
    OutOfPaths(OutOfPaths),
}

/// Write the letters about a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TellHold;

/// Write the letters about its conclusion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WriteAnswer;

/// Tell the release managers that its author seems to take it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TellRetraction;

/// Tell the release managers that it waits, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TellUnanswered(pub(crate) String);

/// Look whether it has landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LookLanded;

/// Whether a target, at that tip, contains a request.
pub(crate) struct Landing {
    pub(crate) head: ObjectId,
    pub(crate) landed: bool,
}

/// Remove its quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forget;

tasks! {
    /// Work for a request.
    PullWork on OnPull => PullEvent {
        Fetch -> Fetched [Fetches]: |_, fetched| PullEvent::Fetched(fetched);
        Verify -> Verified: |_, verified| match verified {
            Verified::Checked(checked) => PullEvent::Checked(checked),
            Verified::Lost => PullEvent::Lost,
        };
        NotePayload -> PayloadDigest: |_, payload| PullEvent::PayloadNoted(payload);
        ProveSenders -> Senders [Senders]: |task, Senders { mine, theirs }| {
            PullEvent::SendersProved { of: task.of, mine, theirs }
        };
        Examine -> Commits: |_, commits| match commits {
            Commits::Examined(found) => PullEvent::Examined(found),
            Commits::OutOfPaths(found) => PullEvent::OutOfPaths(found),
        };
        TellHold -> Vec<MessageId>: |_, letters| PullEvent::HoldTold(letters);
        WriteAnswer -> Vec<MessageId>: |_, letters| PullEvent::Written(letters);
        TellRetraction -> Vec<MessageId>: |_, letters| PullEvent::RetractionTold(letters);
        TellUnanswered -> Vec<MessageId>: |_, letters| PullEvent::UnansweredTold(letters);
        LookLanded -> Landing [Landings]: |_, Landing { head, landed }| {
            PullEvent::Looked { head, landed }
        };
        Forget -> (): |_, ()| PullEvent::Forgotten;
    }
}

impl PullWork {
    /// Whether it is a notice to the release managers, which must not wait for work that keeps
    /// failing.
    pub(crate) fn is_notice(&self) -> bool {
        matches!(self, Self::TellRetraction(_) | Self::TellUnanswered(_))
    }
}
