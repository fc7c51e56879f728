//! The text of each letter, made of words, facts and logs. It must not know headers or readers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::case::{Case, TargetWords};
use super::page::Page;
use super::{checks, facts, jobs};
use crate::mail::words::{self, Ground, Words};
use crate::pull::clean;
use crate::pull::expiry::Warning;
use crate::pull::ids::ObjectId;
use crate::pull::near_miss::NearMiss;
use crate::pull::request::{HoldReason, Stage};
use crate::pull::run::{Run, Why};
use crate::pull::tag::{ConflictFile, Drift};
use crate::pull::verdict::{Audience, Outcome, Refusal};

/// Files of a conflict that are named at most.
const FILES: usize = 20;

/// A letter's text: the verdict, and what stands below it.
pub(super) struct Text {
    first: String,
    rest: Page,
    /// Commands about it, as they are mailed.
    orders: Vec<String>,
}

impl Text {
    fn new(words: &Words) -> Self {
        let mut rest = Page::default();
        rest.paragraph(&words.means);
        Self { first: words.first.clone(), rest, orders: Vec::new() }
    }

    /// A text of one's own.
    pub(super) fn of(first: &str, rest: Page) -> Self {
        Self { first: first.to_owned(), rest, orders: Vec::new() }
    }

    /// The whole text, with `aside` under the verdict and a signature at the end.
    pub(super) fn finish(self, aside: Option<&str>, list: Option<&str>) -> String {
        let mut page = Page::default();
        page.paragraph(&self.first);
        page.paragraph(aside.unwrap_or_default()).append(&self.rest);
        page.signed(&match list {
            Some(list) => format!("Gatepost, testing pull requests sent to {list}"),
            None => "Gatepost, testing pull requests".to_owned(),
        })
    }

    /// Says how the commands are given by mail.
    pub(super) fn orders_by_mail(&mut self) {
        let orders = std::mem::take(&mut self.orders);
        if !orders.is_empty() {
            let how = "Or answer this letter, signed with OpenPGP, with one of these lines:";
            self.rest.paragraph(how).verbatim(&orders);
        }
    }

    fn next(mut self, words: &Words) -> Self {
        let order = |line: &String| {
            Some(line.strip_prefix("gatepost do '")?.strip_suffix('\'')?.to_owned())
        };
        self.orders = words.commands.iter().filter_map(order).collect();
        self.rest.paragraph(&format!("What to do next: {}", words.next)).verbatim(&words.commands);
        self
    }
}

/// What came of a request's test.
pub(super) fn tested(case: &Case<'_>, outcome: &Outcome) -> Text {
    let base = facts::base(case.run, outcome);
    let words = words::tested(outcome, &ground(case, base));
    let mut text = Text::new(&words);
    let mut rows = facts::request(case, base);
    rows.extend(facts::tested(case.run, outcome));
    text.rest.rows(&rows);
    if let (Outcome::Passed(_), Some(run)) = (outcome, case.run) {
        take_it(&mut text.rest, run, case.target);
    }
    if let Some(run) = case.run {
        text.rest.paragraph(&words::ci_approved(&run.ci).unwrap_or_default());
    }
    details(&mut text.rest, outcome);
    moved(&mut text.rest, outcome, case.target, case.drift);
    text.next(&words)
}

/// What came of a run that somebody asked for.
pub(super) fn asked(
    run: &Run,
    outcome: &Outcome,
    target: &TargetWords,
    drift: Option<&Drift>,
) -> Text {
    let base = facts::base(Some(run), outcome);
    let again = String::new();
    let ground = Ground { branch: &target.branch, base, pull: None, revision: 0, again };
    let words = words::tested(outcome, &ground);
    let mut text = Text::new(&words);
    let mut rows = Vec::new();
    if let Why::Asked { url, reference, sha, .. } = &run.why {
        rows.push(("from", format!("{url} {reference}")));
        rows.push(("commit", sha.to_string()));
    }
    if let Some(base) = base {
        rows.push(("base", format!("{base} ({})", target.branch)));
    }
    rows.extend(facts::tested(Some(run), outcome));
    text.rest.rows(&rows);
    if let Outcome::Passed(_) = outcome {
        take_it(&mut text.rest, run, target);
    }
    details(&mut text.rest, outcome);
    moved(&mut text.rest, outcome, target, drift);
    text.next(&words)
}

/// Why a request was not tested, for its author.
pub(super) fn refused(case: &Case<'_>, why: &Refusal) -> Text {
    let words = words::refused(why, case.pull.mail(), &ground(case, None));
    let mut text = Text::new(&words);
    text.rest.rows(&facts::request(case, None));
    if let Refusal::Checks(problems) = why {
        checks::list(&mut text.rest, problems, case.pull.mail());
    }
    text.next(&words)
}

/// Something short about a request: what it is, and what to do.
pub(super) fn short(case: &Case<'_>, words: &Words) -> Text {
    about(case, words).next(words)
}

fn about(case: &Case<'_>, words: &Words) -> Text {
    let mut text = Text::new(words);
    let cover = case.pull.mail();
    let mut rows = vec![
        ("subject", clean::cut(&clean::words(&cover.subject), 300)),
        ("author", cover.author.called().to_owned()),
        ("received", words::when(case.pull.received_at)),
    ];
    rows.extend(facts::request(case, None));
    text.rest.rows(&rows);
    text
}

