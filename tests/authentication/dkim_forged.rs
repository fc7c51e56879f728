//! Mails whose DKIM signature must not be believed although it may well verify, and the sentence
//! that says why.

use crate::config::model::Dkim;

use crate::authentication::dkim::{Domains, NAME};
use crate::authentication::dkim_signer::*;
use crate::authentication::dns::Answer;
use crate::authentication::mails::*;
use crate::keyring::signers::*;

#[test]
fn an_altered_mail_does_not_fit_its_signature() {
    let domains = Domains::new();
    let signed = domains.signs(TAGS);
    domains.proof(&signed);
    domains.refused(&signed.replace("retest 5", "retest 6"), "body hash");
    domains.refused(&format!("{signed}cancel 5\r\n"), "body hash");
    for (from, to) in [
        ("Subject: Outside", "Subject: Inside"),
        ("From: Ada", "From: Boss"),
        ("<ada@", "<boss@"),
        ("bot@example.test", "bot@example.com"),
        ("12:00:00", "13:00:00"),
        ("text/plain", "text/html"),
        ("; t=1788264000", "; t=1788264001"),
        ("; h=from", "; h=from:from"),
    ] {
        assert!(signed.contains(from), "{from}");
        domains.refused(&signed.replacen(from, to, 1), "signature verification failed");
    }
}

#[test]
fn a_second_field_hides_what_is_signed_from_the_proof() {
    let domains = Domains::new();
    let signed = domains.signs(TAGS);
    let subject = domains.proof(&format!("Subject: Inside\r\n{signed}"));
    assert_eq!((subject.subject, subject.text.as_str()), (None, "retest 5\n"));
    let recipients = domains.proof(&format!("To: other@example.test\r\n{signed}"));
    assert_eq!(recipients.recipients, None);
    let attached = format!("Content-Disposition: attachment\r\n{signed}");
    domains.refused(&attached, "does not cover what says how the text is to be read");
    let marked = domains.key.signs(&plain("<p>retest 5</p>\r\n"), TAGS);
    let kind = format!("Content-Type: text/html\r\n{marked}");
    domains.refused(&kind, "does not cover what says how the text is to be read");
    for from in ["From: boss@example.org", "FROM: boss@example.org", "from:boss@example.org"] {
        domains.refused(&format!("{from}\r\n{signed}"), "one From with one address");
    }
}

#[test]
fn a_header_that_readers_could_take_for_another_proves_nothing() {
    let domains = Domains::new();
    let signed = domains.signs(TAGS);
    for hidden in [
        ":From: boss@example.org",
        ": :From: boss@example.org",
        "Fr om: boss@example.org",
        "From\t: boss@example.org",
        "From : boss@example.org",
        "no field\r\n From: boss@example.org",
        "no field\r\nX: y",
        "X: y\r\n \r\n From: boss@example.org",
        "X: y\r\rFrom: boss@example.org",
        "Fr\u{e4}m: boss@example.org",
        ":Subject: cancel 5",
        "Sub ject: cancel 5",
        "no field\r\n Subject: cancel 5",
        "T o: other@example.test",
        "Content-Ty pe: text/html",
        "Content-Transfer-En coding: base64",
    ] {
        let found = domains.found(&format!("Received: x\r\n{hidden}\r\n{signed}"));
        assert_eq!(found.dkim, None, "{hidden:?}");
        assert!(found.failures[1].contains("header"), "{hidden:?}: {:?}", found.failures);
    }
}

#[test]
fn from_has_one_address_and_is_covered() {
    let domains = Domains::new();
    for from in ["ada@example.org, boss@example.org", "Us: ada@example.org;", "ada", ""] {
        let several = plain("retest 5\r\n").replace("Ada <ada@example.org>", from);
        domains.refused(&domains.key.signs(&several, TAGS), "one From with one address");
    }
    let uncovered = TAGS.replace("h=from:", "h=");
    domains.refused(&domains.signs(&uncovered), "does not cover From");
}

