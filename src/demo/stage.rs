//! Everything that the demo needs, in one temporary folder: the stand-ins, the project, the keys,
//! and a bot that is configured as any other, by a file. It must not tell anything.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::git_server::GitServer;
use super::gitlab::{GitLabStandIn, Settings};
use super::keys::SigningKey;
use super::mail::{ListOptions, MailStandIn, MailWorld};
use super::project::{self, DemoProject, DemoPull, MAINTAINERS, Maintainer, PullMail};
use crate::bot::message::{Message, Question, Reply};
use crate::config;
use crate::config::environment::ProcessEnvironment;
use crate::config::model::Config;
use crate::ports::Fault;
use crate::pull::cover::Person;
use crate::wiring::{self, Options};

/// The list.
pub(super) const LIST: &str = "devel@tally.example";
/// The bot.
pub(super) const BOT: &str = "gatepost@tally.example";

const LIST_ID: &str = "devel.tally.example";
const PASSWORD: &str = "demo-password";

/// How long the bot's last threads may take to let go of their files.
const LET_GO: Duration = Duration::from_secs(2);

/// The stand-ins and what they serve. All of it is gone when it is dropped.
pub(super) struct Stage {
    /// The mail server.
    pub(super) mail: MailStandIn,
    /// GitLab.
    pub(super) gitlab: GitLabStandIn,
    /// The four requests, and the mails that make them.
    pub(super) requests: Vec<(DemoPull, Vec<PullMail>)>,
    /// The bot's configuration, as loaded.
    pub(super) config: Config,
    options: Options,
    _git: GitServer,
    // The last to go: the others have files in it.
    _folder: Folder,
}

impl Stage {
    /// Makes the project and its keys, starts the stand-ins, and configures a bot for them.
    ///
    /// # Errors
    /// The disk, the network, or no git to run.
    pub(super) fn set(now: Timestamp) -> Result<Self, Fault> {
        let folder = Folder::new().map_err(|error| failed("a temporary folder", &error))?;
        let root = folder.0.path();
        let project = make_project(root, now)?;
        let git = GitServer::start(&root.join("git"))
            .map_err(|error| failed("the maintainers' web server", &error))?;
        let gitlab = GitLabStandIn::start(Settings::default())
            .map_err(|error| failed("the stand-in GitLab", &error))?;
        let mail = MailStandIn::start(mail_world())
            .map_err(|error| failed("the stand-in mail server", &error))?;
        let config = configure(root, &mail, &gitlab, &git)?;
        let requests = letters(project.pulls, &git)?;
        let program =
            std::env::current_exe().map_err(|error| failed("the program's own path", &error))?;
        let options = Options { dry_run: false, since: None, program };
        Ok(Self { mail, gitlab, requests, config, options, _git: git, _folder: folder })
    }

    /// Clones the mirror and fills the CI project, as `gatepost setup` does.
    ///
    /// # Errors
    /// As `gatepost setup`.
    pub(super) fn set_up(&self) -> Result<(), Fault> {
        wiring::repository(&self.config, &self.options)?.setup(&mut |_| {})
    }

    /// Starts the bot as `gatepost run` does, on a thread.
    ///
    /// # Errors
    /// As `gatepost run`.
    pub(super) fn start_bot(&self) -> Result<RunningBot, Fault> {
        let bot = wiring::bot(&self.config, &self.options)?;
        let sender = bot.sender();
        let thread = std::thread::spawn(move || bot.run());
        Ok(RunningBot { sender, thread: Some(thread) })
    }
}

/// A bot at work; it is stopped, and waited for, when it is dropped.
pub(super) struct RunningBot {
    sender: Sender<Message>,
    thread: Option<JoinHandle<Result<(), Fault>>>,
}

impl RunningBot {
    /// Asks what the control socket is asked; `None` if the bot has ended.
    pub(super) fn ask(&self, question: Question) -> Option<Reply> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(Message::Ask(question, reply)).ok()?;
        answer.blocking_recv().ok()
    }

    /// Stops it, once what is in flight has come to its end.
    ///
    /// # Errors
    /// What ended it before, if something did.
    pub(super) fn stop(mut self) -> Result<(), Fault> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let _ended_before = self.sender.send(Message::Stop);
        thread.join().unwrap_or_else(|_| Err(Fault::bug("the bot panicked")))
    }
}

impl Drop for RunningBot {
    fn drop(&mut self) {
        // Whoever drops it without asking has worse to tell.
        let _untold = self.end();
    }
}

/// The temporary folder. The bot's last threads may still close their files when all else has
/// ended, so it is removed more than once if need be.
struct Folder(TempDir);

