//! The keyring folder: OpenPGP certificates and SSH allowed signers, and what they prove.
//!
//! In reading order: `tag` (a tag object into what is signed and its signature), `folder` (the
//! files into keys, read again when they change), `openpgp` and `ssh` (a signature against
//! the keys), `allowed_signers` (ssh-keygen's file format), `maintainers` (who may sign what, where
//! a file says so), `overlay` (keys that commands added and took away), `attest` (a mail's signature
//! against the keys), `offer` (certificates that somebody sent), `inventory` (what `gatepost keys`
//! and `gatepost check` print). It says who signed, and what the files let them submit; it must not
//! hold a mail against that.

mod allowed_signers;
mod attest;
mod folder;
mod inventory;
mod maintainers;
mod offer;
mod openpgp;
mod overlay;
mod pattern;
mod ssh;
mod tag;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use self::folder::{Keys, Stamp};
pub(crate) use self::inventory::{Inventory, KeyKind, KeyLine};
use self::tag::{Signature, SignedTag};
use crate::ports::{
    Attested, Fault, KeyChanges, Keyring, ListedKey, OfferedKey, PathOwner, Signed, Unattested,
};
use crate::pull::expiry::{ExpiringKey, WATCHED};
use crate::pull::signed_tag::PayloadDigest;
use crate::pull::tag::Verification;

/// A keyring in a folder. The files are looked at on every call and read again when they changed.
#[derive(Debug)]
pub(crate) struct KeyringFolder {
    folder: PathBuf,
    state: Mutex<State>,
}

/// What was read, and what commands changed in it.
#[derive(Debug, Default)]
struct State {
    read: Option<(Stamp, Arc<Keys>)>,
    changes: KeyChanges,
}

impl KeyringFolder {
    /// A keyring in that folder, which need not exist yet: `*.asc`, `*.gpg` and `*.pgp` hold
    /// OpenPGP certificates, `allowed_signers` SSH keys, `maintainers.toml` who may sign what.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), state: Mutex::default() }
    }

    /// Every key with its owner and until when it is good, and what is wrong with the files.
    ///
    /// # Errors
    /// Misconfigured: the folder can't be read.
    pub(crate) fn inventory(&self, now: Timestamp) -> Result<Inventory, Fault> {
        Ok(Inventory::of(&*self.keys()?, now))
    }

    fn keys(&self) -> Result<Arc<Keys>, Fault> {
        let unreadable = |error: std::io::Error| {
            Fault::misconfigured(format!("the keyring {}: {error}", self.folder.display()))
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp::of(&self.folder).map_err(unreadable)?;
        if let Some((known, keys)) = &state.read
            && *known == stamp
        {
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(Keys::read(&self.folder, &stamp, &state.changes));
        for problem in &keys.problems {
            tracing::warn!(keyring.file = %problem.file, "The keyring: {problem}");
        }
        tracing::info!(
            keyring.folder = %self.folder.display(),
            keyring.certificates = keys.certificates.len(),
            keyring.signers = keys.signers.len(),
            "Read the keyring."
        );
        state.read = Some((stamp, Arc::clone(&keys)));
        Ok(keys)
    }
}

impl Keyring for KeyringFolder {
    fn verify(&self, tag: &[u8], name: &str, now: Timestamp) -> Result<Verification, Fault> {
        let keys = self.keys()?;
        let tag = match SignedTag::split(tag) {
            Ok(tag) => tag,
            Err(why) => return Ok(Verification::Bad { why }.bounded()),
        };
        let verification = match &tag.signature {
            Signature::None => Verification::Unsigned,
            Signature::OpenPgp(signature) => openpgp::verify(&keys, tag.payload, signature, now),
            Signature::Ssh(signature) => ssh::verify(&keys, &tag, signature, now),
            Signature::X509 => {
                Verification::Bad { why: "X.509 signatures are not supported".into() }
            }
        };
        let verification = match verification {
            Verification::Good(_)
            | Verification::UnknownKey { .. }
            | Verification::NotListed { .. }
                if tag.name != name =>
            {
                Verification::NameMismatch { signed: tag.name, found: name.to_owned() }
            }
            verification @ (Verification::UnknownKey { .. } | Verification::NotListed { .. }) => {
                may_be_unread(verification, &keys)?
            }
            other => other,
        };
        Ok(verification.bounded())
    }

    fn payload(&self, tag: &[u8]) -> PayloadDigest {
        PayloadDigest::of(tag::payload(tag))
    }

    fn expiring(&self, now: Timestamp) -> Result<Vec<ExpiringKey>, Fault> {
        Ok(self.inventory(now)?.expiring(now, WATCHED))
    }

    fn knows(&self, address: &str) -> bool {
        self.keys().is_ok_and(|keys| keys.addresses.contains(&address.to_lowercase()))
    }

    fn attest(
        &self,
        signed: Signed<'_>,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Result<Attested, Unattested>, Fault> {
        attest::attest(&*self.keys()?, signed, signature, now)
    }

    fn offered(&self, bytes: &[u8], now: Timestamp) -> Vec<Result<OfferedKey, String>> {
        offer::offered(bytes, now)
    }

    fn owner(&self, address: &str) -> Option<String> {
        self.keys().ok()?.owner(address)
    }

    fn listed(&self, now: Timestamp) -> Result<Vec<ListedKey>, Fault> {
        let line = |line: KeyLine| ListedKey {
            key: line.key,
            owner: line.owner,
            addresses: line.addresses,
            expires: line.expires,
            trouble: line.trouble,
            by_command: line.by_command,
        };
        Ok(self.inventory(now)?.keys.into_iter().map(line).collect())
    }

    fn adopt(&self, changes: KeyChanges) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.changes != changes {
            *state = State { read: None, changes };
        }
    }

    fn path_owners(&self) -> Result<Vec<PathOwner>, Fault> {
        Ok(self.keys()?.path_owners())
    }
}

/// A key that is missing may be in what can't be read: nobody is refused for that.
fn may_be_unread(verification: Verification, keys: &Keys) -> Result<Verification, Fault> {
    let (Some(unread), Verification::UnknownKey { key, .. } | Verification::NotListed { key, .. }) =
        (&keys.unread, &verification)
    else {
        return Ok(verification);
    };
    Err(Fault::misconfigured(format!(
        "the key {key} is not in the keyring, but part of the keyring can't be read: {unread}"
    )))
}
