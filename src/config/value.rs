//! Single values: TOML into the type that a key takes, or what is wrong with it. It must not know
//! which key it reads. Hosts and addresses are in `net`, what git and GitLab name in `forge`.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use toml::de::DeValue;

use super::model::{Mode, Tls};
use crate::mail::rules::{Phrase, Unusual};
use crate::pull::checks::Duty;
use crate::pull::policy::{CiLint, UnknownKeys};

/// Ten years: longer is a slip of the pen, and times stay far from where they overflow.
const LONGEST: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

/// Why a value can't be taken.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// It is of another type than the key takes.
    Type,
    /// It is of the right type, and wrong all the same.
    Value {
        /// What is wrong, as a sentence whose subject is the key: "is not an address".
        is: String,
        /// What to do.
        help: String,
    },
}

/// A value that can't be taken, with what to do.
pub(crate) fn wrong(is: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong::Value { is: is.into(), help: help.into() }
}

/// A text as a message may quote it: cut, on one line, and without a password in a URL.
pub(crate) fn quoted(text: &str) -> String {
    let mut short: String = without_userinfo(text).chars().take(60).collect();
    if short.len() < text.len() && text.chars().count() > 60 {
        short.push('…');
    }
    format!("{short:?}")
}

/// A text that is not empty, not padded, and on one line.
pub(crate) fn text(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = value.as_str().ok_or(Wrong::Type)?;
    if text.is_empty() {
        Err(wrong("is empty", "write something, or leave the key out if it has a default"))
    } else if text.chars().any(char::is_control) {
        Err(wrong("has a line break or another control character in it", "write it on one line"))
    } else if text.trim() != text {
        Err(wrong("begins or ends with a blank", "remove the blank"))
    } else {
        Ok(text.to_owned())
    }
}

/// The name of an account, list or target. It becomes a file's name, and part of a branch's.
pub(crate) fn name(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let fits = text.len() <= 60
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && text.as_bytes()[0].is_ascii_alphanumeric();
    if fits {
        Ok(text)
    } else {
        Err(wrong(
            format!("is {}, which is not a name", quoted(&text)),
            "use at most 60 letters, digits, \"-\", \"_\" and \".\", beginning with a letter or digit",
        ))
    }
}

/// A flag.
pub(crate) fn flag(value: &DeValue<'_>) -> Result<bool, Wrong> {
    value.as_bool().ok_or(Wrong::Type)
}

/// A whole number of at least 1.
pub(crate) fn count(value: &DeValue<'_>) -> Result<u32, Wrong> {
    let help = "write a whole number from 1 to 1000000";
    match whole(value)?.and_then(|number| u32::try_from(number).ok()) {
        Some(number) if (1..=1_000_000).contains(&number) => Ok(number),
        Some(_) | None => Err(wrong("is out of range", help)),
    }
}

/// A TCP port.
pub(crate) fn port(value: &DeValue<'_>) -> Result<u16, Wrong> {
    match whole(value)?.and_then(|number| u16::try_from(number).ok()) {
        Some(number) if number > 0 => Ok(number),
        Some(_) | None => Err(wrong("is not a port", "write a number from 1 to 65535")),
    }
}

/// A TOML integer; `None` if it is too big.
pub(crate) fn whole(value: &DeValue<'_>) -> Result<Option<i64>, Wrong> {
    let number = value.as_integer().ok_or(Wrong::Type)?;
    Ok(i64::from_str_radix(number.as_str(), number.radix()).ok())
}

/// A duration in words and units.
pub(crate) fn duration(value: &DeValue<'_>) -> Result<SignedDuration, Wrong> {
    let text = value.as_str().ok_or(Wrong::Type)?;
    let parsed = Span::from_str(text)
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .map_err(|_| {
            wrong(
                format!("is {}, which is not a duration", quoted(text)),
                "write numbers with units: \"90s\", \"30m\", \"1h 30m\", \"7 days\", \"2 weeks\"",
            )
        })?;
    if parsed <= SignedDuration::ZERO || parsed > LONGEST {
        let is = format!("is {}, which is out of range", quoted(text));
        return Err(wrong(is, "write a duration above zero and below ten years"));
    }
    Ok(parsed)
}

/// A size in bytes.
pub(crate) fn size(value: &DeValue<'_>) -> Result<u64, Wrong> {
    let text = value.as_str().ok_or(Wrong::Type)?;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit: Option<u64> = match text[digits..].trim() {
        "B" => Some(1),
        "kB" => Some(1000),
        "MB" => Some(1000_u64.pow(2)),
        "GB" => Some(1000_u64.pow(3)),
        "TB" => Some(1000_u64.pow(4)),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        "TiB" => Some(1 << 40),
        _ => None,
    };
    let bytes = text[..digits].parse::<u64>().ok().zip(unit).and_then(|(n, u)| n.checked_mul(u));
    bytes.filter(|&bytes| bytes > 0 && i64::try_from(bytes).is_ok()).ok_or_else(|| {
        wrong(
            format!("is {}, which is not a size", quoted(text)),
            "write a whole number with its unit: \"500 MiB\", \"2 GiB\"",
        )
    })
}

