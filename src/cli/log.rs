//! The log on its way out: whatever a server or a mail said, an event stays one line of text, and
//! no terminal obeys it. It must not choose what is logged.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;

use crate::pull::clean;

/// Bytes of one event as text at most. In JSON an event is left whole: half of it is none.
const LONGEST: usize = 16 << 10;

/// Begins to log to standard error, as `GATEPOST_LOG` and `GATEPOST_LOG_FORMAT` say.
pub(crate) fn begin(subcommand: Option<&str>) {
    // Only the bot tells what it does; the other commands have their own words for it.
    let level = match subcommand {
        Some("run") => "info",
        Some("demo") => "error",
        _ => "warn",
    };
    let filter = EnvFilter::try_from_env("GATEPOST_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let is_json = std::env::var("GATEPOST_LOG_FORMAT").is_ok_and(|format| format == "json");
    let is_coloured = io::stderr().is_terminal() && !is_json;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || Lines::new(io::stderr(), is_coloured, !is_json))
        .with_target(false)
        .with_ansi(is_coloured);
    // Only what is told through `tracing`: the HTTP client's own records (`log`) have a server's
    // headers in them, and those may quote a token.
    let begun = if is_json {
        tracing::subscriber::set_global_default(log.json().finish())
    } else {
        tracing::subscriber::set_global_default(log.finish())
    };
    if let Err(error) = begun {
        eprintln!("gatepost: there is no log: {error}");
    }
}

/// A log's writer. Each write is one event with its line end, as `tracing_subscriber` writes.
#[derive(Debug)]
pub(crate) struct Lines<W> {
    out: W,
    is_coloured: bool,
    is_text: bool,
}

impl<W: Write> Lines<W> {
    /// Over another writer. Colours are the log's own: escapes in messages are gone before.
    pub(crate) fn new(out: W, is_coloured: bool, is_text: bool) -> Self {
        Self { out, is_coloured, is_text }
    }

    fn line(&self, event: &[u8]) -> String {
        let text = String::from_utf8_lossy(event);
        let is_kept = |c: char| c == '\u{1b}' && self.is_coloured;
        let fit = |c| if clean::is_unfit(c) && !is_kept(c) { ' ' } else { c };
        let mut line: String = text.trim_end_matches('\n').chars().map(fit).collect();
        if self.is_text && line.len() > LONGEST {
            line.truncate(line.floor_char_boundary(LONGEST));
            line.push('…');
        }
        line.push('\n');
        line
    }
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = self.line(event);
        self.out.write_all(line.as_bytes()).map(|()| event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(event: &str, is_coloured: bool, is_text: bool) -> String {
        let mut out = Vec::new();
        Lines::new(&mut out, is_coloured, is_text).write_all(event.as_bytes()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_event_is_one_line_that_no_terminal_obeys() {
        let event = "WARN a\r\n2026 INFO forged \u{1b}[2J\u{9b}31m\u{202e}b\u{200b}\n";
        assert_eq!(logged(event, false, true), "WARN a  2026 INFO forged  [2J 31m b \n");
        assert!(logged(event, true, true).contains("\u{1b}[2J"), "the log's own colours stay");
    }

    #[test]
    fn an_enormous_event_is_cut_as_text_and_whole_as_json() {
        let event = "é".repeat(1 << 20) + "\n";
        assert!(logged(&event, false, true).len() < LONGEST + 8);
        assert_eq!(logged(&event, false, false), event);
    }
}
