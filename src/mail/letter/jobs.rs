//! What a letter shows of a pipeline's jobs: which failed, with the ends of their logs, which CI broke,
//! which were not done. It must not choose what is a failure.

use super::page::Page;
use crate::mail::words;
use crate::pull::clean;
use crate::pull::failure;
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
pub(super) fn unfinished(page: &mut Page, unfinished: &[String], waiting: &[String]) {
    titled(page, "Jobs that were not done:", unfinished);
    titled(page, "Jobs that never started, which says nothing about the changes:", waiting);
}

/// What CI itself did not get to a result.
pub(super) fn breakdown(page: &mut Page, breakdown: &Breakdown) {
    titled(page, "Jobs that never started:", &breakdown.waiting);
    if !breakdown.broken.is_empty() {
        page.paragraph("Jobs that CI itself broke:");
    }
    for job in &breakdown.broken {
        broken_job(page, job);
    }
    let unnamed = (breakdown.no_result.broken as usize).saturating_sub(breakdown.broken.len());
    if unnamed > 0 {
        page.paragraph(&format!("And {}.", words::counted(unnamed as u64, "more job")));
    }
}

/// The failed jobs, the first of them with the ends of their logs.
pub(super) fn failed(page: &mut Page, evidence: &Evidence) {
    for job in evidence.failed.iter().take(JOBS_SHOWN) {
        failed_job(page, job);
    }
    let shown = evidence.failed.len().min(JOBS_SHOWN);
    let others = evidence.failed[shown..].iter().map(|job| job.name.as_str());
    let total = (evidence.failed_total as usize).saturating_sub(shown);
    if let Some(others) = named(others, total) {
        page.names(&format!("Failed as well: {others}."));
    }
    broken_aside(page, evidence);
}

/// The jobs that failed, but not by the code's fault, in one sentence that blames nobody.
pub(super) fn broken_aside(page: &mut Page, evidence: &Evidence) {
    let total = evidence.no_result.broken;
    let names = evidence.broken.iter().map(String::as_str);
    if let Some(names) = named(names, total as usize) {
        let jobs = words::counted(total.into(), "job");
        page.names(&format!(
            "CI itself broke {jobs}, which says nothing about the changes: {names}."
        ));
    }
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

fn broken_job(page: &mut Page, job: &BrokenJob) {
    let why = match job.reason.as_deref() {
        Some(word) => format!("{} ({word})", failure::clause(word)),
        None => "GitLab gives no reason".into(),
    };
    let wants = match job.tags.as_str() {
        "" => String::new(),
        tags => format!(" (wants a runner with {tags})"),
    };
    page.items(&[format!("{}{wants}: {why}", job_name(&job.name))]);
    if !job.url.is_empty() {
        page.below(&job.url);
    }
}

fn failed_job(page: &mut Page, job: &FailedJob) {
    let mut about = Vec::new();
    about.extend(job.architecture.as_deref().map(clean::words));
    // That its script failed is what everybody expects of a failed job; GitLab's other words for
    // why are worth a mention.
    let reason = job.reason.as_deref().filter(|reason| *reason != "script_failure");
    about.extend(reason.map(|reason| clean::words(reason).replace('_', " ")));
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    let heading = format!("Job {}{about}:", job_name(&job.name));
    let page_of_job = Some(job.url.clone()).filter(|url| !url.is_empty());
    page.lines(&[Some(heading), page_of_job].into_iter().flatten().collect::<Vec<_>>());
    let from = job.log.len().saturating_sub(LOG_LINES);
    page.verbatim(&job.log[from..]);
}

fn job_name(name: &str) -> String {
    clean::cut(&clean::words(name), JOB_NAME)
}

/// A list under a title, where there is something to list.
fn titled(page: &mut Page, title: &str, items: &[String]) {
    if !items.is_empty() {
        let items: Vec<_> = items.iter().map(|item| clean::cut(item, LINE)).collect();
        page.paragraph(title).items(&items);
    }
}
