//! The part of a letter that lists what speaks against a request's commits.

use super::block::Block;
use crate::mail::words;
use crate::pull::checks::{Duty, Problem};
use crate::pull::clean;
use crate::pull::cover::Cover;

/// Characters of one line about a commit.
const LINE: usize = 160;

/// Each problem with its first commits.
pub(super) fn listed(problems: &[Problem], cover: &Cover) -> Vec<Block> {
    let refused = problems.iter().any(|problem| problem.duty == Duty::Refuse);
    problems.iter().flat_map(|problem| one(problem, refused, cover)).collect()
}

/// `refused`: others of the problems refuse the request.
fn one(problem: &Problem, refused: bool, cover: &Cover) -> [Block; 2] {
    let sentence = words::problem(problem, cover);
    let hold = if refused && problem.duty == Duty::Hold {
        " (This alone would need a release manager's approval.)"
    } else {
        ""
    };
    let cut = |commit: &String| clean::cut(&clean::words(commit), LINE);
    let mut lines: Vec<_> = problem.commits.iter().map(cut).collect();
    let more = (problem.total as usize).saturating_sub(lines.len());
    if !lines.is_empty() && more > 0 {
        lines.push(format!("and {more} more"));
    }
    [Block::Paragraph(format!("{sentence}{hold}")), Block::Items(lines)]
}
