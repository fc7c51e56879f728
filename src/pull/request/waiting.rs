//! What a held or queued request waits for, and what ends that. It must not change anything.

use jiff::Timestamp;

use super::decide::{PullAction, Situation};
use super::{HoldReason, Pull, Trusted};
use crate::pull::checks::{self, Check, Problem};
use crate::pull::decision::{Decision, clock};
use crate::pull::overlay::Freeze;
use crate::pull::queue::Turn;

/// Says why a request is held, in a clause.
pub(crate) fn held_because(reason: &HoldReason) -> String {
    match reason {
        HoldReason::Backlog => {
            "it was mailed before the bot began to watch; a release manager must approve it".into()
        }
        HoldReason::LateArrival => {
            "it was old when the bot saw it; a release manager must approve it".into()
        }
        HoldReason::OldTag { tagged_at } => format!(
            "its tag was made on {}; a release manager must approve it",
            tagged_at.strftime("%Y-%m-%d")
        ),
        HoldReason::UnknownKey { key, .. } => {
            format!(
                "its tag is signed with {key}, which is not in the keyring; a release manager must approve it"
            )
        }
        HoldReason::Moved { was, is } => {
            format!("its tag was object {was} and is {is} now; a release manager must approve that")
        }
        HoldReason::Checks { problems } => format!(
            "its commits have problems ({}); a release manager must approve them",
            problems.len()
        ),
        HoldReason::CiChanged { difference, .. } => format!(
            "it would change what CI runs ({}); a release manager must approve that",
            difference.summary
        ),
    }
}

/// A hold that somebody has to lift; but for a freeze, which ends by itself.
pub(super) fn held(
    pull: &Pull,
    reason: &HoldReason,
    situation: &Situation<'_>,
    now: Timestamp,
) -> Decision<PullAction> {
    let frozen = |problem: &Problem| problem.check == Check::Frozen;
    let HoldReason::Checks { problems } = reason else {
        return Decision::wait(held_because(reason));
    };
    if !problems.iter().any(frozen) {
        return Decision::wait(held_because(reason));
    }
    match freeze_of(pull, situation, now) {
        None => Decision::act(PullAction::LookAgain, "the freeze that held it is over"),
        Some(freeze) if reason.is_freeze() => {
            Decision::wait(frozen_because(freeze)).no_later_than(freeze.until)
        }
        Some(freeze) => Decision::wait(held_because(reason)).no_later_than(freeze.until),
    }
}

/// The freeze of its target that is in force.
fn freeze_of<'a>(pull: &Pull, situation: &Situation<'a>, now: Timestamp) -> Option<&'a Freeze> {
    let target = situation.policy.targets.get(&pull.target)?;
    target.freeze.as_ref().filter(|freeze| freeze.holds(now))
}

fn frozen_because(freeze: &Freeze) -> String {
    let until = freeze.until.map_or_else(String::new, |until| format!(" until {}", clock(until)));
    let why = freeze.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{} froze its target at {}{until}{why}", freeze.by, clock(freeze.at))
}

/// In the queue it waits for the end of a freeze that came later, unless somebody approved that or
/// the target's checks leave freezes out.
pub(super) fn queued(
    pull: &Pull,
    trusted: &Trusted,
    situation: &Situation<'_>,
    now: Timestamp,
) -> Decision<PullAction> {
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
        Turn::Now if trusted.is_proved(now) => Decision::act(PullAction::Begin, "it is its turn"),
        Turn::Now => Decision::act(
            PullAction::Verify,
            "it is its turn; its signature is to be checked again",
        ),
        Turn::After(0) => Decision::wait("it is next in the queue; another test is running"),
        Turn::After(1) => Decision::wait("1 other waits before it in the queue"),
        Turn::After(n) => Decision::wait(format!("{n} others wait before it in the queue")),
    }
}
