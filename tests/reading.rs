//! The reader and `gatepost scan` on mails written for them, on broken bytes, and on the sample of
//! public mail where that is at hand.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::scan::{
    ALL_READ, Progress, SOME_UNREADABLE, ScanArgs, ScanFormat, scan as scan_with,
};
use crate::mail::{self, Reading, Reason};
use proptest::prelude::*;
use serde_json::Value;

fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn lines_of(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn fixtures() -> Vec<(Value, Vec<u8>)> {
    let folder = package("fixtures/mail");
    let truth = lines_of(&folder.join("truth.jsonl"));
    let with_mail = |row: Value| {
        let mail = std::fs::read(folder.join(row["file"].as_str().unwrap())).unwrap();
        (row, mail)
    };
    truth.into_iter().map(with_mail).collect()
}

fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::Unreadable => "unreadable",
        Reason::NoMessageId => "no-message-id",
        Reason::NoAuthor => "no-author",
        Reason::Automatic => "automatic",
        Reason::ListMachinery => "machinery",
        Reason::Answer => "answer",
        Reason::NoMarker => "no-marker",
        Reason::Patch => "patch",
        Reason::PatchSeries => "patch-series",
        Reason::Elsewhere => "elsewhere",
        Reason::NoRequest => "no-request",
        Reason::NoBlock => "no-block",
        Reason::Quoted => "quoted",
    }
}

/// Runs `scan`; what it printed, what it complained of, its exit code.
fn scan(paths: &[PathBuf], format: ScanFormat, all: bool, input: &[u8]) -> (String, String, u8) {
    let args = ScanArgs { paths: paths.to_vec(), format, all, wide: false, config: None };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = scan_with(&args, &mut &*input, &mut out, &mut err, &Progress::none()).unwrap();
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), code)
}

