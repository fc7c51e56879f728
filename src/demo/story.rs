//! The words on the screen while the demo runs: who does what, and how a thread reads in a mail
//! reader. Pure functions; they must not print, and must not trust what a mail says: control
//! characters never reach the terminal.

use std::collections::HashMap;
use std::time::Duration;

use mail_parser::{Address, HeaderValue, Message, MessageParser};

const WIDTH: usize = 80;
/// Room for the name of who acts.
const WHO: usize = 12;
/// Room for the sender in a thread's index.
const SENDER: usize = 18;

/// What somebody did, with the seconds since the story began. It ends with a line end; what does
/// not fit in 80 columns goes on under its own beginning.
pub(crate) fn event(since: Duration, who: &str, what: &str) -> String {
    let start = format!("{:>6.2} s  {:<WHO$}  ", since.as_secs_f64(), clean(who));
    let hang = " ".repeat(start.chars().count());
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(&start)
        .subsequent_indent(&hang)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    format!("{}\n", textwrap::fill(&clean(what).replace('\n', " "), options))
}

/// A heading with a rule to the right edge.
pub(crate) fn heading(title: &str) -> String {
    let title = clean(title).replace('\n', " ");
    let rest = WIDTH.saturating_sub(textwrap::core::display_width(&title) + 4);
    format!("── {title} {}\n", "─".repeat(rest))
}

/// A mail as a reader shows it: the headers that matter, and the text, decoded, behind a bar.
pub(crate) fn mail(bytes: &[u8]) -> String {
    let Some(mail) = MessageParser::default().parse(bytes) else {
        return "│ (a mail that can't be read)\n".to_owned();
    };
    let date = mail.date().map(mail_parser::DateTime::to_rfc822);
    let headers = [
        ("From", mail.from().map(people)),
        ("To", mail.to().map(people)),
        ("Cc", mail.cc().map(people)),
        ("Date", date),
        ("Subject", mail.subject().map(str::to_owned)),
        ("In-Reply-To", first_id(mail.in_reply_to()).map(|id| format!("<{id}>"))),
    ];
    let mut out = String::new();
    for (name, value) in headers {
        if let Some(value) = value {
            out.push_str(&barred(&format!("{name}: {}", clean(&value).replace('\n', " "))));
        }
    }
    out.push_str("│\n");
    let text = mail.body_text(0).unwrap_or_default();
    for line in clean(text.trim_end()).lines() {
        out.push_str(&barred(line));
    }
    out
}

/// The index of some mails as threads, one line a mail, answers under what they answer.
pub(crate) fn index<M: AsRef<[u8]>>(mails: &[M]) -> String {
    let mails: Vec<_> =
        mails.iter().filter_map(|mail| MessageParser::default().parse(mail.as_ref())).collect();
    let parents = parents(&mails);
    let mut out = String::new();
    for (number, parent) in parents.iter().enumerate() {
        if parent.is_none() {
            tree(&mails, &parents, number, "", "", &mut out);
        }
    }
    out
}

