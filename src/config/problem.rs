//! What is wrong with a configuration: all of it at once, each with its line, its key and what to
//! do. Nothing here may show a secret: nothing of the source is kept but where its lines end.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The key's dotted path, `list.address`; empty where the file as a whole is meant.
    pub(crate) key: String,
    /// What is wrong, without a full stop.
    pub(crate) message: String,
    /// What to do, without a full stop.
    pub(crate) help: Option<String>,
    /// Where, in bytes of the file.
    pub(crate) span: Option<Range<usize>>,
}

/// Everything that is wrong with one file, in its order.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Problems {
    file: String,
    line_ends: Vec<usize>,
    list: Vec<Problem>,
}

impl Problems {
    /// Gathers problems found in a file of that name and text.
    pub(crate) fn new(file: impl Into<String>, text: &str, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.span.as_ref().map_or(usize::MAX, |span| span.start));
        let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { file: file.into(), line_ends, list }
    }

    /// A problem with the file as a whole.
    pub(crate) fn whole(file: impl Into<String>, message: impl Into<String>, help: &str) -> Self {
        let problem = Problem {
            key: String::new(),
            message: message.into(),
            help: Some(help.to_owned()),
            span: None,
        };
        Self::new(file, "", vec![problem])
    }

    /// The problems, in the file's order; those without a place last.
    pub(crate) fn list(&self) -> &[Problem] {
        &self.list
    }

    /// The line a problem is on, from 1.
    pub(crate) fn line(&self, problem: &Problem) -> Option<usize> {
        let start = problem.span.as_ref()?.start;
        Some(self.line_ends.partition_point(|end| *end < start) + 1)
    }

    /// A problem in two halves: where and what, `config.toml:12: list.address: …`, and what to do.
    pub(crate) fn told(&self, problem: &Problem) -> (String, String) {
        let place = self.plain(&Problem { help: None, ..problem.clone() });
        (place, problem.help.clone().unwrap_or_default())
    }

    /// One line: `config.toml:12: list.address: what is wrong; what to do`.
    fn plain(&self, problem: &Problem) -> String {
        let mut line = self.file.clone();
        if let Some(number) = self.line(problem) {
            line.push_str(&format!(":{number}"));
        }
        if !problem.key.is_empty() {
            line.push_str(&format!(": {}", problem.key));
        }
        line.push_str(&format!(": {}", problem.message));
        if let Some(help) = &problem.help {
            line.push_str(&format!("; {help}"));
        }
        line
    }
}

impl fmt::Display for Problems {
    /// One plain line a problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.plain(problem))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Problems {}
