//! What commands changed, over what the configuration says: durable, and shown with who, when and
//! why. It must not grow without bound: a command that finds no room here is refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{ListName, TargetName};

/// Bytes that all of it may take in its record.
const LARGEST: usize = 24 * 1024;

/// Who stopped something, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    /// Why, in the person's words.
    pub(crate) reason: String,
    /// Who.
    pub(crate) by: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// Who changed something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Who.
    pub(crate) by: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// A target that takes no request for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Freeze {
    /// Until when; `None`: until somebody ends it.
    pub(crate) until: Option<Timestamp>,
    /// Why, in the person's words.
    pub(crate) reason: Option<String>,
    /// Who.
    pub(crate) by: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// A key that a command added. The certificate is a file beside the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AddedKey {
    /// Its owner's address.
    pub(crate) address: String,
    /// Who added it.
    pub(crate) by: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// What commands changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Overlay {
    /// Set while nothing at all is done.
    pub(crate) stop: Option<Pause>,
    /// Set while no new test may begin.
    pub(crate) pause: Option<Pause>,
    /// Lists of which no new test may begin.
    pub(crate) paused_lists: BTreeMap<ListName, Pause>,
    /// Set while no letter goes out, after a flood of them.
    pub(crate) breaker: Option<Pause>,
    /// Targets that take no request.
    pub(crate) freezes: BTreeMap<TargetName, Freeze>,
    /// Addresses that are among the submitters of every list.
    pub(crate) allowed: BTreeMap<String, Change>,
    /// Addresses from which nothing is taken.
    pub(crate) denied: BTreeMap<String, Change>,
    /// Release managers beside those of the configuration.
    pub(crate) managers_added: BTreeMap<String, Change>,
    /// Those of the configuration who are none.
    pub(crate) managers_removed: BTreeMap<String, Change>,
    /// Keys beside those of the keyring, by fingerprint.
    pub(crate) keys_added: BTreeMap<String, AddedKey>,
    /// Keys that are not believed, by fingerprint.
    pub(crate) keys_removed: BTreeMap<String, Change>,
}

impl Overlay {
    /// Whether it fits into its record.
    pub(crate) fn fits(&self) -> bool {
        serde_json::to_vec(self).is_ok_and(|bytes| bytes.len() <= LARGEST)
    }

    /// The release managers, by address: those of the configuration as commands changed them.
    pub(crate) fn managers(&self, configured: &[String]) -> Vec<String> {
        let removed =
            |address: &String| self.managers_removed.contains_key(&address.to_lowercase());
        let mut managers: Vec<String> =
            configured.iter().filter(|address| !removed(address)).cloned().collect();
        for address in self.managers_added.keys() {
            if !managers.iter().any(|known| known.eq_ignore_ascii_case(address)) {
                managers.push(address.clone());
            }
        }
        managers
    }
}

impl Freeze {
    /// Whether it holds at that time.
    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_are_those_of_the_configuration_as_commands_changed_them() {
        let change = Change { by: "admin@example.org".into(), at: Timestamp::UNIX_EPOCH };
        let configured = ["A@example.org".to_owned(), "b@example.org".to_owned()];
        let mut overlay = Overlay::default();
        assert_eq!(overlay.managers(&configured), configured);
        overlay.managers_removed.insert("a@example.org".into(), change.clone());
        overlay.managers_added.insert("b@example.org".into(), change.clone());
        overlay.managers_added.insert("c@example.org".into(), change);
        assert_eq!(overlay.managers(&configured), ["b@example.org", "c@example.org"]);
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let change = Change { by: "admin@example.org".into(), at: Timestamp::UNIX_EPOCH };
        let mut overlay = Overlay::default();
        assert!(overlay.fits());
        for n in 0..1_000 {
            overlay.denied.insert(format!("{n}@example.org"), change.clone());
        }
        assert!(!overlay.fits());
    }
}
