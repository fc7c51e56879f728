//! `gatepost scan` on archives of every form, and the cheap look against the reader: what is read
//! as a request must never be passed over.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::mail::{self, Reading, Reason, look};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use tempfile::TempDir;

fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn fixtures() -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(package("fixtures/mail")).unwrap().map(|entry| entry.unwrap().path());
    let mails = files.filter(|file| file.extension().is_some_and(|ending| ending == "eml"));
    mails.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// Whether `scan` prints the mail: a request, or one that somebody else is asked for.
fn is_shown(mail: &[u8]) -> bool {
    match mail::read(mail) {
        Reading::Request(_) => true,
        Reading::Aside { reason, .. } => reason == Reason::Elsewhere,
        Reading::Not { .. } => false,
    }
}

#[test]
fn the_look_lets_every_fixture_through_that_is_a_request_and_not_everything() {
    let mut passed_over = 0;
    for (file, mail) in fixtures() {
        let worth = look::may_ask(&mail);
        assert!(worth || !is_shown(&mail), "{}", file.display());
        passed_over += u32::from(!worth);
    }
    assert!(passed_over > 0);
}

const REST: &str = "The following changes since commit 0123456789012345678901234567890123456789:\n\n  \
    Begin (2026-01-02 10:15:00)\n\nare available in the Git repository at:\n\n  \
    https://git.example.org/ann/project.git tags/pull-1\n\n\
    for you to fetch changes up to 9876543210987654321098765432109876543210:\n\n  Ann: more\n";

/// Words of a subject, with and without what asks for a pull, some with characters that are taken
/// out of it before it is read.
fn text() -> impl Strategy<Value = String> {
    const MARKED: &[&str] = &[
        "[PULL] x",
        "[GIT PULL]",
        "[pull request] y",
        "PULL: z",
        "[Git,Pull]",
        "[pUlL]",
        "PULL",
        "[P\u{200b}ULL] x",
        "[PU\u{ad}LL]",
        "pull-request:",
        "[PULL SUBSYSTEM a]",
        "[PULL\tv2 0/3]",
    ];
    const OTHER: &[&str] =
        &["Größe", "block", "[list]", "x", "PU", "LL", "[PULLED]", "é", "\u{feff}"];
    prop_oneof![3 => select(MARKED), 1 => select(OTHER)].prop_map(str::to_owned)
}

/// How a word is written: as it is, or as encoded words (RFC 2047), cut anywhere.
fn written() -> impl Strategy<Value = String> {
    let charset = select(&["utf-8", "UTF-8", "utf-8*en", "us-ascii", "x-unknown", "utf-16be"][..]);
    (text(), 0..4_u8, charset, any::<Index>(), fold()).prop_map(
        |(text, how, charset, cut, fold)| {
            let encoded = |part: &str| {
                let bytes = match charset {
                    "utf-16be" => part.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                    _ => part.as_bytes().to_vec(),
                };
                match how {
                    1 => format!("=?{charset}?B?{}?=", BASE64_STANDARD.encode(bytes)),
                    _ => format!("=?{charset}?q?{}?=", quoted(&bytes)),
                }
            };
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let (one, two) = text.split_at(places[cut.index(places.len())]);
            match how {
                0 => text.clone(),
                3 => encoded(&text),
                _ if one.is_empty() => encoded(two),
                _ => format!("{}{fold}{}", encoded(one), encoded(two)),
            }
        },
    )
}

fn quoted(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("={byte:02X}")).collect()
}

fn fold() -> impl Strategy<Value = &'static str> {
    select(&[" ", "\t", "\n ", "\n\t", "\n  \n ", "\r\n "][..])
}

/// A line of the header with a subject, however it may be written.
fn subject() -> impl Strategy<Value = String> {
    let name = select(
        &[
            "Subject",
            "subject",
            "SUBJECT",
            "sUbJeCt",
            "Subject ",
            "Sub ject",
            ":Subject",
            "Subject\t",
        ][..],
    );
    let gap = select(&["", " ", "\t", "\n ", "  \n\t", "\u{a0}"][..]);
    let words = proptest::collection::vec((written(), fold()), 1..4);
    (name, gap, words).prop_map(|(name, gap, words)| {
        let words: String = words.into_iter().map(|(word, fold)| word + fold).collect();
        format!("{name}:{gap}{}\n", words.trim_end())
    })
}

