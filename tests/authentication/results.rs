//! The word of the own mail server, in the topmost Authentication-Results (RFC 8601).

use crate::config::model::Dkim;
use crate::ports::{Domain, Proof};

use crate::authentication::dkim_signer::*;
use crate::authentication::mails::*;
use crate::keyring::signers::*;

const OURS: &str = "Authentication-Results: mx.example.test; dkim=pass header.d=example.org\r\n";

/// A mail server that was believed to verify: the signature is one that nobody could.
struct Server {
    folder: Folder,
    signed: String,
}

impl Server {
    fn new() -> Self {
        Self {
            folder: Folder::new(),
            signed: field(TAGS, "c2lnbmF0dXJlIG9uZQ==") + &plain("retest 5\r\n"),
        }
    }

    fn found(&self, mail: &str) -> Result<Proof<Domain>, String> {
        let dkim = Dkim::Header { authserv_id: "mx.example.test".into() };
        let found = authenticated(&self.folder, &dkim, mail, made());
        found.dkim.ok_or_else(|| found.failures[1].clone())
    }

    fn refused(&self, mail: &str, words: &str) {
        let why = self.found(mail).unwrap_err();
        assert!(why.contains(words), "{words:?} is not in {why:?} of\n{mail}");
    }
}

/// A signature as it stands in a mail.
fn field(tags: &str, b: &str) -> String {
    format!("DKIM-Signature: {tags}; bh=AAAA; b={b}\r\n")
}

#[test]
fn what_our_server_passed_is_proved() {
    let server = Server::new();
    let proof = server.found(&format!("{OURS}{}", server.signed)).unwrap();
    assert_eq!(proof.who, Domain("example.org".into()));
    assert_eq!((proof.text.as_str(), proof.signed_at), ("retest 5\n", made()));
    assert_eq!(proof.subject.as_deref(), Some("Outside"));
    assert_eq!(proof.recipients.unwrap(), ["bot@example.test"]);
    assert_eq!(proof.digests.len(), 1);
}

#[test]
fn it_stands_below_what_other_fields_came_on_top() {
    let server = Server::new();
    let mail = format!("Return-Path: <a@example.org>\r\nReceived: x\r\n{OURS}{}", server.signed);
    server.found(&mail).unwrap();
}

#[test]
fn another_servers_word_is_none() {
    let server = Server::new();
    let theirs = OURS.replace("mx.example.test", "mx.example.org");
    let on_top = "our mail server's Authentication-Results is not on top";
    server.refused(&server.signed, on_top);
    server.refused(&format!("{theirs}{}", server.signed), on_top);
    // Ours below another's is forged: ours puts its own on top.
    server.refused(&format!("{theirs}{OURS}{}", server.signed), on_top);
    server.refused(&format!("{}{OURS}", server.signed), on_top);
    for near in
        ["mx.example.test.evil.example", "\"mx.example.test \"", "(mx.example.test) evil.example"]
    {
        let like = OURS.replace("mx.example.test", near);
        server.refused(&format!("{like}{}", server.signed), on_top);
    }
    server.found(&format!("{}{}", OURS.replace("mx.", "MX."), server.signed)).unwrap();
}

#[test]
fn what_is_forged_below_our_servers_word_is_nothing() {
    let server = Server::new();
    let failed = OURS.replace("dkim=pass", "dkim=fail");
    for below in [OURS.to_owned(), OURS.replace("mx.", "other.")] {
        server.refused(&format!("{failed}{below}{}", server.signed), "did not pass it");
        server.found(&format!("{OURS}{}{}", below.replace("pass", "fail"), server.signed)).unwrap();
    }
    server.refused(&format!("{failed}Subject: x\r\n{OURS}{}", server.signed), "did not pass it");
    // A server that found nothing says so.
    let none = "Authentication-Results: mx.example.test; none\r\n";
    server.refused(&format!("{none}{OURS}{}", server.signed), "did not pass it");
}

#[test]
fn a_field_whose_name_only_looks_like_ours_is_not_ours() {
    let server = Server::new();
    // A server that takes away what is forged in its name may not know these.
    for name in ["Authentication-Results ", "Authentication-Re sults", ":Authentication-Results"] {
        let like = OURS.replace("Authentication-Results", name);
        assert!(server.found(&format!("{like}{}", server.signed)).is_err(), "{name}");
        let failed = OURS.replace("dkim=pass", "dkim=fail");
        assert!(server.found(&format!("{failed}{like}{}", server.signed)).is_err(), "{name}");
    }
}

