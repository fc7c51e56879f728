//! `gatepost keys`: what is in the keyring, and what is wrong with it. It reads the folder alone:
//! no server, no bot, no secret is asked.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;

use super::check::{self, CheckLine, Standing};
use super::text::{Format, json, safe, say};
use super::{ConfigArgument, failed};
use crate::adapters::clock::SystemClock;
use crate::adapters::keyring::{Inventory, KeyKind, KeyLine, KeyringFolder};
use crate::config::model::Config;
use crate::ports::Clock;
use crate::pull::signer::Scope;

/// What `keys` takes.
#[derive(Debug, Args)]
pub(crate) struct KeysArguments {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Lists the keys: whose they are, what they may submit, and until when.
    List(ListArguments),
    /// Says what is wrong: files, names, keys that end within 90 days or are not believed.
    Check(CheckArguments),
}

#[derive(Debug, Args)]
struct Where {
    #[command(flatten)]
    config: ConfigArgument,
    /// A keyring folder to look at, in place of the configuration's; none is read then.
    #[arg(long, value_name = "FOLDER")]
    keyring: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ListArguments {
    #[command(flatten)]
    at: Where,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct CheckArguments {
    #[command(flatten)]
    at: Where,
    /// How the findings are written.
    #[arg(long, value_enum, default_value_t)]
    format: check::Format,
}

impl Where {
    /// The folder, and the configuration that names it, if one does.
    fn find(&self) -> Result<(PathBuf, Option<Config>), ExitCode> {
        if let Some(folder) = &self.keyring {
            return Ok((folder.clone(), None));
        }
        let config = self.config.load_without_secrets()?;
        Ok((config.trust.keyring.clone(), Some(config)))
    }
}

/// Runs it.
pub(crate) fn run(arguments: &KeysArguments) -> ExitCode {
    let now = SystemClock.now();
    match &arguments.command {
        KeysCommand::List(arguments) => list(arguments, now),
        KeysCommand::Check(arguments) => check(arguments, now),
    }
}

fn list(arguments: &ListArguments, now: Timestamp) -> ExitCode {
    let (folder, _) = match arguments.at.find() {
        Ok(found) => found,
        Err(code) => return code,
    };
    match KeyringFolder::new(folder).inventory(now) {
        Ok(inventory) => match arguments.format {
            Format::Json => json(&Listed::of(&inventory)),
            Format::Text => say(&text(&inventory)),
        },
        Err(fault) => failed(&fault),
    }
}

fn check(arguments: &CheckArguments, now: Timestamp) -> ExitCode {
    let (folder, config) = match arguments.at.find() {
        Ok(found) => found,
        Err(code) => return code,
    };
    let found = check::probes::keyring_facts(&folder, now);
    let lines = match &config {
        Some(config) => check::keyring::lines(config, found, now),
        None => check::keyring::of_folder(&folder, found, now),
    };
    let text: String = lines.iter().map(|line| arguments.format.line(line) + "\n").collect();
    let written = say(&text);
    let is_wrong = |line: &CheckLine| line.ok == Standing::No;
    if lines.iter().any(is_wrong) { ExitCode::from(check::CONFIGURATION) } else { written }
}

/// The keys as JSON.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    keys: Vec<ListedKey<'a>>,
    problems: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ListedKey<'a> {
    kind: &'static str,
    key: &'a str,
    owner: &'a str,
    addresses: &'a [String],
    /// `null`: no maintainer has it, so it may submit nothing. An empty list means all.
    may_submit: Option<&'a Scope>,
    expires: Option<Timestamp>,
    /// Why it is not believed; `null`: it is.
    trouble: Option<&'a str>,
}

impl<'a> Listed<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let key = |line: &'a KeyLine| ListedKey {
            kind: kind(line.kind),
            key: &line.key,
            owner: &line.owner,
            addresses: &line.addresses,
            may_submit: line.scope.as_ref(),
            expires: line.expires,
            trouble: line.trouble.as_deref(),
        };
        Self {
            keys: inventory.keys.iter().map(key).collect(),
            problems: inventory.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

fn kind(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::OpenPgp => "openpgp",
        KeyKind::Ssh => "ssh",
    }
}

/// The keys for people.
fn text(inventory: &Inventory) -> String {
    let mut out = String::new();
    for line in &inventory.keys {
        out.push_str(&format!("{}\n", safe(&line.owner)));
        let mut row = |label: &str, value: String| {
            out.push_str(&format!("  {label:<8} {value}\n"));
        };
        row("key", format!("{} ({})", safe(&line.key), kind(line.kind)));
        row("mail", safe(&line.addresses.join(", ")));
        row("submits", safe(&may_submit(line.scope.as_ref())));
        row("expires", line.expires.map_or_else(|| "never".into(), day));
        if let Some(trouble) = &line.trouble {
            row("trouble", format!("not believed: {}", safe(trouble)));
        }
        out.push('\n');
    }
    let problems = inventory.problems.len();
    let keys = inventory.keys.len();
    out.push_str(&format!("{keys} {}", if keys == 1 { "key" } else { "keys" }));
    out.push_str(match problems {
        0 => ".\n",
        _ => "; something is wrong with the files: `gatepost keys check` says what.\n",
    });
    out
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d (UTC)").to_string()
}

fn may_submit(scope: Option<&Scope>) -> String {
    let Some(Scope { lists, targets, paths }) = scope else { return "nothing".into() };
    let some = |what: &str, names: Vec<String>| match names.is_empty() {
        true => format!("all {what}"),
        false => format!("{what} {}", names.join(" ")),
    };
    let names = [
        some("lists", lists.iter().map(ToString::to_string).collect()),
        some("targets", targets.iter().map(ToString::to_string).collect()),
        some("files", paths.clone()),
    ];
    names.join("; ")
}