#[test]
fn a_signature_of_a_part_of_the_text_is_refused() {
    let domains = Domains::new();
    for tag in ["l=10", "l=0", "l=8"] {
        let tags = TAGS.replace("; t=", &format!("; {tag}; t="));
        let length = tag[2..].parse().unwrap();
        let mail = plain("retest 5\r\n");
        let signed = domains.key.signs_fields(
            &mail,
            &tags,
            "from:to:subject:date:content-type",
            Some(length),
        );
        domains.refused(&signed, "covers only a part of the text");
    }
    // In any spelling.
    for tag in ["L=10", " l =10", "\tL\t=10"] {
        let signed = domains.signs(&TAGS.replace("; t=", &format!(";{tag}; t=")));
        assert_eq!(domains.found(&signed).dkim, None, "{tag}");
    }
}

#[test]
fn a_signature_has_a_first_and_a_last_day() {
    let domains = Domains::new();
    let tags = TAGS.replace("t=1788264000", "t=1788264000; x=4102444800");
    let good = domains.signs(&tags);
    domains.proof(&good);
    let ended = domains.signs(&tags.replace("x=4102444800", "x=1788264000"));
    domains.refused(&ended, "it has expired");
    let why = domains.refusal_at(&good, "2100-01-01T00:00:00Z".parse().unwrap());
    assert!(why.contains("it has expired"), "{why}");
    let why = domains.refusal_at(&good, made() - jiff::SignedDuration::from_mins(31));
    assert!(why.contains("from the future"), "{why}");
    for tag in ["t=x", "x=never", "x=-", "t=99999999999999999999", "t=", "x="] {
        let tags = TAGS.replace("t=1788264000", tag);
        domains.refused(&domains.signs(&tags), "times can't be read");
    }
    assert!(domains.dns.asked().iter().all(|name| name == NAME));
}

#[test]
fn rsa_sha1_and_what_nobody_knows_are_refused() {
    let domains = Domains::new();
    for algorithm in ["rsa-sha1", "rsa-sha1 ", "RSA-SHA1", "dsa-sha256", "rsa-md5", ""] {
        let tags = TAGS.replace("rsa-sha256", algorithm);
        domains.refused(&domains.signs(&tags), "algorithm is too weak");
    }
    for version in ["v=2", "v=", "w=1", "v=1.0"] {
        let tags = TAGS.replace("v=1", version);
        domains.refused(&domains.signs(&tags), "unknown version");
    }
    assert!(domains.dns.asked().is_empty());
}

#[test]
fn a_signature_that_says_something_twice_is_refused() {
    let domains = Domains::new();
    for tag in ["d=example.org", "h=from", "t=1788264000", "a=rsa-sha256", "zz=1; zz=1"] {
        let twice = domains.signs(&TAGS.replace("; t=", &format!("; {tag}; t=")));
        domains.refused(&twice, "says something twice");
    }
}

#[test]
fn a_signature_that_two_readers_read_differently_proves_nothing() {
    let evil = Key::rsa(2048);
    let domains = Domains::with(Key::rsa(2048), |record| {
        vec![
            (NAME, Answer::Text(record)),
            ("sel._domainkey.evil.example", Answer::Text(evil.record())),
        ]
    });
    // A broken one of the right domain, so that the right key has been looked at.
    let seen = domains.signs(TAGS).replace("; t=1788264000", "; t=1788263999");
    let seen = &seen[..=seen.find("\r\n").unwrap() + 1];
    let covered = "from:to:subject:date:content-type";
    for (tags, covered) in [
        (TAGS.replace("; t=", "; D=evil.example; t="), covered),
        (TAGS.replace("; t=", "; \u{a0}d=evil.example; t="), covered),
        (TAGS.replace("d=example.org", "d=evil.example; D=example.org"), covered),
        (TAGS.replace("v=1", "D=evil.example; v=1").replace("; d=", "; x d=z; d="), covered),
        (format!("{TAGS}; H=from; D=evil.example"), "from"),
    ] {
        let signed = evil.signs_fields(&plain("retest 5\r\n"), &tags, covered, None);
        for mail in [format!("{seen}{signed}"), signed] {
            let found = domains.found(&mail);
            assert_eq!(found.dkim, None, "{tags:?}");
        }
    }
    // Nor where only the list of fields is read differently: some pass over an empty name.
    let tags = TAGS.replace("h=from:", "h=from::");
    let signed = domains.key.signs_fields(&plain("retest 5\r\n"), &tags, covered, None);
    domains.refused(&signed, "not believed");
    // Nor is more covered than what was signed.
    let signed = domains.key.signs_fields(
        &plain("retest 5\r\n"),
        &TAGS.replace("; t=", "; H=from:content-type; t="),
        "from:content-type",
        None,
    );
    let altered = signed.replace("Outside", "Inside");
    assert_eq!(domains.found(&altered).dkim, None);
}

