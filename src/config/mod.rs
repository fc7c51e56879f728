//! The configuration: TOML into checked values, every problem reported at once with its key.
//!
//! In reading order: [`keys`] (what is known of a key) and [`table`] (all of them), [`model`] (the checked
//! values), `reader` (a section, key by key), `value`, `net` and `forge` (single values),
//! `secret_source`, `sections` (each section into its part of the model), `cross` (what takes two
//! sections), [`problem`] and `mask` (what is said when something is wrong, without secrets),
//! [`environment`] (what all this needs from the world), `reference` (the shipped example and
//! the reference page).
//!
//! Where the text is not TOML only that is reported: what the rest means can't be known then.

use std::path::Path;

use toml::de::{DeTable, Error};

pub(crate) mod environment;
pub(crate) mod keys;
pub(crate) mod model;
pub(crate) mod problem;
pub(crate) mod redact;
#[cfg(test)]
pub(crate) mod reference;
pub(crate) mod secret;

mod checks;
mod command;
mod cross;
mod forge;
mod net;
mod reader;
mod secret_source;
mod sections;
pub(crate) mod table;
mod value;

use environment::Environment;
use model::Config;
use problem::{Problem, Problems};
use reader::{Reading, Table};

/// Reads and checks a configuration file, secrets included. Relative paths in it start at its
/// folder. Safe to repeat, but for what the commands in it do.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub(crate) fn load(path: &Path, environment: &dyn Environment) -> Result<Config, Problems> {
    let file = path.display().to_string();
    let text = environment.text(path).map_err(|error| {
        let help = "write one: the shipped config.toml is a start; or name another with --config";
        Problems::whole(&file, format!("can't be read: {error}"), help)
    })?;
    let (document, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        return Err(Problems::new(file, &text, errors.into_iter().map(syntax).collect()));
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let reading = Reading::new(environment, absolute.parent().unwrap_or(Path::new("/")));
    let root = Table::new(&reading, table::ROOT, String::new(), None, Some(document.get_ref()));
    let config = sections::config(&root);
    drop(root);
    let problems = reading.into_problems();
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        None if problems.is_empty() => {
            Err(Problems::whole(file, "was not understood", "report this: it is a bug of Gatepost"))
        }
        Some(_) | None => Err(Problems::new(file, &text, problems)),
    }
}

fn syntax(error: Error) -> Problem {
    Problem {
        key: String::new(),
        message: format!("is not TOML: {}", error.message().replace('\n', " ")),
        help: Some("mend it first: the rest is checked after that".to_owned()),
        span: error.span(),
    }
}
