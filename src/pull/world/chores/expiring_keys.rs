//! Looks at the keyring once a day for keys that end soon.

use jiff::Timestamp;

use super::{Chore, ChoreKey};
use crate::pull::expiry::{ExpiringKey, MOST_KEYS, Warning};
use crate::pull::fault::Fault;
use crate::pull::task::Task;
use crate::pull::world::agenda::Agenda;
use crate::pull::world::state::{DAY, World};

/// Look which keys end soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadKeyring;

impl Task for ReadKeyring {
    type On = ();
    type Answer = Vec<ExpiringKey>;
    type Event = Vec<ExpiringKey>;

    fn event(&self, keys: Vec<ExpiringKey>) -> Vec<ExpiringKey> {
        keys
    }
}

impl Chore for ReadKeyring {
    fn due(world: &mut World, agenda: &mut Agenda) -> Vec<Self> {
        let at = world.memory.keys_read_at.map_or(agenda.now, |at| at + DAY);
        agenda.is_due(at).then_some(Self).into_iter().collect()
    }

    fn key(&self) -> ChoreKey {
        ("keyring", String::new())
    }

    /// Notes which warnings are due; forgets those about keys that have ended.
    fn done(self, world: &mut World, keys: Result<Vec<ExpiringKey>, Fault>, now: Timestamp) {
        world.memory.keys_read_at = Some(now);
        let Ok(expiring) = keys else { return };
        let control = &mut world.stored.control;
        let before = (control.key_warnings.len(), control.warned_keys.len());
        control.warned_keys.retain(|_, warned| warned.expires > now);
        for key in expiring {
            let room = control.key_warnings.len() + control.warned_keys.len() < MOST_KEYS;
            let told = control.warned_keys.get(&key.key);
            if let Some(days) = key.due(told, now)
                && (room || told.is_some())
            {
                control.key_warnings.insert(key.key.clone(), Warning { key, days });
            }
        }
        let after = (control.key_warnings.len(), control.warned_keys.len());
        world.changed.control |= before != after;
    }
}
