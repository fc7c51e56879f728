//! What letters are made of.

use jiff::Timestamp;

use crate::pull::ids::ListName;
use crate::pull::request::Pull;
use crate::pull::run::Run;
use crate::pull::tag::Drift;

/// What letters need to know of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListWords {
    /// The configuration's name for it.
    pub(crate) name: ListName,
    /// Its posting address.
    pub(crate) address: String,
    /// Whether a signed `gatepost: retest` on a thread of it counts.
    pub(crate) retest_by_mail: bool,
}

/// What letters need to know of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetWords {
    /// Its branch.
    pub(crate) branch: String,
    /// Whence people fetch a candidate.
    pub(crate) fetch_url: String,
}

/// A request, and what a letter about it is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LetterInput<'a> {
    /// The request.
    pub(crate) pull: &'a Pull,
    /// The run that its verdict speaks of, where there is one.
    pub(crate) run: Option<&'a Run>,
    /// The list it came by.
    pub(crate) list: &'a ListWords,
    /// Where it is to go.
    pub(crate) target: &'a TargetWords,
    /// The release managers' addresses.
    pub(crate) managers: &'a [String],
    /// How far the target has moved since the candidate's base.
    pub(crate) drift: Option<&'a Drift>,
    /// The time in the letter.
    pub(crate) now: Timestamp,
}
