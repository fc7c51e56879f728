//! What is wrong with a configuration: all of it at once, each with its line, its key and what to
//! do. Nothing here may show a secret: the source is masked before it is kept.

use std::fmt;
use std::ops::Range;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, MietteError,
    MietteSpanContents, Report, SourceCode, SourceSpan, SpanContents,
};

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
#[derive(Clone, PartialEq, Eq)]
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
            .without_syntax_highlighting();
        let mut text = String::new();
        for problem in &self.list {
            let source = OneLine { file: self.file.clone(), text: self.masked.clone() };
            let report = Report::new(self.diagnostic(problem)).with_source_code(source);
            if handler.render_report(&mut text, report.as_ref()).is_err() {
                text.push_str(&self.plain(problem));
            }
            text.push('\n');
        }
        text
    }

    fn diagnostic(&self, problem: &Problem) -> MietteDiagnostic {
        let said = if problem.key.is_empty() {
            format!("{}: {}", self.file, problem.message)
        } else {
            format!("{}: {}", problem.key, problem.message)
        };
        let mut diagnostic = MietteDiagnostic::new(said);
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
        let start = text.floor_char_boundary(span.start);
        let end = text.ceil_char_boundary(span.end).max(start);
        let line = text[start..end].find('\n').map_or(end, |newline| start + newline);
        start..line
    }

    /// A problem in two halves: where and what, `config.toml:12: list.address: …`, and what to do.
    pub fn told(&self, problem: &Problem) -> (String, String) {
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

/// A source of which only the line with the problem is shown: the others may hold anything.
#[derive(Debug)]
struct OneLine {
    file: String,
    text: String,
}

impl SourceCode for OneLine {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        _lines_before: usize,
        _lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let at = self.text.floor_char_boundary(span.offset());
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[at..].find('\n').map_or(self.text.len(), |length| at + length);
        let above = self.text[..start].matches('\n').count();
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.clone(),
            &self.text.as_bytes()[start..end],
            (start, end - start).into(),
            above,
            0,
            1,
        )))
    }
}
