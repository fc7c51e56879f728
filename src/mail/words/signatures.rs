//! The rows of the table of refusals for signatures that prove no trusted signer.

use super::mend::{Mend, word};
use super::{Suggestion, Words};
use crate::pull::tag::Verification;

/// Its name in Message-IDs, which never changes.
pub(super) fn key(verification: &Verification) -> &'static str {
    match verification {
        Verification::Good(_) => "refused good",
        Verification::Unsigned => "refused unsigned",
        Verification::Bad { .. } => "refused bad",
        Verification::UnknownKey { .. } => "refused unknown-key",
        Verification::Expired { .. } => "refused expired",
        Verification::Revoked { .. } => "refused revoked",
        Verification::Weak { .. } => "refused weak",
        Verification::NameMismatch { .. } => "refused name-mismatch",
        Verification::NotListed { .. } => "refused not-listed",
    }
}

/// For its author.
pub(super) fn in_letter(verification: &Verification, mend: &Mend<'_>) -> Words {
    match verification {
        Verification::Good(signer) => accepted_nowhere(&signer.name, mend),
        Verification::Unsigned => mend.words(
            "the tag is not signed",
            "Only signed tags are tested: \"git tag -a\" makes a tag without a signature.",
            "sign it and push it again",
            mend.signed_again("-s"),
        ),
        Verification::Bad { why } => mend.words(
            "the tag's signature is bad",
            sentence(why),
            "sign the tag again and push it",
            mend.signed_again("-s"),
        ),
        Verification::NotListed { key, owner } => not_listed(key, owner, mend),
        Verification::UnknownKey { key, .. } => unknown_key(key, mend),
        Verification::Expired { key, why } => expired(key, why, mend),
        Verification::Revoked { key, why } => mend.words(
            "the key that signed the tag is revoked",
            format!("The signature is by {key}: {why}."),
            "sign the tag with a valid key that the project knows, and push it",
            mend.signed_again("-u <valid key>"),
        ),
        Verification::Weak { why } => weak(why, mend),
        Verification::NameMismatch { signed, found } => name_mismatch(signed, found, mend),
    }
}

fn accepted_nowhere(signer: &str, mend: &Mend<'_>) -> Words {
    mend.words(
        "the tag's signature was not accepted",
        format!("It is a good signature by {signer}, but was not accepted here."),
        "ask the release managers",
        Vec::new(),
    )
}

fn not_listed(key: &str, owner: &str, mend: &Mend<'_>) -> Words {
    mend.words(
        "the tag is signed with a key that may not submit here",
        format!(
            "The signature is good, by {key} ({owner}); but no maintainer of this project is \
             listed with that key."
        ),
        "sign with the key that the project knows and push the tag, or first have the release \
         managers list this one",
        mend.signed_again("-u <known key>"),
    )
}

fn unknown_key(key: &str, mend: &Mend<'_>) -> Words {
    mend.words(
        "the tag is signed by a key that is not in the keyring",
        format!("The signature is by {key}."),
        "sign with the key that the project knows and push the tag, or first have the release \
         managers add this one",
        mend.signed_again("-u <known key>"),
    )
}

/// An OpenPGP key can be extended (gpg(1)); of an SSH key only whoever keeps the keyring can say
/// until when it is good.
fn expired(key: &str, why: &str, mend: &Mend<'_>) -> Words {
    let mut commands = Vec::new();
    if key.len() >= 16 && key.bytes().all(|b| b.is_ascii_hexdigit()) {
        commands.push(Suggestion::Shell(format!("gpg --quick-set-expire {key} 1y")));
        commands.push(Suggestion::Shell(format!("gpg --armor --export {key} >key.asc")));
    }
    commands.extend(mend.signed_again("-s"));
    mend.words(
        "the key that signed the tag has expired",
        format!("The signature is by {key}: {why}."),
        "extend the key, send the release managers its public part (key.asc) for the project's \
         keyring, sign the tag again and push it",
        commands,
    )
}

fn weak(why: &str, mend: &Mend<'_>) -> Words {
    mend.words(
        "the tag's signature is too weak to be believed",
        format!("Why: {why}."),
        "sign the tag again with a current algorithm (for OpenPGP: SHA-256 or better, not DSA or \
         RSA under 2048 bits), and push it",
        mend.signed_again("-s"),
    )
}

fn name_mismatch(signed: &str, found: &str, mend: &Mend<'_>) -> Words {
    let tag = word(signed, "<tag>");
    mend.words(
        "the signed tag has another name",
        format!("The tag that was signed is called {signed}, but was found as {found}."),
        "push the tag under its own name",
        vec![mend.push(&tag), mend.request(&tag)],
    )
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    match characters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
        None => String::new(),
    }
}
