//! The configuration's text with everything blotted out that may be a secret, byte for byte as
//! long as before, so that places in it stay right. A value is shown only if it is whole, on its
//! key's own line, and the key is known and takes no secret: somebody may have mistyped
//! `password`, or written one inline. Names of keys and sections are shown.

use toml::de::DeTable;

use super::keys::{SECRET_SOURCE, SECTIONS};

/// The text, masked.
pub fn masked(text: &str) -> String {
    let mut inside = None;
    text.split_inclusive('\n').map(|line| masked_line(line, &mut inside)).collect()
}

/// A text that may be a URL, with what stands before the host's `@` masked.
pub fn without_userinfo(text: &str) -> String {
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

/// One line; `inside` are the quotes that close the multi-line string we are in.
fn masked_line(line: &str, inside: &mut Option<&'static str>) -> String {
    let was_inside = inside.is_some();
    follow_multiline(line, inside);
    if was_inside || line.trim_start().starts_with('#') {
        return blotted(line, |_| false);
    }
    if is_header(line) {
        return line.to_owned();
    }
    match line.split_once('=') {
        Some((key, value)) if is_key(key) && may_be_shown(key) => {
            format!("{key}={}", shown_value(value))
        }
        Some((key, value)) if is_key(key) => format!("{key}={}", secret_table(value)),
        Some(_) | None => secret_table(line),
    }
}

/// Notes whether a multi-line string begins or ends on this line.
fn follow_multiline(line: &str, inside: &mut Option<&'static str>) {
    for quotes in ["\"\"\"", "'''"] {
        let odd = line.matches(quotes).count() % 2 == 1;
        if odd && inside.is_none() {
            *inside = Some(quotes);
        } else if odd && *inside == Some(quotes) {
            *inside = None;
        }
    }
}

/// A value that may be shown, up to its end: what follows may be the next key's, its line break
/// lost.
fn shown_value(text: &str) -> String {
    const KEY: &str = "x=";
    let document = format!("{KEY}{text}");
    let end = DeTable::parse(&document).ok().and_then(|table| {
        table.get_ref().values().next().map(|value| value.span().end - KEY.len())
    });
    let (shown, rest) = text.split_at(end.filter(|&end| end <= text.len()).unwrap_or(0));
    without_userinfo(shown) + &blotted(rest, |_| false)
}

/// Keeps the braces and the known names of `{ file = "…" }`; blots out the rest.
fn secret_table(text: &str) -> String {
    let mut shown = vec![false; text.len()];
    for key in SECRET_SOURCE.keys {
        for (at, name) in text.match_indices(key.name) {
            let (before, after) = (text[..at].trim_end(), text[at + name.len()..].trim_start());
            if (before.ends_with('{') || before.ends_with(',')) && after.starts_with('=') {
                shown[at..at + name.len()].fill(true);
            }
        }
    }
    blotted(text, |at| shown[at])
}

/// Replaces all but structure and what `shown` keeps.
fn blotted(text: &str, shown: impl Fn(usize) -> bool) -> String {
    text.char_indices()
        .map(|(at, c)| {
            let structure = c.is_whitespace() || "{}[],=\"'#".contains(c);
            if structure || shown(at) { c.to_string() } else { "*".repeat(c.len_utf8()) }
        })
        .collect()
}

/// Whether this is a section's header and not the next line of an array.
fn is_header(line: &str) -> bool {
    let line = line.trim();
    let inner = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| {
        let inner = inner.strip_prefix('[').and_then(|i| i.strip_suffix(']')).unwrap_or(inner);
        !inner.is_empty() && is_key(inner)
    })
}

/// Whether this could be a bare, dotted key.
fn is_key(text: &str) -> bool {
    text.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b"_-. \t".contains(&b))
}

/// Whether each part of a dotted key is known, and the value of none must be hidden.
fn may_be_shown(dotted: &str) -> bool {
    let section = |part: &str| SECTIONS.iter().any(|section| section.name() == part);
    let mut keys = SECTIONS.iter().flat_map(|section| section.keys);
    let (above, last) = dotted.rsplit_once('.').unwrap_or(("", dotted));
    above.split('.').filter(|part| !part.is_empty()).all(|part| section(part.trim()))
        && keys.any(|key| key.name == last.trim() && key.may_be_shown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_blotted_out_and_nothing_moves() {
        for (text, shown) in [
            ("host = \"h\"", "host = \"h\""),
            ("password = \"abc\"", "password = \"***\""),
            ("password = abc", "password = ***"),
            ("pasword = 'é'", "pasword = '**'"),
            ("token = { file = \"x\" }", "token = { file = \"*\" }"),
            ("token = { flie = \"x\" }", "token = { **** = \"*\" }"),
            ("[account.password]\nvalue = \"x\"", "[account.password]\nvalue = \"*\""),
            ("password = \"\"\"\nhost = \"x\"\n\"\"\"", "password = \"\"\"\n**** = \"*\"\n\"\"\""),
            ("account.password = \"x\"", "account.password = \"*\""),
            ("password.host = \"x\"", "password.host = \"*\""),
            ("# old: x", "# **** *"),
            ("command = [\n\"a\",\n[\"b\"]]", "command = [\n\"*\",\n[\"*\"]]"),
            ("host = \"h\"\ntoken \"x\"", "host = \"h\"\n***** \"*\""),
            ("host = \"h\" token = \"x\"", "host = \"*\" ***** = \"*\""),
            ("host = \"h\" # x", "host = \"h\" # *"),
            ("hosts = [\"h\"]", "hosts = [\"h\"]"),
            ("url = \"https://u:p@h/x\"", "url = \"https://***@h/x\""),
        ] {
            assert_eq!(masked(text), shown);
            assert_eq!(masked(text).len(), text.len());
        }
    }
}
