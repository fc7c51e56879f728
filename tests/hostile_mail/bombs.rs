//! Mails that are large or deep. Each is as large as a mail that is read at all, and costs no more
//! than a stated number of times what an ordinary mail of that size does.

use std::time::Duration;

use crate::mail::bounds::{HEADER, MOST};
use crate::mail::{self, Reason};

use super::cost::{self, Cost};
use super::{check, reason};

const HEAD: &str = "From: Alice <alice@maintainer.example>\nMessage-ID: <a@maintainer.example>\n\
    Subject: [PULL] x\n";

const BLOCK: &str = "The following changes since commit bbbb0123456789abcdef0123456789abcdef0123:\n\n\
    are available in the Git repository at:\n\n  https://git.example/p.git tags/x\n\n\
    for you to fetch changes up to 77770123456789abcdef0123456789abcdef0123:\n";

/// The most memory of any reading. The mail itself is not counted.
const PEAK: usize = 300 * 1024 * 1024;

/// How many times the processor time of an ordinary mail of the same size.
const TIMES: u32 = 40;

/// A text again and again, in as many bytes.
fn filled(head: &str, text: &str, size: usize) -> Vec<u8> {
    let mut mail = head.as_bytes().to_vec();
    mail.extend(text.bytes().cycle().take(size.saturating_sub(head.len())));
    mail
}

/// A header, with what a part is and an empty line.
fn head(kind: &str) -> String {
    format!("{HEAD}{kind}\n\n")
}

fn numbered(head: &str, piece: impl Fn(usize) -> String, size: usize) -> Vec<u8> {
    let mut mail = head.as_bytes().to_vec();
    for n in 0.. {
        if mail.len() >= size {
            break;
        }
        mail.extend(piece(n).bytes());
    }
    mail
}

/// An ordinary mail of a size: lines of text, and a request at their end.
fn ordinary(size: usize) -> Vec<u8> {
    let mut mail = filled(&head(""), "some words of a text that says little\n", size - BLOCK.len());
    mail.extend(b"\n");
    mail.extend(BLOCK.bytes());
    mail
}

fn cost_of(bytes: &[u8]) -> (Option<Reason>, Cost) {
    cost::of(|| reason(bytes))
}

/// The least of three: what else runs makes it no less.
fn usual(size: usize) -> Duration {
    reason(&ordinary(10_000));
    let mail = ordinary(size);
    (0..3).map(|_| cost_of(&mail).1.time).min().unwrap()
}

#[track_caller]
fn holds(name: &str, mail: &[u8], expected: Option<Reason>) {
    let (found, cost) = cost_of(mail);
    let usual = usual(MOST);
    println!(
        "{name}: {} bytes, peak {} KiB, {:?} where an ordinary mail takes {usual:?}",
        mail.len(),
        cost.peak / 1024,
        cost.time
    );
    assert_eq!(found, expected, "{name}");
    assert!(cost.peak <= PEAK, "{name} took {} bytes", cost.peak);
    assert!(cost.time <= usual * TIMES, "{name} took {:?}, usual {usual:?}", cost.time);
    let (_, cost) = cost::of(|| mail::heading(mail));
    assert!(cost.peak <= PEAK / 4, "the heading of {name} took {} bytes", cost.peak);
    assert!(cost.time <= usual * TIMES, "the heading of {name} took {:?}", cost.time);
}

#[test]
fn a_mail_of_100_mb_is_read_as_far_as_one_is_fetched() {
    let mut mail = filled(&head(""), "words\n", 100_000_000);
    holds("100 MB", &mail, Some(Reason::NoBlock));
    // What is read is the same as of the mail cut as intake fetches it.
    assert_eq!(mail::read(&mail), mail::read(&mail[..MOST]));
    mail.splice(HEAD.len() + 1.., BLOCK.bytes().chain(mail[HEAD.len() + 1..].to_vec()));
    holds("100 MB with a request", &mail, None);
    // What stands behind it is not read, a request or not.
    let late = [filled(&head(""), "words\n", MOST), b"\n".to_vec(), BLOCK.into()].concat();
    holds("a request behind what is read", &late, Some(Reason::NoBlock));
}

#[test]
fn parts_within_parts_end_somewhere() {
    let levels = |n: usize| format!("Content-Type: multipart/mixed; boundary=\"{n}\"\n\n--{n}\n");
    let mut deep = HEAD.to_owned();
    (0..10_000).for_each(|n| deep.push_str(&levels(n)));
    deep.push_str(BLOCK);
    holds("10,000 levels", deep.as_bytes(), Some(Reason::NoBlock));
    let deep = numbered(HEAD, levels, MOST);
    holds("as many levels as fit", &deep, Some(Reason::NoBlock));
    let messages = filled(HEAD, "Content-Type: message/rfc822\n\n", MOST);
    holds("messages in messages", &messages, Some(Reason::NoBlock));
    let spaced = filled(HEAD, "Con\rtent- Type : message/rfc822\n\n", MOST);
    holds("messages in messages, the name in pieces", &spaced, Some(Reason::NoBlock));
    let digest = head("Content-Type: multipart/digest; boundary=b");
    let digests = filled(&digest, "--b\n\nContent-Type: multipart/digest; boundary=b\n\n", MOST);
    holds("digests in digests", &digests, Some(Reason::Unreadable));
}

