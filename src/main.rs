//! The program: arguments, logging, exit codes; nothing else.

use std::process::ExitCode;

use gatepost::adapters::git::child;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(child::SUBCOMMAND) {
        return child::main();
    }
    ExitCode::SUCCESS
}
