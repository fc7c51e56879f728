//! The reader on mails that are built: a request in every mixture of form, wrapping, encoding, MIME
//! shape, subject and list's marks comes back field by field; the same text in what is no request
//! is left alone, with its reason.

use crate::mail::{self, Reading, Reason};
use base64::Engine as _;
use proptest::prelude::*;
use proptest::sample::select;

const AUTHOR: &str = "alice@maintainer.example";

/// What is asked, and what has to be read.
#[derive(Debug, Clone)]
struct Ask {
    url: String,
    reference: String,
    base: Option<String>,
    tip: Option<String>,
}

fn sha() -> impl Strategy<Value = String> {
    "[0-9a-f]{40}"
}

fn ask() -> impl Strategy<Value = Ask> {
    let path = "[a-z][a-z0-9-]{0,12}(/~?[a-z][a-z0-9_.+-]{0,12}[a-z0-9]){1,3}(\\.git)?";
    let url = (select(URLS.as_slice()), path).prop_map(|(front, path)| format!("{front}{path}"));
    let name = "[a-z][a-z0-9]{0,8}[-_+/][a-z0-9]{1,8}([-_+./][a-z0-9]{1,8}){0,3}";
    let reference = (select(vec!["tags/", "refs/tags/", ""]), name)
        .prop_map(|(front, name)| format!("{front}{name}"))
        .prop_filter("git has no such name", |name| !name.ends_with(".lock"));
    (url, reference, proptest::option::weighted(0.9, sha()), proptest::option::weighted(0.9, sha()))
        .prop_map(|(url, reference, base, tip)| Ask { url, reference, base, tip })
}

const URLS: [&str; 6] = [
    "https://git.example/",
    "git://git.example:9419/",
    "ssh://git@git.example/",
    "git@forge.example:",
    "http://git.example/pub/scm/",
    "https://github.com/",
];

/// How the block is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Standard,
    TwoLines,
    Backslash,
    LowerCase,
    Angles,
    OneParagraph,
    Prose,
    Indented,
}

const FORMS: [Form; 8] = [
    Form::Standard,
    Form::TwoLines,
    Form::Backslash,
    Form::LowerCase,
    Form::Angles,
    Form::OneParagraph,
    Form::Prose,
    Form::Indented,
];

fn block(ask: &Ask, form: Form) -> String {
    let Ask { url, reference, base, tip } = ask;
    let since = base.as_ref().map(|base| {
        format!("The following changes since commit {base}:\n\n  Merge tag 'x' of https://o.example/b.git\n\n")
    });
    let up_to = tip.as_ref().map(|tip| {
        format!("for you to fetch changes up to {tip}:\n\n  net: the last (2026-01-02 09:00:00 +0000)\n\n")
    });
    let (since, up_to) = (since.unwrap_or_default(), up_to.unwrap_or_default());
    let place = match form {
        Form::TwoLines => format!("  {url}\n  {reference}"),
        Form::Backslash => format!("  {url} \\\n    {reference}"),
        Form::Angles => format!("  <{url}> {reference}"),
        Form::Standard | Form::LowerCase | Form::OneParagraph | Form::Indented | Form::Prose => {
            format!("  {url} {reference}")
        }
    };
    let whole = format!("{since}are available in the Git repository at:\n\n{place}\n\n{up_to}");
    match form {
        Form::Standard | Form::TwoLines | Form::Backslash | Form::Angles => whole,
        Form::LowerCase => {
            whole.replace("The following", "the following").replace("Git rep", "git rep")
        }
        Form::OneParagraph => wrapped(&whole, 72) + "\n\n",
        Form::Indented => whole.lines().map(|line| format!("\t{line}\n")).collect(),
        Form::Prose => prose(ask),
    }
}

fn prose(ask: &Ask) -> String {
    let part = |words: &str, sha: &Option<String>| {
        sha.as_ref().map(|sha| format!("{words} commit {sha}\n\n words\n\n")).unwrap_or_default()
    };
    format!(
        "please pull from the tag\n\n {} \\\n {}\n\n{}{}to receive updates.\n",
        ask.url,
        ask.reference,
        part("with top-most", &ask.tip),
        part("on top of", &ask.base),
    )
}

fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().unwrap();
        if !last.is_empty() && last.len() + 1 + word.len() > width {
            lines.push(word.to_owned());
        } else {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
    }
    lines.join("\n")
}

