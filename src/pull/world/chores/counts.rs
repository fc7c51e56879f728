//! Writes the weekly counts to the administrator.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Chore, ChoreKey};
use crate::pull::fault::Fault;
use crate::pull::task::Task;
use crate::pull::world::agenda::Agenda;
use crate::pull::world::state::World;

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
    fn due(world: &mut World, agenda: &mut Agenda) -> Vec<Self> {
        let control = &world.stored.control;
        let due = control.counting_since.filter(|since| agenda.is_due(*since + WEEK));
        due.map(|_| Self(control.counts.clone())).into_iter().collect()
    }

    fn key(&self) -> ChoreKey {
        ("counts", String::new())
    }

    fn done(self, world: &mut World, written: Result<(), Fault>, _now: Timestamp) {
        if written.is_ok() {
            world.stored.control.counts.clear();
            world.stored.control.counting_since = None;
            world.changed.control = true;
        }
    }
}
