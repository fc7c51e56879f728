//! Records what happened to a request. An event that does not fit the stage came too late and
//! changes nothing. It must not decide what comes next.

use jiff::Timestamp;

pub(crate) use super::fetching::FetchTrouble;
use super::fetching::{fetched, not_fetched};
pub(crate) use super::ordered::Ordered;
use super::superseding::{retracted, retraction_told, superseded};
use super::{Adopted, HoldReason, Pull, Stage};
use super::{checking, examining, ordered, proving, repeating};
use crate::pull::checks::Series;
use crate::pull::command::Proof;
use crate::pull::decision::{Told, Trouble};
use crate::pull::ids::{MessageId, ObjectId, PullNumber, RunId};
use crate::pull::policy::Policy;
use crate::pull::signed_tag::PayloadDigest;
use crate::pull::tag::{Facts, Pinned, Verification};
use crate::pull::verdict::{NoTag, Outcome, Refusal, Verdict};

/// What happened to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PullEvent {
    /// Its tag was fetched.
    Pinned {
        /// What was fetched.
        pinned: Pinned,
        /// Whether the keyring has the sender's address.
        sender_known: bool,
    },
    /// It could not be fetched.
    NotFetched {
        /// Why.
        why: FetchTrouble,
        /// Whether the keyring has the sender's address.
        sender_known: bool,
    },
    /// Its signature was checked.
    Checked {
        /// What came of it.
        verification: Verification,
        /// What it covers; `None` where there is no tag object.
        payload: Option<PayloadDigest>,
        /// An earlier request by which a person decided that this very tag is not wanted, and which
        /// is over.
        unwanted_by: Option<PullNumber>,
        /// Whether the keyring has the sender's address.
        sender_known: bool,
    },
    /// The tag that it is trusted for is not kept any more.
    Lost,
    /// Its commits were looked at.
    Examined {
        /// What was found.
        facts: Facts,
        /// Older requests whose tips its own contains.
        contains: Vec<PullNumber>,
        /// What its commits are like; `None` where the target has them already.
        series: Option<Box<Series>>,
        /// Addresses of the maintainers whose paths it touches.
        touches: Vec<String>,
    },
    /// A later revision of it is verified.
    Superseded {
        /// That request.
        by: PullNumber,
    },
    /// Its author said that it is not wanted any more.
    Retracted {
        /// The sentence.
        said: String,
    },
    /// The release managers were told so.
    RetractionTold(Vec<MessageId>),
    /// It changes files that its signer may not submit.
    OutOfPaths {
        /// The first of them.
        files: Vec<String>,
        /// How many in all.
        total: u32,
        /// Whether the keyring has the sender's address.
        sender_known: bool,
    },
    /// The same tag was mailed before.
    Repeated {
        /// By that request.
        of: PullNumber,
    },
    /// It was looked who sent the mails of this and of another request for the same tag.
    SendersProved {
        /// The other request.
        of: PullNumber,
        /// How well this one's sender is proved.
        mine: Proof,
        /// How well the other's is.
        theirs: Proof,
    },
    /// A better proved sender mailed the same tag: that mail is answered.
    Adopted {
        /// The mail.
        adopted: Box<Adopted>,
        /// How well its sender is proved.
        proof: Proof,
    },
    /// What the signature of its tag covers was found out afterwards.
    PayloadNoted(PayloadDigest),
    /// A local step could not be done now.
    Failed(Trouble),
    /// The letters about a hold are written.
    HoldTold(Vec<MessageId>),
    /// Its turn came.
    Began(RunId),
    /// Its attempt ended.
    Ended(Outcome),
    /// The letters about its conclusion are written (none, where silence is the answer).
    Written(Vec<MessageId>),
    /// They are all sent.
    Sent,
    /// The release managers were told that it waits.
    UnansweredTold(Vec<MessageId>),
    /// It was looked whether it has landed.
    Looked {
        /// The target's tip then.
        head: ObjectId,
        /// Whether it has.
        landed: bool,
    },
    /// A person gave a command about it.
    Ordered(Ordered),
    /// The freeze that held it is over.
    Thawed,
    /// Its quarantine is gone: it is over.
    Forgotten,
}

