//! What a pipeline and its jobs prove. Nothing but "passed" is ever a pass: GitLab says success
//! *and* jobs ran, none required is missing, none is left over. Nothing but a job that failed by the
//! code's fault is a failure; a job that a runner or GitLab broke, or that no runner took, proves
//! nothing.

use super::failure::{Blame, blame};
use super::jobs::{Breakdown, BrokenJob, Evidence, FailedJob, NoResult, PipelineLink};
use super::pipeline::{Job, JobKind, Pipeline, Status};
use super::verdict::{Outcome, Overdue, Shortfall};

/// How many failed jobs are named.
const NAMED: usize = 12;

/// How many unfinished jobs are named.
const UNFINISHED: usize = 10;

/// Characters of a name, and of a job's tags, where no log is looked up by it: records stay small.
const SHORT: usize = 80;

/// Bytes of a page's address; a longer one is left out.
const LONGEST_URL: usize = 300;

/// What a look at a pipeline showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It goes on.
    GoesOn,
    /// GitLab says it is over, but its lists do not fit that (yet): look again.
    Unsettled,
    /// It is over. Failed jobs carry no logs yet.
    Over(Outcome),
}

/// What a deadline says, if one has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// Which.
    pub(crate) overdue: Overdue,
    /// How long it was, in seconds.
    pub(crate) allowed: u64,
}

/// Judges a pipeline by itself and its jobs. `settled`: believe an end even if the evidence does
/// not fit.
pub(crate) fn judge(
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
            Some(deadline) => Judgement::Over(overdue(link, jobs, deadline)),
        },
    }
}

/// Whether a status is worth fetching the jobs for.
pub(crate) fn needs_jobs(status: &Status) -> bool {
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
    let stands_against =
        |job: &Job| is_open(job) || is_hard(job, &[Status::Failed, Status::Canceled]);
    let contradicted = jobs.iter().any(stands_against);
    let empty = !jobs.iter().any(has_result);
    let missing: Vec<String> = required
        .iter()
        .filter(|name| !jobs.iter().any(|j| &j.name == *name && j.status == Status::Success))
        .take(NAMED)
        .cloned()
        .collect();
    if (contradicted || empty || !missing.is_empty()) && !settled {
        return Judgement::Unsettled;
    }
    if empty {
        return short(pipeline, Shortfall::Empty);
    }
    if !missing.is_empty() {
        return short(pipeline, Shortfall::RequiredMissing { jobs: missing });
    }
    if contradicted {
        let jobs = names(jobs, stands_against);
        return short(pipeline, Shortfall::RequiredMissing { jobs });
    }
    Judgement::Over(Outcome::Passed(evidence(pipeline, jobs)))
}

fn failed(link: PipelineLink, pipeline: &Pipeline, jobs: &[Job], settled: bool) -> Judgement {
    if jobs.iter().any(fails_by_the_code) {
        return Judgement::Over(Outcome::Failed(evidence(link, jobs)));
    }
    let broke = jobs.iter().any(|job| is_hard(job, &[Status::Failed]));
    // While a job is not over, GitLab's lists lag: it may be the one that the code fails.
    let fits = (broke || pipeline.yaml_errors.is_some()) && !jobs.iter().any(is_open);
    if !fits && !settled {
        return Judgement::Unsettled;
    }
    if broke {
        return Judgement::Over(Outcome::Infrastructure(breakdown(link, jobs, None)));
    }
    let cancelled = jobs.iter().any(|job| is_hard(job, &[Status::Canceled]));
    match &pipeline.yaml_errors {
        None if cancelled => short(link, Shortfall::Canceled),
        yaml_errors => short(link, Shortfall::NoFailedJob { yaml_errors: yaml_errors.clone() }),
    }
}

/// What a pipeline shows whose time is up. What already failed by the code's fault counts; a job
/// that has not started waits for a runner or for other jobs, and can't hang because of the code.
fn overdue(pipeline: PipelineLink, jobs: &[Job], deadline: Deadline) -> Outcome {
    if jobs.iter().any(fails_by_the_code) {
        return Outcome::Failed(evidence(pipeline, jobs));
    }
    let Deadline { overdue, allowed } = deadline;
    let some_started = jobs.iter().any(|job| is_open(job) && has_started(job));
    let (unfinished, waiting) = match overdue {
        Overdue::NeverStarted => (open_jobs(jobs, |_| true), Vec::new()),
        Overdue::StillRunning if some_started => {
            (open_jobs(jobs, has_started), open_jobs(jobs, |job| !has_started(job)))
        }
        Overdue::StillRunning => {
            return Outcome::Infrastructure(breakdown(pipeline, jobs, Some(allowed)));
        }
    };
    Outcome::TimedOut {
        pipeline,
        overdue,
        allowed,
        unfinished,
        waiting,
        no_result: no_result(jobs),
    }
}

