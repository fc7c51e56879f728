//! What the DNS says of a key, or does not say.

use std::sync::Arc;

use crate::adapters::authentication::{MailAuthenticator, probe};
use crate::config::model::Dkim;
use crate::ports::{Authenticator, FaultKind};

use crate::authentication::dkim::{Domains, NAME};
use crate::authentication::dkim_signer::*;
use crate::authentication::dns::{Answer, Dns};
use crate::authentication::mails::plain;
use crate::keyring::signers::made;

fn with(answer: impl FnOnce(String) -> Answer) -> Domains {
    Domains::with(Key::rsa(2048), |record| vec![(NAME, answer(record))])
}

#[test]
fn a_key_that_is_not_in_the_dns_proves_nothing() {
    let missing = Domains::with(Key::rsa(2048), |_| Vec::new());
    missing.refused(&missing.signs(TAGS), "DNS record not found");
    let empty = with(|_| Answer::Empty);
    empty.refused(&empty.signs(TAGS), "DNS record not found");
}

#[test]
fn a_revoked_key_proves_nothing() {
    let revoked = with(|_| Answer::Text("v=DKIM1; k=rsa; p=".into()));
    revoked.refused(&revoked.signs(TAGS), "revoked");
}

#[test]
fn another_key_or_none_that_can_be_read_proves_nothing() {
    let other = with(|_| Answer::Text(Key::rsa(2048).record()));
    other.refused(&other.signs(TAGS), "verification failed");
    for text in ["no record", "v=DKIM2; p=AAAA", "v=DKIM1; k=dsa; p=AAAA", "v=DKIM1; p=!"] {
        let broken = with(|_| Answer::Text(text.into()));
        broken.refused(&broken.signs(TAGS), "not believed");
    }
}

#[test]
fn a_key_that_is_only_being_tested_proves_nothing() {
    let tested = with(|record| Answer::Text(record.replace("v=DKIM1;", "v=DKIM1; t=y:s;")));
    tested.refused(&tested.signs(TAGS), "only being tested");
    let strict = with(|record| Answer::Text(record.replace("v=DKIM1;", "v=DKIM1; t=s;")));
    assert_eq!(strict.proof(&strict.signs(TAGS)).text, "retest 5\n");
}

#[test]
fn a_short_rsa_key_proves_nothing() {
    for bits in [512, 768] {
        let short = Domains::with(Key::rsa(bits), |record| vec![(NAME, Answer::Text(record))]);
        short.refused(&short.signs(TAGS), "not believed");
    }
    // RFC 8301 has verifiers take 1024 bits still.
    let allowed = Domains::with(Key::rsa(1024), |record| vec![(NAME, Answer::Text(record))]);
    assert_eq!(allowed.proof(&allowed.signs(TAGS)).text, "retest 5\n");
}

#[test]
fn a_dns_that_fails_is_a_fault_and_no_refusal() {
    let failing = with(|_| Answer::Failure);
    let fault = failing.fault(&failing.signs(TAGS));
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.to_string().contains("the DNS does not answer"), "{fault}");
}

#[test]
fn a_dns_that_is_silent_is_a_fault_in_good_time() {
    let names = ["one", "two", "three"];
    let lost = names.map(|name| format!("{name}._domainkey.example.org"));
    let silence = lost.each_ref().map(|name| (name.as_str(), Answer::Silence));
    let domains = Domains { dns: Dns::serve(&silence), ..Domains::new() };
    let sign = |mail: String, name: &str| {
        domains.key.signs(&mail, &TAGS.replace("s=sel", &format!("s={name}")))
    };
    let fault = domains.fault(&names.into_iter().fold(plain("retest 5\r\n"), sign));
    assert_eq!(fault.kind, FaultKind::Temporary);
    // However many keys are to be looked up.
    assert!(fault.detail.contains("the DNS does not answer: not within 10 seconds"), "{fault}");
}

#[test]
fn a_dns_that_is_not_there_is_a_fault() {
    let domains = Domains::new();
    let gone = Dns::serve(&[]).address;
    let dkim = Dkim::Verify { resolvers: vec![gone] };
    let authenticator = MailAuthenticator::new(Arc::new(domains.folder.keyring()), &dkim);
    let fault = authenticator.authenticate(domains.signs(TAGS).as_bytes(), made()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.to_string().contains("the DNS does not answer"), "{fault}");
}

#[test]
fn one_signature_that_can_be_verified_is_enough_while_another_can_not() {
    let domains = Domains::with(Key::rsa(2048), |record| {
        vec![(NAME, Answer::Text(record)), ("lost._domainkey.example.org", Answer::Failure)]
    });
    let lost = TAGS.replace("s=sel", "s=lost");
    let both = domains.key.signs(&domains.signs(TAGS), &lost);
    assert_eq!(domains.proof(&both).text, "retest 5\n");
    // But a refusal is not said as long as one may still be good.
    let altered = TAGS.replace("h=from", "h=From");
    let broken = domains.signs(&altered).replace("h=From", "h=froM");
    let fault = domains.fault(&domains.key.signs(&broken, &lost));
    assert_eq!(fault.kind, FaultKind::Temporary);
}

#[test]
fn the_probe_takes_any_answer_and_no_silence() {
    let dns = Dns::serve(&[
        ("fine.example", Answer::Text("v=DKIM1; p=".into())),
        ("empty.example", Answer::Empty),
        ("failing.example", Answer::Failure),
    ]);
    for name in ["fine.example", "empty.example", "missing.example"] {
        assert_eq!(probe(&[dns.address], name), Ok(()), "{name}");
    }
    let fault = probe(&[dns.address], "failing.example").unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
}
