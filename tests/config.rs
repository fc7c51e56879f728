//! The configuration as an administrator meets it: the shipped file, slips of the pen, secrets.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepost::config::environment::{CommandFault, Environment, ProcessEnvironment, SecretFile};
use gatepost::config::keys::{Presence, SECTIONS};
use gatepost::config::model::{Config, Tls};
use gatepost::config::problem::Problems;
use gatepost::config::{load, reference};
use proptest::prelude::*;
use secrecy::zeroize::Zeroizing;

const FILE: &str = "/etc/gatepost/config.toml";
const CANARY: &str = "c4n4rY-7";

/// A world of values: one configuration, some files and variables, one program.
#[derive(Default)]
struct World {
    config: String,
    files: BTreeMap<PathBuf, (u32, Vec<u8>)>,
    variables: BTreeMap<&'static str, String>,
    program: Option<fn() -> Result<Vec<u8>, CommandFault>>,
}

impl Environment for World {
    fn text(&self, file: &Path) -> io::Result<String> {
        assert_eq!(file, Path::new(FILE));
        Ok(self.config.clone())
    }

    fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        self.variables.get(name).cloned().map(Zeroizing::new)
    }

    fn secret_file(&self, file: &Path) -> io::Result<SecretFile> {
        let (mode, content) =
            self.files.get(file).ok_or(io::Error::from(io::ErrorKind::NotFound))?.clone();
        Ok(SecretFile { mode, content: Zeroizing::new(content) })
    }

    fn output(
        &self,
        command: &[String],
        folder: &Path,
        limit: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, CommandFault> {
        assert_eq!((command.len(), folder), (3, Path::new("/etc/gatepost")));
        assert_eq!(limit, Duration::from_secs(10));
        self.program.map_or_else(
            || Err(CommandFault::NotStarted(io::ErrorKind::NotFound.into())),
            |program| program().map(Zeroizing::new),
        )
    }
}

impl World {
    fn new(config: impl Into<String>) -> Self {
        let mut world = Self { config: config.into(), ..Self::default() };
        for name in ["imap-password", "smtp-password", "gitlab-token"] {
            world = world.file(name, 0o600, format!("{CANARY}\n").as_bytes());
        }
        world
    }

    fn file(mut self, name: &str, mode: u32, content: &[u8]) -> Self {
        self.files.insert(Path::new("/etc/gatepost").join(name), (mode, content.to_vec()));
        self
    }

    fn load(&self) -> Result<Config, Problems> {
        load(Path::new(FILE), self)
    }

    fn problems(&self) -> String {
        self.load().expect_err("it was taken").to_string()
    }
}

fn shipped() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml");
    std::fs::read_to_string(file).unwrap()
}

/// The shipped file with some lines replaced.
fn shipped_but(changes: &[(&str, &str)]) -> World {
    let mut text = shipped();
    for (old, new) in changes {
        assert!(text.contains(old), "{old:?} is not in config.toml");
        text = text.replacen(old, new, 1);
    }
    World::new(text)
}

/// The one problem that a change makes, without the file's name and line.
fn problem_of(old: &str, new: &str) -> String {
    let problems = shipped_but(&[(old, new)]).load().expect_err(new);
    let text = problems.to_string();
    assert_eq!(problems.list().len(), 1, "{new}: {text}");
    text.split_once(": ").unwrap().1.to_owned()
}

/// Holds a shipped file to what is made of the table. To write it anew, run this test with
/// `GATEPOST_WRITE_REFERENCE` set.
fn is_shipped(name: &str, made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("GATEPOST_WRITE_REFERENCE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, made).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap();
    assert!(found == made, "{name} is not what the table of keys says");
}

#[test]
fn the_shipped_files_are_what_the_table_says() {
    is_shipped("config.toml", &reference::example());
    is_shipped("docs/configuration.md", &reference::page());
}

#[test]
fn every_key_is_in_the_shipped_file_once_and_nothing_else_is() {
    let text = shipped();
    let keys: usize = SECTIONS.iter().map(|section| section.keys.len()).sum();
    let is_key = |line: &&str| {
        let name = line.trim_start_matches('#').split(" = ").next().unwrap_or_default();
        !line.starts_with("# ") && !name.is_empty() && line.contains(" = ")
    };
    assert_eq!(text.lines().filter(is_key).count(), keys);
    for section in SECTIONS {
        assert_eq!(text.lines().filter(|line| *line == section.header()).count(), 1);
        for key in section.keys {
            assert!(!key.doc.is_empty() && key.doc.ends_with('.'), "{}", key.name);
        }
    }
    assert!(text.lines().all(|line| line.len() <= 100));
}

#[test]
fn the_shipped_file_loads_and_its_defaults_are_the_codes() {
    let as_shipped = World::new(shipped()).load().unwrap();
    let mut written_out = shipped();
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        if let Presence::Default(value) = key.presence {
            let line = format!("\n#{} = {value}\n", key.name);
            assert!(written_out.contains(&line), "{line}");
            written_out = written_out.replace(&line, &line.replace('#', ""));
        }
    }
    let written_out = World::new(written_out).load().unwrap();
    assert_eq!(format!("{as_shipped:?}"), format!("{written_out:?}"));
}

