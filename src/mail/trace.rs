//! A CI job's raw trace into lines fit for a letter, and the few of them that a maintainer wants.
//! It must not trust the trace: whoever wrote the tested code wrote it.
//!
//! What a GitLab runner adds is known from its documentation: ANSI colours, `section_start` and
//! `section_end` markers, since runner 18 a time and stream before each line, and closing lines
//! about artifacts and cleaning up.

use std::sync::LazyLock;

use regex::Regex;

use crate::pull::clean::is_unfit;

/// The longest line, in characters.
const LONGEST_LINE: usize = 300;

/// The closing part begins at most this many lines before the end.
const LONGEST_CLOSING: usize = 80;

/// `2026-11-22T11:00:00.123456Z 00O `: time, stream, and `+` where the line goes on with the one
/// before.
static TIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z [0-9a-f]{2}[OE]([ +]|$)"));

static SECTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"section_(?:start|end):\d+:[A-Za-z0-9_.\-]+(?:\[[^\]\r\n]*\])?(?:\r?\x1b\[0K|\r|$)")
});

/// Whole lines with which the runner's work after the script begins.
static OPENING_OF_THE_END: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:Running after_script|Saving cache for (?:failed|successful) job|",
        r"Uploading artifacts for (?:failed|successful) job|Uploading artifacts\.\.\.|",
        r"Cleaning up project directory and file based variables)$"
    ))
});

static VERDICT: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"^ERROR: Job failed\b"));

static SCRIPT: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"^Executing "(?:step|build)_script" stage of the job script$"#));

/// All lines of a trace, cleaned: no escapes, markers, times or control characters, progress bars
/// in their last state, each at most 300 characters. Any bytes are taken.
pub(crate) fn clean(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        match without_time(line) {
            (rest, true) if !lines.is_empty() => {
                if let Some(last) = lines.last_mut() {
                    last.push_str(rest);
                }
            }
            (rest, _) => lines.push(rest.to_owned()),
        }
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.iter().filter_map(|line| clean_line(line)).collect()
}

/// The excerpt for a letter, at most `max` lines of what [`clean`] gave: the end of the script's
/// own output, then the runner's verdict if it wrote one. No blank lines at either end, never two
/// in a row.
pub(crate) fn tail(lines: &[String], max: usize) -> Vec<String> {
    let verdict = lines.iter().rposition(|line| matches(&VERDICT, line));
    let lately = lines.len().saturating_sub(LONGEST_CLOSING);
    let script = lines.iter().rposition(|line| matches(&SCRIPT, line)).map_or(0, |at| at + 1);
    let from = lately.max(script);
    let closing = lines[from..].iter().position(|line| matches(&OPENING_OF_THE_END, line));
    let end = closing.map(|at| from + at).or(verdict).unwrap_or(lines.len());
    let start = if script < end { script } else { 0 };
    let mut kept: Vec<String> = Vec::new();
    for line in &lines[start..end] {
        let follows_blank = kept.last().is_none_or(String::is_empty);
        if !(line.is_empty() && follows_blank || matches(&VERDICT, line)) {
            kept.push(line.clone());
        }
    }
    while kept.last().is_some_and(String::is_empty) {
        kept.pop();
    }
    let room = max.saturating_sub(usize::from(verdict.is_some()));
    kept.drain(..kept.len().saturating_sub(room));
    if kept.first().is_some_and(String::is_empty) {
        kept.remove(0);
    }
    kept.extend(verdict.map(|at| lines[at].clone()));
    kept.truncate(max);
    kept
}

/// The line without the runner's time, and whether it goes on with the line before.
fn without_time(line: &str) -> (&str, bool) {
    let found = TIME.as_ref().and_then(|time| time.captures(line));
    match found.and_then(|found| Some((found.get(0)?.end(), found.get(1)?.as_str() == "+"))) {
        Some((end, goes_on)) => (&line[end..], goes_on),
        None => (line, false),
    }
}

/// One line; `None` if it held nothing but the runner's markers.
fn clean_line(line: &str) -> Option<String> {
    let unmarked = match SECTION.as_ref() {
        Some(section) => section.replace_all(line, ""),
        None => line.into(),
    };
    let marked = unmarked.len() != line.len();
    let shown = last_state(&unmarked).replace('\t', "        ");
    let plain = strip_ansi_escapes::strip_str(shown);
    let plain: String = plain.chars().filter(|&c| !is_unfit(c)).collect();
    let plain = cut(plain.trim_end());
    if marked && plain.is_empty() { None } else { Some(plain) }
}

/// What a terminal would show of a line with carriage returns: roughly, its last part with text.
fn last_state(line: &str) -> &str {
    let parts = line.rsplit('\r').map(|part| without_time(part).0);
    let mut shown = parts.filter(|part| !strip_ansi_escapes::strip_str(part).trim().is_empty());
    shown.next().unwrap_or_default()
}

fn cut(line: &str) -> String {
    if line.chars().count() <= LONGEST_LINE {
        return line.to_owned();
    }
    line.chars().take(LONGEST_LINE - 1).chain(['…']).collect()
}

fn matches(pattern: &LazyLock<Option<Regex>>, line: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(line))
}

