//! Which letters are counted together. Each address may get so many letters an hour of each
//! allowance, so that no flood of one kind holds up another: letters that anybody can have the bot
//! write, in anybody's name, are counted by themselves. It must not count.

use super::Letter;
use crate::pull::request::{HoldReason, Stage};
use crate::pull::verdict::{Audience, Refusal, Verdict};

/// What a letter counts toward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Allowance {
    /// Answers to commands of proved senders. How many commands are obeyed is bounded already.
    Answers,
    /// What the administrator has to know of the bot.
    Alerts,
    /// What is said on a list about a request that is proved to be its signer's.
    Verdicts,
    /// What is written because of mail whose sender nothing proves.
    Unproved,
    /// Everything else.
    Others,
}

impl Allowance {
    /// Whether many of them stop outgoing mail: a flood of these is a fault of the bot's, or done by
    /// somebody whom it knows. Strangers must not be able to stop it.
    pub(crate) fn trips_breaker(self) -> bool {
        match self {
            Self::Verdicts | Self::Others => true,
            Self::Answers | Self::Alerts | Self::Unproved => false,
        }
    }
}

impl Letter {
    /// What it counts toward.
    pub(crate) fn allowance(&self) -> Allowance {
        if self.unproved {
            Allowance::Unproved
        } else if self.is_transcript() {
            Allowance::Answers
        } else if self.is_alert() {
            Allowance::Alerts
        } else if self.audience == Audience::Thread {
            Allowance::Verdicts
        } else {
            Allowance::Others
        }
    }
}

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
