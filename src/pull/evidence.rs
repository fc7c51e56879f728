//! What a pipeline and its jobs prove. Nothing but "passed" is ever a pass: GitLab says success
//! *and* jobs ran, none required is missing, none is left over.

use super::pipeline::{Job, JobKind, Pipeline, Status};
use super::verdict::{Evidence, FailedJob, Outcome, Overdue, PipelineLink, Shortfall};

/// How many failed jobs are named.
const NAMED: usize = 12;

/// What a look at a pipeline showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It goes on.
    GoesOn,
    /// GitLab says it is over, but its lists do not fit that (yet): look again.
    Unsettled,
    /// It is over. Failed jobs carry no logs yet.
    Over(Outcome),
}

/// What a deadline says, if one has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// Which.
    pub overdue: Overdue,
    /// How long it was, in seconds.
    pub allowed: u64,
}

/// Judges a pipeline by itself and its jobs. `settled`: believe an end even if the evidence does
/// not fit.
pub fn judge(
    pipeline: &Pipeline,
    jobs: &[Job],
    required: &[String],
    deadline: Option<Deadline>,
    settled: bool,
) -> Judgement {
    let link = PipelineLink { id: pipeline.id, url: pipeline.web_url.clone() };
    match &pipeline.status {
        Status::Success => passed(link, jobs, required, settled),
        Status::Failed => failed(link, pipeline, jobs, settled),
        Status::Canceled => short(link, Shortfall::Canceled),
        Status::Skipped => short(link, Shortfall::Skipped),
        Status::Manual => short(link, Shortfall::Manual { jobs: names(jobs, is_blocking_manual) }),
        Status::Created
        | Status::WaitingForResource
        | Status::Preparing
        | Status::WaitingForCallback
        | Status::Pending
        | Status::Running
        | Status::Scheduled
        | Status::Canceling
        | Status::Unknown(_) => match deadline {
            None => Judgement::GoesOn,
            Some(deadline) => Judgement::Over(Outcome::TimedOut {
                pipeline: link,
                overdue: deadline.overdue,
                allowed: deadline.allowed,
                unfinished: unfinished(jobs),
            }),
        },
    }
}

/// Whether a status is worth fetching the jobs for.
pub fn needs_jobs(status: &Status) -> bool {
    match status {
        Status::Success | Status::Failed | Status::Canceled | Status::Skipped | Status::Manual => {
            true
        }
        Status::Created
        | Status::WaitingForResource
        | Status::Preparing
        | Status::WaitingForCallback
        | Status::Pending
        | Status::Running
        | Status::Scheduled
        | Status::Canceling
        | Status::Unknown(_) => false,
    }
}

fn short(pipeline: PipelineLink, why: Shortfall) -> Judgement {
    Judgement::Over(Outcome::Incomplete { pipeline, why })
}

fn passed(pipeline: PipelineLink, jobs: &[Job], required: &[String], settled: bool) -> Judgement {
    let left_over = jobs.iter().any(|job| !is_over(job) && !is_optional(job));
    let broken = jobs.iter().any(is_hard_failure);
    let ran = jobs.iter().filter(|job| ran(job)).count();
    let missing: Vec<String> = required
        .iter()
        .filter(|name| !jobs.iter().any(|j| &j.name == *name && j.status == Status::Success))
        .take(NAMED)
        .cloned()
        .collect();
    if (left_over || broken || ran == 0 || !missing.is_empty()) && !settled {
        return Judgement::Unsettled;
    }
    if ran == 0 {
        return short(pipeline, Shortfall::Empty);
    }
    if !missing.is_empty() {
        return short(pipeline, Shortfall::RequiredMissing { jobs: missing });
    }
    if left_over || broken {
        let jobs = names(jobs, |job| is_hard_failure(job) || (!is_over(job) && !is_optional(job)));
        return short(pipeline, Shortfall::RequiredMissing { jobs });
    }
    Judgement::Over(Outcome::Passed(evidence(pipeline, jobs)))
}

fn failed(link: PipelineLink, pipeline: &Pipeline, jobs: &[Job], settled: bool) -> Judgement {
    if jobs.iter().any(is_hard_failure) {
        return Judgement::Over(Outcome::Failed(evidence(link, jobs)));
    }
    if !settled && pipeline.yaml_errors.is_none() {
        return Judgement::Unsettled;
    }
    short(link, Shortfall::NoFailedJob { yaml_errors: pipeline.yaml_errors.clone() })
}

fn evidence(pipeline: PipelineLink, jobs: &[Job]) -> Evidence {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let failed: Vec<&Job> = jobs.iter().filter(|job| is_hard_failure(job)).collect();
    Evidence {
        pipeline,
        jobs: count(jobs.iter().filter(|job| ran(job)).count()),
        allowed_failures: names(jobs, |job| job.allow_failure && job.status == Status::Failed),
        failed_total: count(failed.len()),
        failed: failed.into_iter().take(NAMED).map(failed_job).collect(),
    }
}

fn failed_job(job: &Job) -> FailedJob {
    let url = match &job.kind {
        JobKind::Bridge { downstream_url: Some(url), .. } => url.clone(),
        JobKind::Bridge { downstream_url: None, .. } | JobKind::Build | JobKind::External => {
            job.web_url.clone()
        }
    };
    FailedJob {
        name: job.name.clone(),
        url,
        architecture: job.architecture.clone(),
        reason: job.failure_reason.clone(),
        log: Vec::new(),
    }
}

/// Jobs not done: names, and the tags they wait for; ten at most.
fn unfinished(jobs: &[Job]) -> Vec<String> {
    jobs.iter()
        .filter(|job| !is_over(job) && !is_optional(job))
        .take(10)
        .map(|job| match (&job.status, job.tags.is_empty()) {
            (Status::Pending | Status::Created, false) => {
                format!(
                    "{} ({}; wants a runner with {})",
                    job.name,
                    job.status.word(),
                    job.tags.join(", ")
                )
            }
            _ => format!("{} ({})", job.name, job.status.word()),
        })
        .collect()
}

fn names(jobs: &[Job], which: impl Fn(&Job) -> bool) -> Vec<String> {
    jobs.iter().filter(|job| which(job)).take(NAMED).map(|job| job.name.clone()).collect()
}

fn is_over(job: &Job) -> bool {
    matches!(job.status, Status::Success | Status::Failed | Status::Canceled | Status::Skipped)
}

fn ran(job: &Job) -> bool {
    matches!(job.status, Status::Success | Status::Failed)
}

/// A manual job that may be left alone.
fn is_optional(job: &Job) -> bool {
    job.allow_failure && matches!(job.status, Status::Manual | Status::Scheduled)
}

fn is_blocking_manual(job: &Job) -> bool {
    job.status == Status::Manual && !job.allow_failure
}

fn is_hard_failure(job: &Job) -> bool {
    !job.allow_failure && matches!(job.status, Status::Failed | Status::Canceled)
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
