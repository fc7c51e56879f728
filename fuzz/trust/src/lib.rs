//! What the fuzzers of trust share: the sources of Gatepost that they run, taken from their place,
//! and what must hold of every signature. The keyring is `keyring/`, made for this alone.

#![allow(dead_code, unused_imports, reason = "most of these modules is not fuzzed")]

use std::path::Path;
use std::sync::LazyLock;

use jiff::Timestamp;

#[path = "../../../src/mail/mod.rs"]
mod mail;
#[path = "../../../src/ports/mod.rs"]
mod ports;
#[path = "../../../src/pull/mod.rs"]
mod pull;

mod config;
pub mod gitlab;
#[path = "../../../src/adapters/keyring/mod.rs"]
mod keyring;
pub mod signers;

use keyring::KeyringFolder;
use ports::Keyring;
use pull::tag::Verification;

/// The tags that are signed by keys of the keyring: everything else must not be believed.
pub const SIGNED: [&[u8]; 2] =
    [include_bytes!("../seeds/tag/openpgp"), include_bytes!("../seeds/tag/ssh")];

static KEYRING: LazyLock<KeyringFolder> =
    LazyLock::new(|| KeyringFolder::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("keyring")));

/// The part of a tag object that is signed.
pub fn payload(tag: &[u8]) -> &[u8] {
    let start = tag.windows(11).position(|window| window == b"-----BEGIN ");
    &tag[..start.unwrap_or(tag.len())]
}

/// Panics if a tag object is believed that nobody signed, or that is judged otherwise when it is
/// judged again. Returns whether it was believed.
pub fn check(tag: &[u8]) -> bool {
    let now: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
    let verified = KEYRING.verify(tag, "pull-1", now);
    assert_eq!(verified, KEYRING.verify(tag, "pull-1", now), "the same tag was judged otherwise");
    let is_good = matches!(verified, Ok(Verification::Good(_)));
    if is_good {
        assert!(
            SIGNED.iter().any(|signed| tag.starts_with(payload(signed))),
            "a tag that nobody signed was believed"
        );
    }
    is_good
}
