//! Effects on a run's branch of the CI project: what is put there, and its end. It must not touch
//! what others pushed.

use super::{candidate, quarantine, reply};
use crate::bot::perform::Worker;
use crate::bot::ports::Ports;
use crate::ports::{Fault, PushOrder, Pushed};
use crate::pull::ids::ObjectId;
use crate::pull::run::work::{Forget, OnRun, Push};
use crate::pull::run::{CiCheck, Run, Why};
use crate::pull::task::{Perform, Reply};

impl Perform<Push> for Worker<'_> {
    fn perform(&self, _: &Push, on: &OnRun) -> Reply<()> {
        self.at_target(on, |_, _| {
            let pushed = candidate(&on.run).and_then(|candidate| {
                put_on_ref(self.ports, &on.run, candidate.commit, &on.earlier)
            });
            reply(pushed)
        })
    }
}

impl Perform<Forget> for Worker<'_> {
    fn perform(&self, _: &Forget, on: &OnRun) -> Reply<()> {
        self.at_target(on, |_, _| reply(forget(self.ports, &on.run)))
    }
}

/// Pushes a commit to the run's ref, over what the bot itself may have left there.
pub(super) fn put_on_ref(
    ports: &Ports,
    run: &Run,
    commit: ObjectId,
    earlier: &[Run],
) -> Result<(), Fault> {
    // A run that was linting when it ended left its target's tip.
    let own = earlier.iter().chain([run]).filter_map(|run| run.stage.candidate());
    let order = PushOrder {
        from: quarantine(run),
        target: run.target.clone(),
        commit,
        ci_ref: run.ci_ref.clone(),
        replaces: own.flat_map(|c| c.base.into_iter().chain([c.commit])).collect(),
    };
    match ports.repository.push(&order)? {
        Pushed::Done => Ok(()),
        Pushed::Occupied { by } => Err(Fault::temporary(format!(
            "{} of the CI project is at {by}, which is not the bot's; it waits until that is gone.",
            run.ci_ref
        ))),
    }
}

fn forget(ports: &Ports, run: &Run) -> Result<(), Fault> {
    if let Some(candidate) = run.stage.candidate() {
        // It may have ended while the ref was at the target's tip.
        let base = match run.ci {
            CiCheck::Due | CiCheck::TargetKnown => candidate.base,
            CiCheck::FilesOnly | CiCheck::Same | CiCheck::Approved { .. } => None,
        };
        for commit in [Some(candidate.commit), base].into_iter().flatten() {
            ports.repository.delete_ref(&run.target, &run.ci_ref, commit)?;
        }
    }
    match run.why {
        Why::Attempt { .. } => Ok(()),
        Why::Asked { .. } => ports.repository.forget(quarantine(run)),
    }
}
