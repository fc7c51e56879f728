//! The table of outcomes: what is said of each way in which a test ends, in a letter, and in
//! histories and lists. Each outcome has one letter: to the list with the author, or to the release
//! managers alone; whoever asked for a test by mail gets that of any outcome.

use super::jobs::{besides, broken_by_ci};
use super::{LetterContext, Words, counted, span};
use crate::pull::ci_change::CiDifference;
use crate::pull::failure::{Blame, blame_of_word};
use crate::pull::tag::Drift;
use crate::pull::verdict::{Breakdown, Evidence, NoResult, Outcome, Overdue, Shortfall};

/// Why a test ended so, in a clause for histories and lists, where its word does not say it.
pub(crate) fn in_history(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Passed(_) | Outcome::AlreadyMerged => None,
        Outcome::Failed(evidence) => Some(format!(
            "{} of {} jobs failed{}",
            evidence.failed_total,
            evidence.of_jobs(),
            besides(&evidence.no_result)
        )),
        Outcome::Infrastructure(breakdown) => Some(broken_by_ci(breakdown)),
        Outcome::Conflict { total, .. } => Some(format!("files in conflict: {total}")),
        Outcome::CiChanged(difference) => Some(format!(
            "it would change what CI runs: {} (difference {})",
            difference.summary,
            difference.short()
        )),
        Outcome::TimedOut { overdue: Overdue::NeverStarted, .. } => {
            Some("no job started in time".into())
        }
        Outcome::TimedOut { overdue: Overdue::StillRunning, .. } => {
            Some("its jobs were not done in time".into())
        }
        Outcome::Incomplete { why, .. } => Some(incomplete_in_history(why)),
        Outcome::Impossible { why } => Some(why.clone()),
        Outcome::Cancelled { by } => Some(format!("by {by}")),
    }
}

/// What a letter says of an outcome.
pub(crate) fn in_letter(outcome: &Outcome, context: &LetterContext<'_>) -> Words {
    match outcome {
        Outcome::Passed(evidence) => passed(evidence, context),
        Outcome::Failed(evidence) => failed(evidence, context),
        Outcome::Infrastructure(breakdown) => infrastructure(breakdown, context),
        Outcome::Conflict { total, .. } => conflict(*total, context),
        Outcome::AlreadyMerged => already_merged(context),
        Outcome::CiChanged(difference) => ci_changed(difference, context),
        Outcome::TimedOut { overdue: Overdue::NeverStarted, allowed, .. } => {
            never_started(*allowed, context)
        }
        Outcome::TimedOut { overdue: Overdue::StillRunning, allowed, no_result, .. } => {
            still_running(*allowed, no_result, context)
        }
        Outcome::Incomplete { why, .. } => incomplete(why, context),
        Outcome::Impossible { why } => impossible(why, context),
        Outcome::Cancelled { by } => cancelled(by, context),
    }
}

/// How far the target has moved since, where that matters to what was found.
pub(crate) fn moved(outcome: &Outcome, branch: &str, drift: &Drift) -> Option<String> {
    let moved = drifted(branch, drift)?;
    match outcome {
        Outcome::Passed(_) => Some(format!(
            "{moved} So the merge above is no fast-forward any more: merge the tag itself, or have \
             it tested on the new tip."
        )),
        Outcome::Failed(_) | Outcome::Conflict { .. } | Outcome::TimedOut { .. } => Some(moved),
        Outcome::Infrastructure(_)
        | Outcome::AlreadyMerged
        | Outcome::CiChanged(_)
        | Outcome::Incomplete { .. }
        | Outcome::Impossible { .. }
        | Outcome::Cancelled { .. } => None,
    }
}

/// How far the target has moved, and whether that touches the same files; `None` if it has not.
fn drifted(branch: &str, drift: &Drift) -> Option<String> {
    if drift.commits == 0 {
        return None;
    }
    let moved = format!("{branch} has moved by {} since", counted(drift.commits.into(), "commit"));
    let same = match drift.same_files.len() {
        0 => "no file in common.".to_owned(),
        n => format!("{} in common: {}.", counted(n as u64, "file"), drift.same_files.join(", ")),
    };
    Some(format!("{moved}; {same}"))
}

fn passed(evidence: &Evidence, context: &LetterContext<'_>) -> Words {
    let jobs = format!("{}{}", counted(evidence.jobs.into(), "job"), besides(&evidence.no_result));
    let allowed = match evidence.allowed_failures.as_slice() {
        [] => String::new(),
        [one] => format!(" {one} failed, which the project allows it to."),
        many => format!(" {} failed, which the project allows them to.", many.join(", ")),
    };
    match context.pull {
        Some(_) => Words {
            first: format!("Passed on {}; not applied.", context.place()),
            means: format!(
                "This pull request was merged onto {} for a test, and CI passed ({jobs}).{allowed} \
                 Nothing is asked of the author: the release managers decide about applying it.",
                context.branch
            ),
            next: "release managers can take this merge with the commands above, or merge the \
                   tag themselves."
                .into(),
            commands: Vec::new(),
        },
        None => Words {
            first: format!("Passed on {}; not applied.", context.place()),
            means: format!("The commit that you asked to have tested passed CI ({jobs}).{allowed}"),
            next: "apply it, or not; the bot does not.".into(),
            commands: Vec::new(),
        },
    }
}

