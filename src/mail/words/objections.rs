//! The rows of the table of refusals for a good signature that is not good for this mail.

use std::fmt::Display;

use super::mend::Mend;
use super::{Words, some_of};
use crate::pull::signer::Objection;

/// Its name in Message-IDs.
pub(super) fn key(objection: &Objection) -> &'static str {
    match objection {
        Objection::OtherSender { .. } => "refused other-sender",
        Objection::OtherList { .. } => "refused other-list",
        Objection::OtherTarget { .. } => "refused other-target",
        Objection::OtherPaths { .. } => "refused other-paths",
    }
}

/// What is wrong, in a clause for the history.
pub(super) fn in_history(objection: &Objection) -> String {
    match objection {
        Objection::OtherSender { sender, .. } => format!("the mail is from {sender}"),
        Objection::OtherList { list, .. } => format!("not for list {list}"),
        Objection::OtherTarget { target, .. } => format!("not for target {target}"),
        Objection::OtherPaths { total, .. } => {
            format!("it changes files outside what its signer may submit: {total}")
        }
    }
}

/// For its author.
pub(super) fn in_letter(objection: &Objection, mend: &Mend<'_>) -> Words {
    match objection {
        Objection::OtherSender { signer, sender } => mend.words(
            format!("the tag is signed by {signer}, but the mail is from {sender}"),
            "A tag is tested for its signer alone: whoever signs it mails it, from an address that \
             the project knows.",
            "mail it from an address that the project knows as the signer's, or have the release \
             managers add this one; a tag of somebody else has to be mailed by them",
            Vec::new(),
        ),
        Objection::OtherList { signer, list, may } => mend.words(
            format!("this key may not submit by list {list}"),
            format!("The tag is signed by {signer}, who may submit by {}.", joined(may)),
            "mail it to a list that it is for, or ask the release managers",
            Vec::new(),
        ),
        Objection::OtherTarget { signer, target, may } => mend.words(
            format!("this key may not submit to target {target}"),
            format!("The tag is signed by {signer}, who may submit to {}.", joined(may)),
            "ask for a target that it is for, or ask the release managers",
            Vec::new(),
        ),
        Objection::OtherPaths { signer, may, files, total } => mend.words(
            "it changes files that its signer may not submit",
            format!(
                "{signer} may submit {}. Outside of that it changes {}.",
                may.join(", "),
                some_of(files, *total)
            ),
            "leave those changes to somebody who may submit them, or ask the release managers",
            Vec::new(),
        ),
    }
}

fn joined(names: &[impl Display]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
