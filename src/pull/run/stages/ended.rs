//! Ended: whoever asked is told, and what is left of its pipeline and its branch is cleared away.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::fault::Fault;
use crate::pull::pipeline::Pipeline;
use crate::pull::run::situation::{LOOK_FOR, RunDecision, RunSituation};
use crate::pull::run::stages::pushed::LOOK_EVERY;
use crate::pull::run::work::{Cancel, Forget, LookForPipeline, WriteAnswer};
use crate::pull::run::{Run, RunStage};
use crate::pull::verdict::PipelineLink;

pub(in crate::pull::run) fn next(
    run: &Run,
    situation: &RunSituation<'_>,
    now: Timestamp,
) -> RunDecision {
    let RunStage::Ended { outcome, written, cancel, sought, at, .. } = &run.stage else {
        return Decision::wait("it is over");
    };
    // Whoever asked is told first: a cancellation may fail for long.
    if !written && run.is_asked() {
        return Decision::work(WriteAnswer, format!("it has ended: {}", outcome.word()));
    }
    if let Some(pipeline) = cancel {
        return Decision::work(Cancel(pipeline.clone()), "nobody needs its pipeline");
    }
    if let Some(sought) = sought {
        let why = "whether its pipeline was made is found out";
        return Decision::due(&sought.retry, LookForPipeline, why, now);
    }
    over(outcome.word(), *at, situation, now)
}

fn over(word: &str, at: Timestamp, situation: &RunSituation<'_>, now: Timestamp) -> RunDecision {
    let kept_until = at + situation.policy.keep;
    if situation.released || now >= kept_until {
        return Decision::work(Forget, "nobody needs its ref any more");
    }
    let until = kept_until.strftime("%Y-%m-%d");
    Decision::wait_until(
        kept_until,
        format!("it has ended ({word}); its ref is kept until {until}"),
    )
}

/// The pipeline that was sought shows up: it is to be cancelled.
pub(in crate::pull::run) fn created(run: &mut Run, pipeline: &Pipeline) -> Told {
    let RunStage::Ended { sought, had, cancel, .. } = &mut run.stage else { return None };
    sought.take()?;
    let link = PipelineLink { id: pipeline.id, url: pipeline.web_url.clone() };
    *had = Some(link.id);
    let what = format!("pipeline {} was made though nobody needs it", link.id);
    *cancel = Some(link);
    Some(what)
}

pub(in crate::pull::run) fn not_found(run: &mut Run, now: Timestamp) -> Told {
    let RunStage::Ended { sought, .. } = &mut run.stage else { return None };
    *sought = sought.take().filter(|sought| now < sought.until);
    if let Some(sought) = sought {
        sought.retry.next_at = now + LOOK_EVERY;
    }
    None
}

/// GitLab says that none was made.
pub(in crate::pull::run) fn not_made(run: &mut Run) -> Told {
    let RunStage::Ended { sought, .. } = &mut run.stage else { return None };
    *sought = None;
    None
}

pub(in crate::pull::run) fn failed(run: &mut Run, trouble: Fault, now: Timestamp) -> Told {
    let RunStage::Ended { sought: Some(sought), .. } = &mut run.stage else { return None };
    let Fault { detail, retry_after, .. } = trouble;
    // What was under way when the run ended may have been made only now.
    sought.until = sought.until.max(now + LOOK_FOR);
    sought.retry = sought.retry.after_failure(now, detail.clone(), retry_after);
    Some(detail)
}

pub(in crate::pull::run) fn cancel_sent(run: &mut Run) -> Told {
    let RunStage::Ended { cancel, .. } = &mut run.stage else { return None };
    cancel.take().map(|pipeline| format!("pipeline {} cancelled", pipeline.id))
}

pub(in crate::pull::run) fn written(run: &mut Run) -> Told {
    let RunStage::Ended { written, .. } = &mut run.stage else { return None };
    *written = true;
    Some("whoever asked is told".into())
}

pub(in crate::pull::run) fn forgotten(run: &mut Run, now: Timestamp) -> Told {
    let RunStage::Ended { outcome, .. } = &run.stage else { return None };
    run.stage = RunStage::Closed { outcome: outcome.clone(), at: now };
    Some("its ref is deleted".into())
}
