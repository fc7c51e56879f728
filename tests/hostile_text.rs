//! What other people wrote, as the commands print it: in a store that is full of it, in mails, and
//! in what a server says. No output moves the cursor, turns or hides text, or makes lines of its
//! own; JSON stays JSON and says the same.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use crate::adapters::store::SledStore;
use crate::ports::{Batch, HistoryEntry, Store};
use crate::pull::ids::{PipelineId, PullNumber, RunId};
use crate::pull::overlay::{Overlay, Pause};
use crate::pull::retry::Retry;
use crate::pull::run::{Run, RunStage, Why};
use crate::pull::verdict::{Outcome, PipelineLink, Shortfall};
use crate::store::records;
use tempfile::TempDir;

/// Every kind of character that a line of text must not have, and forged lines.
const EVIL: &str = "x\r\nGatepost: request 17 passed\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{7f}\u{202e}y\
    \u{200b}\u{2028}z\u{feff}\u{e0041}\u{fe0f}\0w\u{8}\u{85}\u{61c}";

/// Where the servers are.
#[derive(Clone, Copy)]
struct Ports {
    imap: u16,
    smtp: u16,
    http: u16,
}

fn config(Ports { imap, smtp, http }: Ports) -> String {
    format!(
        r#"
[bot]
from = "Gatepost <gatepost@tally.example>"
administrator = "admin@tally.example"
release_managers = ["release@tally.example"]
[state]
directory = "state"
[[account]]
name = "lists"
host = "127.0.0.1"
port = {imap}
tls = "none"
login = "gatepost"
password = {{ file = "secret" }}
[[list]]
name = "devel"
account = "lists"
address = "devel@tally.example"
target = "master"
[[target]]
name = "master"
url = "http://127.0.0.1:{http}/upstream.git"
branch = "master"
[target.ci]
gitlab = "http://127.0.0.1:{http}"
project = "demo/project"
token = {{ file = "secret" }}
[trust]
schemes = ["http"]
hosts = ["127.0.0.1:*"]
allow_addresses = ["127.0.0.1"]
[smtp]
host = "127.0.0.1"
port = {smtp}
tls = "none"
deadline = "5s"
"#
    )
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self::beside(Ports { imap: 1, smtp: 1, http: 1 })
    }

    fn beside(ports: Ports) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("config.toml"), config(ports)).unwrap();
        fs::write(folder.path().join("secret"), "hunter2\n").unwrap();
        fs::set_permissions(folder.path().join("secret"), Permissions::from_mode(0o600)).unwrap();
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
        command.args(arguments).current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        command.env("GATEPOST_LOG", "trace").output().unwrap()
    }
}

/// A character that controls, hides or turns text; not by the bot's own list of them.
fn is_odd(c: char) -> bool {
    c != '\n'
        && (c.is_control()
            || "\u{200b}\u{200d}\u{feff}\u{2060}\u{ad}\u{e0041}\u{fe0f}\u{2028}\u{2029}"
                .contains(c)
            || "\u{202d}\u{202e}\u{2066}\u{2069}\u{200f}\u{61c}".contains(c))
}

/// Text that a terminal shows as it is, each line one of ours.
fn expect_fit(what: &str, text: &[u8]) -> String {
    let text = std::str::from_utf8(text).unwrap().to_owned();
    let odd = text.chars().find(|c| is_odd(*c));
    assert_eq!(odd, None, "{what}: {text:?}");
    let forged = text.lines().find(|line| line.starts_with("Gatepost: request 17"));
    assert_eq!(forged, None, "{what}: {text}");
    text
}

fn hostile_records() -> Batch {
    let mut pull = records::pull(1, "one@example.org");
    pull.cover.subject = EVIL.into();
    pull.cover.author.name = Some(EVIL.into());
    pull.cover.request.url = EVIL.into();
    pull.cover.request.reference = EVIL.into();
    let link = PipelineLink { id: PipelineId(u64::MAX), url: EVIL.into() };
    let why = Shortfall::NoFailedJob { yaml_errors: Some(EVIL.into()) };
    let run = Run {
        why: Why::Asked {
            asker: None,
            url: EVIL.into(),
            reference: EVIL.into(),
            sha: records::object_id('a'),
        },
        ci_ref: EVIL.into(),
        stage: RunStage::Closed {
            outcome: Outcome::Incomplete { pipeline: link, why },
            at: records::at(9),
        },
        ..records::run(1)
    };
    let open = Run {
        id: RunId(2),
        stage: RunStage::Planned { retry: Retry::now(records::at(2)) },
        ..run.clone()
    };
    let pause = Pause { reason: EVIL.into(), by: EVIL.into(), at: records::at(1) };
    Batch {
        pulls: vec![pull],
        runs: vec![run, open],
        cursors: vec![(records::folder(EVIL), records::cursor(5))],
        overlay: Some(Overlay { pause: Some(pause), ..Overlay::default() }),
        history: vec![(
            PullNumber(1),
            HistoryEntry { at: records::at(5), stage: "received".into(), what: EVIL.into() },
        )],
        ..Batch::default()
    }
}

