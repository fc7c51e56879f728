//! Real servers on loopback for one test: Postfix, mlmmj, Dovecot, nginx with `git http-backend`,
//! `git daemon`, and a proxy with faults before each. Dropping it stops them and removes their
//! files.
//!
//! The servers listen on a loopback address of this rig's own, so several rigs run side by side
//! on fixed ports; clients use the proxies on 127.0.0.1.

use std::fs::{self, Permissions};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};

use tempfile::TempDir;

use crate::authority::Authority;
use crate::dkim::{Dkim, Signing};
use crate::dovecot::{self, Dovecot};
use crate::git_servers::GitServers;
use crate::mailbox::Maildir;
use crate::mlmmj;
use crate::postfix::Postfix;
use crate::process::tail;
use crate::proxy::Proxy;

/// The mailboxes' domain.
pub(crate) const DOMAIN: &str = "example.test";
/// The list's domain.
pub(crate) const LIST_DOMAIN: &str = "lists.example.test";
/// The list.
pub(crate) const LIST: &str = "devel@lists.example.test";
/// The bot's mailbox.
pub(crate) const BOT: &str = "gatepost";
/// The mailbox that commands are mailed to.
pub(crate) const COMMANDS: &str = "commands";
/// Who has a mailbox: the bot, its people, maintainers, and somebody who only reads the list.
pub(crate) const USERS: [&str; 8] =
    [BOT, COMMANDS, "admin", "release", "alice", "bob", "carol", "reader"];
/// Who is on the list.
const SUBSCRIBERS: [&str; 5] = [BOT, "alice", "bob", "carol", "reader"];
/// The system user that owns mailboxes and the list.
pub(crate) const MAIL_USER: &str = "mail";

/// The password of a user of the rig.
pub(crate) fn password(user: &str) -> String {
    format!("secret-of-{user}")
}

/// A mail address of the rig.
pub(crate) fn address(user: &str) -> String {
    format!("{user}@{DOMAIN}")
}

/// All servers, running.
pub(crate) struct Rig {
    /// IMAP with STARTTLS.
    pub(crate) imap: Proxy,
    /// IMAP with implicit TLS.
    pub(crate) imaps: Proxy,
    /// Submission with STARTTLS and AUTH.
    pub(crate) submission: Proxy,
    /// Submission with implicit TLS and AUTH.
    pub(crate) submissions: Proxy,
    /// SMTP without TLS and AUTH, for addresses of the rig.
    pub(crate) mx: Proxy,
    /// Git over HTTP.
    pub(crate) http: Proxy,
    /// Git over HTTPS.
    pub(crate) https: Proxy,
    /// Git's own protocol.
    pub(crate) git: Proxy,
    /// Who signed the servers' certificate.
    pub(crate) authority: Authority,
    git_servers: GitServers,
    postfix: Postfix,
    dkim: Option<Signing>,
    dovecot: Dovecot,
    root: Root,
}

impl Rig {
    /// Starts everything and waits until it takes connections.
    pub(crate) fn start() -> Self {
        Self::start_with(Dkim::Unused)
    }

    /// The same with DKIM.
    pub(crate) fn start_with(dkim: Dkim) -> Self {
        assert_eq!(
            rustix::process::geteuid().as_raw(),
            0,
            "the tests against real servers need root: Postfix's master runs as nobody else. \
             Run `sudo tests/run`."
        );
        let root = Root::new();
        let folder = root.0.path();
        let ip = own_address();
        let authority = Authority::new(&folder.join("tls"));
        let mut dovecot = Dovecot::start(folder, ip, &authority);
        let mut git_servers = GitServers::start(folder, ip, &authority);
        let dkim = Signing::start(folder, ip, dkim);
        let mut postfix =
            Postfix::start(folder, ip, &authority, &folder.join("list"), dkim.as_ref());
        mlmmj::make_list(&folder.join("list"), postfix.mx, &SUBSCRIBERS.map(address));
        dovecot.wait();
        git_servers.wait();
        postfix.wait();
        Self {
            imap: Proxy::before(dovecot.imap),
            imaps: Proxy::before(dovecot.imaps),
            submission: Proxy::before(postfix.submission),
            submissions: Proxy::before(postfix.submissions),
            mx: Proxy::before(postfix.mx),
            http: Proxy::before(git_servers.http),
            https: Proxy::before(git_servers.https),
            git: Proxy::before(git_servers.git),
            authority,
            git_servers,
            postfix,
            dkim,
            dovecot,
            root,
        }
    }

    /// The rig's folder.
    pub(crate) fn folder(&self) -> &Path {
        self.root.0.path()
    }

    /// Where the servers themselves listen.
    pub(crate) fn servers(&self) -> Vec<SocketAddr> {
        let Self { git_servers: git, postfix, dovecot, .. } = self;
        vec![
            dovecot.imap,
            dovecot.imaps,
            postfix.submission,
            postfix.submissions,
            postfix.mx,
            git.http,
            git.https,
            git.git,
        ]
    }

    /// Where bare repositories lie that the git servers serve.
    pub(crate) fn repositories(&self) -> PathBuf {
        self.git_servers.folder.clone()
    }

    /// How often clients have begun to wait for news of a mailbox so far.
    pub(crate) fn idles(&self) -> usize {
        dovecot::idles(self.folder())
    }

    /// From now on Postfix takes no mail for want of room (452), or takes it again.
    pub(crate) fn has_room_for_mail(&self, room: bool) {
        self.postfix.has_room(self.folder(), room);
    }

    /// The DNS server that has the key of the mailboxes' domain.
    ///
    /// # Panics
    /// If the rig is one without DKIM.
    pub(crate) fn dns(&self) -> SocketAddr {
        self.dkim.as_ref().expect("a rig with DKIM").dns()
    }

    /// A user's inbox.
    pub(crate) fn inbox(&self, user: &str) -> Maildir {
        Maildir::new(self.root.0.path().join("mail").join(user).join("Maildir"))
    }
}

/// The rig's folder: removed at the end, its logs shown if the test has failed.
struct Root(TempDir);

impl Root {
    /// A short path, for the sake of Unix sockets; open, since each server runs as its own user.
    fn new() -> Self {
        let root = tempfile::Builder::new().prefix("gp").tempdir_in("/tmp").expect("in /tmp");
        let open = |folder: &Path| fs::set_permissions(folder, Permissions::from_mode(0o755));
        open(root.path()).expect("our folder");
        for name in ["log", "run", "home"] {
            let folder = root.path().join(name);
            fs::create_dir(&folder).expect("a new folder");
            open(&folder).expect("our folder");
        }
        Self(root)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for entry in fs::read_dir(self.0.path().join("log")).into_iter().flatten().flatten() {
            eprintln!("{}\n", tail(&entry.path()));
        }
    }
}

/// A loopback address that no other rig of this process uses, nor one of another process.
fn own_address() -> IpAddr {
    static COUNT: AtomicU8 = AtomicU8::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(127, 64 + count % 64, high, low))
}

/// The number of a system user.
pub(crate) fn id_of_user(name: &str) -> u32 {
    id_in("/etc/passwd", name)
}

/// The number of a system group.
pub(crate) fn id_of_group(name: &str) -> u32 {
    id_in("/etc/group", name)
}

fn id_in(file: &str, name: &str) -> u32 {
    let text = fs::read_to_string(file).expect("every system has it");
    let id = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1))?
    });
    id.and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no {name} in {file}"))
}
