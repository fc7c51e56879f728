//! What is printed of one mail.

use std::fmt;

use serde::Serialize;

use crate::mail::reader::DEFAULT_REFERENCE;
use crate::mail::{Reading, Reason};
use crate::pull::clean;
use crate::pull::cover::Cover;
use crate::pull::ids::{CommitName, MessageId};

/// One mail, as JSON names its fields.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    message_id: Option<String>,
    subject: String,
    pub(super) is_pull_request: bool,
    revision: Option<u32>,
    prefixes: Vec<String>,
    url: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    base_sha: Option<String>,
    tip_sha: Option<String>,
    reason: Option<&'static str>,
}

impl Row {
    /// The row of a reading. `wide`: what names something to pull is a request in any case.
    pub(super) fn of(reading: &Reading, wide: bool) -> Self {
        match reading {
            Reading::Request(cover) => Self::of_cover(cover, true, None),
            Reading::Aside { cover, reason } => {
                let asks = wide || *reason == Reason::Elsewhere;
                Self::of_cover(cover, asks, Some(*reason))
            }
            Reading::Not { reason, message_id, subject, prefixes, revision } => Self {
                message_id: message_id.as_ref().map(MessageId::bracketed),
                subject: subject.clone(),
                is_pull_request: *reason == Reason::NoBlock,
                revision: *revision,
                prefixes: prefixes.clone(),
                url: None,
                reference: None,
                base_sha: None,
                tip_sha: None,
                reason: Some(reason.words()),
            },
        }
    }

    fn of_cover(cover: &Cover, is_pull_request: bool, reason: Option<Reason>) -> Self {
        let request = &cover.request;
        let named = request.reference != DEFAULT_REFERENCE;
        Self {
            message_id: Some(cover.message_id.bracketed()),
            subject: cover.subject.clone(),
            is_pull_request,
            revision: Some(cover.revision),
            prefixes: cover.prefixes.clone(),
            url: Some(request.url.clone()),
            reference: named.then(|| request.reference.clone()),
            base_sha: request.base.as_ref().map(ToString::to_string),
            tip_sha: request.tip.as_ref().map(ToString::to_string),
            reason: reason.map(Reason::words),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_pull_request { "pull" } else { "-" };
        let revision = self.revision.filter(|_| self.is_pull_request);
        let revision = revision.map(|n| format!("v{n}")).unwrap_or_default();
        let tip = self.tip_sha.as_deref().and_then(|sha| sha.parse::<CommitName>().ok());
        let tip = tip.map(|t| clean::cut(t.as_str(), 13).replace('…', "")).unwrap_or_default();
        write!(f, "{mark:<4}  {revision:<3}  {tip:<12}  {}", clean::words(&self.subject))?;
        if let Some(url) = &self.url {
            let reference = self.reference.as_deref().unwrap_or(DEFAULT_REFERENCE);
            write!(f, "  {} {}", clean::words(url), clean::words(reference))?;
        }
        match self.reason {
            Some(reason) => write!(f, "  ({reason})"),
            None => Ok(()),
        }
    }
}