/// What people and lists put around a block.
const BEFORE: [&str; 6] = [
    "",
    "Hello,\n\nthe usual changes.\n\n",
    "Hello,\n\nsee https://lore.example/r/2026-x@y.example\nThanks to all.\n\n",
    "Hello,\n\n-- \nAlice\n\n",
    "On Friday Bob wrote:\n> are available in the Git repository at:\n>\n>   https://old.example/x.git tags/old\n\nFixed.\n\n",
    ">From now on there is a tag.\n\n",
];
const AFTER: [&str; 5] = [
    "",
    "----------------------------------------------------------------\nNet\n\nAlice (1):\n      net: x\n\n net/a.c | 2 +-\n",
    "Thanks,\nAlice\n",
    "-- \nAlice\nhttps://alice.example/\n",
    "_______________________________________________\ndevel mailing list\nhttps://lists.example/mailman/listinfo/devel\n",
];
/// Subjects with the revision that they say.
const SUBJECTS: [(&str, u32); 18] = [
    ("[PULL 00/10] Net", 1),
    ("[PULL for-9.0 v3 00/10] Net", 3),
    ("[GIT PULL] Net for v9.0-rc1", 1),
    ("[GIT,PULL] Net", 1),
    ("[GIT PULL, v8] Net", 8),
    ("[PULL REQUEST] Net", 1),
    ("[pull request] Net", 1),
    ("[git pull] Net", 1),
    ("pull-request: net 2026-01-02", 1),
    ("PULL: net", 1),
    ("GIT PULL] net", 1),
    ("[devel] [PULL V2 0/2] Net", 2),
    ("[Intel-gfx] [PULL] drm-intel-next", 1),
    ("[GIT PULL v2 3/5] Net", 2),
    ("[PULL] [v2] Net", 2),
    ("[PULL] Net (v2)", 2),
    ("=?utf-8?q?=5BPULL_v4_0/2=5D_N=C3=A9?=\n =?utf-8?q?t?=", 4),
    ("[GIT\n PULL\n\tv2] Net", 2),
];

/// How the text travels.
#[derive(Debug, Clone, Copy)]
enum Way {
    Bare,
    EightBit,
    Quoted,
    Base64,
    Base64Crlf,
    Utf16,
    Flowed,
}

const WAYS: [Way; 7] =
    [Way::Bare, Way::EightBit, Way::Quoted, Way::Base64, Way::Base64Crlf, Way::Utf16, Way::Flowed];

/// A MIME part: its header lines, an empty line, its body.
fn part(text: &str, way: Way, subtype: &str) -> String {
    let head = |charset: &str, how: &str| {
        format!(
            "Content-Type: text/{subtype}; charset={charset}\nContent-Transfer-Encoding: {how}\n\n"
        )
    };
    let base64 = |bytes: &[u8]| {
        let whole = base64::engine::general_purpose::STANDARD.encode(bytes);
        let lines = whole.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line));
        lines.collect::<Vec<_>>().join("\n") + "\n"
    };
    match way {
        Way::Bare => format!("\n{text}"),
        Way::EightBit => head("utf-8", "8bit") + text,
        Way::Quoted => head("utf-8", "quoted-printable") + &quoted_printable(text),
        Way::Base64 => head("utf-8", "base64") + &base64(text.as_bytes()),
        Way::Base64Crlf => head("utf-8", "base64") + &base64(text.replace('\n', "\r\n").as_bytes()),
        Way::Utf16 => {
            let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            head("utf-16le", "base64") + &base64(&units)
        }
        Way::Flowed => head("utf-8; format=flowed", "8bit") + &flowed(text),
    }
}

/// Soft line breaks after every 19 characters, wherever they fall.
fn quoted_printable(text: &str) -> String {
    let line = |line: &str| {
        let escaped: Vec<String> = line
            .bytes()
            .map(|b| match b {
                b'=' | 0x80.. => format!("={b:02X}"),
                b' ' => "=20".to_owned(),
                b => char::from(b).to_string(),
            })
            .collect();
        escaped.chunks(19).map(<[String]>::concat).collect::<Vec<_>>().join("=\n")
    };
    text.lines().map(|l| line(l) + "\n").collect()
}

/// Breaks lines of more than 50 characters at blanks, as RFC 3676 has it.
fn flowed(text: &str) -> String {
    let one = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        if line.len() < 50 || line.starts_with(['-', '>', '_']) {
            return format!("{line}\n");
        }
        let stuffed = if line.starts_with(' ') { " " } else { "" };
        format!("{stuffed}{}{}\n", &line[..indent], line[indent..].replacen(' ', " \n", 1))
    };
    text.lines().map(one).collect()
}

fn html(text: &str, pre: bool) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    match pre {
        true => format!("<html><head><style>a > b {{}}</style></head><pre>{text}</pre></html>\n"),
        false => {
            let line = |l: &str| format!("<div>{}<br></div>\n", l.replace("  ", "&nbsp; "));
            text.lines().map(line).collect()
        }
    }
}

/// How the mail is put together.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Single,
    Alternative,
    MixedPatchFirst,
    MixedFooter,
    Signed,
    Unclosed,
    HtmlPre,
    HtmlLines,
    Clearsigned,
}

