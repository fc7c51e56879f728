//! Removes files that nobody needs any longer, once a day.

use jiff::{SignedDuration, Timestamp};

use super::{Chore, ChoreKey};
use crate::pull::fault::Fault;
use crate::pull::task::Task;
use crate::pull::world::work::HandOut;
use crate::pull::world::{DAY, World};

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
    fn due(world: &mut World, out: &mut HandOut) {
        if out.is_due(world.expired_at.map_or(out.now, |at| at + DAY)) {
            let keep = world.policy.keep;
            world.hand_out(out, Self(keep + keep).into());
        }
    }

    fn key(&self) -> ChoreKey {
        ("old files", String::new())
    }

    /// What could not be removed is tried again tomorrow.
    fn done(self, world: &mut World, _removed: Result<(), Fault>, now: Timestamp) {
        world.expired_at = Some(now);
    }
}
