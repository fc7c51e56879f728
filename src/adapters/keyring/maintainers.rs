//! The file `maintainers.toml`: who each maintainer is, with which keys, and what they may submit.
//! An entry with anything wrong in it is left out whole: a misspelt `targets` must not mean "all".

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use globset::GlobBuilder;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::pull::ids::{ListName, TargetName};
use crate::pull::room::{LONGEST_ADDRESS, size};
use crate::pull::signer::{ADDRESSES, SCOPE, Scope};

const KEYS: [&str; 6] = ["name", "addresses", "keys", "lists", "targets", "paths"];

/// One `[[maintainer]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Maintainer {
    /// How letters call them.
    pub(crate) name: String,
    /// From where their requests come: these addresses and no others.
    pub(crate) addresses: Vec<String>,
    /// Fingerprints: of OpenPGP primary keys in capitals, of SSH keys as `SHA256:…`.
    pub(crate) keys: Vec<String>,
    /// What they may submit.
    pub(crate) scope: Scope,
    /// The line where the entry begins, from 1.
    pub(crate) line: usize,
}

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The entries that are in order.
    pub(crate) maintainers: Vec<Maintainer>,
    /// What is wrong: the line, from 1, and a clause.
    pub(crate) problems: Vec<(usize, String)>,
}

/// Reads the file.
pub(crate) fn parse(text: &str) -> Read {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reading = Reading { text, problems: Vec::new() };
    for error in &errors {
        let why = format!("is not TOML: {}", error.message().replace('\n', " "));
        reading.note(error.span().as_ref(), why);
    }
    let mut maintainers = Vec::new();
    // Of a file that is no TOML nothing is believed: what is missing may be what restricts.
    if errors.is_empty() {
        for (name, value) in document.get_ref() {
            match (name.get_ref().as_ref(), value.get_ref().as_array()) {
                ("maintainer", Some(entries)) => {
                    maintainers.extend(entries.iter().filter_map(|entry| reading.entry(entry)));
                }
                _ => {
                    let why = format!(
                        "{name:?} is not known; write [[maintainer]]",
                        name = name.get_ref()
                    );
                    reading.note(Some(&name.span()), why);
                }
            }
        }
    }
    let mut problems = reading.problems;
    let maintainers = without_shared_keys(maintainers, &mut problems);
    tell_shared_addresses(&maintainers, &mut problems);
    problems.sort();
    Read { maintainers, problems }
}

struct Reading<'a> {
    text: &'a str,
    problems: Vec<(usize, String)>,
}

impl Reading<'_> {
    fn note(&mut self, span: Option<&Range<usize>>, why: impl Into<String>) {
        let line = span.map_or(1, |span| self.line(span.start));
        self.problems.push((line, why.into()));
    }

    fn line(&self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// An entry; `None` if anything is wrong with it, which is noted.
    fn entry(&mut self, entry: &Spanned<DeValue<'_>>) -> Option<Maintainer> {
        let Some(table) = entry.get_ref().as_table() else {
            self.note(Some(&entry.span()), "is not a table; write [[maintainer]]");
            return None;
        };
        let before = self.problems.len();
        for (name, _) in table {
            if !KEYS.contains(&name.get_ref().as_ref()) {
                let why =
                    format!("there is no key {:?}; there are {}", name.get_ref(), KEYS.join(", "));
                self.note(Some(&name.span()), why);
            }
        }
        let name = self.name(table, &entry.span());
        let addresses = self.needed(table, "addresses", &entry.span(), address);
        let keys = self.needed(table, "keys", &entry.span(), fingerprint);
        let lists = self.texts(table, "lists", |text| named(text).map(ListName::new));
        let targets = self.texts(table, "targets", |text| named(text).map(TargetName::new));
        let paths = self.texts(table, "paths", pattern);
        let line = self.line(entry.span().start);
        let scope = Scope { lists, targets, paths };
        if !scope.fits() {
            let most = SCOPE >> 10;
            let why = format!(
                "`lists`, `targets` and `paths` take more than {most} KiB: write fewer, wider patterns"
            );
            self.note(Some(&entry.span()), why);
        }
        if size(&addresses) > ADDRESSES {
            self.note(Some(&entry.span()), format!("`addresses` take more than {ADDRESSES} bytes"));
        }
        (self.problems.len() == before).then_some(Maintainer { name, addresses, keys, scope, line })
    }

    fn name(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> String {
        let value = table.get("name");
        let text = value.and_then(|value| value.get_ref().as_str()).unwrap_or_default();
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            let span = value.map_or_else(|| span.clone(), Spanned::span);
            self.note(Some(&span), "`name` has to be a text");
        }
        text.trim().to_owned()
    }

    /// A list that must not be empty.
    fn needed(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        span: &Range<usize>,
        parse: impl Fn(&str) -> Result<String, String>,
    ) -> Vec<String> {
        let before = self.problems.len();
        let list = self.texts(table, key, parse);
        if list.is_empty() && self.problems.len() == before {
            self.note(
                Some(span),
                format!("`{key}` is missing or empty: nothing could be submitted"),
            );
        }
        list
    }

    fn texts<T>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.note(Some(&value.span()), format!("`{key}` has to be a list of texts"));
            return Vec::new();
        };
        let mut read = Vec::new();
        for each in list.iter() {
            let text = each.get_ref().as_str().ok_or_else(|| "it is not a text".to_owned());
            match text.and_then(&parse) {
                Ok(value) => read.push(value),
                Err(why) => self.note(Some(&each.span()), format!("`{key}`: {why}")),
            }
        }
        read
    }
}

