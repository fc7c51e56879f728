//! Text from outside in letters: each hostile text in each place that somebody else fills, and what
//! must hold of the letter whatever it says.

use crate::mail::letter::{Delivering, Draft};
use crate::mail::{self, Reading};
use crate::ports::Fault;
use crate::pull::hold::HoldReason;
use crate::pull::tag::{ConflictFile, Verification};
use crate::pull::verdict::{Audience, Outcome, Refusal, Shortfall};
use mail_parser::MessageParser;

use crate::letters::world::{World, breakdown, evidence, job, link, outcomes, trusted};

const BLOCK: &str = "The following changes since commit 0123456789abcdef0123456789abcdef01234567:\n\n  \
    x (2026-01-01)\n\nare available in the Git repository at:\n\n  https://evil.example/x.git tags/x\n\n\
    for you to fetch changes up to 1123456789abcdef0123456789abcdef01234567:\n";

/// What somebody may put wherever he can put something, with a name for each.
fn texts() -> Vec<(&'static str, String)> {
    let owned = |name, text: &str| (name, text.to_owned());
    vec![
        owned(
            "a header",
            "x\r\nBcc: victim@else.example\r\nX-Gatepost-Verdict: passed\r\n\r\nbody",
        ),
        owned("a header after LF", "x\nReply-To: victim@else.example\n\nbody"),
        owned("a header after CR", "x\rTo: victim@else.example\r\rbody"),
        owned("the end of SMTP's data", "x\r\n.\r\nMAIL FROM:<a@b.example>\r\n"),
        owned(
            "ANSI escapes",
            "\u{1b}[31mred\u{1b}[0m \u{1b}[2J \u{1b}]0;title\u{7}\u{1b}P1;1|x\u{1b}\\",
        ),
        owned("C1 controls", "\u{9b}31mred \u{9d}0;title\u{9c} \u{85}next\u{90}x"),
        owned("other controls", "a\0b\u{8}\u{8}\u{7f}c\u{c}d\u{b}e"),
        owned("a turned text", "gpj.exe\u{202e}txt.\u{202d}x\u{2066}y\u{2069}\u{200f}\u{61c}"),
        owned(
            "hidden characters",
            "a\u{200b}b\u{200d}c\u{feff}d\u{2060}e\u{ad}f\u{e0041}g\u{fe0f}",
        ),
        owned("line separators", "a\u{2028}retest 17\u{2029}cancel 17"),
        owned("commands", "x\nretest 17\napprove 17\ncancel 17\n"),
        owned("a command alone", "retest 17"),
        owned("a request", &format!("x\n\n{BLOCK}")),
        owned(
            "a quote of the bot",
            "x\nOn Fri, Gatepost wrote:\n> Passed on master abc; not applied.\n",
        ),
        owned("a signature's delimiter", "x\n-- \nGatepost, testing pull requests\n"),
        owned(
            "a mbox's delimiter",
            "x\n\nFrom mbox@evil.example Thu Jan  1 00:00:00 2026\nFrom: y\n",
        ),
        owned(
            "a MIME part",
            "x\n--boundary\nContent-Type: text/html\n\n<script>alert(1)</script>\n",
        ),
        owned("an encoded word", "=?utf-8?B?eA0KQmNjOiB2aWN0aW1AZWxzZS5leGFtcGxl?="),
        ("an enormous line", "A".repeat(100_000)),
        ("enormous words", "retest 17 ".repeat(10_000)),
        ("many lines", "x\n".repeat(50_000)),
        ("letters of many bytes", "\u{1f4a3}".repeat(20_000)),
    ]
}

/// A character that controls, hides or turns text; not by the bot's own list of them.
fn is_odd(c: char) -> bool {
    c != '\n'
        && (c.is_control()
            || "\u{200b}\u{200d}\u{feff}\u{2060}\u{ad}\u{e0041}\u{fe0f}\u{2028}\u{2029}"
                .contains(c)
            || "\u{202d}\u{202e}\u{2066}\u{2069}\u{200f}\u{61c}".contains(c))
}

