//! What is said about each outcome, in one place, so that the same fact always has the same words.
//! It must not lay out text or choose readers. Plain and factual; a maintainer who has never heard
//! of the bot must see at once what happened and whose move it is.

mod checks;
mod expiring;
mod mend;
mod objected;
mod refused;
mod tested;

pub(crate) use self::checks::problem;
pub(crate) use self::expiring::{day, key_expires, key_expires_for_administrator};
pub(crate) use self::refused::refused;
pub(crate) use self::tested::tested;

use jiff::Timestamp;

use crate::pull::ids::{ObjectId, PullNumber};
use crate::pull::request::HoldReason;
use crate::pull::run::CiCheck;

/// What a letter says about something, apart from the facts it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// The first line: the verdict.
    pub(crate) first: String,
    /// What it means, and whose move it is.
    pub(crate) means: String,
    /// What to do next.
    pub(crate) next: String,
    /// Commands that do it, each a line of its own so that it copies cleanly.
    pub(crate) commands: Vec<String>,
}

/// What the words need to know of the thing they speak of.
#[derive(Debug, Clone)]
pub(crate) struct Ground<'a> {
    /// The target's branch.
    pub(crate) branch: &'a str,
    /// The target's tip that was merged onto, where one is known.
    pub(crate) base: Option<ObjectId>,
    /// The request; `None` for a run that somebody asked for.
    pub(crate) pull: Option<PullNumber>,
    /// The request's revision.
    pub(crate) revision: u32,
    /// How its author has it tested again: a clause.
    pub(crate) again: String,
}

impl Ground<'_> {
    /// "master abc123def456", or the branch alone.
    fn place(&self) -> String {
        match self.base {
            Some(base) => format!("{} {}", self.branch, base.short()),
            None => self.branch.to_owned(),
        }
    }

    /// The command that has it tested once more, for a request.
    fn retest(&self) -> Vec<String> {
        self.pull.map(|number| command("retest", number)).into_iter().collect()
    }

    /// That a request's author need not wonder: a sentence for the release managers.
    fn untold(&self) -> &'static str {
        match self.pull {
            Some(_) => " The author and the list have not been told.",
            None => "",
        }
    }

    /// How the next revision is marked.
    fn next_revision(&self) -> String {
        format!("v{}", self.revision.saturating_add(1))
    }
}

/// How an author has a request tested again that needs no new revision, as a clause: on the list
/// where it takes that, else by asking.
pub(crate) fn again(retest_by_mail: bool, managers: &[String]) -> String {
    match (retest_by_mail, managers) {
        (true, _) => "answer this letter with the line \"gatepost: retest\", signed with OpenPGP, \
                      and it is tested again"
            .into(),
        (false, []) => "please ask a release manager to have it tested again".into(),
        (false, some) => {
            format!("please ask a release manager to have it tested again ({})", some.join(", "))
        }
    }
}

/// A command about a request, as it is given at the machine that runs the bot.
pub(crate) fn command(verb: &str, number: PullNumber) -> String {
    format!("gatepost do '{verb} {number}'")
}

/// A count with its noun: "1 job", "2 jobs".
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A length of time: "3 hours", "1 hour 30 minutes", "45 seconds".
pub(crate) fn span(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
    match (hours, minutes) {
        (0, 0) => counted(seconds, "second"),
        (0, minutes) => counted(minutes, "minute"),
        (hours, 0) => counted(hours, "hour"),
        (hours, minutes) => format!("{} {}", counted(hours, "hour"), counted(minutes, "minute")),
    }
}

