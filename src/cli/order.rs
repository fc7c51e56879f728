//! `gatepost do 'COMMAND'`: gives the running bot a command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::ask::{Asked, ask};
use super::text::{Format, joined, json, safe, say};
use super::{ConfigArgument, failed};
use crate::bot::answers;
use crate::bot::control::{Order, Reply};
use crate::pull::command::{Command, parse};

/// The exit code of a command that was not carried out (sysexits `EX_UNAVAILABLE`).
const REFUSED: u8 = 69;

/// What `do` takes.
#[derive(Debug, Args)]
pub(crate) struct OrderArguments {
    /// The command, as one argument or as several; `help` lists them.
    #[arg(required = true)]
    command: Vec<String>,
    #[command(flatten)]
    config: ConfigArgument,
    /// Where the answer of `test` goes, once there is one; without it `show run-N` has it.
    #[arg(long, value_name = "ADDRESS")]
    reply_to: Option<String>,
    /// For `key add`: the file with the armored public key.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub(crate) fn run(arguments: &OrderArguments) -> ExitCode {
    let line = arguments.command.join(" ");
    match parse(&line, false) {
        Ok(Command::Help(row)) => return say(&joined(&answers::help_lines(row))),
        Ok(_) => {}
        Err(why) => {
            eprintln!("gatepost: {why}");
            return ExitCode::from(64);
        }
    }
    let attached = match arguments.key.as_ref().map(std::fs::read_to_string).transpose() {
        Ok(attached) => attached,
        Err(error) => {
            eprintln!("gatepost: the key's file: {error}");
            return ExitCode::from(66);
        }
    };
    let config = match arguments.config.load_without_secrets() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let by = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    let by = by.map_or_else(
        |_| "somebody at the machine".to_owned(),
        |user| format!("{user} at the machine"),
    );
    let order = Order { line, by, reply_to: arguments.reply_to.clone(), attached };
    match ask(&config, &Asked::Do(&order)) {
        Ok(reply @ (Reply::Done(_) | Reply::Refused(_))) => answer(&reply, arguments.format),
        Ok(Reply::Status(_) | Reply::Shown(_) | Reply::Run(_) | Reply::Audit(_)) => {
            ExitCode::from(70)
        }
        Err(fault) => failed(&fault),
    }
}

fn answer(reply: &Reply, format: Format) -> ExitCode {
    match (reply, format) {
        (Reply::Done(_), Format::Json) => json(reply),
        (Reply::Done(said), Format::Text) => say(&format!("{said}\n")),
        (Reply::Refused(_), Format::Json) => {
            let _the_refusal_counts = json(reply);
            ExitCode::from(REFUSED)
        }
        (Reply::Refused(why), Format::Text) => {
            eprintln!("gatepost: {}", safe(why));
            ExitCode::from(REFUSED)
        }
        (Reply::Status(_) | Reply::Shown(_) | Reply::Run(_) | Reply::Audit(_), _) => {
            ExitCode::from(70)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: OrderArguments,
    }

    #[test]
    fn options_may_follow_the_command() {
        for command in [&["test https://x y z"][..], &["test", "https://x", "y", "z"]] {
            let options = ["--reply-to", "release@example.org"];
            let line = ["do"].iter().chain(command).chain(&options);
            let Line { arguments } = Line::try_parse_from(line).unwrap();
            assert_eq!(arguments.command.join(" "), "test https://x y z");
            assert_eq!(arguments.reply_to.as_deref(), Some("release@example.org"));
        }
    }
}
