//! What several benchmarks share: the form in which they run, and the bot's configuration among
//! stand-ins. Each uses its own part.

#![allow(dead_code, reason = "each benchmark uses its own part")]

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepost::config::{self, environment::ProcessEnvironment, model::Config};
use gatepost::demo::git_server::GitServer;
use gatepost::demo::gitlab::GitLabStandIn;
use gatepost::demo::mail::MailStandIn;
use gatepost::wiring::Options;

/// What came of something that needs the world outside.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Whether to run the quick form: one round, little data, no bound on time or memory. Only
/// `cargo bench` asks for the long one, by the argument `--bench`; `cargo test` never does.
pub fn is_quick() -> bool {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    has("--quick") || !has("--bench")
}

/// Says that a quick form went through: `tests/run` looks for this line.
pub fn ran_quickly(name: &str) {
    println!("{name}: the quick form ran; its figures say nothing.");
}

/// The middle one of several times.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Writes the bot's configuration into a folder, as `gatepost run` reads it: what the stand-ins need
/// and `more`, and the defaults in all else. The keyring is empty.
///
/// # Errors
/// The disk.
pub fn configure(
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

/// The configuration of a folder.
///
/// # Errors
/// It is none.
pub fn read(folder: &Path) -> Outcome<Config> {
    let read = config::load(&folder.join("config.toml"), &ProcessEnvironment);
    Ok(read.map_err(|problems| problems.to_string())?)
}

/// How the bot is started.
pub fn options() -> Options {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_gatepost"));
    Options { dry_run: false, since: None, program }
}
