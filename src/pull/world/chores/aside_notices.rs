//! Tells of each record that is set aside, once.

use jiff::Timestamp;

use super::{Chore, ChoreKey};
use crate::pull::aside::AsideNotice;
use crate::pull::fault::Fault;
use crate::pull::task::Task;
use crate::pull::world::agenda::Agenda;
use crate::pull::world::state::World;

/// Write that a record is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TellAside(pub(crate) Box<AsideNotice>);

impl Task for TellAside {
    type On = ();
    type Answer = ();
    type Event = ();

    fn event(&self, (): ()) {}
}

impl Chore for TellAside {
    fn due(world: &mut World, _agenda: &mut Agenda) -> Vec<Self> {
        world.aside_notices().into_iter().map(|notice| Self(Box::new(notice))).collect()
    }

    fn key(&self) -> ChoreKey {
        ("set aside", self.0.key.to_string())
    }

    fn done(self, world: &mut World, written: Result<(), Fault>, _now: Timestamp) {
        if written.is_ok() {
            world.aside_told(&self.0.key);
        }
    }
}
