//! What GitLab says about a pipeline and its jobs, in the rules' own types. It must not judge:
//! `evidence` does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{JobId, ObjectId, PipelineId};

/// GitLab's status words for pipelines and jobs (GitLab's REST API, "Pipelines" and "Jobs").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) enum Status {
    /// Jobs exist, none queued.
    Created,
    /// A resource group is busy.
    WaitingForResource,
    /// An environment is being prepared.
    Preparing,
    /// Waits for an outside service.
    WaitingForCallback,
    /// Waits for a runner.
    Pending,
    /// At work.
    Running,
    /// Blocked until a person starts a manual job.
    Manual,
    /// Waits for a set time.
    Scheduled,
    /// Being stopped.
    Canceling,
    /// Done, well.
    Success,
    /// Done, badly.
    Failed,
    /// Stopped.
    Canceled,
    /// Nothing ran.
    Skipped,
    /// A word this version does not know; treated as "wait".
    Unknown(String),
}

impl Status {
    /// GitLab's own word.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::WaitingForResource => "waiting_for_resource",
            Self::Preparing => "preparing",
            Self::WaitingForCallback => "waiting_for_callback",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Manual => "manual",
            Self::Scheduled => "scheduled",
            Self::Canceling => "canceling",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Skipped => "skipped",
            Self::Unknown(word) => word,
        }
    }
}

impl From<String> for Status {
    fn from(word: String) -> Self {
        match word.as_str() {
            "created" => Self::Created,
            "waiting_for_resource" => Self::WaitingForResource,
            "preparing" => Self::Preparing,
            "waiting_for_callback" => Self::WaitingForCallback,
            "pending" => Self::Pending,
            "running" => Self::Running,
            "manual" => Self::Manual,
            "scheduled" => Self::Scheduled,
            "canceling" => Self::Canceling,
            "success" => Self::Success,
            "failed" => Self::Failed,
            "canceled" => Self::Canceled,
            "skipped" => Self::Skipped,
            _ => Self::Unknown(word),
        }
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.word().to_owned()
    }
}

/// A pipeline as GitLab describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pipeline {
    /// GitLab's `id`.
    pub(crate) id: PipelineId,
    /// The commit it runs on.
    pub(crate) sha: ObjectId,
    /// The branch it runs for, without `refs/heads/`.
    pub(crate) reference: String,
    /// Why GitLab made it: `api`, `push`, …
    pub(crate) source: String,
    /// Its status.
    pub(crate) status: Status,
    /// Where people look at it.
    pub(crate) web_url: String,
    /// When it was made.
    pub(crate) created_at: Option<Timestamp>,
    /// When its first job started.
    pub(crate) started_at: Option<Timestamp>,
    /// GitLab's complaint about the CI configuration, if any.
    pub(crate) yaml_errors: Option<String>,
}

/// What a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobKind {
    /// A job that a runner runs; it has a trace.
    Build,
    /// A trigger job; its downstream pipeline's URL and status if it has one.
    Bridge {
        /// The downstream pipeline's page.
        downstream_url: Option<String>,
        /// The downstream pipeline's status.
        downstream_status: Option<Status>,
    },
    /// A status that somebody posted to the commit.
    External,
}

/// A job of a pipeline, its latest attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// GitLab's `id`.
    pub(crate) id: JobId,
    /// Its name in the CI configuration.
    pub(crate) name: String,
    /// Its stage.
    pub(crate) stage: String,
    /// Its status.
    pub(crate) status: Status,
    /// Whether its failure is to be overlooked (the project's own choice).
    pub(crate) allow_failure: bool,
    /// GitLab's `failure_reason`, on failed jobs.
    pub(crate) failure_reason: Option<String>,
    /// Where people look at it.
    pub(crate) web_url: String,
    /// The runner's architecture (`amd64`, `s390x`, …) once a runner took it.
    pub(crate) architecture: Option<String>,
    /// The runner tags the job asks for.
    pub(crate) tags: Vec<String>,
    /// When it started.
    pub(crate) started_at: Option<Timestamp>,
    /// Seconds it ran.
    pub(crate) duration: Option<u64>,
    /// What it is.
    pub(crate) kind: JobKind,
}
