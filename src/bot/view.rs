//! Looks up what `show`, `audit` and others ask for. It must not decide anything; `because` comes from
//! the rules.

use super::message::Reply;
use super::shown::Shown;
use crate::mail::words::outcomes;
use crate::ports::{Fault, FileName, Store};
use crate::pull::command::{Item, Named};
use crate::pull::hold::HoldReason;
use crate::pull::ids::{PullNumber, RunId};
use crate::pull::request::{Pull, Stage};
use crate::pull::run::Why;
use crate::pull::verdict::{Outcome, Verdict};
use crate::pull::world::glance::{Glance, PullLine, RunLine};

/// How many commands about a request are shown.
const COMMANDS_SHOWN: usize = 50;

/// One request, open or closed; `None` if there is no such one.
///
/// # Errors
/// As the store.
pub(crate) fn show(glance: &Glance, store: &dyn Store, item: Item) -> Result<Option<Shown>, Fault> {
    let number = match item {
        Item::Pull(number) => Some(number),
        Item::Run(id) => store.run(id)?.and_then(|run| match run.why {
            Why::Attempt { pull, .. } => Some(pull),
            Why::Asked { .. } => None,
        }),
    };
    let Some(number) = number else { return Ok(None) };
    let Some(pull) = store.pull(number)? else { return Ok(None) };
    let trusted = pull.stage.trusted();
    let pinned = match &pull.stage {
        Stage::Fetched { pinned, .. } => Some(pinned),
        _ => trusted.map(|trusted| &trusted.pinned),
    };
    let line = glance.pulls.iter().find(|line| line.number == number).cloned();
    Ok(Some(Shown {
        message_id: pull.mail().message_id.bracketed(),
        url: pull.mail().request.url.clone(),
        reference: pull.mail().request.reference.clone(),
        tag: pinned.and_then(|pinned| pinned.tag.as_ref()).map(|tag| tag.id),
        tip: pinned.map(|pinned| pinned.tip),
        signer: trusted.map(|trusted| format!("{} ({})", trusted.signer.name, trusted.signer.key)),
        superseded_by: pull.lineage.superseded_by,
        replaces: pull.lineage.replaces.iter().map(|replaced| replaced.number).collect(),
        retracted: pull.retraction.as_ref().map(|retraction| retraction.said.clone()),
        aside: glance.aside.iter().filter(|line| line.pull == Some(number)).cloned().collect(),
        runs: glance.runs.iter().rev().filter(|run| run.pull == Some(number)).cloned().collect(),
        ci_changes: ci_changes(store, &pull)?,
        history: store.history(number)?,
        commands: store.audit(Some(number), COMMANDS_SHOWN)?,
        pull: line
            .unwrap_or_else(|| PullLine::new(&pull, over(pull.stage.verdict().map(Verdict::word)))),
    }))
}

fn over(word: Option<&str>) -> String {
    format!("it is over: {}", word.unwrap_or("closed"))
}

/// The whole difference, from the file beside the records; once that is gone, what the record has.
fn ci_changes(store: &dyn Store, pull: &Pull) -> Result<Vec<String>, Fault> {
    let Stage::Held { reason: HoldReason::CiChanged { run, difference }, .. } = &pull.stage else {
        return Ok(Vec::new());
    };
    Ok(match store.file(&FileName::CiDifference(*run))? {
        Some(bytes) => String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect(),
        None => difference.lines.clone(),
    })
}

/// A run that somebody asked for, open or closed.
///
/// # Errors
/// As the store.
pub(crate) fn show_run(
    glance: &Glance,
    store: &dyn Store,
    id: RunId,
) -> Result<Option<RunLine>, Fault> {
    let line = glance.runs.iter().find(|line| line.id == id).cloned();
    Ok(store.run(id)?.map(|run| {
        let detail = || run.outcome().and_then(outcomes::in_history);
        line.unwrap_or_else(|| RunLine::new(&run, over(run.outcome().map(Outcome::word)), detail()))
    }))
}

/// What somebody names at the machine.
///
/// # Errors
/// There is no such request, or the store can't be read: a sentence.
pub(crate) fn item(glance: &Glance, store: &dyn Store, named: &Named) -> Result<Item, String> {
    let missing = || format!("There is no {named}.");
    match named {
        Named::Pull(number) => Ok(Item::Pull(*number)),
        Named::Run(id) => Ok(Item::Run(*id)),
        Named::Mail(id) => {
            let number = store.pull_by_message_id(id).map_err(|fault| fault.detail)?;
            number.map(Item::Pull).ok_or_else(missing)
        }
        Named::Tag(name) => {
            let of_tag = |line: &&PullLine| line.tag == *name;
            let found: Vec<&PullLine> = glance.pulls.iter().filter(of_tag).collect();
            match found.as_slice() {
                [one] => Ok(Item::Pull(one.number)),
                [] => Err(missing()),
                [..] => Err(format!("There is more than one {named}: use a number.")),
            }
        }
        Named::Thread => Err(missing()),
    }
}

/// Shows a request or a run, as the control socket answers.
pub(crate) fn reply(glance: &Glance, store: &dyn Store, named: &Named) -> Reply {
    let item = match item(glance, store, named) {
        Ok(item) => item,
        Err(why) => return Reply::Refused(why),
    };
    let found = show(glance, store, item).and_then(|found| match (found, item) {
        (Some(shown), _) => Ok(Some(Reply::Shown(Box::new(shown)))),
        (None, Item::Run(id)) => {
            Ok(show_run(glance, store, id)?.map(|line| Reply::Run(Box::new(line))))
        }
        (None, Item::Pull(_)) => Ok(None),
    });
    match found {
        Ok(Some(reply)) => reply,
        Ok(None) => Reply::Refused(format!("There is no {named}.")),
        Err(fault) => Reply::Refused(fault.detail),
    }
}

/// How many lines of the audit trail are given.
const AUDIT: usize = 1_000;

/// The audit trail, as the control socket answers.
pub(crate) fn audit(store: &dyn Store, of: Option<PullNumber>) -> Reply {
    match store.audit(of, AUDIT) {
        Ok(lines) => Reply::Audit(lines),
        Err(fault) => Reply::Refused(fault.detail),
    }
}