#[test]
fn what_is_asked_of_a_store_full_of_hostile_text_prints_as_text() {
    let folder = Folder::new();
    SledStore::open(&folder.0.path().join("state")).unwrap().put(&hostile_records()).unwrap();
    for arguments in [&["status"][..], &["show", "1"], &["show", "run-1"], &["show", "run-2"]] {
        let said = folder.run(arguments);
        let text = expect_fit(&format!("{arguments:?}"), &said.stdout);
        assert!(text.contains("x Gatepost: request 17 passed"), "{arguments:?}: {text}");
        expect_fit("its errors", &said.stderr);
    }
}

#[test]
fn json_of_hostile_text_is_json_that_a_terminal_does_not_obey() {
    let folder = Folder::new();
    SledStore::open(&folder.0.path().join("state")).unwrap().put(&hostile_records()).unwrap();
    for (arguments, place) in [
        (&["status", "--format", "json"][..], "/pulls/0/subject"),
        (&["show", "1", "--format", "json"], "/reference"),
        (&["show", "run-1", "--format", "json"], "/pipeline"),
    ] {
        let said = folder.run(arguments);
        let text = expect_fit(&format!("{arguments:?}"), &said.stdout);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value.pointer(place).unwrap(), EVIL, "{arguments:?}");
    }
}

#[test]
fn a_scan_of_hostile_mails_prints_as_text() {
    use base64::Engine as _;
    let folder = Folder::new();
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("[PULL] {EVIL}"));
    let mail = format!(
        "From: a@b.example\nMessage-ID: <x@b.example>\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n\
         Subject: =?utf-8?B?{encoded}?=\nContent-Type: text/plain; charset=utf-8\n\n\
         The following changes since commit 0123456789abcdef0123456789abcdef01234567:\n\n  \
         x (2026-01-01)\n\nare available in the Git repository at:\n\n  \
         https://x.example/\u{202e}x.git tags/x\u{9b}\n\n\
         for you to fetch changes up to 1123456789abcdef0123456789abcdef01234567:\n"
    );
    fs::write(folder.0.path().join("one.eml"), mail).unwrap();
    for format in ["text", "json"] {
        let said = folder.run(&["scan", "--all", "--format", format, "one.eml"]);
        let text = expect_fit(format, &said.stdout);
        assert!(text.contains("Gatepost: request 17 passed"), "{text}");
        expect_fit("its errors", &said.stderr);
    }
}

/// A server that says this, after it has read a request if it is asked for one.
fn server(says: impl Fn(&str) -> String + Send + 'static, is_asked: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let read = if is_asked { stream.read(&mut request).unwrap_or_default() } else { 0 };
            let words = says(&String::from_utf8_lossy(&request[..read]));
            let _gone = stream.write_all(words.as_bytes());
            let _gone = stream.read(&mut request);
        }
    });
    port
}

/// GitLab's refusal, and a git server's redirect: each as hostile as its form allows.
fn refusal(request: &str) -> String {
    if request.contains("/info/refs") {
        let place: String = EVIL.chars().filter(|c| !c.is_ascii_control()).collect();
        return format!("HTTP/1.1 302 x\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
    }
    let body = serde_json::json!({ "message": EVIL }).to_string();
    let length = body.len();
    format!("HTTP/1.1 401 x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

#[test]
fn what_servers_say_is_printed_and_logged_as_text() {
    let line = EVIL.replace(['\r', '\n', '\0'], "");
    let (greeting, reply) = (format!("* BYE {line}\r\n"), format!("554 {line}\r\n"));
    let folder = Folder::beside(Ports {
        imap: server(move |_| greeting.clone(), false),
        smtp: server(move |_| reply.clone(), false),
        http: server(refusal, true),
    });
    for (arguments, quoted) in
        [(&["check"][..], 3), (&["check", "--format", "json"], 3), (&["setup"], 1)]
    {
        let said = folder.run(arguments);
        assert!(!said.status.success());
        let text = expect_fit(&format!("{arguments:?}"), &said.stdout);
        let log = expect_fit(&format!("{arguments:?}: log"), &said.stderr);
        let found = (text + &log).matches("Gatepost: request 17 passed").count();
        assert!(found >= quoted, "{arguments:?}: {found} of the servers are quoted");
    }
}
