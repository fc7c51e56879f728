//! `gatepost check`: loads the configuration, tries everything in it, and says what to do about
//! each thing that is not as it should be. It changes nothing, here or elsewhere. What it asks of
//! the world goes through [`Probes`]; what the answers mean is decided in `state`, `keyring`,
//! `mail`, `command`, `git` and `gitlab`, without asking anything.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::text::say;
use crate::adapters::clock::SystemClock;
use crate::config;
use crate::config::environment::{Environment, ProcessEnvironment};
use crate::config::model::{Config, Dkim};
use crate::config::problem::Problems;
use crate::ports::{Clock, Fault, FaultKind};
use crate::pull::clean;

pub(crate) mod facts;
pub(crate) mod keyring;
pub(crate) mod probes;
mod reach;

mod command;
mod git;
mod gitlab;
mod mail;
mod state;

use facts::Probes;

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Standing {
    /// As it should be.
    Yes,
    /// The bot cannot do its work so.
    No,
    /// It works, and somebody should know.
    Warn,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CheckLine {
    /// How it stands.
    pub(crate) ok: Standing,
    /// What was looked at: "account lists".
    pub(crate) subject: String,
    /// What was found.
    pub(crate) finding: String,
    /// What to do about it, where there is something to do.
    pub(crate) what_to_do: Option<String>,
}

impl CheckLine {
    /// A thing as it should be.
    pub(crate) fn yes(subject: impl Into<String>, finding: impl Into<String>) -> Self {
        Self {
            ok: Standing::Yes,
            subject: subject.into(),
            finding: finding.into(),
            what_to_do: None,
        }
    }

    /// A thing that keeps the bot from its work.
    pub(crate) fn no(
        subject: impl Into<String>,
        finding: impl Into<String>,
        what_to_do: impl Into<String>,
    ) -> Self {
        Self { ok: Standing::No, ..Self::warn(subject, finding, what_to_do) }
    }

    /// A thing that somebody should know of.
    pub(crate) fn warn(
        subject: impl Into<String>,
        finding: impl Into<String>,
        what_to_do: impl Into<String>,
    ) -> Self {
        Self {
            ok: Standing::Warn,
            what_to_do: Some(what_to_do.into()),
            ..Self::yes(subject, finding)
        }
    }

    /// A thing that could not be looked at; `mend` says what to do if somebody has to do something
    /// about it.
    pub(crate) fn fault(subject: impl Into<String>, fault: &Fault, mend: &str) -> Self {
        let what_to_do = match fault.kind {
            FaultKind::Temporary => "see that it can be reached from here, and try again",
            FaultKind::Permanent | FaultKind::Misconfigured => mend,
            FaultKind::Bug => "report this: it is a bug of Gatepost",
        };
        let subject = subject.into();
        let detail = fault.detail.strip_prefix(&format!("{subject}: ")).unwrap_or(&fault.detail);
        Self::no(&subject, detail, what_to_do)
    }

    /// The line as JSON, on one line.
    pub(crate) fn json(&self) -> String {
        // Four texts in a struct: there is nothing in it that JSON could not hold.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for CheckLine {
    /// One line; what servers said can't move the cursor or hide itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.ok {
            Standing::Yes => '✓',
            Standing::No => '✗',
            Standing::Warn => '!',
        };
        write!(f, "{mark} {}: {}", printable(&self.subject), printable(&self.finding))?;
        match &self.what_to_do {
            Some(what_to_do) => write!(f, "; {}", printable(what_to_do)),
            None => Ok(()),
        }
    }
}

/// A text on one line, without what controls a terminal, hides or turns text.
fn printable(text: &str) -> String {
    text.chars().map(|c| if clean::is_unfit(c) { '·' } else { c }).collect()
}

/// How the lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// The line in this format, without its end.
    pub(crate) fn line(self, line: &CheckLine) -> String {
        match self {
            Self::Text => line.to_string(),
            Self::Json => super::text::visible(&line.json()),
        }
    }
}

