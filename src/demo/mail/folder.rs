//! A folder of the stand-in mail server: mails with UIDs under a UIDVALIDITY (RFC 3501, section
//! 2.3.1.1). It must not know who may read it.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::headers;

/// A mail as the server keeps it.
#[derive(Debug, Clone)]
pub struct StoredMail {
    /// Its UID in this folder; 0 in a list's archive.
    pub(crate) uid: u32,
    /// When it arrived: IMAP's INTERNALDATE.
    pub(crate) received: Timestamp,
    /// Whether a client set `\Seen`, by fetching a body without PEEK.
    pub(crate) seen: bool,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    /// A mail that was delivered.
    Mail(Arc<[u8]>),
    /// A mail that is made up when somebody reads it, so that a folder may hold very many.
    Filler,
}

impl StoredMail {
    pub(super) fn new(bytes: &[u8], received: Timestamp) -> Self {
        Self { uid: 0, received, seen: false, content: Content::Mail(bytes.into()) }
    }

    /// The mail's bytes, with CRLF line ends.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match &self.content {
            Content::Mail(bytes) => Cow::Borrowed(bytes),
            Content::Filler => Cow::Owned(filler(self.uid, self.received)),
        }
    }

    /// The Message-ID without its brackets, if there is one.
    pub fn message_id(&self) -> Option<String> {
        let value = self.header("Message-ID")?;
        Some(headers::address(&value).to_owned())
    }

    /// The value of the first header field with that name, unfolded, not decoded.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        headers::first(&self.bytes(), name)
    }
}

/// A patch mail of the kind that fills a development list.
fn filler(uid: u32, received: Timestamp) -> Vec<u8> {
    let date = jiff::fmt::rfc2822::to_string(&received.to_zoned(jiff::tz::TimeZone::UTC))
        .unwrap_or_default();
    format!(
        "From: Old Hand <old.hand@maintainers.example>\r\nTo: devel@lists.example\r\n\
         Subject: [PATCH] old work, part {uid}\r\nDate: {date}\r\n\
         Message-ID: <old-{uid}@maintainers.example>\r\n\
         List-Id: <devel.lists.example>\r\nPrecedence: list\r\n\r\nA patch of long ago.\r\n"
    )
    .into_bytes()
}

/// A folder: its mails in the order of their UIDs.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) uid_validity: u32,
    pub(super) uid_next: u32,
    pub(super) mails: Vec<StoredMail>,
}

impl Folder {
    pub(super) fn new(uid_validity: u32) -> Self {
        Self { uid_validity, uid_next: 1, mails: Vec::new() }
    }

    /// Adds a mail at the end, and gives it the next UID.
    pub(super) fn add(&mut self, mut mail: StoredMail) {
        mail.uid = self.uid_next;
        self.uid_next += 1;
        self.mails.push(mail);
    }

    /// Adds made-up mails, one a minute, the last at `until`.
    pub(super) fn fill(&mut self, count: u32, until: Timestamp) {
        self.mails.reserve(count as usize);
        for number in 0..count {
            let minutes = i64::from(count - 1 - number);
            let received = until - jiff::SignedDuration::from_mins(minutes);
            self.add(StoredMail { uid: 0, received, seen: false, content: Content::Filler });
        }
    }

    /// Makes the folder anew: another UIDVALIDITY, the same mails with UIDs from 1.
    pub(super) fn recreate(&mut self) {
        self.uid_validity += 1;
        self.uid_next = 1;
        for mail in std::mem::take(&mut self.mails) {
            self.add(mail);
        }
    }

    /// Where the first mail stands whose UID is at least this one.
    pub(super) fn position(&self, uid: u32) -> usize {
        self.mails.partition_point(|mail| mail.uid < uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_only_grow_until_the_folder_is_made_anew() {
        let mut folder = Folder::new(7);
        folder.fill(3, Timestamp::UNIX_EPOCH);
        folder.add(StoredMail::new(b"Message-ID: <a@b>\r\n\r\n", Timestamp::UNIX_EPOCH));
        assert_eq!(folder.mails.iter().map(|m| m.uid).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(folder.position(3), 2);
        folder.mails.remove(0);
        folder.recreate();
        assert_eq!((folder.uid_validity, folder.uid_next), (8, 4));
        assert_eq!(folder.mails[2].message_id().as_deref(), Some("a@b"));
        assert_eq!(folder.mails[2].uid, 3);
    }

    #[test]
    fn a_made_up_mail_is_a_mail() {
        let mut folder = Folder::new(1);
        folder.fill(2, Timestamp::UNIX_EPOCH);
        assert_eq!(folder.mails[1].header("subject").as_deref(), Some("[PATCH] old work, part 2"));
        assert!(folder.mails[0].received < folder.mails[1].received);
    }
}