#[test]
fn many_parts_cost_no_more_than_the_mail() {
    let mixed = head("Content-Type: multipart/mixed; boundary=b");
    holds("empty parts", &filled(&mixed, "--b\n\n\n", MOST), Some(Reason::NoBlock));
    let wide = numbered(&mixed, |_| "--b\nContent-Type: text/plain\n\nx\n".into(), 3_000_000);
    holds("100,000 parts", &wide, Some(Reason::NoBlock));
    let base64 = filled(&mixed, "--b\nContent-Transfer-Encoding: base64\n\nQQ==\n", MOST);
    holds("base64 parts", &base64, Some(Reason::NoBlock));
    let behind = filled(&mixed, "--bContent-Transfer-Encoding:base64\n\n", MOST);
    holds("base64 parts right behind the boundary", &behind, Some(Reason::NoBlock));
    let unclosed = filled(&mixed, "--b\nContent-Type: multipart/mixed; boundary=no\n\n", MOST);
    holds("parts whose end is looked for", &unclosed, Some(Reason::NoBlock));
    let long = "-".repeat(900);
    let dashes = format!("--b\nContent-Type: multipart/mixed; boundary=\"{long}x\"\n\n").repeat(60);
    let dashes = filled(&format!("{mixed}{dashes}"), "-", MOST);
    holds("a long boundary almost everywhere", &dashes, Some(Reason::NoBlock));
    let longer = "-".repeat(200_000);
    let one = format!("{HEAD}Content-Type: multipart/mixed; boundary=\"{longer}x\"\n\n");
    holds("a boundary of 200,000", &filled(&one, "-", MOST), Some(Reason::Unreadable));
    let digest = head("Content-Type: multipart/digest; boundary=b");
    holds("a digest's messages", &filled(&digest, "--b\n\n\n\n", MOST), Some(Reason::Unreadable));
}

#[test]
fn large_headers_are_unreadable_and_cheap() {
    let lines = numbered(HEAD, |n| format!("X-{n}: a\n"), 1_288_890);
    holds("100,000 header lines", &lines, Some(Reason::Unreadable));
    let one = filled(&format!("{HEAD}X-Long: "), "a", 50_000_000);
    holds("a header of 50 MB", &one, Some(Reason::Unreadable));
    let folded = filled(&format!("{HEAD}X-Long: "), "a\n b", 50_000_000);
    holds("a folded header of 50 MB", &folded, Some(Reason::Unreadable));
    for (name, value) in [
        ("To", "a,"),
        ("Subject", "[]"),
        ("Subject", "=?utf-8?q?x?= "),
        ("Subject", "=?a?b?"),
        ("From", "("),
        ("From", "\"a\\"),
        ("From", "a:;"),
        ("Received", "from a by b;"),
        ("Date", "1 "),
        ("Message-ID", "<"),
        ("References", "<>"),
        ("List-Post", "<mailto:a>"),
    ] {
        let mail = filled(&format!("{HEAD}{name}: "), value, MOST);
        holds(&format!("{name} of {value:?}"), &mail, Some(Reason::Unreadable));
    }
}

#[test]
fn headers_as_large_as_are_read_are_cheap() {
    let with = |field: String| format!("From: A via B <l@list.example>\n{field}\n{HEAD}\n{BLOCK}");
    let many = |piece: &dyn Fn(usize) -> String, size: usize| {
        String::from_utf8(numbered("", piece, size)).unwrap()
    };
    let room = HEADER - 500;
    let references = many(&|n| format!(" <{n:x}>"), room);
    holds("References", with(format!("References:{references}")).as_bytes(), None);
    let references = many(&|n| format!("\n <{n}@example.org>"), 100_000 * 23);
    let mail = with(format!("References:{references}"));
    holds("100,000 References", mail.as_bytes(), Some(Reason::Unreadable));
    let lists = many(&|n| format!("List-Post: <mailto:{n}>\n"), room / 2);
    let people = many(&|n| format!("{n},"), room / 2);
    holds("lists and people", with(format!("{lists}Reply-To: {people}")).as_bytes(), None);
    let names = many(&|n| format!(";a*{n}=b"), room);
    let mail = with(format!("Content-Disposition: inline{names}"));
    holds("parameters in pieces", mail.as_bytes(), Some(Reason::Unreadable));
    let mail = with(format!("Content-Type: text/plain; charset={}", "x".repeat(900)));
    holds("a charset's name of 900", mail.as_bytes(), None);
    let subject =
        format!("{HEAD}\n{BLOCK}").replace("[PULL] x", &"[PULL for v1 for v1]".repeat(9_000));
    holds("a long subject", subject.as_bytes(), None);
    let subject = format!("{HEAD}\n{BLOCK}").replace("[PULL] x", &"[for v1 PULL ".repeat(9_000));
    holds("an open bracket", subject.as_bytes(), None);
    let subject =
        format!("{HEAD}\n{BLOCK}").replace("x\n", &format!("{}\n", "=?utf-8?q?x?= ".repeat(9_000)));
    holds("encoded words", subject.as_bytes(), None);
}

