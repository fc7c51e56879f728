//! What the bot does for itself: looks at targets, alerts, near misses, counts, old files.

use jiff::{SignedDuration, Timestamp};

use super::settle::Wake;
use super::{Alert, DAY, Effect, Subject, World};
use crate::pull::ids::TargetName;
use crate::pull::near_miss;
use crate::pull::request::Stage;
use crate::pull::request::decide::HEAD_EVERY;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

impl World {
    pub(super) fn settle_bot(
        &mut self,
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) {
        for target in self.policy.targets.keys().cloned().collect::<Vec<_>>() {
            self.settle_head(target, effects, wake, now);
        }
        for (subject, detail) in &self.control.alerts {
            let about = Subject::Alert(subject.clone());
            if let Some(due) = self.alert_due(subject).filter(|due| now < *due) {
                wake.add(Some(due));
                continue;
            }
            if self.in_flight.contains(&about) || self.backs_off(&about, wake, now) {
                continue;
            }
            self.in_flight.insert(about);
            let (subject, detail) = (subject.clone(), detail.clone());
            effects.push(Effect::Alert(Alert { subject, detail }));
        }
        for (id, miss) in &self.control.near_misses {
            let subject = Subject::Miss(id.clone());
            let due = miss.received_at + near_miss::WAIT;
            if now < due {
                wake.add(Some(due));
            } else if !self.in_flight.contains(&subject) && !self.backs_off(&subject, wake, now) {
                effects.push(Effect::TellMiss(Box::new(miss.clone())));
                self.in_flight.insert(subject);
            }
        }
        let expired_until = self.expired_at.map_or(now, |at| at + DAY);
        wake.add(Some(expired_until).filter(|at| *at > now));
        if expired_until <= now && self.in_flight.insert(Subject::OldFiles) {
            effects.push(Effect::Expire(self.policy.keep + self.policy.keep));
        }
        if let Some(since) = self.control.counting_since {
            let due = since + WEEK;
            if now < due {
                wake.add(Some(due));
            } else if !self.in_flight.contains(&Subject::Counts)
                && !self.backs_off(&Subject::Counts, wake, now)
            {
                self.in_flight.insert(Subject::Counts);
                effects.push(Effect::Counts(self.control.counts.clone()));
            }
        }
    }

    /// Looks at a target now and then while something waits that may land in it.
    fn settle_head(
        &mut self,
        target: TargetName,
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) {
        let waits = self.pulls.values().any(|pull| {
            pull.target == target
                && pull.stage.trusted().is_some()
                && !matches!(pull.stage, Stage::Verified { .. } | Stage::Concluded { .. })
        });
        let subject = Subject::Head(target.clone());
        if !waits || self.in_flight.contains(&subject) {
            return;
        }
        match self.heads.get(&target) {
            // The first look comes with the first merge, or after one interval.
            None => {
                self.heads.insert(target, (None, now));
                wake.add(Some(now + HEAD_EVERY));
            }
            Some((_, at)) if now < *at + HEAD_EVERY => wake.add(Some(*at + HEAD_EVERY)),
            Some(_) => {
                self.in_flight.insert(subject);
                effects.push(Effect::ReadHead(target));
            }
        }
    }
}
