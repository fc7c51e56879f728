//! Has owners warned of keys that end soon. A warning waits in the control record until its letters
//! are written; what was written is kept there until the key's end.

use jiff::Timestamp;

use super::{Chore, ChoreKey};
use crate::pull::expiry::{Warned, Warning};
use crate::pull::fault::Fault;
use crate::pull::task::Task;
use crate::pull::world::agenda::Agenda;
use crate::pull::world::state::World;

/// Write to a key's owner and the administrator that it ends soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WarnOfKey(pub(crate) Box<Warning>);

impl Task for WarnOfKey {
    type On = ();
    type Answer = ();
    type Event = ();

    fn event(&self, (): ()) {}
}

impl Chore for WarnOfKey {
    fn due(world: &mut World, _agenda: &mut Agenda) -> Vec<Self> {
        let warnings = world.stored.control.key_warnings.values();
        warnings.map(|warning| Self(Box::new(warning.clone()))).collect()
    }

    fn key(&self) -> ChoreKey {
        ("key warning", self.0.key.key.clone())
    }

    fn done(self, world: &mut World, written: Result<(), Fault>, _now: Timestamp) {
        if written.is_err() {
            return;
        }
        let control = &mut world.stored.control;
        let Some(Warning { key, days }) = control.key_warnings.remove(&self.0.key.key) else {
            return;
        };
        let warned = Warned { expires: key.expires, days };
        control.warned_keys.insert(key.key, warned);
        world.changed.control = true;
    }
}
