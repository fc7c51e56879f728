//! What a checked signature means for a request: whether its signer may ask for this, what becomes
//! of a signer whom nobody knows yet, and what a person has to approve first.

use jiff::{SignedDuration, Timestamp};

use super::ending::refuse;
use super::{Approval, Pull, Stage, Trusted};
use crate::pull::decision::Told;
use crate::pull::hold::HoldReason;
use crate::pull::ids::ObjectId;
use crate::pull::policy::{Policy, UnknownKeys};
use crate::pull::retry::Retry;
use crate::pull::signed_tag::SignedTag;
use crate::pull::signer::{Scope, Signer};
use crate::pull::tag::{Pinned, Tag, Verification};
use crate::pull::verdict::{NoTag, Refusal};

/// How long a check of a signature is not repeated: what is verified, looked at and begun in one go
/// is asked once.
const PROVED_FOR: SignedDuration = SignedDuration::from_mins(1);

impl Trusted {
    /// Whether its signature was held against the keyring just now.
    pub(super) fn is_proved(&self, now: Timestamp) -> bool {
        self.proved_at
            .is_some_and(|at| (SignedDuration::ZERO..=PROVED_FOR).contains(&now.duration_since(at)))
    }
}

/// What a checked signature means, whatever stood before.
pub(super) fn judged(
    pull: &mut Pull,
    pinned: Pinned,
    verification: Verification,
    sender_known: bool,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    match verification {
        Verification::Good(signer) => signed(pull, pinned, signer, sender_known, policy, now),
        Verification::UnknownKey { key, proved } => {
            unknown(pull, pinned, (key, proved), sender_known, policy, now)
        }
        Verification::Unsigned if pinned.tag.is_none() => {
            let branch = !pinned.reference.starts_with("refs/tags/");
            let kind = if branch { NoTag::Branch } else { NoTag::Lightweight };
            let tip = pinned.tip;
            refuse(pull, Refusal::NoTag { kind, tip }, sender_known, now);
            Some("it names no tag that could be signed".into())
        }
        Verification::Unsigned
        | Verification::Bad { .. }
        | Verification::NotListed { .. }
        | Verification::Expired { .. }
        | Verification::Revoked { .. }
        | Verification::Weak { .. }
        | Verification::NameMismatch { .. } => {
            refuse(pull, Refusal::Signature(verification), sender_known, now);
            Some("its signature does not prove a trusted signer".into())
        }
    }
}

/// A good signature by a known key. The mail has to be its owner's: else whoever reads a list could
/// have a maintainer's tag tested where and when they like, and keep its maintainer's own mail from
/// an answer.
fn signed(
    pull: &mut Pull,
    pinned: Pinned,
    signer: Signer,
    sender_known: bool,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let sender = &pull.mail().author.address;
    if let Some(objection) = signer.objection(sender, &pull.list, &pull.target) {
        let but = policy.words.objection(&objection);
        let what = format!("signed by {} ({}), but {but}", signer.name, signer.key);
        refuse(pull, Refusal::Signer(objection), sender_known, now);
        return Some(what);
    }
    let what = format!("signed by {} ({})", signer.name, signer.key);
    let payload = pinned.tag.as_ref().and_then(|tag| tag.payload);
    pull.signed = payload.map(|payload| SignedTag { key: signer.key.clone(), payload });
    let trusted = Trusted { pinned, signer, proved_at: Some(now) };
    pull.stage = Stage::Verified { trusted, check: Retry::now(now) };
    Some(what)
}

/// A signature by a key that is not in the keyring: refused, or held, or approved for this very tag
/// object.
fn unknown(
    pull: &mut Pull,
    pinned: Pinned,
    (key, proved): (String, bool),
    sender_known: bool,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let tag = pinned.tag.clone()?;
    if let Some(by) = approved_by(pull, &tag, &key) {
        let signer = Signer {
            name: format!("a key that is not in the keyring, approved by {by}"),
            addresses: vec![pull.mail().author.address.clone()],
            key,
            scope: Scope::default(),
        };
        return signed(pull, pinned, signer, sender_known, policy, now);
    }
    let what = format!("signed with {key}, which is not in the keyring");
    match policy.unknown_keys {
        UnknownKeys::Refuse => {
            let verification = Verification::UnknownKey { key, proved };
            refuse(pull, Refusal::Signature(verification), sender_known, now);
        }
        UnknownKeys::Hold => {
            let reason = HoldReason::UnknownKey { key, proved, tag: tag.id };
            let unproved = Some(pinned);
            pull.stage = Stage::Held { trusted: None, unproved, reason, since: now, told: false };
        }
    }
    Some(what)
}

/// Who approved that tag although nobody knows its signer.
fn approved_by(pull: &Pull, tag: &Tag, key: &str) -> Option<String> {
    let of_this = |approval: &&Approval| {
        approval.is_for(tag)
            && matches!(&approval.reason, HoldReason::UnknownKey { key: known, .. } if known == key)
    };
    pull.approvals.iter().find(of_this).map(|approval| approval.by.clone())
}

/// What a person has to approve first, in a request whose tag is trusted.
pub(super) fn hold_for(pull: &Pull, trusted: &Trusted, policy: &Policy) -> Option<HoldReason> {
    let tag = trusted.pinned.tag.as_ref()?;
    if let Some(was) = pull.pinned_tag.filter(|was| is_another(pull, *was, tag)) {
        return Some(HoldReason::Moved { was, is: tag.id });
    }
    let tagged_at = tag.tagged_at?;
    // As old as it was when its mail came: what the bot could not look at in time is no older.
    let old = pull.received_at.duration_since(tagged_at) > policy.old_tag_after;
    let reason = HoldReason::OldTag { tagged_at };
    let lifted = |approval: &Approval| {
        (approval.tag.is_none() || approval.is_for(tag))
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

/// Whether a tag is another one than the object that was fetched first.
fn is_another(pull: &Pull, first: ObjectId, tag: &Tag) -> bool {
    match (pull.pinned_payload, tag.payload) {
        (Some(first), Some(now)) => first != now,
        (None, _) | (_, None) => first != tag.id,
    }
}
