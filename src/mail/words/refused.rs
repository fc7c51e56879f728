//! Words for a request that never came to a test. They go to its author alone, so each says what
//! mends it.

use super::objected::objected;
use super::{Ground, Words};
use crate::pull::cover::Cover;
use crate::pull::tag::Verification;
use crate::pull::verdict::Refusal;

/// Words for a refusal.
pub fn refused(why: &Refusal, cover: &Cover, ground: &Ground<'_>) -> Words {
    let (first, means, mend) = match why {
        Refusal::Signature(verification) => signature(verification),
        Refusal::Signer(objection) => objected(objection),
        Refusal::UrlNotAllowed { why } => (
            "its URL is not one that may be fetched".into(),
            why.clone(),
            "push the tag to a public repository that the project allows, over https".to_owned(),
        ),
        Refusal::RefMissing => (
            format!("there is no {} in the repository", cover.request.reference),
            "The bot looked for it several times before it wrote this.".into(),
            "push the tag (git push <remote> <tag>; a plain git push leaves tags out), and check \
             URL and name"
                .into(),
        ),
        Refusal::TipMismatch { asked, found } => (
            "the tag is not at the commit that the mail names".into(),
            format!(
                "The mail says {asked}; {} leads to {found}. The bot looked several times.",
                cover.request.reference
            ),
            "push the tag that you mean, and let git request-pull write the text again".into(),
        ),
        Refusal::Unfetchable { why } => (
            "the repository could not be fetched".into(),
            why.clone(),
            "see that anybody can clone the URL without a password".into(),
        ),
    };
    Words {
        first: format!("Not tested: {first}."),
        means: format!("{means} Only you have been told."),
        next: format!("please {mend}; then send the request again ({}).", ground.next_revision()),
        commands: Vec::new(),
    }
}

fn signature(verification: &Verification) -> (String, String, String) {
    let extend = "extend the key, or use another, and have the new public key put into the \
                  project's keyring; then sign the tag again";
    match verification {
        Verification::Good(signer) => (
            "the tag's signature was not accepted".into(),
            format!("It is a good signature by {}, but was not accepted here.", signer.name),
            "ask the release managers".into(),
        ),
        Verification::Unsigned => (
            "the tag is not signed".into(),
            "Only signed tags are tested. A branch, or a tag made without -s, carries no \
             signature."
                .into(),
            "make a signed tag (git tag -s <tag> <commit>), push it, and let git request-pull \
             name that tag"
                .into(),
        ),
        Verification::Bad { why } => (
            "the tag's signature is bad".into(),
            sentence(why),
            "sign the tag again (git tag -s -f <tag> <commit>) and push it (git push -f <remote> \
             <tag>)"
                .into(),
        ),
        Verification::NotListed { key, owner } => (
            "the tag is signed with a key that may not submit here".into(),
            format!(
                "The signature is good, by {key} ({owner}); but no maintainer of this project is \
                 listed with that key."
            ),
            "sign with the key that the project knows, or have the release managers list this \
             one, and push the tag"
                .into(),
        ),
        Verification::UnknownKey { key, .. } => (
            "the tag is signed by a key that is not in the keyring".into(),
            format!("The signature is by {key}."),
            "sign with the key that the project knows, or have the release managers add this one, \
             and push the tag"
                .into(),
        ),
        Verification::Expired { key, why } => (
            "the key that signed the tag has expired".into(),
            format!("The signature is by {key}: {why}."),
            format!("{extend} and push it"),
        ),
        Verification::Revoked { key, why } => (
            "the key that signed the tag is revoked".into(),
            format!("The signature is by {key}: {why}."),
            "sign the tag with a valid key that the project knows, and push it".into(),
        ),
        Verification::Weak { why } => (
            "the tag's signature is too weak to be believed".into(),
            format!("Why: {why}."),
            "sign the tag again with a current algorithm (for OpenPGP: SHA-256 or better, not \
             DSA or RSA under 2048 bits), and push it"
                .into(),
        ),
        Verification::NameMismatch { signed, found } => (
            "the signed tag has another name".into(),
            format!("The tag that was signed is called {signed}, but was found as {found}."),
            "push the tag under its own name, or sign one of the name you want".into(),
        ),
    }
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    match characters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
        None => String::new(),
    }
}