#[test]
fn only_a_pass_of_froms_domain_is_one() {
    let server = Server::new();
    for result in [
        "dkim=fail header.d=example.org",
        "dkim=none",
        "dkim=temperror header.d=example.org",
        "dkim=pass",
        "dkim=pass header.d=example.com",
        "dkim=pass header.d=mail.example.org",
        "dkim=pass header.d=org",
        "dkim=pass header.d=example.com header.i=@example.org",
        "dkim=pass header.d=example.com header.d=example.org",
        "dkim=pass header.d=example.com header.d=example.com header.i=@example.org",
        "dkim=pass header.i=@example.com",
        "dkim=fail (dkim=pass header.d=example.org) header.d=example.org",
        "dkim=fail reason=\"x; dkim=pass header.d=example.org\"",
        "dmarc=pass header.from=example.org",
        "spf=pass smtp.mailfrom=ada@example.org",
        "arc=pass header.d=example.org",
        "x-dkim=pass header.d=example.org",
    ] {
        let says = format!("Authentication-Results: mx.example.test; {result}\r\n");
        server.refused(&format!("{says}{}", server.signed), "did not pass it");
    }
    for result in [
        "dkim=pass header.i=@example.org",
        "dkim=pass header.i=ada@EXAMPLE.org",
        "spf=fail; dkim=fail header.d=example.com; dkim=pass header.d=example.org",
        "dkim=PASS (2048-bit key; secure) header.d=example.org header.s=sel",
    ] {
        let says = format!("Authentication-Results: mx.example.test;\r\n\t{result}\r\n");
        server.found(&format!("{says}{}", server.signed)).unwrap();
    }
}

#[test]
fn a_pass_without_a_signature_to_be_seen_proves_nothing() {
    let server = Server::new();
    server.refused(&format!("{OURS}{}", plain("retest 5\r\n")), "no DKIM signature of example.org");
}

#[test]
fn what_the_signature_says_of_itself_is_looked_at_all_the_same() {
    let server = Server::new();
    for (tags, words) in [
        (TAGS.replace("; t=", "; l=5; t="), "covers only a part"),
        (TAGS.replace("; t=", "; L=5; t="), "can't be told"),
        (TAGS.replace("d=example.org", "d=example.org; D=evil.example"), "can't be told"),
        (TAGS.replace("h=from:", "h="), "does not cover From"),
        (TAGS.replace("sha256", "sha1"), "too weak"),
        (TAGS.replace("; t=", "; x=1788264000; t="), "expired"),
        (TAGS.replace("t=1788264000", "t=1788999999"), "future"),
        (TAGS.replace(":date:content-type; t=1788264000", ""), "says no time"),
        (TAGS.replace("; t=", "; d=example.org; t="), "twice"),
    ] {
        let signed = field(&tags, "AAAA") + &plain("retest 5\r\n");
        server.refused(&format!("{OURS}{signed}"), words);
    }
}

#[test]
fn of_several_signatures_our_server_has_to_say_which_it_passed() {
    let server = Server::new();
    let other = field(&TAGS.replace("h=from:to:", "h=from:").replace("s=sel", "s=two"), "b3RoZXI=");
    let both = format!("{other}{}", server.signed);
    let which = |more: &str| {
        let says = OURS.replace("\r\n", &format!("{more}\r\n"));
        server.found(&format!("{says}{both}"))
    };
    assert!(which("").unwrap_err().contains("which of several"));
    assert!(which(" header.s=nine").unwrap_err().contains("passed another one"));
    assert!(which(" header.b=AAAA").unwrap_err().contains("passed another one"));
    let one = which(" header.s=sel").unwrap();
    assert_eq!(one.recipients.as_ref().unwrap().len(), 1);
    assert_eq!(which(" header.b=\"b3RoZXI=\"").unwrap().recipients, None);
    assert_eq!(which(" header.b=c2lnbmF0").unwrap(), one);
    assert_eq!(one.digests.len(), 2);
}

#[test]
fn a_pass_of_one_that_is_refused_is_none_of_another() {
    let server = Server::new();
    // One that covers nothing of the text verifies, and one that claims to cover all does not.
    let partial = field(&TAGS.replace("; t=", "; l=0; t="), "b3RoZXI=");
    let both = format!("{partial}{}", server.signed);
    server.refused(&format!("{OURS}{both}"), "which of several");
    let says = OURS.replace("\r\n", " header.b=b3RoZXI\r\n");
    server.refused(&format!("{says}{both}"), "passed another one");
    let says = OURS.replace("\r\n", " header.b=c2lnbmF0\r\n");
    server.found(&format!("{says}{both}")).unwrap();
}

#[test]
fn a_pass_may_be_of_a_signature_that_only_our_server_can_read() {
    let server = Server::new();
    for odd in [
        field(&TAGS.replace("; t=", "; L=0; t="), "b3RoZXI="),
        field(&TAGS.replace("; t=", "; nonsense; t="), "b3RoZXI="),
        field(&TAGS.replace("s=sel; ", ""), "b3RoZXI="),
        field(&TAGS.replace("d=example.org", "D=example.org"), "b3RoZXI="),
    ] {
        let both = format!("{odd}{}", server.signed);
        assert!(server.found(&format!("{OURS}{both}")).is_err(), "{odd}");
    }
    // One of another domain is no matter.
    let other = field(&TAGS.replace("d=example.org", "d=example.com"), "b3RoZXI=");
    server.found(&format!("{OURS}{other}{}", server.signed)).unwrap();
}
