//! What `status` and `show` say: plain values, for people and programs alike.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::pull::audit::AuditEntry;
use crate::pull::decision::clock;
use crate::pull::ids::{ObjectId, PullNumber};
use crate::pull::records::HistoryEntry;
use crate::pull::world::glance::{AsideLine, Glance, PullLine, RunLine};

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
