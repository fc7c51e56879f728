//! Looks at a target's tip now and then while something waits that may land in it.

use jiff::Timestamp;

use super::{Chore, ChoreKey};
use crate::pull::fault::Fault;
use crate::pull::ids::{ObjectId, TargetName};
use crate::pull::request::Stage;
use crate::pull::request::decide::HEAD_EVERY;
use crate::pull::task::Task;
use crate::pull::world::agenda::Agenda;
use crate::pull::world::state::World;

/// Read that target's tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadTarget(pub(crate) TargetName);

impl Task for ReadTarget {
    type On = ();
    type Answer = ObjectId;
    type Event = ObjectId;

    fn event(&self, head: ObjectId) -> ObjectId {
        head
    }
}

impl Chore for ReadTarget {
    fn due(world: &mut World, agenda: &mut Agenda) -> Vec<Self> {
        let targets: Vec<TargetName> = world.policy.targets.keys().cloned().collect();
        targets.into_iter().filter(|target| world.is_to_be_read(target, agenda)).map(Self).collect()
    }

    fn key(&self) -> ChoreKey {
        ("target", self.0.to_string())
    }

    fn done(self, world: &mut World, answer: Result<ObjectId, Fault>, now: Timestamp) {
        let known = world.memory.heads.get(&self.0).and_then(|(head, _)| *head);
        world.memory.heads.insert(self.0, (answer.ok().or(known), now));
    }
}

impl World {
    fn is_to_be_read(&mut self, target: &TargetName, agenda: &mut Agenda) -> bool {
        if !self.waits_for(target) {
            return false;
        }
        // The first look comes with the first merge, or after one interval.
        let known = self.memory.heads.entry(target.clone()).or_insert((None, agenda.now));
        agenda.is_due(known.1 + HEAD_EVERY)
    }

    fn waits_for(&self, target: &TargetName) -> bool {
        self.stored.pulls.values().any(|pull| {
            pull.target == *target
                && pull.stage.trusted().is_some()
                && !matches!(pull.stage, Stage::Verified { .. } | Stage::Concluded { .. })
        })
    }
}
