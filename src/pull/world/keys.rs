//! Looks at the keyring once a day and has owners warned of keys that end soon. A warning waits in
//! the overlay until its letters are written; what was written is kept there until the key's end.

use jiff::Timestamp;

use super::settle::Wake;
use super::{DAY, Effect, Subject, World};
use crate::pull::expiry::{ExpiringKey, MOST_KEYS, Warned, Warning};
use crate::pull::retry::Retry;

impl World {
    pub(super) fn settle_keys(
        &mut self,
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) {
        let look_at = self.keys_read_at.map_or(now, |at| at + DAY);
        wake.add(Some(look_at).filter(|at| *at > now));
        if look_at <= now && self.in_flight.insert(Subject::Keyring) {
            effects.push(Effect::ReadKeyring);
        }
        for warning in self.control.key_warnings.values() {
            let subject = Subject::KeyWarning(warning.key.key.clone());
            if !self.in_flight.contains(&subject) && !self.backs_off(&subject, wake, now) {
                effects.push(Effect::WarnOfKey(Box::new(warning.clone())));
                self.in_flight.insert(subject);
            }
        }
    }

    /// Notes which warnings are due; forgets those about keys that have ended.
    pub(super) fn keyring_read(&mut self, expiring: Vec<ExpiringKey>, now: Timestamp) {
        self.keys_read_at = Some(now);
        let control = &mut self.control;
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
        self.changed.control |= before != after;
    }

    /// Notes that a warning's letters are written.
    pub(super) fn key_warned(&mut self, key: &str) {
        let Some(Warning { key, days }) = self.control.key_warnings.remove(key) else { return };
        let warned = Warned { expires: key.expires, days };
        self.control.warned_keys.insert(key.key, warned);
        self.changed.control = true;
    }

    /// Has a warning that could not be written wait.
    pub(super) fn key_not_warned(&mut self, subject: Subject, now: Timestamp) {
        let said = "its letters could not be written".to_owned();
        self.backoff.insert(subject, Retry::now(now).after_failure(now, said, None));
    }
}
