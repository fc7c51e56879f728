//! An OpenPGP signature against the certificates: good when it was made, and good now.
//!
//! Sequoia's standard policy decides about algorithms, lengths, binding signatures and
//! revocations (hard ones count for all times, soft ones from their own). It checks everything at
//! the signature's time; that the key is still good now is demanded here as well.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::anyhow;
use openpgp::cert::ValidCert;
use openpgp::cert::amalgamation::{ValidAmalgamation, ValidateAmalgamation};
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::packet::{Key, Signature};
use openpgp::parse::Parse;
use openpgp::parse::stream::{
    DetachedVerifierBuilder, GoodChecksum, MessageLayer, MessageStructure, VerificationError,
    VerificationHelper, VerificationResult,
};
use openpgp::policy::{AsymmetricAlgorithm, StandardPolicy};
use openpgp::types::RevocationStatus;
use openpgp::{Cert, Error, Fingerprint, KeyHandle};

use super::folder::Keys;
use crate::pull::room::{LONGEST_ADDRESS, first_within};
use crate::pull::signer::{self, Scope};
use crate::pull::tag::{Signer, Verification};

/// How far a signer's clock may be ahead of ours: Sequoia's own default.
const CLOCK_SKEW: Duration = Duration::from_secs(30 * 60);

/// Bytes of a certificate's addresses, as a record has them: a command may add one more.
const ADDRESSES: usize = signer::ADDRESSES - LONGEST_ADDRESS - 3;

/// Why a key is not believed that a command took away.
pub(crate) const TAKEN_AWAY: &str = "it was taken out of the keyring by command";

/// What an armored detached signature proves about a tag's payload. Of several signatures one good
/// one is enough; else the most telling failure counts.
pub(crate) fn verify(
    keys: &Keys,
    payload: &[u8],
    signature: &[u8],
    now: Timestamp,
) -> Verification {
    match examine(keys, "tag", payload, signature, now) {
        Ok(found) => most_telling(found.into_iter().map(|found| found.verification)),
        Err(why) => bad(why),
    }
}

/// One signature and what it proves.
pub(crate) struct Found {
    /// What it proves.
    pub(crate) verification: Verification,
    /// Of one that fits what was signed: the signature.
    pub(crate) signature: Option<Signature>,
}

/// What each signature of a detached signature block proves about the payload, which is called
/// `what` where something is said about it.
///
/// # Errors
/// The block can't be read: a clause.
pub(crate) fn examine(
    keys: &Keys,
    what: &'static str,
    payload: &[u8],
    signature: &[u8],
    now: Timestamp,
) -> Result<Vec<Found>, String> {
    let now = SystemTime::from(now);
    let policy = policy(now);
    let judge = Judge { keys, what, policy: &policy, now, found: Vec::new() };
    DetachedVerifierBuilder::from_bytes(signature)
        .and_then(|builder| builder.with_policy(&policy, now + CLOCK_SKEW, judge))
        .and_then(|mut verifier| {
            verifier.verify_bytes(payload)?;
            Ok(verifier.into_helper().found)
        })
        .map_err(|error| format!("the signature can't be read: {error}"))
}

/// Which algorithms are believed at that time (ours, not the system's): Sequoia's standard policy,
/// which refuses SHA-1 and keys under 2048 bits, and no DSA at all (FIPS 186-5 took it out).
pub(crate) fn policy(time: SystemTime) -> StandardPolicy<'static> {
    let mut policy = StandardPolicy::at(time);
    for dsa in [
        AsymmetricAlgorithm::DSA1024,
        AsymmetricAlgorithm::DSA2048,
        AsymmetricAlgorithm::DSA3072,
        AsymmetricAlgorithm::DSA4096,
    ] {
        policy.reject_asymmetric_algo(dsa);
    }
    policy
}

/// The one of several verifications that decides.
pub(crate) fn most_telling(found: impl Iterator<Item = Verification>) -> Verification {
    let rank = |verification: &Verification| match verification {
        Verification::Good(_) => 0,
        Verification::NotListed { .. } => 1,
        Verification::Revoked { .. } => 2,
        Verification::Expired { .. } => 3,
        Verification::Weak { .. } => 4,
        Verification::Bad { .. } | Verification::NameMismatch { .. } => 5,
        Verification::UnknownKey { .. } | Verification::Unsigned => 6,
    };
    found
        .min_by_key(rank)
        .unwrap_or_else(|| bad("there is no signature in the signature block".into()))
}

fn bad(why: String) -> Verification {
    Verification::Bad { why }
}

fn does_not_fit(what: &str) -> Verification {
    bad(format!("the signature does not fit the {what}"))
}

