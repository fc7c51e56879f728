//! A bot as a process of its own, configured with canaries, and everything it writes.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::demo::git_server::GitServer;
use crate::demo::keys::SigningKey;
use crate::demo::project::{self, DemoPull, MAINTAINERS};
use crate::pull::cover::Person;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

pub(crate) const IMAP: &str = "Canary-imap \"9c1a\" pass";
pub(crate) const SMTP: &str = "canary-smtp-55e0-pass";
pub(crate) const TOKEN: &str = "glpat-canary-7d1f8e02";
pub(crate) const LIST: &str = "devel@tally.example";
pub(crate) const BOT: &str = "gatepost@tally.example";

/// Every form in which a canary might be seen, with a name for each.
pub(crate) fn forms() -> Vec<(String, String)> {
    let mut forms = Vec::new();
    for (name, secret) in [("imap", IMAP), ("smtp", SMTP), ("token", TOKEN)] {
        let logins = ["", "\0gatepost\0", "\0sender\0", "oauth2:", "gatepost:", "sender:"];
        forms.push((name.to_owned(), secret.to_owned()));
        forms.push((name.to_owned(), secret.replace('"', "\\\"")));
        for login in logins {
            let encoded = STANDARD.encode(format!("{login}{secret}"));
            // Its end and its beginning may be in other words.
            forms.push((
                format!("{name} after {login:?}"),
                encoded.trim_end_matches('=').to_owned(),
            ));
        }
    }
    forms
}

/// Fails if a canary is in it.
pub(crate) fn expect_clean(what: &str, bytes: &[u8]) {
    for (name, form) in forms() {
        let found = bytes.windows(form.len()).position(|part| part == form.as_bytes());
        if let Some(at) = found {
            let near = &bytes[at.saturating_sub(200)..(at + 200).min(bytes.len())];
            panic!("{what}: {name} is in it: …{}…", String::from_utf8_lossy(near));
        }
    }
}

/// Every file below a folder is clean, names included; how many there were.
pub(crate) fn expect_clean_folder(folder: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        expect_clean("a file's name", entry.as_os_str().as_encoded_bytes());
        if entry.is_dir() {
            count += expect_clean_folder(&entry);
        } else if let Ok(content) = fs::read(&entry) {
            expect_clean(&entry.display().to_string(), &content);
            count += 1;
        }
    }
    count
}

/// Where the servers are.
pub(crate) struct Places {
    pub(crate) imap: u16,
    pub(crate) smtp: u16,
    pub(crate) gitlab: String,
}

/// The maintainers' repositories, keys, and a folder for the bot.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) git: GitServer,
    pub(crate) pulls: Vec<DemoPull>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["git", "bot", "bot/keyring", "credentials"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let now = Timestamp::now();
        let keys: Vec<_> = MAINTAINERS
            .iter()
            .map(|maintainer| {
                let owner = Person {
                    name: Some(maintainer.name.to_owned()),
                    address: maintainer.address.to_owned(),
                };
                let key = SigningKey::new(&owner, now - SignedDuration::from_hours(8760)).unwrap();
                let file = root.join("bot/keyring").join(format!("{}.asc", maintainer.address));
                fs::write(file, key.certificate().unwrap()).unwrap();
                (*maintainer, key)
            })
            .collect();
        let project = project::make(&root.join("git"), now, &|by, payload, at| {
            let key = keys.iter().find(|(owner, _)| owner == by).map(|(_, key)| key).unwrap();
            let signed = key.sign(payload, at)?;
            Ok(String::from_utf8(signed[payload.len()..].to_vec())?)
        })
        .unwrap();
        let git = GitServer::start(&root.join("git")).unwrap();
        Self { git, pulls: project.pulls, folder }
    }

    pub(crate) fn bot_folder(&self) -> PathBuf {
        self.folder.path().join("bot")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.bot_folder().join("state")
    }

    /// Writes the configuration: each secret from another source.
    pub(crate) fn configure(&self, places: &Places) {
        secret(&self.bot_folder().join("imap-password"), IMAP);
        secret(&self.folder.path().join("credentials/gitlab-token"), TOKEN);
        fs::write(self.bot_folder().join("config.toml"), self.configuration(places)).unwrap();
    }

    pub(crate) fn configuration(&self, Places { imap, smtp, gitlab }: &Places) -> String {
        let upstream = self.git.url();
        format!(
            r#"[bot]
from = "Gatepost <{BOT}>"
administrator = "rita@maintainers.example"
release_managers = ["rita@maintainers.example"]

[state]
directory = "state"

[[account]]
name = "lists"
host = "127.0.0.1"
port = {imap}
tls = "none"
login = "gatepost"
password = {{ command = ["cat", "imap-password"] }}
poll = "1s"

[[list]]
name = "devel"
account = "lists"
address = "{LIST}"
list_id = "devel.tally.example"
target = "master"

[[target]]
name = "master"
url = "{upstream}/upstream.git"
branch = "master"

[target.ci]
gitlab = "{gitlab}"
project = "demo/project"
token = {{ credential = "gitlab-token" }}
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
login = "sender"
password = {{ env = "CANARY_SMTP" }}
hello_name = "gatepost.tally.example"
deadline = "10s"
"#
        )
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
        command.args(arguments).current_dir(self.bot_folder()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("CANARY_SMTP", SMTP);
        command.env("CREDENTIALS_DIRECTORY", self.folder.path().join("credentials"));
        command.env("GATEPOST_LOG", "trace").stdin(Stdio::null());
        command
    }

    /// Runs a subcommand to its end; what it printed is clean.
    pub(crate) fn runs(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        expect_clean(&format!("{arguments:?}"), &output.stdout);
        expect_clean(&format!("{arguments:?}"), &output.stderr);
        output
    }

    /// Starts the bot with a log of everything.
    pub(crate) fn starts(&self, format: &str) -> Bot {
        let log = self.bot_folder().join("log");
        let mut command = self.command(&["run"]);
        command.env("GATEPOST_LOG_FORMAT", format);
        command.stdout(Stdio::null()).stderr(File::create(&log).unwrap()).process_group(0);
        let child = command.spawn().unwrap();
        let watch = Watch::over(child.id());
        Bot { child, log, watch: Some(watch) }
    }
}

