//! `gatepost show ID`: one request or run, whole.

use std::process::ExitCode;

use clap::Args;

use super::ask::{Asked, ask};
use super::text::{Format, joined, json, safe, say};
use super::{ConfigArgument, failed};
use crate::bot::answers::show::{lines, run_lines};
use crate::bot::control::Reply;
use crate::pull::command;

/// What `show` takes.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// A request's number or Message-ID, or a run (run-N).
    id: String,
    #[command(flatten)]
    config: ConfigArgument,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub(crate) fn run(arguments: &ShowArguments) -> ExitCode {
    let named = match command::named(&arguments.id) {
        Ok(named) => named,
        Err(why) => {
            eprintln!("gatepost: {why}");
            return ExitCode::from(64);
        }
    };
    let config = match arguments.config.load_without_secrets() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match ask(&config, &Asked::Show(&arguments.id, &named)) {
        Ok(Reply::Shown(shown)) => match arguments.format {
            Format::Json => json(&shown),
            Format::Text => say(&joined(&lines(&shown))),
        },
        Ok(Reply::Run(run)) => match arguments.format {
            Format::Json => json(&run),
            Format::Text => say(&joined(&run_lines(&run))),
        },
        Ok(Reply::Refused(why)) => {
            eprintln!("gatepost: {}", safe(&why));
            ExitCode::from(66)
        }
        Ok(Reply::Status(_) | Reply::Audit(_) | Reply::Done(_)) => ExitCode::from(70),
        Err(fault) => failed(&fault),
    }
}