/// For each mail the one that it answers, if that stands before it in the list: so a circle of
/// forged headers is no circle here.
fn parents(mails: &[Message<'_>]) -> Vec<Option<usize>> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut parents = Vec::with_capacity(mails.len());
    for (number, mail) in mails.iter().enumerate() {
        let nearest = first_id(mail.in_reply_to()).into_iter().chain(ids(mail.references()).rev());
        parents.push(nearest.filter_map(|id| known.get(id).copied()).next());
        if let Some(id) = mail.message_id() {
            known.entry(id).or_insert(number);
        }
    }
    parents
}

fn tree(
    mails: &[Message<'_>],
    parents: &[Option<usize>],
    number: usize,
    arrow: &str,
    below: &str,
    out: &mut String,
) {
    let mail = &mails[number];
    let subject = clean(mail.subject().unwrap_or("(no subject)")).replace('\n', " ");
    let line = format!("{:<SENDER$}  {arrow}{subject}", sender(mail));
    out.push_str(&cut(line.trim_end(), WIDTH));
    out.push('\n');
    let answers: Vec<_> = (0..mails.len()).filter(|&at| parents[at] == Some(number)).collect();
    for (at, &answer) in answers.iter().enumerate() {
        let (arrow, bar) =
            if at + 1 < answers.len() { ("├─> ", "│   ") } else { ("└─> ", "    ") };
        let (arrow, bar) = (format!("{below}{arrow}"), format!("{below}{bar}"));
        tree(mails, parents, answer, &arrow, &bar, out);
    }
}

/// The sender's name, else the address, in the room that there is.
fn sender(mail: &Message<'_>) -> String {
    let first = mail.from().and_then(|from| from.first());
    let called = first.and_then(|person| person.name().or(person.address())).unwrap_or("?");
    cut(&clean(called).replace('\n', " "), SENDER)
}

fn people(address: &Address<'_>) -> String {
    let one = |person: &mail_parser::Addr<'_>| match (person.name(), person.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    address.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn first_id<'a>(value: &'a HeaderValue<'_>) -> Option<&'a str> {
    ids(value).next()
}

/// The Message-IDs of a header, in order, without brackets.
fn ids<'a>(value: &'a HeaderValue<'_>) -> impl DoubleEndedIterator<Item = &'a str> {
    let one = value.as_text().filter(|_| value.as_text_list().is_none_or(|list| list.is_empty()));
    let many = value.as_text_list().unwrap_or_default();
    let many: Vec<&str> = many.iter().map(AsRef::as_ref).collect();
    let all = if many.is_empty() { one.into_iter().collect() } else { many };
    all.into_iter()
}

fn barred(line: &str) -> String {
    format!("{}\n", format!("│ {line}").trim_end())
}

/// The text's beginning, in that many columns.
fn cut(text: &str, columns: usize) -> String {
    if textwrap::core::display_width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for character in text.chars() {
        out.push(character);
        if textwrap::core::display_width(&out) >= columns {
            out.pop();
            break;
        }
    }
    format!("{out}…")
}

/// The text without what a terminal would obey: escape sequences, control characters but the line
/// end, and marks that turn the direction of writing.
fn clean(text: &str) -> String {
    strip_ansi_escapes::strip_str(text.replace('\t', "    "))
        .chars()
        .filter(|&character| {
            let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            character == '\n' || !(character.is_control() || turns)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_wrapped_under_its_own_beginning() {
        let what =
            "mails [PULL 0/2] Stats patches, and then the two patches, and then waits for it";
        let text = event(Duration::from_millis(1234), "Alice Arden", what);
        assert_eq!(
            text,
            "  1.23 s  Alice Arden   mails [PULL 0/2] Stats patches, and then the two\n\
             \u{20}                       patches, and then waits for it\n"
        );
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn a_heading_fills_the_line() {
        assert_eq!(heading("Zoë's thread\n").trim_end().chars().count(), WIDTH);
    }

    #[test]
    fn a_mail_is_shown_decoded_with_the_headers_that_matter() {
        let bytes = b"Received: from x\r\nFrom: =?UTF-8?q?Carol_Mu=C3=B1oz?= <c@x.example>\r\n\
            To: devel@lists.example\r\nCc: Bob <b@x.example>, d@x.example\r\n\
            Date: Mon, 2 Mar 2026 12:00:00 +0000\r\nSubject: Re: [PULL 0/1]\r\n Text\r\n\
            In-Reply-To: <a@x>\r\nContent-Type: text/plain; charset=UTF-8\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\n\
            Passed on =\r\nmaster.\r\n\r\n--=20\r\nJ=C3=B6rg\r\n";
        assert_eq!(
            mail(bytes),
            "│ From: Carol Muñoz <c@x.example>\n│ To: devel@lists.example\n\
             │ Cc: Bob <b@x.example>, d@x.example\n│ Date: Mon, 2 Mar 2026 12:00:00 +0000\n\
             │ Subject: Re: [PULL 0/1] Text\n│ In-Reply-To: <a@x>\n│\n\
             │ Passed on master.\n│\n│ --\n│ Jörg\n"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        let bytes = b"From: \x1b[31mEve <e@x.example>\r\nSubject: =?UTF-8?q?a=1B]0;t=07b?=\r\n\r\n\
            one\x1b[2Jtwo\x07\xe2\x80\xaethree\rfour\r\n";
        let shown = mail(bytes);
        assert!(
            !shown.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'),
            "{shown:?}"
        );
        assert!(shown.contains("onetwothree"), "{shown:?}");
        assert!(!event(Duration::ZERO, "a\x1b[0m", "b\x07").contains(['\x1b', '\x07']));
    }

    #[test]
    fn answers_stand_under_what_they_answer() {
        let letter = |id: &str, subject: &str, fields: &str| {
            format!(
                "From: Ann <a@x>\r\nMessage-ID: <{id}>\r\nSubject: {subject}\r\n{fields}\r\nx\r\n"
            )
        };
        let mails = [
            letter("1@x", "[PULL 0/2] s", ""),
            letter("2@x", "[PULL 1/2] a", "In-Reply-To: <1@x>\r\n"),
            letter("3@x", "Re: [PULL 1/2] a", "References: <1@x> <2@x>\r\n"),
            letter("4@x", "other", "In-Reply-To: <unknown@x>\r\n"),
            letter("5@x", "Re: [PULL 0/2] s", "In-Reply-To: <1@x>\r\nReferences: <1@x>\r\n"),
        ];
        let ann = format!("{:<SENDER$}  ", "Ann");
        assert_eq!(
            index(&mails),
            format!(
                "{ann}[PULL 0/2] s\n{ann}├─> [PULL 1/2] a\n{ann}│   └─> Re: [PULL 1/2] a\n\
                 {ann}└─> Re: [PULL 0/2] s\n{ann}other\n"
            )
        );
    }

    #[test]
    fn forged_circles_and_endless_subjects_end() {
        let circle = [
            "Message-ID: <1@x>\r\nIn-Reply-To: <2@x>\r\nSubject: a\r\n\r\n".to_owned(),
            "Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nSubject: b\r\n\r\n".to_owned(),
            format!(
                "Message-ID: <3@x>\r\nIn-Reply-To: <3@x>\r\nSubject: {}\r\n\r\n",
                "宽".repeat(99)
            ),
        ];
        let shown = index(&circle);
        assert_eq!(shown.lines().count(), 3);
        assert!(shown.lines().all(|line| textwrap::core::display_width(line) <= WIDTH), "{shown}");
    }
}
