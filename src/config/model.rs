//! The checked configuration: what the rest of the program sees. It must not read files.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use globset::GlobMatcher;
use jiff::SignedDuration;

use super::secret::Secret;
use crate::mail::rules::{Goal, Phrase, Rules, Unusual};
use crate::pull::checks::CheckPolicy;
use crate::pull::cover::Person;
use crate::pull::ids::{AccountName, ListName, TargetName};
use crate::pull::policy::{CiLint, UnknownKeys};

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The bot itself.
    pub bot: Bot,
    /// Where it keeps what it remembers.
    pub state: State,
    /// Mailboxes, by name.
    pub accounts: BTreeMap<AccountName, Account>,
    /// Lists, by name.
    pub lists: BTreeMap<ListName, List>,
    /// Targets, by name.
    pub targets: BTreeMap<TargetName, Target>,
    /// Whom and what it trusts.
    pub trust: Trust,
    /// Limits of fetches.
    pub fetch: Fetch,
    /// The way out for letters.
    pub smtp: Smtp,
    /// The mailbox for commands; `None`: there is none.
    pub command: Option<Command>,
}

impl Config {
    /// The rules of every list, by the lists' names.
    pub fn rules(&self) -> Vec<Rules> {
        self.lists.values().map(|list| self.rules_of(list)).collect()
    }

    /// The rules of one of the lists.
    pub fn rules_of(&self, list: &List) -> Rules {
        let goal = |name: &TargetName| Goal {
            target: name.clone(),
            branch: self.targets.get(name).map_or_else(String::new, |t| t.branch.clone()),
        };
        let targets = list.targets.iter().map(|(words, name)| (words.clone(), goal(name)));
        Rules {
            list: list.name.clone(),
            address: list.address.clone(),
            list_id: list.list_id.clone(),
            markers: list.markers.clone(),
            accept: list.accept.clone(),
            targets: targets.collect(),
            target: goal(&list.target),
            not_for_us: list.not_for_us.clone(),
            submitters: list.submitters.clone(),
            near_misses: list.near_misses,
            retest_by_mail: list.retest_by_mail,
        }
    }
}

/// What the bot does with the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything.
    Live,
    /// Real pipelines; every letter goes to the release managers only.
    Shadow,
}

/// `[bot]`
#[derive(Debug, Clone)]
pub struct Bot {
    /// From whom its letters are.
    pub from: Person,
    /// Who keeps it running.
    pub administrator: String,
    /// Who decides and merges; at least one.
    pub release_managers: Vec<String>,
    /// Live or shadow.
    pub mode: Mode,
    /// The control socket's path; by default `control.sock` in the state directory.
    pub control_socket: PathBuf,
    /// A request unanswered for this long is told to the release managers.
    pub unanswered_after: SignedDuration,
    /// What is older than this on arrival is held.
    pub late_after: SignedDuration,
    /// A tag older than this is held.
    pub old_tag_after: SignedDuration,
    /// Missing refs, mismatched tips and unreachable repositories are tried for this long.
    pub fetch_patience: SignedDuration,
    /// How many letters may go to one address in an hour.
    pub letters_per_hour: u32,
    /// How many letters may go out in an hour before all mail is paused.
    pub letters_per_hour_in_all: u32,
}

/// `[state]`
#[derive(Debug, Clone)]
pub struct State {
    /// The directory: database, files, mirror, quarantines.
    pub directory: PathBuf,
    /// How long a candidate's ref, its quarantine and its files are kept after the answer.
    pub keep: SignedDuration,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (IMAPS, SMTPS).
    Implicit,
    /// After STARTTLS, which must be offered.
    Starttls,
    /// Not at all; only to loopback, unless `allow_plain` says otherwise.
    None,
}

/// `[[account]]`: a mailbox.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name.
    pub name: AccountName,
    /// The IMAP server.
    pub host: String,
    /// Its port; 993 or 143 by default.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Whether, with [`Tls::None`], it may leave this machine.
    pub allow_plain: bool,
    /// A file of CA certificates (PEM) to believe instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The login name.
    pub login: String,
    /// The password.
    pub password: Secret,
    /// Folders are looked at this often besides IDLE.
    pub poll: SignedDuration,
}

/// `[[list]]`: a mailing list as one folder of an account holds it.
#[derive(Debug, Clone)]
pub struct List {
    /// Its name.
    pub name: ListName,
    /// Whose mailbox.
    pub account: AccountName,
    /// Which folder.
    pub folder: String,
    /// The list's posting address.
    pub address: String,
    /// Its List-Id, without brackets; empty: not looked at.
    pub list_id: Option<String>,
    /// Where its requests go, unless their subject says otherwise.
    pub target: TargetName,
    /// Where requests go whose subject has those words.
    pub targets: Vec<(Phrase, TargetName)>,
    /// What marks a request in the subject.
    pub markers: Vec<Phrase>,
    /// What is acted on besides.
    pub accept: Vec<Unusual>,
    /// Who may submit; empty: anybody.
    pub submitters: Vec<GlobMatcher>,
    /// Words in brackets that say a request is for somebody else.
    pub not_for_us: Vec<Phrase>,
    /// Whether the author of a near miss is told.
    pub near_misses: bool,
    /// Whether a signed `gatepost: retest` on the list's thread counts.
    pub retest_by_mail: bool,
    /// Whether its archive is private.
    pub private: bool,
    /// Where the bot finds its own letters when the list does not send them back to it: a folder
    /// of the same account; the bot then Bccs itself.
    pub own_copy_folder: Option<String>,
}

