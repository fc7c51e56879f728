//! The keys that were read, and what follows from them about somebody. It must not read files, nor
//! signatures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sequoia_openpgp::{Cert, KeyHandle};

use super::allowed_signers::AllowedSigner;
use super::certificate;
use super::maintainers::Maintainer;
use crate::ports::{Fault, PathOwner};
use crate::pull::tag::{Signer, Verification};

/// Why a key is not believed that a command took away.
pub(crate) const TAKEN_AWAY: &str = "it was taken out of the keyring by command";

/// What is wrong with a file of the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file's name, with a line number where there is one.
    pub(crate) file: String,
    /// What is wrong, in a clause.
    pub(crate) why: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.why)
    }
}

/// Whose a key is that a command added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Granted {
    /// How its owner is called; `None`: as the folder's own copy of the key has it.
    pub(super) name: Option<String>,
    /// The owner's addresses.
    pub(super) addresses: Vec<String>,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// OpenPGP certificates; the files' parts of the same one are merged.
    pub(crate) certificates: Vec<Cert>,
    /// SSH keys.
    pub(crate) signers: Vec<AllowedSigner>,
    /// Who may sign what; `None` if there is no such file: then every key may sign anything.
    pub(crate) maintainers: Option<Vec<Maintainer>>,
    /// All owners' addresses, in lower case.
    pub(crate) addresses: BTreeSet<String>,
    /// What is wrong with the files.
    pub(crate) problems: Vec<Problem>,
    /// The first thing that could not be read: a key that seems to be missing may be in it.
    pub(crate) unread: Option<Problem>,
    /// Whose the keys are that commands added, by fingerprint.
    pub(super) granted: BTreeMap<String, Granted>,
    /// Fingerprints of keys that commands took away.
    pub(super) removed: BTreeSet<String>,
}

impl Keys {
    /// A key's owner as `maintainers.toml` has it; without the file, as the key itself says.
    /// `None`: the file lists nobody with it.
    pub(crate) fn listed(&self, signer: &Signer) -> Option<Signer> {
        let Some(maintainers) = &self.maintainers else { return Some(self.as_granted(signer)) };
        let has_it = |maintainer: &&Maintainer| maintainer.keys.contains(&signer.key);
        maintainers.iter().find(has_it).map(|maintainer| Signer {
            key: signer.key.clone(),
            name: maintainer.name.clone(),
            addresses: maintainer.addresses.clone(),
            scope: maintainer.scope.clone(),
        })
    }

    /// The maintainers for whom `maintainers.toml` names paths.
    pub(crate) fn path_owners(&self) -> Vec<PathOwner> {
        let owner = |maintainer: &Maintainer| PathOwner {
            addresses: maintainer.addresses.clone(),
            paths: maintainer.scope.paths.clone(),
        };
        let owners = self.maintainers.iter().flatten().map(owner);
        owners.filter(|owner| !owner.paths.is_empty()).collect()
    }

    /// What a good signature by that signer is worth here.
    pub(crate) fn admit(&self, signer: Signer) -> Verification {
        match self.listed(&signer) {
            Some(listed) => Verification::Good(listed),
            None => Verification::NotListed { key: signer.key, owner: signer.name },
        }
    }

    /// The verification; an error where the key that is missing may be in what can't be read:
    /// nobody is refused for that.
    ///
    /// # Errors
    /// Misconfigured: part of the keyring can't be read.
    pub(super) fn unless_unread(&self, verification: Verification) -> Result<Verification, Fault> {
        let (
            Some(unread),
            Verification::UnknownKey { key, .. } | Verification::NotListed { key, .. },
        ) = (&self.unread, &verification)
        else {
            return Ok(verification);
        };
        Err(Fault::misconfigured(format!(
            "the key {key} is not in the keyring, but part of the keyring can't be read: {unread}"
        )))
    }

    /// The signer with the name and the addresses that commands gave, if they added the key.
    pub(super) fn as_granted(&self, signer: &Signer) -> Signer {
        let Some(granted) = self.granted.get(&signer.key) else { return signer.clone() };
        Signer {
            name: granted.name.clone().unwrap_or_else(|| signer.name.clone()),
            addresses: granted.addresses.clone(),
            ..signer.clone()
        }
    }

    /// The addresses of a certificate's owner, where no file says who that is.
    pub(super) fn addresses_of(&self, cert: &Cert) -> Vec<String> {
        let granted = self.granted.get(&cert.fingerprint().to_hex());
        granted.map_or_else(|| certificate::addresses(cert), |granted| granted.addresses.clone())
    }

