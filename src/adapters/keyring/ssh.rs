//! An SSH signature against the allowed signers, as `git verify-tag` does it through
//! `ssh-keygen -Y verify`: namespace "git", principals, valid-after and valid-before.
//!
//! An SSH signature carries no time of its own. git takes the tagger's, and so does this; the
//! key must be good now as well.

use jiff::Timestamp;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey, SshSig};

use super::allowed_signers::AllowedSigner;
use super::folder::Keys;
use super::openpgp::TAKEN_AWAY;
use super::pattern;
use super::tag::SignedTag;
use crate::pull::signer::Scope;
use crate::pull::tag::{Signer, Verification};

/// The namespace that git signs in.
pub(crate) const NAMESPACE: &str = "git";

/// The shortest RSA key that is believed, in bits.
const RSA_BITS: usize = 2048;

/// What an armored SSH signature proves about a tag.
pub(crate) fn verify(
    keys: &Keys,
    tag: &SignedTag<'_>,
    signature: &[u8],
    now: Timestamp,
) -> Verification {
    let bad = |why: String| Verification::Bad { why };
    let signature = match SshSig::from_pem(signature.trim_ascii_end()) {
        Ok(signature) => signature,
        Err(error) => return bad(format!("the SSH signature can't be read: {error}")),
    };
    let key = PublicKey::from(signature.public_key().clone());
    let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
    let of_key: Vec<&AllowedSigner> = keys
        .signers
        .iter()
        .filter(|signer| signer.key.key_data() == key.key_data() && signer.may_sign_tags())
        .collect();
    if signature.namespace() != NAMESPACE {
        let made_for: String = signature.namespace().chars().take(40).collect();
        return bad(format!("the signature is made for {made_for:?}, not for git"));
    }
    if let Some(why) = weakness(&key) {
        return Verification::Weak { why };
    }
    if key.verify(NAMESPACE, tag.payload, &signature).is_err() {
        return bad("the signature does not fit the tag".into());
    }
    if keys.was_removed(&fingerprint) {
        return Verification::Revoked { key: fingerprint, why: TAKEN_AWAY.into() };
    }
    if of_key.is_empty() {
        return Verification::UnknownKey { key: fingerprint, proved: true };
    }
    let touched = is_touched(&signature);
    if !touched && !of_key.iter().any(|line| line.no_touch) {
        return bad("the security key signed without being touched".into());
    }
    let times = [tag.tagged_at.unwrap_or(now), now];
    let good_then = |line: &&&AllowedSigner| {
        (touched || line.no_touch) && times.iter().all(|time| line.is_good_at(*time))
    };
    let mut good = of_key.iter().filter(good_then);
    let Some(first) = good.next() else { return not_good(&of_key, fingerprint, times) };
    let mut signer = first.as_signer(fingerprint);
    // One key may stand in several lines, for several principals.
    signer.addresses.extend(good.flat_map(|line| line.addresses()));
    keys.admit(signer)
}

/// Whether somebody was there when a security key signed (OpenSSH's PROTOCOL.u2f, "SSH U2F
/// Signatures": a byte of flags and a counter of four end the signature). Other keys have no
/// button.
fn is_touched(signature: &SshSig) -> bool {
    const USER_PRESENT: u8 = 1;
    match signature.public_key() {
        KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => {
            let flags = signature.signature_bytes().iter().rev().nth(4);
            flags.is_some_and(|flags| flags & USER_PRESENT != 0)
        }
        _ => true,
    }
}

fn not_good(of_key: &[&AllowedSigner], key: String, times: [Timestamp; 2]) -> Verification {
    let ended = of_key
        .iter()
        .filter_map(|signer| signer.valid_before)
        .find(|end| times.iter().any(|time| time >= end));
    match ended {
        Some(end) => {
            let why = format!("the keyring has it as good until {}", end.strftime("%Y-%m-%d"));
            Verification::Expired { key, why }
        }
        None => Verification::Bad { why: "the keyring has the key as not good yet then".into() },
    }
}

/// Why the key itself is not believed.
pub(crate) fn weakness(key: &PublicKey) -> Option<String> {
    match key.key_data() {
        KeyData::Rsa(rsa) => {
            let modulus = rsa.n.as_positive_bytes().unwrap_or_default();
            let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
            let bits = modulus.len() * 8 - leading;
            (bits < RSA_BITS).then(|| format!("an RSA key of {bits} bits"))
        }
        KeyData::Dsa(_) => Some("a DSA key".into()),
        _ => None,
    }
}

impl AllowedSigner {
    /// The key's fingerprint, as `ssh-keygen -l` prints it.
    pub(crate) fn fingerprint(&self) -> String {
        self.key.fingerprint(HashAlg::Sha256).to_string()
    }

    /// Whether the line lets its key sign for git.
    pub(crate) fn may_sign_tags(&self) -> bool {
        self.namespaces.as_deref().is_none_or(|list| pattern::list_matches(list, NAMESPACE))
    }

    /// Whether the line is in force at that time (ssh-keygen(1): valid-after included,
    /// valid-before not).
    pub(crate) fn is_good_at(&self, time: Timestamp) -> bool {
        self.valid_after.is_none_or(|from| time >= from)
            && self.valid_before.is_none_or(|end| time < end)
    }

    /// What the keyring says about the key's owner.
    pub(crate) fn as_signer(&self, key: String) -> Signer {
        let addresses = self.addresses();
        let name = addresses.first().unwrap_or(&self.principals);
        let name = name.chars().filter(|c| !c.is_control()).collect();
        Signer { key, name, addresses, scope: Scope::default() }
    }
}