/// Whether the key certainly did not make the signature. (It may be one that can't be tried.)
fn disproved(signature: &Signature, key: &Key<PublicParts, UnspecifiedRole>) -> bool {
    signature.verify_document(key).is_err_and(|error| {
        let cause = error.downcast_ref::<Error>();
        matches!(cause, Some(Error::ManipulatedMessage | Error::BadSignature(_)))
    })
}

/// Hands Sequoia the certificates, and turns what it says into ours.
struct Judge<'a> {
    keys: &'a Keys,
    what: &'static str,
    policy: &'a StandardPolicy<'a>,
    now: SystemTime,
    found: Vec<Found>,
}

impl VerificationHelper for Judge<'_> {
    fn get_certs(&mut self, ids: &[KeyHandle]) -> openpgp::Result<Vec<Cert>> {
        let asked = |cert: &&Cert| {
            cert.keys().any(|key| ids.iter().any(|id| key.key().key_handle().aliases(id)))
        };
        Ok(self.keys.certificates.iter().filter(asked).cloned().collect())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> openpgp::Result<()> {
        for layer in structure {
            match layer {
                MessageLayer::SignatureGroup { results } => {
                    for result in results {
                        let signature = result.as_ref().ok().map(|good| good.sig.clone());
                        let verification = self.judge(result);
                        self.found.push(Found { verification, signature });
                    }
                }
                MessageLayer::Compression { .. } | MessageLayer::Encryption { .. } => {}
            }
        }
        Ok(())
    }
}

impl Judge<'_> {
    fn judge(&self, result: VerificationResult<'_>) -> Verification {
        match result {
            Ok(good) => self.judge_now(&good),
            Err(VerificationError::MissingKey { sig }) => {
                let issuers = sig.get_issuers();
                if let Some(key) = issuers.iter().find_map(|id| self.keys.removed_handle(id)) {
                    return taken_away(key);
                }
                let key = issuers.into_iter().next();
                Verification::UnknownKey {
                    key: key.map_or_else(|| "not named".into(), |key| key.to_string()),
                    proved: false,
                }
            }
            // About these two Sequoia speaks before it looks at the signature; but who has not
            // made it must not be told about the key.
            Err(VerificationError::UnboundKey { sig, cert, error }) => {
                let issuers = sig.get_issuers();
                let mut keys = cert.keys().key_handles(issuers.iter());
                if keys.any(|key| disproved(sig, key.key())) {
                    return does_not_fit(self.what);
                }
                explain(self.what, &cert.fingerprint(), &error)
            }
            Err(VerificationError::BadKey { sig, ka, error }) => {
                if disproved(sig, ka.key()) {
                    return does_not_fit(self.what);
                }
                let cert = ka.valid_cert();
                revoked(cert, &ka.revocation_status())
                    .unwrap_or_else(|| explain(self.what, &cert.cert().fingerprint(), &error))
            }
            Err(VerificationError::BadSignature { ka, error, .. }) => {
                explain(self.what, &ka.cert().fingerprint(), &error)
            }
            Err(VerificationError::MalformedSignature { error, .. }) => {
                bad(format!("the signature is malformed: {error}"))
            }
            Err(VerificationError::UnknownSignature { .. }) => {
                bad("the signature is of an unknown kind".into())
            }
            // Sequoia keeps the right to add more.
            Err(other) => bad(other.to_string()),
        }
    }

    /// The signature was good when it was made. Is its key still?
    fn judge_now(&self, good: &GoodChecksum<'_>) -> Verification {
        let cert = good.ka.cert();
        let fingerprint = cert.fingerprint();
        let valid = match cert.with_policy(self.policy, self.now) {
            Ok(valid) => valid,
            Err(error) => return explain(self.what, &fingerprint, &error),
        };
        let key = good.ka.amalgamation().clone().with_policy(self.policy, self.now);
        let key = match key {
            Ok(key) => key,
            Err(error) => return explain(self.what, &fingerprint, &error),
        };
        if let Some(verification) = revoked(&valid, &key.revocation_status()) {
            return verification;
        }
        // For a subkey this looks at its primary key as well.
        if let Err(error) = key.alive() {
            return explain(self.what, &fingerprint, &error);
        }
        if !key.for_signing() {
            return bad("the key may no longer sign".into());
        }
        if self.keys.has_removed(cert) {
            return taken_away(&fingerprint.to_hex());
        }
        self.keys.admit(signer(&valid))
    }
}