#[test]
fn odd_bytes_are_only_bytes() {
    let plain = head("Content-Type: text/plain; charset=utf-8");
    holds("NUL bytes", &vec![0; MOST], Some(Reason::Unreadable));
    holds("NUL bytes in a text", &filled(&plain, "\0", MOST), Some(Reason::NoBlock));
    let mut broken = plain.as_bytes().to_vec();
    broken.extend([0xC3, 0x28, 0xF0, 0x80, 0xFF].iter().cycle().take(MOST));
    holds("broken UTF-8", &broken, Some(Reason::NoBlock));
    holds("one line of 50 MB", &filled(&plain, "a", 50_000_000), Some(Reason::NoBlock));
    let base64 = head("Content-Transfer-Encoding: base64");
    holds("base64", &filled(&base64, "PGJyPjxwcmU+", MOST), Some(Reason::NoBlock));
    holds("no base64", &filled(&base64, "?!\n", MOST), Some(Reason::NoBlock));
    let printable = head("Content-Transfer-Encoding: quoted-printable");
    holds("quoted-printable", &filled(&printable, "=3D=\n", MOST), Some(Reason::NoBlock));
    holds("no quoted-printable", &filled(&printable, "=XY==", MOST), Some(Reason::NoBlock));
    for charset in ["utf-16", "iso-2022-jp", "gb18030", "utf-7", "koi8-r"] {
        let kind = head(&format!("Content-Type: text/plain; charset={charset}"));
        holds(charset, &filled(&kind, "\x1b$B+AAA-\u{ff}", MOST), Some(Reason::NoBlock));
    }
}

#[test]
fn texts_of_quotes_and_markup_are_cheap() {
    let plain = head("");
    holds("quotes", &filled(&plain, ">", 1_000_000), Some(Reason::NoBlock));
    holds("lines of quotes", &filled(&plain, "> > >\n", MOST), Some(Reason::NoBlock));
    let copied = filled(&plain, "\n", MOST / 2);
    let copied = filled(std::str::from_utf8(&copied).unwrap(), "From: x\n", MOST);
    holds("empty lines and copied headers", &copied, Some(Reason::NoBlock));
    let flowed = head("Content-Type: text/plain; format=flowed");
    holds("flowed lines", &filled(&flowed, "a \n", 3_000_000), Some(Reason::NoBlock));
    holds("flowed quotes", &filled(&flowed, ">\n> \n", MOST), Some(Reason::NoBlock));
    let html = head("Content-Type: text/html");
    for text in
        ["<blockquote>", "<blockquote><br>", "<div><a ", "<", "&amp;", "&amp;lt;", "<pre>\n", "\n"]
    {
        let mail = filled(&html, text, 12_000_000);
        holds(&format!("HTML of {text:?}"), &mail, Some(Reason::NoBlock));
    }
    let quoted = format!("{html}{}<pre>", "<blockquote>".repeat(9));
    holds("lines in quotes", &filled(&quoted, "\n", MOST), Some(Reason::NoBlock));
}

#[test]
fn texts_like_requests_are_cheap() {
    let plain = head("");
    let at = "are available in the git repository at:\n";
    holds("100,000 anchors", &filled(&plain, at, MOST), Some(Reason::NoBlock));
    let place = format!("{at} https://git.example/p.git tags/x\n");
    holds("100,000 blocks", &filled(&plain, &place, MOST), None);
    for text in [
        "changes since commit bbbb012 ",
        "changes since ",
        "in the git ",
        "fetch changes up to ",
        "please pull\n",
        "https://git.example/p.git\n",
        "for you to fetch changes up to ",
        "on top of commit bbbb012\n",
        "based on ",
        "head :",
        "  ",
        "at the git tree  \n",
        "diff --git ",
        "@@ -1,1 +1",
        "not for qemu ",
        "available since x in ",
    ] {
        let mail = filled(&plain, text, MOST);
        let reason = if text == "diff --git " { Reason::Patch } else { Reason::NoBlock };
        holds(&format!("{text:?}"), &mail, Some(reason));
    }
}

#[test]
fn every_bomb_keeps_the_promises() {
    for text in ["Content-Type: message/rfc822\n\n", "--b\n\n", "<blockquote>", ">", "\0", "=?a?b?"]
    {
        check(&filled(HEAD, text, 100_000));
        check(&filled(&head("Content-Type: multipart/mixed; boundary=b"), text, 100_000));
        check(&filled(&head("Content-Type: text/html"), text, 100_000));
    }
}