/// Letters with a text in every place where somebody else's text may stand.
fn letters(text: &str) -> Vec<(&'static str, Draft)> {
    let fresh = || World::new(Delivering::Live);
    let of_pull = |change: &dyn Fn(&mut World)| {
        let mut world = fresh();
        change(&mut world);
        world.tested(outcomes().remove(0).1)
    };
    let failed = |change: &dyn Fn(&mut crate::pull::verdict::FailedJob)| {
        let mut one = job("build", 3);
        change(&mut one);
        fresh().tested(Outcome::Failed(evidence(vec![one], 1)))
    };
    let incomplete = |why| fresh().tested(Outcome::Incomplete { pipeline: link(), why });
    let refused = |why| fresh().refused(why);
    let t = || text.to_owned();
    // What the bot says of another's words begins with its own.
    let said = |who: &str| format!("{who} says: {text}");
    let mut passed = evidence(Vec::new(), 0);
    passed.allowed_failures = vec![t()];
    let mut mixed = evidence(vec![job("build", 1)], 1);
    mixed.broken = vec![t(); 12];
    mixed.no_result.broken = 40;
    let broken = || {
        let mut broken = breakdown();
        for job in &mut broken.broken {
            (job.name, job.reason, job.tags) = (t(), Some(t()), t());
            job.url = format!("https://gitlab.example/{text}");
        }
        broken.waiting = vec![t(); 11];
        broken
    };
    let many = (0..12).map(|_| job(text, 1)).collect();
    let mut signer = trusted().signer;
    signer.name = t();
    let file = ConflictFile { path: t(), kind: t(), touched_by: vec![t()] };
    let conflict =
        Outcome::Conflict { base: crate::letters::world::id('4'), files: vec![file], total: 1 };
    let late = fresh();
    vec![
        ("subject", of_pull(&|w| w.pull.cover.subject = format!("[PULL] {text}"))),
        ("bare subject", of_pull(&|w| w.pull.cover.subject = t())),
        ("author", of_pull(&|w| w.pull.cover.author.name = Some(t()))),
        ("reference", of_pull(&|w| w.pull.cover.request.reference = t())),
        ("url", of_pull(&|w| w.pull.cover.request.url = t())),
        ("job's name", failed(&|job| job.name = t())),
        ("job's page", failed(&|job| job.url = format!("https://gitlab.example/{text}"))),
        ("job's architecture", failed(&|job| job.architecture = Some(t()))),
        ("job's reason", failed(&|job| job.reason = Some(t()))),
        ("log", failed(&|job| job.log = vec![t(); 3])),
        ("many jobs", fresh().tested(Outcome::Failed(evidence(many, 12)))),
        ("allowed failure", fresh().tested(Outcome::Passed(passed))),
        ("broken jobs beside", fresh().tested(Outcome::Failed(mixed))),
        ("broken jobs", fresh().tested(Outcome::Infrastructure(broken()))),
        ("yaml errors", incomplete(Shortfall::NoFailedJob { yaml_errors: Some(t()) })),
        ("manual jobs", incomplete(Shortfall::Manual { jobs: vec![t()] })),
        ("conflict", fresh().tested(conflict)),
        ("GitLab's refusal", fresh().tested(Outcome::Impossible { why: said("GitLab") })),
        ("URL's refusal", refused(Refusal::UrlNotAllowed { why: said("The host") })),
        ("server's words", refused(Refusal::Unfetchable { why: said("The server") })),
        ("bad signature", refused(Refusal::Signature(Verification::Bad { why: t() }))),
        ("key", refused(Refusal::Signature(Verification::UnknownKey { key: t(), proved: false }))),
        (
            "tag's name",
            refused(Refusal::Signature(Verification::NameMismatch { signed: t(), found: t() })),
        ),
        ("signer", refused(Refusal::Signature(Verification::Good(signer)))),
        ("held", {
            let mut world = fresh();
            world.pull.cover.subject = t();
            world.held(HoldReason::LateArrival, Audience::Managers)
        }),
        ("because", late.writer.unanswered(&late.input(), text).unwrap()),
        ("alert", {
            // What a server said comes as a fault.
            let detail = Fault::temporary(said("The server")).detail;
            late.writer.alert("Testing does not work", &detail, late.now).unwrap()
        }),
        ("counts", {
            let counts = [(t(), 3)].into();
            late.writer.counted(&counts, late.now, late.now).unwrap()
        }),
    ]
}

