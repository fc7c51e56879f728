//! How decisions, histories and lists come by the words of a reason. The words stand in one table with
//! those of the letters, in `mail::words`, which knows the values of the rules; the rules know no more
//! of them than this.

use std::fmt;

use super::hold::HoldReason;
use super::signer::Objection;
use super::verdict::Outcome;

/// The words of reasons, each a clause.
pub(crate) trait Wording: fmt::Debug + Send + Sync {
    /// Why a request is held, and who ends that.
    fn hold(&self, reason: &HoldReason) -> String;

    /// Why a good signature is not good for a mail.
    fn objection(&self, objection: &Objection) -> String;

    /// Why a test ended so, where the outcome's own word does not say it.
    fn outcome(&self, outcome: &Outcome) -> Option<String>;
}
