//! What both sides meet: a mail server with the command mailbox, another one for the loop, and the
//! administrator's, whose key the bot trusts; a small repository and a GitLab, which no command
//! here asks.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use gatepost::stand_ins::{
    GitLabStandIn, GitServer, ListOptions, MailStandIn, MailWorld, Person, Settings, SigningKey,
};
use jiff::Timestamp;

use crate::plain::Loop;
use crate::shared::{self, Outcome};

const LIST: &str = "devel@lists.example";
const ADMIN: &str = "admin@example.org";

/// The loop's account.
pub(crate) const PLAIN: &str = "plain";

/// How long anything may take before the benchmark gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const COMMANDS: &str = "
[command]
account = \"lists\"
address = \"bot@example.org\"
mails_per_hour = 1000
dkim = \"off\"
";

/// Everything outside the bot.
pub(crate) struct World {
    mail: MailStandIn,
    gitlab: GitLabStandIn,
    git: GitServer,
    key: SigningKey,
    round: u64,
    folder: tempfile::TempDir,
}

impl World {
    /// Sets all of it up.
    pub(crate) fn new() -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("world").tempdir_in("target")?;
        let served = folder.path().join("served");
        make_upstream(&served.join("upstream.git"))?;
        let now = Timestamp::now();
        let admin = Person { name: Some("Adele".to_owned()), address: ADMIN.to_owned() };
        let mail = MailWorld::new()
            .account("bot", "secret", ["bot@example.org"])
            .account(PLAIN, "secret", ["plain@example.org"])
            .account("people", "secret", [ADMIN, "release@example.org"])
            .list(LIST, "devel.lists.example", ListOptions::default());
        let world = Self {
            mail: MailStandIn::start(mail)?,
            gitlab: GitLabStandIn::start(Settings::default())?,
            git: GitServer::start(&served)?,
            key: SigningKey::new(&admin, now - jiff::SignedDuration::from_hours(24))?,
            round: 0,
            folder,
        };
        world.configure()?;
        Ok(world)
    }

    /// Where the bot's configuration lies.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the mail server speaks IMAP and SMTP.
    pub(crate) fn servers(&self) -> (SocketAddr, SocketAddr) {
        (self.mail.imap_addr(), self.mail.smtp_addr())
    }

    /// A new signed mail (PGP/MIME) with three commands, two of which change something.
    pub(crate) fn command(&mut self) -> Outcome<Vec<u8>> {
        self.round += 1;
        let (round, now) = (self.round, Timestamp::now());
        let date = now.strftime("%a, %-d %b %Y %T +0000");
        let entity = format!(
            "Content-Type: text/plain; charset=utf-8\r\n\r\n\
             pause The runners are down for the {round}. time.\r\nresume\r\nstatus\r\n"
        );
        let signed = String::from_utf8(self.key.sign(entity.as_bytes(), now)?)?;
        let signature = signed[entity.len()..].replace('\n', "\r\n");
        Ok(format!(
            "From: Adele <{ADMIN}>\r\nTo: bot@example.org\r\nSubject: Runners\r\nDate: {date}\r\n\
             Message-ID: <{round}.{}@example.org>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/signed; boundary=b; micalg=pgp-sha512;\r\n \
             protocol=\"application/pgp-signature\"\r\n\r\n\
             --b\r\n{entity}\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n\
             {signature}\r\n--b--\r\n",
            now.as_nanosecond()
        )
        .into_bytes())
    }

    /// Puts a mail into the command mailbox; the time from then until SMTP has taken the answer, and
    /// the answer.
    pub(crate) fn by_the_bot(&self, mail: &[u8]) -> Outcome<(Duration, Vec<u8>)> {
        let before = self.mail.inbox(ADMIN).len();
        let start = Instant::now();
        self.mail.put("bot", "INBOX", mail, Timestamp::now());
        let inbox = self.mail.wait_for_inbox(ADMIN, before + 1, PATIENCE);
        let took = start.elapsed();
        let answer = inbox.get(before).ok_or("the bot did not answer")?.bytes().into_owned();
        let text = String::from_utf8_lossy(&answer);
        if !text.contains("Carried out: 3 commands.") {
            return Err(format!("the commands were not carried out: {text}").into());
        }
        Ok((took, answer))
    }

    /// Puts the mail into the loop's mailbox; the time from then until SMTP has taken that answer.
    pub(crate) fn by_the_loop(
        &self,
        by: &mut Loop,
        mail: &[u8],
        answer: &[u8],
    ) -> Outcome<Duration> {
        by.waits()?;
        let start = Instant::now();
        self.mail.put(PLAIN, "INBOX", mail, Timestamp::now());
        by.answers(answer)?;
        Ok(start.elapsed())
    }

    fn configure(&self) -> Outcome<()> {
        let folder = self.folder.path();
        shared::configure(folder, &self.mail, &self.gitlab, &self.git, COMMANDS)?;
        Ok(fs::write(folder.join("keyring/adele.asc"), self.key.certificate()?)?)
    }
}

/// A repository of one commit without files.
fn make_upstream(path: &Path) -> Outcome<()> {
    fs::create_dir_all(path)?;
    git(path, &["init", "--quiet", "--bare", "-b", "master"])?;
    let tree = git(path, &["hash-object", "-t", "tree", "-w", "/dev/null"])?;
    let commit = git(path, &["commit-tree", "-m", "Begin", &tree])?;
    git(path, &["update-ref", "refs/heads/master", &commit]).map(drop)
}

fn git(repository: &Path, arguments: &[&str]) -> Outcome<String> {
    let output = Command::new("git")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args(["-c", "user.name=Rita", "-c", "user.email=rita@example.org", "-C"])
        .arg(repository)
        .args(arguments)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
