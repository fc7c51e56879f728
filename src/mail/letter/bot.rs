//! Letters to the administrator about the bot itself. They stand on no thread.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lettre::message::Mailbox;

use super::{Draft, LetterFault, Pen, Sheet, body};
use crate::mail::words;
use crate::pull::aside::{AsideNotice, RecordKey};
use crate::pull::letter::About;
use crate::pull::verdict::Audience;

impl Pen {
    /// Writes to the administrator about the bot itself. Each call at another time is another
    /// letter: how often is decided elsewhere.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn alert(
        &self,
        subject: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let sheet = self.about_bot(&format!("Gatepost: {subject}"), "alert", subject, now);
        self.write(sheet, body::alert(subject, detail, now), None)
    }

    /// Writes to the administrator that a record is set aside; to the release managers as well if it
    /// has to do with a request, which would fall silent else.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn set_aside(
        &self,
        notice: &AsideNotice,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let subject = format!("{} is set aside", notice.key.at_the_beginning());
        let kind = format!("Gatepost: {subject}");
        let mut sheet = self.about_bot(&kind, "set-aside", &notice.key.to_string(), now);
        if notice.pull.is_some() {
            let known = |to: &Mailbox| self.managers.iter().any(|it| it.email == to.email);
            sheet.to.retain(|administrator| !known(administrator));
            sheet.to.extend(self.managers.iter().cloned());
        }
        self.write(sheet, body::alert(&format!("{subject}."), &about_aside(notice), now), None)
    }

    /// Writes the administrator's weekly counts.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn counted(
        &self,
        counts: &BTreeMap<String, u64>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let subject = format!("Gatepost: counts since {}", words::when(since));
        let sheet = self.about_bot(&subject, "counts", &since.to_string(), now);
        self.write(sheet, body::counts(counts, since, now), None)
    }

    pub(super) fn about_bot(
        &self,
        subject: &str,
        kind: &str,
        what: &str,
        now: Timestamp,
    ) -> Sheet<'static> {
        Sheet {
            about: About::Bot,
            audience: Audience::Administrator,
            to: vec![self.administrator.clone()],
            cc: Vec::new(),
            list: None,
            subject: subject.to_owned(),
            thread: Vec::new(),
            key: vec![kind.to_owned(), what.to_owned(), now.to_string()],
            facts: vec![("Verdict", kind.to_owned())],
            auto_submitted: "auto-generated",
            attached: Vec::new(),
            unproved: false,
            now,
        }
    }
}

/// What is set aside, why, and what to do about it.
fn about_aside(notice: &AsideNotice) -> String {
    let why = notice.aside.why.trim_end_matches('.');
    let name = notice.name();
    let untold = match &notice.key {
        RecordKey::Pull(_) | RecordKey::Run(_) => "Neither its author nor the list was told.",
        RecordKey::Letter(_) => "It may not have reached whom it is for.",
        RecordKey::Mail(_) => "Its sender was not told.",
    };
    format!(
        "This is {}. The bot itself failed at it: {why}.\n\n\
         Nothing more is done with it until a person says so; everything else goes on. {untold}\n\n\
         \"retest {name}\" takes it up again where it stood; \"ignore {name}\" ends it, and \
         nobody is told. `gatepost status` lists what is set aside.\n\n\
         This is most likely a mistake in Gatepost. Please report it, with what the log has of that \
         time.",
        notice.what
    )
}
