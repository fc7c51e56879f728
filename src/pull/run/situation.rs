//! What the rules need to know beyond the one run, and the form of what they decide.

use jiff::SignedDuration;

use super::event::RunEvent;
use super::work::RunWork;
use crate::pull::decision::Decision;
use crate::pull::overlay::Pause;
use crate::pull::policy::{Policy, TargetPolicy};
use crate::pull::queue::Turn;

/// After a creation whose answer is unknown, the bot only looks for that long: GitLab's reads lag
/// its writes.
pub(crate) const LOOK_FOR: SignedDuration = SignedDuration::from_secs(60);

/// An end whose evidence does not fit is believed after that long: GitLab's lists lag.
pub(crate) const SETTLE_FOR: SignedDuration = SignedDuration::from_secs(90);

/// What is next for a run, and why.
pub(crate) type RunDecision = Decision<RunEvent, RunWork>;

/// What the rules need to know beyond the one run.
#[derive(Debug, Clone)]
pub(crate) struct RunSituation<'a> {
    /// What holds for everything.
    pub(crate) policy: &'a Policy,
    /// What holds for its target.
    pub(crate) target: &'a TargetPolicy,
    /// Set while no new test may begin.
    pub(crate) pause: Option<&'a Pause>,
    /// Whose turn it is.
    pub(crate) turn: Turn,
    /// Whether the request it belongs to needs it no more (closed, or landed).
    pub(crate) released: bool,
}
