//! How a request comes to a conclusion, or to wait for a person: what every stage may end in. It
//! must not know which stage that is.

use jiff::Timestamp;

use super::{Pull, Stage, Trusted};
use crate::pull::hold::HoldReason;
use crate::pull::verdict::{Refusal, Verdict};

pub(super) fn conclude(pull: &mut Pull, verdict: Verdict, now: Timestamp) {
    let trusted = pull.stage.trusted().cloned();
    pull.stage = Stage::Concluded { trusted, verdict, at: now, written: false };
}

/// Refuses. No trust is kept: if it is asked for again, all is looked at anew.
pub(super) fn refuse(pull: &mut Pull, why: Refusal, sender_known: bool, now: Timestamp) {
    let verdict = Verdict::Refused { why, sender_known };
    pull.stage = Stage::Concluded { trusted: None, verdict, at: now, written: false };
}

/// Has a request with a trusted tag wait for a person.
pub(super) fn hold(pull: &mut Pull, trusted: Trusted, reason: HoldReason, now: Timestamp) {
    let trusted = Some(trusted);
    pull.stage = Stage::Held { trusted, unproved: None, reason, since: now, told: false };
}
