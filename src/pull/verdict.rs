//! What came of a run, and what the bot concludes about a request. Who is told is here too; the
//! words are in `mail::words`.

use serde::{Deserialize, Serialize};

use super::checks::Problem;
use super::ci_change::CiDifference;
use super::ids::{CommitName, ObjectId, PullNumber, RunId};
pub(crate) use super::jobs::{Breakdown, BrokenJob, Evidence, FailedJob, NoResult, PipelineLink};
use super::signer::Objection;
use super::tag::{ConflictFile, Verification};

/// Why a finished or blocked pipeline proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shortfall {
    /// Somebody or something cancelled it.
    Canceled,
    /// Nothing ran.
    Skipped,
    /// It waits for a person to start a manual job.
    Manual {
        /// The jobs that wait.
        jobs: Vec<String>,
    },
    /// GitLab says success, but no job ran.
    Empty,
    /// GitLab says success, but required jobs did not run to success.
    RequiredMissing {
        /// The jobs by name.
        jobs: Vec<String>,
    },
    /// GitLab says failed, but no failed job is to be found.
    NoFailedJob {
        /// GitLab's complaint about the CI configuration, where that is the reason.
        yaml_errors: Option<String>,
    },
}

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Overdue {
    /// No job ever started.
    NeverStarted,
    /// Jobs started, and were not done in time.
    StillRunning,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// GitLab says success and the evidence is whole.
    Passed(Evidence),
    /// Jobs failed by the code's fault.
    Failed(Evidence),
    /// CI itself did not get it tested: its runners or GitLab failed, or it can't be said who did.
    Infrastructure(Breakdown),
    /// The tag does not merge.
    Conflict {
        /// The target's tip it was merged onto.
        base: ObjectId,
        /// The files, twenty at most.
        files: Vec<ConflictFile>,
        /// How many files in all.
        total: u32,
    },
    /// The target has it already: nothing to test, nothing to say.
    AlreadyMerged,
    /// CI would run something else than for the target: the request is held.
    CiChanged(CiDifference),
    /// A deadline passed.
    TimedOut {
        /// The pipeline.
        pipeline: PipelineLink,
        /// Which deadline.
        overdue: Overdue,
        /// How long it had, in seconds.
        allowed: u64,
        /// Jobs not done, with the tags that those wait for which have not started: a line each,
        /// ten of them and one for the others at most.
        unfinished: Vec<String>,
        /// Where others started: those that never did, likewise.
        #[serde(default)]
        waiting: Vec<String>,
        /// How many jobs gave no result.
        #[serde(default)]
        no_result: NoResult,
    },
    /// The pipeline ended without proving anything.
    Incomplete {
        /// The pipeline.
        pipeline: PipelineLink,
        /// Why.
        why: Shortfall,
    },
    /// The test could not be made: GitLab or git refused, or could not be reached for too long.
    Impossible {
        /// One sentence for the release managers; nothing secret in it.
        why: String,
    },
    /// A person stopped it.
    Cancelled {
        /// Who.
        by: String,
    },
}

/// Why a request never came to a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refusal {
    /// The signature does not prove a trusted signer. Never holds `Verification::Good`.
    Signature(Verification),
    /// The signature is good, but not for this mail.
    Signer(Objection),
    /// Its commits have problems, not all of which a person may approve.
    Checks(Vec<Problem>),
    /// A person refused it.
    Person {
        /// Who.
        by: String,
        /// Why, in the person's words.
        reason: String,
        /// Whether its signer was trusted by then: then the list is told, too.
        proved: bool,
    },
    /// What was fetched is no tag that could carry a signature.
    NoTag {
        /// What it is.
        kind: NoTag,
        /// The commit it leads to.
        tip: ObjectId,
    },
    /// The URL is not one the bot may fetch from.
    UrlNotAllowed {
        /// One sentence, fit for the author.
        why: String,
    },
    /// The ref was not there for two hours.
    RefMissing,
    /// The ref leads elsewhere than the mail says, for two hours.
    TipMismatch {
        /// What the mail says.
        asked: CommitName,
        /// What the ref leads to.
        found: ObjectId,
    },
    /// The repository could not be fetched, for two hours or for good.
    Unfetchable {
        /// One sentence, fit for the author.
        why: String,
    },
}

/// What a request names instead of an annotated tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoTag {
    /// A branch.
    Branch,
    /// A lightweight tag.
    Lightweight,
}

/// What the bot concludes about a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It was tested, or the test failed to happen; the run's record has the rest.
    Tested {
        /// The run.
        run: RunId,
        /// How it ended.
        outcome: Outcome,
    },
    /// It was refused before any test.
    Refused {
        /// Why.
        why: Refusal,
        /// Whether the author may be told: the keyring or the list's submitters know the sender
        /// (strangers get no answer: it would be backscatter), and the list lets it be told.
        sender_known: bool,
    },
    /// It has landed in the target.
    Landed,
    /// A person stopped it.
    Cancelled {
        /// Who.
        by: String,
    },
    /// The same signed tag was mailed before: that request goes on, this one says nothing.
    Repeated {
        /// The earlier request.
        of: PullNumber,
    },
    /// A person wants it left alone.
    Ignored {
        /// Who.
        by: String,
    },
    /// A later revision stands in its place: that one is answered, this one says nothing.
    Superseded {
        /// The later request.
        by: PullNumber,
    },
}