fn failed(evidence: &Evidence, context: &LetterContext<'_>) -> Words {
    let first = format!(
        "Failed in {} of {} on {}{}.",
        evidence.failed_total,
        counted(evidence.of_jobs().into(), "job"),
        context.place(),
        besides(&evidence.no_result)
    );
    match context.pull {
        Some(_) => Words {
            first,
            means: format!(
                "This pull request was merged onto {} for a test, and CI failed. The next move is \
                 the author's; the failing jobs are below.",
                context.branch
            ),
            next: format!(
                "the author is asked to fix the failures and to send a new revision ({}) with a \
                 new tag. If they are not caused by this pull request, {}.",
                context.next_revision(),
                context.again
            ),
            commands: Vec::new(),
        },
        None => Words {
            first,
            means: "The commit that you asked to have tested failed in CI; the failing jobs are \
                    below."
                .into(),
            next: "drop or mend what causes the failures, merge again, and ask for a test of the \
                   new commit."
                .into(),
            commands: Vec::new(),
        },
    }
}

/// What CI itself broke, or had no runner for.
fn infrastructure(breakdown: &Breakdown, context: &LetterContext<'_>) -> Words {
    let known = breakdown.broken.iter().all(|job| match job.reason.as_deref().map(blame_of_word) {
        Some(Blame::Infrastructure) => true,
        Some(Blame::Code | Blame::Inconclusive) | None => false,
    });
    let some_wait = breakdown.no_result.never_started > 0;
    let means = match breakdown.allowed {
        Some(allowed) if some_wait => format!(
            "All jobs that a runner took are over; {} after the first one started, the jobs below \
             had not. That says nothing about the changes.",
            span(allowed)
        ),
        Some(allowed) if breakdown.broken.is_empty() => format!(
            "All its jobs are over, but {} after the first one started GitLab still did not call \
             it finished. That says nothing about the changes.",
            span(allowed)
        ),
        Some(_) | None if known => {
            "GitLab blames its runners or itself for that, so it says nothing about the changes."
                .into()
        }
        Some(_) | None => "What GitLab gives as the reason says nothing about the changes.".into(),
    };
    let next = match (some_wait, breakdown.broken.as_slice()) {
        (true, _) => {
            "see whether runners for the jobs above are online and free, then have it tested again."
        }
        (false, []) => "look at the pipeline's page in GitLab, then have it tested again.",
        (false, _) => "see what broke these jobs, mend that, then have it tested again.",
    };
    Words {
        first: format!("Not tested on {}: {}.", context.place(), broken_by_ci(breakdown)),
        means: format!("{means}{}", context.untold()),
        next: next.into(),
        commands: context.retest(),
    }
}

fn conflict(total: u32, context: &LetterContext<'_>) -> Words {
    let first = format!(
        "Does not merge onto {}: conflicts in {}.",
        context.place(),
        counted(total.into(), "file")
    );
    Words {
        first,
        means:
            "Nothing was tested. The next move is the author's; the conflicting files are below."
                .into(),
        next: format!(
            "the author is asked to rebase onto the current {}, or to merge it into the branch, \
             to sign a new tag, and to send a new revision ({}).",
            context.branch,
            context.next_revision()
        ),
        commands: Vec::new(),
    }
}

fn already_merged(context: &LetterContext<'_>) -> Words {
    Words {
        first: format!("Already in {}.", context.branch),
        means: "There was nothing to merge and nothing to test.".into(),
        next: "nothing.".into(),
        commands: Vec::new(),
    }
}

/// No letter says this of a request, which is held instead.
fn ci_changed(difference: &CiDifference, context: &LetterContext<'_>) -> Words {
    Words {
        first: format!("Not tested on {}: it would change what CI runs.", context.place()),
        means: format!("What would change: {}.", difference.summary),
        next: "a release manager has to approve that.".into(),
        commands: Vec::new(),
    }
}

fn still_running(allowed: u64, no_result: &NoResult, context: &LetterContext<'_>) -> Words {
    let others = besides(&NoResult { not_done: 0, ..*no_result });
    let first =
        format!("Timed out on {}: not done after {}{others}.", context.place(), span(allowed));
    let means = "It has neither passed nor failed: some jobs of its pipeline did not end in time. \
                 Either CI is slow today, or something in the changes hangs.";
    let next = match context.pull {
        Some(_) => {
            format!(
                "if one of these jobs may hang because of the changes, the author is asked to look \
                 at its log and to send a new revision ({}). If not, {}.",
                context.next_revision(),
                context.again
            )
        }
        None => {
            "look at the logs of these jobs, and ask for a test again if nothing in them hangs."
                .into()
        }
    };
    Words { first, means: means.into(), next, commands: Vec::new() }
}

