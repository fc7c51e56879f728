//! Words for what speaks against a request's commits before CI. Each is one sentence; the commits
//! stand below it.

use super::{Suggestion, counted};
use crate::pull::checks::{Check, Duty, Problem};
use crate::pull::cover::Cover;

/// What is wrong, as a sentence.
pub(crate) fn problem(problem: &Problem, cover: &Cover) -> String {
    let some = counted(problem.total.into(), "commit");
    let one = problem.total == 1;
    let has = if one { "has" } else { "have" };
    let base = cover.request.base.as_ref().map_or_else(String::new, ToString::to_string);
    match problem.check {
        Check::ListAttributed => format!(
            "{some} {has} a mailing list as author: the list rewrote the sender of the patch."
        ),
        Check::AuthorSignOff => format!("{some} {has} no Signed-off-by of the author."),
        Check::SubmitterSignOff => {
            format!("{some} {has} no Signed-off-by of whoever signed the tag.")
        }
        Check::Utf8 => format!("{some} {has} a message or an author that is not UTF-8."),
        Check::Submodules if one => format!("{some} changes a submodule."),
        Check::Submodules => format!("{some} change a submodule."),
        Check::Merges if one => format!("{some} is a merge."),
        Check::Merges => format!("{some} are merges."),
        Check::Empty => "Taken together, the commits change no file.".into(),
        Check::BaseUnknown => format!(
            "The mail says that the changes are since {base}, but neither the target nor the tag's \
             history has that commit."
        ),
        Check::BaseNotAncestor => format!(
            "The mail says that the changes are since {base}, but the tag is not built on it."
        ),
        Check::CiSkip => "The message of the tip tells GitLab to skip CI.".into(),
        Check::TooMany => format!("There are {some}, more than are tested unasked."),
        Check::Nacked => format!("{some} {has} a Nacked-by."),
        Check::Frozen if problem.commits.is_empty() => "The target is frozen.".into(),
        Check::Frozen => "The target is frozen:".into(),
    }
}

/// The commands that mend what can be mended so, in the order of use, each once.
pub(super) fn mending(problems: &[Problem], base: &str) -> Vec<Suggestion> {
    let refused = |check| problems.iter().any(|p| p.check == check && p.duty == Duty::Refuse);
    let by_hand = [Check::ListAttributed, Check::Utf8, Check::Nacked, Check::Merges];
    let amended = refused(Check::Utf8) || refused(Check::CiSkip) || refused(Check::Nacked);
    let commands = [
        (by_hand.into_iter().any(refused), format!("git rebase -i {base}")),
        (
            refused(Check::ListAttributed),
            "git commit --amend --no-edit --author=\"<name> <address>\"".into(),
        ),
        (amended, "git commit --amend".into()),
        (refused(Check::SubmitterSignOff), format!("git rebase --signoff {base}")),
    ];
    let due = commands.into_iter().filter(|(due, _)| *due);
    due.map(|(_, line)| Suggestion::Shell(line)).collect()
}
