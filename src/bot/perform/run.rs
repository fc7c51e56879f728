//! Effects for a run: base, fetch, merge, push, the pipeline's making and watching, its end.

use jiff::SignedDuration;

use crate::bot::ports::Ports;
use crate::mail::trace;
use crate::ports::{
    Fault, FaultKind, FetchOrder, FetchRefused, FileName, MergeOrder, Merged, Pipelines, Quarantine,
};
use crate::pull::evidence::{Deadline, Judgement, judge, needs_jobs};
use crate::pull::ids::{ObjectId, PipelineId};
use crate::pull::pipeline::{Job, JobKind, Pipeline, Status};
use crate::pull::policy::{Policy, TargetPolicy};
use crate::pull::request::Pull;
use crate::pull::room::{first_within, within};
use crate::pull::run::apply::RunEvent;
use crate::pull::run::decide::RunAction;
use crate::pull::run::{Run, RunStage, Why};
use crate::pull::tag::{Candidate, ConflictFile};
use crate::pull::verdict::{Outcome, Overdue};
use crate::pull::world::Happened;

use super::{Result, alert, keep};

mod branch;
mod ci;

/// How many failed jobs a reply shows the log of, and how many lines of each.
const LOGS: usize = 3;
const LOG_LINES: usize = 15;

/// How many bytes of a log's end a record holds, as they are written there.
const LOG_BYTES: usize = 2_500;

/// How many conflicting files a record names.
const FILES: usize = 20;

/// How far GitLab's clock may be from ours.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(10);

/// How much of a trace is fetched: its end.
const TRACE_CAP: u64 = 1024 * 1024;

pub(super) fn perform(
    ports: &Ports,
    policy: &Policy,
    run: &Run,
    pull: Option<&Pull>,
    action: &RunAction,
    earlier: &[Run],
) -> Result {
    let (Some(target), Some(pipelines)) =
        (policy.targets.get(&run.target), ports.pipelines.get(&run.target))
    else {
        return failed(&Fault::misconfigured(format!(
            "Run {} belongs to target {}, which the configuration no longer has.",
            run.id, run.target
        )));
    };
    let pipelines = pipelines.as_ref();
    match action {
        RunAction::ReadBase => match ports.repository.target_head(&run.target) {
            Ok(head) => happened(RunEvent::BaseRead(head)),
            Err(fault) => failed(&fault),
        },
        RunAction::Fetch => fetch(ports, run),
        RunAction::Merge => merge(ports, run, pull),
        RunAction::LintTarget => ci::lint_target(ports, pipelines, target, run, earlier),
        RunAction::Push => branch::push(ports, run, earlier),
        RunAction::CompareCi => ci::compare(ports, pipelines, target, run, pull),
        RunAction::Look => look(pipelines, run, earlier),
        RunAction::Create => create(pipelines, run, earlier),
        RunAction::Poll { overdue, settled } => {
            let deadline = overdue.map(|overdue| deadline(target, overdue));
            poll(ports, pipelines, target, run, deadline, *settled)
        }
        RunAction::Cancel(pipeline) => match pipelines.cancel(pipeline.id) {
            Ok(()) => happened(RunEvent::CancelSent),
            Err(fault) => failed(&fault),
        },
        RunAction::Answer => answer(ports, run),
        RunAction::Forget => branch::forget(ports, run),
        // Pure; the world has taken it already.
        RunAction::Begin => Result::of(Happened::Nothing),
    }
}

fn happened(event: RunEvent) -> Result {
    Result::of(Happened::Run(event))
}

fn failed(fault: &Fault) -> Result {
    let told = alert("Testing does not work", fault);
    happened(RunEvent::Failed(fault.shortened())).alerting(told)
}

fn quarantine(run: &Run) -> Quarantine {
    match run.why {
        Why::Attempt { pull, .. } => Quarantine::Pull(pull),
        Why::Asked { .. } => Quarantine::Run(run.id),
    }
}

fn fetch(ports: &Ports, run: &Run) -> Result {
    let Why::Asked { url, reference, sha, .. } = &run.why else {
        return Result::of(Happened::Nothing);
    };
    let into = quarantine(run);
    let order = FetchOrder {
        into,
        target: run.target.clone(),
        url: url.clone(),
        reference: reference.clone(),
        base: None,
    };
    let impossible = |why: String| happened(RunEvent::Ended(Outcome::Impossible { why }));
    match ports.repository.fetch(&order) {
        Ok(pinned) if pinned.tip != *sha => impossible(format!(
            "{reference} of {url} is {}, not the {sha} that was asked for.",
            pinned.tip
        )),
        Ok(pinned) => match ports.repository.as_candidate(into, &run.target, pinned.tip) {
            Ok(candidate) => happened(RunEvent::Fetched(candidate)),
            Err(fault) => failed(&fault),
        },
        Err(FetchRefused::NotAllowed { why }) => impossible(why),
        Err(FetchRefused::RefMissing) => impossible(format!("{url} has no {reference}.")),
        Err(FetchRefused::NotACommit) => impossible(format!("{reference} is not a commit.")),
        Err(FetchRefused::Fault(fault)) => failed(&fault),
    }
}

