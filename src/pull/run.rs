//! The record of a run: one commit on one CI ref with one pipeline, and why it was made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{ObjectId, PipelineId, PullNumber, RunId, TargetName};
use super::pipeline::Status;
use super::policy::TargetPolicy;
use super::retry::Retry;
use super::room::{ROOM, size};
use super::shortening;
use super::tag::Candidate;
use super::verdict::{Outcome, Overdue, PipelineLink};

pub(crate) mod apply;
mod ci;
pub(crate) mod decide;
mod ending;
pub(crate) mod event;
pub(crate) mod situation;
mod stages;
pub(crate) mod work;

pub(crate) use self::ci::CiCheck;

/// A run. It need not belong to a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Its number.
    pub(crate) id: RunId,
    /// Whose CI project and policy it uses.
    pub(crate) target: TargetName,
    /// Why it was made.
    pub(crate) why: Why,
    /// The branch of the CI project it is pushed to, without `refs/heads/`.
    pub(crate) ci_ref: String,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// How far the comparison of what CI runs has come.
    #[serde(default)]
    pub(crate) ci: CiCheck,
    /// Where it stands.
    pub(crate) stage: RunStage,
}

/// On which base the next attempt merges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Plan {
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

/// Why a run was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    /// A request's attempt.
    Attempt {
        /// The request.
        pull: PullNumber,
        /// Which attempt, from 1.
        attempt: u32,
        /// On which base.
        plan: Plan,
    },
    /// `test URL REF SHA`: somebody merged it already and wants it tested.
    Asked {
        /// The answer goes here; `None`: asked at the machine itself, `status` has the answer.
        asker: Option<String>,
        /// Whence to fetch.
        url: String,
        /// What to fetch.
        reference: String,
        /// What it must be.
        sha: ObjectId,
    },
}

/// What is known of a pipeline that is being watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// The last status seen.
    pub(crate) status: Status,
    /// When the pipeline was made, by our clock.
    pub(crate) since: Timestamp,
    /// When the first job was seen to have started.
    pub(crate) first_job_at: Option<Timestamp>,
    /// Since when its status has been `success` or `failed` with evidence that does not fit yet
    /// (GitLab's lists lag): looked at again before it is believed.
    pub(crate) unsettled_since: Option<Timestamp>,
    /// When to look again.
    pub(crate) poll: Retry,
    /// Jobs done, and in all, when last looked at.
    pub(crate) progress: Option<(u32, u32)>,
}

impl Watch {
    /// The deadline that holds now, and what it means when it passes.
    pub(crate) fn limit(&self, target: &TargetPolicy) -> (Timestamp, Overdue) {
        match self.first_job_at {
            None => (self.since + target.start_within, Overdue::NeverStarted),
            Some(first) => (first + target.finish_within, Overdue::StillRunning),
        }
    }
}

/// A pipeline that may exist though nobody needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sought {
    /// What is not there after that was never made.
    pub(crate) until: Timestamp,
    /// When to look.
    pub(crate) retry: Retry,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunStage {
    /// Asked for; waits for its turn.
    Waiting {
        /// Since when.
        since: Timestamp,
    },
    /// Its base is to be read, or what was asked for is to be fetched.
    Planned {
        /// When.
        retry: Retry,
    },
    /// Base and time are recorded: the merge can be made, and made again the same.
    Based {
        /// The target's tip.
        base: ObjectId,
        /// The time in the commit.
        at: Timestamp,
        /// When to merge.
        retry: Retry,
    },
    /// The candidate exists; it is to be pushed.
    Merged {
        /// The candidate.
        candidate: Candidate,
        /// The time in the commit.
        at: Timestamp,
        /// When to push.
        retry: Retry,
    },
    /// The candidate is on its ref; a pipeline is to be made. Recorded before the first try, so
    /// after a crash the bot looks for one first.
    Pushed {
        /// The candidate.
        candidate: Candidate,
        /// The time in the commit.
        at: Timestamp,
        /// When it was pushed.
        since: Timestamp,
        /// When a create was last begun; for 60 s after it the bot only looks.
        tried_at: Option<Timestamp>,
        /// When to go on.
        retry: Retry,
    },
    /// The pipeline exists.
    Started {
        /// The candidate.
        candidate: Candidate,
        /// The time in the commit.
        at: Timestamp,
        /// The pipeline.
        pipeline: PipelineLink,
        /// What is known of it.
        watch: Watch,
    },
    /// It has ended.
    Ended {
        /// The candidate, if it came that far.
        candidate: Option<Candidate>,
        /// The time in the commit, if it came that far.
        merged_at: Option<Timestamp>,
        /// The pipeline it had, if one is known: a later run on the same ref must not adopt it.
        #[serde(default)]
        had: Option<PipelineId>,
        /// Set while a pipeline may have been made whose answer never came: if it shows, it is
        /// cancelled.
        #[serde(default)]
        sought: Option<Sought>,
        /// A pipeline that is to be cancelled because nobody needs it any more.
        cancel: Option<PipelineLink>,
        /// How it ended.
        outcome: Outcome,
        /// When.
        at: Timestamp,
        /// Whether whoever asked was told (a request's attempt tells through the request).
        written: bool,
    },
    /// Its ref is gone from the CI project; only the record is left.
    Closed {
        /// How it ended.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
}

impl RunStage {
    /// The stage in one word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Planned { .. } => "planned",
            Self::Based { .. } => "based",
            Self::Merged { .. } => "merged",
            Self::Pushed { .. } => "pushed",
            Self::Started { .. } => "started",
            Self::Ended { .. } => "ended",
            Self::Closed { .. } => "closed",
        }
    }

    /// The candidate, where there is one.
    pub(crate) fn candidate(&self) -> Option<&Candidate> {
        match self {
            Self::Merged { candidate, .. }
            | Self::Pushed { candidate, .. }
            | Self::Started { candidate, .. } => Some(candidate),
            Self::Ended { candidate, .. } => candidate.as_ref(),
            Self::Waiting { .. }
            | Self::Planned { .. }
            | Self::Based { .. }
            | Self::Closed { .. } => None,
        }
    }
}

