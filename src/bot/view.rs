//! What `status` and `show` say: plain values, for people and programs alike. It must not decide
//! anything; `because` comes from the rules.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::control::Reply;
use crate::ports::{Fault, FileName, Store};
use crate::pull::command::Named;
use crate::pull::ids::{ObjectId, PullNumber, RunId};
use crate::pull::records::{HistoryEntry, Pause};
use crate::pull::request::{HoldReason, Pull, Stage};
use crate::pull::run::{Run, Why};
use crate::pull::verdict::Outcome;
use crate::pull::world::World;

/// The bot at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// When this was asked.
    pub at: Timestamp,
    /// Whether a bot runs; else this is what the store says.
    pub running: bool,
    /// Set while no new test may begin.
    pub pause: Option<Pause>,
    /// Open requests, by number.
    pub pulls: Vec<PullLine>,
    /// Runs that somebody asked for and that are not over.
    pub runs: Vec<RunLine>,
    /// Letters that are not sent yet.
    pub letters_waiting: usize,
    /// Folders, and when each was last read to its end.
    pub folders: Vec<FolderLine>,
}

/// A request in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullLine {
    /// Its number.
    pub number: PullNumber,
    /// Its subject.
    pub subject: String,
    /// Its author.
    pub author: String,
    /// Its target.
    pub target: String,
    /// Its stage.
    pub stage: String,
    /// The conclusion in one word, where there is one.
    pub verdict: Option<String>,
    /// When the mailbox received it.
    pub received_at: Timestamp,
    /// Why nothing else happens now.
    pub because: String,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    /// Its number.
    pub id: RunId,
    /// What it tests.
    pub what: String,
    /// Its stage.
    pub stage: String,
    /// How it ended, if it has.
    pub outcome: Option<String>,
    /// Why it ended so, where one word does not say it.
    #[serde(default)]
    pub detail: Option<String>,
    /// The candidate.
    pub candidate: Option<ObjectId>,
    /// The pipeline's page.
    pub pipeline: Option<String>,
    /// The branch of the CI project.
    pub ci_ref: String,
    /// Why nothing else happens now.
    pub because: String,
}

/// A folder in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FolderLine {
    /// Account and folder.
    pub folder: String,
    /// When it was last read to its end.
    pub read_at: Timestamp,
}

/// One request, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// In short.
    pub pull: PullLine,
    /// Its Message-ID.
    pub message_id: String,
    /// What it asks for.
    pub url: String,
    /// What it asks for.
    pub reference: String,
    /// The tag object it is pinned to.
    pub tag: Option<ObjectId>,
    /// The commit.
    pub tip: Option<ObjectId>,
    /// Who signed it.
    pub signer: Option<String>,
    /// The newer request that supersedes it.
    #[serde(default)]
    pub superseded_by: Option<PullNumber>,
    /// The requests that it supersedes.
    #[serde(default)]
    pub replaces: Vec<PullNumber>,
    /// What its author said about taking it back.
    #[serde(default)]
    pub retracted: Option<String>,
    /// Its runs, newest first.
    pub runs: Vec<RunLine>,
    /// All that it would change in what CI runs, a line each, where it is held for that.
    #[serde(default)]
    pub ci_changes: Vec<String>,
    /// What happened, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// The whole at a glance.
pub fn status(world: &World, running: bool, now: Timestamp) -> Status {
    let asked = |run: &&Run| matches!(run.why, Why::Asked { .. });
    Status {
        at: now,
        running,
        pause: world.control().pause.clone(),
        pulls: world.pulls().values().map(|pull| pull_line(world, pull, now)).collect(),
        runs: world.runs().values().filter(asked).map(|run| run_line(world, run, now)).collect(),
        letters_waiting: world.letters().len(),
        folders: world
            .cursors()
            .iter()
            .map(|(folder, cursor)| FolderLine {
                folder: format!("{}: {}", folder.account, folder.folder),
                read_at: cursor.read_at,
            })
            .collect(),
    }
}

