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
pub(crate) struct Config {
    /// The bot itself.
    pub(crate) bot: Bot,
    /// Where it keeps what it remembers.
    pub(crate) state: State,
    /// Mailboxes, by name.
    pub(crate) accounts: BTreeMap<AccountName, Account>,
    /// Lists, by name.
    pub(crate) lists: BTreeMap<ListName, List>,
    /// Targets, by name.
    pub(crate) targets: BTreeMap<TargetName, Target>,
    /// Whom and what it trusts.
    pub(crate) trust: Trust,
    /// Limits of fetches.
    pub(crate) fetch: Fetch,
    /// The way out for letters.
    pub(crate) smtp: Smtp,
    /// The mailbox for commands; `None`: there is none.
    pub(crate) command: Option<Command>,
}

impl Config {
    /// The rules of every list, by the lists' names.
    pub(crate) fn rules(&self) -> Vec<Rules> {
        self.lists.values().map(|list| self.rules_of(list)).collect()
    }

    /// The rules of one of the lists.
    pub(crate) fn rules_of(&self, list: &List) -> Rules {
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
pub(crate) enum Mode {
    /// Everything.
    Live,
    /// Real pipelines; every letter goes to the release managers only.
    Shadow,
}

/// `[bot]`
#[derive(Debug, Clone)]
pub(crate) struct Bot {
    /// From whom its letters are.
    pub(crate) from: Person,
    /// Who keeps it running.
    pub(crate) administrator: String,
    /// Who decides and merges; at least one.
    pub(crate) release_managers: Vec<String>,
    /// Live or shadow.
    pub(crate) mode: Mode,
    /// The control socket's path; by default `control.sock` in the state directory.
    pub(crate) control_socket: PathBuf,
    /// A request unanswered for this long is told to the release managers.
    pub(crate) unanswered_after: SignedDuration,
    /// What is older than this on arrival is held.
    pub(crate) late_after: SignedDuration,
    /// A tag older than this is held.
    pub(crate) old_tag_after: SignedDuration,
    /// Missing refs, mismatched tips and unreachable repositories are tried for this long.
    pub(crate) fetch_patience: SignedDuration,
    /// How many letters may go to one address in an hour.
    pub(crate) letters_per_hour: u32,
    /// How many letters may go out in an hour before all mail is paused.
    pub(crate) letters_per_hour_in_all: u32,
}

/// `[state]`
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The directory: database, files, mirror, quarantines.
    pub(crate) directory: PathBuf,
    /// How long a candidate's ref, its quarantine and its files are kept after the answer.
    pub(crate) keep: SignedDuration,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    /// From the first byte (IMAPS, SMTPS).
    Implicit,
    /// After STARTTLS, which must be offered.
    Starttls,
    /// Not at all; only to loopback, unless `allow_plain` says otherwise.
    None,
}

/// `[[account]]`: a mailbox.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Its name.
    pub(crate) name: AccountName,
    /// The IMAP server.
    pub(crate) host: String,
    /// Its port; 993 or 143 by default.
    pub(crate) port: u16,
    /// How the connection is protected.
    pub(crate) tls: Tls,
    /// Whether, with [`Tls::None`], it may leave this machine.
    pub(crate) allow_plain: bool,
    /// A file of CA certificates (PEM) to believe instead of the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// The login name.
    pub(crate) login: String,
    /// The password.
    pub(crate) password: Secret,
    /// Folders are looked at this often besides IDLE.
    pub(crate) poll: SignedDuration,
}

/// `[[list]]`: a mailing list as one folder of an account holds it.
#[derive(Debug, Clone)]
pub(crate) struct List {
    /// Its name.
    pub(crate) name: ListName,
    /// Whose mailbox.
    pub(crate) account: AccountName,
    /// Which folder.
    pub(crate) folder: String,
    /// The list's posting address.
    pub(crate) address: String,
    /// Its List-Id, without brackets; empty: not looked at.
    pub(crate) list_id: Option<String>,
    /// Where its requests go, unless their subject says otherwise.
    pub(crate) target: TargetName,
    /// Where requests go whose subject has those words.
    pub(crate) targets: Vec<(Phrase, TargetName)>,
    /// What marks a request in the subject.
    pub(crate) markers: Vec<Phrase>,
    /// What is acted on besides.
    pub(crate) accept: Vec<Unusual>,
    /// Who may submit; empty: anybody.
    pub(crate) submitters: Vec<GlobMatcher>,
    /// Words in brackets that say a request is for somebody else.
    pub(crate) not_for_us: Vec<Phrase>,
    /// Whether the author of a near miss is told.
    pub(crate) near_misses: bool,
    /// Whether a signed `gatepost: retest` on the list's thread counts.
    pub(crate) retest_by_mail: bool,
    /// Whether its archive is private.
    pub(crate) private: bool,
    /// Where the bot finds its own letters when the list does not send them back to it: a folder
    /// of the same account; the bot then Bccs itself.
    pub(crate) own_copy_folder: Option<String>,
}