fn never_started(allowed: u64, context: &LetterContext<'_>) -> Words {
    Words {
        first: format!("Not tested: no job started within {}.", span(allowed)),
        means: format!(
            "CI gave the pipeline no runner. That says nothing about the changes.{}",
            context.untold()
        ),
        next: "see whether runners for the jobs above are online and free, then have it tested \
               again."
            .into(),
        commands: context.retest(),
    }
}

fn incomplete(why: &Shortfall, context: &LetterContext<'_>) -> Words {
    let (what, means, next) = match why {
        Shortfall::Canceled => (
            "the pipeline was cancelled",
            "Somebody or something cancelled it in GitLab before it was done.".to_owned(),
            "find out who cancelled it, and why.",
        ),
        Shortfall::Skipped => (
            "the pipeline was skipped",
            "GitLab skipped all of its jobs, so nothing was tested.".to_owned(),
            "see whether the commits ask for that ([ci skip]) or the CI configuration's rules do.",
        ),
        Shortfall::Manual { jobs } => (
            "the pipeline waits for manual jobs",
            format!("It waits for a person to start {}.", some(jobs, "a manual job")),
            "start them in GitLab, or make them start by themselves.",
        ),
        Shortfall::Empty => (
            "no job ran",
            "GitLab calls the pipeline a success, but no job of it ran.".to_owned(),
            "see whether the CI configuration's rules leave any job for pipelines made through \
             the API.",
        ),
        Shortfall::RequiredMissing { jobs } => (
            "required jobs did not run",
            format!(
                "GitLab calls the pipeline a success, but these required jobs did not run to \
                 success: {}.",
                some(jobs, "unnamed ones")
            ),
            "see why they did not run, or change required_jobs in the bot's configuration.",
        ),
        Shortfall::NoFailedJob { yaml_errors } => (
            "the pipeline failed without a failed job",
            match yaml_errors {
                Some(errors) => format!("GitLab does not take the CI configuration: {errors}."),
                None => "GitLab calls it failed, but names no job that failed.".to_owned(),
            },
            "look at the pipeline's page in GitLab.",
        ),
    };
    Words {
        first: format!("Not tested on {}: {what}.", context.place()),
        means: format!("{means}{}", context.untold()),
        next: format!("{next} Then have it tested again."),
        commands: context.retest(),
    }
}

fn incomplete_in_history(why: &Shortfall) -> String {
    match why {
        Shortfall::Canceled => "the pipeline was cancelled in GitLab".into(),
        Shortfall::Skipped => "GitLab skipped the pipeline".into(),
        Shortfall::Manual { jobs } => format!("a person has to start: {}", jobs.join(", ")),
        Shortfall::Empty => "no job ran".into(),
        Shortfall::RequiredMissing { jobs } => {
            format!("required jobs did not succeed: {}", jobs.join(", "))
        }
        Shortfall::NoFailedJob { yaml_errors: Some(errors) } => {
            format!("GitLab does not take the CI configuration: {errors}")
        }
        Shortfall::NoFailedJob { yaml_errors: None } => "GitLab names no job that failed".into(),
    }
}

fn some(jobs: &[String], none: &str) -> String {
    if jobs.is_empty() { none.to_owned() } else { jobs.join(", ") }
}

fn impossible(why: &str, context: &LetterContext<'_>) -> Words {
    Words {
        first: format!("Not tested on {}: the test could not be made.", context.place()),
        means: format!("{why}{}", context.untold()),
        next: "when that is mended, have it tested again.".into(),
        commands: context.retest(),
    }
}

fn cancelled(by: &str, context: &LetterContext<'_>) -> Words {
    Words {
        first: format!("Cancelled by {by}."),
        means: "Its result, if there is one, does not count.".into(),
        next: "to have it tested after all, ask again.".into(),
        commands: context.retest(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ids::PipelineId;
    use crate::pull::jobs::PipelineLink;

    #[test]
    fn failed_jobs_are_counted_among_no_fewer_jobs() {
        let said = |jobs, failed_total, broken| {
            let evidence = Evidence {
                pipeline: PipelineLink { id: PipelineId(1), url: String::new() },
                jobs,
                allowed_failures: Vec::new(),
                failed: Vec::new(),
                failed_total,
                broken: Vec::new(),
                no_result: NoResult { broken, ..NoResult::default() },
            };
            in_history(&Outcome::Failed(evidence)).unwrap()
        };
        assert_eq!(said(3, 1, 1), "1 of 3 jobs failed; 1 broken by CI");
        // A record that counted cancelled jobs as failed.
        assert_eq!(said(2, 3, 0), "3 of 3 jobs failed");
    }
}
