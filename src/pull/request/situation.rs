//! What the rules need to know beyond the one request, and the form of what they decide.

use super::Pull;
use super::event::PullEvent;
use super::work::PullWork;
use crate::pull::decision::Decision;
use crate::pull::ids::{ObjectId, PullNumber};
use crate::pull::lineage::OlderTip;
use crate::pull::overlay::Pause;
use crate::pull::policy::Policy;
use crate::pull::queue::Turn;
use crate::pull::retry::Retry;
use crate::pull::run::Run;

/// What is next for a request, and why.
pub(crate) type PullDecision = Decision<PullStep, PullWork>;

/// What is recorded at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PullStep {
    /// An attempt begins: a run is made.
    Begin,
    /// Its mail is answered in place of the one that mailed the same tag before.
    TakeOver(PullNumber),
    /// A later revision stands in its place. Recorded even while something is being done for it.
    Supersede(PullNumber),
    /// Nothing but this.
    Event(PullEvent),
}

impl From<PullEvent> for PullStep {
    fn from(event: PullEvent) -> Self {
        Self::Event(event)
    }
}

/// What the rules need to know beyond the one request.
#[derive(Debug, Clone)]
pub(crate) struct Situation<'a> {
    /// What holds for everything.
    pub(crate) policy: &'a Policy,
    /// Set while no new test may begin.
    pub(crate) pause: Option<&'a Pause>,
    /// Whose turn it is.
    pub(crate) turn: Turn,
    /// The target's tip as last seen.
    pub(crate) head: Option<ObjectId>,
    /// The request that stands for the same signed tag.
    pub(crate) holder: Option<&'a Pull>,
    /// The newest request that supersedes it.
    pub(crate) superseded_by: Option<PullNumber>,
    /// A later revision that is being tried in its place.
    pub(crate) tried_first: Option<PullNumber>,
    /// Tips of older requests, for one whose commits are to be looked at.
    pub(crate) older: Vec<OlderTip>,
    /// The run of a running request.
    pub(crate) run: Option<&'a Run>,
    /// Letters of this request that are not sent yet.
    pub(crate) letters_open: usize,
    /// Set while what was last tried for it has to wait.
    pub(crate) backoff: Option<&'a Retry>,
}

/// Why a mail of a tag is passed over that another request stands for.
pub(super) const MAILED_BEFORE: &str = "the same tag was mailed before";
