//! The work that is done for a run, and what each piece of it answers.

use crate::pull::fault::Fault;
use crate::pull::ids::ObjectId;
use crate::pull::pipeline::Pipeline;
use crate::pull::tag::{Candidate, ConflictFile, Pinned};
use crate::pull::task::tasks;
use crate::pull::verdict::{Outcome, Overdue, PipelineLink};

use super::event::{CiChange, RunEvent, Seen};
use super::{CiCheck, Run};

/// A run, what it merges, and other runs on the same branch, whose commits may be replaced and
/// whose pipelines are passed over.
#[derive(Debug, Clone)]
pub(crate) struct OnRun {
    pub(crate) run: Run,
    pub(crate) part: Option<Part>,
    pub(crate) earlier: Vec<Run>,
}

/// A request's trusted tag, to be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) pinned: Pinned,
    /// Where its mail says that it is.
    pub(crate) url: String,
}

/// Read the target's tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadBase;

/// Fetch what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FetchAsked;

/// The commit that was asked for, or why it can't be tested.
pub(crate) enum Asked {
    Found(Candidate),
    Impossible(String),
}

/// Make the merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Merge;

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Merged {
    /// The candidate, written in the quarantine.
    Candidate(Candidate),
    /// It conflicts; the files by path, twenty at most, and how many in all.
    Conflict { files: Vec<ConflictFile>, total: u32 },
    /// The base contains the tip.
    NothingNew,
}

/// Put the target's tip on its branch, and ask what CI would run for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LintTarget;

/// Push the candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Push;

/// Ask what CI would run for the candidate, and compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompareCi;

/// Look for its pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LookForPipeline;

/// Make its pipeline; `CreateBegun` must be put first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Create;

/// What came of making a pipeline.
pub(crate) enum Creation {
    Made(Pipeline),
    /// Surely none was made.
    Refused(Fault),
    /// Somebody moved the branch after the push.
    Moved(Fault),
}

/// Look at its pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Poll {
    /// The deadline that has passed, if one has.
    pub(crate) overdue: Option<Overdue>,
    /// Whether an end is to be believed even if its evidence does not fit.
    pub(crate) settled: bool,
}

/// What a look at a pipeline came to.
pub(crate) enum Polled {
    GoesOn(Seen),
    Over(Outcome),
}

/// Cancel its pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cancel(pub(crate) PipelineLink);

/// Tell whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WriteAnswer;

/// Delete its branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forget;

tasks! {
    /// Work for a run.
    RunWork on OnRun => RunEvent {
        ReadBase -> ObjectId: |_, base| RunEvent::BaseRead(base);
        FetchAsked -> Asked [Fetches]: |_, asked| match asked {
            Asked::Found(candidate) => RunEvent::Fetched(candidate),
            Asked::Impossible(why) => RunEvent::Ended(Outcome::Impossible { why }),
        };
        Merge -> Merged: |_, merged| match merged {
            Merged::Candidate(candidate) => RunEvent::Merged(candidate),
            Merged::Conflict { files, total } => RunEvent::Conflicted { files, total },
            Merged::NothingNew => RunEvent::AlreadyMerged,
        };
        LintTarget -> CiCheck: |_, check| RunEvent::CiChecked(check);
        Push -> (): |_, ()| RunEvent::Pushed;
        CompareCi -> Option<CiChange>: |_, change| RunEvent::CiCompared(change);
        LookForPipeline -> Option<Pipeline>: |_, found| {
            found.map_or(RunEvent::NotFound, RunEvent::Created)
        };
        Create -> Creation: |_, creation| match creation {
            Creation::Made(pipeline) => RunEvent::Created(pipeline),
            Creation::Refused(fault) => RunEvent::NotCreated(fault),
            Creation::Moved(fault) => RunEvent::Moved(fault),
        };
        Poll -> Polled: |_, polled| match polled {
            Polled::GoesOn(seen) => RunEvent::Seen(seen),
            Polled::Over(outcome) => RunEvent::Ended(outcome),
        };
        Cancel -> (): |_, ()| RunEvent::CancelSent;
        WriteAnswer -> (): |_, ()| RunEvent::Written;
        Forget -> (): |_, ()| RunEvent::Forgotten;
    }
}
