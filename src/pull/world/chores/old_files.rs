//! Removes files that nobody needs any longer, once a day.

use jiff::{SignedDuration, Timestamp};

use super::{Chore, ChoreKey};
use crate::pull::fault::Fault;
use crate::pull::task::Task;
use crate::pull::world::agenda::Agenda;
use crate::pull::world::state::{DAY, World};

/// Remove files that are older than that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoveOldFiles(pub(crate) SignedDuration);

impl Task for RemoveOldFiles {
    type On = ();
    type Answer = ();
    type Event = ();

    fn event(&self, (): ()) {}
}

impl Chore for RemoveOldFiles {
    fn due(world: &mut World, agenda: &mut Agenda) -> Vec<Self> {
        let at = world.memory.expired_at.map_or(agenda.now, |at| at + DAY);
        let keep = world.policy.keep;
        agenda.is_due(at).then_some(Self(keep + keep)).into_iter().collect()
    }

    fn key(&self) -> ChoreKey {
        ("old files", String::new())
    }

    /// What could not be removed is tried again tomorrow.
    fn done(self, world: &mut World, _removed: Result<(), Fault>, now: Timestamp) {
        world.memory.expired_at = Some(now);
    }
}