/// A pattern of this file; a test shows that each one compiles.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        clean(text.as_bytes())
    }

    #[test]
    fn the_patterns_compile() {
        for pattern in [&TIME, &SECTION, &OPENING_OF_THE_END, &VERDICT, &SCRIPT] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn colours_markers_and_times_go() {
        let raw = "2026-11-22T11:00:00.123456Z 00O section_start:1795345200:step_script\
                   [collapsed=true]\r\x1b[0K\x1b[36;1mExecuting\x1b[0;m\n\
                   2026-11-22T11:00:01.123456Z 01E \x1b[31;1mboom\x1b[0;m\n\
                   2026-11-22T11:00:01.123456Z 00O \n\
                   2026-11-22T11:00:02.123456Z 00O section_end:1795345202:step_script\r\x1b[0K\n";
        assert_eq!(lines(raw), ["Executing", "boom", ""]);
    }

    #[test]
    fn a_continued_line_is_joined() {
        let raw = "2026-11-22T11:00:00.1Z 00O half a \n2026-11-22T11:00:00.2Z 00O+line\nnext\n";
        assert_eq!(lines(raw), ["half a line", "next"]);
        let orphan = "2026-11-22T11:00:00.2Z 00O+the rest of a cut line\n";
        assert_eq!(lines(orphan), ["the rest of a cut line"]);
    }

    #[test]
    fn a_progress_bar_keeps_its_last_state() {
        assert_eq!(lines("10%\r50%\r100%\nend\r\n\x1b[2K\r\n"), ["100%", "end", ""]);
    }

    #[test]
    fn bytes_that_are_no_text_and_characters_that_deceive_do_no_harm() {
        assert_eq!(clean(b"a\xff\xfeb\n"), ["a\u{fffd}\u{fffd}b"]);
        assert_eq!(lines("a\u{202e}b\u{2066}c\u{7}d\u{200b}\u{9b}e\tf"), ["abcde        f"]);
        assert_eq!(lines("\x1b]0;title that never ends"), [""]);
        assert!(clean(b"").is_empty());
    }

    #[test]
    fn a_long_line_is_cut_by_characters() {
        let cut = lines(&"ä".repeat(5_000));
        assert_eq!(cut[0].chars().count(), 300);
        assert!(cut[0].ends_with('…'));
        assert_eq!(lines(&"ä".repeat(300))[0], "ä".repeat(300));
    }

    fn failed_job(script: &str, closing: &str) -> Vec<String> {
        lines(&format!(
            "Running with gitlab-runner 18.5.0\nGetting source from Git repository\n\
             Executing \"step_script\" stage of the job script\n{script}{closing}\
             Cleaning up project directory and file based variables\n\
             ERROR: Job failed: exit code 1\n\n"
        ))
    }

    #[test]
    fn the_excerpt_is_the_end_of_the_script_and_the_verdict() {
        let script: String = (1..=40).map(|n| format!("line {n}\n")).collect();
        let all = failed_job(&script, "");
        let excerpt = tail(&all, 15);
        assert_eq!(excerpt.len(), 15);
        assert_eq!(excerpt[0], "line 27");
        assert_eq!(excerpt[13..], ["line 40", "ERROR: Job failed: exit code 1"]);
    }

    #[test]
    fn a_short_script_brings_none_of_the_runners_opening() {
        let excerpt = tail(&failed_job("$ make check\n\n\n\nno rule\n\n", ""), 15);
        assert_eq!(excerpt, ["$ make check", "", "no rule", "ERROR: Job failed: exit code 1"]);
    }

    #[test]
    fn artifacts_and_what_runs_after_are_left_out() {
        let closing = "Running after_script\nRunning after script...\n$ du -sh\n1G\n\
                       Uploading artifacts for failed job\nUploading artifacts...\n\
                       logs/: found 12 matching artifact files and directories\n";
        let excerpt = tail(&failed_job("FAIL: t1\n", closing), 15);
        assert_eq!(excerpt, ["FAIL: t1", "ERROR: Job failed: exit code 1"]);
    }

    #[test]
    fn a_runner_that_failed_before_the_script_is_quoted_too() {
        let raw = "Preparing the docker executor\nERROR: Job failed (system failure): no image\n\
                   ERROR: Job failed (system failure): no image\n";
        assert_eq!(
            tail(&lines(raw), 15),
            ["Preparing the docker executor", "ERROR: Job failed (system failure): no image"]
        );
    }

    #[test]
    fn odd_sizes_are_kept() {
        let all = failed_job("a\nb\n", "");
        assert_eq!(tail(&all, 1), ["ERROR: Job failed: exit code 1"]);
        assert!(tail(&all, 0).is_empty());
        assert!(tail(&[], 15).is_empty());
        let bare: Vec<String> = vec!["a".into(), String::new(), "b".into(), String::new()];
        assert_eq!(tail(&bare, 15), ["a", "", "b"]);
    }

    #[test]
    fn a_silent_script_leaves_what_the_runner_said() {
        let excerpt = tail(&failed_job("", ""), 15);
        assert_eq!(excerpt.last().unwrap(), "ERROR: Job failed: exit code 1");
        assert!(excerpt.len() > 1);
    }
}