fn evidence(pipeline: PipelineLink, jobs: &[Job]) -> Evidence {
    let failed = |job: &&Job| fails_by_the_code(job);
    let may_fail = |job: &Job| job.allow_failure && job.status == Status::Failed && !is_broken(job);
    let broken = jobs.iter().filter(|job| is_broken(job)).take(NAMED);
    Evidence {
        pipeline,
        jobs: count(jobs, has_result),
        allowed_failures: names(jobs, may_fail),
        failed_total: count(jobs, fails_by_the_code),
        failed: jobs.iter().filter(failed).take(NAMED).map(failed_job).collect(),
        broken: broken.map(|job| shortened(&job.name)).collect(),
        no_result: no_result(jobs),
    }
}

/// `allowed`: how long the pipeline had, where its time was up.
fn breakdown(pipeline: PipelineLink, jobs: &[Job], allowed: Option<u64>) -> Breakdown {
    let mut broken: Vec<&Job> = jobs.iter().filter(|job| is_broken(job)).collect();
    broken.sort_by_key(|job| job.allow_failure);
    Breakdown {
        pipeline,
        broken: broken.into_iter().take(NAMED).map(broken_job).collect(),
        allowed,
        waiting: open_jobs(jobs, |job| !has_started(job)),
        no_result: no_result(jobs),
    }
}

fn no_result(jobs: &[Job]) -> NoResult {
    NoResult {
        broken: count(jobs, is_broken),
        cancelled: count(jobs, |job| job.status == Status::Canceled),
        skipped: count(jobs, |job| job.status == Status::Skipped),
        not_done: count(jobs, |job| is_open(job) && has_started(job)),
        never_started: count(jobs, |job| is_open(job) && !has_started(job)),
    }
}

fn count(jobs: &[Job], which: impl Fn(&Job) -> bool) -> u32 {
    u32::try_from(jobs.iter().filter(|job| which(job)).count()).unwrap_or(u32::MAX)
}

fn failed_job(job: &Job) -> FailedJob {
    FailedJob {
        name: job.name.clone(),
        url: page(job).to_owned(),
        architecture: job.architecture.clone(),
        reason: job.failure_reason.clone(),
        log: Vec::new(),
    }
}

fn broken_job(job: &Job) -> BrokenJob {
    BrokenJob {
        name: shortened(&job.name),
        url: Some(page(job)).filter(|url| url.len() <= LONGEST_URL).unwrap_or_default().to_owned(),
        reason: job.failure_reason.as_deref().map(shortened),
        tags: shortened(&job.tags.join(", ")),
    }
}

/// Where people look at it.
fn page(job: &Job) -> &str {
    match &job.kind {
        JobKind::Bridge { downstream_url: Some(url), .. } => url,
        JobKind::Bridge { downstream_url: None, .. } | JobKind::Build | JobKind::External => {
            &job.web_url
        }
    }
}

/// Jobs that are not over: those first that wait for a runner and not for other jobs.
fn open_jobs(jobs: &[Job], which: impl Fn(&Job) -> bool) -> Vec<String> {
    let mut open: Vec<&Job> = jobs.iter().filter(|job| is_open(job) && which(job)).collect();
    open.sort_by_key(|job| job.status == Status::Created);
    let more = open.len().saturating_sub(UNFINISHED);
    let mut lines: Vec<String> = open.into_iter().take(UNFINISHED).map(open_job).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn open_job(job: &Job) -> String {
    let (name, word) = (shortened(&job.name), shortened(job.status.word()));
    if has_started(job) || job.tags.is_empty() {
        return format!("{name} ({word})");
    }
    format!("{name} ({word}; wants a runner with {})", shortened(&job.tags.join(", ")))
}

fn shortened(text: &str) -> String {
    text.chars().take(SHORT).collect()
}

fn names(jobs: &[Job], which: impl Fn(&Job) -> bool) -> Vec<String> {
    jobs.iter().filter(|job| which(job)).take(NAMED).map(|job| job.name.clone()).collect()
}

fn is_over(job: &Job) -> bool {
    matches!(job.status, Status::Success | Status::Failed | Status::Canceled | Status::Skipped)
}

/// Whether it has yet to end, and the pipeline with it.
fn is_open(job: &Job) -> bool {
    !is_over(job) && !is_optional(job)
}

/// Whether a runner has ever taken it.
fn has_started(job: &Job) -> bool {
    job.started_at.is_some() || matches!(job.status, Status::Running | Status::Canceling)
}

fn has_result(job: &Job) -> bool {
    job.status == Status::Success || (job.status == Status::Failed && !is_broken(job))
}

/// A manual job that may be left alone.
fn is_optional(job: &Job) -> bool {
    job.allow_failure && matches!(job.status, Status::Manual | Status::Scheduled)
}

fn is_blocking_manual(job: &Job) -> bool {
    job.status == Status::Manual && !job.allow_failure
}

/// Whether it has one of these ends and may not.
fn is_hard(job: &Job, ends: &[Status]) -> bool {
    !job.allow_failure && ends.contains(&job.status)
}

fn fails_by_the_code(job: &Job) -> bool {
    is_hard(job, &[Status::Failed]) && !is_broken(job)
}

/// Whether it failed, but not by the code's fault as far as GitLab says.
fn is_broken(job: &Job) -> bool {
    job.status == Status::Failed
        && match blame(job) {
            Blame::Code => false,
            Blame::Infrastructure | Blame::Inconclusive => true,
        }
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
