//! Finds the commands in a mail's text, as `control@bugs.debian.org` does: one a line, at the line's
//! start, until a line that ends them. It must not know who wrote the mail, nor carry anything out.
//!
//! People write around their commands. So quoted lines, code between fences and lines that look like
//! no command are passed over; only what is nearly a command is told as a mistake.

use super::quote;
use crate::pull::clean;
use crate::pull::command::named::sure;
use crate::pull::command::{BadCommand, Command, Named, parse};
use crate::pull::command_mail::LONGEST_LINE;

/// How many commands of one mail are read.
pub(crate) const MOST: usize = 20;

/// A running text that was wrapped stands on lines of about this many characters.
const WRAPPED_AT: usize = 58;

/// Underscores in a row at which a list's footer, or a line across the mail, begins.
const RULE: usize = 10;

/// Words that end the commands.
const ENDS: [&str; 5] = ["quit", "stop", "thanks", "thank", "--"];

/// How many further lines may belong to a wrapped command.
const FURTHER: usize = 4;

/// What stands in a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Commands {
    /// The commands, as they come.
    pub(crate) lines: Vec<Line>,
    /// Whether there are more than [`MOST`]; those are not read.
    pub(crate) more: bool,
}

/// A line that is a command, or nearly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// What was written, on one line, cleaned and cut.
    pub(crate) text: String,
    /// The command, or what to write instead.
    pub(crate) command: Result<Command, BadCommand>,
}

/// Reads the commands of a text. In an answer on a request's thread (`in_thread`) the request need
/// not be named.
pub(crate) fn commands(text: &str, in_thread: bool) -> Commands {
    let own = quote::own(text.trim_start_matches('\u{feff}'));
    let lines: Vec<&str> = own.lines().collect();
    let mut found = Commands::default();
    let mut fenced = false;
    let mut in_prose = false;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let continues_prose = std::mem::take(&mut in_prose);
        fenced ^= is_fence(line);
        if fenced || is_fence(line) || line.is_empty() || line.starts_with(char::is_whitespace) {
            continue;
        }
        if is_end(line) {
            break;
        }
        let (text, command, further) = whole(line, &lines[at..], in_thread);
        if continues_prose || is_prose(&text, &command, in_thread) {
            in_prose = is_wrapped(line);
            continue;
        }
        at += further;
        if found.lines.len() == MOST {
            found.more = true;
            break;
        }
        found.lines.push(Line { text: shortened(&text), command });
    }
    found
}

/// The one command of a subject; `None` if it has none.
pub(crate) fn in_subject(subject: &str, in_thread: bool) -> Option<Line> {
    let command = parse(without_address(subject), in_thread);
    // A subject is running text by nature: only what is a whole command is meant as one.
    command.ok().map(|command| Line { text: shortened(subject), command: Ok(command) })
}

/// Whether a mail on a list asks for a retest, `gatepost: retest`, and by a new merge (`fresh`).
pub(crate) fn retest_on_list(text: &str) -> Option<bool> {
    let own = quote::own(text);
    let mut fenced = false;
    own.lines().take_while(|line| !is_end(line)).find_map(|line| {
        fenced ^= is_fence(line);
        if fenced {
            return None;
        }
        let command = line.get(..9).filter(|begin| begin.eq_ignore_ascii_case("gatepost:"));
        match parse(line.get(command?.len()..)?, true) {
            Ok(Command::Retest { which: Named::Thread, fresh }) => Some(fresh),
            Ok(_) | Err(_) => None,
        }
    })
}

/// `gatepost: retest 12`, as on a list.
fn without_address(line: &str) -> &str {
    let addressed = line.get(..9).is_some_and(|begin| begin.eq_ignore_ascii_case("gatepost:"));
    if addressed { line[9..].trim_start() } else { line }
}

/// "Please retest 12". Of what takes a text, "Please note that", it is people's talk.
fn without_please(line: &str, in_thread: bool) -> &str {
    let Some((first, rest)) = line.split_once(' ') else { return line };
    let asks = ["please", "pls"].iter().any(|word| first.eq_ignore_ascii_case(word));
    let is_command = |rest: &str| parse(rest, in_thread).is_ok_and(|command| !command.row().text);
    if asks && is_command(rest) { rest.trim_start() } else { line }
}

fn is_fence(line: &str) -> bool {
    line.starts_with("```") || line.starts_with("~~~")
}

fn is_end(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    if first.len() >= RULE && first.bytes().all(|byte| byte == b'_') {
        return true;
    }
    let first = first.trim_end_matches([',', '.', '!', ';']).to_ascii_lowercase();
    ENDS.contains(&first.as_str())
}

