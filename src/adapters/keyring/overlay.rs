//! What commands changed in the keyring: certificates that were added, each with the one address
//! that its owner has by that, and fingerprints that are not believed any more. It must not believe
//! what an added certificate says of its owner.

use std::collections::BTreeMap;

use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::parse::Parse;

use super::certificate;
use super::keys::{Granted, Keys};
use super::maintainers::Maintainer;
use crate::ports::KeyChanges;

/// What problems with added certificates are noted under.
const BY_COMMAND: &str = "a key added by command";

impl Keys {
    /// Makes the changes, after the files were read.
    pub(super) fn change(&mut self, changes: &KeyChanges) {
        self.removed = changes.removed.iter().map(|key| normal(key)).collect();
        let owners: BTreeMap<String, Vec<String>> = self
            .certificates
            .iter()
            .map(|cert| (cert.fingerprint().to_hex(), certificate::addresses(cert)))
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
            Some(Ok(cert)) if !certificate::is_bound(&cert) => {
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
