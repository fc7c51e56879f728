//! What is in the keyring, for people: `gatepost check` prints it.

use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use sequoia_openpgp::Cert;
use sequoia_openpgp::types::RevocationStatus;
use ssh_key::HashAlg;

use super::allowed_signers::AllowedSigner;
use super::folder::{Keys, Problem};
use super::maintainers::Maintainer;
use super::{openpgp, ssh};
use crate::pull::expiry::ExpiringKey;
use crate::pull::room::{self, LONGEST_ADDRESS};
use crate::pull::signer::Scope;
use crate::pull::tag::Signer;

/// Bytes of an owner's name in a warning, as a record has them.
const LONGEST_OWNER: usize = 200;

/// Which kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// An OpenPGP certificate.
    OpenPgp,
    /// A line of `allowed_signers`.
    Ssh,
}

/// One key of the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyLine {
    /// Which kind.
    pub(crate) kind: KeyKind,
    /// The primary key's fingerprint, or an SSH key's `SHA256:…`.
    pub(crate) key: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// The owner's addresses.
    pub(crate) addresses: Vec<String>,
    /// From when on a new tag signed with it is not believed any more; `None`: no end is set.
    pub(crate) expires: Option<Timestamp>,
    /// What its owner may submit; `None`: nothing, for no maintainer has it.
    pub(crate) scope: Option<Scope>,
    /// Why a tag signed with it now would not be believed; `None`: it would.
    pub(crate) trouble: Option<String>,
    /// Whether a command added it.
    pub(crate) by_command: bool,
}

/// All keys, and what is wrong with the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inventory {
    /// The maintainers that the folder's file names, with the line of each; empty without it.
    pub(crate) maintainers: Vec<Maintainer>,
    /// The keys: OpenPGP, then SSH, each in the files' order.
    pub(crate) keys: Vec<KeyLine>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
}

impl Inventory {
    /// Of keys that were read, as they are at that time.
    pub(super) fn of(keys: &Keys, now: Timestamp) -> Self {
        let certificates = keys.certificates.iter().map(|cert| {
            let line = certificate_line(cert, now);
            KeyLine { by_command: keys.was_added(&line.key), ..line }
                .removed(keys.has_removed(cert))
        });
        let signers = keys.signers.iter().map(|signer| {
            let line = signer_line(signer, now);
            let removed = keys.was_removed(&line.key);
            line.removed(removed)
        });
        let lines = certificates.chain(signers).map(|line| as_listed(line, keys));
        Self {
            keys: lines.collect(),
            maintainers: keys.maintainers.clone().unwrap_or_default(),
            problems: keys.problems.clone(),
        }
    }

    /// Keys that are believed now and end within that time, with whoever is to be told.
    pub(crate) fn expiring(self, now: Timestamp, within: SignedDuration) -> Vec<ExpiringKey> {
        let soon = |line: KeyLine| {
            let expires = line.expires.filter(|end| end.duration_since(now) <= within)?;
            let believed = line.trouble.is_none() && line.scope.is_some();
            let fits = |address: &String| address.len() <= LONGEST_ADDRESS;
            let address = line.addresses.into_iter().next().filter(fits);
            let (key, owner) = (line.key, room::within(&line.owner, LONGEST_OWNER));
            believed.then_some(ExpiringKey { key, owner, address, expires })
        };
        self.keys.into_iter().filter_map(soon).collect()
    }
}

impl KeyLine {
    /// The line of a key that a command took away, if it did.
    fn removed(self, removed: bool) -> Self {
        let trouble = if removed { Some(openpgp::TAKEN_AWAY.to_owned()) } else { self.trouble };
        Self { trouble, ..self }
    }
}

/// The key's owner as `maintainers.toml` has it, where there is one.
fn as_listed(line: KeyLine, keys: &Keys) -> KeyLine {
    let (key, name, addresses) = (line.key.clone(), line.owner.clone(), line.addresses.clone());
    match keys.listed(&Signer { key, name, addresses, scope: Scope::default() }) {
        Some(signer) => {
            let trouble = line.trouble.or_else(|| {
                let nowhere = "it has no address, so that no mail can be its owner's";
                signer.addresses.is_empty().then(|| nowhere.to_owned())
            });
            let Signer { name: owner, addresses, scope, .. } = signer;
            KeyLine { owner, addresses, scope: Some(scope), trouble, ..line }
        }
        None => {
            let trouble = line.trouble.or_else(|| Some("no maintainer is listed with it".into()));
            KeyLine { scope: None, trouble, ..line }
        }
    }
}

pub(super) fn certificate_line(cert: &Cert, now: Timestamp) -> KeyLine {
    let time = SystemTime::from(now);
    let policy = openpgp::policy(time);
    let key = cert.fingerprint().to_hex();
    let addresses = openpgp::addresses(cert);
    let valid = match cert.with_policy(&policy, time) {
        Ok(valid) => valid,
        Err(error) => {
            let owner = addresses.first().unwrap_or(&key).clone();
            let trouble = Some(error.root_cause().to_string());
            return KeyLine {
                kind: KeyKind::OpenPgp,
                key,
                owner,
                addresses,
                expires: None,
                scope: None,
                trouble,
                by_command: false,
            };
        }
    };
    let primary_expires = valid.primary_key().key_expiration_time();
    let signing = valid.keys().for_signing().alive().revoked(false);
    let signing: Vec<Option<SystemTime>> = signing.map(|key| key.key_expiration_time()).collect();
    let trouble = match (valid.revocation_status(), valid.alive(), signing.is_empty()) {
        (RevocationStatus::Revoked(_), _, _) => Some("it is revoked".into()),
        (_, Err(error), _) => Some(error.root_cause().to_string()),
        (_, Ok(()), true) => Some("it has no key that may sign now".into()),
        (_, Ok(()), false) => None,
    };
    // The certificate is good as long as its primary key and the longest-lived signing key.
    let longest = if signing.contains(&None) { None } else { signing.into_iter().flatten().max() };
    let expires = [primary_expires, longest].into_iter().flatten().min();
    KeyLine {
        kind: KeyKind::OpenPgp,
        owner: openpgp::signer(&valid).name,
        key,
        addresses,
        expires: expires.and_then(|at| Timestamp::try_from(at).ok()),
        scope: None,
        trouble,
        by_command: false,
    }
}

fn signer_line(signer: &AllowedSigner, now: Timestamp) -> KeyLine {
    let key = signer.key.fingerprint(HashAlg::Sha256).to_string();
    let owner = signer.as_signer(key.clone()).name;
    let trouble = if !signer.may_sign_tags() {
        Some("its namespaces do not have \"git\"".into())
    } else if let Some(weak) = ssh::weakness(&signer.key) {
        Some(format!("{weak} is too weak"))
    } else if signer.valid_after.is_some_and(|from| now < from) {
        Some("it is not good yet".into())
    } else if !signer.is_good_at(now) {
        Some("it is past its valid-before".into())
    } else {
        None
    };
    KeyLine {
        kind: KeyKind::Ssh,
        key,
        owner,
        addresses: signer.addresses(),
        expires: signer.valid_before,
        scope: None,
        trouble,
        by_command: false,
    }
}
