//! What `gatepost check` asks the world, and the answers as plain values. It must not judge them.

use std::net::SocketAddr;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::config::model::{Account, Target};
use crate::ports::Fault;
use crate::pull::ids::{ObjectId, TargetName};
use crate::pull::signer::Scope;

/// The world, as far as `check` looks at it. Asking changes nothing, and may be repeated.
pub(crate) trait Probes {
    /// The state directory, as it is on the disk.
    fn state_directory(&mut self) -> StateFacts;

    /// The keyring.
    ///
    /// # Errors
    /// Misconfigured: its folder can't be read.
    fn keyring(&mut self, now: Timestamp) -> Result<KeyringFacts, Fault>;

    /// Logs in to a mailbox and opens those folders.
    ///
    /// # Errors
    /// Temporary, or misconfigured: server, certificate, login.
    fn mailbox(&mut self, account: &Account, folders: &[String]) -> Result<MailboxFacts, Fault>;

    /// Says hello to the mail server, and logs in.
    ///
    /// # Errors
    /// Temporary, or misconfigured: server, certificate, login.
    fn smtp(&mut self) -> Result<SmtpFacts, Fault>;

    /// Asks the DNS for a text record, with which DKIM signatures of commands are verified.
    ///
    /// # Errors
    /// Temporary: it does not answer. Misconfigured: the system names no DNS servers.
    fn resolver(&mut self, resolvers: &[SocketAddr], domain: &str) -> Result<(), Fault>;

    /// Brings a target's mirror up to date and says where the branch is.
    ///
    /// # Errors
    /// Temporary, or misconfigured: URL, branch, no mirror yet.
    fn target_head(&mut self, target: &TargetName) -> Result<ObjectId, Fault>;

    /// Asks GitLab about itself, the token and the project. `branch` is a candidate's, as the
    /// template makes it.
    fn gitlab(&mut self, target: &Target, branch: &str) -> GitLabFacts;
}

/// A directory on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StateFacts {
    /// There is none, or it can't be looked at; the system's words.
    Unreachable(String),
    /// It is there.
    Present {
        /// Its permission bits.
        mode: u32,
        /// Why nothing can be written in it, in the system's words.
        unwritable: Option<String>,
        /// How many bytes are free for us.
        free: u64,
    },
}

/// The keys that the bot believes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyringFacts {
    /// The keys.
    pub(crate) keys: Vec<KeyFacts>,
    /// The maintainers that a file of the folder names.
    pub(crate) maintainers: Vec<MaintainerFacts>,
    /// Files, or lines of them, that can't be read, and why.
    pub(crate) problems: Vec<String>,
}

/// One maintainer of `maintainers.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MaintainerFacts {
    /// How letters call them.
    pub(crate) name: String,
    /// The line where the entry begins.
    pub(crate) line: usize,
    /// What they may submit.
    pub(crate) scope: Scope,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyFacts {
    /// Its fingerprint.
    pub(crate) key: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// The owner's addresses.
    pub(crate) addresses: Vec<String>,
    /// When it ends.
    pub(crate) expires: Option<Timestamp>,
    /// Why it is not believed now.
    pub(crate) trouble: Option<String>,
}

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailboxFacts {
    /// Whether the connection is encrypted.
    pub(crate) is_encrypted: bool,
    /// Whether the server announces news by itself.
    pub(crate) can_idle: bool,
    /// Each folder, and how many mails are in it.
    pub(crate) folders: Vec<(String, Result<u32, Fault>)>,
}

/// The mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SmtpFacts {
    /// Whether the connection is encrypted.
    pub(crate) is_encrypted: bool,
    /// Whether there was a login.
    pub(crate) is_logged_in: bool,
}

/// What GitLab said; each part by itself, since any may be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GitLabFacts {
    /// GitLab's version.
    pub(crate) version: Result<String, Fault>,
    /// The login name of the token's user.
    pub(crate) user: Result<String, Fault>,
    /// The token.
    pub(crate) token: Result<TokenFacts, Fault>,
    /// The project.
    pub(crate) project: Result<ProjectFacts, Fault>,
    /// Protected branches whose pattern takes in the candidate's branch.
    pub(crate) protected: Result<Vec<ProtectedFacts>, Fault>,
    /// What candidates may reach; `None` where the project can't be seen.
    pub(crate) reach: Option<ReachFacts>,
}

/// CI variables and runners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReachFacts {
    /// Variables of the project, and of its groups as far as they can be seen.
    pub(crate) variables: Result<Vec<VariableFacts>, Fault>,
    /// Groups whose variables can't be seen.
    pub(crate) closed_groups: Vec<String>,
    /// Runners.
    pub(crate) runners: Result<Vec<RunnerFacts>, Fault>,
}

/// A CI variable, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariableFacts {
    /// Its name.
    pub(crate) key: String,
    /// Whether it reaches protected branches only.
    pub(crate) protected: bool,
    /// Whether logs do not show it.
    pub(crate) masked: bool,
    /// The group it comes from; `None`: the project's own.
    pub(crate) group: Option<String>,
}

/// A runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunnerFacts {
    /// What its owner calls it.
    pub(crate) description: String,
    /// GitLab's word for whose it is.
    pub(crate) kind: String,
    /// Its tags, where GitLab tells them.
    pub(crate) tags: Option<Vec<String>>,
    /// Whether it takes jobs of protected branches only, where GitLab tells that.
    pub(crate) protected: Option<bool>,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenFacts {
    /// Its scopes.
    pub(crate) scopes: Vec<String>,
    /// Whether they are enough; `None` if they do not tell.
    pub(crate) suffices: Option<bool>,
    /// Its last day.
    pub(crate) expires_at: Option<Date>,
    /// Whether it works now.
    pub(crate) active: bool,
}

/// Who may see a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Its members.
    Members,
    /// Everybody with an account.
    Accounts,
    /// Everybody.
    Everybody,
}

/// A CI project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProjectFacts {
    /// Its full path.
    pub(crate) path: String,
    /// Who may see it.
    pub(crate) seen: Seen,
    /// Whether nothing was pushed to it yet.
    pub(crate) empty: bool,
    /// Whether it is read-only.
    pub(crate) archived: bool,
    /// Whether CI is on.
    pub(crate) ci_enabled: bool,
    /// Whether those who see it see its pipelines too.
    pub(crate) public_jobs: bool,
    /// Whether a new pipeline on a branch cancels the branch's older ones.
    pub(crate) auto_cancels: bool,
    /// Whether the token may make pipelines; `None` if GitLab does not say.
    pub(crate) may_make_pipelines: Option<bool>,
    /// Whether it may give them variables; `None` if GitLab does not say.
    pub(crate) may_set_variables: Option<bool>,
    /// The token's role (30 Developer, 40 Maintainer, 50 Owner), where GitLab says it.
    pub(crate) role: Option<u64>,
}

/// A protected branch or a pattern of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProtectedFacts {
    /// The name or pattern.
    pub(crate) name: String,
    /// The roles that may push; 0: nobody.
    pub(crate) push: Vec<u64>,
    /// Whether who may push may also force it.
    pub(crate) force_push: bool,
}
