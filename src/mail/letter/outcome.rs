//! What a letter shows of how a test ended: how to take the merge, what failed or conflicts, whether
//! the target has moved since.

use super::block::Block;
use super::input::TargetWords;
use super::jobs;
use crate::mail::words::{self, Suggestion, counted, outcomes};
use crate::pull::run::Run;
use crate::pull::tag::{ConflictFile, Drift};
use crate::pull::verdict::Outcome;

/// Files of a conflict that are named at most.
const FILES: usize = 20;

pub(super) fn shown(
    outcome: &Outcome,
    run: Option<&Run>,
    target: &TargetWords,
    drift: Option<&Drift>,
) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let (Outcome::Passed(_), Some(run)) = (outcome, run) {
        blocks.extend(to_take(run, target));
    }
    blocks.extend(run.and_then(|run| words::approved_ci(&run.ci)).map(Block::Paragraph));
    blocks.extend(details(outcome));
    let moved = drift.and_then(|drift| outcomes::moved(outcome, &target.branch, drift));
    blocks.extend(moved.map(Block::Paragraph));
    blocks
}

/// How to take a merge that passed.
fn to_take(run: &Run, target: &TargetWords) -> Vec<Block> {
    let Some(candidate) = run.stage.candidate() else { return Vec::new() };
    let commands = [
        format!("git fetch {} {}", target.fetch_url, run.ci_ref),
        format!("git merge --ff-only {}", candidate.commit),
    ];
    vec![
        Block::Paragraph(format!("To take this merge, with {} checked out:", target.branch)),
        Block::Suggestions(commands.map(Suggestion::Shell).into()),
    ]
}

/// Failing jobs, conflicting files, unfinished jobs.
fn details(outcome: &Outcome) -> Vec<Block> {
    match outcome {
        Outcome::Failed(evidence) => jobs::failed(evidence),
        Outcome::Passed(evidence) => jobs::broken_aside(evidence).into_iter().collect(),
        Outcome::Infrastructure(breakdown) => jobs::breakdown(breakdown),
        Outcome::TimedOut { unfinished, waiting, .. } => jobs::unfinished(unfinished, waiting),
        Outcome::Conflict { files, total, .. } => conflicts(files, *total),
        Outcome::AlreadyMerged
        | Outcome::CiChanged(_)
        | Outcome::Incomplete { .. }
        | Outcome::Impossible { .. }
        | Outcome::Cancelled { .. } => Vec::new(),
    }
}

fn conflicts(files: &[ConflictFile], total: u32) -> Vec<Block> {
    let item = |file: &ConflictFile| {
        let touched = match file.touched_by.as_slice() {
            [] => String::new(),
            commits => format!("; touched by {}", commits.join("; ")),
        };
        format!("{}: {}{touched}", file.path, file.kind)
    };
    let items: Vec<String> = files.iter().take(FILES).map(item).collect();
    let unnamed = (total as usize).saturating_sub(items.len());
    let more = format!("And {}.", counted(unnamed as u64, "more file"));
    let more = (unnamed > 0).then_some(Block::Paragraph(more));
    [Block::Items(items)].into_iter().chain(more).collect()
}
