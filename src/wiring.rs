//! The one file that joins a configuration, the adapters and the bot. It must not decide anything.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use jiff::Timestamp;

use crate::adapters::authentication::MailAuthenticator;
use crate::adapters::clock::SystemClock;
use crate::adapters::dry::{DryOutbound, DryPipelines, DryRepository};
use crate::adapters::git::{GitRepository, GitSettings};
use crate::adapters::gitlab::GitLab;
use crate::adapters::imap::{ImapFolder, Limits};
use crate::adapters::keyring::KeyringFolder;
use crate::adapters::smtp::SmtpServer;
use crate::adapters::store::{MemoryStore, OpenError, SledStore};
use crate::bot::control;
use crate::bot::engine::Engine;
use crate::bot::in_force::InForce;
use crate::bot::intake::Intake;
use crate::bot::journal::Journal;
use crate::bot::message::Message;
use crate::bot::ports::{LetterSettings, Ports};
use crate::bot::supervisor::{self, Watched};
use crate::config::model::{Config, Dkim, List, Mode, Target};
use crate::mail::Rules;
use crate::mail::letter::{Delivering, LetterWriter, ListWords, TargetWords};
use crate::mail::words::Reasons;
use crate::ports::{Authenticator, Fault, Keyring, Outbound, Pipelines, Repository, Store};
use crate::pull::folder::Folder;
use crate::pull::ids::TargetName;
use crate::pull::policy::{CiLint, CommandPolicy, ListPolicy, Policy, TargetPolicy};

/// How a bot is to run, besides its configuration.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Reads the world, changes nothing in it: no push, no pipeline, no letter, no records.
    pub(crate) dry_run: bool,
    /// On the very first start: requests received since then are listed and held.
    pub(crate) since: Option<Timestamp>,
    /// This program: it does the work of git in a child.
    pub(crate) program: PathBuf,
}

/// The policy that a configuration says.
pub(crate) fn policy(config: &Config) -> Policy {
    Policy {
        unanswered_after: config.bot.unanswered_after,
        late_after: config.bot.late_after,
        old_tag_after: config.bot.old_tag_after,
        unknown_keys: config.trust.unknown_keys,
        fetch_patience: config.bot.fetch_patience,
        keep: config.state.keep,
        letters_per_hour: config.bot.letters_per_hour,
        letters_per_hour_in_all: config.bot.letters_per_hour_in_all,
        commands: config.command.as_ref().map(|command| CommandPolicy {
            address: command.address.clone(),
            window: command.window,
            mails_per_hour: command.mails_per_hour,
        }),
        administrator: config.bot.administrator.clone(),
        managers: config.bot.release_managers.clone(),
        targets: config
            .targets
            .iter()
            .map(|(name, target)| (name.clone(), target_policy(target)))
            .collect(),
        lists: config
            .lists
            .iter()
            .map(|(name, list)| {
                let address = list.address.clone();
                (name.clone(), ListPolicy { address, own_copies: own_copies(list) })
            })
            .collect(),
        words: &Reasons,
    }
}

fn target_policy(target: &Target) -> TargetPolicy {
    let ci = &target.ci;
    TargetPolicy {
        slot: format!("{} {}", ci.gitlab, ci.project),
        max_running: ci.max_running,
        reference: ci.reference.clone(),
        start_within: ci.start_within,
        finish_within: ci.finish_within,
        poll: ci.poll,
        required_jobs: ci.required_jobs.clone(),
        ci_lint: ci.ci_lint,
        ci_paths: ci.ci_paths.clone(),
        checks: target.checks,
        freeze: None,
    }
}

/// The folder in which a list's copies of the bot's letters show.
fn own_copies(list: &List) -> Folder {
    let folder = list.own_copy_folder.as_ref().unwrap_or(&list.folder);
    Folder { account: list.account.clone(), folder: folder.clone() }
}

