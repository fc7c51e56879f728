//! One section of the file, read key by key. Every problem is noted and reading goes on: a value
//! is `None` only after its problem was noted, so a section may stop with `?` once all its keys
//! were read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use super::keys::{Key, Presence, SECTIONS, Section};
use super::problem::Problem;
use super::value::{self, Wrong, suggestion};

/// What reading one file shares.
pub(crate) struct Reading<'a> {
    /// The world around it.
    pub(crate) environment: &'a dyn Environment,
    /// The file's folder: where relative paths start.
    pub(crate) folder: &'a Path,
    /// What was found wrong so far.
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Reading<'a> {
    /// Begins.
    pub(crate) fn new(environment: &'a dyn Environment, folder: &'a Path) -> Self {
        Self { environment, folder, problems: RefCell::default() }
    }

    /// Notes a problem.
    pub(crate) fn note(
        &self,
        key: impl Into<String>,
        span: Option<Range<usize>>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.borrow_mut().push(Problem {
            key: key.into(),
            message: message.into(),
            help: Some(help.into()),
            span,
        });
    }

    /// What was found wrong.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// A section as the file has it.
pub(crate) struct Table<'a> {
    /// What it is part of.
    pub(crate) reading: &'a Reading<'a>,
    section: &'static Section,
    path: String,
    span: Option<Range<usize>>,
    entries: Option<&'a DeTable<'a>>,
    /// Keys that a misspelt one stands for: they are not missing besides.
    misspelt: BTreeSet<&'static str>,
    /// Whether it has keys that there are none of.
    strange: bool,
}

impl<'a> Table<'a> {
    /// Takes a table of the file and notes the keys that the section does not have.
    pub(crate) fn new(
        reading: &'a Reading<'a>,
        section: &'static Section,
        path: String,
        span: Option<Range<usize>>,
        entries: Option<&'a DeTable<'a>>,
    ) -> Self {
        let misspelt = BTreeSet::new();
        let mut table = Self { reading, section, path, span, entries, misspelt, strange: false };
        for (name, _) in entries.into_iter().flatten() {
            table.check_name(name);
        }
        table
    }

    /// Where the section begins.
    pub(crate) fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// Where a key's value is, if it is written.
    pub(crate) fn place(&self, name: &str) -> Option<Range<usize>> {
        self.entry(name).map(Spanned::span)
    }

    /// Notes a problem with a key.
    pub(crate) fn note(&self, name: &str, message: impl Into<String>, help: impl Into<String>) {
        let span = self.place(name).or_else(|| self.span());
        self.reading.note(self.key_path(name), span, message, help);
    }

    /// Whether a key is written.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// Whether it has keys that there are none of.
    pub(crate) fn is_strange(&self) -> bool {
        self.strange
    }

