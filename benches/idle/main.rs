//! What the bot takes while it has nothing to do, with 10,000 requests in its records: memory, and
//! processor time over half a minute. Ends with 1 if it is more than it may be.
//! `docs/benchmarks.md` says how to read it.
//!
//! What it takes to put records into a store is compiled once more: the library shows none of it.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "the library is checked for them")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gatepost::stand_ins::{
    GitLabStandIn, GitServer, ListOptions, MailStandIn, MailWorld, Settings,
};
use jiff::Timestamp;

use crate::adapters::store::SledStore;
use crate::ports::Store;
use crate::process::Taken;
use crate::shared::{Bot, Outcome, is_quick, ran_quickly};

mod adapters;
#[path = "../../src/mail/mod.rs"]
mod mail;
#[path = "../../src/ports/mod.rs"]
mod ports;
mod process;
#[path = "../../src/pull/mod.rs"]
mod pull;
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

/// What it may take: resident memory, and processor time in that while, a thousandth of one
/// processor. (The database library's own threads look for work once a second.)
const MOST_MEMORY: u64 = 64 << 20;
const MOST_TIME: Duration = Duration::from_millis(30);

const LIST: &str = "devel@lists.example";

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
    let mut bot = Bot::start(world.folder.path())?;
    // It comes to rest.
    std::thread::sleep(size.settle);
    bot.still_runs()?;
    let taken = process::watch(bot.id(), size.watch)?;
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