const SHAPES: [Shape; 9] = [
    Shape::Single,
    Shape::Alternative,
    Shape::MixedPatchFirst,
    Shape::MixedFooter,
    Shape::Signed,
    Shape::Unclosed,
    Shape::HtmlPre,
    Shape::HtmlLines,
    Shape::Clearsigned,
];

fn entity(text: &str, way: Way, shape: Shape) -> String {
    let plain = part(text, way, "plain");
    let multi = |kind: &str, parts: &[&str]| {
        let parts: String = parts.iter().map(|part| format!("--=_b\n{part}\n")).collect();
        format!("Content-Type: multipart/{kind}; boundary=\"=_b\"\n\n{parts}--=_b--\n")
    };
    let patch = "Content-Type: text/plain; name=a.patch\nContent-Disposition: attachment; filename=a.patch\n\n\
        diff --git a/a b/a\n\nare available in the Git repository at:\n\n  https://no.example/x.git tags/no\n";
    let typed = |way| if matches!(way, Way::Bare | Way::Flowed) { Way::EightBit } else { way };
    match shape {
        Shape::Single => plain,
        Shape::Alternative => {
            multi("alternative", &[&plain, &part(&html(text, false), typed(way), "html")])
        }
        Shape::MixedPatchFirst => multi("mixed", &[patch, &plain]),
        Shape::MixedFooter => multi("mixed", &[&plain, "\n___\nhttps://lists.example/x\n"]),
        Shape::Signed => multi(
            "signed",
            &[&plain, "Content-Type: application/pgp-signature; name=s.asc\n\n-----BEGIN\n"],
        ),
        Shape::Unclosed => multi("mixed", &[&plain]).replace("--=_b--\n", ""),
        Shape::HtmlPre => part(&html(text, true), typed(way), "html"),
        Shape::HtmlLines => part(&html(text, false), typed(way), "html"),
        Shape::Clearsigned => {
            let escaped = text
                .lines()
                .map(|l| if l.starts_with('-') { format!("- {l}\n") } else { format!("{l}\n") });
            let escaped: String = escaped.collect();
            let frame = format!(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{escaped}-----BEGIN PGP SIGNATURE-----\n\niQ==\n"
            );
            part(&frame, way, "plain")
        }
    }
}

/// Headers with From, as the author sent it or as lists rewrite it.
const FROMS: [&str; 5] = [
    "From: Alice <alice@maintainer.example>\n",
    "From: Alice via <devel@lists.example>\nReply-To: Alice <alice@maintainer.example>\nList-Id: <devel.lists.example>\n",
    "From: 'Alice' via Devel <devel@lists.example>\nX-Original-From: Alice <alice@maintainer.example>\nReply-To: devel@lists.example\n",
    "From: =?utf-8?q?Alice_via_D=C3=A9vel?= <devel@lists.example>\nReply-To: devel@lists.example, Alice <alice@maintainer.example>\nList-Post: <mailto:devel@lists.example>\n",
    "From: Alice via Devel <devel@lists.example>\nAuthor: Alice <alice@maintainer.example>\nPrecedence: bulk\n",
];

fn built(from: &str, subject: &str, entity: &str) -> Vec<u8> {
    format!("{from}To: devel@lists.example\nSubject: {subject}\nMessage-ID: <a@maintainer.example>\nMIME-Version: 1.0\n{entity}")
        .into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_built_request_comes_back_whole(
        ask in ask(),
        form in select(FORMS.as_slice()),
        (way, shape) in (select(WAYS.as_slice()), select(SHAPES.as_slice())),
        (subject, revision) in select(SUBJECTS.as_slice()),
        (before, after) in (select(BEFORE.as_slice()), select(AFTER.as_slice())),
        from in select(FROMS.as_slice()),
        crlf in any::<bool>(),
    ) {
        let text = format!("{before}{}{after}", block(&ask, form));
        let mut mail = built(from, subject, &entity(&text, way, shape));
        if crlf {
            mail = String::from_utf8(mail).unwrap().replace('\n', "\r\n").into_bytes();
        }
        let shown = String::from_utf8_lossy(&mail).into_owned();
        let reading = mail::read(&mail);
        let Reading::Request(cover) = reading else {
            return Err(TestCaseError::fail(format!("{reading:?}\n{shown}")));
        };
        prop_assert!(mail::heading(&mail).refusal().is_none());
        let request = &cover.request;
        prop_assert_eq!(&request.url, &ask.url, "{}", shown);
        prop_assert_eq!(&request.reference, &ask.reference, "{}", shown);
        prop_assert_eq!(request.base.as_ref().map(ToString::to_string), ask.base, "{}", shown);
        prop_assert_eq!(request.tip.as_ref().map(ToString::to_string), ask.tip, "{}", shown);
        prop_assert_eq!(cover.revision, revision, "{}", shown);
        prop_assert_eq!(cover.author.address.as_str(), AUTHOR);
        prop_assert_eq!(cover.author.name.as_deref(), Some("Alice"));
    }

    #[test]
    fn the_same_block_in_what_is_no_request_is_left_alone(
        ask in ask(),
        form in select(FORMS.as_slice()),
        (way, shape) in (select(WAYS.as_slice()), select(SHAPES.as_slice())),
        (subject, _) in select(SUBJECTS.as_slice()),
        other in select(OTHERS.as_slice()),
    ) {
        let text = block(&ask, form);
        let (from, subject, text, reason) = other.dress(subject, &text);
        let mail = built(&from, &subject, &entity(&text, way, shape));
        let reading = mail::read(&mail);
        prop_assert_eq!(reading.reason(), Some(reason), "{:?}\n{}", reading, String::from_utf8_lossy(&mail));
    }
}

