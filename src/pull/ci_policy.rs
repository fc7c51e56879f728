//! What follows from what GitLab says of what CI would run with a request and without it, and from
//! its saying nothing. Effects find that out; it must not ask anybody.
//!
//! What the author could bring about himself never makes the comparison coarser: whether GitLab
//! lints at all is found out on the target alone; from then on the candidate is linted as well, or
//! the run waits.

use jiff::{SignedDuration, Timestamp};

use super::fault::FaultKind;
use super::policy::CiLint;
use super::request::Pull;
use super::run::event::{CiChange, RunEvent};
use super::run::{CiCheck, Run, RunStage};
use super::verdict::Outcome;

/// How long an answer without any job is asked for again: GitLab's reads lag its writes.
const PATIENCE: SignedDuration = SignedDuration::from_mins(3);

/// What follows where GitLab does not tell what it would run for the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untold {
    /// It is asked again; it counts as trouble of that kind.
    AskAgain(FaultKind),
    /// Files are compared alone, and the administrator hears of it.
    FilesOnly,
}

/// What follows where GitLab does not tell what it would run for the target.
pub(crate) fn untold(kind: FaultKind, run: &Run, ci_lint: CiLint, now: Timestamp) -> Untold {
    let lasts = match kind {
        FaultKind::Temporary | FaultKind::Bug => return Untold::AskAgain(kind),
        FaultKind::Misconfigured => true,
        FaultKind::Permanent => is_old(run, now),
    };
    if !lasts {
        return Untold::AskAgain(FaultKind::Temporary);
    }
    match ci_lint {
        CiLint::Require => Untold::AskAgain(FaultKind::Misconfigured),
        CiLint::Try | CiLint::Off => Untold::FilesOnly,
    }
}

/// Whether the candidate is linted as well: where the target was.
pub(crate) fn lints_candidate(run: &Run) -> bool {
    match run.ci {
        CiCheck::TargetKnown => true,
        CiCheck::Due | CiCheck::FilesOnly | CiCheck::Same | CiCheck::Approved { .. } => false,
    }
}

/// Whether an answer without any job counts for the candidate, which would then run nothing.
pub(crate) fn takes_blank(run: &Run, now: Timestamp) -> bool {
    is_old(run, now)
}

/// Whether this step has been failing for longer than reads lag writes.
fn is_old(run: &Run, now: Timestamp) -> bool {
    match &run.stage {
        RunStage::Merged { retry, .. } | RunStage::Pushed { retry, .. } => {
            retry.failing_for(now, PATIENCE)
        }
        RunStage::Waiting { .. }
        | RunStage::Planned { .. }
        | RunStage::Based { .. }
        | RunStage::Started { .. }
        | RunStage::Ended { .. }
        | RunStage::Closed { .. } => false,
    }
}

/// What kind of trouble it is that the candidate could not be compared. Nothing of it may be waved
/// through: it is tried again, for as long as any step is.
pub(crate) fn not_compared(kind: FaultKind) -> FaultKind {
    match kind {
        FaultKind::Permanent => FaultKind::Temporary,
        kind @ (FaultKind::Temporary | FaultKind::Misconfigured | FaultKind::Bug) => kind,
    }
}

/// What follows from a comparison: CI may run the same as for the target, or a difference that was
/// approved for this very tag.
pub(crate) fn compared(change: Option<CiChange>, pull: Option<&Pull>) -> RunEvent {
    let Some(CiChange { difference, dropped }) = change else {
        return RunEvent::CiChecked(CiCheck::Same);
    };
    match pull.and_then(|pull| pull.ci_approved_by(&difference.digest)) {
        Some(by) => RunEvent::CiChecked(CiCheck::Approved { by: by.to_owned(), dropped }),
        None => RunEvent::Ended(Outcome::CiChanged(difference)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ci_change::{Change, CiDifference, What};
    use crate::pull::ids::{ObjectId, RunId, TargetName};
    use crate::pull::retry::Retry;
    use crate::pull::run::Why;
    use crate::pull::tag::Candidate;

    fn id() -> ObjectId {
        "0123456789abcdef0123456789abcdef01234567".parse().unwrap()
    }

    /// A run whose step has been failing since the epoch.
    fn failing() -> Run {
        let start = Timestamp::UNIX_EPOCH;
        let retry = Retry::now(start).after_failure(start, "no answer".into(), None);
        let candidate = Candidate { base: Some(id()), commit: id(), tree: id() };
        let (url, reference) = (String::new(), String::new());
        Run {
            id: RunId(1),
            target: TargetName::new("master"),
            why: Why::Asked { asker: None, url, reference, sha: id() },
            ci_ref: String::new(),
            created_at: start,
            ci: CiCheck::Due,
            stage: RunStage::Merged { candidate, at: start, retry },
        }
    }

    #[test]
    fn the_comparison_is_given_up_only_for_what_lasts_and_only_where_that_is_allowed() {
        let soon = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60);
        let late = Timestamp::UNIX_EPOCH + PATIENCE;
        let (passing, lasting) = (FaultKind::Temporary, FaultKind::Permanent);
        let (ours, bug) = (FaultKind::Misconfigured, FaultKind::Bug);
        for (kind, lint, now, follows) in [
            (passing, CiLint::Try, late, Untold::AskAgain(passing)),
            (bug, CiLint::Try, late, Untold::AskAgain(bug)),
            (lasting, CiLint::Try, soon, Untold::AskAgain(passing)),
            (lasting, CiLint::Require, soon, Untold::AskAgain(passing)),
            (lasting, CiLint::Try, late, Untold::FilesOnly),
            (lasting, CiLint::Require, late, Untold::AskAgain(ours)),
            (ours, CiLint::Try, soon, Untold::FilesOnly),
            (ours, CiLint::Require, soon, Untold::AskAgain(ours)),
        ] {
            assert_eq!(untold(kind, &failing(), lint, now), follows, "{kind:?} {lint:?} {now}");
        }
        assert_eq!([passing, lasting, ours, bug].map(not_compared), [passing, passing, ours, bug]);
        assert!(!takes_blank(&failing(), soon) && takes_blank(&failing(), late));
    }

    #[test]
    fn what_nobody_approved_ends_the_run() {
        let changes =
            [Change { what: What::Job("a".into()), before: Some("x".into()), after: None }];
        let difference = CiDifference::of(&changes, "one job".to_owned(), Vec::new());
        let change = CiChange { difference, dropped: Vec::new() };
        assert_eq!(compared(None, None), RunEvent::CiChecked(CiCheck::Same));
        assert!(matches!(compared(Some(change), None), RunEvent::Ended(Outcome::CiChanged(_))));
    }
}
