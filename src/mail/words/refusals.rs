//! The table of refusals: what is said of each reason for which a request never comes to a test. Most
//! are told to its author alone, so each says what is wrong and gives the commands that mend it;
//! problems of its commits, and a person's refusal, may be told to the list as well.

use super::checks::mending;
use super::mend::Mend;
use super::{LetterContext, Suggestion, Words, counted, objections, signatures};
use crate::pull::checks::Problem;
use crate::pull::cover::Cover;
use crate::pull::ids::{CommitName, ObjectId};
use crate::pull::verdict::{NoTag, Refusal};

/// Its name in Message-IDs, which never changes.
pub(crate) fn key(why: &Refusal) -> &'static str {
    match why {
        Refusal::Signature(verification) => signatures::key(verification),
        Refusal::Signer(objection) => objections::key(objection),
        Refusal::Checks(_) => "refused checks",
        Refusal::Person { .. } => "refused person",
        Refusal::NoTag { kind: NoTag::Branch, .. } => "refused branch",
        Refusal::NoTag { kind: NoTag::Lightweight, .. } => "refused lightweight-tag",
        Refusal::UrlNotAllowed { .. } => "refused url-not-allowed",
        Refusal::RefMissing => "refused ref-missing",
        Refusal::TipMismatch { .. } => "refused tip-mismatch",
        Refusal::Unfetchable { .. } => "refused unfetchable",
    }
}

/// What a letter says of a refusal.
pub(crate) fn in_letter(why: &Refusal, cover: &Cover, context: &LetterContext<'_>) -> Words {
    let mend = Mend { cover, context };
    match why {
        Refusal::Signature(verification) => signatures::in_letter(verification, &mend),
        Refusal::Signer(objection) => objections::in_letter(objection, &mend),
        Refusal::Checks(problems) => failed_checks(problems, &mend),
        Refusal::Person { by, reason, proved } => by_person(by, reason, *proved, context),
        Refusal::NoTag { kind: NoTag::Branch, tip } => branch(tip, &mend),
        Refusal::NoTag { kind: NoTag::Lightweight, .. } => lightweight_tag(&mend),
        Refusal::UrlNotAllowed { why } => url_not_allowed(why, &mend),
        Refusal::RefMissing => ref_missing(&mend),
        Refusal::TipMismatch { asked, found } => tip_mismatch(asked, found, &mend),
        Refusal::Unfetchable { why } => mend.words(
            "the repository could not be fetched",
            why,
            "see that this works for anybody, without a password",
            vec![mend.look("")],
        ),
    }
}

/// Problems of the commits: the list is told, too.
fn failed_checks(problems: &[Problem], mend: &Mend<'_>) -> Words {
    let mut commands = mending(problems, &mend.base());
    let tag = mend.tag();
    let sign = Suggestion::Shell(format!("git tag -f -s {tag} HEAD"));
    commands.extend([sign, mend.push_over(), mend.request(&tag)]);
    let what = counted(problems.len() as u64, "problem");
    Words {
        first: format!("Not tested: {what} found in its commits before CI."),
        means: "No CI job has run for it.".into(),
        next: format!(
            "please mend what is named above; what only the author of a commit can give, such as \
             a Signed-off-by, ask the author for. Then sign the tag again and send the request \
             again ({}), with the text that the last command prints:",
            mend.context.next_revision()
        ),
        commands,
    }
}

/// A person's own decision and words.
fn by_person(by: &str, reason: &str, proved: bool, context: &LetterContext<'_>) -> Words {
    let told = if proved { "" } else { " Only you have been told." };
    Words {
        first: "Refused by a release manager.".into(),
        means: format!("{by} writes: \"{reason}\"{told}"),
        next: format!(
            "if you have questions, please ask {by}; to have another version tested, send it as a \
             new revision ({}).",
            context.next_revision()
        ),
        commands: Vec::new(),
    }
}

fn branch(tip: &ObjectId, mend: &Mend<'_>) -> Words {
    let tag = mend.tag_for_branch();
    mend.words(
        format!("{} is a branch, not a signed tag", mend.cover.request.reference),
        "Only signed tags are tested: a branch does not say who made it.",
        "make a signed tag of it and push that",
        vec![mend.sign(&tag, tip), mend.push(&tag), mend.request(&tag)],
    )
}

fn lightweight_tag(mend: &Mend<'_>) -> Words {
    mend.words(
        format!("{} is a lightweight tag, without a signature", mend.cover.request.reference),
        "Only signed tags are tested: \"git tag\" without -s makes a mere name.",
        "sign it and push it again",
        mend.signed_again("-s"),
    )
}

fn url_not_allowed(why: &str, mend: &Mend<'_>) -> Words {
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
    mend.words("its URL is not one that may be fetched", why, how, commands)
}

fn ref_missing(mend: &Mend<'_>) -> Words {
    let tag = mend.tag();
    mend.words(
        format!("there is no {} in the repository", mend.cover.request.reference),
        "The bot looked for it several times before it wrote this. A plain git push leaves tags \
         out.",
        "push the tag, and see that the second command prints it",
        vec![mend.push(&tag), mend.look(&tag)],
    )
}

fn tip_mismatch(asked: &CommitName, found: &ObjectId, mend: &Mend<'_>) -> Words {
    let name = &mend.cover.request.reference;
    mend.words(
        format!("{name} is not at the commit that the mail names"),
        format!("The mail says {asked}; {name} leads to {found}. The bot looked several times."),
        "push the tag if the mail is right (first command)",
        vec![mend.push_over(), mend.request(&mend.tag())],
    )
}
