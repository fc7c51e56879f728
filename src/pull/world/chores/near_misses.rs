//! Writes to the authors of near misses that name no repository, some time after their mail: the
//! request itself may follow at once.

use jiff::Timestamp;

use super::{Chore, ChoreKey};
use crate::pull::fault::Fault;
use crate::pull::near_miss::{self, NearMiss};
use crate::pull::task::Task;
use crate::pull::world::agenda::Agenda;
use crate::pull::world::state::World;
use crate::pull::world::subject::Subject;

/// Write to the author of a mail that looks like a pull request but names nothing to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TellNearMiss(pub(crate) Box<NearMiss>);

impl Task for TellNearMiss {
    type On = ();
    type Answer = ();
    type Event = ();

    fn event(&self, (): ()) {}
}

impl Chore for TellNearMiss {
    fn due(world: &mut World, agenda: &mut Agenda) -> Vec<Self> {
        let misses = world.stored.control.near_misses.values();
        let due = misses.filter(|miss| agenda.is_due(miss.received_at + near_miss::WAIT));
        due.map(|miss| Self(Box::new(miss.clone()))).collect()
    }

    fn key(&self) -> ChoreKey {
        ("near miss", self.0.message_id.to_string())
    }

    /// The letter is written, or none can be, or the bot itself failed at it too often.
    fn done(self, world: &mut World, settled: Result<(), Fault>, _now: Timestamp) {
        if settled.is_ok() || world.is_given_up(&Subject::Chore(self.key())) {
            world.stored.control.near_misses.remove(&self.0.message_id);
            world.changed.control = true;
        }
    }
}
