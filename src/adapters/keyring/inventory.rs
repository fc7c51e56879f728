//! What is in the keyring, for people: `gatepost check` prints it.

use std::time::SystemTime;

use jiff::Timestamp;
use sequoia_openpgp::Cert;
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::types::RevocationStatus;
use ssh_key::HashAlg;

use super::allowed_signers::AllowedSigner;
use super::folder::{Keys, Problem};
use super::{openpgp, ssh};

/// Which kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// An OpenPGP certificate.
    OpenPgp,
    /// A line of `allowed_signers`.
    Ssh,
}

/// One key of the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// Which kind.
    pub kind: KeyKind,
    /// The primary key's fingerprint, or an SSH key's `SHA256:…`.
    pub key: String,
    /// Whose it is.
    pub owner: String,
    /// The owner's addresses.
    pub addresses: Vec<String>,
    /// From when on a new tag signed with it is not believed any more; `None`: no end is set.
    pub expires: Option<Timestamp>,
    /// Why a tag signed with it now would not be believed; `None`: it would.
    pub trouble: Option<String>,
}

/// All keys, and what is wrong with the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// The keys: OpenPGP, then SSH, each in the files' order.
    pub keys: Vec<KeyLine>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Inventory {
    /// Of keys that were read, as they are at that time.
    pub(super) fn of(keys: &Keys, now: Timestamp) -> Self {
        let certificates = keys.certificates.iter().map(|cert| certificate_line(cert, now));
        let signers = keys.signers.iter().map(|signer| signer_line(signer, now));
        Self { keys: certificates.chain(signers).collect(), problems: keys.problems.clone() }
    }
}

fn certificate_line(cert: &Cert, now: Timestamp) -> KeyLine {
    let time = SystemTime::from(now);
    let policy = StandardPolicy::at(time);
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
                trouble,
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
        trouble,
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
        trouble,
    }
}