/// What `gatepost check` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    config: super::ConfigArgument,
    /// How the findings are written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// The exit code when all is as it should be.
pub(crate) const FINE: u8 = 0;
/// The exit code when something keeps the bot from its work (sysexits: `EX_CONFIG`).
pub(crate) const CONFIGURATION: u8 = 78;

/// Runs `gatepost check`.
pub(crate) fn run(arguments: &CheckArguments) -> ExitCode {
    let program = match super::program() {
        Ok(program) => program,
        Err(fault) => return super::failed(&fault),
    };
    let now = SystemClock.now();
    let world = |config: &Config| probes::World::new(config.clone(), program);
    let mut written = ExitCode::SUCCESS;
    let mut tell = |line: &CheckLine| written = say(&(arguments.format.line(line) + "\n"));
    match check(&arguments.config.config, &ProcessEnvironment, world, now, &mut tell) {
        FINE => written,
        code => ExitCode::from(code),
    }
}

/// Looks at everything and tells each line as soon as it is known. `probes` makes what asks the
/// world, once the configuration is read. Gives the exit code. Safe to repeat.
pub(crate) fn check<P: Probes>(
    file: &Path,
    environment: &dyn Environment,
    probes: impl FnOnce(&Config) -> P,
    now: Timestamp,
    tell: &mut dyn FnMut(&CheckLine),
) -> u8 {
    let mut failed = false;
    let mut tell = |line: CheckLine| {
        failed |= line.ok == Standing::No;
        tell(&line);
    };
    match config::load(file, environment) {
        Err(problems) => problem_lines(&problems).into_iter().for_each(&mut tell),
        Ok(config) => {
            tell(loaded(file, &config));
            everything(&config, &mut probes(&config), now, &mut tell);
        }
    }
    if failed { CONFIGURATION } else { FINE }
}

fn loaded(file: &Path, config: &Config) -> CheckLine {
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    };
    let finding = format!(
        "{} is in order: {}, {}, {}",
        file.display(),
        counted(config.accounts.len(), "account"),
        counted(config.lists.len(), "list"),
        counted(config.targets.len(), "target"),
    );
    CheckLine::yes("configuration", finding)
}

fn problem_lines(problems: &Problems) -> Vec<CheckLine> {
    let line = |problem| {
        let (place, what_to_do) = problems.told(problem);
        CheckLine::no("configuration", place, what_to_do)
    };
    problems.list().iter().map(line).collect()
}

fn everything(
    config: &Config,
    probes: &mut impl Probes,
    now: Timestamp,
    tell: &mut impl FnMut(CheckLine),
) {
    state::lines(config, probes.state_directory()).into_iter().for_each(&mut *tell);
    let keys = probes.keyring(now);
    let known = keys.as_ref().ok().cloned();
    keyring::lines(config, keys, now).into_iter().for_each(&mut *tell);
    for account in config.accounts.values() {
        let folders = mail::folders(config, account);
        let found = probes.mailbox(account, &folders);
        mail::account_lines(account, found).into_iter().for_each(&mut *tell);
    }
    tell(mail::smtp_line(&config.smtp, probes.smtp()));
    if let Some(command) = &config.command {
        command::key_lines(config, command, known.as_ref()).into_iter().for_each(&mut *tell);
        tell(command::dkim_line(command, || {
            let resolvers = match &command.dkim {
                Dkim::Verify { resolvers } => &resolvers[..],
                Dkim::Header { .. } | Dkim::Off => &[],
            };
            probes.resolver(resolvers, command::domain(command))
        }));
    }
    for target in config.targets.values() {
        tell(git::line(target, probes.target_head(&target.name)));
        let found = probes.gitlab(target, &gitlab::sample_branch(target));
        gitlab::lines(config, target, &found, now).into_iter().for_each(&mut *tell);
    }
}
