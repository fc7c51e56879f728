//! Words for what came of a test.

use super::{Ground, Words, counted, span};
use crate::pull::ci_change::CiDifference;
use crate::pull::failure::{Blame, blame_of_word};
use crate::pull::verdict::{Breakdown, Evidence, NoResult, Outcome, Overdue, Shortfall};

/// Words for an outcome.
pub(crate) fn tested(outcome: &Outcome, ground: &Ground<'_>) -> Words {
    match outcome {
        Outcome::Passed(evidence) => passed(evidence, ground),
        Outcome::Failed(evidence) => failed(evidence, ground),
        Outcome::Infrastructure(breakdown) => infrastructure(breakdown, ground),
        Outcome::Conflict { total, .. } => conflict(*total, ground),
        Outcome::AlreadyMerged => already_merged(ground),
        Outcome::CiChanged(difference) => ci_changed(difference, ground),
        Outcome::TimedOut { overdue: Overdue::NeverStarted, allowed, .. } => {
            never_started(*allowed, ground)
        }
        Outcome::TimedOut { overdue: Overdue::StillRunning, allowed, no_result, .. } => {
            still_running(*allowed, no_result, ground)
        }
        Outcome::Incomplete { why, .. } => incomplete(why, ground),
        Outcome::Impossible { why } => impossible(why, ground),
        Outcome::Cancelled { by } => cancelled(by, ground),
    }
}

fn passed(evidence: &Evidence, ground: &Ground<'_>) -> Words {
    let jobs = format!("{}{}", counted(evidence.jobs.into(), "job"), evidence.no_result.besides());
    let allowed = match evidence.allowed_failures.as_slice() {
        [] => String::new(),
        [one] => format!(" {one} failed, which the project allows it to."),
        many => format!(" {} failed, which the project allows them to.", many.join(", ")),
    };
    match ground.pull {
        Some(_) => Words {
            first: format!("Passed on {}; not applied.", ground.place()),
            means: format!(
                "This pull request was merged onto {} for a test, and CI passed ({jobs}).{allowed} \
                 Nothing is asked of the author: the release managers decide about applying it.",
                ground.branch
            ),
            next: "release managers can take this merge with the commands above, or merge the \
                   tag themselves."
                .into(),
            commands: Vec::new(),
        },
        None => Words {
            first: format!("Passed on {}; not applied.", ground.place()),
            means: format!("The commit that you asked to have tested passed CI ({jobs}).{allowed}"),
            next: "apply it, or not; the bot does not.".into(),
            commands: Vec::new(),
        },
    }
}

fn failed(evidence: &Evidence, ground: &Ground<'_>) -> Words {
    let first = format!(
        "Failed in {} of {} on {}{}.",
        evidence.failed_total,
        counted(evidence.of_jobs().into(), "job"),
        ground.place(),
        evidence.no_result.besides()
    );
    match ground.pull {
        Some(_) => Words {
            first,
            means: format!(
                "This pull request was merged onto {} for a test, and CI failed. The next move is \
                 the author's; the failing jobs are below.",
                ground.branch
            ),
            next: format!(
                "the author is asked to fix the failures and to send a new revision ({}) with a \
                 new tag. If they are not caused by this pull request, {}.",
                ground.next_revision(),
                ground.again
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
fn infrastructure(breakdown: &Breakdown, ground: &Ground<'_>) -> Words {
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
        first: format!("Not tested on {}: {}.", ground.place(), breakdown.clause()),
        means: format!("{means}{}", ground.untold()),
        next: next.into(),
        commands: ground.retest(),
    }
}

fn conflict(total: u32, ground: &Ground<'_>) -> Words {
    let first = format!(
        "Does not merge onto {}: conflicts in {}.",
        ground.place(),
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
            ground.branch,
            ground.next_revision()
        ),
        commands: Vec::new(),
    }
}

fn already_merged(ground: &Ground<'_>) -> Words {
    Words {
        first: format!("Already in {}.", ground.branch),
        means: "There was nothing to merge and nothing to test.".into(),
        next: "nothing.".into(),
        commands: Vec::new(),
    }
}

/// No letter says this of a request, which is held instead.
fn ci_changed(difference: &CiDifference, ground: &Ground<'_>) -> Words {
    Words {
        first: format!("Not tested on {}: it would change what CI runs.", ground.place()),
        means: format!("What would change: {}.", difference.summary),
        next: "a release manager has to approve that.".into(),
        commands: Vec::new(),
    }
}

fn still_running(allowed: u64, no_result: &NoResult, ground: &Ground<'_>) -> Words {
    let others = NoResult { not_done: 0, ..*no_result }.besides();
    let first =
        format!("Timed out on {}: not done after {}{others}.", ground.place(), span(allowed));
    let means = "It has neither passed nor failed: some jobs of its pipeline did not end in time. \
                 Either CI is slow today, or something in the changes hangs.";
    let next = match ground.pull {
        Some(_) => {
            format!(
                "if one of these jobs may hang because of the changes, the author is asked to look \
                 at its log and to send a new revision ({}). If not, {}.",
                ground.next_revision(),
                ground.again
            )
        }
        None => {
            "look at the logs of these jobs, and ask for a test again if nothing in them hangs."
                .into()
        }
    };
    Words { first, means: means.into(), next, commands: Vec::new() }
}

fn never_started(allowed: u64, ground: &Ground<'_>) -> Words {
    Words {
        first: format!("Not tested: no job started within {}.", span(allowed)),
        means: format!(
            "CI gave the pipeline no runner. That says nothing about the changes.{}",
            ground.untold()
        ),
        next: "see whether runners for the jobs above are online and free, then have it tested \
               again."
            .into(),
        commands: ground.retest(),
    }
}

fn incomplete(why: &Shortfall, ground: &Ground<'_>) -> Words {
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
        first: format!("Not tested on {}: {what}.", ground.place()),
        means: format!("{means}{}", ground.untold()),
        next: format!("{next} Then have it tested again."),
        commands: ground.retest(),
    }
}

fn some(jobs: &[String], none: &str) -> String {
    if jobs.is_empty() { none.to_owned() } else { jobs.join(", ") }
}

fn impossible(why: &str, ground: &Ground<'_>) -> Words {
    Words {
        first: format!("Not tested on {}: the test could not be made.", ground.place()),
        means: format!("{why}{}", ground.untold()),
        next: "when that is mended, have it tested again.".into(),
        commands: ground.retest(),
    }
}

fn cancelled(by: &str, ground: &Ground<'_>) -> Words {
    Words {
        first: format!("Cancelled by {by}."),
        means: "Its result, if there is one, does not count.".into(),
        next: "to have it tested after all, ask again.".into(),
        commands: ground.retest(),
    }
}
