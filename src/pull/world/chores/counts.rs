//! Writes the weekly counts to the administrator.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Chore, ChoreKey};
use crate::pull::fault::Fault;
use crate::pull::task::Task;
use crate::pull::world::World;
use crate::pull::world::work::HandOut;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Write what was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TellCounts(pub(crate) BTreeMap<String, u64>);

impl Task for TellCounts {
    type On = ();
    type Answer = ();
    type Event = ();

    fn event(&self, (): ()) {}
}

impl Chore for TellCounts {
    fn due(world: &mut World, out: &mut HandOut) {
        if world.control.counting_since.is_some_and(|since| out.is_due(since + WEEK)) {
            let counts = world.control.counts.clone();
            world.hand_out(out, Self(counts).into());
        }
    }

    fn key(&self) -> ChoreKey {
        ("counts", String::new())
    }

    fn done(self, world: &mut World, written: Result<(), Fault>, _now: Timestamp) {
        if written.is_ok() {
            world.control.counts.clear();
            world.control.counting_since = None;
            world.changed.control = true;
        }
    }
}
