//! Records that several mails ask for the same signed tag: which of them is silent, how well their
//! senders are proved, and that a better proved one is answered in place of the first. It must not
//! decide which stands for the tag: `pull::repeat` does.

use jiff::Timestamp;

use super::ending::conclude;
use super::{Adopted, Pull, Stage};
use crate::pull::command::Proof;
use crate::pull::decision::Told;
use crate::pull::ids::PullNumber;
use crate::pull::signed_tag::{PayloadDigest, SignedTag};
use crate::pull::verdict::{Audience, Verdict};

pub(super) fn repeated(pull: &mut Pull, of: PullNumber, now: Timestamp) -> Told {
    conclude(pull, Verdict::Repeated { of }, now);
    Some(format!("the same tag as request {of}"))
}

pub(super) fn sender_proved(pull: &mut Pull, proof: Proof) -> Told {
    pull.proof = Some(proof);
    Some(match proof {
        Proof::None => "nothing proves who sent its mail".into(),
        Proof::Domain => "its mail is proved to be from its sender's domain".into(),
        Proof::Person => "its mail is proved to be its sender's own".into(),
    })
}

/// The mail of a better proved sender takes its own mail's place. What the first thread was told
/// already, the new one is told as well.
pub(super) fn adopted(
    pull: &mut Pull,
    adopted: Box<Adopted>,
    proof: Proof,
    now: Timestamp,
) -> Told {
    let what = format!("request {} is answered in its place: its sender is proved", adopted.by);
    let told =
        |verdict: &Verdict| matches!(verdict.audience(), Some(Audience::Thread | Audience::Author));
    match &pull.stage {
        Stage::Concluded { trusted, verdict, written: true, .. }
        | Stage::Answered { trusted, verdict, .. }
            if told(verdict) =>
        {
            let (trusted, verdict) = (trusted.clone(), verdict.clone());
            pull.stage = Stage::Concluded { trusted, verdict, at: now, written: false };
            // It waits for an answer from now on.
            pull.seen_at = now;
        }
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Held { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { .. }
        | Stage::Answered { .. } => {}
        Stage::Closed { .. } => return None,
    }
    pull.adopted = Some(adopted);
    pull.proof = Some(proof);
    Some(what)
}

/// Of a record made before payloads were noted.
pub(super) fn payload_noted(pull: &mut Pull, payload: PayloadDigest) -> Told {
    pull.stage.tag_mut()?.payload = Some(payload);
    let key = pull.stage.trusted()?.signer.key.clone();
    pull.signed = Some(SignedTag { key, payload });
    let tag = pull.stage.trusted()?.pinned.tag.as_ref()?;
    if pull.pinned_tag == Some(tag.id) {
        pull.pinned_payload = Some(payload);
    }
    None
}