#[test]
fn the_shipped_file_loads_with_every_key_written_out() {
    let all: String = shipped()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.is_empty() && !key.starts_with(' ') => format!("{key}\n"),
            Some(_) | None => format!("{line}\n"),
        })
        .collect();
    let config = World::new(all).load().unwrap();
    assert_eq!(config.smtp.login.unwrap().0, "gatepost@example.org");
    assert_eq!(config.bot.control_socket, Path::new("/run/gatepost/control.sock"));
    assert_eq!(config.fetch.ca_file.unwrap(), Path::new("/etc/gatepost/git-ca.pem"));
}

#[test]
fn what_the_shipped_file_says_is_what_the_bot_gets() {
    let config = World::new(shipped()).load().unwrap();
    let account = config.accounts.values().next().unwrap();
    assert_eq!((account.port, account.tls, account.password.expose()), (993, Tls::Implicit, CANARY));
    let target = config.targets.values().next().unwrap();
    assert_eq!(target.ci.push_url, "https://gitlab.com/project/ci.git");
    assert_eq!(target.ci.fetch_url, target.ci.push_url);
    assert_eq!((config.smtp.port, config.smtp.login.is_none()), (587, true));
    assert_eq!(config.trust.keyring, Path::new("/etc/gatepost/keyring"));
    assert_eq!(config.bot.control_socket, Path::new("/var/lib/gatepost/control.sock"));
    assert_eq!(config.bot.from.name.as_deref(), Some("Gatepost"));
    assert_eq!(config.fetch.max_bytes, 512 << 20);
    assert_eq!(config.bot.late_after.as_hours(), 7 * 24);
}

#[test]
fn every_key_is_read_and_refuses_what_it_does_not_take() {
    for section in SECTIONS {
        for key in section.keys {
            let text = shipped();
            let (before, after) = text.split_at(text.find(&section.header()).unwrap());
            let line = format!("{} = {}\n", key.name, key.sample());
            let after = after.replacen(&format!("\n#{line}"), &format!("\n{line}"), 1);
            let after = after.replacen(&line, &format!("{} = 1979-05-27\n", key.name), 1);
            let problems = World::new(format!("{before}{after}")).problems();
            let wanted = format!(": {}.{}: is a date; it takes {}", section.path, key.name, key.what);
            assert!(problems.contains(&wanted), "{wanted}\n{problems}");
        }
    }
}

#[test]
fn a_slip_in_each_section_gets_its_suggestion() {
    for (old, new, said) in [
        ("from =", "form =", "bot.form: there is no such key; did you mean `from`?"),
        ("#directory =", "directry =", "state.directry: there is no such key; did you mean `directory`?"),
        ("login =", "logn =", "account.logn: there is no such key; did you mean `login`?"),
        ("account = \"lists\"", "acount = \"lists\"", "list.acount: there is no such key; did you mean `account`?"),
        ("branch =", "brnach =", "target.brnach: there is no such key; did you mean `branch`?"),
        ("#max_running", "max-running", "target.ci.max-running: there is no such key; did you mean `max_running`?"),
        ("hosts =", "host =", "trust.host: there is no such key; did you mean `hosts`?"),
        ("#max_bytes", "max_byte", "fetch.max_byte: there is no such key; did you mean `max_bytes`?"),
        ("#deadline = \"2m\"", "dead_line = \"2m\"", "smtp.dead_line: there is no such key; did you mean `deadline`?"),
        ("[smtp]", "[smpt]", "smpt: there is no such section; did you mean `smtp`?"),
        ("[[account]]", "[[accounts]]", "accounts: there is no such section; did you mean `account`?"),
        ("{ file = \"gitlab-token\" }", "{ flie = \"gitlab-token\" }", "target.ci.token.flie: there is no such key; did you mean `file`?"),
        ("#directory =", "folder =", "state.folder: there is no such key; it belongs in [[list]]"),
        ("tls = \"implicit\"", "\ntls = \"startls\"", "account.tls: is \"startls\", which is none of the choices; did you mean \"starttls\"?"),
        ("target = \"master\"", "target = \"mastre\"", "list.target: there is no target named \"mastre\"; did you mean \"master\"?"),
        ("account = \"lists\"", "account = \"list\"", "list.account: there is no account named \"list\"; did you mean \"lists\"?"),
        ("#reference = \"staging-gatepost-{number}-{attempt}\"", "reference = \"s-{number}-{atempt}\"", "target.ci.reference: has the unknown placeholder \"{atempt}\"; did you mean {attempt}?"),
    ] {
        assert_eq!(problem_of(old, new), said);
    }
}