/// What bears a request's text and is none.
#[derive(Debug, Clone, Copy)]
enum Other {
    Answer,
    AnswerBehindPrefix,
    ForwardedSubject,
    ForwardedText,
    OriginalMessage,
    Quoted,
    Patch,
    SeriesWithBranch,
    Unmarked,
    Merged,
    TestRobot,
    OwnLetter,
    Refusal,
    Bounce,
    Subsystem,
    NotForMaster,
}

const OTHERS: [Other; 16] = [
    Other::Answer,
    Other::AnswerBehindPrefix,
    Other::ForwardedSubject,
    Other::ForwardedText,
    Other::OriginalMessage,
    Other::Quoted,
    Other::Patch,
    Other::SeriesWithBranch,
    Other::Unmarked,
    Other::Merged,
    Other::TestRobot,
    Other::OwnLetter,
    Other::Refusal,
    Other::Bounce,
    Other::Subsystem,
    Other::NotForMaster,
];

impl Other {
    /// From lines, subject and text of such a mail, and the reason it has to get.
    fn dress(self, subject: &str, text: &str) -> (String, String, String, Reason) {
        let alice = FROMS[0].to_owned();
        let (mine, body) = (subject.to_owned(), text.to_owned());
        let from = |line: &str| format!("From: {line}\n");
        match self {
            Self::Answer => (alice, format!("Re: {subject}"), body, Reason::Answer),
            Self::AnswerBehindPrefix => {
                (alice, format!("[devel] AW: {subject}"), body, Reason::Answer)
            }
            Self::ForwardedSubject => (alice, format!("Fwd: {subject}"), body, Reason::Answer),
            Self::ForwardedText => {
                let head =
                    "Seen?\n\n---------- Forwarded message ---------\nFrom: Bob\nSubject: x\n\n";
                (alice, mine, format!("{head}{text}"), Reason::Answer)
            }
            Self::OriginalMessage => {
                let head =
                    "Done.\n\n-----Original Message-----\nFrom: Bob\nSent: Friday\nSubject: x\n\n";
                (alice, mine, format!("{head}{text}"), Reason::Quoted)
            }
            Self::Quoted => {
                let quote = text.lines().map(|line| format!("> {line}\n"));
                (alice, mine, format!("Done.\n\n{}", quote.collect::<String>()), Reason::Quoted)
            }
            Self::Patch => {
                let diff =
                    "---\n a | 2 +-\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n";
                (alice, "[PULL 07/38] net: x".into(), format!("{text}\n{diff}"), Reason::Patch)
            }
            Self::SeriesWithBranch => {
                (alice, "[PATCH v2 0/5] net: x".into(), body, Reason::PatchSeries)
            }
            Self::Unmarked => (alice, "net for 9.0".into(), body, Reason::NoMarker),
            Self::Merged => (from("pr-tracker-bot@bots.example"), mine, body, Reason::Automatic),
            Self::TestRobot => {
                (from("kernel test robot <t@bots.example>"), mine, body, Reason::Automatic)
            }
            Self::OwnLetter => {
                (format!("{alice}X-Gatepost-Verdict: passed\n"), mine, body, Reason::Automatic)
            }
            Self::Refusal => (from("devel+owner@lists.example"), mine, body, Reason::ListMachinery),
            Self::Bounce => (format!("Return-Path: <>\n{alice}"), mine, body, Reason::Automatic),
            Self::Subsystem => {
                (alice, "[PULL SUBSYSTEM arm 0/8] x".into(), body, Reason::Elsewhere)
            }
            Self::NotForMaster => {
                (alice, mine, format!("This is not for master.\n\n{text}"), Reason::Elsewhere)
            }
        }
    }
}
