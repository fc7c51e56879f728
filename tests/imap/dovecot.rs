//! A Dovecot of the test's own: configuration, certificates, mail and state in one folder.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::imap::certificates::{certificates, program};

/// The password of every account.
pub(crate) const PASSWORD: &str = "correct-horse";

pub(crate) struct Dovecot {
    folder: TempDir,
    master: Child,
    /// STARTTLS, and plain from this machine.
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
}

impl Dovecot {
    pub(crate) fn start() -> Self {
        let dovecot = program("dovecot", "dovecot-imapd");
        let folder = tempfile::Builder::new().prefix("dc").tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        certificates(folder.path());
        let (imap, imaps) = (free_port(), free_port());
        let config = folder.path().join("dovecot.conf");
        fs::write(&config, configuration(folder.path(), imap, imaps)).unwrap();
        let master = Command::new(dovecot)
            .args(["-F", "-c"])
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { folder, master, imap, imaps };
        server.until_ready();
        server
    }

    /// The certificate to believe.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Puts a mail, with CRLF line ends, into a folder.
    pub(crate) fn deliver(&self, folder: &str, mail: &[u8]) {
        let mut child = self.doveadm(&["save", "-u", "bot", "-m", folder]);
        child.stdin.take().unwrap().write_all(mail).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs doveadm and gives what it prints.
    pub(crate) fn admin(&self, arguments: &[&str]) -> String {
        let output = self.doveadm(arguments).wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Sends a signal to the processes that serve IMAP sessions.
    pub(crate) fn signal_sessions(&self, signal: Signal) -> usize {
        let sessions = children(self.master.id(), "imap");
        // One may end by itself meanwhile.
        sessions.into_iter().filter(|session| kill_process(*session, signal).is_ok()).count()
    }

    fn doveadm(&self, arguments: &[&str]) -> Child {
        Command::new(program("doveadm", "dovecot-imapd"))
            .arg("-c")
            .arg(self.folder.path().join("dovecot.conf"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn until_ready(&mut self) {
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.imap)).is_err() {
            let ended = self.master.try_wait().unwrap();
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < end, "Dovecot does not start:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // A stopped process does not hear SIGTERM.
        self.signal_sessions(Signal::CONT);
        let master = Pid::from_child(&self.master);
        let _gone = kill_process(master, Signal::TERM);
        self.master.wait().unwrap();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn children(of: u32, name: &str) -> Vec<Pid> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|id| id.parse::<i32>().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let is_one = stat.split_once(&format!("({name}) ")).is_some_and(|(_, rest)| {
            let mut fields = rest.split(' ');
            fields.next() != Some("Z") && fields.next() == Some(&of.to_string())
        });
        if is_one {
            found.extend(Pid::from_raw(id));
        }
    }
    found
}

fn configuration(folder: &Path, imap: u16, imaps: u16) -> String {
    let dir = folder.display();
    let mut text = String::new();
    for line in [
        format!("base_dir = {dir}/run\nstate_dir = {dir}/state\nlog_path = {dir}/log"),
        "listen = 127.0.0.1\nprotocols = imap\nfirst_valid_uid = 1".to_owned(),
        "auth_failure_delay = 0\nauth_mechanisms = plain login\nmail_plugins =".to_owned(),
        "imap_idle_notify_interval = 1 s\nservice anvil {\n chroot =\n}".to_owned(),
        format!("mail_home = {dir}/mail/%u\nmail_location = maildir:~/Maildir"),
        "mail_uid = mail\nmail_gid = mail".to_owned(),
        format!("ssl = yes\nssl_cert = <{dir}/certificate.pem\nssl_key = <{dir}/key.pem"),
        format!("passdb {{\n driver = static\n args = password={PASSWORD}\n}}"),
        "userdb {\n driver = static\n args = uid=mail gid=mail\n}".to_owned(),
        "namespace inbox {\n inbox = yes\n separator = /\n}".to_owned(),
        format!(
            "service imap-login {{\n inet_listener imap {{\n port = {imap}\n }}\n inet_listener \
             imaps {{\n port = {imaps}\n ssl = yes\n }}\n}}"
        ),
    ] {
        writeln!(text, "{line}").unwrap();
    }
    let mail = folder.join("mail");
    fs::create_dir(&mail).unwrap();
    fs::set_permissions(&mail, fs::Permissions::from_mode(0o777)).unwrap();
    text
}
