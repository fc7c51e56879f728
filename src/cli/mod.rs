//! The command line: one file a subcommand. Exit codes follow sysexits(3): 0 well, 64 usage,
//! 66 no input, 69 a command refused, 70 a bug, 74 the output can't be written, 75 try again later,
//! 78 configuration.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::adapters::dumps;
use crate::adapters::git::child;
use crate::config::environment::{Environment, ProcessEnvironment, WithoutSecrets};
use crate::config::model::Config;
use crate::ports::{Fault, FaultKind};

mod ask;
mod audit;
pub(crate) mod check;
mod keys;
pub(crate) mod log;
mod order;
mod run;
pub(crate) mod scan;
mod setup;
mod show;
mod status;
mod text;

/// Tests pull requests that arrive by mail, and answers on the list.
#[derive(Debug, Parser)]
#[command(name = "gatepost", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watches the lists, tests what is asked for, and answers.
    Run(run::RunArguments),
    /// Shows all of it on this machine, with no account and no server: start here.
    Demo,
    /// Clones the mirrors and fills empty CI projects; safe to repeat.
    Setup(ConfigArgument),
    /// Tries everything in the configuration, and says what to do.
    Check(check::CheckArguments),
    /// Lists the keyring, and says what is wrong with it.
    Keys(keys::KeysArguments),
    /// Says which mails of files, folders or mailboxes are pull requests.
    Scan(scan::ScanArgs),
    /// Says what is open, and what each request waits for.
    Status(status::StatusArguments),
    /// Shows one request or run: stage, history, next action, why.
    Show(show::ShowArguments),
    /// Lists the commands that were given: who, how proved, what came of it.
    Audit(audit::AuditArguments),
    /// Gives the bot a command; `gatepost do help` lists them.
    Do(order::OrderArguments),
}

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgument {
    /// The configuration file.
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "config.toml",
        env = "GATEPOST_CONFIG"
    )]
    pub(crate) config: PathBuf,
}

impl ConfigArgument {
    /// Loads it; prints every problem if it has any.
    fn load(&self) -> Result<Config, ExitCode> {
        self.load_from(&ProcessEnvironment)
    }

    /// Loads it for what only asks the bot. Who asks need not be able to read the secrets: a
    /// service manager may give them to the bot alone.
    fn load_without_secrets(&self) -> Result<Config, ExitCode> {
        self.load_from(&WithoutSecrets(ProcessEnvironment))
    }

    fn load_from(&self, environment: &dyn Environment) -> Result<Config, ExitCode> {
        crate::config::load(&self.config, environment).map_err(|problems| {
            eprintln!("{problems}");
            ExitCode::from(78)
        })
    }
}

/// Runs the program by its arguments: the git child, or a subcommand.
pub fn main() -> ExitCode {
    if let Err(error) = dumps::forbid() {
        eprintln!("gatepost: core dumps can't be forbidden: {error}");
        return ExitCode::from(70);
    }
    let subcommand = std::env::args().nth(1);
    // First of all: the child must not log, nor read anything but what it is sent.
    if subcommand.as_deref() == Some(child::SUBCOMMAND) {
        return child::main();
    }
    log::begin(subcommand.as_deref());
    run_subcommand()
}

fn run_subcommand() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _printed = error.print();
            return ExitCode::from(if error.use_stderr() { 64 } else { 0 });
        }
    };
    match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Demo => ExitCode::from(crate::demo::run()),
        Command::Setup(config) => setup::run(&config),
        Command::Check(arguments) => check::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::Scan(arguments) => scan(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Do(arguments) => order::run(&arguments),
    }
}

fn scan(arguments: &scan::ScanArgs) -> ExitCode {
    let rules = arguments.config.clone().map(|config| {
        ConfigArgument { config }.load_without_secrets().map(|config| config.rules())
    });
    let (out, err) = (std::io::stdout(), std::io::stderr());
    let outcome = match rules {
        Some(Ok(lists)) => scan::run_rules(arguments, &lists, &mut out.lock(), &mut err.lock()),
        Some(Err(code)) => return code,
        None => scan::run(arguments, &mut out.lock(), &mut err.lock()),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        // Whoever read the output has had enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gatepost: {error}");
            ExitCode::from(74)
        }
    }
}

/// Says what went wrong, and with which exit code.
fn failed(fault: &Fault) -> ExitCode {
    eprintln!("gatepost: {}", text::safe(&fault.detail));
    ExitCode::from(match fault.kind {
        FaultKind::Temporary => 75,
        FaultKind::Misconfigured | FaultKind::Permanent => 78,
        FaultKind::Bug => 70,
    })
}

/// This program's own path.
fn program() -> Result<PathBuf, Fault> {
    std::env::current_exe().map_err(|error| {
        Fault::misconfigured(format!("the program's own path can't be found: {error}"))
    })
}
