//! Lines of text, each cleaned.

use crate::pull::clean;

/// What is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// Lines, each cleaned.
    pub(crate) lines: Vec<String>,
    /// A file that goes with them: its name, and its text.
    pub(crate) attached: Option<(String, String)>,
}

impl Rendered {
    /// All of it as one text.
    pub(crate) fn whole(&self) -> String {
        let lines = self.lines.join("\n");
        match &self.attached {
            Some((_, text)) => format!("{lines}\n\n{}", text.trim_end()),
            None => lines,
        }
    }

    pub(super) fn of(lines: Vec<String>) -> Self {
        Self { lines, attached: None }
    }

    pub(super) fn line(line: impl Into<String>) -> Self {
        Self::of(vec![line.into()])
    }
}

/// Text from outside on one line.
pub(super) fn safe(text: &str) -> String {
    clean::words(text)
}