fn pull_line(world: &World, pull: &Pull, now: Timestamp) -> PullLine {
    PullLine {
        number: pull.number,
        subject: pull.cover.subject.clone(),
        author: pull.cover.author.called().to_owned(),
        target: pull.target.to_string(),
        stage: pull.stage.word().to_owned(),
        verdict: pull.stage.verdict().map(|verdict| verdict.word().to_owned()),
        received_at: pull.received_at,
        because: running_because(world, pull, now)
            .unwrap_or_else(|| world.next_for_pull(pull, now).because),
    }
}

/// What a request that is being tested waits for: what its run waits for.
fn running_because(world: &World, pull: &Pull, now: Timestamp) -> Option<String> {
    let Stage::Running { run, .. } = &pull.stage else { return None };
    let next = world.runs().get(run).and_then(|run| world.next_for_run(run, now))?;
    Some(format!("run {run}: {}", next.because))
}

fn run_line(world: &World, run: &Run, now: Timestamp) -> RunLine {
    let because = world.next_for_run(run, now).map(|decision| decision.because);
    RunLine {
        id: run.id,
        what: match &run.why {
            Why::Attempt { pull, attempt, .. } => format!("attempt {attempt} of request {pull}"),
            Why::Asked { url, reference, sha, .. } => format!("{sha} ({reference} of {url})"),
        },
        stage: run.stage.word().to_owned(),
        outcome: run.outcome().map(|outcome| outcome.word().to_owned()),
        detail: run.outcome().and_then(Outcome::detail),
        candidate: run.stage.candidate().map(|candidate| candidate.commit),
        pipeline: run
            .pipeline()
            .or_else(|| run.outcome().and_then(|outcome| outcome.pipeline()))
            .map(|pipeline| pipeline.url.clone()),
        ci_ref: run.ci_ref.clone(),
        because: because.unwrap_or_else(|| "its target is no longer configured".to_owned()),
    }
}

/// One request, open or closed; `None` if there is no such one.
///
/// # Errors
/// As the store.
pub fn show(
    world: &World,
    store: &dyn Store,
    named: &Named,
    now: Timestamp,
) -> Result<Option<Shown>, Fault> {
    let number = match named {
        Named::Pull(number) => Some(*number),
        Named::Mail(id) => store.pull_by_message_id(id)?,
        Named::Run(id) => store.run(*id)?.and_then(|run| match run.why {
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
    let mut runs: Vec<&Run> = world
        .runs()
        .values()
        .filter(|run| matches!(run.why, Why::Attempt { pull, .. } if pull == number))
        .collect();
    runs.reverse();
    Ok(Some(Shown {
        message_id: pull.cover.message_id.bracketed(),
        url: pull.cover.request.url.clone(),
        reference: pull.cover.request.reference.clone(),
        tag: pinned.and_then(|pinned| pinned.tag.as_ref()).map(|tag| tag.id),
        tip: pinned.map(|pinned| pinned.tip),
        signer: trusted.map(|trusted| format!("{} ({})", trusted.signer.name, trusted.signer.key)),
        superseded_by: pull.lineage.superseded_by,
        replaces: pull.lineage.replaces.iter().map(|replaced| replaced.number).collect(),
        retracted: pull.retraction.as_ref().map(|retraction| retraction.said.clone()),
        runs: runs.into_iter().map(|run| run_line(world, run, now)).collect(),
        ci_changes: ci_changes(store, &pull)?,
        history: store.history(number)?,
        pull: pull_line(world, &pull, now),
    }))
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
pub fn show_run(
    world: &World,
    store: &dyn Store,
    id: RunId,
    now: Timestamp,
) -> Result<Option<RunLine>, Fault> {
    Ok(store.run(id)?.map(|run| run_line(world, &run, now)))
}

/// Shows a request or a run, as the control socket answers.
pub fn reply(world: &World, store: &dyn Store, named: &Named, now: Timestamp) -> Reply {
    let found = show(world, store, named, now).and_then(|found| match (found, named) {
        (Some(shown), _) => Ok(Some(Reply::Shown(Box::new(shown)))),
        (None, Named::Run(id)) => {
            Ok(show_run(world, store, *id, now)?.map(|line| Reply::Run(Box::new(line))))
        }
        (None, Named::Pull(_) | Named::Mail(_)) => Ok(None),
    });
    match found {
        Ok(Some(reply)) => reply,
        Ok(None) => Reply::Refused(format!("There is no {named}.")),
        Err(fault) => Reply::Refused(fault.detail),
    }
}
