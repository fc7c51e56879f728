//! Tells a mail's own words from those it quotes or forwards. It must not look for requests.

use std::sync::LazyLock;

use regex::Regex;

use super::subject::pattern;

/// `>` and `|`, with the writer's initials in front or not: `> `, `AM> `.
static QUOTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"^\s*(?:[A-Za-z]{1,3}>|[>|\u{FF1E}])"));
/// The line that mail programs put above what they forward; a clear signature puts `- ` before it
/// (RFC 9580, section 7.2).
static FORWARD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s*(?:-\s)?(?:[-_]{2,}\s*(?:forwarded|weitergeleitete)\s+(?:message|mail|e-mail|nachricht|by)\b.*|begin\s+forwarded\s+message\s*:?\s*)$",
    )
});
/// The line that some put above what they answer, without marking its lines.
static ORIGINAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s*(?:-\s)?[-_]{2,}\s*(?:original|urspr\S{1,3}ngliche)\s+(?:message|mail|e-mail|nachricht)\b.*$",
    )
});
/// A header that a mail program copies above what is answered, in the words of its user's language.
static FROM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)^[\s*]*(?:from|von|de|da|van|från|fra|от|发件人|寄件者|差出人)\s*[:：]\**\s*\S")
});
static WHEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)^[\s*]*(?:sent|date|to|gesendet|datum|an|envoyé|à|enviado|fecha|para|inviato|data|a|verzonden|aan|skickat|till|sendt|til|отправлено|дата|кому|发送时间|日期|收件人|送信日時|日時|宛先)\s*[:：]",
    )
});
static ABOUT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)^[\s*]*(?:subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|тема|主题|主旨|件名)\s*[:：]",
    )
});

/// Lines that the header copied above a forwarded mail may take.
const COPIED_HEADER: usize = 8;

/// The mail's own lines: quoted ones go, and all below the line that opens a forwarded mail;
/// indented ones stay. `>From ` is a line that an mbox had to mark (mbox(5)).
pub(super) fn own(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(lines.len());
    let end = (0..lines.len()).find(|at| is_other(&lines, *at, first)).unwrap_or(lines.len());
    kept(&lines[..end])
}

/// What the mail forwards without marking its lines; nothing if it forwards nothing.
pub(super) fn forwarded(text: &str) -> String {
    let mut lines = text.lines();
    match lines.find(|line| matches(&FORWARD, line)) {
        Some(_) => kept(&lines.collect::<Vec<_>>()),
        None => String::new(),
    }
}

fn kept(lines: &[&str]) -> String {
    let own = lines.iter().filter_map(|line| match line.strip_prefix(">From ") {
        Some(_) => Some(&line[1..]),
        None => (!matches(&QUOTED, line)).then_some(*line),
    });
    own.map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The text with the marks of quotes taken off, to see what was quoted.
pub(super) fn unmarked(text: &str) -> String {
    let mark = |line| {
        let mut line: &str = line;
        while let Some(found) = QUOTED.as_ref().and_then(|quoted| quoted.find(line)) {
            line = &line[found.end()..];
        }
        line
    };
    text.lines().map(mark).collect::<Vec<_>>().join("\n")
}

/// Whether another mail begins at that line: its separator, or a copied header, which is no header
/// of the mail's own if something stands above it (`first`: the first line with something on it).
fn is_other(lines: &[&str], at: usize, first: usize) -> bool {
    if matches(&FORWARD, lines[at]) || matches(&ORIGINAL, lines[at]) {
        return true;
    }
    if at <= first || !matches(&FROM, lines[at]) {
        return false;
    }
    let below = lines[at + 1..].iter().take(COPIED_HEADER);
    let header: Vec<&str> = below.copied().take_while(|line| !line.trim().is_empty()).collect();
    header.iter().any(|line| matches(&WHEN, line))
        && header.iter().any(|line| matches(&ABOUT, line))
}

fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for one in [&QUOTED, &FORWARD, &ORIGINAL, &FROM, &WHEN, &ABOUT] {
            assert!(one.is_some());
        }
    }

    #[test]
    fn quoted_lines_go_and_indented_ones_stay() {
        assert_eq!(own("a\n> b\n  > c\nAM> d\n| e\n   f  \n>From g"), "a\n   f\nFrom g");
        assert_eq!(unmarked("> > a\nAM> b\nc"), " a\n b\nc");
    }

    #[test]
    fn what_is_forwarded_is_not_own() {
        for line in [
            "---------- Forwarded message ---------",
            "-----Original Message-----",
            "-------- Forwarded Message --------",
            "Begin forwarded message:",
            "From: Alice\nSent: Friday\nSubject: x",
            "*From:* Alice\n*Date:* Friday\n*Subject:* x",
            "Von: Alice\nGesendet: Freitag\nAn: Bob\nBetreff: x",
            "De : Alice\nEnvoyé : vendredi\nObjet : x",
            "发件人：Alice\n发送时间：星期五\n主题：x",
        ] {
            assert_eq!(own(&format!("a\n{line}\n\nb")), "a", "{line}");
        }
        assert_eq!(forwarded("a\n---- Forwarded message ----\nb\n> c"), "b");
        assert_eq!(forwarded("a\nb"), "");
        let own_header = "From: Alice\nDate: Friday\nSubject: x\n\nb";
        assert_eq!(own(own_header), own_header);
        assert_eq!(own("a\nFrom: Alice\n\nSubject: b"), "a\nFrom: Alice\n\nSubject: b");
    }
}
