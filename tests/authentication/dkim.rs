//! DKIM signatures that the bot verifies by itself, with the keys in a DNS of the test.

use crate::config::model::Dkim;
use crate::ports::{Authentication, Authenticator, Domain, Fault, Proof};
use jiff::Timestamp;

use crate::authentication::dkim_signer::*;
use crate::authentication::dns::{Answer, Dns};
use crate::authentication::mails::*;
use crate::keyring::signers::*;

/// Where the key of the usual signatures is.
pub(crate) const NAME: &str = "sel._domainkey.example.org";

/// Ada's mail server's key, and the DNS that has it.
pub(crate) struct Domains {
    pub(crate) key: Key,
    pub(crate) dns: Dns,
    pub(crate) folder: Folder,
}

impl Domains {
    pub(crate) fn new() -> Self {
        Self::with(Key::rsa(2048), |record| vec![(NAME, Answer::Text(record))])
    }

    pub(crate) fn with(key: Key, zone: impl FnOnce(String) -> Vec<(&'static str, Answer)>) -> Self {
        let dns = Dns::serve(&zone(key.record()));
        Self { key, dns, folder: Folder::new() }
    }

    pub(crate) fn dkim(&self) -> Dkim {
        Dkim::Verify { resolvers: vec![self.dns.address] }
    }

    pub(crate) fn signs(&self, tags: &str) -> String {
        self.key.signs(&plain("retest 5\r\n"), tags)
    }

    pub(crate) fn found(&self, mail: &str) -> Authentication {
        authenticated(&self.folder, &self.dkim(), mail, made())
    }

    pub(crate) fn proof(&self, mail: &str) -> Proof<Domain> {
        let found = self.found(mail);
        found.dkim.clone().unwrap_or_else(|| panic!("{found:?} of\n{mail}"))
    }

    /// The sentence about DKIM.
    pub(crate) fn refusal_at(&self, mail: &str, now: Timestamp) -> String {
        let found = authenticated(&self.folder, &self.dkim(), mail, now);
        assert_eq!((&found.openpgp, &found.dkim), (&None, &None), "{mail}");
        let [_, why] = found.failures.as_slice() else { panic!("{:?}", found.failures) };
        assert!(why.starts_with(char::is_uppercase) && why.ends_with('.'), "no sentence: {why}");
        why.clone()
    }

    pub(crate) fn refused(&self, mail: &str, words: &str) {
        let why = self.refusal_at(mail, made());
        assert!(why.contains(words), "{words:?} is not in {why:?} of\n{mail}");
    }

    pub(crate) fn fault(&self, mail: &str) -> Fault {
        let keyring = std::sync::Arc::new(self.folder.keyring());
        let authenticator =
            crate::adapters::authentication::MailAuthenticator::new(keyring, &self.dkim());
        authenticator.authenticate(mail.as_bytes(), made()).unwrap_err()
    }
}

#[test]
fn a_signature_of_froms_domain_proves_the_domain_and_exactly_what() {
    let domains = Domains::new();
    let proof = domains.proof(&domains.signs(TAGS));
    assert_eq!(proof.who, Domain("example.org".into()));
    assert_eq!(proof.signed_at, made());
    assert_eq!(proof.text, "retest 5\n");
    assert_eq!(proof.subject.as_deref(), Some("Outside"));
    assert_eq!(proof.recipients.unwrap(), ["bot@example.test"]);
    assert_eq!((proof.digests.len(), proof.keys.len()), (1, 0));
    // Nothing else was asked for.
    let asked = domains.dns.asked();
    assert!(!asked.is_empty() && asked.iter().all(|name| name == NAME), "{asked:?}");
}

#[test]
fn what_is_not_covered_is_not_proved() {
    let domains = Domains::new();
    let tags = TAGS.replace(":to:subject", "");
    let proof = domains.proof(&domains.signs(&tags));
    assert_eq!((proof.subject, proof.recipients), (None, None));
    assert_eq!(proof.text, "retest 5\n");
}

#[test]
fn ed25519_keys_are_good_too() {
    let domains = Domains::with(Key::ed25519(), |record| vec![(NAME, Answer::Text(record))]);
    let tags = TAGS.replace("rsa-sha256", "ed25519-sha256");
    let signed = domains.signs(&tags);
    assert_eq!(domains.proof(&signed).text, "retest 5\n");
    domains.refused(&signed.replace("retest 5", "retest 6"), "body hash");
    domains.refused(&signed.replace("Outside", "Inside"), "not believed");
    // The kinds of key and signature have to fit each other.
    domains.refused(&domains.signs(TAGS), "not believed");
}

#[test]
fn a_signature_without_a_time_has_that_of_the_date_it_covers() {
    let domains = Domains::new();
    let timeless = TAGS.replace("; t=1788264000", "");
    assert_eq!(domains.proof(&domains.signs(&timeless)).signed_at, made());
    let dateless = timeless.replace(":date", "");
    domains.refused(&domains.signs(&dateless), "says no time, and covers no Date");
}

#[test]
fn a_mail_from_a_mailbox_file_or_with_other_fields_on_top_is_verified() {
    let domains = Domains::new();
    let signed = domains.signs(TAGS);
    let received =
        format!("Received: from a by b;\r\n\tTue, 01 Sep 2026 12:00:01 +0000\r\n{signed}");
    assert_eq!(domains.proof(&received).text, "retest 5\n");
    let enveloped = format!("From ada@example.org Tue Sep  1 12:00:01 2026\n{signed}");
    assert_eq!(domains.proof(&enveloped).text, "retest 5\n");
}

#[test]
fn a_signature_of_another_domain_is_none_of_the_sender() {
    let domains = Domains::with(Key::rsa(2048), |record| {
        vec![
            ("sel._domainkey.example.com", Answer::Text(record.clone())),
            ("sel._domainkey.mail.example.org", Answer::Text(record.clone())),
            ("sel._domainkey.org", Answer::Text(record)),
        ]
    });
    for domain in ["example.com", "mail.example.org", "org"] {
        let tags = TAGS.replace("d=example.org", &format!("d={domain}"));
        domains.refused(&domains.signs(&tags), "no DKIM signature of example.org");
    }
    // Nor does an identity in it help.
    let tags = TAGS.replace("d=example.org", "d=org; i=@example.org");
    domains.refused(&domains.signs(&tags), "no DKIM signature of example.org");
    domains.refused(&plain("retest 5\r\n"), "no DKIM signature of example.org");
    assert!(domains.dns.asked().is_empty());
}

#[test]
fn a_parents_signature_is_none_of_a_host_below_it() {
    let domains = Domains::new();
    let below = plain("retest 5\r\n").replace("ada@example.org>", "ada@host.example.org>");
    let signed = domains.key.signs(&below, &TAGS.replace("; t=", "; i=@host.example.org; t="));
    domains.refused(&signed, "no DKIM signature of host.example.org");
}

#[test]
fn domains_are_the_same_in_capitals_or_not() {
    let domains = Domains::new();
    let loud = plain("retest 5\r\n").replace("ada@example.org>", "ada@EXAMPLE.org>");
    let signed = domains.key.signs(&loud, &TAGS.replace("d=example", "d=Example"));
    assert_eq!(domains.proof(&signed).who, Domain("example.org".into()));
}

#[test]
fn several_signatures_are_tried_and_all_their_digests_kept() {
    let domains = Domains::new();
    let signed = domains.signs(TAGS);
    let one = domains.proof(&signed);
    let other = domains.key.signs(&signed, &TAGS.replace("d=example.org", "d=example.com"));
    assert_eq!(domains.proof(&other).digests, one.digests);
    let twice = domains.key.signs(&signed, &TAGS.replace("t=1788264000", "t=1788264001"));
    let two = domains.proof(&twice);
    assert_eq!(two.digests.len(), 2);
    assert!(two.digests.contains(&one.digests[0]));
    // A broken one on top hides none.
    let broken = twice.replacen("t=1788264001", "t=1788264002", 1);
    let found = domains.proof(&broken);
    assert_eq!((found.signed_at, found.digests), (made(), two.digests));
}

#[test]
fn too_many_signatures_are_not_looked_at() {
    let domains = Domains::new();
    let mut mail = domains.signs(TAGS);
    let field = mail[..=mail.find("\r\n").unwrap() + 1].to_owned();
    for number in 0..4 {
        mail.insert_str(0, &field.replace("t=1788264000", &format!("t=178826300{number}")));
    }
    domains.refused(&mail, "too many DKIM signatures");
    assert!(domains.dns.asked().is_empty());
}

#[test]
fn where_openpgp_proves_who_wrote_it_nobody_is_asked() {
    let domains = Domains::new();
    let ada = Ada::new();
    let signed = domains.key.signs(&plain(&ada.clearsigns("retest 5\n")), TAGS);
    let found = authenticated(&ada.folder, &domains.dkim(), &signed, made());
    assert!(found.openpgp.is_some() && found.dkim.is_none());
    assert!(domains.dns.asked().is_empty());
    // And where it does not, the mail says both why not and what DKIM proves.
    let unknown = authenticated(&domains.folder, &domains.dkim(), &signed, made());
    assert!(unknown.openpgp.is_none());
    assert!(unknown.failures[0].contains("is not in the keyring"), "{:?}", unknown.failures);
    assert!(unknown.dkim.unwrap().text.contains("BEGIN PGP SIGNED MESSAGE"));
}

#[test]
fn dkim_that_is_off_proves_nothing() {
    let domains = Domains::new();
    let found = authenticated(&domains.folder, &Dkim::Off, &domains.signs(TAGS), made());
    assert_eq!((found.dkim, found.failures.len()), (None, 1));
}

#[test]
fn a_mail_that_opendkim_signed_is_verified() {
    let domains = Domains::new();
    let signed =
        crate::authentication::milter::opendkim_signs(&domains.key, &plain("retest 5\r\n"));
    // It has no clock to set.
    let found = authenticated(&domains.folder, &domains.dkim(), &signed, Timestamp::now());
    let proof = found.dkim.unwrap_or_else(|| panic!("{:?} of\n{signed}", found.failures));
    assert_eq!((proof.text.as_str(), proof.subject.as_deref()), ("retest 5\n", Some("Outside")));
}

#[test]
fn a_mail_that_mail_auth_signed_is_verified() {
    use mail_auth::common::crypto::{RsaKey, Sha256};
    use mail_auth::common::headers::HeaderWriter;
    use rustls::pki_types::pem::PemObject;
    let domains = Domains::new();
    let pem = std::fs::read(domains.key.file()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(&pem).unwrap();
    let mail = plain("retest 5\r\n");
    let signature =
        mail_auth::dkim::DkimSigner::from_key(RsaKey::<Sha256>::from_key_der(key).unwrap())
            .domain("example.org")
            .selector("sel")
            .headers(["From", "To", "Subject", "Content-Type"])
            .sign(mail.as_bytes())
            .unwrap();
    let signed = signature.to_header() + &mail;
    let found = authenticated(&domains.folder, &domains.dkim(), &signed, Timestamp::now());
    let proof = found.dkim.unwrap_or_else(|| panic!("{:?} of\n{signed}", found.failures));
    assert_eq!(proof.subject.as_deref(), Some("Outside"));
}
