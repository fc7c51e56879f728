//! Single values: TOML into the type that a key takes, or what is wrong with it. It must not know
//! which key it reads.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use lettre::message::Mailbox;
use toml::de::DeValue;
use url::Url;

use super::mask::without_userinfo;
use super::model::{Mode, Tls};
use crate::pull::cover::Person;

/// Ten years: longer is a slip of the pen, and times stay far from where they overflow.
const LONGEST: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

/// Why a value can't be taken.
#[derive(Debug)]
pub enum Wrong {
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
pub fn wrong(is: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong::Value { is: is.into(), help: help.into() }
}

/// A text as a message may quote it: cut, on one line, and without a password in a URL.
pub fn quoted(text: &str) -> String {
    let mut short: String = without_userinfo(text).chars().take(60).collect();
    if short.len() < text.len() && text.chars().count() > 60 {
        short.push('…');
    }
    format!("{short:?}")
}

/// A text that is not empty, not padded, and on one line.
pub fn text(value: &DeValue<'_>) -> Result<String, Wrong> {
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
pub fn name(value: &DeValue<'_>) -> Result<String, Wrong> {
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
pub fn flag(value: &DeValue<'_>) -> Result<bool, Wrong> {
    value.as_bool().ok_or(Wrong::Type)
}

/// A whole number of at least 1.
pub fn count(value: &DeValue<'_>) -> Result<u32, Wrong> {
    let help = "write a whole number from 1 to 1000000";
    match whole(value)?.and_then(|number| u32::try_from(number).ok()) {
        Some(number) if (1..=1_000_000).contains(&number) => Ok(number),
        Some(_) | None => Err(wrong("is out of range", help)),
    }
}

/// A TCP port.
pub fn port(value: &DeValue<'_>) -> Result<u16, Wrong> {
    match whole(value)?.and_then(|number| u16::try_from(number).ok()) {
        Some(number) if number > 0 => Ok(number),
        Some(_) | None => Err(wrong("is not a port", "write a number from 1 to 65535")),
    }
}

/// A TOML integer; `None` if it is too big.
fn whole(value: &DeValue<'_>) -> Result<Option<i64>, Wrong> {
    let number = value.as_integer().ok_or(Wrong::Type)?;
    Ok(i64::from_str_radix(number.as_str(), number.radix()).ok())
}

/// A duration in words and units.
pub fn duration(value: &DeValue<'_>) -> Result<SignedDuration, Wrong> {
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
pub fn size(value: &DeValue<'_>) -> Result<u64, Wrong> {
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

/// A mail address.
pub fn address(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    match lettre::Address::from_str(&text) {
        Ok(address) if text.is_ascii() => Ok(address.to_string()),
        Ok(_) | Err(_) => Err(wrong(
            format!("is {}, which is not an address", quoted(&text)),
            "write the bare address, user@example.org",
        )),
    }
}

/// A name and an address.
pub fn person(value: &DeValue<'_>) -> Result<Person, Wrong> {
    let text = text(value)?;
    match Mailbox::from_str(&text) {
        Ok(mailbox) if mailbox.email.to_string().is_ascii() => {
            Ok(Person { name: mailbox.name, address: mailbox.email.to_string() })
        }
        Ok(_) | Err(_) => Err(wrong(
            format!("is {}, which is not a person's address", quoted(&text)),
            "write it as \"Name <user@example.org>\"",
        )),
    }
}

/// A host's name or address; an IPv6 address without brackets.
pub fn host(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let is_name = || {
        text.len() <= 253
            && text.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            })
    };
    if IpAddr::from_str(&text).is_ok() || is_name() {
        Ok(text)
    } else {
        Err(wrong(
            format!("is {}, which is not a host", quoted(&text)),
            "write the name alone, imap.example.org; the port has a key of its own",
        ))
    }
}

/// Whether a host is this machine, by its name: `localhost`, or a loopback address.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = bare.to_ascii_lowercase();
    match IpAddr::from_str(bare) {
        Ok(address) => address.to_canonical().is_loopback(),
        // RFC 6761, section 6.3.
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// How a connection is protected.
pub fn tls(value: &DeValue<'_>) -> Result<Tls, Wrong> {
    choice(value, &[("implicit", Tls::Implicit), ("starttls", Tls::Starttls), ("none", Tls::None)])
}

/// What the bot does with the world.
pub fn mode(value: &DeValue<'_>) -> Result<Mode, Wrong> {
    choice(value, &[("live", Mode::Live), ("shadow", Mode::Shadow)])
}

/// A scheme to fetch by.
pub fn scheme(value: &DeValue<'_>) -> Result<String, Wrong> {
    let schemes = ["https", "http", "git", "ssh"].map(|scheme| (scheme, scheme));
    choice(value, &schemes).map(str::to_owned)
}

fn choice<T: Copy>(value: &DeValue<'_>, choices: &[(&str, T)]) -> Result<T, Wrong> {
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
pub fn suggestion<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
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

/// A URL by which git reads: its own scheme, a host, no password.
pub fn git_url(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let url = absolute(&text, &["https", "http", "git", "ssh"])?;
    if url.password().is_some() || (!url.username().is_empty() && url.scheme() != "ssh") {
        return Err(with_userinfo());
    }
    Ok(text)
}

/// A URL of GitLab's, without a slash at its end.
pub fn web_url(value: &DeValue<'_>) -> Result<Url, Wrong> {
    let text = text(value)?;
    let url = absolute(text.trim_end_matches('/'), &["https", "http"])?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(with_userinfo());
    }
    Ok(url)
}

fn with_userinfo() -> Wrong {
    wrong(
        "has a user name or password in it",
        "remove it: the token has a key of its own, and URLs are shown in logs and letters",
    )
}

fn absolute(text: &str, schemes: &[&str]) -> Result<Url, Wrong> {
    let is = || format!("is {}, which is not a URL that can be used", quoted(text));
    let help = || format!("write it whole, as {}://host/path", schemes[0]);
    let url = Url::parse(text).map_err(|_| wrong(is(), help()))?;
    if !schemes.contains(&url.scheme()) {
        return Err(wrong(is(), format!("use one of the schemes {}", schemes.join(", "))));
    }
    let plain = url.host_str().is_some_and(|host| !host.is_empty())
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url) } else { Err(wrong(is(), help())) }
}

/// A GitLab project's path or number.
pub fn project(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && !part.ends_with(".git")
            && !part.starts_with('.')
    };
    let is_path = text.contains('/') && text.split('/').all(part);
    if is_path || text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(wrong(
            format!("is {}, which is not a project", quoted(&text)),
            "write its full path as its address has it, group/project, without \".git\"",
        ))
    }
}

