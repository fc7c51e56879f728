//! The program itself, `gatepost run`, as a process that can be killed; and its other commands.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};

use crate::process::{Server, command, outcome, run};

const GATEPOST: &str = env!("CARGO_BIN_EXE_gatepost");

/// A configured bot, running or not.
pub(crate) struct Bot {
    config: PathBuf,
    log: PathBuf,
    running: Option<Server>,
}

impl Bot {
    /// One with that configuration, not running.
    pub(crate) fn new(config: PathBuf, log: PathBuf) -> Self {
        Self { config, log, running: None }
    }

    /// Starts it and waits until something is so.
    pub(crate) fn start_until(&mut self, options: &[&str], what: &str, ready: impl Fn() -> bool) {
        let mut args: Vec<&dyn AsRef<OsStr>> = vec![&"run", &"--config", &self.config];
        args.extend(options.iter().map(|option| -> &dyn AsRef<OsStr> { option }));
        let mut server = Server::start("gatepost", GATEPOST, &args, &self.log);
        server.wait_until(what, ready);
        self.running = Some(server);
    }

    /// Kills it as a loss of power would: no signal handler runs.
    pub(crate) fn kill(&mut self) {
        self.running.take().expect("it runs").kill();
    }

    /// Ends it as a service manager does, and waits for that.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.running.take().expect("it runs").stop()
    }

    /// What it has printed since its last start.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log.join("gatepost.out")).expect("it was started")
    }

    /// What one of its other commands prints.
    ///
    /// # Panics
    /// If the command fails.
    pub(crate) fn says(&self, args: &[&str]) -> String {
        run(command(GATEPOST).args(args).arg("--config").arg(&self.config))
    }

    /// Runs one of its other commands.
    pub(crate) fn runs(&self, args: &[&str]) -> Output {
        outcome(command(GATEPOST).args(args).arg("--config").arg(&self.config))
    }
}

/// Writes a file that only its owner may read, as files with secrets must be.
pub(crate) fn write_secret(file: &Path, secret: &str) {
    fs::write(file, secret).expect("our folder");
    fs::set_permissions(file, Permissions::from_mode(0o600)).expect("our file");
}
