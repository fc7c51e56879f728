//! Verified: the signer is trusted, and the commits are to be looked at; unless the same tag was
//! mailed before.

use jiff::Timestamp;

use crate::pull::checks::Duty;
use crate::pull::command::Proof;
use crate::pull::decision::{Decision, Told};
use crate::pull::fault::Fault;
use crate::pull::policy::Policy;
use crate::pull::request::ending::{conclude, hold, refuse};
use crate::pull::request::event::{Examined, OutOfPaths, PullEvent};
use crate::pull::request::situation::{MAILED_BEFORE, PullDecision, PullStep, Situation};
use crate::pull::request::work::{Examine, ProveSenders};
use crate::pull::request::{Pull, Stage, Trusted, commit_checks, trust};
use crate::pull::retry::Retry;
use crate::pull::run::Plan;
use crate::pull::signer::{Objection, Signer};
use crate::pull::verdict::{Refusal, Verdict};

const HELD: &str = "held for a release manager's approval";

pub(in crate::pull::request) fn next(
    pull: &Pull,
    check: &Retry,
    situation: &Situation<'_>,
    now: Timestamp,
) -> PullDecision {
    if let Some(holder) = situation.holder {
        return repeats(pull, holder, check, situation, now);
    }
    let work = Examine(situation.older.clone());
    Decision::due(check, work, "its commits are to be looked at", now)
}

/// A mail of a tag that another request stands for. It is answered instead of the other's mail if
/// its sender is better proved: a stranger who mails a copy first silences nobody.
fn repeats(
    pull: &Pull,
    holder: &Pull,
    check: &Retry,
    situation: &Situation<'_>,
    now: Timestamp,
) -> PullDecision {
    let of = holder.number;
    let silent = || Decision::record(PullEvent::Repeated { of }, MAILED_BEFORE);
    match (pull.proof, holder.proof) {
        (Some(mine), Some(theirs)) if mine > theirs => Decision::record(
            PullStep::TakeOver(of),
            format!("{MAILED_BEFORE}, by a sender who is less well proved"),
        ),
        (Some(_), Some(_)) | (None, Some(Proof::Person)) => silent(),
        (Some(_) | None, _) if check.failing_for(now, situation.policy.fetch_patience) => silent(),
        (Some(_) | None, known) => {
            let mail = Box::new(holder.mail().clone());
            let work = ProveSenders { of, mail, known };
            Decision::due(check, work, "who mailed this tag is to be looked at", now)
        }
    }
}

pub(in crate::pull::request) fn examined(
    pull: &mut Pull,
    trusted: Trusted,
    found: Examined,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let Examined { facts, contains, series, touches } = found;
    pull.note_touched(touches);
    pull.landing_checked = Some(facts.head);
    if facts.already_merged {
        conclude(pull, Verdict::Landed, now);
        return Some("the target has it already".into());
    }
    pull.lineage.contains = Some(contains);
    // Anybody can mail an old tag again: a person looks first, before anybody else is told of it.
    if let Some(reason) = trust::hold_for(pull, &trusted, policy) {
        hold(pull, trusted, reason, now);
        return Some(HELD.into());
    }
    let problems = series.map_or_else(Vec::new, |series| {
        commit_checks::problems(pull, &trusted, &series, policy, now)
    });
    if problems.iter().any(|problem| problem.duty == Duty::Refuse) {
        let what = format!("its commits have problems: {}", problems.len());
        refuse(pull, Refusal::Checks(problems), true, now);
        return Some(what);
    }
    if let Some(reason) = commit_checks::hold_for(pull, &trusted, problems) {
        hold(pull, trusted, reason, now);
        return Some(HELD.into());
    }
    pull.stage = Stage::Queued { trusted, plan: Plan::Fresh, since: now };
    let commits = if facts.commits == 1 { "commit" } else { "commits" };
    Some(format!("queued with {} {commits}", facts.commits))
}

/// It changes files that its signer may not submit.
pub(in crate::pull::request) fn out_of_paths(
    pull: &mut Pull,
    trusted: &Trusted,
    OutOfPaths { files, total, sender_known }: OutOfPaths,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let Signer { name, scope, .. } = &trusted.signer;
    let (signer, may) = (name.clone(), scope.paths.clone());
    let objection = Objection::OtherPaths { signer, may, files, total };
    let what = policy.words.objection(&objection);
    refuse(pull, Refusal::Signer(objection), sender_known, now);
    Some(what)
}

pub(in crate::pull::request) fn failed(
    pull: &mut Pull,
    trusted: Trusted,
    check: &Retry,
    Fault { detail, retry_after, .. }: Fault,
    now: Timestamp,
) -> Told {
    let check = check.after_failure(now, detail.clone(), retry_after);
    pull.stage = Stage::Verified { trusted, check };
    Some(detail)
}