fn merge(ports: &Ports, run: &Run, pull: Option<&Pull>) -> Result {
    let trusted = pull.and_then(|pull| pull.stage.trusted().map(|trusted| (pull, trusted)));
    let (Some((pull, trusted)), RunStage::Based { base, at, .. }) = (trusted, &run.stage) else {
        return failed(&Fault::permanent("The request's tag is no longer there to merge."));
    };
    let order = MergeOrder {
        from: quarantine(run),
        target: run.target.clone(),
        base: *base,
        pinned: trusted.pinned.clone(),
        url: pull.mail().request.url.clone(),
        at: *at,
    };
    match ports.repository.merge(&order) {
        Ok(Merged::Candidate(candidate)) => happened(RunEvent::Merged(candidate)),
        Ok(Merged::Conflict { files, total }) => {
            let files = files.into_iter().take(FILES).map(shortened).collect();
            happened(RunEvent::Conflicted { files, total })
        }
        Ok(Merged::NothingNew) => happened(RunEvent::AlreadyMerged),
        Err(fault) => failed(&fault),
    }
}

/// A file as a record holds it: whatever paths and subjects people think of, records stay small.
fn shortened(file: ConflictFile) -> ConflictFile {
    ConflictFile {
        path: within(&file.path, 150),
        kind: within(&file.kind, 60),
        touched_by: file.touched_by.iter().take(3).map(|line| within(line, 80)).collect(),
    }
}

/// The pipeline of this very attempt, if GitLab shows one: the newest of ours on that ref for that
/// commit which no earlier attempt had.
fn existing(
    pipelines: &dyn Pipelines,
    run: &Run,
    candidate: &Candidate,
    earlier: &[Run],
) -> std::result::Result<Option<Pipeline>, Fault> {
    let taken: Vec<PipelineId> = earlier.iter().filter_map(Run::last_pipeline).collect();
    let found = pipelines.find(&run.ci_ref, candidate.commit)?;
    // A pipeline from before this run was made is another run's, remembered or not.
    let earliest = run.created_at - CLOCKS_DIFFER;
    let ours = |pipeline: &Pipeline| {
        !taken.contains(&pipeline.id) && pipeline.created_at.is_none_or(|at| at >= earliest)
    };
    Ok(found.into_iter().find(ours))
}

fn look(pipelines: &dyn Pipelines, run: &Run, earlier: &[Run]) -> Result {
    let Some(candidate) = run.stage.candidate() else { return Result::of(Happened::Nothing) };
    match existing(pipelines, run, candidate, earlier) {
        Ok(Some(pipeline)) => happened(RunEvent::Created(pipeline)),
        Ok(None) => happened(RunEvent::NotFound),
        Err(fault) => failed(&fault),
    }
}

fn create(pipelines: &dyn Pipelines, run: &Run, earlier: &[Run]) -> Result {
    let Some(candidate) = run.stage.candidate() else { return Result::of(Happened::Nothing) };
    match existing(pipelines, run, candidate, earlier) {
        Ok(Some(pipeline)) => return happened(RunEvent::Created(pipeline)),
        Ok(None) => {}
        // Nothing was sent that could have made one.
        Err(fault) => {
            let told = alert("Testing does not work", &fault);
            return happened(RunEvent::NotCreated(fault.shortened())).alerting(told);
        }
    }
    match pipelines.create(&run.ci_ref) {
        Ok(pipeline) if pipeline.sha == candidate.commit => happened(RunEvent::Created(pipeline)),
        Ok(pipeline) => wrong_commit(pipelines, run, &pipeline, candidate.commit),
        Err(fault) => match fault.kind {
            FaultKind::Permanent | FaultKind::Misconfigured => {
                let told = alert("Testing does not work", &fault);
                happened(RunEvent::NotCreated(fault.shortened())).alerting(told)
            }
            // It may have been made: `Failed` leaves the time of the try, so it is looked for.
            FaultKind::Temporary | FaultKind::Bug => failed(&fault),
        },
    }
}

/// Somebody moved the ref between push and creation: that pipeline tests something else.
fn wrong_commit(
    pipelines: &dyn Pipelines,
    run: &Run,
    pipeline: &Pipeline,
    wanted: ObjectId,
) -> Result {
    let detail = format!(
        "{} of the CI project was moved: its pipeline tests {}, not {wanted}",
        run.ci_ref, pipeline.sha
    );
    if let Err(fault) = pipelines.cancel(pipeline.id) {
        tracing::warn!("pipeline {} could not be cancelled: {fault}", pipeline.id);
    }
    let kind = FaultKind::Temporary;
    let trouble = Fault { detail, public: None, retry_after: None, kind };
    happened(RunEvent::Moved(trouble))
}

