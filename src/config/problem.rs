//! What is wrong with a configuration: all of it at once, each with its line, its key and what to
//! do. Nothing here may show a secret: the source is masked before it is kept.

use std::fmt;
use std::ops::Range;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};

use super::mask;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key's dotted path, `list.address`; empty where the file as a whole is meant.
    pub key: String,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to do, without a full stop.
    pub help: Option<String>,
    /// Where, in bytes of the file.
    pub span: Option<Range<usize>>,
}

/// Everything that is wrong with one file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    file: String,
    masked: String,
    list: Vec<Problem>,
}

impl Problems {
    /// Gathers problems found in a file of that name and text.
    pub fn new(file: impl Into<String>, text: &str, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.span.as_ref().map_or(usize::MAX, |span| span.start));
        Self { file: file.into(), masked: mask::masked(text), list }
    }

    /// A problem with the file as a whole.
    pub fn whole(file: impl Into<String>, message: impl Into<String>, help: &str) -> Self {
        let problem = Problem {
            key: String::new(),
            message: message.into(),
            help: Some(help.to_owned()),
            span: None,
        };
        Self::new(file, "", vec![problem])
    }

    /// The problems, in the file's order; those without a place last.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// The line a problem is on, from 1.
    pub fn line(&self, problem: &Problem) -> Option<usize> {
        let start = problem.span.as_ref()?.start.min(self.masked.len());
        Some(self.masked.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1)
    }

    /// For people: each problem with its source line, underlined.
    pub fn render(&self, width: usize, colour: bool) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width)
            .with_context_lines(0)
            .without_syntax_highlighting();
        let mut text = String::new();
        for problem in &self.list {
            let report = miette::Report::new(self.diagnostic(problem))
                .with_source_code(NamedSource::new(&self.file, self.masked.clone()));
            if handler.render_report(&mut text, report.as_ref()).is_err() {
                text.push_str(&self.plain(problem));
            }
            text.push('\n');
        }
        text
    }

    fn diagnostic(&self, problem: &Problem) -> miette::MietteDiagnostic {
        let said = if problem.key.is_empty() {
            format!("{}: {}", self.file, problem.message)
        } else {
            format!("{}: {}", problem.key, problem.message)
        };
        let mut diagnostic = miette::MietteDiagnostic::new(said);
        if let Some(help) = &problem.help {
            diagnostic = diagnostic.with_help(help);
        }
        match &problem.span {
            Some(span) => {
                let span = self.first_line(span);
                diagnostic.with_label(LabeledSpan::underline(span))
            }
            None => diagnostic,
        }
    }

    /// A span cut at its first line's end, on character borders and inside the text.
    fn first_line(&self, span: &Range<usize>) -> Range<usize> {
        let text = &self.masked;
        let border = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (border(span.start), border(span.end.max(span.start)));
        let line = text[start..end].find('\n').map_or(end, |newline| start + newline);
        start..line
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

impl std::error::Error for Problems {}
