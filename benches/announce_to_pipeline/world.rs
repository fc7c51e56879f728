//! What both sides meet: the project's repository and a maintainer's over HTTP, a GitLab, a mail
//! server with the list; the bot's configuration and warm mirror, the script's warm checkout.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gatepost::stand_ins::{
    GitLabStandIn, GitServer, ListOptions, MailStandIn, MailWorld, Person, Plan, Settings,
    SigningKey,
};
use jiff::Timestamp;

use crate::history::{self, Size, add_commits, git, text};
use crate::shared::{self, Outcome};

const LIST: &str = "devel@lists.example";
const MAINTAINER: &str = "ann@maintainers.example";

/// The script that a maintainer would write.
const SCRIPT: &str = include_str!("by-hand.sh");

/// How long anything may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// One request, ready to be mailed.
pub(crate) struct Request {
    /// The tag's name.
    pub(crate) tag: String,
    /// The mail.
    pub(crate) mail: Vec<u8>,
}

/// Everything outside the bot.
pub(crate) struct World {
    mail: MailStandIn,
    gitlab: GitLabStandIn,
    git: GitServer,
    key: SigningKey,
    base: String,
    size: Size,
    round: u64,
    letters: usize,
    folder: tempfile::TempDir,
}

impl World {
    /// Sets all of it up, with the large repository that is kept or a small one.
    pub(crate) fn new(quick: bool) -> Outcome<Self> {
        // On one disk with the large repository, whose copies share its files.
        fs::create_dir_all(history::kept())?;
        let folder = tempfile::Builder::new().prefix("world").tempdir_in(history::kept())?;
        let (origin, size) = if quick {
            let small = folder.path().join("small.git");
            history::make(&small, history::SMALL)?;
            (small, history::SMALL)
        } else {
            (history::upstream()?, history::LARGE)
        };
        let served = folder.path().join("served");
        fs::create_dir(&served)?;
        for name in ["upstream.git", "maintainer.git"] {
            let copy = text(&served.join(name));
            git(None, &["clone", "--quiet", "--bare", &text(&origin), &copy])?;
        }
        let base = git(Some(&served.join("upstream.git")), &["rev-parse", "master"])?;
        let now = Timestamp::now();
        let ann = Person { name: Some("Ann".to_owned()), address: MAINTAINER.to_owned() };
        let mail = MailWorld::new()
            .account("bot", "secret", ["bot@example.org"])
            .account("people", "secret", [MAINTAINER, "admin@example.org", "release@example.org"])
            .list(LIST, "devel.lists.example", ListOptions::default())
            .subscribe(LIST, "bot", "INBOX");
        let world = Self {
            mail: MailStandIn::start(mail)?,
            gitlab: GitLabStandIn::start(Settings::default())?,
            git: GitServer::start(&served)?,
            key: SigningKey::new(&ann, now - jiff::SignedDuration::from_hours(24))?,
            base,
            size,
            round: 0,
            letters: 0,
            folder,
        };
        let fill = ["fetch", "--quiet", &text(&origin), "master:master"];
        git(Some(world.gitlab.repository()), &fill)?;
        world.configure()?;
        world.prepare_script()?;
        Ok(world)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn served(&self, name: &str) -> PathBuf {
        self.path("served").join(name)
    }

    /// Where the bot's configuration lies.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn configure(&self) -> Outcome<()> {
        shared::configure(self.folder.path(), &self.mail, &self.gitlab, &self.git, "")?;
        Ok(fs::write(self.path("keyring/ann.asc"), self.key.certificate()?)?)
    }

    fn prepare_script(&self) -> Outcome<()> {
        fs::write(self.path("by-hand.sh"), SCRIPT)?;
        let checkout = self.path("checkout");
        git(None, &["clone", "-q", &text(&self.served("upstream.git")), &text(&checkout)])?;
        let upstream = format!("{}/upstream.git", self.git.url());
        git(Some(&checkout), &["remote", "set-url", "origin", &upstream])?;
        let push_url = self.gitlab.git_url().replace("://", "://token:{}@");
        let push_url = push_url.replace("{}", self.gitlab.token());
        git(Some(&checkout), &["remote", "add", "ci", &push_url])?;
        git(Some(&checkout), &["config", "user.name", "Rita"])?;
        git(Some(&checkout), &["config", "user.email", "rita@maintainers.example"])?;
        let gnupg = self.path("gnupg");
        fs::create_dir(&gnupg)?;
        fs::set_permissions(&gnupg, Permissions::from_mode(0o700))?;
        let imported = Command::new("gpg")
            .env("GNUPGHOME", &gnupg)
            .args(["--batch", "--quiet", "--import"])
            .arg(self.path("keyring/ann.asc"))
            .stderr(Stdio::null())
            .status()?;
        if imported.success() { Ok(()) } else { Err("gpg imports nothing".into()) }
    }

