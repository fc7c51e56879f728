//! Signed mails, built around what gpg prints, and what the bot makes of a mail.

use std::sync::Arc;

use crate::adapters::authentication::MailAuthenticator;
use crate::config::model::Dkim;
use crate::ports::{Authentication, Authenticator, Proof};
use crate::pull::tag::Signer;
use jiff::Timestamp;

use crate::keyring::signers::*;

/// The header that mails have here, without what says how their text is to be read.
pub(crate) const HEADER: &str = "From: Ada <ada@example.org>\r\nTo: bot@example.test\r\n\
     Subject: Outside\r\nDate: Tue, 01 Sep 2026 12:00:00 +0000\r\n\
     Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n";

/// A text with what mail programs encode, escape or wrap.
pub(crate) const TEXT: &str = "retest 5\n- refuse 6 = too äld\n\nFrom here\n";

/// Somebody with a key that the keyring has.
pub(crate) struct Ada {
    pub(crate) gpg: Gpg,
    pub(crate) key: String,
    pub(crate) folder: Folder,
}

impl Ada {
    pub(crate) fn new() -> Self {
        let gpg = Gpg::new();
        let key = gpg.key(ADA, "ed25519", "never");
        let folder = Folder::new().with("ada.asc", gpg.export(&[]));
        Self { gpg, key, folder }
    }

    /// The text, signed in the clear.
    pub(crate) fn clearsigns(&self, text: &str) -> String {
        self.gpg.clearsigns(text, &[])
    }

    /// A mail that is a signed part, `entity` with its header.
    pub(crate) fn signs(&self, entity: &str) -> String {
        mail(&self.gpg.signs_part(entity, &[]))
    }
}

impl Gpg {
    pub(crate) fn clearsigns(&self, text: &str, options: &[&str]) -> String {
        let signed = self.call(&[options, &["--clearsign"]].concat(), text.as_bytes());
        String::from_utf8(signed).unwrap().replace('\n', "\r\n")
    }

    pub(crate) fn detached(&self, bytes: &[u8], options: &[&str]) -> String {
        let sign = [options, &["--armor", "--detach-sign"]].concat();
        String::from_utf8(self.call(&sign, bytes)).unwrap().replace('\n', "\r\n")
    }

    /// A multipart/signed as RFC 3156 has it.
    pub(crate) fn signs_part(&self, entity: &str, options: &[&str]) -> String {
        let entity = crlf(entity);
        let text = [options, &["--textmode"]].concat();
        around(&entity, &self.detached(entity.as_bytes(), &text))
    }

    /// Revokes the key with what gpg keeps ready for that.
    pub(crate) fn revoke(&self, key: &str) {
        let ready = self.0.path().join(format!("openpgp-revocs.d/{key}.rev"));
        let ready = std::fs::read_to_string(ready).unwrap().replace(":-----BEGIN", "-----BEGIN");
        self.call(&["--import"], ready.as_bytes());
    }
}

/// A multipart/signed of a part and a signature.
pub(crate) fn around(entity: &str, signature: &str) -> String {
    format!(
        "Content-Type: multipart/signed; micalg=pgp-sha512;\r\n protocol=\"application/pgp-signature\"; \
         boundary=\"sig\"\r\n\r\n\
         --sig\r\n{entity}\r\n\
         --sig\r\nContent-Type: application/pgp-signature; name=\"signature.asc\"\r\n\r\n{signature}\r\n\
         --sig--\r\n"
    )
}

/// A multipart/mixed of parts.
pub(crate) fn mixed(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--mix\r\n{part}\r\n")).collect();
    format!("Content-Type: multipart/mixed; boundary=mix\r\n\r\n{parts}--mix--\r\n")
}

/// A whole mail: the usual header, then the rest of the header and the body.
pub(crate) fn mail(rest: &str) -> String {
    format!("{HEADER}{}", crlf(rest))
}

/// A mail of plain text.
pub(crate) fn plain(text: &str) -> String {
    mail(&format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"))
}

pub(crate) fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// What a mail proves.
pub(crate) fn authenticated(
    folder: &Folder,
    dkim: &Dkim,
    mail: &str,
    now: Timestamp,
) -> Authentication {
    let authenticator = MailAuthenticator::new(Arc::new(folder.keyring()), dkim);
    authenticator.authenticate(mail.as_bytes(), now).unwrap()
}

/// What a mail's OpenPGP signature proves.
pub(crate) fn proof(folder: &Folder, mail: &str) -> Proof<Signer> {
    let found = authenticated(folder, &Dkim::Off, mail, made());
    assert_eq!((&found.dkim, &found.failures), (&None, &Vec::new()), "{mail}");
    found.openpgp.unwrap()
}

/// Why a mail's OpenPGP signature proves nothing.
pub(crate) fn refusal(folder: &Folder, mail: &str) -> String {
    refusal_at(folder, mail, made())
}

pub(crate) fn refusal_at(folder: &Folder, mail: &str, now: Timestamp) -> String {
    let found = authenticated(folder, &Dkim::Off, mail, now);
    assert_eq!((&found.openpgp, &found.dkim), (&None, &None), "{mail}");
    let [why] = found.failures.as_slice() else { panic!("{:?}", found.failures) };
    assert!(why.starts_with(char::is_uppercase) && why.ends_with('.'), "no sentence: {why}");
    why.clone()
}

/// Asserts that a mail is refused, with those words in the sentence.
pub(crate) fn refused(folder: &Folder, mail: &str, words: &str) {
    let why = refusal(folder, mail);
    assert!(why.contains(words), "{words:?} is not in {why:?} of\n{mail}");
}