/// Whether a line of running text goes on below, for all that can be seen.
fn is_wrapped(line: &str) -> bool {
    line.chars().count() >= WRAPPED_AT && !line.trim_end().ends_with(['.', ':', '!', '?'])
}

/// What is neither a command nor nearly one: people's words to each other, which may well begin like
/// a command.
fn is_prose(line: &str, command: &Result<Command, BadCommand>, in_thread: bool) -> bool {
    match command {
        Ok(_) => false,
        Err(BadCommand::Empty | BadCommand::Unknown { near: None, .. }) => true,
        // A command with one word mistyped; "Best regards" is no "test".
        Err(BadCommand::Unknown { near: Some(near), .. }) => {
            let mut words = line.split_whitespace();
            let mistyped = words.next().unwrap_or_default();
            let rest: Vec<&str> = words.collect();
            if rest.is_empty() {
                return mistyped.ends_with(',');
            }
            match parse(&format!("{near} {}", rest.join(" ")), in_thread) {
                // Anything may be a text: "Not sure" is no note.
                Ok(meant) => {
                    meant.row().text && rest.first().is_none_or(|word| sure(word).is_none())
                }
                Err(_) => true,
            }
        }
        Err(BadCommand::Arguments { .. }) => is_sentence(line),
    }
}

/// "Show me where that is, please?"
fn is_sentence(line: &str) -> bool {
    line.starts_with(char::is_uppercase)
        && line.trim_end().ends_with(['.', '!', '?'])
        && line.split_whitespace().count() >= 3
}

/// A command with what a mail program moved to the next lines; how many those are.
fn whole(
    line: &str,
    below: &[&str],
    in_thread: bool,
) -> (String, Result<Command, BadCommand>, usize) {
    let mut text = without_please(without_address(line), in_thread).to_owned();
    let mut last = line;
    let mut command = parse(&text, in_thread);
    let mut further = 0;
    while let Some(next) = below.get(further).filter(|_| further < FURTHER) {
        if !goes_on(&command, last, next, in_thread) {
            break;
        }
        // An address is broken at no blank; a mail program's own break stands for one.
        let joined = format!("{text} {}", next.trim());
        let longer = parse(&joined, in_thread);
        if command.is_ok() && longer.is_err() {
            break;
        }
        (text, command) = (joined, longer);
        last = next;
        further += 1;
    }
    (text, command, further)
}

/// Whether the next line belongs to a command: it is indented, the command lacks something, or a
/// running text was wrapped there.
fn goes_on(command: &Result<Command, BadCommand>, last: &str, next: &str, in_thread: bool) -> bool {
    if next.trim().is_empty() || is_end(next) || is_fence(next) {
        return false;
    }
    let row = match command {
        Ok(command) => command.row(),
        Err(BadCommand::Arguments { row, wants_more: true, .. }) => row,
        Err(_) => return false,
    };
    if next.starts_with(char::is_whitespace) {
        return true;
    }
    let next = without_address(next);
    let itself = parse(next, in_thread);
    if row.text && command.is_ok() {
        // A running text goes on with what is neither a command nor one mistyped.
        let is_command = match &itself {
            Ok(_) => true,
            Err(BadCommand::Unknown { .. }) => !is_prose(next, &itself, in_thread),
            Err(BadCommand::Empty | BadCommand::Arguments { .. }) => false,
        };
        return !is_command && last.chars().count() >= WRAPPED_AT;
    }
    command.is_err() && matches!(itself, Err(BadCommand::Unknown { .. } | BadCommand::Empty))
}