/// The names of a letter's headers, and its text.
fn parts(draft: &Draft) -> (Vec<String>, String) {
    let end = draft.bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let header = std::str::from_utf8(&draft.bytes[..end]).expect("headers are ASCII");
    let names = header.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    let names = names.map(|line| line.split(':').next().unwrap().to_owned()).collect();
    let message = MessageParser::default().parse(&draft.bytes).unwrap();
    (names, message.body_text(0).unwrap().replace("\r\n", "\n"))
}

#[test]
fn no_hostile_text_changes_what_a_letter_is() {
    let plain: Vec<_> = letters("plain").iter().map(|(_, draft)| parts(draft).0).collect();
    let readers: Vec<_> =
        letters("plain").into_iter().map(|(_, draft)| draft.letter.recipients).collect();
    for (name, text) in texts() {
        for (number, (place, draft)) in letters(&text).iter().enumerate() {
            let (headers, _) = parts(draft);
            assert_eq!(headers, plain[number], "{name} as {place}: its headers");
            assert_eq!(draft.letter.recipients, readers[number], "{name} as {place}: its readers");
            let bytes = String::from_utf8_lossy(&draft.bytes);
            assert!(!bytes.replace("\r\n", "").contains(['\r', '\n']), "{name} as {place}: ends");
        }
    }
}

#[test]
fn no_hostile_text_shows_or_hides_what_it_should_not() {
    for (name, text) in texts() {
        for (place, draft) in letters(&text) {
            let (_, shown) = parts(&draft);
            let subject = &draft.letter.subject;
            assert!(
                !shown.contains(is_odd) && !subject.contains(is_odd),
                "{name} as {place}: {shown:?}"
            );
            let delimiters = shown.lines().filter(|line| *line == "-- ").count();
            assert_eq!(delimiters, 1, "{name} as {place}: {shown}");
            let last = shown.trim_end().lines().last().unwrap();
            assert!(last.starts_with("Gatepost, testing pull requests"), "{name} as {place}");
        }
    }
}

#[test]
fn no_hostile_text_begins_a_line_as_it_likes() {
    let forged = [
        "retest",
        "approve",
        "cancel",
        "On Fri",
        "> ",
        "From ",
        "The following changes",
        "Bcc:",
        "--b",
    ];
    for (name, text) in texts().into_iter().filter(|(name, _)| *name != "enormous words") {
        for (place, draft) in letters(&text) {
            let (_, shown) = parts(&draft);
            let at_start = shown.lines().find(|line| forged.iter().any(|f| line.starts_with(f)));
            assert_eq!(at_start, None, "{name} as {place}");
        }
    }
}

/// A list may take out the headers that say that a machine wrote it.
#[test]
fn no_hostile_text_makes_a_letter_a_request() {
    let shifted = (0..80).step_by(7).map(|by| ("shifted", format!("{} {BLOCK}", "x".repeat(by))));
    for (name, text) in texts().into_iter().chain(shifted) {
        let letters = letters(&text).into_iter();
        for (place, draft) in letters.filter(|(_, draft)| draft.letter.list.is_some()) {
            let letter = String::from_utf8_lossy(&draft.bytes).into_owned();
            let lines = letter.split_inclusive("\r\n");
            let marks = ["Auto-Submitted:", "X-Gatepost-"];
            let stripped: String =
                lines.filter(|line| !marks.iter().any(|mark| line.starts_with(mark))).collect();
            assert!(!mail::heading(stripped.as_bytes()).automatic, "nothing was taken out");
            let read = mail::read(stripped.as_bytes());
            assert!(!matches!(read, Reading::Request(_)), "{name} as {place}: {letter}");
        }
    }
}

#[test]
fn no_hostile_text_makes_a_letter_enormous() {
    for (name, text) in texts() {
        for (place, draft) in letters(&text) {
            let size = draft.bytes.len();
            assert!(size < 200_000, "{name} as {place}: {size} bytes");
            assert!(draft.letter.subject.chars().count() < 2_000, "{name} as {place}");
        }
    }
}
