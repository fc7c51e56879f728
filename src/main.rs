//! The program: the git child, logging and exit codes; nothing else.

use std::io::IsTerminal;
use std::process::ExitCode;

use gatepost::adapters::git::child;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
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
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    if std::env::var("GATEPOST_LOG_FORMAT").is_ok_and(|format| format == "json") {
        log.json().init();
    } else {
        log.init();
    }
    gatepost::cli::main()
}