fn desk(config: &Config) -> Result<LetterSettings, Fault> {
    let bot = &config.bot;
    let delivering = match bot.mode {
        Mode::Live => Delivering::Live,
        Mode::Shadow => Delivering::Shadow,
    };
    let writer =
        LetterWriter::new(&bot.from, &bot.release_managers, &bot.administrator, delivering)
            .map_err(|fault| Fault::misconfigured(fault.to_string()))?;
    let writer = match &config.command {
        Some(command) => writer.with_commands(&command.address),
        None => Ok(writer),
    };
    Ok(LetterSettings {
        writer: writer.map_err(|fault| Fault::misconfigured(fault.to_string()))?,
        sender: bot.from.address.clone(),
        managers: bot.release_managers.clone(),
        administrator: bot.administrator.clone(),
        commands: config.command.as_ref().map(|command| command.address.clone()),
        lists: config
            .lists
            .iter()
            .map(|(name, list)| {
                let words = ListWords {
                    name: name.clone(),
                    address: list.address.clone(),
                    retest_by_mail: list.retest_by_mail,
                };
                (name.clone(), words)
            })
            .collect(),
        rules: config.rules().into_iter().map(|rules| (rules.list.clone(), rules)).collect(),
        targets: config
            .targets
            .iter()
            .map(|(name, target)| {
                let fetch_url = target.ci.fetch_url.clone();
                (name.clone(), TargetWords { branch: target.branch.clone(), fetch_url })
            })
            .collect(),
        blind_copies: config
            .lists
            .iter()
            .filter(|(_, list)| list.own_copy_folder.is_some())
            .map(|(name, _)| (name.clone(), bot.from.address.clone()))
            .collect(),
    })
}

/// Git, as the configuration describes it.
///
/// # Errors
/// Misconfigured: the state directory can't be used.
pub(crate) fn repository(config: &Config, options: &Options) -> Result<GitRepository, Fault> {
    GitRepository::new(GitSettings {
        state: config.state.directory.clone(),
        program: options.program.clone(),
        targets: config.targets.clone(),
        trust: config.trust.clone(),
        fetch: config.fetch.clone(),
        committer: config.bot.from.clone(),
    })
}

/// Opens what the bot remembers.
///
/// # Errors
/// Temporary: another process has it open, or the disk is full or fails. Misconfigured: a right is
/// missing, or it can't be read. The sentence says which.
pub(crate) fn store(config: &Config) -> Result<SledStore, Fault> {
    SledStore::open(&config.state.directory).map_err(|error| match error {
        OpenError::Locked { .. } => Fault::temporary(error.to_string()),
        OpenError::Io { path, source } => {
            let mut fault = Fault::of_disk(&path, &source);
            fault.detail = format!("the state directory can't be used: {}", fault.detail);
            fault
        }
        OpenError::Unreadable { .. } => {
            Fault::misconfigured(format!("the state directory can't be used: {error}"))
        }
    })
}

/// The ports, over what the bot remembers.
///
/// # Errors
/// Misconfigured: a certificate file, an address, a directory.
pub(crate) fn ports(
    config: &Config,
    options: &Options,
    store: Arc<dyn Store>,
) -> Result<Ports, Fault> {
    let repository = repository(config, options)?;
    let repository: Arc<dyn Repository> =
        Arc::new(if options.dry_run { repository.apart()? } else { repository });
    let outbound: Arc<dyn Outbound> = Arc::new(SmtpServer::new(&config.smtp)?);
    let mut pipelines: BTreeMap<TargetName, Arc<dyn Pipelines>> = BTreeMap::new();
    for (name, target) in &config.targets {
        let gitlab: Arc<dyn Pipelines> = Arc::new(GitLab::new(&target.ci)?);
        let gitlab = if options.dry_run { Arc::new(DryPipelines(gitlab)) } else { gitlab };
        pipelines.insert(name.clone(), gitlab);
    }
    let keyring: Arc<dyn Keyring> = Arc::new(KeyringFolder::new(&config.trust.keyring));
    Ok(Ports {
        clock: Arc::new(SystemClock),
        journal: Journal::beside(Arc::clone(&store)),
        store,
        repository: if options.dry_run { Arc::new(DryRepository(repository)) } else { repository },
        authenticator: authenticator(config, Arc::clone(&keyring)),
        keyring,
        outbound: if options.dry_run {
            Arc::new(DryOutbound(Box::new(|text| {
                // Whoever read it may have had enough (`| head`): the dry run goes on, and logs.
                let _nobody_reads = writeln!(std::io::stdout(), "{text}");
            })))
        } else {
            outbound
        },
        pipelines,
        desk: Arc::new(desk(config)?),
        in_force: InForce::default(),
    })
}