/// Records an event.
pub(crate) fn apply(pull: &mut Pull, event: PullEvent, policy: &Policy, now: Timestamp) -> Told {
    let told = record(pull, event, policy, now);
    pull.fit();
    told
}

fn record(pull: &mut Pull, event: PullEvent, policy: &Policy, now: Timestamp) -> Told {
    match event {
        PullEvent::Pinned { pinned, sender_known } => {
            fetched(pull, pinned, sender_known, policy, now)
        }
        PullEvent::NotFetched { why, sender_known } => {
            not_fetched(pull, why, sender_known, policy, now)
        }
        PullEvent::Checked { verification, payload, unwanted_by, sender_known } => {
            note_payload(pull, payload);
            let told = checked(pull, verification, sender_known, policy, now);
            match unwanted_by.filter(|_| matches!(pull.stage, Stage::Verified { .. })) {
                Some(of) => repeating::repeated(pull, of, now),
                None => told,
            }
        }
        PullEvent::Lost => proving::lost(pull, now),
        PullEvent::Examined { facts, contains, series, touches } => {
            examining::touch(pull, touches);
            examining::examined(pull, &facts, contains, series.as_deref(), policy, now)
        }
        PullEvent::Superseded { by } => superseded(pull, by, now),
        PullEvent::Retracted { said } => retracted(pull, said, now),
        PullEvent::RetractionTold(letters) => retraction_told(pull, letters),
        PullEvent::OutOfPaths { files, total, sender_known } => {
            checking::out_of_paths(pull, files, total, sender_known, now)
        }
        PullEvent::Repeated { of } => repeating::repeated(pull, of, now),
        PullEvent::SendersProved { mine, .. } => repeating::sender_proved(pull, mine),
        PullEvent::Adopted { adopted, proof } => repeating::adopted(pull, adopted, proof, now),
        PullEvent::PayloadNoted(payload) => repeating::payload_noted(pull, payload),
        PullEvent::Failed(trouble) => failed(pull, trouble, now),
        PullEvent::HoldTold(letters) => hold_told(pull, letters),
        PullEvent::Began(run) => began(pull, run),
        PullEvent::Ended(outcome) => ended(pull, outcome, now),
        PullEvent::Written(letters) => written(pull, letters, now),
        PullEvent::Sent => sent(pull, now),
        PullEvent::UnansweredTold(letters) => {
            pull.told_unanswered = Some(now);
            pull.note_letters(letters);
            Some("the release managers were told that it is unanswered".into())
        }
        PullEvent::Looked { head, landed } => looked(pull, head, landed, now),
        PullEvent::Ordered(ordered) => ordered::apply(pull, ordered, now),
        PullEvent::Thawed => examining::thawed(pull, now),
        PullEvent::Forgotten => forgotten(pull, now),
    }
}

pub(super) fn conclude(pull: &mut Pull, verdict: Verdict, now: Timestamp) {
    let trusted = pull.stage.trusted().cloned();
    pull.stage = Stage::Concluded { trusted, verdict, at: now, written: false };
}

/// Refuses. No trust is kept: if it is asked for again, all is looked at anew.
pub(super) fn refuse(pull: &mut Pull, why: Refusal, sender_known: bool, now: Timestamp) {
    let verdict = Verdict::Refused { why, sender_known };
    pull.stage = Stage::Concluded { trusted: None, verdict, at: now, written: false };
}

