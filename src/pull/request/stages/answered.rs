//! Answered: whoever had to be told has been told. It is kept until it lands, is asked for again, or
//! is forgotten.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::request::situation::{PullDecision, Situation};
use crate::pull::request::work::Forget;
use crate::pull::request::{Pull, Stage, Trusted};
use crate::pull::retry::Retry;
use crate::pull::run::Plan;
use crate::pull::verdict::Verdict;

pub(in crate::pull::request) fn next(
    trusted: Option<&Trusted>,
    verdict: &Verdict,
    at: Timestamp,
    situation: &Situation<'_>,
    now: Timestamp,
) -> PullDecision {
    let kept_until = at + situation.policy.keep;
    let word = verdict.word();
    let over = match verdict {
        Verdict::Landed => situation.letters_open == 0,
        // A refused request may be fetched anew once a key was added.
        Verdict::Refused { .. } => false,
        Verdict::Tested { .. }
        | Verdict::Cancelled { .. }
        | Verdict::Ignored { .. }
        | Verdict::Repeated { .. }
        | Verdict::Superseded { .. } => trusted.is_none(),
    };
    if over || now >= kept_until {
        return Decision::work(Forget, format!("it is over: {word}"));
    }
    let until = kept_until.strftime("%Y-%m-%d");
    let because = match (verdict, trusted) {
        (Verdict::Superseded { by }, _) => format!("request {by} supersedes it"),
        (_, Some(_)) => {
            format!("it is answered ({word}); it is kept until {until} or until it lands")
        }
        (_, None) => format!("it is answered ({word}); it can be asked for again until {until}"),
    };
    Decision::wait_until(kept_until, because)
}

pub(in crate::pull::request) fn asked_for_again(
    pull: &mut Pull,
    trusted: Option<Trusted>,
    plan: Plan,
    (by, only_author): (&str, bool),
    now: Timestamp,
) -> Told {
    pull.retested_by_author |= only_author;
    pull.told_unanswered = None;
    pull.seen_at = now;
    pull.stage = match trusted {
        Some(trusted) => Stage::Queued { trusted, plan, since: now },
        None => {
            // It counts as an attempt, so that its answer is a letter of its own.
            pull.attempts = pull.attempts.saturating_add(1);
            Stage::Received { fetch: Retry::now(now) }
        }
    };
    Some(format!("asked for again by {by}"))
}

pub(in crate::pull::request) fn forgotten(
    pull: &mut Pull,
    verdict: Verdict,
    now: Timestamp,
) -> Told {
    pull.stage = Stage::Closed { verdict, at: now };
    Some("closed".into())
}