/// What the keyring says about a certificate's owner.
pub(crate) fn signer(cert: &ValidCert<'_>) -> Signer {
    let key = cert.fingerprint().to_hex();
    let addresses = addresses(cert.cert());
    let primary = cert.primary_userid().ok();
    let name = primary.and_then(|id| {
        let id = id.userid();
        let name = id.name().ok().flatten().map(str::to_owned);
        name.or_else(|| Some(String::from_utf8_lossy(id.value()).into_owned()))
    });
    let printable = |name: String| name.chars().filter(|c| !c.is_control()).collect::<String>();
    let name = name
        .map(printable)
        .filter(|name| !name.is_empty())
        .or_else(|| addresses.first().cloned())
        .unwrap_or_else(|| key.clone());
    Signer { key, name, addresses, scope: Scope::default() }
}

/// The addresses that a certificate's owner put into it: not what others added without the
/// owner's signature, nor what the owner revoked. Expiry is no matter here: whose key has expired
/// is still who they are. A record has to hold all of them: the first ones count, in the order in
/// which Sequoia sorts them.
pub(crate) fn addresses(cert: &Cert) -> Vec<String> {
    let all = all_addresses(cert).into_iter();
    first_within(all.filter(|address| address.len() <= LONGEST_ADDRESS), ADDRESSES)
}

/// How many addresses of a certificate do not count, because they are too many or too long.
pub(crate) fn left_out(cert: &Cert) -> usize {
    all_addresses(cert).len() - addresses(cert).len()
}

fn all_addresses(cert: &Cert) -> Vec<String> {
    let mut addresses = Vec::new();
    for id in cert.userids() {
        let own = id.self_signatures().next().is_some();
        let withdrawn = id.self_revocations().next().is_some();
        if let (true, false, Ok(Some(address))) = (own, withdrawn, id.userid().email()) {
            let address = address.to_owned();
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    addresses
}

/// What a certificate calls whoever has that address.
pub(crate) fn name_of(cert: &Cert, address: &str) -> Option<String> {
    let address = address.to_lowercase();
    let mut own = cert.userids().filter(|id| id.self_signatures().next().is_some());
    let id = own.find(|id| {
        id.userid().email().ok().flatten().is_some_and(|own| own.to_lowercase() == address)
    })?;
    let name: String =
        id.userid().name().ok().flatten()?.chars().filter(|c| !c.is_control()).collect();
    (!name.is_empty()).then_some(name)
}

/// The verification, if the certificate or the key in question is revoked.
fn revoked(cert: &ValidCert<'_>, key: &RevocationStatus<'_>) -> Option<Verification> {
    let say = |what: &str, by: &[&Signature]| Verification::Revoked {
        key: cert.fingerprint().to_hex(),
        why: match by.first().and_then(|signature| signature.reason_for_revocation()) {
            Some((reason, _)) => format!("{what} is revoked: {reason}"),
            None => format!("{what} is revoked"),
        },
    };
    match (cert.revocation_status(), key) {
        (RevocationStatus::Revoked(by), _) => Some(say("the key", &by)),
        (_, RevocationStatus::Revoked(by)) => Some(say("the signing subkey", by)),
        _ => None,
    }
}

fn taken_away(key: &str) -> Verification {
    Verification::Revoked { key: key.to_owned(), why: TAKEN_AWAY.into() }
}

/// A failure in Sequoia's words as one of ours.
fn explain(what: &str, key: &Fingerprint, error: &anyhow::Error) -> Verification {
    let cause = error.chain().find_map(|cause| cause.downcast_ref::<Error>());
    match cause {
        Some(Error::Expired(at)) => {
            Verification::Expired { key: key.to_hex(), why: format!("it expired on {}", day(*at)) }
        }
        Some(Error::NotYetLive(at)) => bad(format!("it is not good before {}", day(*at))),
        Some(Error::NoBindingSignature(at)) => bad(format!(
            "the keyring's copy of the key does not show that it was good on {}",
            day(*at)
        )),
        Some(
            Error::PolicyViolation(..)
            | Error::UnsupportedHashAlgorithm(_)
            | Error::UnsupportedPublicKeyAlgorithm(_)
            | Error::UnsupportedEllipticCurve(_),
        ) => Verification::Weak { why: root(error) },
        Some(Error::ManipulatedMessage | Error::BadSignature(_)) => does_not_fit(what),
        _ => bad(root(error)),
    }
}

fn root(error: &anyhow::Error) -> String {
    error.root_cause().to_string()
}

fn day(at: SystemTime) -> String {
    Timestamp::try_from(at)
        .map_or_else(|_| "an unknown day".into(), |at| at.strftime("%Y-%m-%d").to_string())
}