fn json(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_fixture_is_read_as_it_is_meant() {
    for (row, mail) in fixtures() {
        let file = row["file"].as_str().unwrap();
        let reading = mail::read(&mail);
        assert_eq!(reading.reason().map(word), row["reason"].as_str(), "{file}: {reading:?}");
        let cover = match reading {
            Reading::Request(cover) | Reading::Aside { cover, .. } => cover,
            Reading::Not { .. } => {
                assert!(row.get("url").is_none(), "{file} names something to pull");
                continue;
            }
        };
        let commit = |c: &Option<crate::pull::ids::CommitName>| c.as_ref().map(ToString::to_string);
        assert_eq!(Some(cover.request.url.as_str()), row["url"].as_str(), "{file}");
        let reference = row["ref"].as_str().unwrap_or("HEAD");
        assert_eq!(cover.request.reference, reference, "{file}");
        assert_eq!(commit(&cover.request.base).as_deref(), row["base_sha"].as_str(), "{file}");
        assert_eq!(commit(&cover.request.tip).as_deref(), row["tip_sha"].as_str(), "{file}");
        assert_eq!(u64::from(cover.revision), row["revision"].as_u64().unwrap(), "{file}");
        assert_eq!(Some(cover.author.address.as_str()), row["author"].as_str(), "{file}");
    }
}

#[test]
fn what_is_a_request_is_worth_loading() {
    for (row, mail) in fixtures() {
        let worth = mail::heading(&mail).refusal().is_none();
        let request = matches!(mail::read(&mail), Reading::Request(_));
        assert!(worth || !request, "{}", row["file"]);
    }
}

#[test]
fn a_munged_from_keeps_the_persons_name() {
    let mail = std::fs::read(package("fixtures/mail/munged-gnu.eml")).unwrap();
    let author = mail::heading(&mail).author.unwrap();
    assert_eq!(author.name.as_deref(), Some("Alice Maintainer"));
}

#[test]
fn scan_prints_the_named_fields_for_each_mail() {
    let folder = package("fixtures/mail");
    let (out, err, code) = scan(std::slice::from_ref(&folder), ScanFormat::Json, true, b"");
    assert_eq!((err.as_str(), code), ("", ALL_READ));
    let rows = json(&out);
    let truth = lines_of(&folder.join("truth.jsonl"));
    assert_eq!(rows.len(), truth.len());
    for row in &rows {
        let mut fields: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        let expected = [
            "base_sha",
            "is_pull_request",
            "message_id",
            "prefixes",
            "reason",
            "ref",
            "revision",
            "subject",
            "tip_sha",
            "url",
        ];
        assert_eq!(fields, expected);
    }
    for meant in truth.iter().filter(|row| row["message_id"].is_string()) {
        let row = rows.iter().find(|row| row["message_id"] == meant["message_id"]).unwrap();
        assert_eq!(row["is_pull_request"], meant["is_pull_request"], "{meant}");
    }
    let (out, _, _) = scan(&[folder], ScanFormat::Json, false, b"");
    let requests = truth.iter().filter(|row| row["is_pull_request"] == true).count();
    assert_eq!(json(&out).len(), requests);
}

#[test]
fn an_mbox_gives_the_same_as_its_mails() {
    let mut mbox = Vec::new();
    for (row, mail) in fixtures() {
        let name = row["file"].as_str().unwrap();
        if name == "no-mime.eml" {
            continue;
        }
        mbox.extend_from_slice(b"From x@y.example Fri Jan  2 10:15:00 2026\n");
        mbox.extend_from_slice(&mail);
        mbox.extend_from_slice(b"\n>From here on quoted\n\n");
    }
    let (out, _, code) = scan(&["-".into()], ScanFormat::Json, true, &mbox);
    assert_eq!(code, ALL_READ);
    let rows = json(&out);
    assert_eq!(rows.len(), fixtures().len() - 1);
    for (meant, _) in fixtures() {
        let Some(row) = rows.iter().find(|row| row["message_id"] == meant["message_id"]) else {
            assert_eq!(meant["file"], "no-mime.eml");
            continue;
        };
        assert_eq!(row["is_pull_request"], meant["is_pull_request"], "{meant}");
    }
}

#[test]
fn an_mbox_does_not_end_a_mail_at_a_sentence() {
    let mbox = b"From x@y.example Fri Jan  2 10:15:00 2026\nFrom: a@b.example\nSubject: [PULL] x\n\
        Message-ID: <a@b>\n\nhello\n\nFrom here it goes on.\n\n>From 1\n";
    let (out, _, _) = scan(&["-".into()], ScanFormat::Json, true, mbox);
    assert_eq!(out.lines().count(), 1);
}

#[test]
fn one_mail_on_standard_input_is_read() {
    let mail = std::fs::read(package("fixtures/mail/cover.eml")).unwrap();
    let (out, _, _) = scan(&["-".into()], ScanFormat::Text, false, &mail);
    assert!(out.starts_with("pull  v1   777701234567  [PULL 00/02] Block patches"), "{out}");
    assert!(out.ends_with("1 request in 1 mail\n"), "{out}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_scanned() {
    let missing = package("fixtures/mail/there-is-no-such.eml");
    let there = package("fixtures/mail/cover.eml");
    let (out, err, code) = scan(&[missing.clone(), there], ScanFormat::Json, false, b"");
    assert_eq!(out.lines().count(), 1);
    assert!(err.contains(&missing.display().to_string()), "{err}");
    assert_eq!(code, SOME_UNREADABLE);
}

#[test]
fn folders_are_gone_through_and_maildirs_known() {
    let folder = tempfile::tempdir().unwrap();
    let mail = std::fs::read(package("fixtures/mail/cover.eml")).unwrap();
    for name in ["a/b/c.eml", "box/cur/1700000000.1.host:2,S", "box/tmp/half", "notes.txt"] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().write_all(&mail).unwrap();
    }
    let (out, _, _) = scan(&[folder.path().to_owned()], ScanFormat::Json, true, b"");
    assert_eq!(out.lines().count(), 2);
}

#[test]
fn the_public_sample_is_read_as_it_is_labelled() {
    let sample = package("../shared/mail");
    if !sample.exists() {
        return;
    }
    let (out, _, _) = scan(&[sample.join("dev")], ScanFormat::Json, true, b"");
    let rows = json(&out);
    let strict = ["pr", "pr-cover", "pr-numbered", "pr-subsystem", "pr-immutable-branch"];
    let mut wrong = Vec::new();
    for meant in lines_of(&sample.join("truth-dev.jsonl")) {
        let class = meant["cls"].as_str().unwrap();
        let is_request = meant["is_pull_request"] == true;
        // A request without a URL can't be acted on; the reader says so instead.
        let judged = meant["confidence"] != "ambiguous"
            && (!is_request || (strict.contains(&class) && meant["url"].is_string()));
        if !judged {
            continue;
        }
        let row = rows.iter().find(|row| row["message_id"] == meant["message_id"]).unwrap();
        let fields = ["is_pull_request", "base_sha", "tip_sha"];
        if fields.iter().any(|f| !meant[*f].is_null() && is_request && row[*f] != meant[*f])
            || row["is_pull_request"] != meant["is_pull_request"]
        {
            wrong.push((meant["file"].clone(), row.clone()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_flavour_of_a_list_leads_to_the_person() {
    let flavours = package("../shared/mail/flavours");
    if !flavours.exists() {
        return;
    }
    let mut requests = 0;
    for folder in std::fs::read_dir(flavours).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let Reading::Request(cover) = mail::read(&std::fs::read(&file).unwrap()) else {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                let asks = name.contains("PULL-0-") && !name.contains("Re-");
                assert!(!asks, "{} is a request", file.display());
                continue;
            };
            requests += 1;
            let to_list = cover.author.address.contains("devel@");
            assert!(!to_list, "{}: {:?}", file.display(), cover.author);
        }
    }
    assert!(requests >= 28, "{requests}");
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = mail::read(&bytes);
        let _ = mail::heading(&bytes);
    }

    #[test]
    fn a_damaged_request_breaks_nothing_and_the_cheap_look_lets_requests_through(
        which in 0..280_usize,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let all = fixtures();
        let mut mail = all[which % all.len()].1.clone();
        for (at, byte) in damage {
            let at = at.index(mail.len());
            mail[at] = byte;
        }
        mail.truncate(mail.len() / 2 + cut.index(mail.len() / 2 + 1));
        if let Reading::Request(cover) = mail::read(&mail) {
            prop_assert!(mail::heading(&mail).refusal().is_none());
            prop_assert!(!cover.request.url.is_empty() && !cover.request.url.contains(char::is_whitespace));
        }
    }
}

#[test]
fn bombs_are_bounded() {
    let head = "From: a@b.example\nMessage-ID: <a@b>\nSubject: [PULL] x\n";
    let mut nested = head.to_owned();
    for depth in 0..2000 {
        nested
            .push_str(&format!("Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n"));
    }
    let lines = format!("{}{head}\nx\n", "X-Filler: y\n".repeat(100_000));
    let anchors = format!("{head}\n{}", "available in the git repository at: x\n".repeat(20_000));
    let blanks = format!("{head}\n{}", "changes since \n\n\n".repeat(50_000));
    for mail in [nested, lines, anchors, blanks, format!("{head}\n\0\0{}", "\u{0}".repeat(9))] {
        assert!(!matches!(mail::read(mail.as_bytes()), Reading::Request(_)));
    }
}
