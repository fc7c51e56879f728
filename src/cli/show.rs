//! `gatepost show ID`: one request or run, whole.

use std::process::ExitCode;

use clap::Args;

use super::ask::{Asked, ask};
use super::text::{Format, json, safe, say};
use super::{ConfigArgument, failed};
use crate::bot::control::Reply;
use crate::bot::view::{RunLine, Shown};
use crate::pull::command;
use crate::pull::decision::clock;

/// What `show` takes.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// A request's number or Message-ID, or a run (run-N).
    id: String,
    #[command(flatten)]
    config: ConfigArgument,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub fn run(arguments: &ShowArguments) -> ExitCode {
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
            Format::Text => say(&text(&shown)),
        },
        Ok(Reply::Run(run)) => match arguments.format {
            Format::Json => json(&run),
            Format::Text => say(&(run_text(&run) + "\n")),
        },
        Ok(Reply::Refused(why)) => {
            eprintln!("gatepost: {}", safe(&why));
            ExitCode::from(66)
        }
        Ok(Reply::Status(_) | Reply::Done(_)) => ExitCode::from(70),
        Err(fault) => failed(&fault),
    }
}

/// A request for people.
fn text(shown: &Shown) -> String {
    let pull = &shown.pull;
    let verdict = pull.verdict.as_ref().map(|v| format!(" ({v})")).unwrap_or_default();
    let mut lines = vec![
        format!("Request {}: {}", pull.number, safe(&pull.subject)),
        format!("  from       {}, received {}", safe(&pull.author), clock(pull.received_at)),
        format!("  mail       {}", safe(&shown.message_id)),
        format!("  asks for   {} of {}", safe(&shown.reference), safe(&shown.url)),
        format!("  target     {}", pull.target),
    ];
    lines.extend(shown.tag.map(|tag| format!("  tag        {tag}")));
    lines.extend(shown.tip.map(|tip| format!("  tip        {tip}")));
    lines.extend(shown.signer.as_ref().map(|signer| format!("  signed by  {}", safe(signer))));
    let replaces: Vec<String> = shown.replaces.iter().map(ToString::to_string).collect();
    if !replaces.is_empty() {
        lines.push(format!("  replaces   request {}", replaces.join(", ")));
    }
    lines.extend(shown.superseded_by.map(|by| format!("  superseded by request {by}")));
    let said = shown.retracted.as_ref().map(|said| safe(said));
    lines.extend(said.map(|said| format!("  retracted  \"{said}\" (told, not acted on)")));
    lines.push(format!("  stage      {}{verdict}", pull.stage));
    lines.push(format!("  next       {}", safe(&pull.because)));
    lines.extend(shown.runs.iter().map(run_text));
    if !shown.ci_changes.is_empty() {
        lines.push("What it would change in CI:".into());
        lines.extend(shown.ci_changes.iter().map(|line| format!("  {}", safe(line))));
    }
    lines.push("History (UTC):".into());
    for entry in &shown.history {
        let when = entry.at.strftime("%Y-%m-%d %H:%M:%S");
        lines.push(format!("  {when}  {:<9}  {}", entry.stage, safe(&entry.what)));
    }
    lines.join("\n") + "\n"
}

fn run_text(run: &RunLine) -> String {
    let mut lines = vec![
        format!("Run {}: {}", run.id, safe(&run.what)),
        format!("  branch     {}", safe(&run.ci_ref)),
    ];
    lines.extend(run.candidate.map(|candidate| format!("  candidate  {candidate}")));
    lines.extend(run.pipeline.as_ref().map(|url| format!("  pipeline   {}", safe(url))));
    lines.extend(run.outcome.as_ref().map(|outcome| format!("  outcome    {outcome}")));
    lines.extend(run.detail.as_ref().map(|detail| format!("  because    {}", safe(detail))));
    lines.push(format!("  next       {}", safe(&run.because)));
    lines.join("\n")
}
