//! The policy in force: what the configuration says, in the rules' own types. It must not read it.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::checks::CheckPolicy;
use super::folder::Folder;
use super::ids::{ListName, TargetName};
use super::overlay::Freeze;
use super::wording::Wording;

/// What holds for everything.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// A request unanswered for this long is told to the release managers.
    pub(crate) unanswered_after: SignedDuration,
    /// What is older than this on arrival is held.
    pub(crate) late_after: SignedDuration,
    /// A tag older than this is held.
    pub(crate) old_tag_after: SignedDuration,
    /// What becomes of a tag that is signed with a key nobody has put into the keyring.
    pub(crate) unknown_keys: UnknownKeys,
    /// Missing refs, mismatched tips and unreachable repositories are tried for this long.
    pub(crate) fetch_patience: SignedDuration,
    /// How long a candidate's ref and its quarantine are kept after the answer.
    pub(crate) keep: SignedDuration,
    /// How many letters may go to one address in an hour.
    pub(crate) letters_per_hour: u32,
    /// How many letters may go out in an hour before outgoing mail is stopped.
    pub(crate) letters_per_hour_in_all: u32,
    /// The command mailbox, where there is one.
    pub(crate) commands: Option<CommandPolicy>,
    /// Who keeps it running.
    pub(crate) administrator: String,
    /// Who decides and merges, by the configuration.
    pub(crate) managers: Vec<String>,
    /// Targets, by name.
    pub(crate) targets: BTreeMap<TargetName, TargetPolicy>,
    /// Lists, by name.
    pub(crate) lists: BTreeMap<ListName, ListPolicy>,
    /// The words of reasons.
    pub(crate) words: &'static dyn Wording,
}

/// What holds for mails to the command mailbox.
#[derive(Debug, Clone)]
pub(crate) struct CommandPolicy {
    /// Where they are mailed: one signed for anybody else is refused.
    pub(crate) address: String,
    /// What was signed longer ago is not obeyed.
    pub(crate) window: SignedDuration,
    /// How many mails of one sender are read in an hour.
    pub(crate) mails_per_hour: u32,
}

/// What becomes of a tag that is signed with a key nobody has put into the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownKeys {
    /// It is refused.
    Refuse,
    /// It waits for a release manager, as of a first-time signer.
    Hold,
}

/// What holds for a target.
#[derive(Debug, Clone)]
pub(crate) struct TargetPolicy {
    /// Runs that share this text share their slots: pipelines of one project share runners.
    pub(crate) slot: String,
    /// How many of them at a time.
    pub(crate) max_running: u32,
    /// The candidate's branch: `{target}`, `{number}` and `{attempt}` are filled in.
    pub(crate) reference: String,
    /// From the pipeline's creation to the first job's start.
    pub(crate) start_within: SignedDuration,
    /// From the first job's start to the end.
    pub(crate) finish_within: SignedDuration,
    /// How often a pipeline is looked at.
    pub(crate) poll: SignedDuration,
    /// Jobs without whose success nothing has passed.
    pub(crate) required_jobs: Vec<String>,
    /// Whether what CI would run is asked of GitLab before it runs.
    pub(crate) ci_lint: CiLint,
    /// Globs of files whose change holds a request.
    pub(crate) ci_paths: Vec<String>,
    /// What follows from problems of its commits.
    pub(crate) checks: CheckPolicy,
    /// Set while a person's freeze is in force; the configuration has none.
    pub(crate) freeze: Option<Freeze>,
}

/// Whether what CI would run, with the request and without, is asked of GitLab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CiLint {
    /// It is not.
    Off,
    /// It is; where GitLab does not tell, files are compared and the administrator hears of it.
    Try,
    /// It is; where GitLab does not tell, nothing is tested.
    Require,
}

/// What holds for a list.
#[derive(Debug, Clone)]
pub(crate) struct ListPolicy {
    /// Its posting address.
    pub(crate) address: String,
    /// The folder in which the bot's own letters to the list come back.
    pub(crate) own_copies: Folder,
}

impl TargetPolicy {
    /// Whether requests have CI refs of their own. If not, one that is prepared would push over
    /// another's candidate while that is tested.
    pub(crate) fn has_own_refs(&self) -> bool {
        self.reference.contains("{number}")
    }

    /// The CI ref of an attempt or of an asked run, from the template.
    pub(crate) fn ci_ref(&self, target: &TargetName, number: &str, attempt: u32) -> String {
        self.reference
            .replace("{target}", target.as_str())
            .replace("{number}", number)
            .replace("{attempt}", &attempt.to_string())
    }
}
