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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ids::PipelineId;
    use crate::pull::jobs::PipelineLink;

    fn said(no_result: NoResult, allowed: Option<u64>) -> String {
        let pipeline = PipelineLink { id: PipelineId(1), url: String::new() };
        let (broken, waiting) = (Vec::new(), Vec::new());
        broken_by_ci(&Breakdown { pipeline, broken, allowed, waiting, no_result })
    }

    #[test]
    fn what_ci_did_not_get_to_a_result_is_counted() {
        let broken = NoResult { broken: 1, skipped: 1, ..NoResult::default() };
        assert_eq!(said(broken, None), "CI itself broke 1 job; 1 skipped");
        let waiting = NoResult { never_started: 2, ..broken };
        let rest = "1 broken by CI, 1 skipped";
        assert_eq!(said(waiting, Some(60)), format!("2 jobs never started; {rest}"));
        assert_eq!(said(NoResult::default(), Some(60)), "GitLab did not end the pipeline in time");
    }

    #[test]
    fn what_stands_beside_a_result_is_counted() {
        assert_eq!(besides(&NoResult::default()), "");
        let all = NoResult { broken: 1, cancelled: 2, skipped: 3, not_done: 4, never_started: 5 };
        let words = "; 1 broken by CI, 2 cancelled, 3 skipped, 4 not done, 5 never started";
        assert_eq!(besides(&all), words);
    }
}
