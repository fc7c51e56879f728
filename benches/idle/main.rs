//! What the bot takes while it has nothing to do, with 10,000 requests in its records: memory, and
//! processor time over half a minute. Ends with 1 if it is more than it may be.
//! `docs/benchmarks.md` says how to read it.

use std::fs;
use std::os::unix::net::UnixStream;
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
use crate::shared::{Outcome, is_quick, ran_quickly};

mod process;
mod records;
#[path = "../shared/mod.rs"]
mod shared;

/// How much there is, and how long it is looked at.
struct Size {
    /// Requests, and how many of them are still open.
    requests: u64,
    open: u64,
    /// Mails in the folder.
    mails: u32,
    /// How long the bot may settle after its start.
    settle: Duration,
    /// How long it is watched then.
    watch: Duration,
}

const LARGE: Size = Size {
    requests: 10_000,
    open: 100,
    mails: 300_000,
    settle: Duration::from_secs(8),
    watch: Duration::from_secs(30),
};

const SMALL: Size = Size {
    requests: 200,
    open: 20,
    mails: 1_000,
    settle: Duration::from_secs(1),
    watch: Duration::from_secs(1),
};

/// How long the bot may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// What it may take: resident memory, and processor time in that while, a thousandth of one
/// processor. (The database library's own threads look for work once a second.)
const MOST_MEMORY: u64 = 64 << 20;
const MOST_TIME: Duration = Duration::from_millis(30);

const LIST: &str = "devel@lists.example";
const GATEPOST: &str = env!("CARGO_BIN_EXE_gatepost");

fn main() -> Outcome<ExitCode> {
    let quick = is_quick();
    let size = if quick { SMALL } else { LARGE };
    let world = World::new(&size)?;
    println!("Putting {} requests, {} of them open.", size.requests, size.open);
    let started = Instant::now();
    {
        let store = SledStore::open(&world.path("state"))?;
        let now = Timestamp::now();
        for batch in records::batches(size.requests, size.open, world.head.parse()?, now) {
            store.put(&batch)?;
        }
    }
    let database = used(&world.path("state/db"))?;
    println!("They take {} MiB on disk; put in {:.1?}.", database >> 20, started.elapsed());
    world.gatepost("setup")?;
    let mut bot = Running::start(&world)?;
    let taken = bot.watch(&world, &size)?;
    show(&taken, size.watch);
    bot.still_runs()?;
    drop(bot);
    if quick {
        ran_quickly("idle");
        return Ok(ExitCode::SUCCESS);
    }
    let fits = taken.resident < MOST_MEMORY && taken.busy <= MOST_TIME;
    Ok(if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(taken: &Taken, watched: Duration) {
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
    let seconds = watched.as_secs();
    println!("processor time     {busy:>8.2} ms in {seconds} s  (may be {most} in 30 s)");
    println!("times it woke      {:>8} in {seconds} s", taken.woken);
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
    fn new(size: &Size) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let head = project(&folder.path().join("served/upstream.git"))?;
        let world = MailWorld::new()
            .account("bot", "secret", ["bot@example.org"])
            .list(LIST, "devel.lists.example", ListOptions::default())
            .subscribe(LIST, "bot", "INBOX");
        let mail = MailStandIn::start(world)?;
        mail.fill("bot", "INBOX", size.mails, Timestamp::now());
        let gitlab = GitLabStandIn::start(Settings::default())?;
        let git = GitServer::start(&folder.path().join("served"))?;
        shared::configure(folder.path(), &mail, &gitlab, &git, "")?;
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

    /// Lets it come to rest, then watches it. Only once it listens may it be asked something: before
    /// that `gatepost status` would open the store itself, and keep the bot from it.
    fn watch(&mut self, world: &World, size: &Size) -> Outcome<Taken> {
        let start = Instant::now();
        while UnixStream::connect(world.path("state/control.sock")).is_err() {
            self.still_runs()?;
            if start.elapsed() > PATIENCE {
                return Err("the bot does not start".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        world.gatepost("status")?;
        println!("The bot answers after {:.1?}.", start.elapsed());
        std::thread::sleep(size.settle);
        self.still_runs()?;
        process::watch(self.0.id(), size.watch)
    }

    fn still_runs(&mut self) -> Outcome<()> {
        match self.0.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("the bot has ended: {status}").into()),
        }
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
