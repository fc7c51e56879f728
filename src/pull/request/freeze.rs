//! The freeze of a request's target, where one is in force.

use jiff::Timestamp;

use super::Pull;
use super::situation::Situation;
use crate::pull::decision::clock;
use crate::pull::overlay::Freeze;

/// The freeze of its target that is in force.
pub(super) fn freeze_of<'a>(
    pull: &Pull,
    situation: &Situation<'a>,
    now: Timestamp,
) -> Option<&'a Freeze> {
    let target = situation.policy.targets.get(&pull.target)?;
    target.freeze.as_ref().filter(|freeze| freeze.holds(now))
}

pub(super) fn frozen_because(freeze: &Freeze) -> String {
    let until = freeze.until.map_or_else(String::new, |until| format!(" until {}", clock(until)));
    let why = freeze.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{} froze its target at {}{until}{why}", freeze.by, clock(freeze.at))
}
