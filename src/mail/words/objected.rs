//! Words for a good signature that is not good for this mail. They go to its sender alone.

use std::fmt::Display;

use crate::pull::signer::Objection;

/// What is wrong, what that means, and what mends it.
pub(crate) fn objected(objection: &Objection) -> (String, String, String) {
    match objection {
        Objection::OtherSender { signer, sender } => (
            format!("the tag is signed by {signer}, but the mail is from {sender}"),
            "A tag is tested for its signer alone: whoever signs it mails it, from an address that \
             the project knows."
                .into(),
            "mail it from an address that the project knows as the signer's, or have the release \
             managers add this one; a tag of somebody else has to be mailed by them"
                .into(),
        ),
        Objection::OtherList { signer, list, may } => (
            format!("this key may not submit by list {list}"),
            format!("The tag is signed by {signer}, who may submit by {}.", joined(may)),
            "mail it to a list that it is for, or ask the release managers".into(),
        ),
        Objection::OtherTarget { signer, target, may } => (
            format!("this key may not submit to target {target}"),
            format!("The tag is signed by {signer}, who may submit to {}.", joined(may)),
            "ask for a target that it is for, or ask the release managers".into(),
        ),
        Objection::OtherPaths { signer, may, files, total } => (
            "it changes files that its signer may not submit".into(),
            format!(
                "{signer} may submit {}. Outside of that it changes {}.",
                may.join(", "),
                some_of(files, *total)
            ),
            "leave those changes to somebody who may submit them, or ask the release managers"
                .into(),
        ),
    }
}

fn joined(names: &[impl Display]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn some_of(files: &[String], total: u32) -> String {
    let named = files.join(", ");
    match (total as usize).saturating_sub(files.len()) {
        0 => named,
        more => format!("{named}, and {more} more"),
    }
}