/// A branch's name without `refs/heads/` (git-check-ref-format(1)).
pub fn branch(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    if text.starts_with("refs/") {
        let is = format!("is {}, a full ref", quoted(&text));
        return Err(wrong(is, "write the branch's name alone, without \"refs/heads/\""));
    }
    if is_branch(&text) {
        Ok(text)
    } else {
        Err(wrong(
            format!("is {}, which git does not take", quoted(&text)),
            "see git-check-ref-format",
        ))
    }
}

fn is_branch(text: &str) -> bool {
    git2::Branch::name_is_valid(text).unwrap_or(false) && text != "HEAD" && !text.starts_with('-')
}

/// A branch's name with placeholders: either none but `{target}`, or both of `{number}` and
/// `{attempt}`, so that no two attempts share a branch unless all do.
pub fn template(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let filled = fill(&text)?;
    let (number, attempt) = (text.contains("{number}"), text.contains("{attempt}"));
    if number != attempt {
        let missing = if number { "{attempt}" } else { "{number}" };
        return Err(wrong(
            format!("lacks {missing}, so that different attempts would share a branch"),
            format!("add {missing}, or write a literal name that all take turns on"),
        ));
    }
    if text.starts_with("refs/") || !is_branch(&filled) {
        return Err(wrong(
            format!("is {}, which gives no branch that git takes", quoted(&text)),
            "write a branch's name without \"refs/heads/\"; see git-check-ref-format",
        ));
    }
    Ok(text)
}

/// Whether a template gives one branch for everything.
pub fn is_single_slot(template: &str) -> bool {
    !template.contains("{number}")
}

fn fill(template: &str) -> Result<String, Wrong> {
    let filled =
        template.replace("{target}", "t").replace("{number}", "1").replace("{attempt}", "1");
    let Some(open) = filled.find(['{', '}']) else { return Ok(filled) };
    let rest = &filled[open..];
    let unknown = &rest[..rest.find('}').map_or(rest.len(), |close| close + 1)];
    let names = ["{target}", "{number}", "{attempt}"];
    let help = match suggestion(unknown, names.into_iter()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("there are {}", names.join(", ")),
    };
    Err(wrong(format!("has the unknown placeholder {}", quoted(unknown)), help))
}

/// A glob over host names.
pub fn host_glob(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    if text.contains(['/', ':', '@']) {
        let is = format!("is {}, which is more than a host", quoted(&text));
        return Err(wrong(is, "write the host alone, gitlab.com or *.example.org"));
    }
    match globset::Glob::new(&text) {
        Ok(_) => Ok(text.to_ascii_lowercase()),
        Err(error) => Err(wrong(
            format!("is {}, which is not a pattern: {}", quoted(&text), error.kind()),
            "write a host, with * and ? where anything may stand",
        )),
    }
}

/// An IP address.
pub fn ip(value: &DeValue<'_>) -> Result<IpAddr, Wrong> {
    let text = text(value)?;
    IpAddr::from_str(&text).map_err(|_| {
        wrong(
            format!("is {}, which is not an IP address", quoted(&text)),
            "write 192.0.2.1 or 2001:db8::1",
        )
    })
}

/// A List-Id without its brackets (RFC 2919).
pub fn list_id(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    if text.contains(['<', '>', ' ']) {
        let is = format!("is {}, which has more than the identifier", quoted(&text));
        return Err(wrong(is, "write only what stands between \"<\" and \">\""));
    }
    Ok(text)
}

/// What a pipeline's variable holds.
pub fn variable(value: &DeValue<'_>) -> Result<String, Wrong> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            Err(wrong("is not a text", "GitLab's variables are texts: put it in quotes"))
        }
        DeValue::Array(_) | DeValue::Table(_) => Err(wrong("is not a text", "write a text")),
    }
}

/// What a pipeline's input holds: GitLab knows texts, numbers, flags and lists.
pub fn input(value: &DeValue<'_>) -> Result<serde_json::Value, Wrong> {
    let bad = || wrong("is nothing GitLab's inputs take", "write a text, number, flag or list");
    match value {
        DeValue::String(text) => Ok(text.as_ref().into()),
        DeValue::Boolean(flag) => Ok((*flag).into()),
        DeValue::Integer(_) => whole(value)?.map(Into::into).ok_or_else(bad),
        DeValue::Float(number) => {
            let number = number.as_str().parse::<f64>().ok();
            number.and_then(serde_json::Number::from_f64).map(Into::into).ok_or_else(bad)
        }
        DeValue::Array(list) => list
            .iter()
            .map(|each| input(each.get_ref()))
            .collect::<Result<Vec<_>, _>>()
            .map(Into::into),
        DeValue::Datetime(_) | DeValue::Table(_) => Err(bad()),
    }
}
