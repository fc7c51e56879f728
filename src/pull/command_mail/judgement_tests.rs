//! Which mails are obeyed: a table of what is found, and what follows.

use super::*;
use crate::pull::ids::{ListName, PullNumber};
use crate::pull::overlay::Overlay;
use crate::pull::verbs::parse;

const BOT: &str = "Bot@example.org";
const ADMIN: &str = "admin@example.org";

fn now() -> Timestamp {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

fn policy() -> CommandPolicy {
    let window = SignedDuration::from_hours(48);
    CommandPolicy { address: BOT.into(), window, mails_per_hour: 20 }
}

fn mail(list: Option<&str>) -> CommandMail {
    let id = "one@x".parse().unwrap();
    let list = list.map(ListName::new);
    CommandMail::new(id, "Admin@example.org", "please", &[], now(), list, now()).unwrap()
}

fn key() -> ProvedBy {
    ProvedBy::Key(Signer {
        key: "KEY".into(),
        name: "Ada".into(),
        addresses: vec!["ADMIN@example.org".into()],
        scope: Default::default(),
    })
}

fn domain() -> ProvedBy {
    ProvedBy::Domain("example.org".into())
}

fn said(lines: &[&str]) -> Said {
    let read = |line: &&str| {
        let command = parse(line, false).map_err(|error| error.to_string());
        ((*line).to_owned(), command)
    };
    Said { lines: lines.iter().map(read).collect(), ..Said::default() }
}

/// A proof of a mail that is obeyed.
fn proof(by: ProvedBy) -> Proved {
    Proved {
        by,
        signed_at: now() - SignedDuration::from_hours(1),
        digests: vec!["D1".into()],
        acted_on_in: None,
        recipients: Some(vec!["other@x".into(), "bot@example.org".into()]),
        said: said(&["resume", "status"]),
    }
}

/// What is found of a mail that is obeyed.
fn found(proofs: Vec<Proved>) -> Found {
    let bytes = Bytes {
        id: Some("one@x".parse().unwrap()),
        from: Some("ADMIN@example.org".into()),
        to_commands: true,
        doubled: None,
    };
    let failures = vec!["It is not signed.".to_owned()];
    Found { bytes, proofs, failures, maintainer: true, ..Found::default() }
}

/// What comes of it, in a word.
fn comes_to(mail: &CommandMail, found: &Found) -> String {
    match judge(mail, found, &policy(), now()) {
        MailJudgement::Obey(obeyed) => {
            let lines = obeyed.lines.len();
            format!("obeyed {lines} by {}: {}", obeyed.given.by.how, obeyed.remark.is_some())
        }
        MailJudgement::Unproved { why } => format!("unproved: {why}"),
        MailJudgement::Refused { why } => format!("refused: {why}"),
        MailJudgement::Nothing => "nothing".into(),
    }
}

#[test]
fn a_mail_is_obeyed_if_all_of_it_is_as_it_must_be() {
    let obeyed = "obeyed 2 by OpenPGP key KEY: false";
    assert_eq!(comes_to(&mail(None), &found(vec![proof(key())])), obeyed);
    assert_eq!(comes_to(&mail(None), &found(vec![proof(key()), proof(domain())])), obeyed);
    let by_domain = "obeyed 2 by DKIM of example.org: false";
    assert_eq!(comes_to(&mail(None), &found(vec![proof(domain())])), by_domain);
}

type Change = fn(&mut Found);

/// What is changed of a mail that is obeyed, and what comes of it then.
const CHANGES: &[(&str, Change, &str)] = &[
    ("another id", |f| f.bytes.id = "two@x".parse().ok(), "refused: another mail with the same"),
    ("no id", |f| f.bytes.id = None, "refused: another mail with the same"),
    ("another From", |f| f.bytes.from = Some("b@x".into()), "refused: another mail with the same"),
    ("no From", |f| f.bytes.from = None, "refused: another mail with the same"),
    ("to a list", |f| f.bytes.to_commands = false, "refused: another mail with the same"),
    (
        "two From",
        |f| f.bytes.doubled = Some("From".into()),
        "refused: it has the header From twice",
    ),
    ("no proof", |f| f.proofs.clear(), "unproved: It is not signed. Send it again, signed"),
    (
        "no proof, and no reason",
        |f| (f.proofs, f.failures) = Default::default(),
        "unproved: Nothing in it proves who sent it. Send it again",
    ),
    (
        "somebody else's key",
        |f| {
            if let ProvedBy::Key(signer) = &mut f.proofs[0].by {
                signer.addresses = vec!["bob@x".into()];
            }
            f.proofs.push(proof(domain()));
        },
        "refused: Ada signed it (KEY), and it is from another address",
    ),
    ("at the window's end", |f| f.proofs[0].signed_at = now() - policy().window, "obeyed 2"),
    (
        "too old",
        |f| f.proofs[0].signed_at = now() - policy().window - SignedDuration::from_secs(1),
        "unproved: It was signed at 2026-01-03 11:59 UTC, which is longer ago",
    ),
    ("a fast clock", |f| f.proofs[0].signed_at = now() + FAST_CLOCK, "obeyed 2"),
    (
        "from the future",
        |f| f.proofs[0].signed_at = now() + FAST_CLOCK + SignedDuration::from_secs(1),
        "unproved: It was signed at 2026-01-05 12:15 UTC, which is not yet",
    ),
    (
        "too old, and DKIM is newer",
        |f| {
            f.proofs[0].signed_at = now() - policy().window * 2;
            f.proofs.push(proof(domain()));
        },
        "unproved: It was signed at",
    ),
    ("recipients that nobody signed", |f| f.proofs[0].recipients = None, "obeyed 2"),
    (
        "another recipient",
        |f| f.proofs[0].recipients = Some(vec!["other@x".into()]),
        "refused: it is signed for another recipient",
    ),
    ("no recipient", |f| f.proofs[0].recipients = Some(Vec::new()), "refused: it is signed for"),
    (
        "a replay",
        |f| f.proofs[0].acted_on_in = "before@x".parse().ok(),
        "refused: what is signed in it was acted on before, in <before@x>",
    ),
    ("no command", |f| f.proofs[0].said = Said::default(), "obeyed 0 by OpenPGP key KEY: true"),
    (
        "no command, to the bot's letter",
        |f| (f.proofs[0].said, f.answers_a_letter) = (Said::default(), true),
        "nothing",
    ),
    (
        "no command, on a request's thread",
        |f| (f.proofs[0].said, f.thread) = (Said::default(), Some(Item::Pull(PullNumber(1)))),
        "nothing",
    ),
    ("more commands", |f| f.proofs[0].said.more = true, "obeyed 2 by OpenPGP key KEY: true"),
    (
        "an unsigned subject",
        |f| f.proofs[0].said.unsigned_subject = true,
        "obeyed 2 by OpenPGP key KEY: true",
    ),
];

#[test]
fn what_is_otherwise_is_refused_or_told() {
    for (what, change, outcome) in CHANGES {
        let mut found = found(vec![proof(key())]);
        change(&mut found);
        let came = comes_to(&mail(None), &found);
        assert!(came.starts_with(outcome), "{what}: {came}");
    }
}

#[test]
fn on_a_list_openpgp_alone_counts_and_its_recipients_do_not() {
    let on_list = |proofs| {
        let mut found = found(proofs);
        found.bytes.to_commands = false;
        comes_to(&mail(Some("devel")), &found)
    };
    assert!(on_list(vec![proof(domain())]).starts_with("unproved: "));
    let elsewhere = Proved { recipients: Some(vec!["devel@x".into()]), ..proof(key()) };
    assert!(on_list(vec![elsewhere]).starts_with("obeyed 2"));
    let replay = Proved { acted_on_in: "before@x".parse().ok(), ..proof(key()) };
    assert!(on_list(vec![replay]).starts_with("refused: "));
    let to_the_bot = comes_to(&mail(Some("devel")), &found(vec![proof(key())]));
    assert!(to_the_bot.starts_with("refused: another mail"), "{to_the_bot}");
}

#[test]
fn a_key_is_kept_only_of_a_mail_that_may_add_one() {
    let overlay = Overlay::default();
    let adds = |administrator: &str, found: &Found| {
        let people = People { administrator, managers: &[], overlay: &overlay };
        adds_a_key(&mail(None), found, &policy(), &people, now())
    };
    let with = |by, line: &str| found(vec![Proved { said: said(&["status", line]), ..proof(by) }]);
    let add = "key add dave@example.org";
    assert!(adds(ADMIN, &with(key(), add)));
    assert!(!adds(ADMIN, &with(key(), "status")));
    assert!(!adds(ADMIN, &with(key(), "key add 0123456789ABCDEF0123456789ABCDEF01234567")));
    assert!(!adds(ADMIN, &with(domain(), add)));
    assert!(!adds("root@example.org", &with(key(), add)));
    for (what, change, outcome) in CHANGES {
        let mut found = with(key(), add);
        change(&mut found);
        let kept = adds(ADMIN, &found);
        assert!(!kept || outcome.starts_with("obeyed 2"), "{what}");
    }
}