impl Run {
    /// How it ended, if it has.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        match &self.stage {
            RunStage::Ended { outcome, .. } | RunStage::Closed { outcome, .. } => Some(outcome),
            RunStage::Waiting { .. }
            | RunStage::Planned { .. }
            | RunStage::Based { .. }
            | RunStage::Merged { .. }
            | RunStage::Pushed { .. }
            | RunStage::Started { .. } => None,
        }
    }

    /// Whether somebody asked for it by `test`.
    pub(crate) fn is_asked(&self) -> bool {
        match self.why {
            Why::Asked { .. } => true,
            Why::Attempt { .. } => false,
        }
    }

    /// The request that it is an attempt of.
    pub(crate) fn of(&self) -> Option<PullNumber> {
        match self.why {
            Why::Attempt { pull, .. } => Some(pull),
            Why::Asked { .. } => None,
        }
    }

    /// Whether its last step failed, so that it is tried again later.
    pub(crate) fn is_failing(&self) -> bool {
        match &self.stage {
            RunStage::Planned { retry }
            | RunStage::Based { retry, .. }
            | RunStage::Merged { retry, .. }
            | RunStage::Pushed { retry, .. } => retry.failures > 0,
            RunStage::Started { watch, .. } => watch.poll.failures > 0,
            RunStage::Waiting { .. } | RunStage::Ended { .. } | RunStage::Closed { .. } => false,
        }
    }

    /// Whether it takes a slot.
    pub(crate) fn occupies(&self) -> bool {
        match &self.stage {
            RunStage::Planned { .. }
            | RunStage::Based { .. }
            | RunStage::Merged { .. }
            | RunStage::Pushed { .. }
            | RunStage::Started { .. } => true,
            RunStage::Waiting { .. } | RunStage::Ended { .. } | RunStage::Closed { .. } => false,
        }
    }
}

impl Run {
    /// Leaves out as much as it takes of what is only shown to people, so that it can be put.
    fn fit(&mut self) {
        while size(self) > ROOM && self.give_way() {}
    }

    fn give_way(&mut self) -> bool {
        match &mut self.stage {
            RunStage::Ended { outcome, .. } | RunStage::Closed { outcome, .. } => {
                shortening::of_outcome(outcome)
            }
            RunStage::Waiting { .. }
            | RunStage::Planned { .. }
            | RunStage::Based { .. }
            | RunStage::Merged { .. }
            | RunStage::Pushed { .. }
            | RunStage::Started { .. } => false,
        }
    }

    /// Its pipeline, while it is being watched.
    pub(crate) fn pipeline(&self) -> Option<&PipelineLink> {
        if let RunStage::Started { pipeline, .. } = &self.stage { Some(pipeline) } else { None }
    }

    /// The pipeline it had last, however it ended.
    pub(crate) fn last_pipeline(&self) -> Option<PipelineId> {
        match &self.stage {
            RunStage::Started { pipeline, .. } => Some(pipeline.id),
            RunStage::Ended { outcome, had, .. } => {
                had.or_else(|| outcome.pipeline().map(|pipeline| pipeline.id))
            }
            RunStage::Closed { outcome, .. } => outcome.pipeline().map(|pipeline| pipeline.id),
            RunStage::Waiting { .. }
            | RunStage::Planned { .. }
            | RunStage::Based { .. }
            | RunStage::Merged { .. }
            | RunStage::Pushed { .. } => None,
        }
    }

    /// The time in its candidate's commit, once it is fixed.
    pub(crate) fn merged_at(&self) -> Option<Timestamp> {
        match &self.stage {
            RunStage::Based { at, .. }
            | RunStage::Merged { at, .. }
            | RunStage::Pushed { at, .. }
            | RunStage::Started { at, .. } => Some(*at),
            RunStage::Ended { merged_at, .. } => *merged_at,
            RunStage::Waiting { .. } | RunStage::Planned { .. } | RunStage::Closed { .. } => None,
        }
    }
}