fn checked(
    pull: &mut Pull,
    verification: Verification,
    sender_known: bool,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    match &pull.stage {
        Stage::Fetched { pinned, .. } => {
            let pinned = pinned.clone();
            judged(pull, pinned, verification, sender_known, policy, now)
        }
        Stage::Queued { .. } => proving::again(pull, verification, sender_known, policy, now),
        Stage::Received { .. }
        | Stage::Verified { .. }
        | Stage::Held { .. }
        | Stage::Running { .. }
        | Stage::Concluded { .. }
        | Stage::Answered { .. }
        | Stage::Closed { .. } => None,
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
        Verification::Good(signer) => checking::signed(pull, pinned, signer, sender_known, now),
        Verification::UnknownKey { key, proved } => {
            checking::unknown(pull, pinned, (key, proved), sender_known, policy, now)
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

/// What a signature covers is known from its first check on.
fn note_payload(pull: &mut Pull, payload: Option<PayloadDigest>) {
    let Some(tag) = pull.stage.tag_mut() else { return };
    tag.payload = payload.or(tag.payload);
    if pull.pinned_tag == Some(tag.id) {
        pull.pinned_payload = pull.pinned_payload.or(tag.payload);
    }
}

fn failed(pull: &mut Pull, trouble: Trouble, now: Timestamp) -> Told {
    let Trouble { detail, retry_after, .. } = trouble;
    match &mut pull.stage {
        Stage::Fetched { verify: retry, .. } | Stage::Verified { check: retry, .. } => {
            *retry = retry.after_failure(now, detail.clone(), retry_after);
            Some(detail)
        }
        Stage::Received { .. }
        | Stage::Held { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { .. }
        | Stage::Answered { .. }
        | Stage::Closed { .. } => None,
    }
}

fn hold_told(pull: &mut Pull, letters: Vec<MessageId>) -> Told {
    let Stage::Held { told, .. } = &mut pull.stage else { return None };
    *told = true;
    pull.note_letters(letters);
    Some("told that it is held".into())
}

fn began(pull: &mut Pull, run: RunId) -> Told {
    let Stage::Queued { trusted, .. } = &pull.stage else { return None };
    pull.stage = Stage::Running { trusted: trusted.clone(), run };
    pull.attempts = pull.attempts.saturating_add(1);
    Some(format!("attempt {} began as run {run}", pull.attempts))
}

fn ended(pull: &mut Pull, outcome: Outcome, now: Timestamp) -> Told {
    let Stage::Running { run, trusted } = &pull.stage else { return None };
    let verdict = match outcome {
        Outcome::CiChanged(difference) => {
            let (trusted, run) = (Some(trusted.clone()), *run);
            let what = format!("held: it would change what CI runs ({})", difference.summary);
            let reason = HoldReason::CiChanged { run, difference };
            let unproved = None;
            pull.stage = Stage::Held { trusted, unproved, reason, since: now, told: false };
            return Some(what);
        }
        Outcome::AlreadyMerged => Verdict::Landed,
        Outcome::Cancelled { by } => Verdict::Cancelled { by },
        Outcome::Passed(_)
        | Outcome::Failed(_)
        | Outcome::Infrastructure(_)
        | Outcome::Conflict { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Incomplete { .. }
        | Outcome::Impossible { .. } => Verdict::Tested { run: *run, outcome },
    };
    let what = format!("concluded: {}", verdict.word());
    conclude(pull, verdict, now);
    Some(what)
}

fn written(pull: &mut Pull, letters: Vec<MessageId>, now: Timestamp) -> Told {
    let Stage::Concluded { trusted, verdict, written, .. } = &mut pull.stage else { return None };
    if letters.is_empty() {
        pull.stage = Stage::Answered { trusted: trusted.take(), verdict: verdict.clone(), at: now };
        return Some("nobody needs to be told".into());
    }
    *written = true;
    pull.note_letters(letters);
    Some("its answer is written".into())
}

fn sent(pull: &mut Pull, now: Timestamp) -> Told {
    let Stage::Concluded { trusted, verdict, written: true, .. } = &pull.stage else {
        return None;
    };
    pull.stage = Stage::Answered { trusted: trusted.clone(), verdict: verdict.clone(), at: now };
    Some("answered".into())
}

fn looked(pull: &mut Pull, head: ObjectId, landed: bool, now: Timestamp) -> Told {
    pull.landing_checked = Some(head);
    if !landed {
        return None;
    }
    match &pull.stage {
        Stage::Held { .. } | Stage::Queued { .. } | Stage::Running { .. } => {
            conclude(pull, Verdict::Landed, now);
        }
        Stage::Answered { trusted, .. } => {
            let trusted = trusted.clone();
            pull.stage = Stage::Answered { trusted, verdict: Verdict::Landed, at: now };
        }
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Concluded { .. }
        | Stage::Closed { .. } => return None,
    }
    Some("it has landed in the target".into())
}

fn forgotten(pull: &mut Pull, now: Timestamp) -> Told {
    let Stage::Answered { verdict, .. } = &pull.stage else { return None };
    pull.stage = Stage::Closed { verdict: verdict.clone(), at: now };
    Some("closed".into())
}
