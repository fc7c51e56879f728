//! What is open, at a glance: plain values, for people and programs alike. It must not decide
//! anything; `because` comes from the rules.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use crate::pull::aside::RecordKey;
use crate::pull::ids::{ObjectId, PullNumber, RunId};
use crate::pull::overlay::Overlay;
use crate::pull::request::{Note, Pull, Stage};
use crate::pull::run::{Run, Why};

/// Everything that is open.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Glance {
    /// When this was asked.
    pub(crate) at: Timestamp,
    /// What commands changed: pauses, freezes, people, keys.
    pub(crate) overlay: Overlay,
    /// Open requests, by number.
    pub(crate) pulls: Vec<PullLine>,
    /// Runs that are not over.
    pub(crate) runs: Vec<RunLine>,
    /// Letters that are not sent yet.
    pub(crate) letters_waiting: usize,
    /// Folders, and when each was last read to its end.
    pub(crate) folders: Vec<FolderLine>,
    /// What is set aside.
    #[serde(default)]
    pub(crate) aside: Vec<AsideLine>,
}

/// A record that is set aside, in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AsideLine {
    /// Which.
    pub(crate) record: RecordKey,
    /// What it is: a subject, and who has to do with it.
    pub(crate) what: String,
    /// The request that it has to do with.
    pub(crate) pull: Option<PullNumber>,
    /// Since when.
    pub(crate) since: Timestamp,
    /// What failed.
    pub(crate) why: String,
}

/// A request in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PullLine {
    /// Its number.
    pub(crate) number: PullNumber,
    /// Its subject.
    pub(crate) subject: String,
    /// Its author.
    pub(crate) author: String,
    /// Its target.
    pub(crate) target: String,
    /// Its tag's name, or what else it names.
    #[serde(default)]
    pub(crate) tag: String,
    /// Its stage.
    pub(crate) stage: String,
    /// The conclusion in one word, where there is one.
    pub(crate) verdict: Option<String>,
    /// When the mailbox received it.
    pub(crate) received_at: Timestamp,
    /// Why nothing else happens now.
    pub(crate) because: String,
    /// Its place in the queue: higher goes first.
    #[serde(default)]
    pub(crate) priority: i32,
    /// What people wrote down beside it.
    #[serde(default)]
    pub(crate) notes: Vec<Note>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunLine {
    /// Its number.
    pub(crate) id: RunId,
    /// The request that it is an attempt of; `None`: somebody asked for it.
    #[serde(default)]
    pub(crate) pull: Option<PullNumber>,
    /// What it tests.
    pub(crate) what: String,
    /// Its stage.
    pub(crate) stage: String,
    /// How it ended, if it has.
    pub(crate) outcome: Option<String>,
    /// Why it ended so, where one word does not say it.
    #[serde(default)]
    pub(crate) detail: Option<String>,
    /// The candidate.
    pub(crate) candidate: Option<ObjectId>,
    /// The pipeline's page.
    pub(crate) pipeline: Option<String>,
    /// The branch of the CI project.
    pub(crate) ci_ref: String,
    /// Why nothing else happens now.
    pub(crate) because: String,
}

/// A folder in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FolderLine {
    /// Account and folder.
    pub(crate) folder: String,
    /// When it was last read to its end.
    pub(crate) read_at: Timestamp,
}

impl World {
    /// What is open.
    pub(crate) fn glance(&self, now: Timestamp) -> Glance {
        Glance {
            at: now,
            overlay: self.stored.overlay.clone(),
            pulls: self.stored.pulls.values().map(|pull| self.pull_line(pull, now)).collect(),
            runs: self.stored.runs.values().map(|run| self.run_line(run, now)).collect(),
            letters_waiting: self.stored.letters.len(),
            folders: self
                .stored
                .cursors
                .iter()
                .map(|(folder, cursor)| FolderLine {
                    folder: format!("{}: {}", folder.account, folder.folder),
                    read_at: cursor.read_at,
                })
                .collect(),
            aside: self
                .aside()
                .iter()
                .map(|(key, aside)| AsideLine {
                    record: key.clone(),
                    what: self.what_is(key),
                    pull: self.pull_with(key),
                    since: aside.since,
                    why: aside.why.clone(),
                })
                .collect(),
        }
    }

    fn pull_line(&self, pull: &Pull, now: Timestamp) -> PullLine {
        let aside = self.aside().contains_key(&RecordKey::Pull(pull.number));
        let because = if aside { None } else { self.running_because(pull, now) };
        PullLine::new(pull, because.unwrap_or_else(|| self.next_for_pull(pull, now).because))
    }

    /// What a request that is being tested waits for: what its run waits for.
    fn running_because(&self, pull: &Pull, now: Timestamp) -> Option<String> {
        let Stage::Running { run, .. } = &pull.stage else { return None };
        let next = self.stored.runs.get(run).and_then(|run| self.next_for_run(run, now))?;
        Some(format!("run {run}: {}", next.because))
    }

    fn run_line(&self, run: &Run, now: Timestamp) -> RunLine {
        let because = self.next_for_run(run, now).map(|decision| decision.because);
        let gone = || "its target is no longer configured".to_owned();
        let detail = run.outcome().and_then(|outcome| self.policy.words.outcome(outcome));
        RunLine::new(run, because.unwrap_or_else(gone), detail)
    }
}

impl PullLine {
    /// A request in a line.
    pub(crate) fn new(pull: &Pull, because: String) -> Self {
        Self {
            number: pull.number,
            subject: pull.mail().subject.clone(),
            author: pull.mail().author.called().to_owned(),
            target: pull.target.to_string(),
            tag: pull.mail().request.tag_name().to_owned(),
            stage: pull.stage.word().to_owned(),
            verdict: pull.stage.verdict().map(|verdict| verdict.word().to_owned()),
            received_at: pull.received_at,
            because,
            priority: pull.priority,
            notes: pull.notes.clone(),
        }
    }
}

impl RunLine {
    /// A run in a line.
    pub(crate) fn new(run: &Run, because: String, detail: Option<String>) -> Self {
        let pipeline = run.pipeline().or_else(|| run.outcome().and_then(|o| o.pipeline()));
        let (pull, what) = match &run.why {
            Why::Attempt { pull, attempt, .. } => {
                (Some(*pull), format!("attempt {attempt} of request {pull}"))
            }
            Why::Asked { url, reference, sha, .. } => {
                (None, format!("{sha} ({reference} of {url})"))
            }
        };
        Self {
            id: run.id,
            pull,
            what,
            stage: run.stage.word().to_owned(),
            outcome: run.outcome().map(|outcome| outcome.word().to_owned()),
            detail,
            candidate: run.stage.candidate().map(|candidate| candidate.commit),
            pipeline: pipeline.map(|pipeline| pipeline.url.clone()),
            ci_ref: run.ci_ref.clone(),
            because,
        }
    }
}
