//! Commands about what is set aside: each verb says whether it takes that up again where it stood, ends
//! it, has to wait for that, or is none of its business.

use super::desk::Desk;
use crate::pull::aside::RecordKey;
use crate::pull::command::{Item, Named};
use crate::pull::fault::{Fault, FaultKind};
use crate::pull::ids::{MessageId, PullNumber};
use crate::pull::letter::About;
use crate::pull::letter::rules::LetterEvent;
use crate::pull::request::Stage;
use crate::pull::request::event::PullEvent;
use crate::pull::rights::may_take_up;

/// What a command does about a request or a run that is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenAside {
    /// The same as always.
    TheSame,
    /// It takes it up again where it stood, and does nothing else.
    TakesUp,
    /// It ends it.
    Ends,
    /// It has to wait: nothing is recorded in a request that is set aside itself.
    Waits,
}

/// Does what a command does about something that is set aside, and says so; `None`: the command is to
/// be carried out as always.
///
/// # Errors
/// A sentence for whoever gave it.
pub(super) fn settle_aside(
    when: WhenAside,
    named: &Named,
    desk: &mut Desk<'_>,
) -> Result<Option<String>, String> {
    let item = desk.item(named);
    let keys = match (named, &item) {
        (_, Ok(item)) => aside_of(*item, desk),
        (Named::Mail(id), Err(_)) => mails_aside(id, desk),
        (Named::Pull(_) | Named::Run(_) | Named::Tag(_) | Named::Thread, Err(_)) => Vec::new(),
    };
    let Some(first) = keys.first() else { return Ok(None) };
    match when {
        WhenAside::TheSame => Ok(None),
        WhenAside::TakesUp => {
            may_take_up(&desk.giver())?;
            lift_all(&keys, desk)?;
            Ok(Some(format!("{} is taken up again where it stood.", first.at_the_beginning())))
        }
        WhenAside::Ends => {
            lift_all(&keys, desk)?;
            let letters = give_up_letters(&keys, desk);
            match item {
                Ok(item) if is_under_way(item, desk) => Ok(None),
                Ok(item) if !letters => {
                    Ok(desk.pull_of(item).and_then(|number| end_concluded(number, desk)))
                }
                Ok(_) | Err(_) => Ok(Some(format!("{} is given up.", first.at_the_beginning()))),
            }
        }
        WhenAside::Waits => refuse(item, desk).map(|()| None),
    }
}

fn refuse(item: Result<Item, String>, desk: &Desk<'_>) -> Result<(), String> {
    let number = item.ok().and_then(|item| desk.pull_of(item));
    let Some(number) = number else { return Ok(()) };
    match desk.aside().get(&RecordKey::Pull(number)) {
        Some(aside) => Err(format!(
            "Nothing can be done about request {number}: {}. \"retest {number}\" takes it up \
             again, \"ignore {number}\" ends it.",
            aside.because()
        )),
        None => Ok(()),
    }
}

/// Whether it is not concluded: then the command itself ends it.
fn is_under_way(item: Item, desk: &Desk<'_>) -> bool {
    match (desk.pull_of(item), item) {
        (Some(number), _) => desk.pull(number).is_some_and(|pull| pull.stage.verdict().is_none()),
        (None, Item::Run(id)) => desk.run(id).is_some_and(|run| run.outcome().is_none()),
        (None, Item::Pull(_)) => false,
    }
}

/// What is set aside of a request or a run: itself, its runs, its letters.
fn aside_of(item: Item, desk: &Desk<'_>) -> Vec<RecordKey> {
    let pull = desk.pull_of(item);
    let belongs = |key: &&RecordKey| match (key, item) {
        (RecordKey::Pull(number), _) => pull == Some(*number),
        (RecordKey::Run(id), Item::Run(run)) if *id == run => true,
        (RecordKey::Run(id), _) => {
            let of = desk.run(*id).and_then(|run| run.of());
            of.is_some() && of == pull
        }
        (RecordKey::Letter(id), _) => {
            desk.letter(id).is_some_and(|letter| match (&letter.about, item) {
                (About::Pull(number), _) => pull == Some(*number),
                (About::Run(run), Item::Run(id)) => *run == id,
                (About::Run(_) | About::Mail(_) | About::Bot, _) => false,
            })
        }
        (RecordKey::Mail(_), _) => false,
    };
    desk.aside().keys().filter(belongs).cloned().collect()
}

/// What is set aside under that Message-ID.
fn mails_aside(id: &MessageId, desk: &Desk<'_>) -> Vec<RecordKey> {
    let keys = [RecordKey::Letter(id.clone()), RecordKey::Mail(id.clone())];
    keys.into_iter().filter(|key| desk.aside().contains_key(key)).collect()
}

fn lift_all(keys: &[RecordKey], desk: &mut Desk<'_>) -> Result<(), String> {
    match keys.iter().find(|key| !desk.lift(key)) {
        None => Ok(()),
        Some(key) => {
            let key = key.at_the_beginning();
            Err(format!("{key} fails at just that; it stays set aside."))
        }
    }
}

/// Ends letters and command mails; whether there were any.
fn give_up_letters(keys: &[RecordKey], desk: &mut Desk<'_>) -> bool {
    let mut any = false;
    for key in keys {
        match key {
            RecordKey::Letter(id) => {
                let trouble = Fault {
                    detail: format!("{} gave it up", desk.by()),
                    public: None,
                    retry_after: None,
                    kind: FaultKind::Permanent,
                };
                desk.letter_event(id, LetterEvent::Rejected(trouble));
                any = true;
            }
            RecordKey::Mail(id) => {
                desk.close_mail(id);
                any = true;
            }
            RecordKey::Pull(_) | RecordKey::Run(_) => {}
        }
    }
    any
}

/// Ends what is concluded, whatever could not be done about it: its answer, or its closing.
fn end_concluded(number: PullNumber, desk: &mut Desk<'_>) -> Option<String> {
    let event = match desk.pull(number)?.stage {
        Stage::Concluded { written: false, .. } => PullEvent::Written(Vec::new()),
        Stage::Answered { .. } => PullEvent::Forgotten,
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Held { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { written: true, .. }
        | Stage::Closed { .. } => return None,
    };
    desk.pull_event(number, event);
    Some(format!("Request {number} is given up as it stands; nobody is told."))
}