impl Folder {
    fn new() -> io::Result<Self> {
        Ok(Self(tempfile::Builder::new().prefix("gatepost-demo.").tempdir()?))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let deadline = Instant::now() + LET_GO;
        while let Err(error) = fs::remove_dir_all(self.0.path()) {
            if error.kind() == io::ErrorKind::NotFound || Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn failed(what: &str, error: &dyn std::fmt::Display) -> Fault {
    Fault::temporary(format!("{what}: {error}"))
}

fn make_project(root: &Path, now: Timestamp) -> Result<DemoProject, Fault> {
    let (repositories, keyring) = (root.join("git"), root.join("keyring"));
    for folder in [&repositories, &keyring] {
        fs::create_dir(folder).map_err(|error| failed("a temporary folder", &error))?;
    }
    let mut keys = Vec::new();
    for maintainer in MAINTAINERS {
        let owner = Person {
            name: Some(maintainer.name.to_owned()),
            address: maintainer.address.to_owned(),
        };
        let key = SigningKey::new(&owner, now - SignedDuration::from_hours(24 * 365))?;
        fs::write(keyring.join(format!("{}.asc", user(&maintainer))), key.certificate()?)
            .map_err(|error| failed("the keyring", &error))?;
        keys.push((maintainer, key));
    }
    project::make(&repositories, now, &|by, payload, at| {
        let key = keys.iter().find(|(owner, _)| owner == by).map(|(_, key)| key);
        let signed = key.ok_or("there is no such key")?.sign(payload, at)?;
        Ok(String::from_utf8(signed[payload.len()..].to_vec())?)
    })
    .map_err(|error| failed("the demo's project", &error))
}

/// The part of an address before the `@`.
pub(super) fn user(maintainer: &Maintainer) -> &'static str {
    maintainer.address.split('@').next().unwrap_or_default()
}

fn letters(pulls: Vec<DemoPull>, git: &GitServer) -> Result<Vec<(DemoPull, Vec<PullMail>)>, Fault> {
    pulls
        .into_iter()
        .map(|pull| {
            let url = format!("{}/{}.git", git.url(), user(&pull.by));
            let mails = pull.letters(&url, LIST).map_err(|error| failed("a request", &error))?;
            Ok((pull, mails))
        })
        .collect()
}

fn mail_world() -> MailWorld {
    let world = MailWorld::new()
        .account("gatepost", PASSWORD, [BOT])
        .list(LIST, LIST_ID, ListOptions::default())
        .subscribe(LIST, "gatepost", "INBOX");
    MAINTAINERS.iter().fold(world, |world, maintainer| {
        let name = user(maintainer);
        // The list's mails go into a folder of their own: what is in INBOX came to them alone.
        world.account(name, PASSWORD, [maintainer.address]).subscribe(LIST, name, "devel")
    })
}

fn configure(
    root: &Path,
    mail: &MailStandIn,
    gitlab: &GitLabStandIn,
    git: &GitServer,
) -> Result<Config, Fault> {
    let write = || -> io::Result<PathBuf> {
        write_secret(&root.join("mail-password"), PASSWORD)?;
        write_secret(&root.join("gitlab-token"), gitlab.token())?;
        let file = root.join("config.toml");
        fs::write(&file, configuration(mail, gitlab, git))?;
        Ok(file)
    };
    let file = write().map_err(|error| failed("the configuration", &error))?;
    config::load(&file, &ProcessEnvironment)
        .map_err(|problems| Fault::misconfigured(problems.to_string()))
}

fn write_secret(file: &Path, secret: &str) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?
        .write_all(secret.as_bytes())
}

/// What an administrator would write for these servers. They are on this machine, hence without
/// TLS, and the project's jobs take no time, hence the short intervals.
fn configuration(mail: &MailStandIn, gitlab: &GitLabStandIn, git: &GitServer) -> String {
    let (imap, smtp) = (mail.imap_addr().port(), mail.smtp_addr().port());
    let (upstream, gitlab_url, project) = (git.url(), gitlab.url(), gitlab.project());
    let manager = MAINTAINERS[MAINTAINERS.len() - 1].address;
    format!(
        r#"[bot]
from = "Gatepost <{BOT}>"
administrator = "{manager}"
release_managers = ["{manager}"]

[state]
directory = "state"

[[account]]
name = "lists"
host = "127.0.0.1"
port = {imap}
tls = "none"
login = "gatepost"
password = {{ file = "mail-password" }}
poll = "1s"

[[list]]
name = "devel"
account = "lists"
address = "{LIST}"
list_id = "{LIST_ID}"
target = "master"

[[target]]
name = "master"
url = "{upstream}/upstream.git"
branch = "master"

[target.ci]
gitlab = "{gitlab_url}"
project = "{project}"
token = {{ file = "gitlab-token" }}
max_running = 2
poll = "200ms"

[trust]
keyring = "keyring"
schemes = ["http"]
hosts = ["127.0.0.1:*"]
allow_addresses = ["127.0.0.1"]

[fetch]
deadline = "20s"

[smtp]
host = "127.0.0.1"
port = {smtp}
tls = "none"
hello_name = "gatepost.tally.example"
deadline = "10s"
"#
    )
}
