//! What the administrator has to know of the bot: kept until it is written, each subject at once
//! and then daily. Subjects are ours; what others write stands in the detail. All of it is part of
//! one record, which has to stay small whatever happens.

use jiff::Timestamp;

use super::state::{DAY, World};
use crate::pull::alert::Alert;
use crate::pull::command_mail::shortened;
use crate::pull::room::size;

/// Bytes of a subject, and of a detail.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_DETAIL: usize = 1_500;

/// What is left of a detail where all of them together are too long.
const SHORT_DETAIL: usize = 150;

/// Bytes that all alerts which are not written yet may take in the record.
const MOST_WAITING: usize = 6 * 1024;

/// Bytes that it may take to keep in mind what the administrator was told, and that senders were
/// told that nothing proves them.
const MOST_TOLD: usize = 3 * 1024;

impl World {
    /// Keeps an alert until it is written, unless the administrator heard of its subject within
    /// the last day.
    pub(super) fn raise(&mut self, alert: Alert, now: Timestamp) {
        if !self.was_alerted(&alert.subject, now)
            && !self.stored.control.alerts.contains_key(&alert.subject)
        {
            self.keep_alert(alert, now);
        }
    }

    /// As [`Self::raise`], for what is about somebody or something each time: what comes within the
    /// day is told together when the day is over.
    pub(super) fn collect(&mut self, alert: Alert, about: &str, now: Timestamp) {
        match self.stored.control.alerts.get(&alert.subject) {
            None => self.keep_alert(alert, now),
            Some(before) if before.contains(about) => {}
            Some(before) if before.len() + alert.detail.len() < LONGEST_DETAIL => {
                let detail = format!("{before}\n\n{}", alert.detail);
                self.keep_alert(Alert { detail, ..alert }, now);
            }
            Some(_) => {}
        }
    }

    fn keep_alert(&mut self, alert: Alert, now: Timestamp) {
        let subject = shortened(&alert.subject, LONGEST_SUBJECT);
        let alerts = &mut self.stored.control.alerts;
        alerts.insert(subject.clone(), shortened(&alert.detail, LONGEST_DETAIL));
        let shorten = |detail: &mut String| *detail = shortened(detail, SHORT_DETAIL);
        if size(alerts) > MOST_WAITING {
            alerts.values_mut().for_each(shorten);
        }
        if size(alerts) > MOST_WAITING {
            alerts.remove(&subject);
            self.count("alerts that found no room", now);
        }
        self.changed.control = true;
    }

    /// Until when an alert waits that is kept: it is told once a day.
    pub(super) fn alert_due(&self, subject: &str) -> Option<Timestamp> {
        self.stored.control.alerted.get(subject).map(|at| *at + DAY)
    }

    fn was_alerted(&self, subject: &str, now: Timestamp) -> bool {
        self.alert_due(&shortened(subject, LONGEST_SUBJECT)).is_some_and(|due| now < due)
    }

    /// Keeps in mind for a day that the administrator was told of something.
    pub(super) fn note_alerted(&mut self, subject: String, now: Timestamp) {
        let alerted = &mut self.stored.control.alerted;
        alerted.retain(|_, at| now < *at + DAY);
        alerted.insert(subject, now);
        while size(alerted) > MOST_TOLD {
            let oldest = alerted.iter().min_by_key(|(_, at)| **at);
            let Some(oldest) = oldest.map(|(subject, _)| subject.clone()) else { break };
            alerted.remove(&oldest);
        }
        self.changed.control = true;
    }

    /// Keeps in mind for a day that somebody was told that mail in their name was refused, and says
    /// whether they may be told now. Where too many were told they are not: nobody is told twice.
    pub(super) fn may_tell_refused(&mut self, what: &str, now: Timestamp) -> bool {
        let what = shortened(what, LONGEST_SUBJECT);
        // An older program kept it among the alerts.
        let told_before = self.was_alerted(&what, now);
        let told = &mut self.stored.control.refused;
        told.retain(|_, at| now < *at + DAY);
        if told_before || told.contains_key(&what) {
            return false;
        }
        told.insert(what.clone(), now);
        let fits = size(told) <= MOST_TOLD;
        if !fits {
            told.remove(&what);
        }
        self.changed.control |= fits;
        fits
    }
}
