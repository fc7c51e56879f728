//! What may happen to a run. It must not say what that means: the stages do.

use super::CiCheck;
use crate::pull::ci_change::CiDifference;
use crate::pull::fault::Fault;
use crate::pull::ids::ObjectId;
use crate::pull::pipeline::{Pipeline, Status};
use crate::pull::tag::{Candidate, ConflictFile};
use crate::pull::verdict::Outcome;

/// A difference in what CI would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CiChange {
    pub(crate) difference: CiDifference,
    /// Required jobs that would no longer run.
    pub(crate) dropped: Vec<String>,
}

/// What a pipeline looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) status: Status,
    /// Whether a job has started.
    pub(crate) started: bool,
    /// Jobs done, and in all, where known.
    pub(crate) progress: Option<(u32, u32)>,
    /// Whether its end is not believed yet.
    pub(crate) unsettled: bool,
}

/// What happened to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunEvent {
    /// Its turn came.
    Began,
    /// The target's tip was read.
    BaseRead(ObjectId),
    /// What was asked for was fetched, and is this.
    Fetched(Candidate),
    /// The merge was made.
    Merged(Candidate),
    /// The merge conflicts.
    Conflicted {
        /// The files.
        files: Vec<ConflictFile>,
        /// How many in all.
        total: u32,
    },
    /// The target has it already.
    AlreadyMerged,
    /// The comparison of what CI runs has come so far.
    CiChecked(CiCheck),
    /// What CI would run was compared: how it differs, if it does.
    CiCompared(Option<CiChange>),
    /// The candidate is on its ref.
    Pushed,
    /// A pipeline is about to be made.
    CreateBegun,
    /// The pipeline exists: made or found.
    Created(Pipeline),
    /// It was looked for, and is not there (yet).
    NotFound,
    /// GitLab refused to make it: none was made.
    NotCreated(Fault),
    /// Somebody moved the ref after the push: the candidate is to be pushed again, once it may.
    Moved(Fault),
    /// The pipeline was looked at, and goes on.
    Seen(Seen),
    /// It is over.
    Ended(Outcome),
    /// A step could not be done now.
    Failed(Fault),
    /// Nobody needs it any more.
    Stopped(Outcome),
    /// Its pipeline is cancelled.
    CancelSent,
    /// Whoever asked was told.
    Written,
    /// Its ref is gone: it is over.
    Forgotten,
}

impl RunEvent {
    /// What kept something from being done.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Failed(fault) | Self::NotCreated(fault) | Self::Moved(fault) => Some(fault),
            _ => None,
        }
    }
}