fn named(text: &str) -> Result<&str, String> {
    if text.trim().is_empty() { Err("a name is empty".into()) } else { Ok(text) }
}

fn address(text: &str) -> Result<String, String> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,*?".contains(c);
    match text.split_once('@') {
        Some((user, host))
            if !user.is_empty()
                && !host.is_empty()
                && text.len() <= LONGEST_ADDRESS
                && !text.contains(odd) =>
        {
            Ok(text.to_owned())
        }
        _ => Err(format!("{text:?} is not a plain address such as alice@example.org")),
    }
}

/// A whole fingerprint. Short and long key ids are refused: others can be made that have the same.
fn fingerprint(text: &str) -> Result<String, String> {
    if let Some(hash) = text.strip_prefix("SHA256:") {
        let base64 = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
        return if hash.len() == 43 && hash.chars().all(base64) {
            Ok(text.to_owned())
        } else {
            Err(format!("{text:?} is not what `ssh-keygen -lf KEY.pub` prints: SHA256:…"))
        };
    }
    let digits: String = text.chars().filter(|c| *c != ' ').collect::<String>().to_uppercase();
    let digits = digits.strip_prefix("0X").unwrap_or(&digits);
    let all_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digits.len() {
        40 | 64 if all_hex => Ok(digits.to_owned()),
        8 | 16 | 32 if all_hex => Err(format!(
            "{text:?} is a key id, which others can forge; write the whole fingerprint"
        )),
        _ => Err(format!("{text:?} is not a fingerprint (gpg --fingerprint, ssh-keygen -lf)")),
    }
}

fn pattern(text: &str) -> Result<String, String> {
    if text.starts_with('/') || text.starts_with('!') || text.is_empty() {
        return Err(format!(
            "{text:?}: patterns begin with a folder's or file's name, without / or !"
        ));
    }
    match GlobBuilder::new(text).literal_separator(true).build() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{text:?} is not a pattern: {}", error.kind())),
    }
}

/// Leaves out entries that share a key: whose tag would it be?
fn without_shared_keys(
    all: Vec<Maintainer>,
    problems: &mut Vec<(usize, String)>,
) -> Vec<Maintainer> {
    let mut owners: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for maintainer in &all {
        for key in &maintainer.keys {
            owners.entry(key).or_default().insert(maintainer.line);
        }
    }
    let mut shared = BTreeSet::new();
    for (key, lines) in owners.iter().filter(|(_, lines)| lines.len() > 1) {
        shared.extend(lines.iter().copied());
        for line in lines {
            problems.push((*line, format!("the key {key} has more than one maintainer")));
        }
    }
    all.into_iter().filter(|maintainer| !shared.contains(&maintainer.line)).collect()
}

