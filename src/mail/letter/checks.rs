//! The part of a letter that lists what speaks against a request's commits.

use super::page::Page;
use crate::mail::words;
use crate::pull::checks::{Duty, Problem};
use crate::pull::clean;
use crate::pull::cover::Cover;

/// Characters of one line about a commit.
const LINE: usize = 160;

/// Each problem with its first commits.
pub(super) fn list(page: &mut Page, problems: &[Problem], cover: &Cover) {
    let refused = problems.iter().any(|problem| problem.duty == Duty::Refuse);
    for problem in problems {
        let sentence = words::problem(problem, cover);
        let hold = if refused && problem.duty == Duty::Hold {
            " (This alone would need a release manager's approval.)"
        } else {
            ""
        };
        page.paragraph(&format!("{sentence}{hold}"));
        let cut = |commit: &String| clean::cut(&clean::words(commit), LINE);
        let mut lines: Vec<_> = problem.commits.iter().map(cut).collect();
        let more = (problem.total as usize).saturating_sub(lines.len());
        if !lines.is_empty() && more > 0 {
            lines.push(format!("and {more} more"));
        }
        page.items(&lines);
    }
}