/// To whom a letter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Audience {
    /// The author, with the list in Cc, on the thread.
    Thread,
    /// The author alone, on the thread.
    Author,
    /// The release managers.
    Managers,
    /// The administrator.
    Administrator,
    /// Whoever asked for a run by `test`.
    Asker,
}

impl Verdict {
    /// Who is told; `None` where silence is the answer.
    pub(crate) fn audience(&self) -> Option<Audience> {
        match self {
            Self::Tested { outcome, .. } => outcome.audience(),
            // Who signed it is proved, and that the mail is theirs.
            Self::Refused { why: Refusal::Checks(_), .. } => Some(Audience::Thread),
            Self::Refused { why: Refusal::Person { proved: true, .. }, .. } => {
                Some(Audience::Thread)
            }
            Self::Refused { sender_known, .. } => sender_known.then_some(Audience::Author),
            Self::Landed
            | Self::Cancelled { .. }
            | Self::Ignored { .. }
            | Self::Repeated { .. }
            | Self::Superseded { .. } => None,
        }
    }
}

impl Outcome {
    /// Who is told of a request's attempt that ended so.
    pub(crate) fn audience(&self) -> Option<Audience> {
        match self {
            Self::Passed(_) | Self::Failed(_) | Self::Conflict { .. } => Some(Audience::Thread),
            Self::TimedOut { overdue: Overdue::StillRunning, .. } => Some(Audience::Thread),
            Self::TimedOut { overdue: Overdue::NeverStarted, .. } => Some(Audience::Managers),
            Self::Infrastructure(_) | Self::Incomplete { .. } | Self::Impossible { .. } => {
                Some(Audience::Managers)
            }
            // The request is held, and the letters about that are the hold's.
            Self::AlreadyMerged | Self::CiChanged(_) | Self::Cancelled { .. } => None,
        }
    }

    /// The pipeline it rests on, where there was one.
    pub(crate) fn pipeline(&self) -> Option<&PipelineLink> {
        match self {
            Self::Passed(evidence) | Self::Failed(evidence) => Some(&evidence.pipeline),
            Self::Infrastructure(breakdown) => Some(&breakdown.pipeline),
            Self::TimedOut { pipeline, .. } | Self::Incomplete { pipeline, .. } => Some(pipeline),
            Self::Conflict { .. }
            | Self::AlreadyMerged
            | Self::CiChanged(_)
            | Self::Impossible { .. }
            | Self::Cancelled { .. } => None,
        }
    }

    /// The target's tip that it did not merge onto, if that is how it ended.
    pub(crate) fn base(&self) -> Option<ObjectId> {
        match self {
            Self::Conflict { base, .. } => Some(*base),
            Self::Passed(_)
            | Self::Failed(_)
            | Self::Infrastructure(_)
            | Self::AlreadyMerged
            | Self::CiChanged(_)
            | Self::TimedOut { .. }
            | Self::Incomplete { .. }
            | Self::Impossible { .. }
            | Self::Cancelled { .. } => None,
        }
    }

    /// Whether jobs of its pipeline were still to run, or running, when it ended so.
    pub(crate) fn leaves_jobs(&self) -> bool {
        match self {
            Self::TimedOut { .. } => true,
            Self::Passed(evidence) | Self::Failed(evidence) => evidence.no_result.is_open(),
            Self::Infrastructure(breakdown) => breakdown.allowed.is_some(),
            Self::Conflict { .. }
            | Self::AlreadyMerged
            | Self::CiChanged(_)
            | Self::Incomplete { .. }
            | Self::Impossible { .. }
            | Self::Cancelled { .. } => false,
        }
    }

    /// The outcome in one word, for headers, JSON and lists.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Failed(_) => "failed",
            Self::Infrastructure(_) => "infrastructure",
            Self::Conflict { .. } => "conflict",
            Self::AlreadyMerged => "already-merged",
            Self::CiChanged(_) => "ci-changed",
            Self::TimedOut { .. } => "timed-out",
            Self::Incomplete { .. } => "incomplete",
            Self::Impossible { .. } => "impossible",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

impl Verdict {
    /// The verdict in one word, for headers, JSON and lists.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Tested { outcome, .. } => outcome.word(),
            Self::Refused { .. } => "refused",
            Self::Landed => "landed",
            Self::Cancelled { .. } => "cancelled",
            Self::Ignored { .. } => "ignored",
            Self::Repeated { .. } => "repeated",
            Self::Superseded { .. } => "superseded",
        }
    }
}
