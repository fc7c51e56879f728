//! What the bot takes while it has nothing to do, with 10,000 requests in its records: memory, and
//! processor time over half a minute. Ends with 1 if it is more than it may be.
//! `docs/benchmarks.md` says how to read it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use gatepost::adapters::store::SledStore;
use gatepost::demo::git_server::GitServer;
use gatepost::demo::gitlab::{GitLabStandIn, Settings};
use gatepost::demo::mail::{ListOptions, MailStandIn, MailWorld};
use gatepost::ports::Store;
use jiff::Timestamp;

use crate::process::Taken;

mod process;
mod records;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How many requests there are, and how many of them are still open.
const REQUESTS: u64 = 10_000;
const OPEN: u64 = 100;

/// How many mails the folder holds.
const MAILS: u32 = 300_000;

/// How long the bot may settle after its start, and how long it is watched then.
const SETTLE: Duration = Duration::from_secs(8);
const WATCH: Duration = Duration::from_secs(30);

/// What it may take: resident memory, and processor time in that while. The renewal of IDLE, once
/// in two minutes, takes about a millisecond.
const MOST_MEMORY: u64 = 64 << 20;
const MOST_TIME: Duration = Duration::from_millis(5);

const LIST: &str = "devel@lists.example";
const GATEPOST: &str = env!("CARGO_BIN_EXE_gatepost");

fn main() -> Outcome<ExitCode> {
    let world = World::new()?;
    println!("Putting {REQUESTS} requests, {OPEN} of them open.");
    let started = Instant::now();
    {
        let store = SledStore::open(&world.path("state"))?;
        let now = Timestamp::now();
        for batch in records::batches(REQUESTS, OPEN, world.head.parse()?, now) {
            store.put(&batch)?;
        }
    }
    let database = used(&world.path("state/db"))?;
    println!("They take {} MiB on disk; put in {:.1?}.", database >> 20, started.elapsed());
    world.gatepost("setup")?;
    let bot = Running::start(&world)?;
    let taken = bot.watch(&world)?;
    show(&taken);
    drop(bot);
    let fits = taken.resident < MOST_MEMORY && taken.busy <= MOST_TIME;
    Ok(if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(taken: &Taken) {
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!(
        "resident memory    {:>8.1} MiB  (may be {})",
        mebibytes(taken.resident),
        MOST_MEMORY >> 20
    );
    println!("its peak           {:>8.1} MiB", mebibytes(taken.peak));
    println!("of it the program  {:>8.1} MiB", mebibytes(taken.mapped));
    println!("threads            {:>8}", taken.threads);
    let (busy, most) = (taken.busy.as_secs_f64() * 1e3, MOST_TIME.as_millis());
    println!("processor time     {busy:>8.2} ms in {} s  (may be {most})", WATCH.as_secs());
    println!("times it woke      {:>8} in {} s", taken.woken, WATCH.as_secs());
}

/// Everything outside the bot.
struct World {
    _mail: MailStandIn,
    _gitlab: GitLabStandIn,
    _git: GitServer,
    /// The tip of the project's branch.
    head: String,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let head = project(&folder.path().join("served/upstream.git"))?;
        let world = MailWorld::new()
            .account("bot", "secret", ["bot@example.org"])
            .list(LIST, "devel.lists.example", ListOptions::default())
            .subscribe(LIST, "bot", "INBOX");
        let mail = MailStandIn::start(world)?;
        mail.fill("bot", "INBOX", MAILS, Timestamp::now());
        let gitlab = GitLabStandIn::start(Settings::default())?;
        let git = GitServer::start(&folder.path().join("served"))?;
        let text = include_str!("../config.toml")
            .replace("{imap}", &mail.imap_addr().port().to_string())
            .replace("{smtp}", &mail.smtp_addr().port().to_string())
            .replace("{git}", git.url())
            .replace("{gitlab}", gitlab.url())
            .replace("{project}", gitlab.project());
        fs::write(folder.path().join("config.toml"), text)?;
        for (name, content) in [("password", "secret"), ("token", gitlab.token())] {
            let file = folder.path().join(name);
            fs::write(&file, content)?;
            fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        }
        fs::create_dir(folder.path().join("keyring"))?;
        Ok(Self { _mail: mail, _gitlab: gitlab, _git: git, head, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(GATEPOST);
        command.arg(subcommand).arg("--config").arg(self.path("config.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn gatepost(&self, subcommand: &str) -> Outcome<()> {
        let status = self.command(subcommand).status()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("gatepost {subcommand}: {status}").into())
        }
    }
}

/// The bot; it is killed with this.
struct Running(Child);

impl Running {
    fn start(world: &World) -> Outcome<Self> {
        Ok(Self(world.command("run").spawn()?))
    }

    /// Lets it come to rest, then watches it.
    fn watch(&self, world: &World) -> Outcome<Taken> {
        let start = Instant::now();
        while world.command("status").stderr(Stdio::null()).status().is_ok_and(|s| !s.success()) {
            if start.elapsed() > Duration::from_secs(60) {
                return Err("the bot does not start".into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        println!("The bot answers after {:.1?}.", start.elapsed());
        std::thread::sleep(SETTLE);
        process::watch(self.0.id(), WATCH)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _waited = self.0.wait();
    }
}

/// A repository with one commit; the commit.
fn project(path: &Path) -> Outcome<String> {
    let repository = git2::Repository::init_bare(path)?;
    let tree = repository.find_tree(repository.treebuilder(None)?.write()?)?;
    let who = git2::Signature::now("Ann", "ann@maintainers.example")?;
    let head = repository.commit(Some("refs/heads/master"), &who, &who, "Begin", &tree, &[])?;
    Ok(head.to_string())
}

fn used(folder: &Path) -> Outcome<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let about = entry?.metadata()?;
        sum += if about.is_file() { about.len() } else { 0 };
    }
    Ok(sum)
}
