//! What the world hands out in one step.

use super::agenda::Agenda;
use super::state::World;
use super::work::Work;

#[derive(Debug)]
pub(super) struct HandOut {
    pub(super) work: Vec<Work>,
    pub(super) agenda: Agenda,
}

impl World {
    /// Hands out work, unless its subject has some in flight already or has to wait after a failure.
    pub(super) fn hand_out(&mut self, out: &mut HandOut, work: Work) {
        let subject = work.subject();
        if !self.memory.in_flight.contains(&subject) && !self.backs_off(&subject, &mut out.agenda) {
            self.memory.in_flight.insert(subject);
            out.work.push(work);
        }
    }
}
