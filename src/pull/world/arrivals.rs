//! Mails that came: a new request gets its number and its record in the same batch that moves the
//! cursor past its mail.

use jiff::{SignedDuration, Timestamp};

use super::{Arrival, Arrived, Cause, World};
use crate::pull::alert::Alert;
use crate::pull::cover::Cover;
use crate::pull::folder::{Cursor, Folder};
use crate::pull::hold::HoldReason;
use crate::pull::ids::{ListName, PullNumber, TargetName};
use crate::pull::letter::rules::LetterEvent;
use crate::pull::lineage::Lineage;
use crate::pull::near_miss::{self, NearMiss};
use crate::pull::records::HistoryEntry;
use crate::pull::request::{Pull, Stage};
use crate::pull::retry::Retry;

impl World {
    pub(super) fn folder_read(
        &mut self,
        folder: Folder,
        cursor: Cursor,
        arrivals: Vec<Arrival>,
        complete: bool,
        now: Timestamp,
    ) {
        for (place, arrival) in arrivals.into_iter().enumerate() {
            let cause = Cause::Arrival(place);
            self.working(cause, |world| world.arrived(arrival, &cursor, now));
        }
        if complete {
            self.memory.read_at.insert(folder.clone(), now);
        }
        if self.stored.cursors.get(&folder) != Some(&cursor) {
            self.stored.cursors.insert(folder.clone(), cursor);
            self.changed.cursors.insert(folder);
        }
    }

    fn arrived(&mut self, arrival: Arrival, cursor: &Cursor, now: Timestamp) {
        if let Some(id) = &arrival.message_id
            && self.stored.letters.contains_key(id)
        {
            self.letter_event(id, LetterEvent::SeenOnList, now);
            return;
        }
        match arrival.what {
            Arrived::Other => {}
            Arrived::Retraction { of, by, said } => self.retracted(&of, &by, said, now),
            Arrived::SetAside { why } => {
                let subject = "A mail was set aside because it can't be read".to_owned();
                self.raise(Alert { subject, detail: why }, now);
                self.count("mails set aside", now);
            }
            Arrived::Commands(mail) => self.mail_came(*mail, now),
            Arrived::Counted(what) => self.count(what, now),
            Arrived::NearMiss(miss) => self.missed(*miss, cursor, now),
            Arrived::Request { list, target, cover } => {
                self.requested((list, target), *cover, arrival.received_at, cursor, now);
            }
        }
    }

    /// Keeps a near miss until its letter is written. Nobody is told of what is old, and a burst
    /// is not answered one by one.
    fn missed(&mut self, miss: NearMiss, cursor: &Cursor, now: Timestamp) {
        let late_after = self.policy.late_after;
        let has_requests =
            self.stored.pulls.values().any(|pull| pull.cover.references.contains(&miss.message_id));
        if has_requests {
            return;
        }
        if arrival_hold(miss.received_at, cursor.watched_from, late_after, now).is_some() {
            self.count("old marked mails without a request", now);
        } else if let Some(miss) = miss.bounded() {
            let untold = near_miss::admit(&mut self.stored.control.near_misses, miss);
            for _ in 0..untold {
                self.count("marked mails without a request, too many at once to tell", now);
            }
            self.changed.control = true;
        } else {
            self.count("marked mails without a request that can't be answered", now);
        }
    }

    fn requested(
        &mut self,
        (list, target): (ListName, TargetName),
        cover: Cover,
        received_at: Timestamp,
        cursor: &Cursor,
        now: Timestamp,
    ) {
        if self.stored.pulls.values().any(|pull| pull.cover.message_id == cover.message_id) {
            return;
        }
        if !self.policy.lists.contains_key(&list) || !self.policy.targets.contains_key(&target) {
            return;
        }
        for id in &cover.references {
            // It was the cover letter of this request, and no miss.
            self.changed.control |= self.stored.control.near_misses.remove(id).is_some();
        }
        let number = PullNumber(self.stored.next_pull);
        self.stored.next_pull += 1;
        let hold = arrival_hold(received_at, cursor.watched_from, self.policy.late_after, now);
        let what = match &hold {
            Some(reason) => self.policy.words.hold(reason),
            None => format!("asks for {} of {}", cover.request.reference, cover.request.url),
        };
        let stage = match hold {
            Some(reason) => {
                // A backlog is listed by `status`; it is not worth a letter each.
                let told = reason == HoldReason::Backlog;
                Stage::Held { trusted: None, unproved: None, reason, since: now, told }
            }
            None => Stage::Received { fetch: Retry::now(now) },
        };
        self.changed.log.push((format!("request {number}"), what.clone()));
        let entry = HistoryEntry { at: now, stage: stage.word().into(), what };
        self.changed.history.push((number, entry));
        self.changed.pulls.insert(number);
        let pull = Pull {
            number,
            list,
            target,
            cover,
            received_at,
            seen_at: now,
            priority: 0,
            attempts: 0,
            approvals: Vec::new(),
            landing_checked: None,
            pinned_tag: None,
            pinned_payload: None,
            signed: None,
            proof: None,
            adopted: None,
            touches: Vec::new(),
            told_unanswered: None,
            lineage: Lineage::default(),
            retraction: None,
            retested_by_author: false,
            notes: Vec::new(),
            letters: Vec::new(),
            stage,
        };
        self.stored.pulls.insert(number, pull);
    }
}

/// What holds a mail that was received at a bad time. Servers say when in whole seconds (RFC 3501,
/// INTERNALDATE): the second in which the watching began belongs to it.
fn arrival_hold(
    received_at: Timestamp,
    watched_from: Timestamp,
    late_after: SignedDuration,
    now: Timestamp,
) -> Option<HoldReason> {
    if received_at.as_second() < watched_from.as_second() {
        Some(HoldReason::Backlog)
    } else {
        (now.duration_since(received_at) > late_after).then_some(HoldReason::LateArrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_of_the_second_in_which_the_watching_began_is_no_backlog() {
        let week = SignedDuration::from_hours(7 * 24);
        let began = Timestamp::from_millisecond(1_000_600).unwrap();
        let held = |second, now| {
            let received_at = Timestamp::from_second(second).unwrap();
            arrival_hold(received_at, began, week, now)
        };
        let now = began + SignedDuration::from_secs(1);
        assert_eq!(held(1000, now), None);
        assert_eq!(held(999, now), Some(HoldReason::Backlog));
        assert_eq!(held(1001, now + week), Some(HoldReason::LateArrival));
    }
}
