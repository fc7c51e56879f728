//! Records what happened to a request. An event that does not fit the stage came too late and
//! changes nothing. It must not decide what comes next.

use crate::pull::request::event::Checked;
use crate::pull::request::event::Fetched;
use crate::pull::request::event::PullEvent;
use jiff::Timestamp;

use super::ending::conclude;
use super::stages::{answered, concluded, fetched, held, queued, received, running, verified};
use super::superseding::{retracted, retraction_told, superseded};
use super::{Pull, Stage, ordered, repeating, trust};
use crate::pull::decision::Told;
use crate::pull::ids::{MessageId, ObjectId};
use crate::pull::policy::Policy;
use crate::pull::signed_tag::PayloadDigest;
use crate::pull::verdict::Verdict;

/// Records an event; `None` if it does not fit the stage any more: then nothing changes.
pub(crate) fn apply(
    pull: &mut Pull,
    event: PullEvent,
    policy: &Policy,
    now: Timestamp,
) -> Option<Told> {
    let told = record(pull, event, policy, now);
    pull.fit();
    told
}

fn record(pull: &mut Pull, event: PullEvent, policy: &Policy, now: Timestamp) -> Option<Told> {
    Some(match (pull.stage.clone(), event) {
        // Whatever the stage.
        (_, PullEvent::Superseded { by }) => superseded(pull, by, now),
        (_, PullEvent::Retracted { said }) => retracted(pull, said, now),
        (_, PullEvent::RetractionTold(letters)) => retraction_told(pull, letters),
        (_, PullEvent::UnansweredTold(letters)) => unanswered_told(pull, letters, now),
        (_, PullEvent::SendersProved { mine, .. }) => repeating::sender_proved(pull, mine),
        (_, PullEvent::Adopted { adopted, proof }) => repeating::adopted(pull, adopted, proof, now),
        (_, PullEvent::PayloadNoted(payload)) => repeating::payload_noted(pull, payload),
        (stage, PullEvent::Looked { head, landed }) => looked(pull, stage, head, landed, now),
        (stage, PullEvent::Ordered(ordered)) => ordered::apply(pull, stage, ordered, now),

        (Stage::Received { fetch }, PullEvent::Fetched(fetched)) => {
            let Fetched { found, sender_known } = fetched;
            match found {
                Ok(pinned) => received::fetched(pull, &fetch, pinned, sender_known, policy, now),
                Err(why) => received::not_fetched(pull, &fetch, why, sender_known, policy, now),
            }
        }
        (Stage::Fetched { .. } | Stage::Queued { .. }, PullEvent::Checked(checked)) => {
            signature_checked(pull, checked, policy, now)
        }
        (Stage::Fetched { pinned, verify }, PullEvent::Failed(trouble)) => {
            fetched::failed(pull, pinned, &verify, trouble, now)
        }
        (Stage::Verified { trusted, .. }, PullEvent::Examined(found)) => {
            verified::examined(pull, trusted, found, policy, now)
        }
        (Stage::Verified { trusted, .. }, PullEvent::OutOfPaths(found)) => {
            verified::out_of_paths(pull, &trusted, found, policy, now)
        }
        (Stage::Verified { trusted, check }, PullEvent::Failed(trouble)) => {
            verified::failed(pull, trusted, &check, trouble, now)
        }
        (
            Stage::Verified { .. } | Stage::Held { .. } | Stage::Concluded { written: false, .. },
            PullEvent::Repeated { of },
        ) => repeating::repeated(pull, of, now),
        (Stage::Held { .. }, PullEvent::HoldTold(letters)) => held::told(pull, letters),
        (Stage::Held { trusted: Some(trusted), .. }, PullEvent::FreezeEnded) => {
            held::freeze_ended(pull, trusted, now)
        }
        (Stage::Queued { trusted, .. }, PullEvent::Began(run)) => queued::began(pull, trusted, run),
        (Stage::Queued { .. }, PullEvent::Lost) => queued::lost(pull, now),
        (Stage::Running { trusted, run }, PullEvent::Ended(outcome)) => {
            running::ended(pull, (trusted, run), outcome, now)
        }
        (Stage::Concluded { .. }, PullEvent::Written(letters)) => {
            concluded::written(pull, letters, now)
        }
        (Stage::Concluded { trusted, verdict, written: true, .. }, PullEvent::Sent) => {
            concluded::sent(pull, trusted, verdict, now)
        }
        (Stage::Answered { verdict, .. }, PullEvent::Forgotten) => {
            answered::forgotten(pull, verdict, now)
        }
        // What failed is tried again after a while, whatever it was.
        (_, PullEvent::Failed(_)) => None,
        (_, _) => return None,
    })
}

/// A signature was checked: for the first time, or again because its turn has come.
fn signature_checked(pull: &mut Pull, checked: Checked, policy: &Policy, now: Timestamp) -> Told {
    let Checked { verification, payload, unwanted_by, sender_known } = checked;
    note_payload(pull, payload);
    let told = match pull.stage.clone() {
        Stage::Queued { trusted, plan, since } => {
            let before = (trusted, plan, since);
            queued::verified_again(pull, before, verification, sender_known, policy, now)
        }
        Stage::Fetched { pinned, .. } => {
            trust::judged(pull, pinned, verification, sender_known, policy, now)
        }
        _ => None,
    };
    match unwanted_by.filter(|_| matches!(pull.stage, Stage::Verified { .. })) {
        Some(of) => repeating::repeated(pull, of, now),
        None => told,
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

fn unanswered_told(pull: &mut Pull, letters: Vec<MessageId>, now: Timestamp) -> Told {
    pull.told_unanswered = Some(now);
    pull.note_letters(letters);
    Some("the release managers were told that it is unanswered".into())
}

fn looked(pull: &mut Pull, stage: Stage, head: ObjectId, landed: bool, now: Timestamp) -> Told {
    pull.landing_checked = Some(head);
    match stage {
        _ if !landed => return None,
        Stage::Held { .. } | Stage::Queued { .. } | Stage::Running { .. } => {
            conclude(pull, Verdict::Landed, now);
        }
        Stage::Answered { trusted, .. } => {
            pull.stage = Stage::Answered { trusted, verdict: Verdict::Landed, at: now };
        }
        _ => return None,
    }
    Some("it has landed in the target".into())
}
