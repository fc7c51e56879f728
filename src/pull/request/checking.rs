//! Records what a checked signature means for a request: whether its signer may ask for this, and
//! what becomes of a signer whom nobody knows yet.

use jiff::Timestamp;

use super::apply::refuse;
use super::{Approval, HoldReason, Pull, Stage, Trusted};
use crate::pull::decision::Told;
use crate::pull::ids::ObjectId;
use crate::pull::policy::{Policy, UnknownKeys};
use crate::pull::retry::Retry;
use crate::pull::signer::{Objection, Scope, Signer};
use crate::pull::tag::{Pinned, Verification};
use crate::pull::verdict::Refusal;

/// A good signature by a known key. The mail has to be its owner's: else whoever reads a list could
/// have a maintainer's tag tested where and when they like, and keep its maintainer's own mail from
/// an answer.
pub(super) fn signed(
    pull: &mut Pull,
    pinned: Pinned,
    signer: Signer,
    sender_known: bool,
    now: Timestamp,
) -> Told {
    let sender = &pull.cover.author.address;
    if let Some(objection) = signer.objection(sender, &pull.list, &pull.target) {
        let what =
            format!("signed by {} ({}), but {}", signer.name, signer.key, clause(&objection));
        refuse(pull, Refusal::Signer(objection), sender_known, now);
        return Some(what);
    }
    let what = format!("signed by {} ({})", signer.name, signer.key);
    let trusted = Trusted { pinned, signer, proved_at: Some(now) };
    pull.stage = Stage::Verified { trusted, check: Retry::now(now) };
    Some(what)
}

/// A signature by a key that is not in the keyring: refused, or held, or approved for this very tag
/// object.
pub(super) fn unknown(
    pull: &mut Pull,
    pinned: Pinned,
    (key, proved): (String, bool),
    sender_known: bool,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let tag = pinned.tag.as_ref().map(|tag| tag.id)?;
    if let Some(by) = approved_by(pull, tag) {
        let signer = Signer {
            name: format!("a key that is not in the keyring, approved by {by}"),
            addresses: vec![pull.cover.author.address.clone()],
            key,
            scope: Scope::default(),
        };
        return signed(pull, pinned, signer, sender_known, now);
    }
    let what = format!("signed with {key}, which is not in the keyring");
    match policy.unknown_keys {
        UnknownKeys::Refuse => {
            let verification = Verification::UnknownKey { key, proved };
            refuse(pull, Refusal::Signature(verification), sender_known, now);
        }
        UnknownKeys::Hold => {
            let reason = HoldReason::UnknownKey { key, proved, tag };
            let unproved = Some(pinned);
            pull.stage = Stage::Held { trusted: None, unproved, reason, since: now, told: false };
        }
    }
    Some(what)
}

/// Who approved that tag object although nobody knows its signer.
fn approved_by(pull: &Pull, tag: ObjectId) -> Option<String> {
    let of_this = |approval: &&Approval| {
        approval.tag == Some(tag) && matches!(approval.reason, HoldReason::UnknownKey { .. })
    };
    pull.approvals.iter().find(of_this).map(|approval| approval.by.clone())
}

/// What a person has to approve first, in a request whose tag is trusted.
pub(super) fn hold(pull: &Pull, trusted: &Trusted, policy: &Policy) -> Option<HoldReason> {
    let tag = trusted.pinned.tag.as_ref()?;
    if let Some(was) = pull.pinned_tag.filter(|was| *was != tag.id) {
        return Some(HoldReason::Moved { was, is: tag.id });
    }
    let tagged_at = tag.tagged_at?;
    // As old as it was when its mail came: what the bot could not look at in time is no older.
    let old = pull.received_at.duration_since(tagged_at) > policy.old_tag_after;
    let reason = HoldReason::OldTag { tagged_at };
    let lifted = |approval: &Approval| {
        approval.tag.is_none_or(|id| id == tag.id)
            && matches!(
                approval.reason,
                HoldReason::OldTag { .. }
                    | HoldReason::Backlog
                    | HoldReason::LateArrival
                    | HoldReason::UnknownKey { .. }
                    | HoldReason::Moved { .. }
            )
    };
    (old && !pull.approvals.iter().any(lifted)).then_some(reason)
}

/// It changes files that its signer may not submit.
pub(super) fn out_of_paths(
    pull: &mut Pull,
    files: Vec<String>,
    total: u32,
    sender_known: bool,
    now: Timestamp,
) -> Told {
    let Stage::Verified { trusted, .. } = &pull.stage else { return None };
    let Signer { name, scope, .. } = &trusted.signer;
    let (signer, may) = (name.clone(), scope.paths.clone());
    let objection = Objection::OtherPaths { signer, may, files, total };
    let what = clause(&objection);
    refuse(pull, Refusal::Signer(objection), sender_known, now);
    Some(what)
}

fn clause(objection: &Objection) -> String {
    match objection {
        Objection::OtherSender { sender, .. } => format!("the mail is from {sender}"),
        Objection::OtherList { list, .. } => format!("not for list {list}"),
        Objection::OtherTarget { target, .. } => format!("not for target {target}"),
        Objection::OtherPaths { total, .. } => {
            format!("it changes files outside what its signer may submit: {total}")
        }
    }
}
