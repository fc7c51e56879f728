//! Whose turn it is. A later revision takes the place of the one that it will supersede: it is merged
//! and compared while the older one's pipeline goes on, so that the older one ends only for a later
//! one that can be tested. Where all requests share one CI ref, it has to wait for that pipeline's end.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Subject, World};
use crate::pull::aside::RecordKey;
use crate::pull::ids::{PullNumber, TargetName};
use crate::pull::policy::TargetPolicy;
use crate::pull::queue::{self, Place, Turn, Waiting};
use crate::pull::request::{Pull, Stage};
use crate::pull::revision;
use crate::pull::run::{Run, RunStage};

/// The queues by slot, in order, with the slots that are free.
pub(super) type Queues = BTreeMap<String, (Vec<Place>, u32)>;

impl World {
    /// A request's turn, and the later revision of it that is tried first.
    pub(super) fn turn_of(
        &self,
        queues: &Queues,
        pull: &Pull,
        now: Timestamp,
    ) -> (Turn, Option<PullNumber>) {
        let Stage::Queued { .. } = &pull.stage else { return (Turn::After(0), None) };
        let turn = self.turn(queues, &pull.target, Waiting::Pull(pull.number));
        match turn {
            Turn::Now => (turn, self.tried_first(pull, now)),
            Turn::After(_) if self.takes_a_place(queues, pull) => (Turn::Now, None),
            Turn::After(_) => (turn, None),
        }
    }

    /// Whether a queued request will supersede one that has a slot, or whose turn it is.
    fn takes_a_place(&self, queues: &Queues, pull: &Pull) -> bool {
        self.stored.pulls.values().any(|older| {
            let has_a_place = match &older.stage {
                Stage::Running { .. } => self.has_own_refs(&older.target),
                Stage::Queued { .. } => {
                    self.turn(queues, &older.target, Waiting::Pull(older.number)) == Turn::Now
                }
                Stage::Received { .. }
                | Stage::Fetched { .. }
                | Stage::Verified { .. }
                | Stage::Held { .. }
                | Stage::Concluded { .. }
                | Stage::Answered { .. }
                | Stage::Closed { .. } => false,
            };
            has_a_place && revision::would_supersede(pull, older, self.stored.pulls.values())
        })
    }

    fn has_own_refs(&self, target: &TargetName) -> bool {
        self.policy.targets.get(target).is_some_and(TargetPolicy::has_own_refs)
    }

    /// Whether a run only finds out if its request can take an older one's place: until then it
    /// needs no place of its own.
    fn shares_a_place(&self, run: &Run) -> bool {
        let Some(pull) = run.of().and_then(|number| self.stored.pulls.get(&number)) else {
            return false;
        };
        let waits_or_runs =
            |older: &Pull| matches!(older.stage, Stage::Queued { .. } | Stage::Running { .. });
        !pull.lineage.stands
            && self.has_own_refs(&run.target)
            && self.stored.pulls.values().any(|older| {
                waits_or_runs(older)
                    && revision::would_supersede(pull, older, self.stored.pulls.values())
            })
    }

    /// The later revision that is about to be tried in a request's place; not one that something
    /// keeps from being tried.
    fn tried_first(&self, pull: &Pull, now: Timestamp) -> Option<PullNumber> {
        let target = self.policy.targets.get(&pull.target)?;
        if target.freeze.as_ref().is_some_and(|freeze| freeze.holds(now)) {
            return None;
        }
        let is_tried = |later: &&Pull| {
            let goes_on = match &later.stage {
                Stage::Queued { .. } => {
                    self.pause_of(later).is_none()
                        && self.backoff_of(&Subject::Pull(later.number), now).is_none()
                }
                Stage::Running { run, .. } => {
                    self.backoff_of(&Subject::Run(*run), now).is_none()
                        && self.stored.runs.get(run).is_some_and(|run| !run.is_failing())
                }
                Stage::Received { .. }
                | Stage::Fetched { .. }
                | Stage::Verified { .. }
                | Stage::Held { .. }
                | Stage::Concluded { .. }
                | Stage::Answered { .. }
                | Stage::Closed { .. } => false,
            };
            goes_on
                && !self.is_pull_aside(later.number)
                && revision::would_supersede(later, pull, self.stored.pulls.values())
        };
        self.stored.pulls.values().find(is_tried).map(|later| later.number)
    }

    pub(super) fn turn(&self, queues: &Queues, target: &TargetName, who: Waiting) -> Turn {
        let slot = self.policy.targets.get(target).map(|policy| &policy.slot);
        match slot.and_then(|slot| queues.get(slot)) {
            Some((places, free)) => queue::turn(places, who, *free),
            None => Turn::After(0),
        }
    }

    pub(super) fn queues(&self) -> Queues {
        let mut queues = Queues::new();
        for policy in self.policy.targets.values() {
            let (_, free) = queues.entry(policy.slot.clone()).or_default();
            *free = policy.max_running.max(*free);
        }
        let slot_of = |target| self.policy.targets.get(target).map(|policy| &policy.slot);
        // What is set aside holds up nobody.
        let in_line = |run: &&Run| !self.is_aside(&RecordKey::Run(run.id));
        for run in self.stored.runs.values().filter(in_line) {
            let Some((places, free)) = slot_of(&run.target).and_then(|s| queues.get_mut(s)) else {
                continue;
            };
            if run.occupies() && !self.shares_a_place(run) {
                *free = free.saturating_sub(1);
            } else if let RunStage::Waiting { since } = run.stage {
                places.push(Place { who: Waiting::Run(run.id), priority: 0, since });
            }
        }
        for pull in self.stored.pulls.values().filter(|pull| !self.is_pull_aside(pull.number)) {
            if let Stage::Queued { since, .. } = pull.stage
                && let Some((places, _)) = slot_of(&pull.target).and_then(|s| queues.get_mut(s))
            {
                let who = Waiting::Pull(pull.number);
                places.push(Place { who, priority: pull.priority, since });
            }
        }
        queues.values_mut().for_each(|(places, _)| queue::order(places));
        queues
    }
}