/// How a connection is protected.
pub(crate) fn tls(value: &DeValue<'_>) -> Result<Tls, Wrong> {
    choice(value, &[("implicit", Tls::Implicit), ("starttls", Tls::Starttls), ("none", Tls::None)])
}

/// What the bot does with the world.
pub(crate) fn mode(value: &DeValue<'_>) -> Result<Mode, Wrong> {
    choice(value, &[("live", Mode::Live), ("shadow", Mode::Shadow)])
}

/// Whether what CI would run is asked of GitLab.
pub(crate) fn ci_lint(value: &DeValue<'_>) -> Result<CiLint, Wrong> {
    let choices = [("try", CiLint::Try), ("require", CiLint::Require), ("off", CiLint::Off)];
    choice(value, &choices)
}

/// What follows from a problem of the commits.
pub(crate) fn duty(value: &DeValue<'_>) -> Result<Duty, Wrong> {
    choice(value, &[("refuse", Duty::Refuse), ("hold", Duty::Hold), ("off", Duty::Off)])
}

/// A scheme to fetch by.
pub(crate) fn scheme(value: &DeValue<'_>) -> Result<String, Wrong> {
    let schemes = ["https", "http", "git", "ssh"].map(|scheme| (scheme, scheme));
    choice(value, &schemes).map(str::to_owned)
}

/// What becomes of tags that are signed with unknown keys.
pub(crate) fn unknown_keys(value: &DeValue<'_>) -> Result<UnknownKeys, Wrong> {
    choice(value, &[("refuse", UnknownKeys::Refuse), ("hold", UnknownKeys::Hold)])
}

/// What a list accepts besides.
pub(crate) fn unusual(value: &DeValue<'_>) -> Result<Unusual, Wrong> {
    let choices = [
        ("unmarked", Unusual::Unmarked),
        ("patch-series", Unusual::PatchSeries),
        ("answers", Unusual::Answers),
    ];
    choice(value, &choices)
}

/// Words that are looked for in subjects.
pub(crate) fn phrase(value: &DeValue<'_>) -> Result<Phrase, Wrong> {
    let text = text(value)?;
    Phrase::new(&text).ok_or_else(|| {
        let is = format!("is {}, which has no word in it", quoted(&text));
        wrong(is, "write letters or digits: \"pull\", \"for-9.0\"")
    })
}

/// One of several words.
pub(crate) fn choice<T: Copy>(value: &DeValue<'_>, choices: &[(&str, T)]) -> Result<T, Wrong> {
    let text = value.as_str().ok_or(Wrong::Type)?;
    if let Some((_, found)) = choices.iter().find(|(name, _)| *name == text) {
        return Ok(*found);
    }
    let names = || choices.iter().map(|(name, _)| *name);
    let help = match suggestion(text, names()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("write one of {}", Quoted(&names().collect::<Vec<_>>())),
    };
    Err(wrong(format!("is {}, which is none of the choices", quoted(text)), help))
}

struct Quoted<'a>(&'a [&'a str]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<String> = self.0.iter().map(|name| format!("\"{name}\"")).collect();
        f.write_str(&quoted.join(", "))
    }
}

/// The candidate that was probably meant.
pub(crate) fn suggestion<'a>(
    text: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let text = text.to_lowercase().replace('-', "_");
    candidates
        .map(|candidate| {
            let plain = candidate.to_lowercase().replace('-', "_");
            let mut likeness = strsim::normalized_damerau_levenshtein(&text, &plain);
            if text.len() > 3 && (plain.starts_with(&text) || text.starts_with(&plain)) {
                likeness += 0.3;
            }
            (candidate, likeness)
        })
        .filter(|(_, likeness)| *likeness >= 0.6)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(candidate, _)| candidate)
}

/// A text that may be a URL, with what stands before the host's `@` masked.
fn without_userinfo(text: &str) -> String {
    let mut out = text.to_owned();
    let mut from = 0;
    while let Some(found) = out[from..].find("://") {
        let start = from + found + 3;
        let end = out[start..]
            .find(['/', '?', '#', '"', '\'', ' ', '\n'])
            .map_or(out.len(), |length| start + length);
        if let Some(at) = out[start..end].rfind('@') {
            out.replace_range(start..start + at, &"*".repeat(at));
        }
        from = start;
    }
    out
}
