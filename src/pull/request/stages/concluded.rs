//! Concluded: its letters are to be written, and then to be sent.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::ids::MessageId;
use crate::pull::request::event::PullEvent;
use crate::pull::request::situation::{MAILED_BEFORE, PullDecision, Situation};
use crate::pull::request::work::WriteAnswer;
use crate::pull::request::{Pull, Stage, Trusted};
use crate::pull::verdict::Verdict;

pub(in crate::pull::request) fn next(
    verdict: &Verdict,
    written: bool,
    situation: &Situation<'_>,
) -> PullDecision {
    match (written, situation.holder) {
        (false, Some(holder)) => {
            Decision::record(PullEvent::Repeated { of: holder.number }, MAILED_BEFORE)
        }
        (false, None) if verdict.audience().is_none() => {
            let because = format!("it is concluded: {}", verdict.word());
            Decision::record(PullEvent::Written(Vec::new()), because)
        }
        (false, None) => {
            Decision::work(WriteAnswer, format!("it is concluded: {}", verdict.word()))
        }
        (true, _) if situation.letters_open == 0 => {
            Decision::record(PullEvent::Sent, "its answer is sent")
        }
        (true, _) => Decision::wait("its answer is being sent"),
    }
}

pub(in crate::pull::request) fn written(
    pull: &mut Pull,
    letters: Vec<MessageId>,
    now: Timestamp,
) -> Told {
    let Stage::Concluded { trusted, verdict, written, .. } = &mut pull.stage else { return None };
    if letters.is_empty() {
        pull.stage = Stage::Answered { trusted: trusted.take(), verdict: verdict.clone(), at: now };
        return Some("nobody needs to be told".into());
    }
    *written = true;
    pull.note_letters(letters);
    Some("its answer is written".into())
}

pub(in crate::pull::request) fn sent(
    pull: &mut Pull,
    trusted: Option<Trusted>,
    verdict: Verdict,
    now: Timestamp,
) -> Told {
    pull.stage = Stage::Answered { trusted, verdict, at: now };
    Some("answered".into())
}
