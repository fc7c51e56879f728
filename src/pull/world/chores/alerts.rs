//! Writes alerts to the administrator: each subject at once, and then daily.

use jiff::Timestamp;

use super::{Chore, ChoreKey};
use crate::pull::alert::Alert;
use crate::pull::fault::Fault;
use crate::pull::task::Task;
use crate::pull::world::agenda::Agenda;
use crate::pull::world::state::World;

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
    fn due(world: &mut World, agenda: &mut Agenda) -> Vec<Self> {
        let due = |(subject, detail): (&String, &String)| {
            let at = world.alert_due(subject).unwrap_or(agenda.now);
            let alert = Alert { subject: subject.clone(), detail: detail.clone() };
            agenda.is_due(at).then_some(Self(alert))
        };
        world.stored.control.alerts.iter().filter_map(due).collect()
    }

    fn key(&self) -> ChoreKey {
        ("alert", self.0.subject.clone())
    }

    fn done(self, world: &mut World, written: Result<(), Fault>, now: Timestamp) {
        if written.is_ok() {
            world.stored.control.alerts.remove(&self.0.subject);
            world.note_alerted(self.0.subject, now);
        }
    }
}
