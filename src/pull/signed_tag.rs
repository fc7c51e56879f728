//! What a signed tag is known by: who signed it, and what the signature covers. It must not read
//! tag objects: the keyring does.
//!
//! A tag object's id says less than it seems to. Bytes outside the signed payload are anybody's to
//! change (a blank line after the signature, an armor header, an unhashed subpacket), and each
//! change makes another object that verifies as the first one does. So two tags are the same if the
//! same key signed the same payload, whatever their ids are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ids::BadId;

/// The SHA-256 digest of what a tag's signature covers, in 64 hexadecimal digits when written. Line
/// ends count as one kind: a signature in OpenPGP's text mode covers them so (RFC 9580, section
/// 5.2.1.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct PayloadDigest([u8; 32]);

impl PayloadDigest {
    /// The digest of a payload.
    pub(crate) fn of(payload: &[u8]) -> Self {
        let mut hash = Sha256::new();
        let mut rest = payload;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\r') {
            hash.update(&rest[..at]);
            hash.update(b"\n");
            rest = &rest[at + 1..];
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        hash.update(rest);
        Self(hash.finalize().into())
    }
}

impl fmt::Display for PayloadDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PayloadDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PayloadDigest {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId::new(text, "a SHA-256 digest (64 hexadecimal digits)");
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| bad())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for PayloadDigest {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<PayloadDigest> for String {
    fn from(digest: PayloadDigest) -> Self {
        digest.to_string()
    }
}

/// A signed tag, whichever object carries it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct SignedTag {
    /// The signer's primary key by its fingerprint, or an SSH key's `SHA256:…`.
    pub(crate) key: String,
    /// What was signed.
    pub(crate) payload: PayloadDigest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_of_one_kind() {
        let digest = PayloadDigest::of(b"tag v1\n\none\ntwo\n");
        for same in [&b"tag v1\r\n\r\none\r\ntwo\r\n"[..], b"tag v1\n\none\rtwo\n"] {
            assert_eq!(PayloadDigest::of(same), digest);
        }
        for other in [&b"tag v1\n\none\n\ntwo\n"[..], b"tag v1\n\nonetwo\n", b"tag v1\n\none\ntwo"]
        {
            assert_ne!(PayloadDigest::of(other), digest);
        }
    }

    #[test]
    fn a_digest_goes_to_text_and_back() {
        let digest = PayloadDigest::of(b"");
        let text = digest.to_string();
        assert!(text.starts_with("e3b0c44298fc1c14"), "{text}");
        assert_eq!(text.parse(), Ok(digest));
        for bad in ["", "e3", &text.replace('e', "g"), &format!("{text}00")] {
            assert!(bad.parse::<PayloadDigest>().is_err(), "{bad:?}");
        }
    }
}