fn tell_shared_addresses(all: &[Maintainer], problems: &mut Vec<(usize, String)>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for maintainer in all {
        for address in &maintainer.addresses {
            if let Some(line) = seen.insert(address.to_lowercase(), maintainer.line) {
                let why = format!("the address {address} stands in line {line} as well");
                problems.push((maintainer.line, why));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "\
[[maintainer]]
name = \"Alice Example\"
addresses = [\"alice@example.org\", \"alice@work.example\"]
keys = [\"0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567\"]
lists = [\"devel\"]
targets = [\"master\"]
paths = [\"block/**\", \"docs/block*.rst\"]
";

    fn only_problem(text: &str) -> (usize, String) {
        let read = parse(text);
        assert_eq!(read.maintainers, [], "{text}");
        assert_eq!(read.problems.len(), 1, "{:?}", read.problems);
        read.problems[0].clone()
    }

    #[test]
    fn an_entry_is_a_person_with_keys_and_what_they_may_submit() {
        let read = parse(ALICE);
        assert_eq!(read.problems, []);
        let [alice] = read.maintainers.as_slice() else { panic!("{read:?}") };
        assert_eq!(alice.keys, ["0123456789ABCDEF0123456789ABCDEF01234567"]);
        assert_eq!(alice.scope.lists, [ListName::new("devel")]);
        assert_eq!(alice.scope.targets, [TargetName::new("master")]);
        assert_eq!(alice.scope.paths, ["block/**", "docs/block*.rst"]);
        let short: String = ALICE.lines().take(4).map(|line| format!("{line}\n")).collect();
        assert_eq!(parse(&short).maintainers[0].scope, Scope::default());
    }

    #[test]
    fn an_entry_with_anything_wrong_in_it_is_left_out() {
        let ssh = format!("SHA256:{}", "a".repeat(42));
        for (from, to, line, words) in [
            ("targets = ", "target = ", 6, "there is no key \"target\""),
            ("name = \"Alice Example\"", "name = \"\"", 2, "`name` has to be a text"),
            ("name = \"Alice Example\"", "name = 7", 2, "`name` has to be a text"),
            ("\"alice@work.example\"", "\"alice\"", 3, "\"alice\" is not a plain address"),
            ("\"alice@work.example\"", "\"*@work.example\"", 3, "is not a plain address"),
            ("0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567", "89abcdef", 4, "is a key id"),
            (
                "0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567",
                "0x0123456789abcdef",
                4,
                "key id",
            ),
            ("0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567", &ssh, 4, "ssh-keygen"),
            ("0123 4567", "alice", 4, "is not a fingerprint"),
            ("[\"devel\"]", "\"devel\"", 5, "`lists` has to be a list"),
            ("[\"master\"]", "[\"\"]", 6, "a name is empty"),
            ("block/**", "/block/**", 7, "without / or !"),
            ("block/**", "!block/**", 7, "without / or !"),
            ("block/**", "block/[a", 7, "is not a pattern"),
        ] {
            let (at, why) = only_problem(&ALICE.replace(from, to));
            assert_eq!(at, line, "{to}: {why}");
            assert!(why.contains(words), "{to}: {why}");
        }
        for key in ["addresses", "keys"] {
            let without: Vec<&str> = ALICE.lines().filter(|line| !line.starts_with(key)).collect();
            let (at, why) = only_problem(&without.join("\n"));
            assert!(at == 1 && why.contains("is missing"), "{at} {why}");
        }
    }

    #[test]
    fn what_is_no_toml_or_something_else_is_named() {
        assert!(only_problem("[[maintainer]\n").1.contains("is not TOML"));
        assert!(only_problem("[maintainers]\n").1.contains("write [[maintainer]]"));
        assert!(only_problem("maintainer = 3\n").1.contains("write [[maintainer]]"));
        assert!(only_problem("maintainer = [3]\n").1.contains("write [[maintainer]]"));
    }

    #[test]
    fn a_key_of_two_maintainers_is_nobodys_and_an_address_of_two_is_told() {
        let bob = ALICE.replace("Alice", "Bob").replace("alice@", "bob@");
        let read = parse(&format!("{ALICE}\n{bob}"));
        assert_eq!(read.maintainers, []);
        assert_eq!(read.problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 9]);

        let bob = ALICE.replace("Alice", "Bob").replace("0123 4567 89", "9123 4567 89");
        let bob = bob.replace("alice@work.example", "bob@work.example").replace("alice@", "ALICE@");
        let read = parse(&format!("{ALICE}\n{bob}"));
        assert_eq!(read.maintainers.len(), 2);
        let (line, why) = read.problems.first().unwrap();
        assert!(*line == 9 && why.contains("ALICE@example.org stands in line 1"), "{line} {why}");
    }
}
