//! What `status` and `show` say: plain values, for people and programs alike. It must not decide
//! anything; `because` comes from the rules.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::control::Reply;
use crate::mail::words::outcomes;
use crate::ports::{Fault, FileName, Store};
use crate::pull::audit::AuditEntry;
use crate::pull::command::Named;
use crate::pull::command_mail::Item;
use crate::pull::decision::clock;
use crate::pull::ids::{ObjectId, PullNumber, RunId};
use crate::pull::records::HistoryEntry;
use crate::pull::request::{HoldReason, Pull, Stage};
use crate::pull::run::Why;
use crate::pull::verdict::{Outcome, Verdict};
pub(crate) use crate::pull::world::glance::{AsideLine, Glance, PullLine, RunLine};

/// How many commands about a request are shown.
const COMMANDS_SHOWN: usize = 50;

/// The bot at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// Whether a bot runs; else this is what the store says.
    pub(crate) running: bool,
    /// Set while nothing moves.
    #[serde(default)]
    pub(crate) stalled: Option<Stalled>,
    /// Folders that can't be read now.
    #[serde(default)]
    pub(crate) unread: Vec<UnreadFolder>,
    /// What is open.
    #[serde(flatten)]
    pub(crate) glance: Glance,
}

/// A folder that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnreadFolder {
    /// Account and folder.
    pub(crate) folder: String,
    /// Since when, and why.
    #[serde(flatten)]
    pub(crate) stalled: Stalled,
}

/// Why nothing moves: what the bot does can't be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stalled {
    /// Since when.
    pub(crate) since: Timestamp,
    /// What the disk, or a server, says.
    pub(crate) why: String,
}

impl Stalled {
    /// That nothing moves, in a sentence.
    pub(crate) fn sentence(&self) -> String {
        let why = self.why.trim_end_matches('.');
        format!(
            "Nothing moves since {}, for what the bot does can't be written down: {why}. It tries \
             again every few seconds, and goes on by itself.",
            clock(self.since)
        )
    }

    /// What the command is answered that is the first to find no room: it is not lost.
    pub(crate) fn delay(&self) -> String {
        format!("This is carried out once that is over. {}", self.sentence())
    }

    /// What a command is answered meanwhile.
    pub(crate) fn refusal(&self) -> String {
        format!("This was not carried out. {}", self.sentence())
    }

    /// Says so in each line that says what is next.
    pub(crate) fn mark(&self, glance: &mut Glance) {
        let sentence = self.sentence();
        let pulls = glance.pulls.iter_mut().map(|line| &mut line.because);
        for because in pulls.chain(glance.runs.iter_mut().map(|line| &mut line.because)) {
            *because = format!("{sentence} Then: {because}");
        }
    }
}

/// One request, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// In short.
    pub(crate) pull: PullLine,
    /// Its Message-ID.
    pub(crate) message_id: String,
    /// What it asks for.
    pub(crate) url: String,
    /// What it asks for.
    pub(crate) reference: String,
    /// The tag object it is pinned to.
    pub(crate) tag: Option<ObjectId>,
    /// The commit.
    pub(crate) tip: Option<ObjectId>,
    /// Who signed it.
    pub(crate) signer: Option<String>,
    /// The newer request that supersedes it.
    #[serde(default)]
    pub(crate) superseded_by: Option<PullNumber>,
    /// The requests that it supersedes.
    #[serde(default)]
    pub(crate) replaces: Vec<PullNumber>,
    /// What its author said about taking it back.
    #[serde(default)]
    pub(crate) retracted: Option<String>,
    /// What of it is set aside.
    #[serde(default)]
    pub(crate) aside: Vec<AsideLine>,
    /// Its runs, newest first.
    pub(crate) runs: Vec<RunLine>,
    /// All that it would change in what CI runs, a line each, where it is held for that.
    #[serde(default)]
    pub(crate) ci_changes: Vec<String>,
    /// What happened, oldest first.
    pub(crate) history: Vec<HistoryEntry>,
    /// The commands that were given about it, newest first.
    #[serde(default)]
    pub(crate) commands: Vec<AuditEntry>,
}

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
