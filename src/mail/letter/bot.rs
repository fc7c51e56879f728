//! Letters to the administrator about the bot itself. They stand on no thread.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Draft, LetterFault, Pen, Sheet, body};
use crate::mail::words;
use crate::pull::letter::About;
use crate::pull::verdict::Audience;

impl Pen {
    /// Writes to the administrator about the bot itself. Each call at another time is another
    /// letter: how often is decided elsewhere.
    ///
    /// # Errors
    /// None in practice.
    pub fn alert(&self, subject: &str, detail: &str, now: Timestamp) -> Result<Draft, LetterFault> {
        let sheet = self.about_bot(&format!("Gatepost: {subject}"), "alert", subject, now);
        self.write(sheet, body::alert(subject, detail, now), None)
    }

    /// Writes the administrator's weekly counts.
    ///
    /// # Errors
    /// None in practice.
    pub fn counted(
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
