//! The parser of allowed signers alone: the keyring reads it from a file only.

#[path = "../../../src/adapters/keyring/allowed_signers.rs"]
mod allowed_signers;
#[path = "../../../src/adapters/keyring/pattern.rs"]
mod pattern;

use jiff::tz::TimeZone;

/// Panics unless every line of the text is a signer, an error of its own, or nothing.
pub fn check(text: &str) {
    let (signers, problems) = allowed_signers::parse(text, &TimeZone::UTC);
    let lines = text.lines().count();
    assert!(signers.len() + problems.len() <= lines, "more came out than went in");
    for signer in &signers {
        let _addresses = signer.addresses();
    }
    for (line, why) in problems {
        assert!((1..=lines).contains(&line) && !why.is_empty());
    }
}
