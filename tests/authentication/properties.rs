//! What holds of every mail: whatever is done to a signed one by somebody without the key, it proves
//! what it proved before, or less. Nothing breaks on what is no mail at all.

use std::sync::Arc;

use crate::adapters::authentication::MailAuthenticator;
use crate::config::model::Dkim;
use crate::ports::{Authentication, Authenticator, Proof};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use crate::authentication::dkim::Domains;
use crate::authentication::dkim_signer::*;
use crate::authentication::mails::*;
use crate::keyring::signers::*;

/// Lines that mean something to somebody who reads mail.
const LINES: [&str; 34] = [
    "",
    " ",
    "cancel 1",
    "-----BEGIN PGP SIGNED MESSAGE-----",
    "-----BEGIN PGP SIGNATURE-----",
    "-----END PGP SIGNATURE-----",
    "-----BEGIN PGP PUBLIC KEY BLOCK-----",
    "-----END PGP PUBLIC KEY BLOCK-----",
    "Hash: SHA512",
    "- dashed",
    "--sig",
    "--sig--",
    "--mix",
    "--mix--",
    "From: boss@example.org",
    ":From: boss@example.org",
    "no field",
    " Subject: cancel 2",
    "Subject: cancel 2",
    "Sub ject: cancel 2",
    "To: other@example.test",
    "Cc: other@example.test",
    "Date: Wed, 02 Sep 2026 12:00:00 +0000",
    "Content-Type: text/html",
    "Content-Type: text/plain; charset=utf-16; format=flowed",
    "Content-Type: multipart/mixed; boundary=mix",
    "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=sig",
    "Content-Type: application/pgp-signature",
    "Content-Transfer-Encoding: base64",
    "Content-Transfer-En coding: quoted-printable",
    "Content-Disposition: attachment",
    "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=sel; h=from; t=1; bh=AAAA; b=AAAA",
    "Authentication-Results: mx.example.test; dkim=pass header.d=example.org",
    "Authentication-Results: mx.example.test; dkim=pass header.d=example.org (",
];