/// That a request is held; with what it would change in CI, where that is why and the readers are
/// those who decide.
pub(super) fn held(case: &Case<'_>, words: &Words, audience: Audience) -> Text {
    let mut text = about(case, words);
    if let Stage::Held { reason: HoldReason::Checks { problems }, .. } = &case.pull.stage {
        checks::list(&mut text.rest, problems, case.pull.mail());
    }
    if let Stage::Held { reason: HoldReason::CiChanged { difference, .. }, .. } = &case.pull.stage
        && audience == Audience::Managers
    {
        text.rest.paragraph(&format!("What would change (difference {}):", difference.short()));
        text.rest.items(&difference.lines);
        if difference.unsaid() > 0 {
            let more = words::counted(difference.unsaid().into(), "more change");
            text.rest.paragraph(&format!("And {more}: `gatepost show` has them all."));
        }
    }
    text.next(words)
}

/// A key that ends soon.
pub(super) fn key(warning: &Warning, words: &Words) -> Text {
    let mut text = Text::new(words);
    text.rest.rows(&[
        ("key", warning.key.key.clone()),
        ("owner", warning.key.owner.clone()),
        ("expires", words::when(warning.key.expires)),
    ]);
    text.next(words)
}

/// That a mail names nothing to pull, for its author.
pub(super) fn near_miss(miss: &NearMiss, words: &Words) -> Text {
    let mut text = Text::new(words);
    text.rest.rows(&[
        ("subject", clean::cut(&clean::words(&miss.subject), 300)),
        ("received", words::when(miss.received_at)),
    ]);
    text.next(words)
}

/// What a request's author said about taking it back, for the release managers.
pub(super) fn retracted(case: &Case<'_>, words: &Words, said: &str) -> Text {
    let mut text = Text::new(words);
    text.rest.verbatim(&[said]);
    let cover = case.pull.mail();
    let mut rows = vec![
        ("subject", clean::cut(&clean::words(&cover.subject), 300)),
        ("author", cover.author.called().to_owned()),
    ];
    rows.extend(facts::request(case, None));
    text.rest.rows(&rows);
    text.next(words)
}

/// An alert to the administrator.
pub(super) fn alert(subject: &str, detail: &str, now: Timestamp) -> Text {
    let mut rest = Page::default();
    for paragraph in detail.split("\n\n") {
        rest.paragraph(paragraph);
    }
    rest.rows(&[("time", words::when(now))]);
    Text::of(subject, rest)
}

/// The weekly counts.
pub(super) fn counts(counts: &BTreeMap<String, u64>, since: Timestamp, now: Timestamp) -> Text {
    let first = format!("Counted from {} to {}:", words::when(since), words::when(now));
    let mut rest = Page::default();
    if counts.is_empty() {
        rest.paragraph("Nothing that would have to be said.");
    }
    let lines: Vec<_> = counts.iter().map(|(what, n)| format!("{n:>7}  {what}")).collect();
    rest.verbatim(&lines);
    Text::of(&first, rest)
}

fn ground<'a>(case: &Case<'a>, base: Option<ObjectId>) -> Ground<'a> {
    Ground {
        branch: &case.target.branch,
        base,
        pull: Some(case.pull.number),
        revision: case.pull.mail().revision,
        again: words::again(case.list.retest_by_mail, case.managers),
    }
}

fn take_it(page: &mut Page, run: &Run, target: &TargetWords) {
    if let Some(candidate) = run.stage.candidate() {
        page.paragraph(&format!("To take this merge, with {} checked out:", target.branch));
        page.verbatim(&[
            format!("git fetch {} {}", target.fetch_url, run.ci_ref),
            format!("git merge --ff-only {}", candidate.commit),
        ]);
    }
}

/// How far the target has moved, where that matters to what was found.
fn moved(page: &mut Page, outcome: &Outcome, target: &TargetWords, drift: Option<&Drift>) {
    let Some(sentence) = drift.and_then(|drift| words::drift(&target.branch, drift)) else {
        return;
    };
    match outcome {
        Outcome::Passed(_) => page.paragraph(&format!(
            "{sentence} So the merge above is no fast-forward any more: merge the tag itself, or \
             have it tested on the new tip."
        )),
        Outcome::Failed(_) | Outcome::Conflict { .. } | Outcome::TimedOut { .. } => {
            page.paragraph(&sentence)
        }
        Outcome::Infrastructure(_)
        | Outcome::AlreadyMerged
        | Outcome::CiChanged(_)
        | Outcome::Incomplete { .. }
        | Outcome::Impossible { .. }
        | Outcome::Cancelled { .. } => page,
    };
}

/// What an outcome has to show: failing jobs, conflicting files, unfinished jobs.
fn details(page: &mut Page, outcome: &Outcome) {
    match outcome {
        Outcome::Failed(evidence) => jobs::failed(page, evidence),
        Outcome::Passed(evidence) => jobs::broken_aside(page, evidence),
        Outcome::Infrastructure(breakdown) => jobs::breakdown(page, breakdown),
        Outcome::TimedOut { unfinished, waiting, .. } => {
            jobs::unfinished(page, unfinished, waiting);
        }
        Outcome::Conflict { files, total, .. } => conflicts(page, files, *total),
        Outcome::AlreadyMerged
        | Outcome::CiChanged(_)
        | Outcome::Incomplete { .. }
        | Outcome::Impossible { .. }
        | Outcome::Cancelled { .. } => {}
    }
}

fn conflicts(page: &mut Page, files: &[ConflictFile], total: u32) {
    let mut items = Vec::new();
    for file in files.iter().take(FILES) {
        let touched = match file.touched_by.as_slice() {
            [] => String::new(),
            commits => format!("; touched by {}", commits.join("; ")),
        };
        items.push(format!("{}: {}{touched}", file.path, file.kind));
    }
    page.items(&items);
    let unnamed = (total as usize).saturating_sub(items.len());
    if unnamed > 0 {
        page.paragraph(&format!("And {}.", words::counted(unnamed as u64, "more file")));
    }
}
