//! Words for jobs that gave no result.

use super::counted;
use crate::pull::jobs::{Breakdown, NoResult};

/// "; 3 cancelled, 40 skipped", to be put after a clause; nothing if all jobs gave a result.
pub(super) fn besides(no_result: &NoResult) -> String {
    let NoResult { broken, cancelled, skipped, not_done, never_started } = *no_result;
    let counts = [
        (broken, "broken by CI"),
        (cancelled, "cancelled"),
        (skipped, "skipped"),
        (not_done, "not done"),
        (never_started, "never started"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    if counts.is_empty() { String::new() } else { format!("; {}", counts.join(", ")) }
}

/// Why CI itself did not get a pipeline to a verdict, in a clause.
pub(super) fn broken_by_ci(breakdown: &Breakdown) -> String {
    let rest = breakdown.no_result;
    let jobs = |count: u32| counted(count.into(), "job");
    if breakdown.allowed.is_some() && rest.never_started > 0 {
        let others = NoResult { never_started: 0, ..rest };
        format!("{} never started{}", jobs(rest.never_started), besides(&others))
    } else if rest.broken > 0 {
        let others = NoResult { broken: 0, ..rest };
        format!("CI itself broke {}{}", jobs(rest.broken), besides(&others))
    } else {
        format!("GitLab did not end the pipeline in time{}", besides(&rest))
    }
}
