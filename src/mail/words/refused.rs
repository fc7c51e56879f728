//! Words for a request that never came to a test. They go to its author alone, so each says what
//! is wrong and gives the commands that mend it.

use super::checks::mending;
use super::mend::{Mend, word};
use super::objected::objected;
use super::{Ground, Words, counted};
use crate::pull::checks::Problem;
use crate::pull::cover::Cover;
use crate::pull::ids::ObjectId;
use crate::pull::tag::Verification;
use crate::pull::verdict::{NoTag, Refusal};

/// What is wrong, what that means, what to do, and the commands that do it.
struct Said {
    first: String,
    means: String,
    mend: String,
    commands: Vec<String>,
}

/// Words for a refusal.
pub(crate) fn refused(why: &Refusal, cover: &Cover, ground: &Ground<'_>) -> Words {
    let mend = Mend { cover, branch: ground.branch };
    let Said { first, means, mend, commands } = match why {
        Refusal::Signature(verification) => signature(verification, &mend),
        Refusal::Signer(objection) => {
            let (first, means, mend) = objected(objection);
            Said { first, means, mend, commands: Vec::new() }
        }
        Refusal::Checks(problems) => return failed_checks(problems, &mend, ground),
        Refusal::Person { by, reason, proved } => return by_person(by, reason, *proved, ground),
        Refusal::NoTag { kind, tip } => no_tag(*kind, tip, &mend),
        Refusal::UrlNotAllowed { why } => url_not_allowed(why, &mend),
        Refusal::RefMissing => ref_missing(&mend),
        Refusal::TipMismatch { asked, found } => {
            let name = &cover.request.reference;
            Said {
                first: format!("{name} is not at the commit that the mail names"),
                means: format!(
                    "The mail says {asked}; {name} leads to {found}. The bot looked several times."
                ),
                mend: "push the tag if the mail is right (first command)".into(),
                commands: vec![mend.push_over(), mend.request(&mend.tag())],
            }
        }
        Refusal::Unfetchable { why } => Said {
            first: "the repository could not be fetched".into(),
            means: why.clone(),
            mend: "see that this works for anybody, without a password".into(),
            commands: vec![mend.look("")],
        },
    };
    let then = format!("then send the request again ({})", ground.next_revision());
    let end = if commands.is_empty() { "." } else { ":" };
    let with_text = commands.last().is_some_and(|last| last.starts_with("git request-pull "));
    let text = if with_text { ", with the text that the last command prints" } else { "" };
    Words {
        first: format!("Not tested: {first}."),
        means: format!("{means} Only you have been told."),
        next: format!("please {mend}; {then}{text}{end}"),
        commands,
    }
}

/// Problems of the commits: the list is told, too.
fn failed_checks(problems: &[Problem], mend: &Mend<'_>, ground: &Ground<'_>) -> Words {
    let mut commands = mending(problems, &mend.base());
    let tag = mend.tag();
    commands.extend([format!("git tag -f -s {tag} HEAD"), mend.push_over(), mend.request(&tag)]);
    let what = counted(problems.len() as u64, "problem");
    Words {
        first: format!("Not tested: {what} found in its commits before CI."),
        means: "No CI job has run for it.".into(),
        next: format!(
            "please mend what is named above; what only the author of a commit can give, such as \
             a Signed-off-by, ask the author for. Then sign the tag again and send the request \
             again ({}), with the text that the last command prints:",
            ground.next_revision()
        ),
        commands,
    }
}

/// A person's own decision and words.
fn by_person(by: &str, reason: &str, proved: bool, ground: &Ground<'_>) -> Words {
    let told = if proved { "" } else { " Only you have been told." };
    Words {
        first: "Refused by a release manager.".into(),
        means: format!("{by} writes: \"{reason}\"{told}"),
        next: format!(
            "if you have questions, please ask {by}; to have another version tested, send it as a \
             new revision ({}).",
            ground.next_revision()
        ),
        commands: Vec::new(),
    }
}

/// A branch or a lightweight tag.
fn no_tag(kind: NoTag, tip: &ObjectId, mend: &Mend<'_>) -> Said {
    let name = &mend.cover.request.reference;
    match kind {
        NoTag::Branch => {
            let tag = mend.tag_for_branch();
            Said {
                first: format!("{name} is a branch, not a signed tag"),
                means: "Only signed tags are tested: a branch does not say who made it.".into(),
                mend: "make a signed tag of it and push that".into(),
                commands: vec![mend.sign(&tag, tip), mend.push(&tag), mend.request(&tag)],
            }
        }
        NoTag::Lightweight => Said {
            first: format!("{name} is a lightweight tag, without a signature"),
            means: "Only signed tags are tested: \"git tag\" without -s makes a mere name.".into(),
            mend: "sign it and push it again".into(),
            commands: signed_again("-s", mend),
        },
    }
}

