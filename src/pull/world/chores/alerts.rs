//! Writes alerts to the administrator: each subject at once, and then daily.

use jiff::Timestamp;

use super::{Chore, ChoreKey};
use crate::pull::alert::Alert;
use crate::pull::fault::Fault;
use crate::pull::task::Task;
use crate::pull::world::World;
use crate::pull::world::work::HandOut;

/// Write to the administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TellAlert(pub(crate) Alert);

impl Task for TellAlert {
    type On = ();
    type Answer = ();
    type Event = ();

    fn event(&self, (): ()) {}
}

impl Chore for TellAlert {
    fn due(world: &mut World, out: &mut HandOut) {
        for (subject, detail) in world.control.alerts.clone() {
            let due = world.alert_due(&subject).unwrap_or(out.now);
            if out.is_due(due) {
                world.hand_out(out, Self(Alert { subject, detail }).into());
            }
        }
    }

    fn key(&self) -> ChoreKey {
        ("alert", self.0.subject.clone())
    }

    fn done(self, world: &mut World, written: Result<(), Fault>, now: Timestamp) {
        if written.is_ok() {
            world.control.alerts.remove(&self.0.subject);
            world.note_alerted(self.0.subject, now);
        }
    }
}
