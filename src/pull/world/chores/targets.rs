//! Looks at a target's tip now and then while something waits that may land in it.

use jiff::Timestamp;

use super::{Chore, ChoreKey};
use crate::pull::fault::Fault;
use crate::pull::ids::{ObjectId, TargetName};
use crate::pull::request::Stage;
use crate::pull::request::decide::HEAD_EVERY;
use crate::pull::task::Task;
use crate::pull::world::World;
use crate::pull::world::work::HandOut;

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
    fn due(world: &mut World, out: &mut HandOut) {
        for target in world.policy.targets.keys().cloned().collect::<Vec<_>>() {
            if !world.waits_for(&target) {
                continue;
            }
            match world.heads.get(&target) {
                // The first look comes with the first merge, or after one interval.
                None => {
                    out.wake(Some(out.now + HEAD_EVERY));
                    world.heads.insert(target, (None, out.now));
                }
                Some((_, at)) if out.is_due(*at + HEAD_EVERY) => {
                    world.hand_out(out, Self(target).into());
                }
                Some(_) => {}
            }
        }
    }

    fn key(&self) -> ChoreKey {
        ("target", self.0.to_string())
    }

    fn done(self, world: &mut World, answer: Result<ObjectId, Fault>, now: Timestamp) {
        let known = world.heads.get(&self.0).and_then(|(head, _)| *head);
        world.heads.insert(self.0, (answer.ok().or(known), now));
    }
}

impl World {
    fn waits_for(&self, target: &TargetName) -> bool {
        self.pulls.values().any(|pull| {
            pull.target == *target
                && pull.stage.trusted().is_some()
                && !matches!(pull.stage, Stage::Verified { .. } | Stage::Concluded { .. })
        })
    }
}
