//! `gatepost check`: loads the configuration, tries everything in it, and says what to do about
//! each thing that is not as it should be. It changes nothing, here or elsewhere. What it asks of
//! the world goes through [`Probes`]; what the answers mean is decided in `state`, `keyring`,
//! `mail`, `command`, `git` and `gitlab`, without asking anything.

use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;

use super::config_argument::ConfigArgument;
use super::exit_code::failed;
use super::program::program;
use super::text::{say, visible};
use crate::adapters::clock::SystemClock;
use crate::config;
use crate::config::environment::{Environment, ProcessEnvironment};
use crate::config::model::{Config, Dkim};
use crate::config::problem::Problems;
use crate::ports::Clock;

pub(crate) mod facts;
pub(crate) mod keyring;
pub(crate) mod probes;
mod reach;

mod command;
mod git;
mod gitlab;
mod line;
mod mail;
mod state;

use facts::Probes;
pub(crate) use line::{CheckLine, Standing};

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
            Self::Json => visible(&line.json()),
        }
    }
}

/// What `gatepost check` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    config: ConfigArgument,
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
    let program = match program() {
        Ok(program) => program,
        Err(fault) => return failed(&fault),
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