fn url_not_allowed(why: &str, mend: &Mend<'_>) -> Said {
    let tag = mend.tag();
    let (how, commands) = match mend.https() {
        Some(url) => (
            "give an address that needs no login: often it is the same over https, as below",
            vec![mend.request_from(&url, &tag)],
        ),
        None => (
            "push the tag to a public repository that the project allows, over https",
            vec![mend.push(&tag), mend.request_from("<https URL>", &tag)],
        ),
    };
    let first = "its URL is not one that may be fetched".to_owned();
    Said { first, means: why.to_owned(), mend: how.to_owned(), commands }
}

fn ref_missing(mend: &Mend<'_>) -> Said {
    let tag = mend.tag();
    Said {
        first: format!("there is no {} in the repository", mend.cover.request.reference),
        means: "The bot looked for it several times before it wrote this. A plain git push leaves \
                tags out."
            .into(),
        mend: "push the tag, and see that the second command prints it".into(),
        commands: vec![mend.push(&tag), mend.look(&tag)],
    }
}

/// Signing again, pushing, and the text.
fn signed_again(options: &str, mend: &Mend<'_>) -> Vec<String> {
    vec![mend.sign_again(options), mend.push_over(), mend.request(&mend.tag())]
}

fn signature(verification: &Verification, mend: &Mend<'_>) -> Said {
    let said = |first: &str, means: String, how: &str, commands| Said {
        first: first.to_owned(),
        means,
        mend: how.to_owned(),
        commands,
    };
    match verification {
        Verification::Good(signer) => said(
            "the tag's signature was not accepted",
            format!("It is a good signature by {}, but was not accepted here.", signer.name),
            "ask the release managers",
            Vec::new(),
        ),
        Verification::Unsigned => said(
            "the tag is not signed",
            "Only signed tags are tested: \"git tag -a\" makes a tag without a signature.".into(),
            "sign it and push it again",
            signed_again("-s", mend),
        ),
        Verification::Bad { why } => said(
            "the tag's signature is bad",
            sentence(why),
            "sign the tag again and push it",
            signed_again("-s", mend),
        ),
        Verification::NotListed { key, owner } => said(
            "the tag is signed with a key that may not submit here",
            format!(
                "The signature is good, by {key} ({owner}); but no maintainer of this project is \
                 listed with that key."
            ),
            "sign with the key that the project knows and push the tag, or first have the release \
             managers list this one",
            signed_again("-u <known key>", mend),
        ),
        Verification::UnknownKey { key, .. } => said(
            "the tag is signed by a key that is not in the keyring",
            format!("The signature is by {key}."),
            "sign with the key that the project knows and push the tag, or first have the release \
             managers add this one",
            signed_again("-u <known key>", mend),
        ),
        Verification::Expired { key, why } => said(
            "the key that signed the tag has expired",
            format!("The signature is by {key}: {why}."),
            "extend the key, send the release managers its public part (key.asc) for the project's \
             keyring, sign the tag again and push it",
            extended(key, mend),
        ),
        Verification::Revoked { key, why } => said(
            "the key that signed the tag is revoked",
            format!("The signature is by {key}: {why}."),
            "sign the tag with a valid key that the project knows, and push it",
            signed_again("-u <valid key>", mend),
        ),
        Verification::Weak { why } => said(
            "the tag's signature is too weak to be believed",
            format!("Why: {why}."),
            "sign the tag again with a current algorithm (for OpenPGP: SHA-256 or better, not \
             DSA or RSA under 2048 bits), and push it",
            signed_again("-s", mend),
        ),
        Verification::NameMismatch { signed, found } => said(
            "the signed tag has another name",
            format!("The tag that was signed is called {signed}, but was found as {found}."),
            "push the tag under its own name",
            {
                let tag = word(signed, "<tag>");
                vec![mend.push(&tag), mend.request(&tag)]
            },
        ),
    }
}

/// Extends an OpenPGP key (gpg(1)); of an SSH key only whoever keeps the keyring can say until when
/// it is good.
fn extended(key: &str, mend: &Mend<'_>) -> Vec<String> {
    let mut commands = Vec::new();
    if key.len() >= 16 && key.bytes().all(|b| b.is_ascii_hexdigit()) {
        commands.push(format!("gpg --quick-set-expire {key} 1y"));
        commands.push(format!("gpg --armor --export {key} >key.asc"));
    }
    commands.extend(signed_again("-s", mend));
    commands
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    match characters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
        None => String::new(),
    }
}
