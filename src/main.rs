//! The program: the git child, logging and exit codes; nothing else.

use std::io::IsTerminal;
use std::process::ExitCode;

use gatepost::adapters::dumps;
use gatepost::adapters::git::child;
use gatepost::cli::log::Lines;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    if let Err(error) = dumps::forbid() {
        eprintln!("gatepost: core dumps can't be forbidden: {error}");
        return ExitCode::from(70);
    }
    // First of all: the child must not log, nor read anything but what it is sent.
    if std::env::args().nth(1).as_deref() == Some(child::SUBCOMMAND) {
        return child::main();
    }
    // Only the bot tells what it does; the other commands have their own words for it.
    let level = match std::env::args().nth(1).as_deref() {
        Some("run") => "info",
        Some("demo") => "error",
        _ => "warn",
    };
    let filter = EnvFilter::try_from_env("GATEPOST_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let is_json = std::env::var("GATEPOST_LOG_FORMAT").is_ok_and(|format| format == "json");
    let is_coloured = std::io::stderr().is_terminal() && !is_json;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || Lines::new(std::io::stderr(), is_coloured, !is_json))
        .with_target(false)
        .with_ansi(is_coloured);
    // Only what is told through `tracing`: the HTTP client's own records (`log`) have a server's
    // headers in them, and those may quote a token.
    let begun = if is_json {
        tracing::subscriber::set_global_default(log.json().finish())
    } else {
        tracing::subscriber::set_global_default(log.finish())
    };
    if let Err(error) = begun {
        eprintln!("gatepost: there is no log: {error}");
    }
    gatepost::cli::main()
}