/// What may stand around a subject.
fn line() -> impl Strategy<Value = String> {
    const ODD: &[&str] = &[
        "From x@example.org Fri Jan  2 10:15:00 2026\n",
        ">From x@example.org Fri Jan  2 10:15:00 2026\n",
        "no header at all\n",
        "no header at all\n ",
        "To: =?utf-8?b?QUFB\n",
        "X-Long:\n folded\n\tand more\n",
        "Subject: nothing\n",
        "Subject:\n",
        "Content-Type: text/plain; charset=\"utf-8\n",
        "List-Id: <x\n",
    ];
    prop_oneof![2 => Just(String::new()), 1 => select(ODD).prop_map(str::to_owned)]
}

fn any_mail() -> impl Strategy<Value = Vec<u8>> {
    let parts = (line(), line(), subject(), line(), proptest::option::weighted(0.2, subject()));
    let ends = select(&["\n", "\n", "\n", "\r\n", " \n", ""][..]);
    let damage = proptest::option::weighted(0.2, (any::<Index>(), any::<u8>()));
    (parts, ends, any::<bool>(), damage).prop_map(|(parts, end, crlf, damage)| {
        let (first, before, subject, behind, second) = parts;
        let known = "From: Ann <ann@example.org>\nMessage-ID: <1@example.org>\n";
        let second = second.unwrap_or_default();
        let mail = format!("{first}{known}{before}{subject}{behind}{second}{end}{REST}");
        let mail = if crlf { mail.replace("\r\n", "\n").replace('\n', "\r\n") } else { mail };
        let mut mail = mail.into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(mail.len() - REST.len());
            mail[at] = byte;
        }
        mail
    })
}

#[test]
fn the_look_never_decides_against_a_request() {
    const CASES: u32 = 20_000;
    let (requests, passed_over) = (Cell::new(0_u32), Cell::new(0_u32));
    let mut runner = TestRunner::new(Config { cases: CASES, ..Config::default() });
    let outcome = runner.run(&any_mail(), |mail| {
        let worth = look::may_ask(&mail);
        let shown = is_shown(&mail);
        requests.set(requests.get() + u32::from(shown));
        passed_over.set(passed_over.get() + u32::from(!worth));
        prop_assert!(worth || !shown, "{}", String::from_utf8_lossy(&mail));
        Ok(())
    });
    outcome.unwrap();
    let (requests, passed_over) = (requests.get(), passed_over.get());
    println!("{requests} requests, {passed_over} passed over, of {CASES}");
    // Else it would show nothing.
    assert!(requests > CASES / 4 && passed_over > CASES / 100, "{requests}, {passed_over}");
}

/// A numbered mail with a whole request and, somewhere and somehow, a diff.
fn numbered() -> impl Strategy<Value = String> {
    const TYPES: &[&str] = &[
        "",
        "Content-Type: text/plain; charset=utf-8\n",
        "Content-Type: text/plain; charset=\"us-ascii\"; format=flowed\n",
        "Content-Type: text/plain; charset=utf-16\n",
        "Content-Type: text/html; charset=utf-8\n",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n",
        "Content-Disposition: attachment; filename=x\n",
        "Content-Type: text/x-patch\n",
    ];
    const CODINGS: &[&str] = &["", "8bit", "quoted-printable", "base64"];
    const DIFFS: &[&str] = &[
        "",
        "\ndiff --git a/x b/x\n",
        "\n> \ndiff --git a/x b/x\n",
        "\n> diff --git a/x b/x\n",
        "\n  diff --git a/x b/x\n",
        "x=\ndiff --git a/x b/x\n",
        "x \ndiff --git a/x b/x\n",
        "\n-- \n2.47\n\ndiff --git a/x b/x\n",
        "\n--b\nContent-Type: text/x-patch; name=x.patch\n\n\ndiff --git a/x b/x\n\n--b--\n",
    ];
    (select(TYPES), select(CODINGS), select(DIFFS), any::<bool>()).prop_map(
        |(kind, coding, diff, first)| {
            let known = "From: Ann <ann@example.org>\nMessage-ID: <1@example.org>\n";
            let text = if first { format!("{diff}\n{REST}") } else { format!("{REST}{diff}") };
            let text = if coding == "base64" { BASE64_STANDARD.encode(text) } else { text };
            let coding = match coding {
                "" => String::new(),
                coding => format!("Content-Transfer-Encoding: {coding}\n"),
            };
            format!("{known}Subject: [PULL 3/10] x\n{coding}{kind}\n{text}")
        },
    )
}