    /// A text as it is written, unchecked; nothing is noted.
    pub(crate) fn peek(&self, name: &str) -> Option<&'a str> {
        self.entry(name)?.get_ref().as_str()
    }

    /// The texts of a list as they are written, unchecked; nothing is noted.
    pub(crate) fn peek_list(&self, name: &str) -> Vec<&'a str> {
        let list = self.entry(name).and_then(|value| value.get_ref().as_array());
        list.into_iter().flatten().filter_map(|each| each.get_ref().as_str()).collect()
    }

    /// A key that is required or has a default.
    pub(crate) fn get<T>(
        &self,
        name: &str,
        parse: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        self.with(name, |table, key, value| table.parsed(key, value, &parse))
    }

    /// A key that may be left out: `Some(None)` if it is.
    pub(crate) fn optional<T>(
        &self,
        name: &str,
        parse: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<Option<T>> {
        if self.has(name) { self.get(name, parse).map(Some) } else { Some(None) }
    }

    /// A key that holds a list, each of whose elements is checked.
    pub(crate) fn list<T>(
        &self,
        name: &str,
        parse: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        self.with(name, |table, key, value| {
            let Some(list) = value.get_ref().as_array() else {
                table.complain(key, value, Wrong::Type);
                return None;
            };
            let read: Vec<_> = list
                .iter()
                .zip(1..)
                .map(|(each, number)| {
                    let path = format!("{}[{number}]", table.key_path(name));
                    parse(each.get_ref())
                        .map_err(|wrong| table.complain_at(path, key, each, wrong))
                        .ok()
                })
                .collect();
            read.into_iter().collect()
        })
    }

    /// A key that holds a table of free names.
    pub(crate) fn map<T>(
        &self,
        name: &str,
        allowed: impl Fn(&str) -> bool,
        parse: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<BTreeMap<String, T>> {
        self.with(name, |table, key, value| {
            let Some(entries) = value.get_ref().as_table() else {
                table.complain(key, value, Wrong::Type);
                return None;
            };
            let read: Vec<_> = entries
                .iter()
                .map(|(each, value)| table.entry_of_map(key, each, value, &allowed, &parse))
                .collect();
            read.into_iter().collect()
        })
    }

    fn entry_of_map<T>(
        &self,
        key: &Key,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        allowed: &impl Fn(&str) -> bool,
        parse: &impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<(String, T)> {
        let path = format!("{}.{}", self.key_path(key.name), shown_name(name.get_ref()));
        if !allowed(name.get_ref()) {
            let help = "use letters, digits and \"_\", beginning with a letter or \"_\"";
            self.reading.note(path, Some(name.span()), "is not a name", help);
            return None;
        }
        match parse(value.get_ref()) {
            Ok(parsed) => Some((name.get_ref().to_string(), parsed)),
            Err(wrong) => {
                self.complain_at(path, key, value, wrong);
                None
            }
        }
    }

    /// A key that holds a path, made absolute from the file's folder.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name, value::text).map(|path| self.reading.folder.join(path))
    }

    /// A path that may be left out.
    pub(crate) fn optional_path(&self, name: &str) -> Option<Option<PathBuf>> {
        if self.has(name) { self.path(name).map(Some) } else { Some(None) }
    }

    /// A section below this one that there is once. One that is not written has its defaults; if
    /// something in it is required that is noted, and there is none.
    pub(crate) fn section(&self, name: &str) -> Option<Self> {
        let section = self.child(name)?;
        let path = self.key_path(name);
        let Some(value) = self.entry(name) else {
            return self.unwritten(section, path);
        };
        if let Some(entries) = value.get_ref().as_table() {
            return Some(Self::new(self.reading, section, path, Some(value.span()), Some(entries)));
        }
        self.note(name, "is not a section", format!("write {}", section.header()));
        None
    }

    /// A section below this one that may be left out.
    pub(crate) fn section_if_written(&self, name: &str) -> Option<Self> {
        if self.has(name) { self.section(name) } else { None }
    }

    /// The sections below this one that there may be several of; at least one.
    pub(crate) fn sections(&self, name: &str) -> Vec<Self> {
        let Some(section) = self.child(name) else { return Vec::new() };
        let path = self.key_path(name);
        let Some(value) = self.entry(name) else {
            let _noted = self.unwritten(section, path);
            return Vec::new();
        };
        let tables = value.get_ref().as_array().into_iter().flatten();
        let tables: Vec<Self> = tables
            .filter_map(|each| {
                let (span, entries) = (each.span(), each.get_ref().as_table()?);
                Some(Self::new(self.reading, section, path.clone(), Some(span), Some(entries)))
            })
            .collect();
        if tables.is_empty() {
            let help = format!("write {}, in double brackets", section.header());
            self.note(name, "has to be a list of sections", help);
        }
        tables
    }

    fn unwritten(&self, section: &'static Section, path: String) -> Option<Self> {
        let needs: Vec<_> = section.needs().map(|key| format!("`{}`", key.name)).collect();
        if needs.is_empty() {
            return Some(Self::new(self.reading, section, path, None, None));
        }
        if !self.misspelt.contains(section.name()) {
            let help = format!("add {} with at least {}", section.header(), needs.join(", "));
            self.reading.note(path, self.span(), "the section is missing", help);
        }
        None
    }

    fn child(&self, name: &str) -> Option<&'static Section> {
        self.section.children().find(|section| section.name() == name)
    }

    fn with<T>(
        &self,
        name: &str,
        read: impl Fn(&Self, &'static Key, &Spanned<DeValue<'_>>) -> Option<T>,
    ) -> Option<T> {
        let key = self.section.key(name)?;
        if let Some(value) = self.entry(name) {
            return read(self, key, value);
        }
        match key.presence {
            Presence::Default(text) => read(self, key, &DeValue::parse(text).ok()?),
            Presence::Required(example) => {
                if !self.misspelt.contains(key.name) {
                    self.note(name, "is missing", format!("add {name} = {example}: {}", key.doc));
                }
                None
            }
            Presence::Optional(_) => None,
        }
    }

    fn parsed<T>(
        &self,
        key: &Key,
        value: &Spanned<DeValue<'_>>,
        parse: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        parse(value.get_ref()).map_err(|wrong| self.complain(key, value, wrong)).ok()
    }

    /// Notes what is wrong with a value.
    pub(crate) fn complain(&self, key: &Key, value: &Spanned<DeValue<'_>>, wrong: Wrong) {
        self.complain_at(self.key_path(key.name), key, value, wrong);
    }

    fn complain_at(&self, path: String, key: &Key, value: &Spanned<DeValue<'_>>, wrong: Wrong) {
        let (is, help) = match wrong {
            Wrong::Value { is, help } => (is, help),
            Wrong::Type => {
                (format!("is {}", type_of(value.get_ref())), format!("it takes {}", key.what))
            }
        };
        self.reading.note(path, Some(value.span()), is, help);
    }

    /// The raw value of a key.
    pub(crate) fn entry(&self, name: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        let (_, value) = self.entries?.iter().find(|(key, _)| key.get_ref() == name)?;
        Some(value)
    }

    /// A key's dotted path.
    pub(crate) fn key_path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let keys = self.section.keys.iter().map(|key| key.name);
        keys.chain(self.section.children().map(Section::name))
    }

    fn check_name(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>) {
        let (text, span) = (name.get_ref().as_ref(), name.span());
        if self.names().any(|known| known == text) {
            return;
        }
        self.strange = true;
        let help = match suggestion(text, self.names()) {
            Some(meant) => {
                self.misspelt.insert(meant);
                format!("did you mean `{meant}`?")
            }
            None => elsewhere(text).unwrap_or_else(|| {
                let names: Vec<_> = self.names().map(|name| format!("`{name}`")).collect();
                format!("remove it; there are {}", names.join(", "))
            }),
        };
        let thing = if self.section.path.is_empty() { "section" } else { "key" };
        let message = format!("there is no such {thing}");
        self.reading.note(self.key_path(&shown_name(text)), Some(span), message, help);
    }
}

/// The section that does have a key of this name.
fn elsewhere(name: &str) -> Option<String> {
    let homes: Vec<_> = SECTIONS
        .iter()
        .filter(|section| section.key(name).is_some())
        .map(Section::header)
        .collect();
    (!homes.is_empty()).then(|| format!("it belongs in {}", homes.join(" or ")))
}

/// A key's name on one line, and not too long.
fn shown_name(name: &str) -> String {
    name.chars().take(40).flat_map(char::escape_debug).collect()
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a flag",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