/// What somebody does to a mail.
#[derive(Debug, Clone)]
enum Change {
    /// Alters a byte.
    Flip(Index, u8),
    /// Puts something in.
    Bytes(Index, Vec<u8>),
    /// Puts a line in.
    Line(Index, &'static str),
    /// Takes a line away.
    Drop(Index),
    /// Puts a line of it in again elsewhere.
    Copy(Index, Index),
    /// Ends it there.
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = || any::<Index>();
    prop_oneof![
        4 => (at(), 1..=255_u8).prop_map(|(at, mask)| Change::Flip(at, mask)),
        1 => (at(), select(vec![0x20_u8, 0x01])).prop_map(|(at, mask)| Change::Flip(at, mask)),
        2 => (at(), proptest::collection::vec(any::<u8>(), 1..4))
            .prop_map(|(at, bytes)| Change::Bytes(at, bytes)),
        2 => (at(), select(vec![" ", "\t", "\r", "\n", "\r\n", "\r\n ", ":", ";", "=", "\"", "("]))
            .prop_map(|(at, text)| Change::Bytes(at, text.into())),
        6 => (at(), select(LINES.to_vec())).prop_map(|(at, line)| Change::Line(at, line)),
        1 => at().prop_map(Change::Drop),
        2 => (at(), at()).prop_map(|(from, to)| Change::Copy(from, to)),
        1 => at().prop_map(Change::Cut),
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    proptest::collection::vec(change(), 1..4)
}

fn changed(mail: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut mail = mail.to_vec();
    for change in changes {
        if mail.is_empty() {
            break;
        }
        let mut lines: Vec<Vec<u8>> =
            mail.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let count = lines.len();
        match change {
            Change::Flip(at, mask) => {
                let at = at.index(mail.len());
                mail[at] ^= mask;
            }
            Change::Bytes(at, bytes) => {
                let at = at.index(mail.len());
                mail.splice(at..at, bytes.iter().copied());
            }
            Change::Line(at, line) => {
                lines.insert(at.index(count + 1), format!("{line}\r\n").into_bytes());
                mail = lines.concat();
            }
            Change::Drop(at) => {
                lines.remove(at.index(count));
                mail = lines.concat();
            }
            Change::Copy(from, to) => {
                let line = lines[from.index(count)].clone();
                lines.insert(to.index(count + 1), line);
                mail = lines.concat();
            }
            Change::Cut(at) => mail.truncate(at.index(mail.len())),
        }
    }
    mail
}

/// A text without what signatures let anybody alter: how many blanks stand where there is one.
fn settled(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let indented = if line.starts_with(' ') { " " } else { "" };
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if words.is_empty() { String::new() } else { format!("{indented}{}", words.join(" ")) }
    });
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// Asserts that a proof says no more than another.
fn says_no_more<Who: PartialEq + std::fmt::Debug>(
    found: &Proof<Who>,
    good: &Proof<Who>,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(&found.who, &good.who);
    prop_assert_eq!(found.signed_at, good.signed_at);
    prop_assert_eq!(settled(&found.text), settled(&good.text));
    prop_assert_eq!(&found.keys, &good.keys);
    prop_assert!(found.subject.is_none() || found.subject == good.subject, "{:?}", found.subject);
    let same = found.recipients.is_none() || found.recipients == good.recipients;
    prop_assert!(same, "{:?}", found.recipients);
    // What was acted on before is known again.
    prop_assert!(good.digests.iter().all(|digest| found.digests.contains(digest)));
    Ok(())
}

fn run<S: Strategy>(
    cases: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config { failure_persistence: None, ..Config::with_cases(cases) };
    TestRunner::new(config).run(strategy, test).unwrap_or_else(|why| panic!("{why}"));
}

fn looked_at(folder: &Folder, dkim: &Dkim, mail: &[u8]) -> Authentication {
    let authenticator = MailAuthenticator::new(Arc::new(folder.keyring()), dkim);
    authenticator.authenticate(mail, made()).unwrap_or_default()
}

/// Every change of a mail that gpg signed.
fn altered_openpgp(folder: &Folder, mail: &str) {
    let good = proof(folder, mail);
    run(1500, &changes(), |changes| {
        let mail = changed(mail.as_bytes(), &changes);
        match looked_at(folder, &Dkim::Off, &mail).openpgp {
            Some(found) => says_no_more(&found, &good),
            None => Ok(()),
        }
    });
}

#[test]
fn a_clearsigned_mail_says_nothing_else_whatever_is_done_to_it() {
    let ada = Ada::new();
    altered_openpgp(&ada.folder, &plain(&ada.clearsigns(TEXT)));
    let encoded =
        crate::authentication::encodings::quoted_printable(ada.clearsigns(TEXT).as_bytes());
    let kind = "Content-Type: text/plain; charset=utf-8; format=flowed\r\n\
                Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    altered_openpgp(&ada.folder, &mail(&format!("{kind}{encoded}")));
}

#[test]
fn a_signed_part_says_nothing_else_whatever_is_done_to_it() {
    let ada = Ada::new();
    let entity = mixed(&[
        &format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{TEXT}"),
        &format!(
            "Content-Type: application/pgp-keys\r\n\r\n{}",
            String::from_utf8(ada.gpg.export(&[])).unwrap()
        ),
    ]);
    let protected = "multipart/mixed; protected-headers=\"v1\"; boundary=mix\r\nSubject: retest 5\r\n\
                     To: bot@example.test";
    let entity = entity.replacen("multipart/mixed; boundary=mix", protected, 1);
    altered_openpgp(&ada.folder, &ada.signs(&entity));
    let wrapped = ada.gpg.signs_part(&format!("Content-Type: text/plain\r\n\r\n{TEXT}"), &[]);
    let footer = "Content-Type: text/plain\r\n\r\nfooter";
    altered_openpgp(&ada.folder, &mail(&mixed(&[&wrapped, footer])));
}

#[test]
fn a_dkim_signed_mail_says_nothing_else_whatever_is_done_to_it() {
    let domains = Domains::new();
    let both = mixed(&[
        "Content-Type: text/plain\r\n\r\nretest 5\r\n",
        "Content-Type: text/html\r\n\r\n<p>x",
    ]);
    let more = ":content-transfer-encoding";
    let oversigned = TAGS.replace("content-type", &format!("content-type{more}:subject:from"));
    let bare = TAGS.replace(":content-type", "").replace(":subject", "");
    for (mail, tags) in [
        (plain("retest 5\r\n\r\ncmV0ZXN0IDY=\r\n"), TAGS),
        (plain("retest 5\r\n\r\nretest=206\r\n"), &oversigned),
        (plain("retest 5\r\n \r\nSubject: x\r\n\r\nretest 6\r\n"), &bare),
        (mail(&both), &bare),
        (mail(&both), TAGS),
    ] {
        let signed = domains.key.signs(&mail, tags);
        let good = domains.proof(&signed);
        run(400, &changes(), |changes| {
            let mail = changed(signed.as_bytes(), &changes);
            match looked_at(&domains.folder, &domains.dkim(), &mail).dkim {
                Some(found) => says_no_more(&found, &good),
                None => Ok(()),
            }
        });
    }
}

#[test]
fn blanks_that_no_signature_covers_change_nothing_of_what_a_mail_says() {
    let domains = Domains::new();
    let file = "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n\
                cancel 1\r\n\r\ncancel 2\r\n";
    let both = mixed(&["Content-Type: text/plain\r\n\r\nretest 5\r\n\r\nretest 6\r\n", file]);
    for tags in [TAGS, &TAGS.replace(":content-type", "")] {
        let signed = domains.key.signs(&mail(&both), tags);
        let good = domains.proof(&signed);
        // At the ends of lines.
        let blank = (any::<Index>(), select(vec![" ", "\t", "\r", "\r\r", " \r "]));
        run(400, &proptest::collection::vec(blank, 1..5), |blanks| {
            let mut lines: Vec<String> = signed.split("\r\n").map(str::to_owned).collect();
            for (at, blank) in &blanks {
                let at = at.index(lines.len());
                lines[at].push_str(blank);
            }
            let mail = lines.join("\r\n");
            match looked_at(&domains.folder, &domains.dkim(), mail.as_bytes()).dkim {
                Some(found) => says_no_more(&found, &good),
                None => Ok(()),
            }
        });
    }
}

#[test]
fn more_fields_on_top_of_a_signed_mail_change_nothing_of_what_it_says() {
    let domains = Domains::new();
    let signed = domains.signs(TAGS);
    let good = domains.proof(&signed);
    let person = |mail: &[u8]| crate::mail::heading(mail).from.map(|from| from.address);
    let from = person(signed.as_bytes());
    let piece = prop_oneof![
        3 => select(LINES.to_vec()).prop_map(|line| format!("{line}\r\n").into_bytes()),
        2 => select(vec!["From", "Subject", "To", ":", ": ", " ", "\t", "\r", "\n", "\r\n", "\0", "\"", "(", ",", "boss@example.org", "=?utf-8?q?=0A?="])
            .prop_map(|text: &str| text.into()),
        1 => proptest::collection::vec(any::<u8>(), 1..6),
    ];
    run(1500, &proptest::collection::vec(piece, 1..6), |pieces| {
        let mail = [pieces.concat(), signed.clone().into_bytes()].concat();
        let Some(found) = looked_at(&domains.folder, &domains.dkim(), &mail).dkim else {
            return Ok(());
        };
        says_no_more(&found, &good)?;
        // Who it is from is read by the bot elsewhere.
        prop_assert_eq!(person(&mail), from.clone());
        Ok(())
    });
}

#[test]
fn nothing_breaks_on_any_bytes() {
    let domains = Domains::new();
    let header = Dkim::Header { authserv_id: "mx.example.test".into() };
    let piece = prop_oneof![
        5 => select(LINES.to_vec()).prop_map(|line| format!("{line}\r\n").into_bytes()),
        1 => Just(HEADER.as_bytes().to_vec()),
        2 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    run(1000, &proptest::collection::vec(piece, 0..25), |pieces| {
        let mail = pieces.concat();
        for dkim in [&Dkim::Off, &header, &domains.dkim()] {
            let found = looked_at(&domains.folder, dkim, &mail);
            prop_assert!(found.openpgp.is_none());
            let by_us = matches!(dkim, Dkim::Verify { .. });
            prop_assert!(found.dkim.is_none() || !by_us, "{:?}", found);
        }
        Ok(())
    });
}