#[test]
fn the_signatures_digest_stays_whatever_is_done_to_its_spelling() {
    let domains = Domains::new();
    let signed = domains.signs(TAGS);
    let digests = domains.proof(&signed).digests;
    let (at, end) = (signed.find("; b=").unwrap() + 4, signed.find("\r\n").unwrap());
    let (before, value, after) = (&signed[..at], &signed[at..end], &signed[end..]);
    for value in [
        format!("{value};"),
        format!(" {value}"),
        format!("{}\r\n {}", &value[..50], &value[50..]),
        format!("{value}AAAA"),
        format!("{value}="),
        format!("{value}=AAAA"),
        format!("{}!{}", &value[..50], &value[50..]),
        format!("{}={}", &value[..48], &value[48..]),
        format!("AAAA=={value}"),
        value.trim_end_matches('=').to_owned(),
    ] {
        let found = domains.found(&format!("{before}{value}{after}"));
        if let Some(proof) = found.dkim {
            assert_eq!(proof.digests, digests, "{value}");
        }
    }
}

#[test]
fn how_the_text_is_to_be_read_has_to_be_covered_or_leave_no_choice() {
    let domains = Domains::new();
    let bare = TAGS.replace(":content-type", "");
    let unsaid = "does not cover what says how the text is to be read";
    let signed = |kind: &str, body: &str, tags: &str| {
        domains.key.signs(&mail(&format!("{kind}\r\n{body}")), tags)
    };
    assert_eq!(domains.proof(&signed("", "retest 5\r\n", &bare)).text, "retest 5\n");
    let kind = "Content-Type: text/plain; charset=utf-8\r\n";
    assert_eq!(domains.proof(&signed(kind, "retest 5\r\n", &bare)).text, "retest 5\n");
    for how in ["base64", "quoted-printable"] {
        let encoding = format!("{kind}Content-Transfer-Encoding: {how}\r\n");
        domains.refused(&signed(&encoding, "cmV0ZXN0IDU=\r\n", &bare), unsaid);
        domains.refused(&signed(&encoding, "cmV0ZXN0IDU=\r\n", TAGS), unsaid);
        let both = TAGS.replace(":content-type", ":content-type:content-transfer-encoding");
        domains.proof(&signed(&encoding, "cmV0ZXN0IDU=\r\n", &both));
    }
    domains.refused(&signed("Content-Type: text/html\r\n", "retest 5\r\n", &bare), unsaid);
    // A text that could be parts, or HTML, by a header that nobody signed.
    for body in ["--mix\r\n\r\nretest 5\r\n--mix--\r\n", "<p>retest 5</p>\r\n"] {
        domains.refused(&signed(kind, body, &bare), unsaid);
        domains.proof(&signed(kind, body, TAGS));
    }
}

#[test]
fn the_parts_of_a_mail_are_told_apart_by_a_boundary_that_leaves_no_choice() {
    let domains = Domains::new();
    let bare = TAGS.replace(":content-type", "");
    let text = "Content-Type: text/plain\r\n\r\nretest 5\r\n";
    let file = "Content-Type: text/plain\r\n\r\nretest 6\r\n";
    let parts = mixed(&[text, file]);
    let signed = domains.key.signs(&mail(&parts), &bare);
    assert_eq!(domains.proof(&signed).text, "retest 5\n");
    let unsaid = "does not cover what says how the text is to be read";
    for altered in [
        signed.replace("boundary=mix", "boundary=other"),
        signed.replace("boundary=mix", "x=mix"),
        signed.replace("multipart/mixed", "multipart/digest"),
        signed.replace("multipart/mixed", "multipart/other"),
    ] {
        let found = domains.found(&altered);
        assert_eq!(found.dkim, None, "{altered}");
    }
    let preamble = parts.replacen("\r\n\r\n--mix", "\r\n\r\nretest 7\r\n--mix", 1);
    domains.refused(&domains.key.signs(&mail(&preamble), &bare), unsaid);
}