fn shortened(text: &str) -> String {
    let clean = clean::words(text);
    let end = (0..=clean.len().min(LONGEST_LINE)).rev().find(|end| clean.is_char_boundary(*end));
    clean[..end.unwrap_or(0)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ids::PullNumber;

    fn texts(text: &str) -> Vec<String> {
        commands(text, false).lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn one_command_a_line_until_a_line_that_ends_them() {
        for end in ["quit", "stop", "Thanks, Alice", "thank you", "--", "-- ", "____________"] {
            let text = format!("Hello bot,\n\nretest 3\ncancel 4\n{end}\napprove 5\n");
            assert_eq!(texts(&text), ["retest 3", "cancel 4"], "{end}");
        }
    }

    #[test]
    fn quotes_fences_and_indented_lines_are_no_commands() {
        let text =
            "> retest 1\n```\nretest 2\n```\n  retest 3\n| retest 4\nretest 5\n~~~\nretest 6\n";
        assert_eq!(texts(text), ["retest 5"]);
        // Some mail programs do not mark what they quote.
        let unmarked = "retest 5\n-----Original Message-----\nFrom: x\n\nretest 7\n";
        assert_eq!(texts(unmarked), ["retest 5"]);
    }

    #[test]
    fn what_is_nearly_a_command_is_told_and_prose_is_not() {
        let found = commands("I think that\nretset 3\nis what we want\napprove\n", false);
        let ok: Vec<_> = found.lines.iter().map(|line| line.command.is_ok()).collect();
        assert_eq!(ok, [false, false]);
        assert_eq!(found.lines[0].text, "retset 3");
    }

    #[test]
    fn words_to_people_are_no_commands_though_they_begin_like_one() {
        let talk = "Show me where that log is, please?\nTest machines are down today.\n\
                    List members have been told.\nHelp is on its way!\nBest regards\nBest,\n\
                    Not sure what happened there\n\
                    As long as the machines of s390x are away I think that we should\n\
                    pause it all.\n";
        assert_eq!(commands(talk, true), Commands::default());
        assert_eq!(texts("Please retest 3\npls status\n"), ["retest 3", "status"]);
        assert_eq!(commands("Please note that I am away.\nPlease.\n", true), Commands::default());
        // What ends a sentence is not wrapped, and who mistypes a command is told.
        let asked =
            "Hello bot, this failed because of the runner, so please do once more:\nretest 3";
        assert_eq!(texts(asked), ["retest 3"]);
        assert_eq!(texts("retset 3\nnoet 3 waits\nstats\nfreeze master until monday.\n").len(), 4);
    }

    #[test]
    fn a_wrapped_argument_is_joined_again() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let test = format!("test https://git.example.org/a/b.git staging {sha}");
        for wrapped in [
            format!("test\nhttps://git.example.org/a/b.git staging\n{sha}\nstatus\n"),
            format!("test https://git.example.org/a/b.git\n  staging {sha}\nstatus\n"),
        ] {
            assert_eq!(texts(&wrapped), [test.as_str(), "status"]);
        }
        let long = "refuse 12 This breaks the build on s390x and the people there\nasked for a respin.\n\nstatus";
        assert_eq!(texts(long).len(), 2);
        assert!(texts(long)[0].ends_with("asked for a respin."));
        let published =
            "refuse 12 This breaks the build on s390x, please mend that first\ncancle 13";
        assert_eq!(texts(published).len(), 2, "a command that is mistyped is no reason");
        let long =
            "refuse 12 This breaks the build on s390x, and the people there\nshow no interest.";
        assert_eq!(texts(long).len(), 1);
        // What is whole does not go on, though the next line be indented.
        assert_eq!(texts("status\n  From here on it is for people.\n"), ["status"]);
        assert_eq!(texts("retest\n  fresh\n  12\n"), ["retest fresh 12"]);
        // A short line was not wrapped, and what is a command by itself is one.
        assert_eq!(texts("note 12 waits\nfor alice\n"), ["note 12 waits"]);
        assert_eq!(texts("approve\nstatus\n"), ["approve", "status"]);
    }

    #[test]
    fn only_so_many_are_read() {
        let found = commands(&"status\n".repeat(MOST + 1), false);
        assert_eq!((found.lines.len(), found.more), (MOST, true));
        let found = commands(&"status\n".repeat(MOST), false);
        assert_eq!((found.lines.len(), found.more), (MOST, false));
        let long = commands(&format!("note 12 {}", "ä".repeat(900)), false);
        assert!(long.lines[0].text.len() <= LONGEST_LINE);
    }

    #[test]
    fn a_subject_is_a_command_only_as_a_whole() {
        assert!(in_subject("retest 12", false).is_some());
        for subject in ["Re: retest 12", "approve", "A question", "", "[PULL 0/3] x"] {
            assert_eq!(in_subject(subject, false), None, "{subject}");
        }
    }

    #[test]
    fn on_a_list_only_a_retest_counts_and_only_if_the_bot_is_named() {
        assert_eq!(retest_on_list("Flaky, sorry.\nGatepost: retest\n"), Some(false));
        assert_eq!(retest_on_list("gatepost: retest fresh\n"), Some(true));
        for text in [
            "retest\n",
            "> gatepost: retest\n",
            "gatepost: cancel\n",
            "gatepost: retest 12\n",
            "thanks\ngatepost: retest\n",
            "Write:\n```\ngatepost: retest\n```\n",
            " gatepost: retest\n",
        ] {
            assert_eq!(retest_on_list(text), None, "{text}");
        }
        let named = Command::Retest { which: Named::Pull(PullNumber(3)), fresh: false };
        assert_eq!(commands("gatepost: retest 3", false).lines[0].command, Ok(named));
    }
}