/// A time for people, in UTC, to the minute.
pub(crate) fn when(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// How far the target has moved, and whether that touches the same files; `None` if it has not.
pub(crate) fn drift(branch: &str, drift: &crate::pull::tag::Drift) -> Option<String> {
    if drift.commits == 0 {
        return None;
    }
    let moved = format!("{branch} has moved by {} since", counted(drift.commits.into(), "commit"));
    let same = match drift.same_files.len() {
        0 => "no file in common.".to_owned(),
        n => format!("{} in common: {}.", counted(n as u64, "file"), drift.same_files.join(", ")),
    };
    Some(format!("{moved}; {same}"))
}

/// Words for the author of a request that waits for a person.
pub(crate) fn held_for_author(reason: &HoldReason) -> Words {
    if reason.is_freeze() {
        return Words {
            first: "On hold: the target is frozen.".into(),
            means: "Nothing is wrong with the request itself. It is tested when the freeze ends, \
                    or when a release manager approves it before."
                .into(),
            next: "nothing: the release managers have been told.".into(),
            commands: Vec::new(),
        };
    }
    Words {
        first: "On hold: a release manager has to approve this request first.".into(),
        means: match reason {
            HoldReason::Backlog | HoldReason::LateArrival | HoldReason::OldTag { .. } => {
                format!("{} Nothing is wrong with the request itself.", why_held(reason))
            }
            HoldReason::UnknownKey { .. }
            | HoldReason::Moved { .. }
            | HoldReason::CiChanged { .. }
            | HoldReason::Checks { .. } => why_held(reason),
        },
        next: match reason {
            HoldReason::Backlog | HoldReason::LateArrival => {
                "nothing, if the request still stands: the release managers have been told. If it \
                 does not, tell them."
            }
            HoldReason::UnknownKey { .. } => {
                "nothing: the release managers have been told. Once they have put your public key \
                 into the project's keyring, your requests are tested without this."
            }
            HoldReason::Moved { .. } => {
                "nothing, if you put the new tag there: the release managers have been told. If \
                 you did not, tell them."
            }
            HoldReason::OldTag { .. } => {
                "nothing, if the tag is the one you mean: the release managers have been told. If \
                 you meant a newer one, send the request again as a new revision with that tag."
            }
            HoldReason::Checks { .. } => {
                "nothing, if all of it is as you mean it: the release managers have been told. If \
                 not, mend it and send the request again, as a new revision."
            }
            HoldReason::CiChanged { .. } => {
                "nothing, if you mean to change CI: the release managers have been told. If you do \
                 not, send the request again without that change, as a new revision."
            }
        }
        .into(),
        commands: Vec::new(),
    }
}

/// Words for the release managers about a request that waits for them.
/// `what` is the beginning of what is approved.
pub(crate) fn held_for_managers(
    reason: &HoldReason,
    number: PullNumber,
    what: Option<&str>,
) -> Words {
    let what = what.map_or_else(String::new, |what| format!(" {what}"));
    let approve = format!("gatepost do 'approve {number}{what}'");
    if reason.is_freeze() {
        return Words {
            first: format!("Held: request {number} waits for the end of the freeze."),
            means: "Nothing is wrong with the request itself. It is tested by itself when the \
                    freeze ends."
                .into(),
            next: "have it tested now, or drop it, with one of these:".into(),
            commands: vec![approve, command("cancel", number)],
        };
    }
    Words {
        first: format!("Held: request {number} waits for your approval."),
        means: format!("{} {}", why_held(reason), what_approval_does(reason)),
        next: "have it tested, or drop it, with one of these:".into(),
        commands: vec![approve, command("cancel", number)],
    }
}

/// What it means to approve it.
fn what_approval_does(reason: &HoldReason) -> String {
    match reason {
        HoldReason::Backlog
        | HoldReason::LateArrival
        | HoldReason::OldTag { .. }
        | HoldReason::CiChanged { .. }
        | HoldReason::Checks { .. } => "It is not tested until one of you approves it.".into(),
        HoldReason::UnknownKey { tag, .. } => format!(
            "Approving runs its code on the project's machines, on your word alone; it holds for \
             the tag object {tag} and no other."
        ),
        HoldReason::Moved { .. } => {
            "What you knew of it was the first one. The new one's signature is good; approving \
             holds for the new one and no other."
                .into()
        }
    }
}

/// Why a request is held, as a sentence.
pub(crate) fn why_held(reason: &HoldReason) -> String {
    match reason {
        HoldReason::Backlog => "It was mailed before the bot began to watch the list.".into(),
        HoldReason::LateArrival => "The mail was old already when the bot first saw it.".into(),
        HoldReason::OldTag { tagged_at } => format!(
            "By its own date, {}, the tag is older than what is tested unasked.",
            when(*tagged_at)
        ),
        HoldReason::UnknownKey { key, proved: true, .. } => format!(
            "It is a first-time signer's: the tag is signed with {key}, which is not in the \
             keyring. The signature fits that key, but nobody has said whose it is."
        ),
        HoldReason::UnknownKey { key, proved: false, .. } => format!(
            "It is a first-time signer's: the tag says that {key} signed it. That key is not in \
             the keyring, so the signature could not be checked: nothing proves who made the tag."
        ),
        HoldReason::Moved { was, is } => format!(
            "The tag was moved: when it was fetched first it was the object {was}, and now it is \
             {is}."
        ),
        HoldReason::Checks { .. } => {
            "Its commits have what somebody has to look at before CI runs.".into()
        }
        HoldReason::CiChanged { difference, .. } => format!(
            "Merged, this request would change what CI runs ({}), so nothing of it has run.",
            difference.summary
        ),
    }
}

/// That what CI ran is not what it runs for the target, and who approved that.
pub(crate) fn ci_approved(check: &CiCheck) -> Option<String> {
    match check {
        CiCheck::Approved { by, dropped } if dropped.is_empty() => {
            Some(format!("This request changes what CI runs; {by} approved the change."))
        }
        CiCheck::Approved { by, dropped } => Some(format!(
            "This request changes what CI runs; {by} approved the change. It takes away {}, \
             otherwise required, which was not demanded.",
            dropped.join(", ")
        )),
        CiCheck::Due | CiCheck::TargetKnown | CiCheck::FilesOnly | CiCheck::Same => None,
    }
}

/// Words for the release managers about a request that has had no answer for too long.
pub(crate) fn unanswered(number: PullNumber, waited: u64, because: &str) -> Words {
    Words {
        first: format!("Unanswered: request {number} has waited {}.", span(waited - waited % 3600)),
        means: format!("What it waits for: {because}"),
        next: "see its history, or drop it, with one of these:".into(),
        commands: vec![format!("gatepost show {number}"), command("cancel", number)],
    }
}

/// Words for the author of a mail that asks for a pull and names nothing to pull.
pub(crate) fn near_miss(branch: &str) -> Words {
    let base = mend::word(&format!("origin/{branch}"), "<base>");
    Words {
        first: "Not tested: the mail names no repository to pull from.".into(),
        means:
            "Its subject asks for a pull, but no URL with a tag was found in its text. Only you \
                have been told."
                .into(),
        next: "if it was no pull request, nothing. Otherwise please send it again with the text \
               that this command prints, unchanged:"
            .into(),
        commands: vec![format!("git request-pull {base} <https URL> <tag>")],
    }
}

/// Words for the release managers about a request that its author seems to take back. `over`: it is
/// concluded already.
pub(crate) fn retracted(number: PullNumber, over: bool) -> Words {
    let first =
        format!("Taken back? The author of request {number} seems not to want it any more.");
    let show = format!("gatepost show {number}");
    if over {
        return Words {
            first,
            means: "The mail is not signed, so nothing was changed; the request was concluded \
                    already. It says:"
                .into(),
            next: "ask the author if you are about to merge it. Its history:".into(),
            commands: vec![show],
        };
    }
    Words {
        first,
        means: "The mail is not signed, so nothing was cancelled: the request is tested and \
                answered as any other. It says:"
            .into(),
        next: "see its history, or cancel it, with one of these:".into(),
        commands: vec![show, command("cancel", number)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_largest_units_that_fit() {
        assert_eq!(span(45), "45 seconds");
        assert_eq!(span(60), "1 minute");
        assert_eq!(span(3600), "1 hour");
        assert_eq!(span(5400), "1 hour 30 minutes");
        assert_eq!(span(7200), "2 hours");
    }
}
