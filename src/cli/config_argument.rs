//! The option that most subcommands have: where the configuration is.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::config::environment::{Environment, ProcessEnvironment, WithoutSecrets};
use crate::config::model::Config;

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgument {
    /// The configuration file.
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "config.toml",
        env = "GATEPOST_CONFIG"
    )]
    pub(crate) config: PathBuf,
}

impl ConfigArgument {
    /// Loads it; prints every problem if it has any.
    pub(super) fn load(&self) -> Result<Config, ExitCode> {
        self.load_from(&ProcessEnvironment)
    }

    /// Loads it for what only asks the bot. Who asks need not be able to read the secrets: a
    /// service manager may give them to the bot alone.
    pub(super) fn load_without_secrets(&self) -> Result<Config, ExitCode> {
        self.load_from(&WithoutSecrets(ProcessEnvironment))
    }

    fn load_from(&self, environment: &dyn Environment) -> Result<Config, ExitCode> {
        crate::config::load(&self.config, environment).map_err(|problems| {
            eprintln!("{problems}");
            ExitCode::from(78)
        })
    }
}
