//! What several benchmarks share: the form in which they run, and the bot's configuration among
//! stand-ins. Each uses its own part.

#![allow(dead_code, reason = "each benchmark uses its own part")]

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use gatepost::stand_ins::{GitLabStandIn, GitServer, MailStandIn};

/// How long the bot may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of something that needs the world outside.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Whether to run the quick form: one round, little data, no bound on time or memory. Only
/// `cargo bench` asks for the long one, by the argument `--bench`; `cargo test` never does.
pub(crate) fn is_quick() -> bool {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    has("--quick") || !has("--bench")
}

/// Says that a quick form went through: `tests/run` looks for this line.
pub(crate) fn ran_quickly(name: &str) {
    println!("{name}: the quick form ran; its figures say nothing.");
}

/// The middle one of several times.
pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Writes the bot's configuration into a folder, as `gatepost run` reads it: what the stand-ins need
/// and `more`, and the defaults in all else. The keyring is empty.
///
/// # Errors
/// The disk.
pub(crate) fn configure(
    folder: &Path,
    mail: &MailStandIn,
    gitlab: &GitLabStandIn,
    git: &GitServer,
    more: &str,
) -> io::Result<()> {
    fs::create_dir(folder.join("keyring"))?;
    for (name, content) in [("password", "secret"), ("token", gitlab.token())] {
        let file = folder.join(name);
        fs::write(&file, content)?;
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
    }
    let text = include_str!("../config.toml")
        .replace("{imap}", &mail.imap_addr().port().to_string())
        .replace("{smtp}", &mail.smtp_addr().port().to_string())
        .replace("{git}", git.url())
        .replace("{gitlab}", gitlab.url())
        .replace("{project}", gitlab.project());
    fs::write(folder.join("config.toml"), text + more)
}

/// The bot of a configuration's folder, as a user runs it. It is killed with this.
pub(crate) struct Bot(Child);

impl Bot {
    /// Makes the mirror ready, then starts the bot and waits until it answers.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(folder: &Path) -> Outcome<Self> {
        Self::start_as(folder, command(folder, "run").stderr(Stdio::null()))
    }

    /// As [`Self::start`]; its log tells every stage, in lines of JSON.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start_with_log(folder: &Path) -> Outcome<(Self, ChildStderr)> {
        let mut run = command(folder, "run");
        run.env("GATEPOST_LOG", "gatepost=debug").env("GATEPOST_LOG_FORMAT", "json");
        let mut bot = Self::start_as(folder, run.stderr(Stdio::piped()))?;
        let log = bot.0.stderr.take().ok_or("it has no log")?;
        Ok((bot, log))
    }

    fn start_as(folder: &Path, run: &mut Command) -> Outcome<Self> {
        gatepost(folder, "setup")?;
        let start = Instant::now();
        let mut bot = Self(run.spawn()?);
        // Only once it listens may it be asked something: before that `gatepost status` would open
        // the store itself, and keep the bot from it.
        while UnixStream::connect(folder.join("state/control.sock")).is_err() {
            bot.still_runs()?;
            if start.elapsed() > PATIENCE {
                return Err("the bot does not start".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        gatepost(folder, "status")?;
        println!("The bot answers after {:.1?}.", start.elapsed());
        Ok(bot)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether it goes on.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn still_runs(&mut self) -> Outcome<()> {
        match self.0.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("the bot has ended: {status}").into()),
        }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _waited = self.0.wait();
    }
}

fn command(folder: &Path, subcommand: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    command.arg(subcommand).arg("--config").arg(folder.join("config.toml"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn gatepost(folder: &Path, subcommand: &str) -> Outcome<()> {
    let status = command(folder, subcommand).status()?;
    if status.success() { Ok(()) } else { Err(format!("gatepost {subcommand}: {status}").into()) }
}
