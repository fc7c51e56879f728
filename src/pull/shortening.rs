//! What gives way where a record would be too large to be put: what is only shown to people, and
//! stands in GitLab, in git or in a file beside the records as well. How many there are in all stays,
//! and so does everything that a rule reads.
//!
//! Each function leaves out one more thing, and says whether there was one.

use super::checks::Problem;
use super::signer::Objection;
use super::verdict::{Evidence, Outcome, Refusal, Shortfall, Verdict};

pub(super) fn of_problems(problems: &mut [Problem]) -> bool {
    let longest = problems.iter_mut().max_by_key(|problem| problem.commits.len());
    longest.is_some_and(|problem| problem.commits.pop().is_some())
}

pub(super) fn of_verdict(verdict: &mut Verdict) -> bool {
    match verdict {
        Verdict::Tested { outcome, .. } => of_outcome(outcome),
        Verdict::Refused { why, .. } => of_refusal(why),
        Verdict::Landed
        | Verdict::Cancelled { .. }
        | Verdict::Repeated { .. }
        | Verdict::Ignored { .. }
        | Verdict::Superseded { .. } => false,
    }
}

fn of_refusal(why: &mut Refusal) -> bool {
    match why {
        Refusal::Checks(problems) => of_problems(problems),
        Refusal::Signer(Objection::OtherPaths { files, may, .. }) => {
            files.pop().or_else(|| may.pop()).is_some()
        }
        Refusal::Signer(
            Objection::OtherSender { .. }
            | Objection::OtherList { .. }
            | Objection::OtherTarget { .. },
        )
        | Refusal::Signature(_)
        | Refusal::Person { .. }
        | Refusal::NoTag { .. }
        | Refusal::UrlNotAllowed { .. }
        | Refusal::RefMissing
        | Refusal::TipMismatch { .. }
        | Refusal::Unfetchable { .. } => false,
    }
}

/// Of how a run ended.
pub(super) fn of_outcome(outcome: &mut Outcome) -> bool {
    match outcome {
        Outcome::Passed(evidence) | Outcome::Failed(evidence) => of_evidence(evidence),
        Outcome::Conflict { files, .. } => {
            match files.iter_mut().rev().find(|file| !file.touched_by.is_empty()) {
                Some(file) => {
                    file.touched_by.clear();
                    true
                }
                None => files.pop().is_some(),
            }
        }
        Outcome::CiChanged(difference) => difference.lines.pop().is_some(),
        Outcome::TimedOut { unfinished, waiting, .. } => {
            waiting.pop().or_else(|| unfinished.pop()).is_some()
        }
        Outcome::Infrastructure(breakdown) => {
            breakdown.waiting.pop().is_some() || breakdown.broken.pop().is_some()
        }
        Outcome::Incomplete { why, .. } => match why {
            Shortfall::Manual { jobs } | Shortfall::RequiredMissing { jobs } => {
                jobs.pop().is_some()
            }
            Shortfall::Canceled
            | Shortfall::Skipped
            | Shortfall::Empty
            | Shortfall::NoFailedJob { .. } => false,
        },
        Outcome::AlreadyMerged | Outcome::Impossible { .. } | Outcome::Cancelled { .. } => false,
    }
}

/// The logs first: who wants one follows the job's link.
fn of_evidence(evidence: &mut Evidence) -> bool {
    match evidence.failed.iter_mut().rev().find(|job| !job.log.is_empty()) {
        Some(job) => {
            job.log.clear();
            true
        }
        None => {
            evidence.failed.pop().is_some()
                || evidence.allowed_failures.pop().is_some()
                || evidence.broken.pop().is_some()
        }
    }
}