fn deadline(target: &TargetPolicy, overdue: Overdue) -> Deadline {
    let allowed = match overdue {
        Overdue::NeverStarted => target.start_within,
        Overdue::StillRunning => target.finish_within,
    };
    Deadline { overdue, allowed: allowed.as_secs().unsigned_abs() }
}

fn poll(
    ports: &Ports,
    pipelines: &dyn Pipelines,
    target: &TargetPolicy,
    run: &Run,
    deadline: Option<Deadline>,
    settled: bool,
) -> Result {
    let Some(link) = run.pipeline() else { return Result::of(Happened::Nothing) };
    let looked = pipelines.get(link.id).and_then(|pipeline| {
        let wanted = needs_jobs(&pipeline.status) || deadline.is_some();
        let jobs = if wanted { pipelines.jobs(link.id)? } else { Vec::new() };
        Ok((pipeline, jobs))
    });
    let (pipeline, jobs) = match looked {
        Ok(looked) => looked,
        Err(fault) => return failed(&fault),
    };
    // A job that has started counts even where GitLab's pipeline has no start yet: then the
    // deadline for starting no longer holds.
    let started = pipeline.started_at.is_some() || jobs.iter().any(|job| job.started_at.is_some());
    let deadline = deadline.filter(|d| !(started && matches!(d.overdue, Overdue::NeverStarted)));
    let seen = |unsettled| {
        let status = pipeline.status.clone();
        happened(RunEvent::Seen { status, started, progress: progress(&jobs), unsettled })
    };
    let required = run.demanded(&target.required_jobs);
    match judge(&pipeline, &jobs, &required, deadline, settled) {
        Judgement::GoesOn => seen(false),
        Judgement::Unsettled => seen(true),
        Judgement::Over(outcome) => {
            let outcome = with_logs(ports, pipelines, run, &jobs, outcome);
            happened(RunEvent::Ended(outcome))
        }
    }
}

fn progress(jobs: &[Job]) -> Option<(u32, u32)> {
    let done = |job: &&Job| {
        matches!(job.status, Status::Success | Status::Failed | Status::Canceled | Status::Skipped)
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (!jobs.is_empty()).then(|| (count(jobs.iter().filter(done).count()), count(jobs.len())))
}

/// Adds the ends of the failed jobs' logs. A log that can't be had is left out: the link is there.
fn with_logs(
    ports: &Ports,
    pipelines: &dyn Pipelines,
    run: &Run,
    jobs: &[Job],
    mut outcome: Outcome,
) -> Outcome {
    let Outcome::Failed(evidence) = &mut outcome else { return outcome };
    for failed in evidence.failed.iter_mut().take(LOGS) {
        let job = jobs.iter().find(|job| {
            job.name == failed.name && job.kind == JobKind::Build && job.status == Status::Failed
        });
        let Some(job) = job else { continue };
        match pipelines.log(job.id, TRACE_CAP) {
            Ok(raw) => {
                let lines = trace::clean(&raw);
                failed.log = last_within(trace::tail(&lines, LOG_LINES), LOG_BYTES);
                let name = FileName::Log(run.id, job.id);
                if let Err(fault) = ports.store.put_file(&name, lines.join("\n").as_bytes()) {
                    tracing::warn!("a job's log could not be kept: {fault}");
                }
            }
            Err(fault) => tracing::warn!("the log of job {} could not be had: {fault}", job.id),
        }
    }
    outcome
}

/// The last lines that fit.
fn last_within(lines: Vec<String>, bytes: usize) -> Vec<String> {
    let mut fit = first_within(lines.into_iter().rev(), bytes);
    fit.reverse();
    fit
}

fn answer(ports: &Ports, run: &Run) -> Result {
    let Some(outcome) = run.outcome() else { return Result::of(Happened::Nothing) };
    let Some(target) = ports.desk.targets.get(&run.target) else {
        return Result::of(Happened::Nothing);
    };
    let drift = run
        .stage
        .candidate()
        .and_then(|candidate| ports.repository.drift(quarantine(run), &run.target, candidate).ok());
    let now = ports.clock.now();
    let letters = ports
        .desk
        .writer
        .asked(run, outcome, target, drift.as_ref(), now)
        .map_err(|fault| Fault::bug(format!("a letter could not be written: {fault}")))
        .and_then(|draft| draft.map(|draft| keep(ports, draft)).transpose());
    match letters {
        Ok(letter) => {
            Result::with_letters(Happened::Run(RunEvent::Written), letter.into_iter().collect())
        }
        Err(fault) => failed(&fault),
    }
}
