//! Which request or run a command means, as people write it. It must not know which ones there are.

use std::fmt;

use crate::pull::ids::{MessageId, PullNumber, RunId};

/// How a command names a request or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// A request, by number.
    Pull(PullNumber),
    /// A request, by its mail.
    Mail(MessageId),
    /// A run.
    Run(RunId),
    /// A request, by its tag's name.
    Tag(String),
    /// What the answered mail is about.
    Thread,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pull(number) => write!(f, "request {number}"),
            Self::Mail(id) => write!(f, "request {}", id.bracketed()),
            Self::Run(id) => write!(f, "run {id}"),
            Self::Tag(name) => write!(f, "request for a tag {name:?}"),
            Self::Thread => f.write_str("request that this mail would answer"),
        }
    }
}

/// Reads the name of a request or a run: `12`, `#12`, `run-5`, a Message-ID with or without
/// brackets, an archive's URL that ends in one, or a tag's name.
///
/// # Errors
/// A sentence.
pub(crate) fn named(text: &str) -> Result<Named, String> {
    let text = text.trim_end_matches([',', ';', ':', '.']);
    sure(text).map_or_else(
        || {
            let name = text.strip_prefix("refs/tags/").or_else(|| text.strip_prefix("tags/"));
            let name = name.unwrap_or(text);
            let odd = |c: char| c.is_control() || " ~^:?*[\\<>\"'`".contains(c);
            if name.is_empty() || name.len() > 200 || name.starts_with('-') || name.contains(odd) {
                Err(format!(
                    "{:?} is no request's number, no run (run-N), no Message-ID and no tag.",
                    text.chars().take(80).collect::<String>()
                ))
            } else {
                Ok(Named::Tag(name.to_owned()))
            }
        },
        Ok,
    )
}

/// The name of a request or a run where a text can be nothing else; a tag may be called anything.
pub(crate) fn sure(text: &str) -> Option<Named> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
    if let Some(n) = number(text.strip_prefix('#').unwrap_or(text)) {
        return Some(Named::Pull(PullNumber(n)));
    }
    if let Some(n) = text.strip_prefix("run-").and_then(number) {
        return Some(Named::Run(RunId(n)));
    }
    if text.starts_with("refs/tags/") || text.starts_with("tags/") {
        return None;
    }
    let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    let is_url = bare.starts_with("http://") || bare.starts_with("https://");
    let mail = |id: &str| {
        let id = id.parse::<MessageId>().ok().filter(|id| id.as_str().contains('@'));
        id.map(Named::Mail)
    };
    if !is_url {
        return mail(text);
    }
    // Archives write a Message-ID as it is or percent-encoded, and put words such as `raw` or an
    // anchor behind it.
    let path = bare.split(['#', '?']).next().unwrap_or(bare);
    let decoded =
        |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    path.split('/').rev().find_map(|part| mail(&decoded(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_by_number_mail_archive_or_tag() {
        assert_eq!(named("#12"), Ok(Named::Pull(PullNumber(12))));
        assert_eq!(named("12."), Ok(Named::Pull(PullNumber(12))));
        assert_eq!(named("run-5"), Ok(Named::Run(RunId(5))));
        let mail = Named::Mail("a@b".parse().unwrap());
        for text in [
            "<a@b>",
            "a@b",
            "https://lists.example.org/devel/a@b/",
            "https://lists.example.org/devel/a%40b/T/#u",
            "https://lists.example.org/r/a@b/raw",
            "<https://lists.example.org/devel/a@b/>",
        ] {
            assert_eq!(named(text), Ok(mail.clone()), "{text}");
        }
        for text in ["block-2026-01-02", "tags/block-2026-01-02", "refs/tags/block-2026-01-02"] {
            assert_eq!(named(text), Ok(Named::Tag("block-2026-01-02".into())), "{text}");
        }
        for text in ["", "-x", "a b", "a\u{7}", "https://lists.example.org/devel"] {
            assert!(named(text).is_err(), "{text}");
        }
    }
}