#[test]
fn blanks_that_no_signature_covers_do_not_move_the_parts_of_a_mail() {
    let domains = Domains::new();
    let text = "Content-Type: text/plain\r\n\r\nretest 5\r\n\r\nretest 6\r\n";
    let signed = domains.key.signs(&mail(&mixed(&[text, "\r\nx\r\n"])), TAGS);
    assert_eq!(domains.proof(&signed).text, "retest 5\n\nretest 6\n");
    // They are none of the text's.
    let spaced = signed.replace("retest 5", "retest 5 ");
    assert_eq!(domains.proof(&spaced).text, "retest 5 \n\nretest 6\n");
    for (from, to) in [
        ("plain\r\n\r\n", "plain\r\n \r\n"),
        ("--mix\r\n", "--mix \r\n"),
        ("plain\r\n\r\n", "plain\r\n\r\r\n"),
        ("retest 5\r\n", "retest 5\r\r\n"),
    ] {
        assert!(signed.contains(from), "{from:?}");
        let found = domains.found(&signed.replacen(from, to, 1));
        assert_eq!(found.dkim, None, "{to:?}");
        assert!(found.failures[1].contains("broken line ends"), "{:?}", found.failures);
    }
}

#[test]
fn a_signature_may_not_ask_for_more_than_its_key() {
    let domains = Domains::with(Key::rsa(2048), |record| {
        vec![
            (NAME, Answer::Text(record.clone())),
            ("example.com._atps.example.org", Answer::Text("v=ATPS1".into())),
        ]
    });
    // Neither reports (RFC 6651) nor third parties (RFC 6541) are asked about.
    let tags = TAGS.replace("; t=", "; r=y; atps=example.org; atpsh=none; t=");
    assert_eq!(domains.proof(&domains.signs(&tags)).text, "retest 5\n");
    let broken = domains.signs(&tags).replace("retest 5", "retest 6");
    domains.refused(&broken, "body hash");
    assert!(domains.dns.asked().iter().all(|name| name == NAME), "{:?}", domains.dns.asked());
    let identity = TAGS.replace("; t=", "; i=boss@example.com; t=");
    domains.refused(&domains.signs(&identity), "not believed");
}

#[test]
fn what_the_own_server_says_is_nothing_where_the_bot_verifies() {
    let domains = Domains::new();
    let says = "Authentication-Results: mx.example.test; dkim=pass header.d=example.org\r\n";
    let broken = domains.signs(TAGS).replace("retest 5", "retest 6");
    let mail = format!("{says}{broken}");
    domains.refused(&mail, "body hash");
    let header = Dkim::Header { authserv_id: "mx.example.test".into() };
    let found = authenticated(&domains.folder, &header, &mail, made());
    assert!(found.dkim.is_some());
}

/// DKIM may let blanks pass that break an OpenPGP signature: obeyed by DKIM, the mail could come a
/// second time as it was.
#[test]
fn an_openpgp_mail_that_was_altered_is_not_believed_by_dkim() {
    let ada = Ada::new();
    let domains = Domains { folder: ada.folder, ..Domains::new() };
    let relaxed = TAGS;
    let believed = |text: &str| {
        let found = domains.found(&domains.key.signs(&plain(text), relaxed));
        (found.openpgp.is_some(), found.dkim.is_some())
    };
    let signed = ada.gpg.clearsigns("retest 5\n", &[]);
    assert_eq!(believed(&signed), (true, false));
    assert_eq!(believed(&signed.replace("retest 5", "retest  5")), (false, false));
    assert_eq!(believed(&signed.replace("BEGIN PGP SIGNED", "BEGIN  PGP SIGNED")), (false, false));
    let encoded = signed.replace("retest 5", "retest  5").replace('=', "=3D");
    let header = "Content-Transfer-Encoding: quoted-printable\r\n";
    let mail = plain(&encoded).replace("MIME-Version", &format!("{header}MIME-Version"));
    let tags = TAGS.replace(":subject", ":subject:content-transfer-encoding");
    let found = domains.found(&domains.key.signs(&mail, &tags));
    assert_eq!((found.openpgp, found.dkim), (None, None));
    // A key that nobody knows says nothing for or against.
    let stranger = Gpg::new();
    stranger.key("Eve <eve@example.org>", "ed25519", "never");
    assert_eq!(believed(&stranger.clearsigns("retest 5\n", &[])), (false, true));
}
