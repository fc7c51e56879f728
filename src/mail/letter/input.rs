//! What letters are made of.

use jiff::Timestamp;

use crate::pull::ids::ListName;
use crate::pull::request::Pull;
use crate::pull::run::Run;
use crate::pull::tag::Drift;

/// What letters need to know of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListWords {
    /// The configuration's name for it.
    pub name: ListName,
    /// Its posting address.
    pub address: String,
    /// Whether a signed `gatepost: retest` on a thread of it counts.
    pub retest_by_mail: bool,
}

/// What letters need to know of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetWords {
    /// Its branch.
    pub branch: String,
    /// Whence people fetch a candidate.
    pub fetch_url: String,
}

/// A request, and what a letter about it is made of.
#[derive(Debug, Clone, Copy)]
pub struct LetterInput<'a> {
    /// The request.
    pub pull: &'a Pull,
    /// The run that its verdict speaks of, where there is one.
    pub run: Option<&'a Run>,
    /// The list it came by.
    pub list: &'a ListWords,
    /// Where it is to go.
    pub target: &'a TargetWords,
    /// The release managers' addresses.
    pub managers: &'a [String],
    /// How far the target has moved since the candidate's base.
    pub drift: Option<&'a Drift>,
    /// The time in the letter.
    pub now: Timestamp,
}
