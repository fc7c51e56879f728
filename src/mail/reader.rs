//! Reads a mail and says whether it asks for a pull. It must not decide whether that is granted,
//! and must not fail: what can't be read is no request, with a reason.

use std::sync::LazyLock;

use mail_parser::MessageParser;
use regex::Regex;

use super::body;
use super::bounds;
use super::grammar::{self, Asked};
use super::heading::{self, Heading};
use super::reason::Reason;
use super::subject::pattern;
use crate::pull::cover::{Cover, Request};
use crate::pull::ids::MessageId;

/// What a mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// A request for a pull.
    Request(Box<Cover>),
    /// It names what could be pulled, but is not acted on: an answer, a patch series, a subject
    /// that does not ask, or somebody else is asked. Told in lists, and nothing more.
    Aside {
        /// What it names.
        cover: Box<Cover>,
        /// Why it is not acted on.
        reason: Reason,
    },
    /// No request.
    Not {
        /// Why.
        reason: Reason,
        /// The Message-ID, if it has a usable one.
        message_id: Option<MessageId>,
        /// The subject, decoded and unfolded.
        subject: String,
        /// What stood in the subject's leading brackets.
        prefixes: Vec<String>,
        /// The revision that the subject says.
        revision: Option<u32>,
    },
}

impl Reading {
    /// The request that is to be acted on.
    pub fn request(self) -> Option<Cover> {
        match self {
            Self::Request(cover) => Some(*cover),
            Self::Aside { .. } | Self::Not { .. } => None,
        }
    }

    /// Why the mail is not acted on.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Request(_) => None,
            Self::Aside { reason, .. } | Self::Not { reason, .. } => Some(*reason),
        }
    }
}

/// The ref that a request means which names none (git-request-pull(1)).
pub const DEFAULT_REFERENCE: &str = "HEAD";

static DIFF: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?m)^(?:diff --git |@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@)"));
static ELSEWHERE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)\bnot\s+(?:intended\s+|meant\s+)?for\s+(?:qemu\s+)?master\b"));

/// Reads a whole mail, header and body. The same bytes always give the same reading.
pub fn read(bytes: &[u8]) -> Reading {
    let whole = super::without_envelope(bytes);
    let bytes = bounds::read(whole);
    let Some(message) = MessageParser::default().parse(bytes) else {
        return not(Heading::default(), Reason::Unreadable);
    };
    let body = message.parts.first().map_or(0, |part| part.offset_body as usize);
    if body > bounds::HEADER || body == bytes.len() && bytes.len() < whole.len() {
        // Its header has no end within what is read: that must not pass for a mail without a text.
        let heading = heading::heading(whole);
        let known = if body > bounds::HEADER { None } else { heading.refusal() };
        return not(heading, known.unwrap_or(Reason::Unreadable));
    }
    let heading = Heading::of(&message);
    if let Some(reason @ (Reason::Automatic | Reason::ListMachinery)) = heading.refusal() {
        return not(heading, reason);
    }
    let texts = body::texts(&message);
    let own: Vec<String> = texts.iter().map(|text| without_quotes(text)).collect();
    let Some(asked) = grammar::read(&own) else {
        let reason = no_request(&heading, &texts, &own);
        return not(heading, reason);
    };
    judged(heading, asked, &own)
}

/// What a mail is that names something to pull.
fn judged(heading: Heading, asked: Asked, own: &[String]) -> Reading {
    let numbered = heading.marks.number.is_some_and(|n| n > 0);
    let any = |pattern: &LazyLock<Option<Regex>>| {
        own.iter().any(|text| pattern.as_ref().is_some_and(|p| p.is_match(text)))
    };
    if numbered && any(&DIFF) {
        return not(heading, Reason::Patch);
    }
    let reason = match heading.refusal() {
        Some(Reason::NoMarker) if heading.marks.patch => Some(Reason::PatchSeries),
        Some(reason) => Some(reason),
        None if heading.marks.patch && !heading.marks.prefixed_marker() => {
            Some(Reason::PatchSeries)
        }
        None if heading.marks.subsystem || any(&ELSEWHERE) => Some(Reason::Elsewhere),
        None => None,
    };
    let cover = match cover(heading, asked) {
        Ok(cover) => Box::new(cover),
        Err(refused) => return *refused,
    };
    match reason {
        Some(reason) => Reading::Aside { cover, reason },
        None => Reading::Request(cover),
    }
}

fn cover(heading: Heading, asked: Asked) -> Result<Cover, Box<Reading>> {
    let (message_id, author) = match (heading.message_id.clone(), heading.author.clone()) {
        (Some(id), Some(author)) => (id, author),
        (None, _) => return Err(Box::new(not(heading, Reason::NoMessageId))),
        (_, None) => return Err(Box::new(not(heading, Reason::NoAuthor))),
    };
    Ok(Cover {
        message_id,
        author,
        subject: heading.subject,
        prefixes: heading.marks.prefixes,
        revision: heading.marks.revision.unwrap_or(1).max(1),
        references: heading.references,
        date: heading.date,
        request: Request {
            url: asked.url,
            reference: asked.reference.unwrap_or_else(|| DEFAULT_REFERENCE.to_owned()),
            base: asked.base.and_then(|sha| sha.parse().ok()),
            tip: asked.tip.and_then(|sha| sha.parse().ok()),
        },
    })
}

/// Why a mail that names nothing to pull is no request.
fn no_request(heading: &Heading, texts: &[String], own: &[String]) -> Reason {
    if let Some(reason) = heading.refusal() {
        return reason;
    }
    let diff = own.iter().any(|text| DIFF.as_ref().is_some_and(|p| p.is_match(text)));
    if diff && (heading.marks.number.is_some_and(|n| n > 0) || heading.marks.patch) {
        Reason::Patch
    } else if grammar::read(&texts.iter().map(|text| unquoted(text)).collect::<Vec<_>>()).is_some()
    {
        Reason::Quoted
    } else {
        Reason::NoRequest
    }
}

fn not(heading: Heading, reason: Reason) -> Reading {
    Reading::Not {
        reason,
        message_id: heading.message_id,
        subject: heading.subject,
        prefixes: heading.marks.prefixes,
        revision: heading.marks.revision,
    }
}

/// The mail's own lines: quoted ones go, indented ones stay.
fn without_quotes(text: &str) -> String {
    let own = text.lines().filter(|line| !line.trim_start().starts_with(['>', '|']));
    own.map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The text with the marks of quotes taken off, to see what was quoted.
fn unquoted(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_start_matches(['>', '|', ' ']));
    lines.collect::<Vec<_>>().join("\n")
}
