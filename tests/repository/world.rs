//! A small world of repositories: a project, an author, a CI project, and the bot's own state.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::adapters::git::{GitRepository, GitSettings};
use crate::config::model::{Ci, Fetch, Target, Trust};
use crate::config::secret::Secret;
use crate::ports::{FetchOrder, FetchRefused, MergeOrder, Quarantine, Repository};
use crate::pull::checks::CheckPolicy;
use crate::pull::cover::Person;
use crate::pull::ids::{ObjectId, PullNumber, TargetName};
use crate::pull::policy::CiLint;
use crate::pull::tag::Pinned;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::repository::server::Server;

/// The token that must be seen nowhere but in one header.
pub(crate) const TOKEN: &str = "glpat-canary-7d1f";

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
}

/// Runs git on its own, without the machine's configuration.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ann Author")
        .env("GIT_AUTHOR_EMAIL", "ann@example.org")
        .env("GIT_COMMITTER_NAME", "Ann Author")
        .env("GIT_COMMITTER_EMAIL", "ann@example.org")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl World {
    /// A project with one commit on `master`, and an author who has it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for bare in ["up.git", "author.git", "ci.git"] {
            git(root, &["init", "-q", "--bare", "-b", "master", bare]);
        }
        git(root, &["init", "-q", "-b", "master", "work"]);
        let world = Self { server: Server::start(root), folder };
        world.write("README", "one\ntwo\nthree\n");
        world.write("Makefile", "all:\n");
        world.commit("start");
        world.publish("up.git", "master");
        world
    }

    /// The same, with the mirror cloned and the CI project filled.
    pub(crate) fn ready() -> (Self, GitRepository) {
        let world = Self::new();
        let bot = world.bot();
        bot.setup(&mut |_| {}).unwrap();
        (world, bot)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.path("work"), args)
    }

    pub(crate) fn write(&self, file: &str, content: &str) {
        let path = self.path("work").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn commit(&self, subject: &str) -> ObjectId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", subject]);
        self.id("HEAD")
    }

    pub(crate) fn id(&self, name: &str) -> ObjectId {
        self.git(&["rev-parse", name]).parse().unwrap()
    }

    pub(crate) fn publish(&self, to: &str, reference: &str) {
        let to = self.path(to).display().to_string();
        self.git(&["push", "-q", "-f", &to, reference]);
    }

    /// A request's usual shape: a commit on a branch of its own, tagged, at the author's.
    pub(crate) fn topic(&self, tag: &str, file: &str, content: &str) -> ObjectId {
        self.git(&["checkout", "-q", "-B", "topic", "master"]);
        self.write(file, content);
        let tip = self.commit(&format!("change {file}"));
        self.tag(tag, "Patches\n\n- for you");
        self.git(&["checkout", "-q", "master"]);
        tip
    }

    pub(crate) fn tag(&self, name: &str, text: &str) {
        self.git(&["tag", "-f", "-a", name, "-m", text]);
        self.publish("author.git", &format!("refs/tags/{name}"));
    }

    pub(crate) fn settings(&self) -> GitSettings {
        let ci = Ci {
            gitlab: self.server.url(""),
            project: "ci".into(),
            push_url: self.server.url("ci.git"),
            fetch_url: self.server.url("ci.git"),
            token: Secret::new(TOKEN),
            ca_file: None,
            reference: "staging-gatepost-{number}-{attempt}".into(),
            max_running: 1,
            start_within: SignedDuration::from_mins(60),
            finish_within: SignedDuration::from_mins(60),
            poll: SignedDuration::from_secs(1),
            required_jobs: Vec::new(),
            ci_lint: CiLint::Off,
            ci_paths: Vec::new(),
            variables: BTreeMap::new(),
            inputs: BTreeMap::new(),
        };
        let target = Target {
            name: target(),
            url: self.server.url("up.git"),
            branch: "master".into(),
            into: "staging".into(),
            ci,
            checks: CheckPolicy::usual(),
        };
        GitSettings {
            state: self.path("state"),
            program: env!("CARGO_BIN_EXE_gatepost").into(),
            targets: [(target.name.clone(), target)].into(),
            trust: Trust {
                keyring: PathBuf::new(),
                unknown_keys: crate::pull::policy::UnknownKeys::Refuse,
                schemes: vec!["http".into(), "https".into(), "git".into()],
                hosts: vec!["127.0.0.1:*".into(), "localhost:*".into()],
                allow_addresses: vec!["127.0.0.1".parse().unwrap()],
            },
            fetch: Fetch {
                deadline: SignedDuration::from_secs(60),
                max_bytes: 64 << 20,
                max_memory: 1 << 30,
                disk_budget: 1 << 30,
                ca_file: None,
            },
            committer: Person { name: Some("The Bot".into()), address: "bot@example.org".into() },
        }
    }

    pub(crate) fn bot(&self) -> GitRepository {
        GitRepository::new(self.settings()).unwrap()
    }

    pub(crate) fn order(&self, path: &str, reference: &str) -> FetchOrder {
        FetchOrder {
            into: pull(1),
            target: target(),
            url: self.server.url(path),
            reference: reference.into(),
            base: None,
        }
    }

    pub(crate) fn fetch(
        &self,
        bot: &GitRepository,
        reference: &str,
    ) -> Result<Pinned, FetchRefused> {
        bot.fetch(&self.order("author.git", reference))
    }

    pub(crate) fn merge_order(&self, base: ObjectId, pinned: &Pinned) -> MergeOrder {
        MergeOrder {
            from: pull(1),
            target: target(),
            base,
            pinned: pinned.clone(),
            url: "https://git.example.org/author/qemu.git".into(),
            at: Timestamp::from_second(1_790_000_000).unwrap(),
        }
    }
}

pub(crate) fn pull(number: u64) -> Quarantine {
    Quarantine::Pull(PullNumber(number))
}

pub(crate) fn target() -> TargetName {
    TargetName::new("master")
}

/// One file of /proc for each child this process has now.
pub(crate) fn children(file: &str) -> Vec<String> {
    let own = std::process::id();
    let mut all = Vec::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
        if parent == Some(own) {
            let content = fs::read(process.path().join(file)).unwrap_or_default();
            all.push(String::from_utf8_lossy(&content).into_owned());
        }
    }
    all
}
