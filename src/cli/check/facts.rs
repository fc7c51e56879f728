//! What `gatepost check` asks the world, and the answers as plain values. It must not judge them.

use std::net::SocketAddr;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::config::model::{Account, Target};
use crate::ports::Fault;
use crate::pull::ids::{ObjectId, TargetName};
use crate::pull::signer::Scope;

/// The world, as far as `check` looks at it. Asking changes nothing, and may be repeated.
pub trait Probes {
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
pub enum StateFacts {
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
pub struct KeyringFacts {
    /// The keys.
    pub keys: Vec<KeyFacts>,
    /// The maintainers that a file of the folder names.
    pub maintainers: Vec<MaintainerFacts>,
    /// Files, or lines of them, that can't be read, and why.
    pub problems: Vec<String>,
}

/// One maintainer of `maintainers.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintainerFacts {
    /// How letters call them.
    pub name: String,
    /// The line where the entry begins.
    pub line: usize,
    /// What they may submit.
    pub scope: Scope,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its fingerprint.
    pub key: String,
    /// Whose it is.
    pub owner: String,
    /// The owner's addresses.
    pub addresses: Vec<String>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Why it is not believed now.
    pub trouble: Option<String>,
}

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxFacts {
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
    /// Whether the server announces news by itself.
    pub can_idle: bool,
    /// Each folder, and how many mails are in it.
    pub folders: Vec<(String, Result<u32, Fault>)>,
}

/// The mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpFacts {
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
    /// Whether there was a login.
    pub is_logged_in: bool,
}

/// What GitLab said; each part by itself, since any may be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitLabFacts {
    /// GitLab's version.
    pub version: Result<String, Fault>,
    /// The login name of the token's user.
    pub user: Result<String, Fault>,
    /// The token.
    pub token: Result<TokenFacts, Fault>,
    /// The project.
    pub project: Result<ProjectFacts, Fault>,
    /// Protected branches whose pattern takes in the candidate's branch.
    pub protected: Result<Vec<ProtectedFacts>, Fault>,
    /// What candidates may reach; `None` where the project can't be seen.
    pub reach: Option<ReachFacts>,
}

/// CI variables and runners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachFacts {
    /// Variables of the project, and of its groups as far as they can be seen.
    pub variables: Result<Vec<VariableFacts>, Fault>,
    /// Groups whose variables can't be seen.
    pub closed_groups: Vec<String>,
    /// Runners.
    pub runners: Result<Vec<RunnerFacts>, Fault>,
}

/// A CI variable, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableFacts {
    /// Its name.
    pub key: String,
    /// Whether it reaches protected branches only.
    pub protected: bool,
    /// Whether logs do not show it.
    pub masked: bool,
    /// The group it comes from; `None`: the project's own.
    pub group: Option<String>,
}

/// A runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerFacts {
    /// What its owner calls it.
    pub description: String,
    /// GitLab's word for whose it is.
    pub kind: String,
    /// Its tags, where GitLab tells them.
    pub tags: Option<Vec<String>>,
    /// Whether it takes jobs of protected branches only, where GitLab tells that.
    pub protected: Option<bool>,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Whether they are enough; `None` if they do not tell.
    pub suffices: Option<bool>,
    /// Its last day.
    pub expires_at: Option<Date>,
    /// Whether it works now.
    pub active: bool,
}

/// Who may see a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Its members.
    ByMembers,
    /// Everybody with an account.
    ByAccounts,
    /// Everybody.
    ByAll,
}

/// A CI project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFacts {
    /// Its full path.
    pub path: String,
    /// Who may see it.
    pub seen: Seen,
    /// Whether nothing was pushed to it yet.
    pub empty: bool,
    /// Whether it is read-only.
    pub archived: bool,
    /// Whether CI is on.
    pub ci_enabled: bool,
    /// Whether those who see it see its pipelines too.
    pub public_jobs: bool,
    /// Whether a new pipeline on a branch cancels the branch's older ones.
    pub auto_cancels: bool,
    /// Whether the token may make pipelines; `None` if GitLab does not say.
    pub may_make_pipelines: Option<bool>,
    /// Whether it may give them variables; `None` if GitLab does not say.
    pub may_set_variables: Option<bool>,
    /// The token's role (30 Developer, 40 Maintainer, 50 Owner), where GitLab says it.
    pub role: Option<u64>,
}

/// A protected branch or a pattern of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedFacts {
    /// The name or pattern.
    pub name: String,
    /// The roles that may push; 0: nobody.
    pub push: Vec<u64>,
    /// Whether who may push may also force it.
    pub force_push: bool,
}
