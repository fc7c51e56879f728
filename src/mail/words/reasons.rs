//! The columns of the tables that decisions, histories and lists show.

use super::{holds, objections, outcomes};
use crate::pull::hold::HoldReason;
use crate::pull::signer::Objection;
use crate::pull::verdict::Outcome;
use crate::pull::wording::Wording;

/// The words of reasons, for the rules.
#[derive(Debug)]
pub(crate) struct Reasons;

impl Wording for Reasons {
    fn hold(&self, reason: &HoldReason) -> String {
        holds::in_history(reason)
    }

    fn objection(&self, objection: &Objection) -> String {
        objections::in_history(objection)
    }

    fn outcome(&self, outcome: &Outcome) -> Option<String> {
        outcomes::in_history(outcome)
    }
}
