//! Who signed a tag, and what they may ask for with it. The signature says who made the tag; that
//! the mail is theirs, and that the tag may go where the mail wants it, is decided here.

use serde::{Deserialize, Serialize};

use super::ids::{ListName, TargetName};
use super::room::{LONGEST_ADDRESS, first_within, size, within};

/// Bytes of a key, and of its owner's name, that a record keeps, as they are written.
const KEY: usize = 100;
const NAME: usize = 200;

/// Bytes of all addresses of one owner: about fifty.
pub(crate) const ADDRESSES: usize = 1_800;

/// Bytes of all that says what somebody may submit: about a hundred patterns.
pub(crate) const SCOPE: usize = 4 * 1024;

/// A trusted signer, as the keyring knows the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signer {
    /// The primary key's fingerprint, or an SSH key's `SHA256:…`.
    pub(crate) key: String,
    /// The keyring's name for its owner.
    pub(crate) name: String,
    /// The owner's addresses by the keyring.
    pub(crate) addresses: Vec<String>,
    /// What the owner may submit.
    pub(crate) scope: Scope,
}

/// What somebody may submit. An empty list means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scope {
    /// To which lists.
    pub(crate) lists: Vec<ListName>,
    /// For which targets.
    pub(crate) targets: Vec<TargetName>,
    /// Which files: globs, of which one has to match each file that a request changes.
    pub(crate) paths: Vec<String>,
}

/// Why a good signature by a known key is not enough for this mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "records have these names")]
pub(crate) enum Objection {
    /// The mail is from somebody else.
    OtherSender {
        /// The signer's name.
        signer: String,
        /// The address that the mail is from.
        sender: String,
    },
    /// The signer may not submit by this list.
    OtherList {
        /// The signer's name.
        signer: String,
        /// The list it came by.
        list: ListName,
        /// The lists that the signer may use.
        may: Vec<ListName>,
    },
    /// The signer may not submit for this target.
    OtherTarget {
        /// The signer's name.
        signer: String,
        /// The target that is asked for.
        target: TargetName,
        /// The targets that the signer may use.
        may: Vec<TargetName>,
    },
    /// It changes files that the signer may not submit.
    OtherPaths {
        /// The signer's name.
        signer: String,
        /// What the signer may submit.
        may: Vec<String>,
        /// Files that no pattern matches: the first ones, made printable.
        files: Vec<String>,
        /// How many there are in all.
        total: u32,
    },
}

impl Scope {
    /// Whether it fits into the record of a request. It must not be cut: an empty list means all.
    pub(crate) fn fits(&self) -> bool {
        size(self) <= SCOPE
    }
}

impl Signer {
    /// The same, as a record holds it. Addresses that it does not hold are not the signer's.
    #[must_use]
    pub(crate) fn bounded(self) -> Self {
        let usable = self.addresses.into_iter().filter(|address| address.len() <= LONGEST_ADDRESS);
        Self {
            key: within(&self.key, KEY),
            name: within(&self.name, NAME),
            addresses: first_within(usable, ADDRESSES),
            scope: self.scope,
        }
    }

    /// Whether an address is the signer's own, in capitals or not.
    pub(crate) fn has_address(&self, address: &str) -> bool {
        let address = address.to_lowercase();
        self.addresses.iter().any(|own| own.to_lowercase() == address)
    }

    /// What speaks against a mail from that address, by that list, for that target.
    pub(crate) fn objection(
        &self,
        sender: &str,
        list: &ListName,
        target: &TargetName,
    ) -> Option<Objection> {
        let signer = self.name.clone();
        let Scope { lists, targets, .. } = &self.scope;
        if !self.has_address(sender) {
            Some(Objection::OtherSender { signer, sender: sender.to_owned() })
        } else if !lists.is_empty() && !lists.contains(list) {
            Some(Objection::OtherList { signer, list: list.clone(), may: lists.clone() })
        } else if !targets.is_empty() && !targets.contains(target) {
            Some(Objection::OtherTarget { signer, target: target.clone(), may: targets.clone() })
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice(scope: Scope) -> Signer {
        let addresses = vec!["alice@example.org".into(), "Alice@Work.example".into()];
        Signer { key: "A".repeat(40), name: "Alice Example".into(), addresses, scope }
    }

    fn objection(scope: &Scope, sender: &str) -> Option<Objection> {
        let (list, target) = (ListName::new("devel"), TargetName::new("stable-9.0"));
        alice(scope.clone()).objection(sender, &list, &target)
    }

    #[test]
    fn a_mail_has_to_be_from_one_of_the_signers_addresses() {
        let all = Scope::default();
        for own in ["alice@example.org", "ALICE@example.org", "alice@work.example"] {
            assert_eq!(objection(&all, own), None, "{own}");
        }
        for other in ["bob@example.org", "", "alice@example.org.evil.example", "alice"] {
            let found = objection(&all, other).unwrap();
            assert!(matches!(found, Objection::OtherSender { .. }), "{other}: {found:?}");
        }
    }

    #[test]
    fn lists_and_targets_are_all_unless_some_are_named() {
        let (list, target) = (ListName::new("devel"), TargetName::new("master"));
        let lists = Scope { lists: vec![ListName::new("block")], ..Scope::default() };
        let found = objection(&lists, "alice@example.org").unwrap();
        assert!(matches!(found, Objection::OtherList { .. }), "{found:?}");
        let targets = Scope { targets: vec![target], ..Scope::default() };
        let found = objection(&targets, "alice@example.org").unwrap();
        assert!(matches!(found, Objection::OtherTarget { .. }), "{found:?}");
        let targets = vec![TargetName::new("master"), TargetName::new("stable-9.0")];
        let both = Scope { lists: vec![list], targets, paths: Vec::new() };
        assert_eq!(objection(&both, "alice@example.org"), None);
    }
}
