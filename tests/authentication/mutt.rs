//! One mail that real mutt wrote and signed, as it hands it to the mail system.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::authentication::mails::*;
use crate::keyring::signers::*;

/// Writes and signs a mail in mutt, and gives what mutt hands to sendmail.
///
/// mutt signs nothing in its batch mode, so it gets a terminal from script(1); the key that sends
/// the mail is typed by a hook, once the menu stands there.
fn mutted(ada: &Ada, subject: &str, text: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    fs::write(at("sendmail"), format!("#!/bin/sh\ncat > {}\n", at("mail").display())).unwrap();
    fs::set_permissions(at("sendmail"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(at("body"), text).unwrap();
    // mutt can't hand gpg's options on.
    let options = "faked-system-time 20260901T120000!\npinentry-mode loopback\n";
    fs::write(ada.gpg.0.path().join("gpg.conf"), options).unwrap();
    let rc = format!(
        "set from = \"ada@example.org\"\nset realname = \"Ada\"\nset use_from = yes\n\
         set hostname = example.org\nset sendmail = \"{}\"\nset copy = no\n\
         set crypt_use_gpgme = yes\nset crypt_autosign = yes\n\
         set crypt_protected_headers_write = yes\nset pgp_sign_as = \"{}\"\n\
         set folder = \"{}\"\nset editor = true\nset autoedit = yes\nset edit_headers = yes\n\
         set abort_unmodified = no\nset sleep_time = 0\nset send_charset = \"utf-8\"\n\
         send-hook . 'push <send-message>'\n",
        at("sendmail").display(),
        ada.key,
        home.path().display(),
    );
    fs::write(at("muttrc"), rc).unwrap();
    let line = format!(
        "mutt -n -F {} -s '{subject}' -i {} -- bot@example.test",
        at("muttrc").display(),
        at("body").display()
    );
    let mut script = Command::new("timeout");
    script.args(["60", "script", "--quiet", "--return", "--command", &line, "/dev/null"]);
    script.env("TERM", "xterm").env("LC_ALL", "C.UTF-8").env("HOME", home.path());
    let shown = output(script.env("GNUPGHOME", ada.gpg.0.path()), b"");
    fs::read_to_string(at("mail"))
        .unwrap_or_else(|_| panic!("mutt sent nothing: {}", String::from_utf8_lossy(&shown)))
}

#[test]
fn a_mail_that_mutt_signed_proves_its_text_subject_and_recipients() {
    let ada = Ada::new();
    let mail = mutted(&ada, "To the bot", TEXT);
    assert!(mail.contains("multipart/signed"), "{mail}");
    for mail in [crlf(&mail), mail] {
        let proof = proof(&ada.folder, &mail);
        assert_eq!((proof.who.key, proof.signed_at), (ada.key.clone(), made()));
        assert_eq!(proof.text, TEXT);
        assert_eq!(proof.subject.as_deref(), Some("To the bot"));
        assert_eq!(proof.recipients.unwrap(), ["bot@example.test"]);
        let altered = mail.replacen("retest 5", "retest 6", 1);
        refused(&ada.folder, &altered, "does not fit the text");
    }
}
