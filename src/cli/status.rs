//! `gatepost status`: what is open, and what each request waits for.

use std::process::ExitCode;

use clap::Args;

use super::ask::{Asked, ask};
use super::text::{Format, joined, json, safe, say};
use super::{ConfigArgument, failed};
use crate::bot::answers::status;
use crate::bot::control::Reply;
use crate::bot::view::Status;
use crate::pull::decision::clock;

/// What `status` takes.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub(crate) fn run(arguments: &StatusArguments) -> ExitCode {
    let config = match arguments.config.load_without_secrets() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match ask(&config, &Asked::Status) {
        Ok(Reply::Status(status)) => match arguments.format {
            Format::Json => json(&status),
            Format::Text => say(&text(&status)),
        },
        Ok(Reply::Refused(why)) => {
            eprintln!("gatepost: {}", safe(&why));
            ExitCode::from(75)
        }
        Ok(Reply::Shown(_) | Reply::Run(_) | Reply::Audit(_) | Reply::Done(_)) => {
            ExitCode::from(70)
        }
        Err(fault) => failed(&fault),
    }
}

/// The status for people.
pub(crate) fn text(status: &Status) -> String {
    let mut lines = vec![match (status.running, status.glance.folders.is_empty()) {
        (true, _) => "The bot runs.".to_owned(),
        (false, true) => {
            "No bot runs, and none has read a mailbox yet. `gatepost setup` makes the mirrors, \
             `gatepost check` tries everything, `gatepost run` is the bot."
                .to_owned()
        }
        (false, false) => "No bot runs; this is what it remembers.".to_owned(),
    }];
    lines.extend(status.stalled.as_ref().map(|stalled| safe(&stalled.sentence())));
    lines.extend(status.unread.iter().map(|unread| {
        let (folder, since) = (safe(&unread.folder), clock(unread.stalled.since));
        format!("Can't read {folder} since {since}: {}", safe(&unread.stalled.why))
    }));
    lines.extend(status::lines(&status.glance));
    joined(&lines)
}
