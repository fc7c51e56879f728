//! The facts that letters list, as rows of text and as headers. It must not explain them.

use super::block::Fact;
use super::input::LetterInput;
use crate::pull::clean;
use crate::pull::hold::HoldReason;
use crate::pull::ids::ObjectId;
use crate::pull::lineage::Replaced;
use crate::pull::request::{Pull, Stage};
use crate::pull::run::{Run, RunStage, Why};
use crate::pull::tag::Pinned;
use crate::pull::verdict::Outcome;

/// Characters of a subject.
const SUBJECT: usize = 300;

/// A mail's subject.
pub(super) fn subject(subject: &str) -> Fact {
    ("subject", clean::cut(&clean::words(subject), SUBJECT))
}

/// What is asked for: base, tag and signer, tip.
pub(super) fn request(input: &LetterInput<'_>, base: Option<ObjectId>) -> Vec<Fact> {
    let cover = input.pull.mail();
    let mut rows = Vec::new();
    if let Some(base) = base {
        rows.push(("base", format!("{base} ({})", input.target.branch)));
    }
    let signer = input.pull.stage.trusted().map(|trusted| trusted.signer.name.as_str());
    rows.push(match signer {
        Some(name) => ("tag", format!("{}, signed by {name}", cover.request.reference)),
        // It may as well be a branch.
        None => ("ref", cover.request.reference.clone()),
    });
    rows.push(("from", cover.request.url.clone()));
    let tip = pinned(input.pull).map(|pinned| pinned.tip.to_string());
    if let Some(tip) = tip.or_else(|| cover.request.tip.as_ref().map(ToString::to_string)) {
        rows.push(("tip", tip));
    }
    rows.extend(replaced(input.pull).map(|replaced| ("replaces", replaced)));
    rows
}

/// What was made of it: candidate, tree, pipeline.
pub(super) fn tested(run: Option<&Run>, outcome: &Outcome) -> Vec<Fact> {
    let mut rows = Vec::new();
    if let Some(candidate) = run.and_then(|run| run.stage.candidate()) {
        rows.push(("candidate", candidate.commit.to_string()));
        rows.push(("tree", candidate.tree.to_string()));
    }
    if let Some(link) = outcome.pipeline().filter(|link| !link.url.is_empty()) {
        rows.push(("pipeline", link.url.clone()));
    }
    rows
}

/// The target's tip that was merged onto.
pub(super) fn base(run: Option<&Run>, outcome: &Outcome) -> Option<ObjectId> {
    let of_stage = |run: &Run| match &run.stage {
        RunStage::Based { base, .. } => Some(*base),
        stage @ (RunStage::Waiting { .. }
        | RunStage::Planned { .. }
        | RunStage::Merged { .. }
        | RunStage::Pushed { .. }
        | RunStage::Started { .. }
        | RunStage::Ended { .. }
        | RunStage::Closed { .. }) => stage.candidate().and_then(|candidate| candidate.base),
    };
    outcome.base().or_else(|| run.and_then(of_stage))
}

/// The requests in whose place this one stands.
fn replaced(pull: &Pull) -> Option<String> {
    let name = |replaced: &Replaced| match replaced {
        Replaced { number, revision } if *revision != pull.mail().revision => {
            format!("request {number} (v{revision})")
        }
        Replaced { number, .. } => format!("request {number}"),
    };
    let names: Vec<String> = pull.lineage.replaces.iter().map(name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn pinned(pull: &Pull) -> Option<&Pinned> {
    match &pull.stage {
        Stage::Fetched { pinned, .. } | Stage::Held { unproved: Some(pinned), .. } => Some(pinned),
        stage @ (Stage::Received { .. }
        | Stage::Verified { .. }
        | Stage::Held { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { .. }
        | Stage::Answered { .. }
        | Stage::Closed { .. }) => stage.trusted().map(|trusted| &trusted.pinned),
    }
}

/// The tag object's id, where one was fetched.
pub(super) fn tag_id(pull: &Pull) -> Option<ObjectId> {
    pinned(pull).and_then(|pinned| pinned.tag.as_ref()).map(|tag| tag.id)
}

/// The beginning of what an approval of that hold is of: the difference's digest, or the tag object.
pub(super) fn approved_by_name(pull: &Pull, reason: &HoldReason) -> Option<String> {
    let tag = || tag_id(pull).map(|id| id.short());
    match reason {
        HoldReason::CiChanged { difference, .. } => Some(difference.short().to_owned()),
        HoldReason::UnknownKey { tag, .. } | HoldReason::Moved { is: tag, .. } => Some(tag.short()),
        HoldReason::Backlog
        | HoldReason::LateArrival
        | HoldReason::OldTag { .. }
        | HoldReason::Checks { .. } => tag(),
    }
}

/// Which attempt a letter speaks of; 0 before the first.
pub(super) fn attempt(input: &LetterInput<'_>) -> u32 {
    match input.run.map(|run| &run.why) {
        Some(Why::Attempt { attempt, .. }) => *attempt,
        Some(Why::Asked { .. }) | None => input.pull.attempts,
    }
}

/// The `X-Gatepost-` headers about a request.
pub(super) fn headers(input: &LetterInput<'_>) -> Vec<Fact> {
    let mut facts = vec![("Pull", input.pull.number.to_string())];
    facts.extend(input.run.map(run_headers).unwrap_or_default());
    if let Some(pinned) = pinned(input.pull) {
        facts.push(("Tip", pinned.tip.to_string()));
    }
    facts
}

/// The `X-Gatepost-` headers about a run.
pub(super) fn run_headers(run: &Run) -> Vec<Fact> {
    let mut facts = vec![("Run", run.id.to_string())];
    if let Some(candidate) = run.stage.candidate() {
        facts.extend(candidate.base.map(|base| ("Base", base.to_string())));
        facts.push(("Candidate", candidate.commit.to_string()));
        facts.push(("Tree", candidate.tree.to_string()));
    }
    facts
}
