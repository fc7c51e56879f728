//! Reads a mail and says whether it asks for a pull. It must not decide whether that is granted,
//! and must not fail: what can't be read is no request, with a reason.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use mail_parser::{Message, MessageParser, MessagePart, PartType};
use regex::Regex;

use super::body;
use super::bounds;
use super::grammar::{self, Asked};
use super::heading::{self, Heading};
use super::legible::legible;
use super::quote;
use super::reason::Reason;
use super::subject::pattern;
use crate::pull::cover::{Cover, Request};
use crate::pull::ids::MessageId;

/// What a mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
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
    /// Why the mail is not acted on.
    pub(crate) fn reason(&self) -> Option<Reason> {
        match self {
            Self::Request(_) => None,
            Self::Aside { reason, .. } | Self::Not { reason, .. } => Some(*reason),
        }
    }
}

/// The ref that a request means which names none (git-request-pull(1)).
pub(crate) const DEFAULT_REFERENCE: &str = "HEAD";

static DIFF: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?m)^(?:diff --git |@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@)"));
/// What a patch series says that is to be pulled, and one that merely tells its branch does not.
static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:please|pls|kindly|consider)\b[^.:]{0,60}\b(?:pull|pulling|apply|applying|merge|merging|take|taking)\b",
    )
});
/// "Not for master", "isn't for master", "*not* intended for master", "do not merge this into
/// master"; but not "not yet in master".
static ELSEWHERE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix) (?:\bnot|n['’]t|\bnever)[*_]*\s+ (?:
            (?:(?:intended|meant|destined|targeted|aimed|directly|really)\s+)?
            (?:for|at)\s+(?:(?:the|qemu|qemu's|upstream)\s+)?
          | (?:(?:be|to\s+be|(?:meant|intended|supposed)\s+to\s+be)\s+)?
            (?:merged?|pull|pulled|apply|applied)\s+(?:(?:this|it|these)\s+)?
            (?:in)?to\s+(?:the\s+)?
          ) [*_'`]*master\b",
    )
});

/// Reads a whole mail, header and body. The same bytes always give the same reading.
pub(crate) fn read(bytes: &[u8]) -> Reading {
    let whole = super::without_envelope(bytes);
    let bounded = bounds::read(whole);
    let bytes = legible(bounded);
    let read = || {
        let message = MessageParser::default().parse(bytes.as_ref())?;
        let body = message.parts.first().map_or(0, |part| part.offset_body as usize);
        let cut = bounded.len() < whole.len();
        if body > bounds::HEADER || cut && body == bytes.len() {
            // Its header has no end within what is read: that must not pass for a mail without a
            // text.
            let heading = heading::heading(whole);
            let known = if body > bounds::HEADER { None } else { heading.refusal() };
            return Some(not(heading, known.unwrap_or(Reason::Unreadable)));
        }
        Some(reading(&message))
    };
    let unreadable = || not(Heading::default(), Reason::Unreadable);
    contained(read).flatten().unwrap_or_else(unreadable)
}

/// Runs what rests on the MIME parser, which is not ours: `None` if it panics.
pub(super) fn contained<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}

fn reading(message: &Message<'_>) -> Reading {
    let heading = Heading::of(message);
    if let Some(reason @ (Reason::Automatic | Reason::ListMachinery)) = heading.refusal() {
        return not(heading, reason);
    }
    let texts = body::texts(message);
    let own: Vec<Vec<String>> = texts.iter().map(|forms| each(forms, quote::own)).collect();
    // What a part quotes is no less told in the parts behind it.
    for (forms, own) in texts.iter().zip(&own) {
        if let Some(asked) = grammar::read(own) {
            return judged(heading, asked, own);
        }
        if let Some(asked) = grammar::read(&each(forms, quote::forwarded)) {
            let reason = heading.refusal().unwrap_or(Reason::Answer);
            return aside(heading, asked, reason);
        }
        if grammar::read(&each(forms, quote::unmarked)).is_some() {
            let reason = heading.refusal().unwrap_or(Reason::Quoted);
            return not(heading, reason);
        }
    }
    if message.parts.iter().any(attaches_a_request) {
        let reason = heading.refusal().unwrap_or(Reason::Quoted);
        return not(heading, reason);
    }
    let diff = own.iter().any(|own| any(&DIFF, own)) || body::has_patch(message);
    let reason = heading.refusal().unwrap_or_else(|| without_block(&heading, diff));
    not(heading, reason)
}

