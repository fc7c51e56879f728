//! `gatepost status`: what is open, and what each request waits for.

use std::process::ExitCode;

use clap::Args;

use super::ask::{Asked, ask};
use super::text::{Format, json, safe, say};
use super::{ConfigArgument, failed};
use crate::bot::control::Reply;
use crate::bot::view::Status;
use crate::pull::decision::clock;

/// The stage of requests that have had their answer.
const ANSWERED: &str = "answered";

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
        Ok(Reply::Shown(_) | Reply::Run(_) | Reply::Done(_)) => ExitCode::from(70),
        Err(fault) => failed(&fault),
    }
}

/// The status for people.
pub fn text(status: &Status) -> String {
    let mut lines = vec![match (status.running, status.folders.is_empty()) {
        (true, _) => "The bot runs.".to_owned(),
        (false, true) => {
            "No bot runs, and none has read a mailbox yet. `gatepost setup` makes the mirrors, \
             `gatepost check` tries everything, `gatepost run` is the bot."
                .to_owned()
        }
        (false, false) => "No bot runs; this is what it remembers.".to_owned(),
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
    let (over, open): (Vec<_>, Vec<_>) =
        status.pulls.iter().partition(|pull| pull.stage == ANSWERED);
    let (ended, under_way): (Vec<_>, Vec<_>) =
        status.runs.iter().partition(|run| run.outcome.is_some());
    if open.is_empty() && under_way.is_empty() {
        lines.push("Nothing is open.".into());
    }
    for pull in open {
        let verdict = pull.verdict.as_ref().map(|v| format!(" ({v})")).unwrap_or_default();
        lines.push(format!("{:>5}  {}", pull.number, safe(&pull.subject)));
        lines.push(format!("       {} for {}", safe(&pull.author), pull.target));
        lines.push(format!("       {}{verdict}: {}", pull.stage, safe(&pull.because)));
    }
    for run in under_way {
        lines.push(format!("run-{}  {}", run.id, safe(&run.what)));
        lines.push(format!("       {}: {}", run.stage, safe(&run.because)));
    }
    if !over.is_empty() || !ended.is_empty() {
        lines.extend([String::new(), "Over, and kept for `retest` and `show`:".into()]);
    }
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    for pull in over {
        let subject = safe(&pull.subject);
        lines.push(format!("{:>5}  {:<14}  {subject}", pull.number, word(&pull.verdict)));
    }
    for run in ended {
        lines.push(format!("run-{}  {:<14}  {}", run.id, word(&run.outcome), safe(&run.what)));
    }
    lines.join("\n") + "\n"
}
