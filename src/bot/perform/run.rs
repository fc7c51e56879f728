//! Effects for a run: base, fetch, merge, push, the pipeline's making and watching, its end.

use jiff::SignedDuration;

use super::{Worker, keep};
use crate::bot::ports::Ports;
use crate::mail::trace;
use crate::ports::{
    Fault, FaultKind, FetchOrder, FetchRefused, FileName, MergeOrder, Pipelines, Quarantine,
};
use crate::pull::alert::Alert;
use crate::pull::evidence::{Deadline, Judgement, judge, needs_jobs};
use crate::pull::ids::{ObjectId, PipelineId};
use crate::pull::pipeline::{Job, JobKind, Pipeline, Status};
use crate::pull::policy::TargetPolicy;
use crate::pull::room::{first_within, within};
use crate::pull::run::event::Seen;
use crate::pull::run::work::{
    Asked, Cancel, Create, Creation, FetchAsked, LookForPipeline, Merge, Merged, OnRun, Part, Poll,
    Polled, ReadBase, WriteAnswer,
};
use crate::pull::run::{Run, RunStage, Why};
use crate::pull::tag::{Candidate, ConflictFile};
use crate::pull::task::{Perform, Reply};
use crate::pull::verdict::{Outcome, Overdue};

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

/// What an alert about any step of a run is called.
const SUBJECT: &str = "Testing does not work";

impl Worker<'_> {
    /// A target's policy and its GitLab.
    fn target(&self, run: &Run) -> Result<(&TargetPolicy, &dyn Pipelines), Fault> {
        let found = self.policy.targets.get(&run.target).zip(self.ports.pipelines.get(&run.target));
        let (target, pipelines) = found.ok_or_else(|| {
            Fault::misconfigured(format!(
                "Run {} belongs to target {}, which the configuration no longer has.",
                run.id, run.target
            ))
        })?;
        Ok((target, pipelines.as_ref()))
    }

    /// Does something for a run whose target there is still.
    fn at_target<A>(
        &self,
        on: &OnRun,
        work: impl FnOnce(&TargetPolicy, &dyn Pipelines) -> Reply<A>,
    ) -> Reply<A> {
        match self.target(&on.run) {
            Ok((target, pipelines)) => work(target, pipelines),
            Err(fault) => Reply::failed(&fault, SUBJECT),
        }
    }
}

fn reply<A>(outcome: Result<A, Fault>) -> Reply<A> {
    Reply::from(outcome, SUBJECT)
}

impl Perform<ReadBase> for Worker<'_> {
    fn perform(&self, _: &ReadBase, on: &OnRun) -> Reply<ObjectId> {
        self.at_target(on, |_, _| reply(self.ports.repository.target_head(&on.run.target)))
    }
}

impl Perform<FetchAsked> for Worker<'_> {
    fn perform(&self, _: &FetchAsked, on: &OnRun) -> Reply<Asked> {
        self.at_target(on, |_, _| reply(fetch(self.ports, &on.run)))
    }
}

impl Perform<Merge> for Worker<'_> {
    fn perform(&self, _: &Merge, on: &OnRun) -> Reply<Merged> {
        self.at_target(on, |_, _| reply(merge(self.ports, &on.run, on.part.as_ref())))
    }
}

impl Perform<LookForPipeline> for Worker<'_> {
    fn perform(&self, _: &LookForPipeline, on: &OnRun) -> Reply<Option<Pipeline>> {
        self.at_target(on, |_, pipelines| {
            let looked = candidate(&on.run)
                .and_then(|candidate| existing(pipelines, &on.run, candidate, &on.earlier));
            reply(looked)
        })
    }
}

impl Perform<Create> for Worker<'_> {
    fn perform(&self, _: &Create, on: &OnRun) -> Reply<Creation> {
        self.at_target(on, |_, pipelines| create(pipelines, &on.run, &on.earlier))
    }
}

impl Perform<Poll> for Worker<'_> {
    fn perform(&self, task: &Poll, on: &OnRun) -> Reply<Polled> {
        self.at_target(on, |target, pipelines| {
            let deadline = task.overdue.map(|overdue| deadline(target, overdue));
            reply(poll(self.ports, pipelines, target, &on.run, deadline, task.settled))
        })
    }
}

impl Perform<Cancel> for Worker<'_> {
    fn perform(&self, Cancel(pipeline): &Cancel, on: &OnRun) -> Reply<()> {
        self.at_target(on, |_, pipelines| reply(pipelines.cancel(pipeline.id)))
    }
}

impl Perform<WriteAnswer> for Worker<'_> {
    fn perform(&self, _: &WriteAnswer, on: &OnRun) -> Reply<()> {
        self.at_target(on, |_, _| answer(self.ports, &on.run))
    }
}

/// A run that is asked about its candidate has one.
fn candidate(run: &Run) -> Result<&Candidate, Fault> {
    run.stage.candidate().ok_or_else(|| Fault::bug(format!("run {} has no candidate", run.id)))
}

fn quarantine(run: &Run) -> Quarantine {
    match run.why {
        Why::Attempt { pull, .. } => Quarantine::Pull(pull),
        Why::Asked { .. } => Quarantine::Run(run.id),
    }
}