#[test]
fn a_numbered_request_is_not_taken_for_a_patch_unless_the_reader_does() {
    let (requests, patches) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 4_000, ..Config::default() });
    let outcome = runner.run(&numbered(), |mail| {
        let (shown, diff) = (is_shown(mail.as_bytes()), look::holds_a_diff(mail.as_bytes()));
        requests.set(requests.get() + u32::from(shown));
        patches.set(patches.get() + u32::from(diff));
        prop_assert!(!(shown && diff), "{mail}");
        Ok(())
    });
    outcome.unwrap();
    assert!(requests.get() > 500 && patches.get() > 200, "{requests:?}, {patches:?}");
}

/// A folder to put archives into, and scans of it.
struct Archives(TempDir);

impl Archives {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn scan(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
        command.arg("scan").args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        Said::of(&command.output().unwrap())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().unwrap();
        Self { code, out: text(&output.stdout), err: text(&output.stderr) }
    }
}

fn mbox(separator: &str) -> Vec<u8> {
    let mut mbox = Vec::new();
    for (_, mail) in fixtures() {
        mbox.extend_from_slice(separator.as_bytes());
        mbox.extend_from_slice(b"\n");
        // A mail without an empty line at its start has a header.
        mbox.extend_from_slice(mail.trim_ascii_start());
        mbox.extend_from_slice(b"\n\n");
    }
    mbox
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

const LOCAL: &str = "From ann@example.org Fri Jan  2 10:15:00 2026";
const PIPERMAIL: &str = "From ann at example.org  Fri Jan  2 10:15:00 2026";
const LORE: &str = "From mboxrd@z Thu Jan  1 00:00:00 1970";

#[test]
fn every_form_of_archive_gives_the_same() {
    let archives = Archives::new();
    archives.put("local.mbox", &mbox(LOCAL));
    let expected = archives.scan(&["local.mbox"]);
    assert_eq!((expected.code, expected.err.as_str()), (0, ""));
    let count = fixtures().len();
    assert!(expected.out.ends_with(&format!(" in {count} mails\n")), "{}", expected.out);
    archives.put("2026-January.txt", &mbox(PIPERMAIL));
    archives.put("2026-January.txt.gz", &gzip(&mbox(PIPERMAIL)));
    archives.put("all.mbox.gz", &gzip(&mbox(LORE)));
    let lines = mbox(LOCAL);
    let lines =
        lines.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    archives.put("windows.mbox", &lines.collect::<Vec<_>>().join(&b"\r\n"[..]));
    archives.put("unended.mbox", mbox(LOCAL).trim_ascii_end());
    let forms =
        ["2026-January.txt", "2026-January.txt.gz", "all.mbox.gz", "windows.mbox", "unended.mbox"];
    for form in forms {
        assert_eq!(archives.scan(&[form]), expected, "{form}");
    }
    // All of them together, and none twice.
    let all = archives.scan(&["."]);
    assert!(all.out.ends_with(&format!(" in {} mails\n", 6 * count)), "{}", all.out);
}

#[test]
fn folders_of_mails_give_the_same_as_their_mbox() {
    let archives = Archives::new();
    archives.put("local.mbox", &mbox(LOCAL));
    let expected = sorted(&archives.scan(&["local.mbox"]).out);
    for (number, (file, mail)) in fixtures().iter().enumerate() {
        let mail = mail.trim_ascii_start();
        let name = file.file_name().unwrap().to_str().unwrap();
        archives.put(&format!("mh/{number}"), mail);
        archives.put(&format!("eml/deep/{name}"), mail);
        let folder = if number % 2 == 0 { "maildir/cur" } else { "maildir/.devel/new" };
        archives.put(&format!("{folder}/{number}.host:2,RS"), mail);
        archives.put(&format!("maildir/tmp/{number}.host"), mail);
    }
    fs::create_dir(archives.0.path().join("maildir/new")).unwrap();
    for form in ["mh", "eml", "maildir"] {
        assert_eq!(sorted(&archives.scan(&[form]).out), expected, "{form}");
    }
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn the_look_changes_nothing_of_what_is_printed() {
    let archives = Archives::new();
    archives.put("local.mbox", &mbox(LOCAL));
    let json = |arguments: &[&str]| archives.scan(&[&["--format", "json"], arguments].concat()).out;
    let all = json(&["--all", "local.mbox"]);
    let asks = all.lines().filter(|line| line.contains(r#""is_pull_request":true"#));
    assert_eq!(json(&["local.mbox"]).lines().collect::<Vec<_>>(), asks.collect::<Vec<_>>());
}

#[test]
fn a_cut_archive_gives_what_it_has_and_66() {
    let archives = Archives::new();
    let packed = gzip(&mbox(LOCAL).repeat(20));
    archives.put("cut.mbox.gz", &packed[..packed.len() - 10]);
    let said = archives.scan(&["cut.mbox.gz"]);
    assert_eq!(said.code, 66);
    assert!(said.err.starts_with("cut.mbox.gz can't be read: "), "{}", said.err);
    assert!(said.out.lines().count() > fixtures().len());
}

#[test]
fn a_pipe_gets_no_progress_bar() {
    let archives = Archives::new();
    archives.put("local.mbox", &mbox(LOCAL).repeat(50));
    for format in ["text", "json"] {
        let said = archives.scan(&["--format", format, "local.mbox"]);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        assert!(!said.out.contains(['\u{1b}', '\r']));
    }
}

#[test]
fn output_that_is_closed_early_ends_a_scan_quietly() {
    let archives = Archives::new();
    let path = archives.put("local.mbox", &mbox(LOCAL).repeat(200));
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    command.args(["scan", "--all"]).arg(path).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut scan = command.spawn().unwrap();
    drop(scan.stdout.take());
    let output = scan.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn a_full_disk_is_74() {
    let archives = Archives::new();
    let path = archives.put("local.mbox", &mbox(LOCAL));
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status = command.arg("scan").arg(path).stdout(full).stderr(Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(74));
}

const CONFIG: &str = r#"
[bot]
from = "Gatepost <gatepost@example.org>"
administrator = "admin@example.org"
release_managers = ["release@example.org"]

[[account]]
name = "lists"
host = "127.0.0.1"
login = "gatepost"
password = { file = "there-is-no-such-secret" }

[[list]]
name = "devel"
account = "lists"
address = "devel@lists.example.org"
list_id = "devel.lists.example.org"
target = "master"
targets = { "for-9.0" = "stable-9.0" }
not_for_us = ["kvm-unit-tests"]

[[target]]
name = "master"
url = "https://git.example.org/project.git"
branch = "master"

[target.ci]
gitlab = "https://gitlab.example.org"
project = "project/ci"
token = { file = "there-is-no-such-secret" }

[[target]]
name = "stable-9.0"
url = "https://git.example.org/project.git"
branch = "stable-9.0"

[target.ci]
gitlab = "https://gitlab.example.org"
project = "project/ci-stable"
token = { file = "there-is-no-such-secret" }

[trust]
hosts = ["git.example.org"]

[smtp]
host = "127.0.0.1"
"#;

fn surveyed() -> Archives {
    let archives = Archives::new();
    archives.put("config.toml", CONFIG.as_bytes());
    let mail = |number: u32, to: &str, subject: &str, body: &str| {
        format!(
            "{LOCAL}\nFrom: Ann <ann@example.org>\nTo: {to}@lists.example.org\n\
             Date: Fri, 2 Jan 2026 10:15:00 +0000\nMessage-ID: <{number}@example.org>\n\
             Subject: {subject}\n\n{body}\n\n"
        )
    };
    let bare = REST.replace(" tags/pull-1", "");
    let mbox = [
        mail(1, "devel", "[PULL 0/3] a", REST),
        mail(2, "devel", "[PULL for-9.0 0/3] b", REST),
        mail(3, "devel", "[PULL] c", &bare),
        mail(4, "devel", "[PULL] d", "I forgot it."),
        mail(5, "devel", "[kvm-unit-tests PULL] e", REST),
        mail(6, "devel", "Re: [PULL 0/3] a", REST),
        mail(7, "devel", "f", "talk"),
        mail(8, "devel", "g", "talk"),
        mail(9, "other", "[PULL] h", REST),
    ];
    archives.put("local.mbox", mbox.concat().as_bytes());
    archives
}

#[test]
fn a_configurations_lists_say_what_they_would_have_done() {
    let said = surveyed().scan(&["--config", "config.toml", "local.mbox"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let lines: Vec<&str> = said.out.lines().collect();
    let expected = [
        "devel <devel@lists.example.org>: 8 mails",
        "         2  tested, for master",
        "         1  tested, for stable-9.0",
        "         1  near miss: its text names no repository to pull from",
        "         1  left: it is an answer or a forward",
        "         2  left: its subject does not ask for a pull",
        "         1  left: its subject says \"kvm-unit-tests\": not for us",
        "  Nearest to the border:",
    ];
    assert_eq!(lines[..expected.len()], expected, "{}", said.out);
    assert_eq!(lines.last(), Some(&"1 of 9 mails came by none of these lists."));
}

#[test]
fn a_survey_names_the_mails_nearest_to_the_border_and_no_others() {
    let said = surveyed().scan(&["--config", "config.toml", "--format", "json", "local.mbox"]);
    assert_eq!(said.out.lines().count(), 1);
    let survey: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&survey["mails"], &survey["of_no_list"]), (&9.into(), &1.into()));
    let list = &survey["lists"][0];
    let sum: u64 =
        list["outcomes"].as_array().unwrap().iter().map(|o| o["mails"].as_u64().unwrap()).sum();
    assert_eq!(sum, 8);
    let near: Vec<(&str, &str)> = list["border"]
        .as_array()
        .unwrap()
        .iter()
        .map(|near| (near["message_id"].as_str().unwrap(), near["outcome"].as_str().unwrap()))
        .collect();
    let expected = [
        ("<3@example.org>", "act"),
        ("<4@example.org>", "near-miss"),
        ("<6@example.org>", "leave"),
        ("<5@example.org>", "leave"),
    ];
    assert_eq!(near, expected);
    assert_eq!(list["border"][0]["but"], "it does not have a ref");
}

#[test]
fn no_more_than_twenty_mails_are_named_and_some_of_each_outcome() {
    let archives = surveyed();
    let mbox = fs::read_to_string(archives.0.path().join("local.mbox")).unwrap();
    archives.put("local.mbox", mbox.repeat(30).as_bytes());
    let said = archives.scan(&["--config", "config.toml", "--format", "json", "local.mbox"]);
    let survey: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let border = survey["lists"][0]["border"].as_array().unwrap();
    assert_eq!(border.len(), 20);
    for id in 3..=6 {
        let id = format!("<{id}@example.org>");
        assert!(border.iter().filter(|near| near["message_id"] == id.as_str()).count() == 5);
    }
}

#[test]
fn a_broken_configuration_is_78() {
    let archives = Archives::new();
    archives.put("config.toml", b"[bot]\n");
    let said = archives.scan(&["--config", "config.toml", "local.mbox"]);
    assert_eq!((said.code, said.out.as_str()), (78, ""));
}
