//! Keys that end soon: when their owners are warned, and that it is done once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The first warning: a month leaves time for holidays, and for whoever keeps the keyring.
const EARLY: (u8, SignedDuration) = (30, SignedDuration::from_hours(30 * 24));

/// The last warning: a week is what a person still acts on at once.
const LAST: (u8, SignedDuration) = (7, SignedDuration::from_hours(7 * 24));

/// How long before its end a key is of interest here.
pub(crate) const WATCHED: SignedDuration = EARLY.1;

/// How many keys are warned about at a time: the record that says so stays small.
pub(crate) const MOST_KEYS: usize = 60;

/// A key of the keyring that ends soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExpiringKey {
    /// The primary key's fingerprint, or an SSH key's `SHA256:…`.
    pub(crate) key: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// The address that its owner is written to; there may be none.
    pub(crate) address: Option<String>,
    /// From when on a tag signed with it is not believed any more.
    pub(crate) expires: Timestamp,
}

/// A warning that is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Warning {
    /// The key.
    pub(crate) key: ExpiringKey,
    /// Which warning it is: this many days before the end, at most.
    pub(crate) days: u8,
}

/// The last warning about a key that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Warned {
    /// When the key was to end: a key that was extended is warned about anew.
    pub(crate) expires: Timestamp,
    /// Which warning it was.
    pub(crate) days: u8,
}

impl ExpiringKey {
    /// Whether it is a line of `allowed_signers` and not an OpenPGP key.
    pub(crate) fn is_ssh(&self) -> bool {
        self.key.starts_with("SHA256:")
    }

    /// Which warning is due, if its owner was told this last.
    pub(crate) fn due(&self, told: Option<&Warned>, now: Timestamp) -> Option<u8> {
        let left = self.expires.duration_since(now);
        let (days, _) = [LAST, EARLY].into_iter().find(|(_, before)| left <= *before)?;
        let told_already =
            told.is_some_and(|told| told.expires == self.expires && told.days <= days);
        (left.is_positive() && !told_already).then_some(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_warned_about_a_month_and_a_week_before_its_end() {
        let expires: Timestamp = "2026-03-31T00:00:00Z".parse().unwrap();
        let key = ExpiringKey { key: "A".into(), owner: "A".into(), address: None, expires };
        let before = |days: i64| expires - SignedDuration::from_hours(24 * days);
        let told = |days| Some(Warned { expires, days });
        for (left, last, due) in [
            (31, None, None),
            (30, None, Some(30)),
            (29, told(30), None),
            (8, told(30), None),
            (7, told(30), Some(7)),
            (7, None, Some(7)),
            (6, told(7), None),
            (0, None, None),
            (-1, None, None),
        ] {
            assert_eq!(key.due(last.as_ref(), before(left)), due, "{left} {last:?}");
        }
        let of_before = Warned { expires: before(400), days: 7 };
        assert_eq!(key.due(Some(&of_before), before(20)), Some(30));
    }
}
