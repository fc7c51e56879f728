//! Takes a mail's subject apart: what stands in front, marks of answers and brackets, and its own
//! words behind that. It must not say what any of it asks for.

/// Something in front of a subject's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front<'a> {
    /// `Re:`, `RE[2]:`, and what mail programs write in other languages.
    Answer,
    /// `Fwd:` and the like.
    Forward,
    /// A bracket, without its marks.
    Bracket(&'a str),
}

/// A subject taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject<'a> {
    /// What stands in front, in order.
    pub(crate) front: Vec<Front<'a>>,
    /// The words behind.
    pub(crate) rest: &'a str,
}

impl<'a> Subject<'a> {
    /// Takes a subject apart that is decoded and unfolded.
    pub(crate) fn of(subject: &'a str) -> Self {
        let mut front = Vec::new();
        let mut rest = subject.trim();
        while let Some((found, after)) =
            mark(rest).or_else(|| bracket(rest)).or_else(|| half_bracket(rest))
        {
            front.push(found);
            rest = after;
        }
        Self { front, rest }
    }
}

/// A subject without the marks of answers in front; brackets and what they hold stay.
pub(crate) fn without_answer_marks(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((Front::Answer, after)) = mark(rest).filter(|_| !rest.starts_with('[')) {
        rest = after;
    }
    rest
}

const ANSWERS: [&str; 21] = [
    "re",
    "r",
    "aw",
    "antw",
    "antwort",
    "sv",
    "vs",
    "vá",
    "odp",
    "rif",
    "réf",
    "ynt",
    "отв",
    "ответ",
    "回复",
    "答复",
    "回覆",
    "返信",
    "답장",
    "automatic reply",
    "autoreply",
];

/// Not `fs`, `enc` or `ref`, which people also write as names of what they change.
const FORWARDS: [&str; 14] = [
    "fw",
    "fwd",
    "rv",
    "wg",
    "vb",
    "vl",
    "tr",
    "ilt",
    "i\u{307}lt",
    "doorst",
    "转发",
    "轉寄",
    "転送",
    "전달",
];

/// A mark with its colon, perhaps in a bracket that goes on behind it: `[Fwd: [PULL] x]`.
fn mark(text: &str) -> Option<(Front<'_>, &str)> {
    let inner = text.strip_prefix('[').unwrap_or(text);
    let (word, after) = inner.split_once([':', '：'])?;
    let word = without_count(word.trim_end()).trim_end().to_lowercase();
    let front = if ANSWERS.contains(&word.as_str()) {
        Front::Answer
    } else if FORWARDS.contains(&word.as_str()) {
        Front::Forward
    } else {
        return None;
    };
    Some((front, after.trim_start()))
}

/// A mark without the count of answers behind it: `Re[2]`, `Re(2)`, `Re^2`.
fn without_count(word: &str) -> &str {
    let counts = |text: &str| !text.is_empty() && text.chars().all(char::is_numeric);
    let closed = |open, close| word.strip_suffix(close).and_then(|word| word.rsplit_once(open));
    let found = closed('[', ']').or_else(|| closed('(', ')')).or_else(|| word.rsplit_once('^'));
    found.filter(|(_, count)| counts(count)).map_or(word, |(word, _)| word)
}

fn bracket(text: &str) -> Option<(Front<'_>, &str)> {
    let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
    (!inside.contains('[')).then(|| (Front::Bracket(inside), behind(after)))
}

/// `GIT PULL] …`: the opening bracket is missing.
fn half_bracket(text: &str) -> Option<(Front<'_>, &str)> {
    let (inside, after) = text.split_once(']')?;
    let lower = inside.to_ascii_lowercase();
    let word = lower.strip_prefix("git").map(|rest| rest.trim_start_matches([' ', ',', '_', '-']));
    let more = word.unwrap_or(&lower).strip_prefix("pull")?;
    let is_word = !more.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let fits = is_word && !more.contains('[') && more.chars().count() <= 40;
    fits.then(|| (Front::Bracket(inside), behind(after)))
}

fn behind(bracket: &str) -> &str {
    let after = bracket.trim_start();
    after.strip_prefix(':').unwrap_or(after).trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_front_is_told_from_the_words_behind() {
        use Front::{Answer, Bracket, Forward};
        let cases: [(&str, &[Front<'_>], &str); 8] = [
            ("[list] Re: [PULL v2] x", &[Bracket("list"), Answer, Bracket("PULL v2")], "x"),
            ("RE[2]: AW: x", &[Answer, Answer], "x"),
            ("[Fwd: [PULL] x]", &[Forward, Bracket("PULL")], "x]"),
            ("Re^2: Re(3) : x", &[Answer, Answer], "x"),
            ("GIT PULL] x", &[Bracket("GIT PULL")], "x"),
            ("[PULL]: a: b", &[Bracket("PULL")], "a: b"),
            ("Ответ：x", &[Answer], "x"),
            ("fs: pull request [a [b] c", &[], "fs: pull request [a [b] c"),
        ];
        for (subject, front, rest) in cases {
            assert_eq!(Subject::of(subject), Subject { front: front.into(), rest }, "{subject}");
        }
    }

    #[test]
    fn only_marks_of_answers_are_taken_off() {
        for (subject, rest) in [
            ("RE: Re: [list] [PULL] x", "[list] [PULL] x"),
            ("Re[2]: AW: [PULL] x", "[PULL] x"),
            ("Re: Fwd: x", "Fwd: x"),
            ("PULL: a thing", "PULL: a thing"),
        ] {
            assert_eq!(without_answer_marks(subject), rest);
        }
    }
}