    /// Makes a new request of five commits with a signed tag, and moves the target on by one.
    pub(crate) fn request(&mut self) -> Outcome<Request> {
        self.round += 1;
        let (number, now) = (self.round, Timestamp::now());
        let (upstream, maintainer) = (self.served("upstream.git"), self.served("maintainer.git"));
        let head = git(Some(&upstream), &["rev-parse", "master"])?;
        add_commits(&upstream, self.size, "master", &head, 1, 2_000 + number, now.as_second())?;
        let branch = format!("series-{number}");
        let tip =
            add_commits(&maintainer, self.size, &branch, &self.base, 5, number, now.as_second())?;
        let tag = format!("pull-series-{number}");
        let bytes = self.key.tag(tip.parse()?, &tag, "Five changes.", now)?;
        let file = self.path("tag");
        fs::write(&file, bytes)?;
        let object = ["hash-object", "-t", "tag", "-w", &text(&file)];
        let id = git(Some(&maintainer), &object)?;
        git(Some(&maintainer), &["update-ref", &format!("refs/tags/{tag}"), &id])?;
        let mail = self.letter(number, &tag, &tip, now);
        Ok(Request { tag, mail: mail.into_bytes() })
    }

    fn maintainer_url(&self) -> String {
        format!("{}/maintainer.git", self.git.url())
    }

    fn letter(&self, number: u64, tag: &str, tip: &str, now: Timestamp) -> String {
        let date = now.strftime("%a, %-d %b %Y %T +0000");
        let (base, url) = (&self.base, self.maintainer_url());
        let rule = "-".repeat(64);
        format!(
            "From: Ann <{MAINTAINER}>\nTo: {LIST}\nSubject: [PULL 0/5] Series {number}\n\
             Date: {date}\nMessage-ID: <{number}.{}@maintainers.example>\n\n\
             The following changes since commit {base}:\n\n  A change (today)\n\n\
             are available in the Git repository at:\n\n  {url} tags/{tag}\n\n\
             for you to fetch changes up to {tip}:\n\n  subsystem {number}: change 4 (today)\n\n\
             {rule}\nFive changes.\n\n{rule}\n",
            now.as_nanosecond()
        )
    }

    /// Mails a request; the time from its delivery into the folder until GitLab has a pipeline.
    pub(crate) fn by_the_bot(&mut self, request: &Request) -> Outcome<Duration> {
        let before = self.pipelines();
        self.gitlab.next_pipeline(Plan::Pass);
        let start = Instant::now();
        self.mail.deliver(LIST, &request.mail);
        let took = self.until_pipeline(start, before)?;
        // The request and the answer to it: then the bot is at rest again.
        self.letters += 2;
        let archive = self.mail.wait_for_archive(LIST, self.letters, PATIENCE);
        if archive.len() < self.letters {
            return Err("the bot did not answer".into());
        }
        Ok(took)
    }

    /// Runs the script for a request; the time from its start until GitLab has a pipeline.
    pub(crate) fn by_hand(&self, request: &Request) -> Outcome<Duration> {
        let before = self.pipelines();
        self.gitlab.next_pipeline(Plan::Pass);
        let api = format!("{}/api/v4/projects/{}", self.gitlab.url(), "demo%2Fproject");
        let start = Instant::now();
        let mut script = Command::new("sh")
            .arg(self.path("by-hand.sh"))
            .args([&self.maintainer_url(), &request.tag, &api])
            .current_dir(self.path("checkout"))
            .env("GNUPGHOME", self.path("gnupg"))
            .env("GITLAB_TOKEN", self.gitlab.token())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stderr(fs::File::create(self.path("by-hand.log"))?)
            .spawn()?;
        let took = self.until_pipeline(start, before);
        let said = || fs::read_to_string(self.path("by-hand.log")).unwrap_or_default();
        if !script.wait()?.success() {
            return Err(format!("the script failed: {}", said()).into());
        }
        took
    }

    /// Pipelines that were asked for, rather than made by a push.
    fn pipelines(&self) -> usize {
        self.gitlab.pipelines().iter().filter(|(_, _, source, _)| source == "api").count()
    }

    fn until_pipeline(&self, start: Instant, before: usize) -> Outcome<Duration> {
        while self.pipelines() == before {
            if start.elapsed() > PATIENCE {
                return Err(format!("no pipeline: {:?}", self.gitlab.calls()).into());
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        Ok(start.elapsed())
    }
}
