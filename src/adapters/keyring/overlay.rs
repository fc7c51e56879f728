//! What commands changed in the keyring: certificates that were added, each with the one address
//! that its owner has by that, and fingerprints that are not believed any more. It must not believe
//! what an added certificate says of its owner.

use std::collections::BTreeMap;

use sequoia_openpgp::Cert;
use sequoia_openpgp::KeyHandle;
use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::parse::Parse;

use super::allowed_signers::AllowedSigner;
use super::folder::{self, Keys};
use super::maintainers::Maintainer;
use super::openpgp;
use crate::ports::KeyChanges;
use crate::pull::tag::Signer;

/// What problems with added certificates are noted under.
const BY_COMMAND: &str = "a key added by command";

/// Whose a key is that a command added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Granted {
    /// How its owner is called; `None`: as the folder's own copy of the key has it.
    name: Option<String>,
    /// The owner's addresses.
    addresses: Vec<String>,
}

impl Keys {
    /// Makes the changes, after the files were read.
    pub(super) fn change(&mut self, changes: &KeyChanges) {
        self.removed = changes.removed.iter().map(|key| normal(key)).collect();
        let owners: BTreeMap<String, Vec<String>> = self
            .certificates
            .iter()
            .map(|cert| (cert.fingerprint().to_hex(), openpgp::addresses(cert)))
            .collect();
        for (bytes, address) in &changes.added {
            if let Err(why) = self.add(bytes, address, &owners) {
                self.problem(format!("{BY_COMMAND}, of {address}"), why);
            }
        }
    }

    /// Adds one certificate; `owners` are the addresses in the folder's own copies.
    fn add(
        &mut self,
        bytes: &[u8],
        address: &str,
        owners: &BTreeMap<String, Vec<String>>,
    ) -> Result<(), String> {
        let mut parser = CertParser::from_bytes(bytes).map_err(|error| error.to_string())?;
        let cert = match parser.next() {
            Some(Ok(cert)) if cert.is_tsk() => return Err("holds a secret key".into()),
            Some(Ok(cert)) if !folder::is_bound(&cert) => {
                return Err("has a key without its own signature".into());
            }
            Some(Ok(cert)) => cert,
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("is none".into()),
        };
        let key = cert.fingerprint().to_hex();
        if let Some(maintainers) = &mut self.maintainers {
            give(maintainers, &key, address)?;
        }
        let in_folder = owners.get(&key);
        let granted = self.granted.entry(key).or_insert_with(|| Granted {
            name: in_folder.is_none().then(|| address.to_owned()),
            addresses: in_folder.cloned().unwrap_or_default(),
        });
        if !granted.addresses.iter().any(|own| own.eq_ignore_ascii_case(address)) {
            granted.addresses.push(address.to_owned());
        }
        self.add_certificate(cert);
        Ok(())
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
        granted.map_or_else(|| openpgp::addresses(cert), |granted| granted.addresses.clone())
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
            None => openpgp::name_of(cert, address).unwrap_or_else(|| address.to_owned()),
        }
    }
}

/// Gives a key to the maintainer with that address.
fn give(maintainers: &mut [Maintainer], key: &str, address: &str) -> Result<(), String> {
    let has_it = |own: &String| own.to_lowercase() == address.to_lowercase();
    let is_theirs = |maintainer: &Maintainer| maintainer.addresses.iter().any(has_it);
    let listed = maintainers.iter().position(|maintainer| maintainer.keys.iter().any(|k| k == key));
    let mut theirs = maintainers.iter().enumerate().filter(|(_, each)| is_theirs(each));
    let owner = match (theirs.next(), theirs.next()) {
        (Some((owner, _)), None) => owner,
        (None, _) => return Err("no maintainer of maintainers.toml has that address".into()),
        (Some(_), Some(_)) => {
            return Err("several maintainers of maintainers.toml have that address".into());
        }
    };
    match listed {
        None => maintainers[owner].keys.push(key.to_owned()),
        Some(listed) if listed == owner => {}
        Some(_) => return Err("maintainers.toml lists another maintainer with it".into()),
    }
    Ok(())
}

/// A fingerprint as this crate writes it: OpenPGP's in capitals without blanks, SSH's as it is.
fn normal(fingerprint: &str) -> String {
    if fingerprint.starts_with("SHA256:") {
        return fingerprint.to_owned();
    }
    fingerprint.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase()
}
