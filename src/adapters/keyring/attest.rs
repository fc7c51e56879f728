//! A mail's OpenPGP signature against the keys, by the very rules that tags have. It must not look
//! at what the mail says.

use jiff::Timestamp;
use sequoia_openpgp::types::SignatureType;
use sha2::{Digest, Sha256};

use super::folder::Keys;
use super::openpgp::{self, Found};
use crate::ports::{Attested, Fault, Signed, Unattested};
use crate::pull::signer::Signer;
use crate::pull::tag::Verification;

/// Whose the signature is; otherwise why nobody's.
///
/// # Errors
/// Misconfigured: the key may be in a part of the keyring that can't be read.
pub(crate) fn attest(
    keys: &Keys,
    signed: Signed<'_>,
    signature: &[u8],
    now: Timestamp,
) -> Result<Result<Attested, Unattested>, Fault> {
    let (payload, text_only) = match signed {
        Signed::Bytes(bytes) => (bytes, false),
        Signed::Text(text) => (text, true),
    };
    let found = match openpgp::examine(keys, "text", payload, signature, now) {
        Ok(found) => found,
        Err(why) => return Ok(Err(Unattested { why, key_is_unknown: false })),
    };
    let fits = |found: &Found| {
        let kind = found.signature.as_ref().map(|signature| signature.typ());
        kind != Some(SignatureType::Binary) || !text_only
    };
    let (counted, others): (Vec<Found>, Vec<Found>) = found.into_iter().partition(fits);
    let good: Vec<(Signer, Timestamp, String)> = counted.iter().filter_map(believed).collect();
    if let Some((signer, signed_at, _)) = good.first() {
        let (signer, signed_at) = (signer.clone(), *signed_at);
        let digests = good.into_iter().map(|(_, _, digest)| digest).collect();
        return Ok(Ok(Attested { signer, signed_at, digests }));
    }
    if counted.is_empty() && !others.is_empty() {
        let why = "the signature is one of a file, not of a text".to_owned();
        return Ok(Err(Unattested { why, key_is_unknown: false }));
    }
    let verification = openpgp::most_telling(counted.into_iter().map(|found| found.verification));
    let verification = super::may_be_unread(verification, keys)?;
    let key_is_unknown =
        matches!(verification, Verification::UnknownKey { .. } | Verification::NotListed { .. });
    Ok(Err(Unattested { why: why(&verification), key_is_unknown }))
}

/// Who signed, when, and the digest of what was signed, if that is believed.
fn believed(found: &Found) -> Option<(Signer, Timestamp, String)> {
    let Verification::Good(signer) = &found.verification else { return None };
    let signature = found.signature.as_ref()?;
    let made = Timestamp::try_from(signature.signature_creation_time()?).ok()?;
    // The numbers of a signature can be altered without breaking it; what they are over can't.
    let digest = hex(&Sha256::digest(signature.computed_digest()?));
    Some((signer.clone(), made, digest))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a signature is not believed.
fn why(verification: &Verification) -> String {
    match verification {
        Verification::Good(_) => "the signature names no time".into(),
        Verification::Unsigned => "there is no signature".into(),
        Verification::Bad { why } => why.clone(),
        Verification::UnknownKey { key, .. } => format!("the key {key} is not in the keyring"),
        Verification::NotListed { key, owner } => {
            format!("no maintainer is listed with the key {key} of {owner}")
        }
        Verification::Expired { key, why } => format!("the key {key} has ended: {why}"),
        Verification::Revoked { key, why } => format!("the key {key} is not believed: {why}"),
        Verification::Weak { why } => format!("it is too weak: {why}"),
        Verification::NameMismatch { .. } => "it is a signature of a tag".into(),
    }
}