/// `[[target]]`: a branch, and the CI project that tests what is to go into it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name.
    pub name: TargetName,
    /// The project's own repository, whence the branch is read.
    pub url: String,
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// What the merge message says after "into".
    pub into: String,
    /// Its CI.
    pub ci: Ci,
    /// What follows from problems of its commits.
    pub checks: CheckPolicy,
}

/// `[target.ci]`
#[derive(Debug, Clone)]
pub struct Ci {
    /// GitLab's root, `https://gitlab.com`; a path prefix is kept.
    pub gitlab: String,
    /// The project's full path or number.
    pub project: String,
    /// The URL candidates are pushed to; by default `{gitlab}/{project}.git`.
    pub push_url: String,
    /// The URL that letters name for fetching; by default as `push_url`.
    pub fetch_url: String,
    /// The token (`api` and `write_repository`).
    pub token: Secret,
    /// A file of CA certificates (PEM) to believe instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The candidate's branch: `{target}`, `{number}` and `{attempt}` are filled in.
    pub reference: String,
    /// How many runs at a time.
    pub max_running: u32,
    /// From the pipeline's creation to the first job's start.
    pub start_within: SignedDuration,
    /// From the first job's start to the end.
    pub finish_within: SignedDuration,
    /// How often a pipeline is looked at.
    pub poll: SignedDuration,
    /// Jobs without whose success nothing has passed.
    pub required_jobs: Vec<String>,
    /// Whether what CI would run is asked of GitLab before it runs.
    pub ci_lint: CiLint,
    /// Globs of files whose change holds a request.
    pub ci_paths: Vec<String>,
    /// Pipeline variables.
    pub variables: BTreeMap<String, String>,
    /// Pipeline inputs.
    pub inputs: BTreeMap<String, serde_json::Value>,
}

/// `[trust]`
#[derive(Debug, Clone)]
pub struct Trust {
    /// A folder of OpenPGP certificates (`.asc`, `.gpg`, `.pgp`) `allowed_signers` and `maintainers.toml`.
    pub keyring: PathBuf,
    /// What becomes of a tag that is signed with a key which is not in it.
    pub unknown_keys: UnknownKeys,
    /// Schemes to fetch by.
    pub schemes: Vec<String>,
    /// Hosts to fetch from: globs.
    pub hosts: Vec<String>,
    /// Addresses that would be refused as inside the operator's network, and are allowed all the
    /// same. For tests: `127.0.0.1`.
    pub allow_addresses: Vec<IpAddr>,
}

/// `[fetch]`: limits of one git operation.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// How long a fetch, a mirror update or a push may take.
    pub deadline: SignedDuration,
    /// How many bytes may come in one fetch.
    pub max_bytes: u64,
    /// How much memory the git child may take.
    pub max_memory: u64,
    /// How much disk all quarantines may take.
    pub disk_budget: u64,
    /// A file of CA certificates (PEM) to believe instead of the system's, for git over https.
    pub ca_file: Option<PathBuf>,
}

/// `[smtp]`
#[derive(Debug, Clone)]
pub struct Smtp {
    /// The server that takes the bot's letters.
    pub host: String,
    /// Its port; 465, 587 or, without TLS, 25 by default.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Whether, with [`Tls::None`], it may leave this machine.
    pub allow_plain: bool,
    /// A file of CA certificates (PEM) to believe instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Login name and password; none: no AUTH.
    pub login: Option<(String, Secret)>,
    /// The name for EHLO; by default the machine's.
    pub hello_name: Option<String>,
    /// How long one letter may take.
    pub deadline: SignedDuration,
}

/// `[command]`: the mailbox for commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Whose mailbox.
    pub account: AccountName,
    /// Which folder.
    pub folder: String,
    /// Where commands are mailed to.
    pub address: String,
    /// What was signed longer ago is refused.
    pub window: SignedDuration,
    /// How many mails of one sender are read in an hour.
    pub mails_per_hour: u32,
    /// What stands in for an OpenPGP signature.
    pub dkim: Dkim,
}

/// Whose word on a DKIM signature counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dkim {
    /// Nobody's: only OpenPGP proves a sender.
    Off,
    /// The bot's own.
    Verify {
        /// The DNS servers to ask; empty: the system's.
        resolvers: Vec<SocketAddr>,
    },
    /// The own mail server's, in the topmost `Authentication-Results` (RFC 8601).
    Header {
        /// The name with which that server begins the header.
        authserv_id: String,
    },
}