    /// Whether a command added the key of that fingerprint.
    pub(super) fn was_added(&self, key: &str) -> bool {
        self.granted.contains_key(key)
    }

    /// Whether a command took away the key of that fingerprint.
    pub(super) fn was_removed(&self, key: &str) -> bool {
        self.removed.contains(key)
    }

    /// Whether a command took away a certificate, by its primary key or any other in it.
    pub(super) fn has_removed(&self, cert: &Cert) -> bool {
        !self.removed.is_empty()
            && cert.keys().any(|key| self.was_removed(&key.key().fingerprint().to_hex()))
    }

    /// Whether a command took away a key that a signature names.
    pub(super) fn removed_handle(&self, named: &KeyHandle) -> Option<&str> {
        let same = |key: &&String| key.parse::<KeyHandle>().is_ok_and(|key| key.aliases(named));
        self.removed.iter().find(same).map(String::as_str)
    }

    /// The SSH keys that may sign tags and were not taken away.
    pub(super) fn believed_signers(&self) -> impl Iterator<Item = &AllowedSigner> {
        let believed = |signer: &&AllowedSigner| {
            signer.may_sign_tags() && !self.was_removed(&signer.fingerprint())
        };
        self.signers.iter().filter(believed)
    }

    /// Whether a maintainer has a key that was not taken away.
    pub(super) fn believes(&self, maintainer: &Maintainer) -> bool {
        maintainer.keys.iter().any(|key| !self.was_removed(key))
    }

    /// Who has that address, in capitals or not.
    pub(super) fn owner(&self, address: &str) -> Option<String> {
        let is = |own: &String| own.to_lowercase() == address.to_lowercase();
        if let Some(maintainers) = &self.maintainers {
            let mut believed = maintainers.iter().filter(|maintainer| self.believes(maintainer));
            let found = believed.find(|maintainer| maintainer.addresses.iter().any(is));
            return found.map(|maintainer| maintainer.name.clone());
        }
        let mut certificates = self.certificates.iter().filter(|cert| !self.has_removed(cert));
        let found = certificates.find(|cert| self.addresses_of(cert).iter().any(is));
        let of_certificate = found.map(|cert| self.called(cert, address));
        of_certificate.or_else(|| {
            let mut signers = self.believed_signers();
            let found = signers.find(|signer| signer.addresses().iter().any(is))?;
            Some(found.as_signer(found.fingerprint()).name)
        })
    }

    /// How a certificate's owner is called who has that address.
    fn called(&self, cert: &Cert, address: &str) -> String {
        let granted = self.granted.get(&cert.fingerprint().to_hex());
        match granted.and_then(|granted| granted.name.clone()) {
            Some(name) => name,
            None => certificate::name_of(cert, address).unwrap_or_else(|| address.to_owned()),
        }
    }

    /// The addresses of all whose keys are believed, in lower case.
    pub(super) fn owners_addresses(&self) -> BTreeSet<String> {
        if let Some(maintainers) = &self.maintainers {
            let believed = maintainers.iter().filter(|maintainer| self.believes(maintainer));
            let addresses = believed.flat_map(|maintainer| &maintainer.addresses);
            return addresses.map(|address| address.to_lowercase()).collect();
        }
        let certificates = self.certificates.iter().filter(|cert| !self.has_removed(cert));
        let of_certificates = certificates.flat_map(|cert| self.addresses_of(cert));
        let of_signers = self.believed_signers();
        of_certificates
            .chain(of_signers.flat_map(AllowedSigner::addresses))
            .map(|address| address.to_lowercase())
            .collect()
    }

    /// Adds a certificate, or what it says more about one that is there: a revocation may come in
    /// a file of its own, with the key's own copy.
    pub(super) fn add_certificate(&mut self, certificate: Cert) {
        let fingerprint = certificate.fingerprint();
        let known = self.certificates.iter_mut().find(|known| known.fingerprint() == fingerprint);
        match known {
            None => self.certificates.push(certificate),
            Some(known) => match known.clone().merge_public(certificate) {
                Ok(merged) => *known = merged,
                Err(error) => self.unread(fingerprint.to_hex(), error.to_string()),
            },
        }
    }

    pub(super) fn problem(&mut self, file: String, why: String) {
        self.problems.push(Problem { file, why });
    }

    /// A problem that may hide a key.
    pub(super) fn unread(&mut self, file: String, why: String) {
        let problem = Problem { file, why };
        self.unread.get_or_insert_with(|| problem.clone());
        self.problems.push(problem);
    }
}
