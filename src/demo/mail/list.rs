//! A mailing list of the stand-in mail server: what it makes of a post. It must not deliver.

use std::time::Duration;

use super::folder::StoredMail;
use super::headers;

/// How a list treats posts. The default passes them on untouched but for the list's own headers.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Put before every subject that does not have it, such as `[devel]`.
    pub(crate) subject_prefix: Option<String>,
    /// Put under every body that is plain text.
    pub(crate) footer: Option<String>,
    /// Whether From becomes `Name via <list>` and Reply-To the sender, as GNU's lists do for
    /// domains with a DMARC policy.
    pub(crate) munge_from: bool,
    /// Whether the sender gets no copy of their own post.
    pub(crate) suppress_own_copy: bool,
    /// Whether every post is distributed twice.
    pub(crate) duplicate: bool,
    /// How long a post waits before it is distributed.
    pub(crate) delay: Option<Duration>,
    /// Whether posts wait for [`release`](super::MailStandIn::release).
    pub(crate) moderated: bool,
}

/// A subscriber: where the copies go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subscriber {
    pub(super) account: String,
    pub(super) folder: String,
}

/// A list, its subscribers, and what was posted.
#[derive(Debug, Clone)]
pub(super) struct MailingList {
    /// The posting address.
    pub(super) address: String,
    /// The List-Id without brackets (RFC 2919).
    pub(super) id: String,
    pub(super) options: ListOptions,
    pub(super) subscribers: Vec<Subscriber>,
    pub(super) archive: Vec<StoredMail>,
    pub(super) held: Vec<Post>,
}

/// A mail on its way to a list.
#[derive(Debug, Clone)]
pub(super) struct Post {
    /// The envelope's sender.
    pub(super) sender: String,
    pub(super) bytes: Vec<u8>,
}

impl Post {
    /// Whether that address wrote it: by the envelope, or by From.
    pub(super) fn is_by(&self, address: &str) -> bool {
        let from = headers::first(&self.bytes, "From").unwrap_or_default();
        self.sender.eq_ignore_ascii_case(address)
            || headers::address(&from).eq_ignore_ascii_case(address)
    }
}

impl MailingList {
    /// The copy that subscribers and the archive get.
    pub(super) fn copy(&self, post: &Post) -> Vec<u8> {
        let (header, body) = headers::split(&post.bytes);
        let (user, domain) = self.address.split_once('@').unwrap_or((&self.address, "localhost"));
        let mut out = format!("Return-Path: <{user}-bounces@{domain}>\r\n").into_bytes();
        let has_reply_to = headers::first(&post.bytes, "Reply-To").is_some();
        for field in headers::fields(header) {
            if self.is_replaced(field) {
                continue;
            }
            if headers::is_named(field, "Subject") {
                out.extend(self.subject(field));
            } else if self.options.munge_from && headers::is_named(field, "From") {
                out.extend(self.munged_from(field, has_reply_to));
            } else {
                out.extend_from_slice(field);
            }
        }
        out.extend(
            format!(
                "Sender: {user}-bounces@{domain}\r\nList-Id: <{}>\r\n\
                 List-Post: <mailto:{}>\r\nPrecedence: list\r\n\r\n",
                self.id, self.address
            )
            .bytes(),
        );
        out.extend_from_slice(body);
        self.add_footer(&mut out, header);
        out
    }

    /// Fields that the list writes itself.
    fn is_replaced(&self, field: &[u8]) -> bool {
        ["Return-Path", "Sender", "List-Id", "List-Post", "Precedence"]
            .iter()
            .any(|name| headers::is_named(field, name))
    }

    fn subject(&self, field: &[u8]) -> Vec<u8> {
        let Some(prefix) = &self.options.subject_prefix else {
            return field.to_vec();
        };
        if headers::value(field).contains(prefix.as_str()) {
            return field.to_vec();
        }
        let mut out = format!("Subject: {prefix}").into_bytes();
        out.extend_from_slice(&field["Subject:".len()..]);
        out
    }

