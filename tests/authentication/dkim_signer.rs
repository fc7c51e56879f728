//! Signs mails with DKIM (RFC 6376) by the keys of openssl, whatever the signature is to say: also
//! what no proper signer writes. Both canonicalizations are "relaxed".

use std::fs;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::authentication::mails::crlf;
use crate::keyring::signers::output;

/// What signatures of Ada's mails say, unless a test says otherwise.
pub(crate) const TAGS: &str = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=sel; \
     h=from:to:subject:date:content-type; t=1788264000";

/// A private key of openssl's.
pub(crate) struct Key {
    folder: tempfile::TempDir,
    is_rsa: bool,
}

impl Key {
    pub(crate) fn rsa(bits: u32) -> Self {
        Self::new(&["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")], true)
    }

    pub(crate) fn ed25519() -> Self {
        Self::new(&["-algorithm", "ED25519"], false)
    }

    fn new(kind: &[&str], is_rsa: bool) -> Self {
        let key = Self { folder: tempfile::tempdir().unwrap(), is_rsa };
        output(Command::new("openssl").arg("genpkey").args(kind).arg("-out").arg(key.file()), b"");
        key
    }

    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("key.pem")
    }

    /// The text record that says the public key.
    pub(crate) fn record(&self) -> String {
        let mut openssl = Command::new("openssl");
        openssl.args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(self.file());
        let public = output(&mut openssl, b"");
        match self.is_rsa {
            true => format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(public)),
            // Its last bytes are the key itself (RFC 8463, section 4.2).
            false => {
                format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(&public[public.len() - 32..]))
            }
        }
    }

    /// The mail with a signature on top that covers those fields, and says that of itself.
    pub(crate) fn signs(&self, mail: &str, tags: &str) -> String {
        let covered = tags.split(';').filter_map(|tag| tag.trim().strip_prefix("h=")).next_back();
        self.signs_fields(mail, tags, covered.unwrap(), None)
    }

    /// As [`signs`](Self::signs), whatever the tags say is covered, and of the text only so many
    /// bytes.
    pub(crate) fn signs_fields(
        &self,
        mail: &str,
        tags: &str,
        covered: &str,
        length: Option<usize>,
    ) -> String {
        let mail = crlf(mail);
        let (header, body) = mail.split_once("\r\n\r\n").unwrap();
        let body = relaxed_body(body);
        let body = &body[..length.unwrap_or(body.len())];
        let sha1 = tags.contains("rsa-sha1");
        let field = format!("{tags}; bh={}; b=", STANDARD.encode(self.hash(body.as_bytes(), sha1)));
        let signed = relaxed_header(header, covered)
            + relaxed_field(&format!("DKIM-Signature: {field}")).trim_end();
        let signature = STANDARD.encode(self.signature(signed.as_bytes(), sha1));
        format!("DKIM-Signature: {field}{signature}\r\n{mail}")
    }

    fn hash(&self, bytes: &[u8], sha1: bool) -> Vec<u8> {
        if !sha1 {
            return Sha256::digest(bytes).to_vec();
        }
        output(Command::new("openssl").args(["dgst", "-sha1", "-binary"]), bytes)
    }

    fn signature(&self, bytes: &[u8], sha1: bool) -> Vec<u8> {
        let mut openssl = Command::new("openssl");
        if self.is_rsa {
            let digest = if sha1 { "-sha1" } else { "-sha256" };
            return output(openssl.args(["dgst", digest, "-sign"]).arg(self.file()), bytes);
        }
        // It signs the hash (RFC 8463, section 3), from a file.
        let hash = self.folder.path().join("hash");
        fs::write(&hash, self.hash(bytes, false)).unwrap();
        openssl.args(["pkeyutl", "-sign", "-rawin", "-inkey"]).arg(self.file());
        output(openssl.arg("-in").arg(hash), b"")
    }
}

/// The covered fields, each name from the bottom up (section 5.4.2).
fn relaxed_header(header: &str, covered: &str) -> String {
    let mut fields: Vec<String> = Vec::new();
    for line in header.split("\r\n") {
        match fields.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(&format!("\r\n{line}")),
            _ => fields.push(line.to_owned()),
        }
    }
    let mut signed = String::new();
    for name in covered.split(':') {
        let is = |field: &String| {
            field
                .split_once(':')
                .is_some_and(|(own, _)| own.trim().eq_ignore_ascii_case(name.trim()))
        };
        if let Some(at) = fields.iter().rposition(is) {
            signed.push_str(&relaxed_field(&fields.remove(at)));
        }
    }
    signed
}

/// A field in lower case, unfolded, its blanks made one (section 3.4.2).
fn relaxed_field(field: &str) -> String {
    let (name, value) = field.split_once(':').unwrap();
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    format!("{}:{}\r\n", name.trim().to_lowercase(), words.join(" "))
}

/// A body whose blanks are one, without those and the empty lines at ends (section 3.4.4).
fn relaxed_body(body: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in body.split("\r\n") {
        let mut relaxed = String::new();
        for c in line.trim_end_matches([' ', '\t']).chars() {
            match c {
                ' ' | '\t' if relaxed.ends_with(' ') => {}
                ' ' | '\t' => relaxed.push(' '),
                c => relaxed.push(c),
            }
        }
        lines.push(relaxed);
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}
