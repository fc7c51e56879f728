//! `gatepost status`: what is open, and what each request waits for.

use std::process::ExitCode;

use clap::Args;

use super::ask::{Asked, ask};
use super::text::{Format, json, safe};
use super::{ConfigArgument, failed};
use crate::bot::control::Reply;
use crate::bot::view::Status;
use crate::pull::request::decide::clock;

/// What `status` takes.
#[derive(Debug, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub fn run(arguments: &StatusArguments) -> ExitCode {
    let config = match arguments.config.load() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match ask(&config, &Asked::Status) {
        Ok(Reply::Status(status)) => {
            match arguments.format {
                Format::Json => json(&status),
                Format::Text => print!("{}", text(&status)),
            }
            ExitCode::SUCCESS
        }
        Ok(Reply::Refused(why)) => {
            eprintln!("gatepost: {why}");
            ExitCode::from(75)
        }
        Ok(Reply::Shown(_) | Reply::Run(_) | Reply::Done(_)) => ExitCode::from(70),
        Err(fault) => failed(&fault),
    }
}

/// The status for people.
pub fn text(status: &Status) -> String {
    let mut lines = vec![if status.running {
        "The bot runs.".to_owned()
    } else {
        "No bot runs; this is what it remembers.".to_owned()
    }];
    if let Some(pause) = &status.pause {
        let when = clock(pause.at);
        lines.push(format!("Paused by {} at {when}: {}", safe(&pause.by), safe(&pause.reason)));
    }
    for folder in &status.folders {
        lines.push(format!("Read {} at {}.", safe(&folder.folder), clock(folder.read_at)));
    }
    if status.letters_waiting > 0 {
        lines.push(format!("Letters on their way: {}.", status.letters_waiting));
    }
    lines.push(String::new());
    if status.pulls.is_empty() && status.runs.is_empty() {
        lines.push("Nothing is open.".into());
    }
    for pull in &status.pulls {
        let verdict = pull.verdict.as_ref().map(|v| format!(" ({v})")).unwrap_or_default();
        lines.push(format!("{:>5}  {}", pull.number, safe(&pull.subject)));
        lines.push(format!("       {} for {}", safe(&pull.author), pull.target));
        lines.push(format!("       {}{verdict}: {}", pull.stage, safe(&pull.because)));
    }
    for run in &status.runs {
        lines.push(format!("run-{}  {}", run.id, safe(&run.what)));
        lines.push(format!("       {}: {}", run.stage, safe(&run.because)));
    }
    lines.join("\n") + "\n"
}
