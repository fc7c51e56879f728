//! What a letter shows of a pipeline's jobs: which failed, with the ends of their logs, which CI broke,
//! which were not done. It must not choose what is a failure.

use super::block::Block;
use crate::mail::words::{clause, counted};
use crate::pull::clean;
use crate::pull::verdict::{Breakdown, BrokenJob, Evidence, FailedJob};

/// Lines of log that a failed job shows at most.
const LOG_LINES: usize = 15;
/// Failed jobs that are shown with their logs at most: with their headings under 60 lines.
const JOBS_SHOWN: usize = 3;
/// Characters of a job's name at most.
const JOB_NAME: usize = 100;
/// Characters of a line about a job that was not done at most.
const LINE: usize = 300;
/// Characters that the names of further jobs take at most.
const NAMES: usize = 400;

/// Jobs whose time was up, and apart from them those that never had any.
pub(super) fn unfinished(unfinished: &[String], waiting: &[String]) -> Vec<Block> {
    let mut blocks = titled("Jobs that were not done:", unfinished);
    let never = "Jobs that never started, which says nothing about the changes:";
    blocks.extend(titled(never, waiting));
    blocks
}

/// What CI itself did not get to a result.
pub(super) fn breakdown(breakdown: &Breakdown) -> Vec<Block> {
    let mut blocks = titled("Jobs that never started:", &breakdown.waiting);
    if !breakdown.broken.is_empty() {
        blocks.push(Block::Paragraph("Jobs that CI itself broke:".into()));
    }
    blocks.extend(breakdown.broken.iter().flat_map(broken_job));
    let unnamed = (breakdown.no_result.broken as usize).saturating_sub(breakdown.broken.len());
    if unnamed > 0 {
        blocks.push(Block::Paragraph(format!("And {}.", counted(unnamed as u64, "more job"))));
    }
    blocks
}

/// The failed jobs, the first of them with the ends of their logs.
pub(super) fn failed(evidence: &Evidence) -> Vec<Block> {
    let mut blocks: Vec<Block> =
        evidence.failed.iter().take(JOBS_SHOWN).flat_map(failed_job).collect();
    let shown = evidence.failed.len().min(JOBS_SHOWN);
    let others = evidence.failed[shown..].iter().map(|job| job.name.as_str());
    let total = (evidence.failed_total as usize).saturating_sub(shown);
    let others = named(others, total).map(|names| format!("Failed as well: {names}."));
    blocks.extend(others.map(Block::Names));
    blocks.extend(broken_aside(evidence));
    blocks
}

/// The jobs that failed, but not by the code's fault, in one sentence that blames nobody.
pub(super) fn broken_aside(evidence: &Evidence) -> Option<Block> {
    let total = evidence.no_result.broken;
    let names = named(evidence.broken.iter().map(String::as_str), total as usize)?;
    let jobs = counted(total.into(), "job");
    Some(Block::Names(format!(
        "CI itself broke {jobs}, which says nothing about the changes: {names}."
    )))
}

/// "a, b, and 3 more": as many names as there is room for.
fn named<'a>(names: impl Iterator<Item = &'a str>, total: usize) -> Option<String> {
    let mut listed = String::new();
    let mut count = 0;
    for name in names.map(job_name) {
        if listed.chars().count() + name.chars().count() > NAMES {
            break;
        }
        listed.push_str(if count == 0 { "" } else { ", " });
        listed.push_str(&name);
        count += 1;
    }
    match (count, total.saturating_sub(count)) {
        (0, 0) => None,
        (0, more) => Some(format!("{more} more")),
        (_, 0) => Some(listed),
        (_, more) => Some(format!("{listed}, and {more} more")),
    }
}

fn broken_job(job: &BrokenJob) -> Vec<Block> {
    let why = match job.reason.as_deref() {
        Some(word) => format!("{} ({word})", clause(word)),
        None => "GitLab gives no reason".into(),
    };
    let wants = match job.tags.as_str() {
        "" => String::new(),
        tags => format!(" (wants a runner with {tags})"),
    };
    let mut blocks = vec![Block::Items(vec![format!("{}{wants}: {why}", job_name(&job.name))])];
    if !job.url.is_empty() {
        blocks.push(Block::Below(job.url.clone()));
    }
    blocks
}

fn failed_job(job: &FailedJob) -> [Block; 2] {
    let mut about = Vec::new();
    about.extend(job.architecture.as_deref().map(clean::words));
    // That its script failed is what everybody expects of a failed job; GitLab's other words for
    // why are worth a mention.
    let reason = job.reason.as_deref().filter(|reason| *reason != "script_failure");
    about.extend(reason.map(|reason| clean::words(reason).replace('_', " ")));
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    let heading = format!("Job {}{about}:", job_name(&job.name));
    let page_of_job = Some(job.url.clone()).filter(|url| !url.is_empty());
    let from = job.log.len().saturating_sub(LOG_LINES);
    [
        Block::Lines([Some(heading), page_of_job].into_iter().flatten().collect()),
        Block::Verbatim(job.log[from..].to_vec()),
    ]
}

fn job_name(name: &str) -> String {
    clean::cut(&clean::words(name), JOB_NAME)
}

/// A list under a title, where there is something to list.
fn titled(title: &str, items: &[String]) -> Vec<Block> {
    if items.is_empty() {
        return Vec::new();
    }
    let items = items.iter().map(|item| clean::cut(item, LINE)).collect();
    vec![Block::Paragraph(title.into()), Block::Items(items)]
}
