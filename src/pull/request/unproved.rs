//! Whether anybody could have brought a request to where it stands: then what is written because of
//! it is counted apart.

use super::Stage;
use crate::pull::hold::HoldReason;
use crate::pull::verdict::{Refusal, Verdict};

/// Whether a request could be brought to where it stands by anybody, without its signer's key.
pub(crate) fn is_unproved(stage: &Stage) -> bool {
    match stage {
        Stage::Held { reason, .. } => is_unproved_hold(reason),
        Stage::Received { .. } | Stage::Fetched { .. } => true,
        Stage::Verified { .. } | Stage::Queued { .. } | Stage::Running { .. } => false,
        Stage::Concluded { verdict, .. }
        | Stage::Answered { verdict, .. }
        | Stage::Closed { verdict, .. } => is_unproved_verdict(verdict),
    }
}

/// Mail can be late or from an unknown key by anybody's will, and who finds an old signed tag, or
/// one that was moved, can mail it once more.
fn is_unproved_hold(reason: &HoldReason) -> bool {
    match reason {
        HoldReason::Backlog
        | HoldReason::LateArrival
        | HoldReason::OldTag { .. }
        | HoldReason::UnknownKey { .. }
        | HoldReason::Moved { .. } => true,
        HoldReason::CiChanged { .. } | HoldReason::Checks { .. } => false,
    }
}

fn is_unproved_verdict(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Refused { why, .. } => match why {
            // The commits are looked at once the signature is good and the mail its signer's.
            Refusal::Checks(_) | Refusal::Person { .. } => false,
            Refusal::Signature(_)
            | Refusal::Signer(_)
            | Refusal::NoTag { .. }
            | Refusal::UrlNotAllowed { .. }
            | Refusal::RefMissing
            | Refusal::TipMismatch { .. }
            | Refusal::Unfetchable { .. } => true,
        },
        Verdict::Tested { .. }
        | Verdict::Landed
        | Verdict::Cancelled { .. }
        | Verdict::Repeated { .. }
        | Verdict::Ignored { .. }
        | Verdict::Superseded { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::pull::ids::ObjectId;
    use crate::pull::retry::Retry;
    use crate::pull::tag::Verification;

    #[test]
    fn what_needs_a_key_is_told_from_what_anybody_can_cause() {
        let at = Timestamp::UNIX_EPOCH;
        let id = ObjectId::from_bytes([7; 20]);
        let held = |reason| {
            is_unproved(&Stage::Held {
                trusted: None,
                unproved: None,
                reason,
                since: at,
                told: false,
            })
        };
        assert!(held(HoldReason::Backlog));
        assert!(held(HoldReason::LateArrival));
        assert!(held(HoldReason::OldTag { tagged_at: at }));
        assert!(held(HoldReason::UnknownKey { key: "K".into(), proved: false, tag: id }));
        assert!(held(HoldReason::Moved { was: id, is: id }));
        assert!(!held(HoldReason::Checks { problems: Vec::new() }));
        let refused = |why| {
            let verdict = Verdict::Refused { why, sender_known: true };
            is_unproved(&Stage::Concluded { trusted: None, verdict, at, written: true })
        };
        assert!(refused(Refusal::Signature(Verification::Unsigned)));
        assert!(refused(Refusal::RefMissing));
        assert!(refused(Refusal::UrlNotAllowed { why: "No.".into() }));
        assert!(!refused(Refusal::Checks(Vec::new())));
        let (by, reason) = ("rita".to_owned(), "Not now.".to_owned());
        assert!(!refused(Refusal::Person { by, reason, proved: false }));
        assert!(is_unproved(&Stage::Received { fetch: Retry::now(at) }), "what is not looked at");
    }
}
