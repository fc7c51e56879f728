//! Helps the subcommands to print: the output's form, and text from outside made safe for a
//! terminal.

use clap::ValueEnum;
use serde::Serialize;

use crate::mail::clean;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object.
    Json,
}

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("gatepost: {error}"),
    }
}

/// Text from outside on one line of a terminal.
pub fn safe(text: &str) -> String {
    clean::words(text)
}
