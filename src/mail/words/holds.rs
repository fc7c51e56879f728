//! The table of holds: what is said of each reason, to the author, to the release managers, and in
//! histories and decisions. No list hears of a hold.

use super::{Order, Suggestion, Words, day};
use crate::pull::ci_change::CiDifference;
use crate::pull::decision::clock;
use crate::pull::hold::HoldReason;
use crate::pull::ids::{ObjectId, PullNumber};
use jiff::Timestamp;

/// What is said of a hold.
struct Row {
    /// Its name in Message-IDs, which never changes.
    key: &'static str,
    /// In histories and decisions: a clause.
    history: String,
    /// Why, for author and release managers: a sentence.
    why: String,
    /// For the author: whether nothing is wrong with the request itself.
    harmless: bool,
    /// For the author: what to do next.
    next: &'static str,
    /// For the release managers: what an approval does.
    approval: String,
}

const UNLESS_OLD: &str = "nothing, if the request still stands: the release managers have been told. \
                          If it does not, tell them.";

const NOT_BEFORE: &str = "It is not tested until one of you approves it.";

fn row(reason: &HoldReason) -> Row {
    match reason {
        HoldReason::Backlog => backlog(),
        HoldReason::LateArrival => late_arrival(),
        HoldReason::OldTag { tagged_at } => old_tag(*tagged_at),
        HoldReason::UnknownKey { key, proved, tag } => unknown_key(key, *proved, tag),
        HoldReason::Moved { was, is } => moved(was, is),
        HoldReason::Checks { problems } => checks(problems.len()),
        HoldReason::CiChanged { difference, .. } => ci_changed(difference),
    }
}

fn backlog() -> Row {
    Row {
        key: "held backlog",
        history: "it was mailed before the bot began to watch; a release manager must approve it"
            .into(),
        why: "It was mailed before the bot began to watch the list.".into(),
        harmless: true,
        next: UNLESS_OLD,
        approval: NOT_BEFORE.into(),
    }
}

fn late_arrival() -> Row {
    Row {
        key: "held late-arrival",
        history: "it was old when the bot saw it; a release manager must approve it".into(),
        why: "The mail was old already when the bot first saw it.".into(),
        harmless: true,
        next: UNLESS_OLD,
        approval: NOT_BEFORE.into(),
    }
}

fn old_tag(tagged_at: Timestamp) -> Row {
    Row {
        key: "held old-tag",
        history: format!(
            "its tag was made on {}; a release manager must approve it",
            day(tagged_at)
        ),
        why: format!(
            "By its own date, {}, the tag is older than what is tested unasked.",
            clock(tagged_at)
        ),
        harmless: true,
        next: "nothing, if the tag is the one you mean: the release managers have been told. \
               If you meant a newer one, send the request again as a new revision with that \
               tag.",
        approval: NOT_BEFORE.into(),
    }
}

fn unknown_key(key: &str, proved: bool, tag: &ObjectId) -> Row {
    let why = if proved {
        format!(
            "It is a first-time signer's: the tag is signed with {key}, which is not in the \
             keyring. The signature fits that key, but nobody has said whose it is."
        )
    } else {
        format!(
            "It is a first-time signer's: the tag says that {key} signed it. That key is not in \
             the keyring, so the signature could not be checked: nothing proves who made the tag."
        )
    };
    Row {
        key: "held unknown-key",
        history: format!(
            "its tag is signed with {key}, which is not in the keyring; a release manager must \
             approve it"
        ),
        why,
        harmless: false,
        next: "nothing: the release managers have been told. Once they have put your public \
               key into the project's keyring, your requests are tested without this.",
        approval: format!(
            "Approving runs its code on the project's machines, on your word alone; it holds for \
             the tag object {tag} and no other."
        ),
    }
}

fn moved(was: &ObjectId, is: &ObjectId) -> Row {
    Row {
        key: "held moved",
        history: format!(
            "its tag was object {was} and is {is} now; a release manager must approve that"
        ),
        why: format!(
            "The tag was moved: when it was fetched first it was the object {was}, and now it is \
             {is}."
        ),
        harmless: false,
        next: "nothing, if you put the new tag there: the release managers have been told. If \
               you did not, tell them.",
        approval: "What you knew of it was the first one. The new one's signature is good; \
                   approving holds for the new one and no other."
            .into(),
    }
}

fn checks(problems: usize) -> Row {
    Row {
        key: "held checks",
        history: format!(
            "its commits have problems ({problems}); a release manager must approve them"
        ),
        why: "Its commits have what somebody has to look at before CI runs.".into(),
        harmless: false,
        next: "nothing, if all of it is as you mean it: the release managers have been told. \
               If not, mend it and send the request again, as a new revision.",
        approval: NOT_BEFORE.into(),
    }
}

fn ci_changed(difference: &CiDifference) -> Row {
    let summary = &difference.summary;
    Row {
        key: "held ci-changed",
        history: format!(
            "it would change what CI runs ({summary}); a release manager must approve that"
        ),
        why: format!(
            "Merged, this request would change what CI runs ({summary}), so nothing of it has run."
        ),
        harmless: false,
        next: "nothing, if you mean to change CI: the release managers have been told. If you \
               do not, send the request again without that change, as a new revision.",
        approval: NOT_BEFORE.into(),
    }
}

/// Its name in Message-IDs.
pub(crate) fn key(reason: &HoldReason) -> &'static str {
    row(reason).key
}

/// Why a request is held, in a clause for histories and decisions.
pub(crate) fn in_history(reason: &HoldReason) -> String {
    row(reason).history
}

/// What the author of a request that waits for a person is told.
pub(crate) fn for_author(reason: &HoldReason) -> Words {
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
    let Row { why, harmless, next, .. } = row(reason);
    let comfort = if harmless { " Nothing is wrong with the request itself." } else { "" };
    Words {
        first: "On hold: a release manager has to approve this request first.".into(),
        means: format!("{why}{comfort}"),
        next: next.into(),
        commands: Vec::new(),
    }
}

/// What the release managers are told of a request that waits for them. `of`: the beginning of what
/// is approved.
pub(crate) fn for_managers(reason: &HoldReason, number: PullNumber, of: Option<String>) -> Words {
    let orders = [Order::Approve { number, of }, Order::Cancel(number)];
    let commands = orders.map(Suggestion::Order).into();
    if reason.is_freeze() {
        return Words {
            first: format!("Held: request {number} waits for the end of the freeze."),
            means: "Nothing is wrong with the request itself. It is tested by itself when the \
                    freeze ends."
                .into(),
            next: "have it tested now, or drop it, with one of these:".into(),
            commands,
        };
    }
    let Row { why, approval, .. } = row(reason);
    Words {
        first: format!("Held: request {number} waits for your approval."),
        means: format!("{why} {approval}"),
        next: "have it tested, or drop it, with one of these:".into(),
        commands,
    }
}
