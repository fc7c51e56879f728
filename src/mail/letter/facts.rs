//! The facts that letters list, as rows of text and as headers. It must not explain them.

use super::case::Case;
use crate::pull::ids::ObjectId;
use crate::pull::lineage::Replaced;
use crate::pull::request::{HoldReason, Pull, Stage};
use crate::pull::run::{Run, RunStage, Why};
use crate::pull::signer::Objection;
use crate::pull::tag::{Pinned, Verification};
use crate::pull::verdict::{NoTag, Outcome, Refusal, Verdict};

/// A label and its value.
pub(super) type Row = (&'static str, String);

/// What is asked for: base, tag and signer, tip.
pub(super) fn request(case: &Case<'_>, base: Option<ObjectId>) -> Vec<Row> {
    let cover = case.pull.mail();
    let mut rows = Vec::new();
    if let Some(base) = base {
        rows.push(("base", format!("{base} ({})", case.target.branch)));
    }
    let signer = case.pull.stage.trusted().map(|trusted| trusted.signer.name.as_str());
    rows.push(match signer {
        Some(name) => ("tag", format!("{}, signed by {name}", cover.request.reference)),
        // It may as well be a branch.
        None => ("ref", cover.request.reference.clone()),
    });
    rows.push(("from", cover.request.url.clone()));
    let tip = pinned(case.pull).map(|pinned| pinned.tip.to_string());
    if let Some(tip) = tip.or_else(|| cover.request.tip.as_ref().map(ToString::to_string)) {
        rows.push(("tip", tip));
    }
    rows.extend(replaced(case.pull).map(|replaced| ("replaces", replaced)));
    rows
}

/// What was made of it: candidate, tree, pipeline.
pub(super) fn tested(run: Option<&Run>, outcome: &Outcome) -> Vec<Row> {
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
    match outcome {
        Outcome::Conflict { base, .. } => Some(*base),
        Outcome::Passed(_)
        | Outcome::Failed(_)
        | Outcome::Infrastructure(_)
        | Outcome::AlreadyMerged
        | Outcome::CiChanged(_)
        | Outcome::TimedOut { .. }
        | Outcome::Incomplete { .. }
        | Outcome::Impossible { .. }
        | Outcome::Cancelled { .. } => run.and_then(of_stage),
    }
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
pub(super) fn attempt(case: &Case<'_>) -> u32 {
    match case.run.map(|run| &run.why) {
        Some(Why::Attempt { attempt, .. }) => *attempt,
        Some(Why::Asked { .. }) | None => case.pull.attempts,
    }
}

/// The `X-Gatepost-` headers about a request.
pub(super) fn headers(case: &Case<'_>) -> Vec<Row> {
    let mut facts = vec![("Pull", case.pull.number.to_string())];
    facts.extend(case.run.map(run_headers).unwrap_or_default());
    if let Some(pinned) = pinned(case.pull) {
        facts.push(("Tip", pinned.tip.to_string()));
    }
    facts
}

/// The `X-Gatepost-` headers about a run.
pub(super) fn run_headers(run: &Run) -> Vec<Row> {
    let mut facts = vec![("Run", run.id.to_string())];
    if let Some(candidate) = run.stage.candidate() {
        facts.extend(candidate.base.map(|base| ("Base", base.to_string())));
        facts.push(("Candidate", candidate.commit.to_string()));
        facts.push(("Tree", candidate.tree.to_string()));
    }
    facts
}

/// What kind of hold it is, for the Message-ID.
pub(super) fn held(reason: &HoldReason) -> &'static str {
    match reason {
        HoldReason::Backlog => "held backlog",
        HoldReason::LateArrival => "held late-arrival",
        HoldReason::OldTag { .. } => "held old-tag",
        HoldReason::UnknownKey { .. } => "held unknown-key",
        HoldReason::Moved { .. } => "held moved",
        HoldReason::CiChanged { .. } => "held ci-changed",
        HoldReason::Checks { .. } => "held checks",
    }
}

/// What kind of verdict it is, for the Message-ID: the same conclusion of the same attempt is the
/// same letter, another conclusion another.
pub(super) fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Refused { why, .. } => match why {
            Refusal::Signature(Verification::Good(_)) => "refused good",
            Refusal::Signature(Verification::Unsigned) => "refused unsigned",
            Refusal::Signature(Verification::Bad { .. }) => "refused bad",
            Refusal::Signature(Verification::UnknownKey { .. }) => "refused unknown-key",
            Refusal::Signature(Verification::Expired { .. }) => "refused expired",
            Refusal::Signature(Verification::Revoked { .. }) => "refused revoked",
            Refusal::Signature(Verification::Weak { .. }) => "refused weak",
            Refusal::Signature(Verification::NameMismatch { .. }) => "refused name-mismatch",
            Refusal::Signature(Verification::NotListed { .. }) => "refused not-listed",
            Refusal::Signer(Objection::OtherSender { .. }) => "refused other-sender",
            Refusal::Signer(Objection::OtherList { .. }) => "refused other-list",
            Refusal::Signer(Objection::OtherTarget { .. }) => "refused other-target",
            Refusal::Signer(Objection::OtherPaths { .. }) => "refused other-paths",
            Refusal::Checks(_) => "refused checks",
            Refusal::Person { .. } => "refused person",
            Refusal::NoTag { kind: NoTag::Branch, .. } => "refused branch",
            Refusal::NoTag { kind: NoTag::Lightweight, .. } => "refused lightweight-tag",
            Refusal::UrlNotAllowed { .. } => "refused url-not-allowed",
            Refusal::RefMissing => "refused ref-missing",
            Refusal::TipMismatch { .. } => "refused tip-mismatch",
            Refusal::Unfetchable { .. } => "refused unfetchable",
        },
        Verdict::Tested { .. }
        | Verdict::Landed
        | Verdict::Cancelled { .. }
        | Verdict::Ignored { .. }
        | Verdict::Repeated { .. }
        | Verdict::Superseded { .. } => verdict.word(),
    }
}
