//! What records and letters have of a pipeline's jobs: how many ended how, which of them failed,
//! and which CI itself did not get to a result. It must not judge: `evidence` does.

use serde::{Deserialize, Serialize};

use super::ids::PipelineId;

/// A pipeline as letters name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PipelineLink {
    /// GitLab's number.
    pub(crate) id: PipelineId,
    /// Its page.
    pub(crate) url: String,
}

/// A job that failed, with what a letter says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FailedJob {
    /// Its name.
    pub(crate) name: String,
    /// Its page.
    pub(crate) url: String,
    /// The runner's architecture, where GitLab says it.
    pub(crate) architecture: Option<String>,
    /// GitLab's `failure_reason`.
    pub(crate) reason: Option<String>,
    /// The end of its log, cleaned: 15 lines at most, each at most 300 characters.
    pub(crate) log: Vec<String>,
}

/// What a finished pipeline showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    /// The pipeline.
    pub(crate) pipeline: PipelineLink,
    /// How many jobs gave a result: they succeeded, or failed by the code's fault.
    pub(crate) jobs: u32,
    /// Names of jobs that failed by the code's fault and may (`allow_failure`).
    pub(crate) allowed_failures: Vec<String>,
    /// Jobs that failed by the code's fault and may not: the first twelve, of which three at most
    /// carry a log.
    pub(crate) failed: Vec<FailedJob>,
    /// How many of those there are in all.
    pub(crate) failed_total: u32,
    /// Names of jobs that failed, but not by the code's fault: the first twelve.
    #[serde(default)]
    pub(crate) broken: Vec<String>,
    /// How many jobs gave no result.
    #[serde(default)]
    pub(crate) no_result: NoResult,
}

impl Evidence {
    /// Of how many jobs some failed. Records from before cancelled jobs were told apart count them
    /// as failed, but not among the jobs.
    pub(crate) fn of_jobs(&self) -> u32 {
        self.jobs.max(self.failed_total)
    }
}

/// How many jobs gave no result, and why. Manual jobs that may be left alone are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NoResult {
    /// Failed, but not by the code's fault.
    pub(crate) broken: u32,
    /// Cancelled in GitLab.
    pub(crate) cancelled: u32,
    /// Skipped by GitLab, mostly because a job before them failed.
    pub(crate) skipped: u32,
    /// Started, and not done when the time was up.
    pub(crate) not_done: u32,
    /// No runner took them.
    pub(crate) never_started: u32,
}

impl NoResult {
    /// Whether some were still to run, or running.
    pub(crate) fn is_open(&self) -> bool {
        self.not_done > 0 || self.never_started > 0
    }
}

/// A job that failed, but not by the code's fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BrokenJob {
    /// Its name.
    pub(crate) name: String,
    /// Its page.
    pub(crate) url: String,
    /// GitLab's `failure_reason`, where it gives one.
    pub(crate) reason: Option<String>,
    /// The runner tags it asks for, in one text.
    pub(crate) tags: String,
}

/// Why CI itself did not get a pipeline to a verdict on the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Breakdown {
    /// The pipeline.
    pub(crate) pipeline: PipelineLink,
    /// Jobs that failed, but not by the code's fault: the first twelve, those first that may not
    /// fail.
    pub(crate) broken: Vec<BrokenJob>,
    /// Set where the pipeline's time was up: how long it had, in seconds.
    pub(crate) allowed: Option<u64>,
    /// Jobs that had not started by then, with the tags they wait for: a line each, ten of them and
    /// one for the others at most.
    pub(crate) waiting: Vec<String>,
    /// How many jobs gave no result.
    pub(crate) no_result: NoResult,
}
