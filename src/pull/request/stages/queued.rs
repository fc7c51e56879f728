//! Queued: it waits for its turn. Keys are revoked, expire and are taken away while a request
//! waits, is held, or stands answered until somebody asks for a retest: so its signature is held
//! against the keyring again when its turn has come.

use jiff::Timestamp;

use crate::pull::checks;
use crate::pull::decision::{Decision, Told};
use crate::pull::ids::RunId;
use crate::pull::policy::Policy;
use crate::pull::queue::Turn;
use crate::pull::request::freeze::{freeze_of, frozen_because};
use crate::pull::request::situation::{PullDecision, PullStep, Situation};
use crate::pull::request::trust::judged;
use crate::pull::request::work::Verify;
use crate::pull::request::{Pull, Stage, Trusted};
use crate::pull::retry::Retry;
use crate::pull::run::Plan;
use crate::pull::tag::Verification;

/// In the queue it waits for the end of a freeze that came later, unless somebody approved that or
/// the target's checks leave freezes out.
pub(in crate::pull::request) fn next(
    pull: &Pull,
    trusted: &Trusted,
    situation: &Situation<'_>,
    now: Timestamp,
) -> PullDecision {
    if let Some(pause) = situation.pause {
        return Decision::paused(pause);
    }
    let checks = situation.policy.targets.get(&pull.target).map(|target| &target.checks);
    if let Some(freeze) = freeze_of(pull, situation, now)
        && let Some(problem) = checks.and_then(|checks| checks::frozen(freeze, checks))
        && !pull.approves_problems(trusted, &[problem])
    {
        return Decision::wait(frozen_because(freeze)).no_later_than(freeze.until);
    }
    if let (Turn::Now, Some(later)) = (situation.turn, situation.tried_first) {
        return Decision::wait(format!("request {later}, a later revision, is tried first"));
    }
    match situation.turn {
        Turn::Now if trusted.is_proved(now) => Decision::record(PullStep::Begin, "it is its turn"),
        Turn::Now => Decision::work(Verify, "it is its turn; its signature is to be checked again"),
        Turn::After(0) => Decision::wait("it is next in the queue; another test is running"),
        Turn::After(1) => Decision::wait("1 other waits before it in the queue"),
        Turn::After(n) => Decision::wait(format!("{n} others wait before it in the queue")),
    }
}

pub(in crate::pull::request) fn began(pull: &mut Pull, trusted: Trusted, run: RunId) -> Told {
    pull.stage = Stage::Running { trusted, run };
    pull.attempts = pull.attempts.saturating_add(1);
    Some(format!("attempt {} began as run {run}", pull.attempts))
}

/// What does not hold any more is refused or held as it would be at first sight. What holds keeps
/// its place in the queue; if its signer may submit other files now, those are looked at anew.
pub(in crate::pull::request) fn verified_again(
    pull: &mut Pull,
    (before, plan, since): (Trusted, Plan, Timestamp),
    verification: Verification,
    sender_known: bool,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let paths = before.signer.scope.paths;
    let told = judged(pull, before.pinned, verification, sender_known, policy, now);
    let Stage::Verified { trusted, .. } = &pull.stage else { return told };
    if trusted.signer.scope.paths != paths {
        return told;
    }
    pull.stage = Stage::Queued { trusted: trusted.clone(), plan, since };
    Some("its signature still holds".into())
}

/// The race: a retest came while its quarantine was being removed. It is fetched anew; another tag
/// than the pinned one is held then.
pub(in crate::pull::request) fn lost(pull: &mut Pull, now: Timestamp) -> Told {
    // It counts as an attempt, so that its answer is a letter of its own.
    pull.attempts = pull.attempts.saturating_add(1);
    pull.stage = Stage::Received { fetch: Retry::now(now) };
    Some("its tag is not kept any more and is fetched anew".into())
}