    fn munged_from(&self, field: &[u8], has_reply_to: bool) -> Vec<u8> {
        let value = headers::value(field);
        let name = value.rfind('<').map_or("", |open| value[..open].trim());
        let name = if name.is_empty() { headers::address(&value) } else { name };
        let name = match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => format!("\"{inner} via\""),
            None if name.contains('@') => format!("\"{name} via\""),
            None => format!("{name} via"),
        };
        let reply_to = if has_reply_to { String::new() } else { format!("Reply-To: {value}\r\n") };
        format!("From: {name} <{}>\r\n{reply_to}", self.address).into_bytes()
    }

    /// Text in base64 and multiparts stay as they are: a footer there would have to be a part.
    fn add_footer(&self, out: &mut Vec<u8>, header: &[u8]) {
        let Some(footer) = &self.options.footer else {
            return;
        };
        let value = |name| headers::first(header, name).unwrap_or_default().to_ascii_lowercase();
        let kind = value("Content-Type");
        let encoding = value("Content-Transfer-Encoding");
        if !(kind.is_empty() || kind.starts_with("text/plain")) || encoding == "base64" {
            return;
        }
        let footer = String::from_utf8_lossy(&headers::with_crlf(footer.as_bytes())).into_owned();
        if encoding == "quoted-printable" {
            out.extend(footer.replace('=', "=3D").bytes());
        } else {
            out.extend(footer.bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(options: ListOptions) -> MailingList {
        MailingList {
            address: "devel@lists.example".to_owned(),
            id: "devel.lists.example".to_owned(),
            options,
            subscribers: Vec::new(),
            archive: Vec::new(),
            held: Vec::new(),
        }
    }

    fn copy(options: ListOptions, mail: &str) -> String {
        let post = Post { sender: "a@x.example".to_owned(), bytes: mail.as_bytes().to_vec() };
        String::from_utf8(list(options).copy(&post)).unwrap()
    }

    const MAIL: &str =
        "From: Ann <a@x.example>\r\nPrecedence: bulk\r\nSubject: [PULL] x\r\n\r\nhi\r\n";

    #[test]
    fn a_copy_has_the_lists_headers_once_and_the_body_untouched() {
        let copy = copy(ListOptions::default(), MAIL);
        assert!(copy.starts_with("Return-Path: <devel-bounces@lists.example>\r\n"), "{copy}");
        assert!(copy.contains("List-Id: <devel.lists.example>\r\n"), "{copy}");
        assert_eq!(copy.matches("Precedence:").count(), 1, "{copy}");
        assert!(copy.contains("From: Ann <a@x.example>\r\n"), "{copy}");
        assert!(copy.ends_with("\r\n\r\nhi\r\n"), "{copy}");
    }

    #[test]
    fn a_prefix_is_put_before_the_subject_once() {
        let options =
            || ListOptions { subject_prefix: Some("[devel]".to_owned()), ..Default::default() };
        assert!(copy(options(), MAIL).contains("Subject: [devel] [PULL] x\r\n"));
        let reply = MAIL.replace("[PULL] x", "Re: [devel] [PULL] x");
        assert!(copy(options(), &reply).contains("Subject: Re: [devel] [PULL] x\r\n"));
    }

    #[test]
    fn a_munged_from_keeps_the_person_in_reply_to() {
        let options = || ListOptions { munge_from: true, ..Default::default() };
        let plain = copy(options(), MAIL);
        assert!(plain.contains("From: Ann via <devel@lists.example>\r\n"), "{plain}");
        assert!(plain.contains("Reply-To: Ann <a@x.example>\r\n"), "{plain}");
        let quoted = copy(options(), &MAIL.replace("Ann <", "\"X, Ann\" <"));
        assert!(quoted.contains("From: \"X, Ann via\" <devel@lists.example>\r\n"), "{quoted}");
        let bare = copy(options(), &MAIL.replace("Ann <a@x.example>", "a@x.example"));
        assert!(bare.contains("From: \"a@x.example via\" <devel@"), "{bare}");
        let own = copy(options(), &format!("Reply-To: b@x.example\r\n{MAIL}"));
        assert_eq!(own.matches("Reply-To:").count(), 1, "{own}");
    }

    #[test]
    fn a_footer_is_written_in_the_bodys_encoding_or_not_at_all() {
        let options = || ListOptions { footer: Some("__\na=b\n".to_owned()), ..Default::default() };
        assert!(copy(options(), MAIL).ends_with("hi\r\n__\r\na=b\r\n"));
        let encoded = |name: &str| format!("Content-Transfer-Encoding: {name}\r\n{MAIL}");
        assert!(copy(options(), &encoded("quoted-printable")).ends_with("a=3Db\r\n"));
        assert!(copy(options(), &encoded("base64")).ends_with("hi\r\n"));
    }
}
