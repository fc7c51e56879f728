//! Words for what is neither held, refused nor tested: what waits too long, what is taken back, what
//! only looks like a request, what is set aside; and for what stands beside an outcome.

use super::mend::word;
use super::{Order, Suggestion, Words, span};
use crate::pull::aside::{AsideNotice, RecordKey};
use crate::pull::ids::PullNumber;
use crate::pull::run::CiCheck;

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

/// That what CI ran is not what it runs for the target, and who approved that.
pub(crate) fn approved_ci(check: &CiCheck) -> Option<String> {
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

/// For the release managers: a request has had no answer for too long.
pub(crate) fn unanswered(number: PullNumber, waited: u64, because: &str) -> Words {
    Words {
        first: format!("Unanswered: request {number} has waited {}.", span(waited - waited % 3600)),
        means: format!("What it waits for: {because}"),
        next: "see its history, or drop it, with one of these:".into(),
        commands: shown_or_cancelled(number),
    }
}

/// For the author: a mail asks for a pull and names nothing to pull.
pub(crate) fn near_miss(branch: &str) -> Words {
    let base = word(&format!("origin/{branch}"), "<base>");
    let (url, tag) = ("<https URL>".to_owned(), "<tag>".to_owned());
    Words {
        first: "Not tested: the mail names no repository to pull from.".into(),
        means: "Its subject asks for a pull, but no URL with a tag was found in its text. Only \
                you have been told."
            .into(),
        next: "if it was no pull request, nothing. Otherwise please send it again with the text \
               that this command prints, unchanged:"
            .into(),
        commands: vec![Suggestion::RequestPull { base, url, tag }],
    }
}

/// For the release managers: a request's author seems to take it back. `over`: it is concluded
/// already.
pub(crate) fn retracted(number: PullNumber, over: bool) -> Words {
    let first =
        format!("Taken back? The author of request {number} seems not to want it any more.");
    if over {
        return Words {
            first,
            means: "The mail is not signed, so nothing was changed; the request was concluded \
                    already. It says:"
                .into(),
            next: "ask the author if you are about to merge it. Its history:".into(),
            commands: vec![Suggestion::Show(number)],
        };
    }
    Words {
        first,
        means: "The mail is not signed, so nothing was cancelled: the request is tested and \
                answered as any other. It says:"
            .into(),
        next: "see its history, or cancel it, with one of these:".into(),
        commands: shown_or_cancelled(number),
    }
}

fn shown_or_cancelled(number: PullNumber) -> Vec<Suggestion> {
    vec![Suggestion::Show(number), Suggestion::Order(Order::Cancel(number))]
}

/// For the administrator: what is set aside, why, and what to do about it; a paragraph each.
pub(crate) fn set_aside(notice: &AsideNotice) -> [String; 4] {
    let why = notice.aside.why.trim_end_matches('.');
    let name = notice.name();
    let untold = match &notice.key {
        RecordKey::Pull(_) | RecordKey::Run(_) => "Neither its author nor the list was told.",
        RecordKey::Letter(_) => "It may not have reached whom it is for.",
        RecordKey::Mail(_) => "Its sender was not told.",
    };
    [
        format!("This is {}. The bot itself failed at it: {why}.", notice.what),
        format!(
            "Nothing more is done with it until a person says so; everything else goes on. {untold}"
        ),
        format!(
            "\"retest {name}\" takes it up again where it stood; \"ignore {name}\" ends it, and \
             nobody is told. `gatepost status` lists what is set aside."
        ),
        "This is most likely a mistake in Gatepost. Please report it, with what the log has of \
         that time."
            .into(),
    ]
}