/// Makes a secret's file.
pub(crate) fn secret(file: &Path, content: &str) {
    fs::write(file, content).unwrap();
    fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
}

/// A bot at work.
pub(crate) struct Bot {
    child: Child,
    log: PathBuf,
    watch: Option<Watch>,
}

impl Bot {
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    pub(crate) fn waits_for(&self, what: &str, is: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(90);
        while !is() {
            assert!(Instant::now() < until, "{what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// One of its limits, as the kernel knows it.
    pub(crate) fn limit(&self, name: &str) -> String {
        let limits = fs::read_to_string(format!("/proc/{}/limits", self.child.id())).unwrap();
        limits.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
    }

    /// Ends it as a crash would, and looks through its log and what was seen of its processes; the
    /// command lines that were seen.
    pub(crate) fn crashes(mut self) -> BTreeSet<String> {
        use std::os::unix::process::ExitStatusExt;
        let seen = self.watch.take().unwrap().end();
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::ABORT).unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(6), "{status}");
        assert!(!status.core_dumped(), "a core was dumped");
        expect_clean("the log", self.log().as_bytes());
        for text in &seen {
            expect_clean("a process", text.as_bytes());
        }
        seen
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Looks at the processes again and again: every command line, and the environment of all but the
/// bot itself, whose own is a source of a secret.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    seen: Arc<Mutex<BTreeSet<String>>>,
}

impl Watch {
    fn over(bot: u32) -> Self {
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::default()));
        let (until, note) = (Arc::clone(&stop), Arc::clone(&seen));
        let thread = std::thread::spawn(move || {
            while !until.load(Ordering::SeqCst) {
                look(bot, &note);
            }
        });
        Self { stop, thread, seen }
    }

    fn end(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap();
        self.seen.lock().unwrap().clone()
    }
}

fn look(bot: u32, seen: &Mutex<BTreeSet<String>>) {
    let mut found = vec![(bot, read(bot, "cmdline"))];
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let name = process.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = read(pid, "stat");
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
        if parent == Some(bot) {
            // Until it has become another program, a child shows what the bot itself shows. The
            // program that gives a secret is the operator's own and has the bot's environment.
            let cmdline = read(pid, "cmdline");
            let is_ours = cmdline.contains("git-child");
            found.extend([(pid, cmdline)]);
            found.extend(is_ours.then(|| (pid, read(pid, "environ"))));
        }
    }
    seen.lock().unwrap().extend(found.into_iter().map(|(_, text)| text));
}

fn read(pid: u32, file: &str) -> String {
    let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
