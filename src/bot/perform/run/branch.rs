//! Effects on a run's branch of the CI project: what is put there, and its end. It must not touch
//! what others pushed.

use super::{failed, happened, quarantine};
use crate::bot::perform::Result;
use crate::bot::ports::Ports;
use crate::ports::{Fault, PushOrder, Pushed};
use crate::pull::ids::ObjectId;
use crate::pull::run::apply::RunEvent;
use crate::pull::run::{CiCheck, Run, Why};
use crate::pull::world::Happened;

pub(super) fn push(ports: &Ports, run: &Run, earlier: &[Run]) -> Result {
    let Some(candidate) = run.stage.candidate() else { return Result::of(Happened::Nothing) };
    match put_on_ref(ports, run, candidate.commit, earlier) {
        Ok(()) => happened(RunEvent::Pushed),
        Err(fault) => failed(&fault),
    }
}

/// Pushes a commit to the run's ref, over what the bot itself may have left there.
pub(super) fn put_on_ref(
    ports: &Ports,
    run: &Run,
    commit: ObjectId,
    earlier: &[Run],
) -> std::result::Result<(), Fault> {
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

pub(super) fn forget(ports: &Ports, run: &Run) -> Result {
    let deleted = run.stage.candidate().map_or(Ok(()), |candidate| {
        // It may have ended while the ref was at the target's tip.
        let base = match run.ci {
            CiCheck::Due | CiCheck::TargetKnown => candidate.base,
            CiCheck::FilesOnly | CiCheck::Same | CiCheck::Approved { .. } => None,
        };
        let mut left = [Some(candidate.commit), base].into_iter().flatten();
        let delete = |commit| ports.repository.delete_ref(&run.target, &run.ci_ref, commit);
        left.try_for_each(delete)
    });
    let forgotten = deleted.and_then(|()| match run.why {
        Why::Attempt { .. } => Ok(()),
        Why::Asked { .. } => ports.repository.forget(quarantine(run)),
    });
    match forgotten {
        Ok(()) => happened(RunEvent::Forgotten),
        Err(fault) => failed(&fault),
    }
}