/// What proves who wrote a mail: of commands, and of requests where a tag is mailed more than once.
/// Without a command mailbox nothing says how DKIM is to be checked, and OpenPGP alone counts.
pub(crate) fn authenticator(config: &Config, keyring: Arc<dyn Keyring>) -> Arc<dyn Authenticator> {
    let dkim = config.command.as_ref().map_or(&Dkim::Off, |command| &command.dkim);
    Arc::new(MailAuthenticator::new(keyring, dkim))
}

/// Every folder that is to be watched, with its connection.
fn folders(config: &Config, options: &Options) -> Result<Vec<Watched>, Fault> {
    let mut wanted: BTreeMap<Folder, Vec<Rules>> = BTreeMap::new();
    for list in config.lists.values() {
        let folder = Folder { account: list.account.clone(), folder: list.folder.clone() };
        wanted.entry(folder).or_default().push(config.rules_of(list));
    }
    let commands = config.command.as_ref().map(|command| {
        let folder = command.folder.clone();
        (Folder { account: command.account.clone(), folder }, command.address.clone())
    });
    let copies: BTreeSet<Folder> = config.lists.values().map(own_copies).collect();
    for folder in copies.into_iter().chain(commands.iter().map(|(folder, _)| folder.clone())) {
        wanted.entry(folder).or_default();
    }
    wanted
        .into_iter()
        .map(|(folder, lists)| {
            let account = config.accounts.get(&folder.account).ok_or_else(|| {
                Fault::misconfigured(format!("There is no account {}.", folder.account))
            })?;
            let mailbox = ImapFolder::new(account, &folder.folder, Limits::default())?;
            let waker = mailbox.waker();
            Ok(Watched {
                intake: Intake {
                    commands: commands
                        .as_ref()
                        .filter(|(theirs, _)| *theirs == folder)
                        .map(|(_, address)| address.clone()),
                    folder,
                    lists,
                    since: options.since,
                },
                mailbox: Box::new(mailbox),
                wake: Box::new(move || waker.wake()),
                poll: account.poll,
            })
        })
        .collect()
}

/// A bot that is ready to run.
pub(crate) struct Bot {
    engine: Engine,
    folders: Vec<Watched>,
    control: Option<PathBuf>,
    sender: Sender<Message>,
    inbox: Receiver<Message>,
}

/// Joins everything. Nothing is connected yet.
///
/// # Errors
/// Misconfigured, or the state directory can't be opened.
pub(crate) fn bot(config: &Config, options: &Options) -> Result<Bot, Fault> {
    let store: Arc<dyn Store> =
        if options.dry_run { Arc::new(MemoryStore::default()) } else { Arc::new(store(config)?) };
    if options.since.is_some() && !store.open_records()?.cursors.is_empty() {
        tracing::warn!(
            "--since is for the very first start; it changes nothing here: the bot goes on from \
             where it was"
        );
    }
    let mut policy = policy(config);
    if options.dry_run {
        // It pushes nothing, and what is not in GitLab can't be linted.
        policy.targets.values_mut().for_each(|target| target.ci_lint = CiLint::Off);
    }
    let engine = Engine::start(policy, ports(config, options, store)?)?;
    let folders = folders(config, options)?;
    let (sender, inbox) = mpsc::channel();
    let control = (!options.dry_run).then(|| config.bot.control_socket.clone());
    Ok(Bot { engine, folders, control, sender, inbox })
}

impl Bot {
    /// Where to send [`Message::Stop`].
    pub(crate) fn sender(&self) -> Sender<Message> {
        self.sender.clone()
    }

    /// Runs until it is stopped; the control socket is served meanwhile.
    ///
    /// # Errors
    /// The store failed, or the control socket can't be opened.
    pub(crate) fn run(self) -> Result<(), Fault> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Fault::temporary(format!("no runtime: {error}")))?;
        if let Some(path) = &self.control {
            let _context = runtime.enter();
            let listener = control::listen(path)?;
            let sender = self.sender.clone();
            runtime.spawn(async move {
                if let Err(error) = control::serve(listener, sender).await {
                    tracing::error!("the control socket broke: {error}");
                }
            });
        }
        let outcome = supervisor::run(self.engine, self.folders, &self.sender, &self.inbox);
        if let Some(path) = &self.control {
            let _may_be_gone = std::fs::remove_file(path);
        }
        runtime.shutdown_background();
        outcome
    }
}
