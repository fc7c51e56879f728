//! Effects that find out what CI would run with a request and without it. They must not judge what they
//! find: `ci_policy` does, and people.

use super::branch::put_on_ref;
use super::{candidate, quarantine, reply};
use crate::bot::perform::Worker;
use crate::bot::ports::Ports;
use crate::mail::words;
use crate::ports::{Fault, FileName, Pipelines};
use crate::pull::alert::Alert;
use crate::pull::ci_change::{Change, CiPlan, changes, dropped};
use crate::pull::ci_policy::{self, Untold};
use crate::pull::clean;
use crate::pull::policy::TargetPolicy;
use crate::pull::run::event::CiChange;
use crate::pull::run::work::{CompareCi, LintTarget, OnRun};
use crate::pull::run::{CiCheck, Run};
use crate::pull::tag::Candidate;
use crate::pull::task::{Perform, Reply};

/// How many characters of a name or value a letter shows.
const SHOWN: usize = 160;

/// How many characters of a name or value the file beside the records keeps.
const KEPT: usize = 4_000;

impl Perform<LintTarget> for Worker<'_> {
    fn perform(&self, _: &LintTarget, on: &OnRun) -> Reply<CiCheck> {
        self.at_target(on, |target, pipelines| {
            lint_target(self.ports, pipelines, target, &on.run, &on.earlier)
        })
    }
}

impl Perform<CompareCi> for Worker<'_> {
    fn perform(&self, _: &CompareCi, on: &OnRun) -> Reply<Option<CiChange>> {
        self.at_target(on, |target, pipelines| {
            reply(compare(self.ports, pipelines, target, &on.run))
        })
    }
}

fn lint_target(
    ports: &Ports,
    pipelines: &dyn Pipelines,
    target: &TargetPolicy,
    run: &Run,
    earlier: &[Run],
) -> Reply<CiCheck> {
    let base = run.stage.candidate().and_then(|candidate| candidate.base);
    let Some(base) = base else { return Reply::answer(CiCheck::FilesOnly) };
    if let Err(fault) = put_on_ref(ports, run, base, earlier) {
        return reply(Err(fault));
    }
    let kept = pipelines.lint(base, &run.ci_ref).and_then(|plan| {
        if plan.is_blank() {
            return Err(blank(&plan));
        }
        let json = serde_json::to_vec(&plan).map_err(|error| Fault::bug(error.to_string()))?;
        ports.store.put_file(&FileName::CiPlan(run.id), &json)
    });
    match kept {
        Ok(()) => Reply::answer(CiCheck::TargetKnown),
        Err(fault) => untold(ports, target, run, fault),
    }
}

/// GitLab does not tell what it would run for the target.
fn untold(ports: &Ports, target: &TargetPolicy, run: &Run, fault: Fault) -> Reply<CiCheck> {
    match ci_policy::untold(fault.kind, run, target.ci_lint, ports.clock.now()) {
        Untold::AskAgain(kind) => reply(Err(Fault { kind, ..fault })),
        Untold::FilesOnly => {
            let detail = format!(
                "{}\n\nUntil that is mended, only changes of the files in ci_paths hold a request \
                 whose merge changes what CI runs.",
                fault.detail
            );
            let subject = format!("GitLab does not tell what CI would run for {}", run.target);
            let alert = Alert { subject, detail };
            Reply::answer(CiCheck::FilesOnly).alerting(Some(alert))
        }
    }
}

fn blank(plan: &CiPlan) -> Fault {
    let said = plan.errors.iter().map(|error| clean::words(error)).collect::<Vec<_>>().join("; ");
    Fault::permanent(format!("GitLab's CI lint gives no job and no configuration ({said})"))
}

fn compare(
    ports: &Ports,
    pipelines: &dyn Pipelines,
    target: &TargetPolicy,
    run: &Run,
) -> Result<Option<CiChange>, Fault> {
    let candidate = candidate(run)?;
    let found = by_effect(ports, pipelines, run, candidate).and_then(|mut found| {
        found.extend(by_file(ports, target, run, candidate)?);
        let show = |text: &str| clean::cut(&clean::words(text), KEPT);
        let whole: Vec<String> =
            found.iter().map(|change| words::sentence(change, &show)).collect();
        if !found.is_empty() {
            let name = FileName::CiDifference(run.id);
            ports.store.put_file(&name, whole.join("\n").as_bytes())?;
        }
        Ok(found)
    });
    match found {
        Ok(found) => Ok(change(target, &found)),
        Err(fault) => Err(Fault { kind: ci_policy::not_compared(fault.kind), ..fault }),
    }
}

fn change(target: &TargetPolicy, found: &[Change]) -> Option<CiChange> {
    let show = |text: &str| clean::cut(&clean::words(text), SHOWN);
    (!found.is_empty()).then(|| CiChange {
        difference: words::difference(found, show),
        dropped: dropped(found, &target.required_jobs),
    })
}

/// What GitLab says it would run: for the target, as it is kept, and for the candidate, now.
fn by_effect(
    ports: &Ports,
    pipelines: &dyn Pipelines,
    run: &Run,
    candidate: &Candidate,
) -> Result<Vec<Change>, Fault> {
    if !ci_policy::lints_candidate(run) {
        return Ok(Vec::new());
    }
    let kept = ports.store.file(&FileName::CiPlan(run.id))?;
    let kept = kept.ok_or_else(|| {
        Fault::temporary("what CI runs for the target is missing in the state directory")
    })?;
    let before: CiPlan = serde_json::from_slice(&kept)
        .map_err(|error| Fault::bug(format!("what CI runs for the target: {error}")))?;
    let after = pipelines.lint(candidate.commit, &run.ci_ref)?;
    if after.is_blank() && !ci_policy::takes_blank(run, ports.clock.now()) {
        return Err(blank(&after));
    }
    Ok(changes(&before, &after))
}

fn by_file(
    ports: &Ports,
    target: &TargetPolicy,
    run: &Run,
    candidate: &Candidate,
) -> Result<Vec<Change>, Fault> {
    let Some(base) = candidate.base.filter(|_| !target.ci_paths.is_empty()) else {
        return Ok(Vec::new());
    };
    let from = quarantine(run);
    let files = ports.repository.changed_files(from, base, candidate.commit, &target.ci_paths)?;
    Ok(files.into_iter().map(Change::from).collect())
}