/// `[[target]]`: a branch, and the CI project that tests what is to go into it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: TargetName,
    /// The project's own repository, whence the branch is read.
    pub(crate) url: String,
    /// The branch, without `refs/heads/`.
    pub(crate) branch: String,
    /// What the merge message says after "into".
    pub(crate) into: String,
    /// Its CI.
    pub(crate) ci: Ci,
    /// What follows from problems of its commits.
    pub(crate) checks: CheckPolicy,
}

/// `[target.ci]`
#[derive(Debug, Clone)]
pub(crate) struct Ci {
    /// GitLab's root, `https://gitlab.com`; a path prefix is kept.
    pub(crate) gitlab: String,
    /// The project's full path or number.
    pub(crate) project: String,
    /// The URL candidates are pushed to; by default `{gitlab}/{project}.git`.
    pub(crate) push_url: String,
    /// The URL that letters name for fetching; by default as `push_url`.
    pub(crate) fetch_url: String,
    /// The token (`api` and `write_repository`).
    pub(crate) token: Secret,
    /// A file of CA certificates (PEM) to believe instead of the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// The candidate's branch: `{target}`, `{number}` and `{attempt}` are filled in.
    pub(crate) reference: String,
    /// How many runs at a time.
    pub(crate) max_running: u32,
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
    /// Pipeline variables.
    pub(crate) variables: BTreeMap<String, String>,
    /// Pipeline inputs.
    pub(crate) inputs: BTreeMap<String, serde_json::Value>,
}

/// `[trust]`
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    /// A folder of OpenPGP certificates (`.asc`, `.gpg`, `.pgp`) `allowed_signers` and `maintainers.toml`.
    pub(crate) keyring: PathBuf,
    /// What becomes of a tag that is signed with a key which is not in it.
    pub(crate) unknown_keys: UnknownKeys,
    /// Schemes to fetch by.
    pub(crate) schemes: Vec<String>,
    /// Hosts to fetch from: globs.
    pub(crate) hosts: Vec<String>,
    /// Addresses that would be refused as inside the operator's network, and are allowed all the
    /// same. For tests: `127.0.0.1`.
    pub(crate) allow_addresses: Vec<IpAddr>,
}

/// `[fetch]`: limits of one git operation.
#[derive(Debug, Clone)]
pub(crate) struct Fetch {
    /// How long a fetch, a mirror update or a push may take.
    pub(crate) deadline: SignedDuration,
    /// How many bytes may come in one fetch.
    pub(crate) max_bytes: u64,
    /// How much memory the git child may take.
    pub(crate) max_memory: u64,
    /// How much disk all quarantines may take.
    pub(crate) disk_budget: u64,
    /// A file of CA certificates (PEM) to believe instead of the system's, for git over https.
    pub(crate) ca_file: Option<PathBuf>,
}

/// `[smtp]`
#[derive(Debug, Clone)]
pub(crate) struct Smtp {
    /// The server that takes the bot's letters.
    pub(crate) host: String,
    /// Its port; 465, 587 or, without TLS, 25 by default.
    pub(crate) port: u16,
    /// How the connection is protected.
    pub(crate) tls: Tls,
    /// Whether, with [`Tls::None`], it may leave this machine.
    pub(crate) allow_plain: bool,
    /// A file of CA certificates (PEM) to believe instead of the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// Login name and password; none: no AUTH.
    pub(crate) login: Option<(String, Secret)>,
    /// The name for EHLO; by default the machine's.
    pub(crate) hello_name: Option<String>,
    /// How long one letter may take.
    pub(crate) deadline: SignedDuration,
}

/// `[command]`: the mailbox for commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Whose mailbox.
    pub(crate) account: AccountName,
    /// Which folder.
    pub(crate) folder: String,
    /// Where commands are mailed to.
    pub(crate) address: String,
    /// What was signed longer ago is refused.
    pub(crate) window: SignedDuration,
    /// How many mails of one sender are read in an hour.
    pub(crate) mails_per_hour: u32,
    /// What stands in for an OpenPGP signature.
    pub(crate) dkim: Dkim,
}

/// Whose word on a DKIM signature counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dkim {
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
