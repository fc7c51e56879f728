//! `gatepost audit`: every command that was given, who gave it, what proved that, what came of it.

use std::process::ExitCode;

use clap::Args;

use super::ask::{Asked, ask};
use super::text::{Format, joined, json, safe, say};
use super::{ConfigArgument, failed};
use crate::bot::answers::audit::line;
use crate::bot::control::Reply;
use crate::pull::ids::PullNumber;

/// What `audit` takes.
#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    /// Only commands about that request.
    #[arg(long, value_name = "NUMBER")]
    request: Option<u64>,
    #[command(flatten)]
    config: ConfigArgument,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub(crate) fn run(arguments: &AuditArguments) -> ExitCode {
    let config = match arguments.config.load_without_secrets() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match ask(&config, &Asked::Audit(arguments.request.map(PullNumber))) {
        Ok(Reply::Audit(mut entries)) => {
            entries.reverse();
            match arguments.format {
                Format::Json => json(&entries),
                Format::Text if entries.is_empty() => say("No command has been given.\n"),
                Format::Text => say(&joined(&entries.iter().map(line).collect::<Vec<_>>())),
            }
        }
        Ok(Reply::Refused(why)) => {
            eprintln!("gatepost: {}", safe(&why));
            ExitCode::from(75)
        }
        Ok(Reply::Status(_) | Reply::Shown(_) | Reply::Run(_) | Reply::Done(_)) => {
            ExitCode::from(70)
        }
        Err(fault) => failed(&fault),
    }
}
