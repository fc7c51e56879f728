//! Everything that a request meets: the rig, the project's repository, a stand-in GitLab that
//! runs the project's job, and the bot between them.

use std::fs;
use std::path::PathBuf;

use gatepost::stand_ins::{GitLabStandIn, Settings};

use crate::bot::{Bot, write_secret};
use crate::mailbox::Mail;
use crate::maintainer::{GIT, Mailed, Maintainer};
use crate::process::{command, eventually, run};
use crate::proxy::Proxy;
use crate::rig::{BOT, LIST, Rig, address, password};
use crate::upstream::Upstream;

/// A bot at work; what it uses ends after it.
pub(crate) struct World {
    /// The bot.
    pub(crate) bot: Bot,
    /// The bot's way to its mailbox.
    pub(crate) imap: Proxy,
    /// The bot's way out for mail; people have their own.
    pub(crate) smtp: Proxy,
    /// GitLab.
    pub(crate) gitlab: GitLabStandIn,
    /// The project's repository.
    pub(crate) upstream: Upstream,
    /// The servers.
    pub(crate) rig: Rig,
    keyring: PathBuf,
    accounts: usize,
}

impl World {
    /// Starts everything but the bot, and sets it up with an empty keyring.
    pub(crate) fn new() -> Self {
        Self::with(|config| config)
    }

    /// The same with a configuration that differs.
    pub(crate) fn with(differently: impl FnOnce(String) -> String) -> Self {
        Self::around(Rig::start(), |_, config| differently(config))
    }

    /// The same around servers that run already.
    pub(crate) fn around(rig: Rig, differently: impl FnOnce(&Rig, String) -> String) -> Self {
        let upstream = Upstream::new(&rig);
        let gitlab = GitLabStandIn::start(Settings::default()).expect("git is installed");
        let folder = rig.folder().join("bot");
        let keyring = folder.join("keyring");
        fs::create_dir_all(&keyring).expect("a new folder");
        let (imap, smtp) = (rig.imap.another(), rig.submission.another());
        write_secret(&folder.join("mail-password"), &password(BOT));
        write_secret(&folder.join("gitlab-token"), gitlab.token());
        let config = folder.join("config.toml");
        let text = differently(&rig, configuration(&rig, &gitlab, &imap, &smtp));
        let accounts = text.matches("[[account]]").count();
        fs::write(&config, text).expect("a new file");
        let bot = Bot::new(config, rig.folder().join("log"));
        Self { bot, imap, smtp, gitlab, upstream, rig, keyring, accounts }
    }

    /// A maintainer whose key the bot trusts.
    pub(crate) fn maintainer(&self, user: &'static str) -> Maintainer {
        let maintainer = self.stranger(user);
        let file = self.keyring.join(format!("{user}.asc"));
        fs::write(file, maintainer.public_key()).expect("our folder");
        maintainer
    }

    /// A maintainer whose key the bot does not have.
    pub(crate) fn stranger(&self, user: &'static str) -> Maintainer {
        Maintainer::join(&self.rig, &self.upstream, user)
    }

