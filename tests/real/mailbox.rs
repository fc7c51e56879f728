//! A Maildir as its reader sees it. It reads the files, not IMAP: what is tested must not be what
//! the test looks through.

use std::fs;
use std::path::PathBuf;

use mail_parser::{Addr, HeaderValue, MessageParser};

use crate::process::eventually;

/// One mailbox.
pub(crate) struct Maildir {
    folder: PathBuf,
}

/// A mail as far as the tests look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    /// Without `<>`, like all ids here.
    pub(crate) message_id: String,
    /// Decoded.
    pub(crate) subject: String,
    /// Addresses alone.
    pub(crate) from: Vec<String>,
    /// Addresses alone.
    pub(crate) to: Vec<String>,
    /// Addresses alone.
    pub(crate) cc: Vec<String>,
    /// Ids, oldest first.
    pub(crate) in_reply_to: Vec<String>,
    /// Ids, oldest first.
    pub(crate) references: Vec<String>,
    /// The first text part, decoded.
    pub(crate) text: String,
    /// Everything, as it came.
    pub(crate) raw: String,
}

impl Maildir {
    /// A Maildir that need not exist yet.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// All mails, in order of arrival.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        let mut files: Vec<_> = ["new", "cur"]
            .iter()
            .filter_map(|part| fs::read_dir(self.folder.join(part)).ok())
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        // Names begin with the second, then the microsecond: `1700000000.M123456P…`.
        files.sort_by_key(|file| file.file_name().map(arrival));
        // One that moved from new to cur meanwhile is seen at the next look.
        files.iter().filter_map(|file| fs::read(file).ok()).map(|raw| Mail::read(&raw)).collect()
    }

    /// Waits for the first mail that fits.
    pub(crate) fn wait_for(&self, what: &str, fits: impl Fn(&Mail) -> bool) -> Mail {
        eventually(what, || self.mails().into_iter().find(&fits))
    }

    /// Waits for a mail by its id.
    pub(crate) fn wait_for_id(&self, message_id: &str) -> Mail {
        self.wait_for(message_id, |mail| mail.message_id == message_id)
    }

    /// Waits for somebody's first answer to a mail.
    pub(crate) fn wait_for_reply(&self, message_id: &str, from: &str) -> Mail {
        let what = format!("a reply of {from} to {message_id}");
        eventually(&what, || self.replies(message_id, from).into_iter().next())
    }

    /// Somebody's answers to a mail that are there now.
    pub(crate) fn replies(&self, message_id: &str, from: &str) -> Vec<Mail> {
        let mut mails = self.mails();
        mails.retain(|mail| mail.in_reply_to == [message_id] && mail.from == [from]);
        mails
    }
}

impl Mail {
    fn read(raw: &[u8]) -> Self {
        let mail = MessageParser::default().parse(raw).expect("a mail");
        Self {
            message_id: mail.message_id().unwrap_or_default().to_owned(),
            subject: mail.subject().unwrap_or_default().to_owned(),
            from: addresses(mail.from()),
            to: addresses(mail.to()),
            cc: addresses(mail.cc()),
            in_reply_to: ids(mail.in_reply_to()),
            references: ids(mail.references()),
            text: mail.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
            raw: String::from_utf8_lossy(raw).into_owned(),
        }
    }

    /// The text without its line breaks: where a sentence is wrapped says nothing.
    pub(crate) fn words(&self) -> String {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The git commands that the text gives.
    pub(crate) fn commands(&self) -> Vec<String> {
        let lines = self.text.lines().map(str::trim);
        lines.filter(|line| line.starts_with("git ")).map(str::to_owned).collect()
    }

    /// A header's value as it stands, unfolded; the first if there are several.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = self.raw.split("\n\n").next()?.replace("\n ", " ").replace("\n\t", " ");
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

fn arrival(name: &std::ffi::OsStr) -> (u64, u64) {
    let name = name.to_string_lossy();
    let (second, rest) = name.split_once(".M").unwrap_or((&name, ""));
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (second.parse().unwrap_or(0), rest[..digits].parse().unwrap_or(0))
}

fn addresses(field: Option<&mail_parser::Address<'_>>) -> Vec<String> {
    let each = field.into_iter().flat_map(|field| field.iter());
    each.filter_map(Addr::address).map(str::to_owned).collect()
}

fn ids(field: &HeaderValue<'_>) -> Vec<String> {
    match field {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}