fn fetch(ports: &Ports, run: &Run) -> Result<Asked, Fault> {
    let Why::Asked { url, reference, sha, .. } = &run.why else {
        return Err(Fault::bug(format!("nobody asked for run {}", run.id)));
    };
    let into = quarantine(run);
    let order = FetchOrder {
        into,
        target: run.target.clone(),
        url: url.clone(),
        reference: reference.clone(),
        base: None,
    };
    Ok(match ports.repository.fetch(&order) {
        Ok(pinned) if pinned.tip != *sha => Asked::Impossible(format!(
            "{reference} of {url} is {}, not the {sha} that was asked for.",
            pinned.tip
        )),
        Ok(pinned) => Asked::Found(ports.repository.as_candidate(into, &run.target, pinned.tip)?),
        Err(FetchRefused::NotAllowed { why }) => Asked::Impossible(why),
        Err(FetchRefused::RefMissing) => Asked::Impossible(format!("{url} has no {reference}.")),
        Err(FetchRefused::NotACommit) => Asked::Impossible(format!("{reference} is not a commit.")),
        Err(FetchRefused::Fault(fault)) => return Err(fault),
    })
}

fn merge(ports: &Ports, run: &Run, part: Option<&Part>) -> Result<Merged, Fault> {
    let (Some(part), RunStage::Based { base, at, .. }) = (part, &run.stage) else {
        return Err(Fault::permanent("The request's tag is no longer there to merge."));
    };
    let order = MergeOrder {
        from: quarantine(run),
        target: run.target.clone(),
        base: *base,
        pinned: part.pinned.clone(),
        url: part.url.clone(),
        at: *at,
    };
    Ok(match ports.repository.merge(&order)? {
        Merged::Conflict { files, total } => {
            let files = files.into_iter().take(FILES).map(shortened).collect();
            Merged::Conflict { files, total }
        }
        merged @ (Merged::Candidate(_) | Merged::NothingNew) => merged,
    })
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
) -> Result<Option<Pipeline>, Fault> {
    let taken: Vec<PipelineId> = earlier.iter().filter_map(Run::last_pipeline).collect();
    let found = pipelines.find(&run.ci_ref, candidate.commit)?;
    // A pipeline from before this run was made is another run's, remembered or not.
    let earliest = run.created_at - CLOCKS_DIFFER;
    let ours = |pipeline: &Pipeline| {
        !taken.contains(&pipeline.id) && pipeline.created_at.is_none_or(|at| at >= earliest)
    };
    Ok(found.into_iter().find(ours))
}

fn create(pipelines: &dyn Pipelines, run: &Run, earlier: &[Run]) -> Reply<Creation> {
    let candidate = match candidate(run) {
        Ok(candidate) => candidate,
        Err(fault) => return reply(Err(fault)),
    };
    let refused = |fault: &Fault| {
        Reply::answer(Creation::Refused(fault.shortened())).alerting(Alert::of(SUBJECT, fault))
    };
    match existing(pipelines, run, candidate, earlier) {
        Ok(Some(pipeline)) => return Reply::answer(Creation::Made(pipeline)),
        Ok(None) => {}
        // Nothing was sent that could have made one.
        Err(fault) => return refused(&fault),
    }
    match pipelines.create(&run.ci_ref) {
        Ok(pipeline) if pipeline.sha == candidate.commit => Reply::answer(Creation::Made(pipeline)),
        Ok(pipeline) => {
            Reply::answer(Creation::Moved(moved(pipelines, run, &pipeline, candidate.commit)))
        }
        Err(fault) => match fault.kind {
            FaultKind::Permanent | FaultKind::Misconfigured => refused(&fault),
            // It may have been made: failing leaves the time of the try, so it is looked for.
            FaultKind::Temporary | FaultKind::Bug => reply(Err(fault)),
        },
    }
}

/// Somebody moved the ref between push and creation: that pipeline tests something else.
fn moved(pipelines: &dyn Pipelines, run: &Run, pipeline: &Pipeline, wanted: ObjectId) -> Fault {
    if let Err(fault) = pipelines.cancel(pipeline.id) {
        tracing::warn!("pipeline {} could not be cancelled: {fault}", pipeline.id);
    }
    Fault::temporary(format!(
        "{} of the CI project was moved: its pipeline tests {}, not {wanted}",
        run.ci_ref, pipeline.sha
    ))
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
) -> Result<Polled, Fault> {
    let link =
        run.pipeline().ok_or_else(|| Fault::bug(format!("run {} has no pipeline", run.id)))?;
    let pipeline = pipelines.get(link.id)?;
    let wanted = needs_jobs(&pipeline.status) || deadline.is_some();
    let jobs = if wanted { pipelines.jobs(link.id)? } else { Vec::new() };
    // A job that has started counts even where GitLab's pipeline has no start yet: then the
    // deadline for starting no longer holds.
    let started = pipeline.started_at.is_some() || jobs.iter().any(|job| job.started_at.is_some());
    let deadline = deadline.filter(|d| !(started && matches!(d.overdue, Overdue::NeverStarted)));
    let seen = |unsettled| {
        let status = pipeline.status.clone();
        Polled::GoesOn(Seen { status, started, progress: progress(&jobs), unsettled })
    };
    let required = run.demanded(&target.required_jobs);
    Ok(match judge(&pipeline, &jobs, &required, deadline, settled) {
        Judgement::GoesOn => seen(false),
        Judgement::Unsettled => seen(true),
        Judgement::Over(outcome) => Polled::Over(with_logs(ports, pipelines, run, &jobs, outcome)),
    })
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

fn answer(ports: &Ports, run: &Run) -> Reply<()> {
    let Some(outcome) = run.outcome() else { return Reply::answer(()) };
    let Some(target) = ports.desk.targets.get(&run.target) else {
        return Reply::answer(());
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
        Ok(letter) => Reply::answer(()).with_letters(letter.into_iter().collect()),
        Err(fault) => reply(Err(fault)),
    }
}