    /// Fetches the mirror and fills the CI project.
    pub(crate) fn set_up(&self) {
        let done = self.bot.runs(&["setup"]);
        assert!(
            done.status.success(),
            "{}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }

    /// Starts the bot and waits until it watches each of its mailboxes.
    pub(crate) fn start_bot(&mut self) {
        self.start_bot_with(&[]);
    }

    /// The same with options of `run`.
    pub(crate) fn start_bot_with(&mut self, options: &[&str]) {
        let before = self.rig.idles();
        let (rig, all) = (&self.rig, before + self.accounts);
        self.bot.start_until(options, "the bot waits for news", || rig.idles() >= all);
    }

    /// Waits until the bot waits for news once more than it had.
    pub(crate) fn wait_for_idle_after(&self, before: usize) {
        eventually("the bot waits for news", || (self.rig.idles() > before).then_some(()));
    }

    /// The URL of a maintainer's repository over HTTPS.
    pub(crate) fn https(&self, maintainer: &Maintainer) -> String {
        format!("https://127.0.0.1:{}/{}/project.git", self.rig.https.port(), maintainer.user)
    }

    /// The same over git's own protocol.
    pub(crate) fn git(&self, maintainer: &Maintainer) -> String {
        format!("git://127.0.0.1:{}/{}/project.git", self.rig.git.port(), maintainer.user)
    }

    /// Waits for the bot's answer to a request, as somebody on the list sees it.
    pub(crate) fn wait_for_reply(&self, request: &Mailed) -> Mail {
        self.rig.inbox("reader").wait_for_reply(&request.message_id, &address(BOT))
    }

    /// Checks that a request was answered once. A whole other request goes through first, so that
    /// a second answer would have come.
    pub(crate) fn expect_one_reply(&self, request: &Mailed, other: &Maintainer) {
        other.commits("fence", "fence", "A fence.\n", "Add a fence");
        other.publishes("fence-1", "A fence");
        let fence = other.mails_pull(&self.https(other), "fence-1");
        self.wait_for_reply(&fence);
        let replies = self.rig.inbox("reader").replies(&request.message_id, &address(BOT));
        let subjects: Vec<_> = replies.iter().map(|reply| &reply.text).collect();
        assert_eq!(replies.len(), 1, "{subjects:?}");
    }

    /// The status of each pipeline that the bot made, oldest first. What a push made must have
    /// been skipped.
    pub(crate) fn pipelines(&self) -> Vec<String> {
        let mut made = Vec::new();
        for (_, branch, source, status) in self.gitlab.pipelines() {
            match source.as_str() {
                "api" => made.push(status),
                _ => assert_eq!(status, "skipped", "made by a {source} to {branch}"),
            }
        }
        made
    }

    /// What a git command prints in the CI project's repository.
    pub(crate) fn in_ci_project(&self, args: &[&str]) -> String {
        let mut git = command(GIT);
        git.env("HOME", self.rig.folder()).args(["-c", "safe.directory=*"]);
        run(git.arg("-C").arg(self.gitlab.repository()).args(args)).trim().to_owned()
    }
}

fn configuration(rig: &Rig, gitlab: &GitLabStandIn, imap: &Proxy, smtp: &Proxy) -> String {
    let ca = rig.authority.certificate.display();
    let (imap, smtp, https) = (imap.port(), smtp.port(), rig.https.port());
    let bot = address(BOT);
    let (admin, release) = (address("admin"), address("release"));
    let (gitlab_url, project) = (gitlab.url(), gitlab.project());
    format!(
        r#"[bot]
from = "Gatepost <{bot}>"
administrator = "{admin}"
release_managers = ["{release}"]

[state]
directory = "state"

[[account]]
name = "lists"
host = "127.0.0.1"
port = {imap}
tls = "starttls"
ca_file = "{ca}"
login = "{BOT}"
password = {{ file = "mail-password" }}

[[list]]
name = "devel"
account = "lists"
address = "{LIST}"
list_id = "devel.lists.example.test"
target = "master"

[[target]]
name = "master"
url = "https://127.0.0.1:{https}/upstream/project.git"
branch = "master"

[target.ci]
gitlab = "{gitlab_url}"
project = "{project}"
token = {{ file = "gitlab-token" }}
poll = "1s"

[trust]
keyring = "keyring"
hosts = ["127.0.0.1:*"]
schemes = ["https", "git"]
allow_addresses = ["127.0.0.1"]

[fetch]
deadline = "5s"
disk_budget = "1 GiB"
ca_file = "{ca}"

[smtp]
host = "127.0.0.1"
port = {smtp}
tls = "starttls"
ca_file = "{ca}"
login = "{BOT}"
password = {{ file = "mail-password" }}
hello_name = "bot.example.test"
deadline = "20s"
"#
    )
}