/// Whether a part is another mail, forwarded whole, that names what to pull.
fn attaches_a_request(part: &MessagePart<'_>) -> bool {
    let PartType::Message(mail) = &part.body else { return false };
    body::texts(mail).iter().any(|forms| grammar::read(&each(forms, quote::unmarked)).is_some())
}

fn each(forms: &[String], make: impl Fn(&str) -> String) -> Vec<String> {
    forms.iter().map(|text| make(text)).collect()
}

fn any(pattern: &LazyLock<Option<Regex>>, texts: &[String]) -> bool {
    texts.iter().any(|text| pattern.as_ref().is_some_and(|p| p.is_match(text)))
}

/// What a mail is that names something to pull.
fn judged(heading: Heading, asked: Asked, own: &[String]) -> Reading {
    let numbered = heading.marks.number.is_some_and(|n| n > 0);
    if numbered && any(&DIFF, own) {
        return not(heading, Reason::Patch);
    }
    let reason = match heading.refusal() {
        Some(Reason::NoMarker) if heading.marks.patch => Some(Reason::PatchSeries),
        Some(reason) => Some(reason),
        None if heading.marks.patch && !heading.marks.prefixed_marker() => {
            Some(Reason::PatchSeries)
        }
        None if heading.marks.subsystem || is_for_others(&heading, own) => Some(Reason::Elsewhere),
        None => None,
    };
    if reason == Some(Reason::PatchSeries) && !any(&ASKS, own) {
        return not(heading, Reason::PatchSeries);
    }
    if let Some(reason) = reason {
        return aside(heading, asked, reason);
    }
    match cover(heading, asked) {
        Ok(cover) => Reading::Request(Box::new(cover)),
        Err(refused) => *refused,
    }
}

fn aside(heading: Heading, asked: Asked, reason: Reason) -> Reading {
    match cover(heading, asked) {
        Ok(cover) => Reading::Aside { cover: Box::new(cover), reason },
        Err(refused) => *refused,
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

/// Whether the mail says that it is not for the branch that is gated.
fn is_for_others(heading: &Heading, own: &[String]) -> bool {
    any(&ELSEWHERE, own) || any(&ELSEWHERE, std::slice::from_ref(&heading.subject))
}

/// Why a mail whose subject asks, and that names nothing to pull, is no request.
fn without_block(heading: &Heading, diff: bool) -> Reason {
    let marks = &heading.marks;
    let numbered = marks.number.is_some_and(|n| n > 0);
    if diff && (numbered || marks.patch || marks.prefixed_marker()) {
        Reason::Patch
    } else if marks.prefixed_marker() && marks.number.is_none() && !marks.patch {
        Reason::NoBlock
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(DIFF.is_some() && ASKS.is_some() && ELSEWHERE.is_some());
    }

    #[test]
    fn a_panic_of_the_parser_ends_at_the_reader() {
        assert_eq!(contained(|| 7), Some(7));
        assert_eq!(contained(|| -> u8 { panic!("as mail-parser may") }), None);
    }

    #[test]
    fn who_else_is_asked_is_seen_and_talk_of_master_is_not() {
        let elsewhere = |text: &str| any(&ELSEWHERE, &[text.to_owned()]);
        for text in [
            "not for master",
            "This isn't for master.",
            "this is *not* for master",
            "not intended\nfor qemu master",
            "Please do not pull this into master",
            "It is not meant to be merged into master",
        ] {
            assert!(elsewhere(text), "{text}");
        }
        for text in ["not yet merged into master", "which are not in master", "for master, not 8.2"]
        {
            assert!(!elsewhere(text), "{text}");
        }
    }
}
