//! The configuration as an administrator meets it: the shipped file, slips of the pen, secrets.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::environment::{CommandFault, Environment, SecretFile};
use crate::config::keys::{Occurs, Presence, SECTIONS, Section};
use crate::config::model::{Config, Dkim, Tls};
use crate::config::problem::Problems;
use crate::config::{load, reference};
use crate::mail::rules::{Phrase, Unusual};
use crate::pull::checks::{CheckPolicy, Duty};
use proptest::prelude::*;
use secrecy::zeroize::Zeroizing;

const FILE: &str = "/etc/gatepost/config.toml";
const CANARY: &str = "c4n4rY-7";

type Program = fn() -> Result<Vec<u8>, CommandFault>;

/// A world of values: one configuration, some files and variables, one program.
#[derive(Default)]
struct World {
    config: String,
    files: BTreeMap<PathBuf, (u32, Vec<u8>)>,
    variables: BTreeMap<&'static str, String>,
    program: Option<Program>,
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

/// A section's header as the shipped file has it: what may be left out is.
fn shipped_header(section: &Section) -> String {
    let mark = if section.occurs == Occurs::AtMostOnce { "#" } else { "" };
    format!("{mark}{}", section.header())
}

/// The shipped file with the sections that may be left out, and what has to be written in them.
fn with_all_sections() -> String {
    let mut text = shipped();
    for section in SECTIONS.iter().filter(|section| section.occurs == Occurs::AtMostOnce) {
        let (before, after) = text.split_at(text.find(&shipped_header(section)).unwrap());
        let mut after = after[1..].to_owned();
        for key in section.needs() {
            let line = format!("{} = {}\n", key.name, key.sample());
            after = after.replacen(&format!("\n#{line}"), &format!("\n{line}"), 1);
        }
        text = format!("{before}{after}");
    }
    text
}

#[test]
fn the_shipped_files_are_what_the_table_says() {
    is_shipped("config.toml", &reference::example());
    is_shipped("docs/configuration.md", &reference::page());
}

#[test]
fn checks_that_are_not_configured_are_the_usual_ones() {
    let checks = |world: &World| {
        let config = world.load().unwrap();
        config.targets.values().map(|target| target.checks).collect::<Vec<_>>()
    };
    let named = World::new(shipped());
    assert_eq!(checks(&named), [CheckPolicy::usual()]);
    let unnamed = shipped_but(&[("[target.checks]\n", "")]);
    let text = unnamed.config.lines().filter(|line| !line.contains("max_commits"));
    let unnamed = World::new(text.collect::<Vec<_>>().join("\n"));
    assert_eq!(checks(&unnamed), [CheckPolicy::usual()]);
    let keys = SECTIONS.iter().find(|section| section.path == "target.checks").unwrap().keys;
    for key in keys {
        let is_count = key.name == "max_commits";
        for value in if is_count { ["7", "8"] } else { ["\"refuse\"", "\"hold\""] } {
            let text = shipped().replace(
                "[target.checks]\n",
                &format!("[target.checks]\n{} = {value}\n", key.name),
            );
            let found = checks(&World::new(text))[0];
            let usual = CheckPolicy::usual();
            assert!(found != usual || usual_is(key.name, value), "{} = {value}", key.name);
        }
    }
}

/// Whether a check's usual duty is that one.
fn usual_is(name: &str, value: &str) -> bool {
    let refuses = ["list_attributed", "author_sign_off", "utf8", "empty"].contains(&name);
    let holds = ["submodules", "base", "nacked", "too_many", "frozen"].contains(&name);
    match CheckPolicy::usual().list_attributed {
        Duty::Refuse => value == "\"refuse\"" && refuses || value == "\"hold\"" && holds,
        Duty::Hold | Duty::Off => false,
    }
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
        let header = shipped_header(section);
        assert_eq!(text.lines().filter(|line| *line == header).count(), 1, "{header}");
        for key in section.keys {
            assert!(!key.doc.is_empty() && key.doc.ends_with('.'), "{}", key.name);
        }
    }
    assert!(text.lines().all(|line| line.len() <= 100));
}

#[test]
fn the_shipped_file_loads_and_its_defaults_are_the_codes() {
    assert!(World::new(shipped()).load().unwrap().command.is_none());
    let as_shipped = World::new(with_all_sections()).load().unwrap();
    let mut written_out = with_all_sections();
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        if let Presence::Default(value) = key.presence {
            let line = format!("{} = {value}\n", key.name);
            written_out = written_out.replace(&format!("\n#{line}"), &format!("\n{line}"));
            assert!(written_out.contains(&format!("\n{line}")), "{line}");
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
    assert_eq!(config.command.unwrap().address, "gatepost@example.org");
    assert_eq!(config.bot.control_socket, Path::new("/run/gatepost/control.sock"));
    assert_eq!(config.fetch.ca_file.unwrap(), Path::new("/etc/gatepost/git-ca.pem"));
}

#[test]
fn what_the_shipped_file_says_is_what_the_bot_gets() {
    let config = World::new(shipped()).load().unwrap();
    let account = config.accounts.values().next().unwrap();
    assert_eq!(
        (account.port, account.tls, account.password.expose()),
        (993, Tls::Implicit, CANARY)
    );
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
            let text = with_all_sections();
            let (before, after) = text.split_at(text.find(&section.header()).unwrap());
            let line = format!("{} = {}\n", key.name, key.sample());
            let after = after.replacen(&format!("\n#{line}"), &format!("\n{line}"), 1);
            let after = after.replacen(&line, &format!("{} = 1979-05-27\n", key.name), 1);
            let problems = World::new(format!("{before}{after}")).problems();
            let wanted =
                format!(": {}.{}: is a date; it takes {}", section.path, key.name, key.what);
            assert!(problems.contains(&wanted), "{wanted}\n{problems}");
        }
    }
}

#[test]
fn a_slip_in_each_section_gets_its_suggestion() {
    for (old, new, said) in [
        ("from =", "form =", "bot.form: there is no such key; did you mean `from`?"),
        (
            "#directory =",
            "directry =",
            "state.directry: there is no such key; did you mean `directory`?",
        ),
        ("login =", "logn =", "account.logn: there is no such key; did you mean `login`?"),
        (
            "account = \"lists\"",
            "acount = \"lists\"",
            "list.acount: there is no such key; did you mean `account`?",
        ),
        ("branch =", "brnach =", "target.brnach: there is no such key; did you mean `branch`?"),
        (
            "#max_running",
            "max-running",
            "target.ci.max-running: there is no such key; did you mean `max_running`?",
        ),
        ("hosts =", "host =", "trust.host: there is no such key; did you mean `hosts`?"),
        (
            "#max_bytes",
            "max_byte",
            "fetch.max_byte: there is no such key; did you mean `max_bytes`?",
        ),
        (
            "#deadline = \"2m\"",
            "dead_line = \"2m\"",
            "smtp.dead_line: there is no such key; did you mean `deadline`?",
        ),
        ("[smtp]", "[smpt]", "smpt: there is no such section; did you mean `smtp`?"),
        (
            "[[account]]",
            "[[accounts]]",
            "accounts: there is no such section; did you mean `account`?",
        ),
        (
            "{ file = \"gitlab-token\" }",
            "{ flie = \"gitlab-token\" }",
            "target.ci.token.flie: there is no such key; did you mean `file`?",
        ),
        (
            "#directory =",
            "folder =",
            "state.folder: there is no such key; it belongs in [[list]] or [command]",
        ),
        (
            "tls = \"implicit\"",
            "\ntls = \"startls\"",
            "account.tls: is \"startls\", which is none of the choices; did you mean \"starttls\"?",
        ),
        (
            "target = \"master\"",
            "target = \"mastre\"",
            "list.target: there is no target named \"mastre\"; did you mean \"master\"?",
        ),
        (
            "account = \"lists\"",
            "account = \"list\"",
            "list.account: there is no account named \"list\"; did you mean \"lists\"?",
        ),
        (
            "#reference = \"staging-gatepost-{number}-{attempt}\"",
            "reference = \"s-{number}-{atempt}\"",
            "target.ci.reference: has the unknown placeholder \"{atempt}\"; did you mean {attempt}?",
        ),
    ] {
        assert_eq!(problem_of(old, new), said);
    }
}

const TEN: &str = r#"[bot]
from = "nobody"
administrator = "admin@example.org"
release_managers = []
mode = "shadwo"
[[account]]
name = "lists"
host = "imap.example.org:993"
tls = "none"
login = "gatepost"
password = { env = "NOT_SET" }
poll = "5 lightyears"
[[list]]
name = "devel"
account = "lsits"
address = "devel@lists.example.org"
target = "master"
[[target]]
name = "master"
url = "https://me:s3cr3t@example.org/p.git"
branch = "refs/heads/master"
[target.ci]
project = "project/ci"
token = "glpat-s3cr3t"
max_runing = 3
required_jobs = ["build", 7]
[trust]
hosts = ["[a"]
[fetch]
max_bytes = "1 parsec"
"#;

#[test]
fn many_problems_are_all_told_each_with_its_line() {
    insta::assert_snapshot!(World::new(TEN).problems(), @r#"
/etc/gatepost/config.toml:2: bot.from: is "nobody", which is not a person's address; write it as "Name <user@example.org>"
/etc/gatepost/config.toml:4: bot.release_managers: is empty; name at least one address
/etc/gatepost/config.toml:5: bot.mode: is "shadwo", which is none of the choices; did you mean "shadow"?
/etc/gatepost/config.toml:8: account.host: is "imap.example.org:993", which is not a host; write the name alone, imap.example.org; the port has a key of its own
/etc/gatepost/config.toml:11: account.password.env: names $NOT_SET, which is not set; set it in the environment that the bot is started in
/etc/gatepost/config.toml:12: account.poll: is "5 lightyears", which is not a duration; write numbers with units: "90s", "30m", "1h 30m", "7 days", "2 weeks"
/etc/gatepost/config.toml:15: list.account: there is no account named "lsits"; did you mean "lists"?
/etc/gatepost/config.toml:20: target.url: has a user name or password in it; remove it: the token has a key of its own, and URLs are shown in logs and letters
/etc/gatepost/config.toml:21: target.branch: is "refs/heads/master", a full ref; write the branch's name alone, without "refs/heads/"
/etc/gatepost/config.toml:24: target.ci.token: is written in the file itself, where backups and screens show it; put it into a file that only its owner may read, and write token = { file = "…" }; if anybody may have seen it, replace it
/etc/gatepost/config.toml:25: target.ci.max_runing: there is no such key; did you mean `max_running`?
/etc/gatepost/config.toml:26: target.ci.required_jobs[2]: is a whole number; it takes a list of texts
/etc/gatepost/config.toml:28: trust.hosts[1]: is "[a", which is not a pattern: unclosed character class; missing ']'; write a host, with * and ? where anything may stand
/etc/gatepost/config.toml:30: fetch.max_bytes: is "1 parsec", which is not a size; write a whole number with its unit: "500 MiB", "2 GiB"
/etc/gatepost/config.toml: smtp: the section is missing; add [smtp] with at least `host`
"#);
}

#[test]
fn a_file_that_is_not_toml_is_told_with_all_its_places() {
    insta::assert_snapshot!(World::new("[bot]\nfrom = me\n\nmode = \"live\nmode = 3\n").problems(), @r#"
/etc/gatepost/config.toml:2: is not TOML: string values must be quoted, expected literal string; mend it first: the rest is checked after that
/etc/gatepost/config.toml:4: is not TOML: invalid basic string, expected `"`; mend it first: the rest is checked after that
/etc/gatepost/config.toml:5: is not TOML: duplicate key; mend it first: the rest is checked after that
"#);
}

#[test]
fn an_empty_file_says_what_has_to_be_written() {
    insta::assert_snapshot!(World::new("").problems(), @r#"
/etc/gatepost/config.toml: bot: the section is missing; add [bot] with at least `from`, `administrator`, `release_managers`
/etc/gatepost/config.toml: account: the section is missing; add [[account]] with at least `name`, `host`, `login`, `password`
/etc/gatepost/config.toml: list: the section is missing; add [[list]] with at least `name`, `account`, `address`, `target`
/etc/gatepost/config.toml: target: the section is missing; add [[target]] with at least `name`, `url`, `branch`
/etc/gatepost/config.toml: trust: the section is missing; add [trust] with at least `hosts`
/etc/gatepost/config.toml: smtp: the section is missing; add [smtp] with at least `host`
"#);
}

#[test]
fn what_can_not_be_right_is_refused_with_what_to_do() {
    for (old, new) in REFUSED {
        let problem = problem_of(old, new);
        assert!(problem.contains("; "), "nothing to do about: {problem}");
    }
    let told: String =
        REFUSED.iter().map(|(old, new)| format!("{}\n", problem_of(old, new))).collect();
    insta::assert_snapshot!(told, @r#"
account.tls: is "none", and imap.example.org is not this machine: anybody on the way could read; use "starttls" or "implicit"; to insist, write allow_plain = true
smtp.tls: is "none", and smtp.example.org is not this machine: anybody on the way could read; use "starttls" or "implicit"; to insist, write allow_plain = true
target.ci.gitlab: would carry the token in the clear; use https; to insist, write allow_plain = true
target.ci.gitlab: is "gitlab.com", which is not a URL that can be used; write it whole, as https://host/path
target.ci.push_url: would carry the token in the clear; use https; to insist, write allow_plain = true
target.ci.push_url: has a user name or password in it; remove it: the token has a key of its own, and URLs are shown in logs and letters
target.url: is "ext::sh -c x", which is not a URL that can be used; use one of the schemes https, http, git, ssh
target.url: is "-upload-pack", which is not a URL that can be used; write it whole, as https://host/path
target.ci.project: is a number, from which no push_url can be made; write push_url = "https://…/group/project.git", or the project's path
target.ci.project: is "project/ci.git", which is not a project; write its full path as its address has it, group/project, without ".git"
target.ci.reference: lacks {attempt}, so that different attempts would share a branch; add {attempt}, or write a literal name that all take turns on
target.ci.reference: is "a..b-{number}-{attempt}", which gives no branch that git takes; write a branch's name without "refs/heads/"; see git-check-ref-format
target.ci.reference: is "refs/heads/staging", which gives no branch that git takes; write a branch's name without "refs/heads/"; see git-check-ref-format
target.ci.max_running: is 2, and there is only one branch, staging; write max_running = 1, or a reference with {number} and {attempt}
target.ci.max_running: is out of range; write a whole number from 1 to 1000000
target.branch: is "-x", which git does not take; see git-check-ref-format
target.branch: is "a b", which git does not take; see git-check-ref-format
list.address: is "devel", which is not an address; write the bare address, user@example.org
list.address: has a line break or another control character in it; write it on one line
bot.administrator: is the address of a list; name a person's address, or a list that this file does not watch
bot.from: is the address of a list; name a person's address, or a list that this file does not watch
bot.release_managers: has the address of a list in it; name a person's address, or a list that this file does not watch
list.list_id: is "<devel.lists.example.org>", which has more than the identifier; write only what stands between "<" and ">"
trust.hosts[3]: is "https://kernel.org/", which is more than a host; write the host alone, gitlab.com or *.example.org
trust.hosts[3]: is "{a,b", which is not a pattern: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?); write a host, with * and ? where anything may stand
trust.schemes[1]: is "file", which is none of the choices; write one of "https", "http", "git", "ssh"
trust.schemes: is empty, so that nothing could be fetched; name at least one
trust.allow_addresses[1]: is "localhost", which is not an IP address; write 192.0.2.1 or 2001:db8::1
fetch.max_bytes: is "512 M", which is not a size; write a whole number with its unit: "500 MiB", "2 GiB"
fetch.max_bytes: is a whole number; it takes a size, such as "2 GiB"
bot.late_after: is "1 month", which is not a duration; write numbers with units: "90s", "30m", "1h 30m", "7 days", "2 weeks"
bot.late_after: is "-7 days", which is out of range; write a duration above zero and below ten years
bot.late_after: is a whole number; it takes a duration, such as "1h 30m"
target.ci.variables.QEMU_CI: is not a text; GitLab's variables are texts: put it in quotes
target.ci.variables.A-B: is not a name; use letters, digits and "_", beginning with a letter or "_"
target.ci.inputs.when: is nothing GitLab's inputs take; write a text, number, flag or list
account.port: is not a port; write a number from 1 to 65535
account.port: is a text; it takes a port, 1 to 65535
smtp.login: is written without `password`; write both to log in, or neither
bot.control_socket: /run/00123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789/c is longer than a socket's path may be; give a path of at most 107 bytes
list.name: is "../devel", which is not a name; use at most 60 letters, digits, "-", "_" and ".", beginning with a letter or digit
list.folder: is empty; write something, or leave the key out if it has a default
list.private: is a text; it takes true or false
"#);
}

const REFUSED: &[(&str, &str)] = &[
    ("#tls = \"implicit\"", "tls = \"none\""),
    ("#tls = \"starttls\"", "tls = \"none\""),
    ("#gitlab = \"https://gitlab.com\"", "gitlab = \"http://gitlab.example.org\""),
    ("#gitlab = \"https://gitlab.com\"", "gitlab = \"gitlab.com\""),
    ("#push_url = \"https://gitlab.com/project/ci.git\"", "push_url = \"http://10.0.0.1/x.git\""),
    (
        "#push_url = \"https://gitlab.com/project/ci.git\"",
        "push_url = \"https://oauth2:x@h/x.git\"",
    ),
    ("\"https://gitlab.example.org/project/project.git\"", "\"ext::sh -c x\""),
    ("\"https://gitlab.example.org/project/project.git\"", "\"-upload-pack\""),
    ("project = \"project/ci\"", "project = \"42\""),
    ("project = \"project/ci\"", "project = \"project/ci.git\""),
    ("#reference = \"staging-gatepost-{number}-{attempt}\"", "reference = \"staging-{number}\""),
    (
        "#reference = \"staging-gatepost-{number}-{attempt}\"",
        "reference = \"a..b-{number}-{attempt}\"",
    ),
    ("#reference = \"staging-gatepost-{number}-{attempt}\"", "reference = \"refs/heads/staging\""),
    ("#max_running = 1", "max_running = 2\nreference = \"staging\""),
    ("#max_running = 1", "max_running = 0"),
    ("branch = \"master\"", "branch = \"-x\""),
    ("branch = \"master\"", "branch = \"a b\""),
    ("address = \"devel@lists.example.org\"", "address = \"devel\""),
    ("address = \"devel@lists.example.org\"", "address = \"a@b.org\\nBcc: c@d.org\""),
    ("address = \"devel@lists.example.org\"", "address = \"admin@example.org\""),
    ("address = \"devel@lists.example.org\"", "address = \"Gatepost@example.org\""),
    ("address = \"devel@lists.example.org\"", "address = \"release@example.org\""),
    ("#list_id = \"devel.lists.example.org\"", "list_id = \"<devel.lists.example.org>\""),
    ("\"*.kernel.org\"", "\"https://kernel.org/\""),
    ("\"*.kernel.org\"", "\"{a,b\""),
    ("#schemes = [\"https\", \"git\"]", "schemes = [\"file\"]"),
    ("#schemes = [\"https\", \"git\"]", "schemes = []"),
    ("#allow_addresses = []", "allow_addresses = [\"localhost\"]"),
    ("#max_bytes = \"512 MiB\"", "max_bytes = \"512 M\""),
    ("#max_bytes = \"512 MiB\"", "max_bytes = 512"),
    ("#late_after = \"7 days\"", "late_after = \"1 month\""),
    ("#late_after = \"7 days\"", "late_after = \"-7 days\""),
    ("#late_after = \"7 days\"", "late_after = 7"),
    ("#variables = {}", "variables = { QEMU_CI = 2 }"),
    ("#variables = {}", "variables = { 'A-B' = \"2\" }"),
    ("#inputs = {}", "inputs = { when = 1979-05-27 }"),
    ("#port = 993", "port = 70000"),
    ("#port = 993", "port = \"993\""),
    ("#login = \"gatepost@example.org\"", "login = \"gatepost\""),
    ("#control_socket = \"/run/gatepost/control.sock\"", LONG_SOCKET),
    ("name = \"devel\"", "name = \"../devel\""),
    ("#folder = \"INBOX\"", "folder = \"\""),
    ("#private = false", "private = \"no\""),
];

const LONG_SOCKET: &str = "control_socket = \"/run/00123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789/c\"";

#[test]
fn connections_in_the_clear_go_to_this_machine_or_where_one_insists() {
    for (host, insists, taken) in [
        ("localhost", false, true),
        ("127.0.0.1", false, true),
        ("::1", false, true),
        ("imap.localhost", false, true),
        ("localhost.example.org", false, false),
        ("10.0.0.1", false, false),
        ("imap.example.org", true, true),
    ] {
        let plain = format!("tls = \"none\"\nallow_plain = {insists}");
        let world = shipped_but(&[("imap.example.org", host), ("#tls = \"implicit\"", &plain)]);
        assert_eq!(world.load().is_ok(), taken, "{host}");
    }
    let plain = "gitlab = \"http://127.0.0.1:8080/lab/\"";
    let world = shipped_but(&[("#gitlab = \"https://gitlab.com\"", plain)]);
    let targets = world.load().unwrap().targets;
    let ci = &targets.values().next().unwrap().ci;
    assert_eq!(ci.gitlab, "http://127.0.0.1:8080/lab");
    assert_eq!(ci.push_url, "http://127.0.0.1:8080/lab/project/ci.git");
}

#[test]
fn ports_follow_the_protection() {
    for (tls, imap, smtp) in [("implicit", 993, 465), ("starttls", 143, 587), ("none", 143, 25)] {
        let tls = format!("tls = \"{tls}\"\nallow_plain = true");
        let world = shipped_but(&[("#tls = \"implicit\"", &tls), ("#tls = \"starttls\"", &tls)]);
        let config = world.load().unwrap();
        let account = config.accounts.values().next().unwrap();
        assert_eq!((account.port, config.smtp.port), (imap, smtp));
    }
}

#[test]
fn a_lists_rules_are_what_its_section_says() {
    let rules = World::new(shipped()).load().unwrap().rules().remove(0);
    let markers: Vec<_> = rules.markers.iter().map(Phrase::text).collect();
    assert_eq!((markers, rules.near_misses), (vec!["pull"], true));
    assert_eq!((rules.target.target.as_str(), rules.target.branch.as_str()), ("master", "master"));
    assert!(rules.accept.is_empty() && rules.submitters.is_empty() && rules.targets.is_empty());

    let rules = shipped_but(&[
        ("#markers = [\"pull\"]", "markers = [\"GIT PULL\", \"pull\"]"),
        ("#accept = []", "accept = [\"answers\", \"unmarked\"]"),
        ("#targets = {}", "targets = { \"for-9.0\" = \"master\" }"),
        ("#submitters = []", "submitters = [\"*@Example.org\"]"),
        ("#not_for_us = []", "not_for_us = [\"kvm-unit-tests\"]"),
        ("#near_misses = true", "near_misses = false"),
    ]);
    let rules = rules.load().unwrap().rules().remove(0);
    assert_eq!(rules.accept, [Unusual::Answers, Unusual::Unmarked]);
    assert_eq!(
        (rules.targets[0].0.text(), rules.targets[0].1.branch.as_str()),
        ("for-9.0", "master")
    );
    assert!(rules.names_submitter("Alice@EXAMPLE.org") && !rules.names_submitter("a@b.example"));
    assert_eq!((rules.not_for_us[0].text(), rules.near_misses), ("kvm-unit-tests", false));
}

#[test]
fn rules_that_can_not_be_right_are_refused_with_what_to_do() {
    for (old, new, said) in [
        (
            "#targets = {}",
            "targets = { \"for-9.0\" = \"mastr\" }",
            "list.targets.for-9.0: there is no target named \"mastr\"; did you mean \"master\"?",
        ),
        (
            "#targets = {}",
            "targets = { \"for-9.0\" = \"master\", \"FOR 9.0\" = \"master\" }",
            "list.targets: has \"FOR 9.0\" and \"for-9.0\", which mean the same; keep one of the two",
        ),
        (
            "#markers = [\"pull\"]",
            "markers = []",
            "list.markers: is empty, so that no mail would ask; name at least one",
        ),
        (
            "#not_for_us = []",
            "not_for_us = [\"--\"]",
            "list.not_for_us[1]: is \"--\", which has no word in it; write letters or digits: \
             \"pull\", \"for-9.0\"",
        ),
        (
            "#accept = []",
            "accept = [\"answer\"]",
            "list.accept[1]: is \"answer\", which is none of the choices; did you mean \"answers\"?",
        ),
        (
            "#submitters = []",
            "submitters = [\"example.org\"]",
            "list.submitters[1]: is \"example.org\", which is no address; write \
             alice@example.org, or *@example.org for all of a domain",
        ),
    ] {
        assert_eq!(problem_of(old, new), said);
    }
}

#[test]
fn names_and_branches_are_not_shared() {
    let text = shipped();
    let section = |from: &str, to: &str| {
        let start = text.find(from).unwrap();
        text[start..start + text[start..].find(to).unwrap()].to_owned()
    };
    let (list, target) = (section("[[list]]", "# A branch"), section("[[target]]", "# Whom"));
    let twice = World::new(format!("{text}\n{list}\n{target}")).problems();
    assert!(twice.contains("list.name: \"devel\" is taken"), "{twice}");
    assert!(twice.contains("target.name: \"master\" is taken"), "{twice}");
    assert!(twice.contains("list.address: is another list's, in the same folder"), "{twice}");

    let slot = |target: &str| {
        target.replace(
            "#reference = \"staging-gatepost-{number}-{attempt}\"",
            "reference = \"staging\"",
        )
    };
    let other = slot(&target).replace("name = \"master\"", "name = \"stable\"");
    let shared = World::new(format!("{}\n{other}", slot(&text))).problems();
    assert!(
        shared.contains("target.ci: pushes to the same branch as target \"master\""),
        "{shared}"
    );
    let apart = format!("{}\n{other}", slot(&text)).replace("\"staging\"", "\"staging-{target}\"");
    assert!(World::new(apart).load().is_ok());

    let over = slot(&text).replace("\"staging\"", "\"master\"").replace(
        "https://gitlab.example.org/project/project.git",
        "https://gitlab.com/project/ci.git",
    );
    let over = World::new(over).problems();
    assert!(over.contains("target.ci: would push candidates over the target's branch"), "{over}");
}

#[test]
fn a_secret_comes_from_a_variable_a_program_or_a_credential() {
    let password = "password = { file = \"imap-password\" }";
    let with = |source: &str| shipped_but(&[(password, &format!("password = {source}"))]);
    let secret = |world: &World| {
        let accounts = world.load().unwrap().accounts;
        accounts.values().next().unwrap().password.expose().to_owned()
    };

    let mut world = with("{ env = \"IMAP\" }");
    world.variables.insert("IMAP", "from env".into());
    assert_eq!(secret(&world), "from env");

    let mut world = with("{ command = [\"pass\", \"show\", \"imap\"] }");
    world.program = Some(|| Ok(b"from program\r\n".to_vec()));
    assert_eq!(secret(&world), "from program");

    // systemd shows the mask of an access list as the group's permissions.
    let mut world =
        with("{ credential = \"imap\" }").file("/run/creds/imap", 0o440, b"from systemd");
    world.variables.insert("CREDENTIALS_DIRECTORY", "/run/creds".into());
    assert_eq!(secret(&world), "from systemd");
}

#[test]
fn what_is_no_secret_is_refused_with_what_to_do() {
    let password = "password = { file = \"imap-password\" }";
    let told = |world: World| {
        let problems = world.load().unwrap_err();
        let all = format!("{problems}\n{problems:?}");
        assert!(!all.contains(CANARY) && !all.contains("arg-"), "{all}");
        problems.to_string().split_once(": ").unwrap().1.to_owned() + "\n"
    };
    let with = |source: &str| shipped_but(&[(password, &format!("password = {source}"))]);
    let program = |program: Program| {
        let mut world = with("{ command = [\"pass\", \"show\", \"arg-1\"] }");
        world.program = Some(program);
        world
    };
    let file = |mode, content: &[u8]| World::new(shipped()).file("imap-password", mode, content);
    let long = [b'x'; 64 * 1024 + 1];
    let all = [
        with("\"c4n4rY-7\""),
        with("{ file = \"a\", env = \"B\" }"),
        with("{}"),
        with("{ value = \"c4n4rY-7\" }"),
        with("[\"c4n4rY-7\"]"),
        with("{ file = \"nowhere\" }"),
        with("{ env = \"NOT_SET\" }"),
        with("{ credential = \"imap\" }"),
        with("{ credential = \"../imap\" }"),
        with("{ command = [] }"),
        with("{ command = \"pass show arg-1\" }"),
        program(|| Err(CommandFault::NotStarted(io::ErrorKind::NotFound.into()))),
        program(|| Err(CommandFault::TimedOut(Duration::from_secs(10)))),
        program(|| Ok(format!("{CANARY}\nuser: x\n").into_bytes())),
        file(0o640, CANARY.as_bytes()),
        file(0o604, CANARY.as_bytes()),
        file(0o602, CANARY.as_bytes()),
        file(0o600, b""),
        file(0o600, b"\n"),
        file(0o600, b"\xffc4n4rY-7"),
        file(0o600, &long),
    ];
    insta::assert_snapshot!(all.into_iter().map(told).collect::<String>(), @r#"
account.password: is written in the file itself, where backups and screens show it; put it into a file that only its owner may read, and write password = { file = "…" }; if anybody may have seen it, replace it
account.password: names several sources; write exactly one of file, env, command, credential
account.password: names no source; write exactly one of file, env, command, credential
account.password.value: there is no such key; remove it; there are `file`, `env`, `command`, `credential`
account.password: is a list; it takes { file = "…" }, { env = "NAME" }, { command = ["…"] } or { credential = "…" }
account.password.file: names /etc/gatepost/nowhere, which can't be read: entity not found; write the secret into it: `install -m 600 /dev/null /etc/gatepost/nowhere`, then edit /etc/gatepost/nowhere
account.password.env: names $NOT_SET, which is not set; set it in the environment that the bot is started in
account.password.credential: names a credential, and $CREDENTIALS_DIRECTORY is not set; start the bot by systemd with LoadCredential=, or name a file instead
account.password.credential: is "../imap", which is not a name; use at most 60 letters, digits, "-", "_" and ".", beginning with a letter or digit
account.password.command: names no program; write the program and its arguments
account.password.command: is a text; it takes a list of texts: a program and its arguments
account.password.command: names `pass`, which could not be started: entity not found; run the command by hand, as the user and in the environment of the bot
account.password.command: names `pass`, which did not end within 10 seconds and was stopped; run the command by hand, as the user and in the environment of the bot
account.password.command: names the output of `pass`, which is more than one line of text; it must be one line of text, and nothing else
account.password.file: names /etc/gatepost/imap-password, which others than its owner may read or write (mode 0640); run `chmod 600 /etc/gatepost/imap-password`
account.password.file: names /etc/gatepost/imap-password, which others than its owner may read or write (mode 0604); run `chmod 600 /etc/gatepost/imap-password`
account.password.file: names /etc/gatepost/imap-password, which others than its owner may read or write (mode 0602); run `chmod 600 /etc/gatepost/imap-password`
account.password.file: names /etc/gatepost/imap-password, which is empty; it must be one line of text, and nothing else
account.password.file: names /etc/gatepost/imap-password, which is empty; it must be one line of text, and nothing else
account.password.file: names /etc/gatepost/imap-password, which is not UTF-8 text; it must be one line of text, and nothing else
account.password.file: names /etc/gatepost/imap-password, which is too long; it must be one line of text, and nothing else
"#);
}

#[test]
fn a_mistyped_secret_key_does_not_show_the_secret() {
    for wrong in [
        "pasword = \"c4n4rY-7\"",
        "password = c4n4rY-7",
        "password = \"c4n4rY-7",
        "password = \"\"\"\nhost = c4n4rY-7\n",
        "pass = { secret = \"c4n4rY-7\" }",
        "password = { file = \"x\", c = 'c4n4rY-7' }",
        "password = \"c4n4rY-7\\q\"",
        "password.value = \"c4n4rY-7\"",
        "password = [\n\"c4n4rY-7\",\n",
        "password : \"c4n4rY-7\"",
    ] {
        let problems = shipped_but(&[("password = { file = \"imap-password\" }", wrong)]).load();
        let problems = problems.expect_err(wrong);
        let all = format!("{problems}\n{problems:?}");
        assert!(!all.contains("c4n4rY-7"), "{wrong}\n{all}");
    }
}

#[test]
fn a_loaded_configuration_does_not_show_its_secrets() {
    let config = World::new(shipped()).load().unwrap();
    let debug = format!("{config:?} {config:#?}");
    assert!(!debug.contains(CANARY) && debug.contains("***"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever one slip does to a file with inline secrets in it, they are not shown.
    #[test]
    fn no_slip_shows_an_inline_secret(at in 0_usize..10_000, put in "[\\[\\]{}\"'=#,.\n ]{0,3}", cut in 0_usize..3) {
        let text = shipped()
            .replace("{ file = \"imap-password\" }", "\"c4n4rY-7\"")
            .replace("{ file = \"gitlab-token\" }", "\"c4n4rY-7\"");
        let hit = text.match_indices("c4n4rY-7").nth(at % 2).unwrap().0;
        // Near a secret, but not inside: a canary in pieces would not be found again.
        let at = if at % 3 == 0 { hit - 1 - at % 30 } else { at % text.len() };
        prop_assume!(text.is_char_boundary(at) && !text[at..].starts_with("c4n4rY"));
        let end = (at + cut).min(text.len());
        let slip = format!("{}{put}{}", &text[..at], &text[end..]);
        if let Err(problems) = World::new(slip).load() {
            let all = format!("{problems}\n{problems:?}");
            prop_assert!(!all.contains("4n4rY"), "{}", all);
        }
    }

    /// Whatever is in the file, reading it ends with values or problems.
    #[test]
    fn any_text_is_taken_or_refused(text in "([a-z_.]{0,8}|[\\[\\]{}\"'=#,\n 0-9é-]){0,40}") {
        if let Err(problems) = World::new(text).load() {
            prop_assert!(!problems.to_string().is_empty());
        }
    }
}

#[test]
fn a_host_to_fetch_from_may_name_a_port() {
    for (host, taken) in [
        ("git.example.org:8443", true),
        ("127.0.0.1:*", true),
        ("git.example.org:https", false),
        ("git.example.org:80:80", false),
        (":80", false),
    ] {
        let world = shipped_but(&[("*.kernel.org", host)]);
        assert_eq!(world.load().is_ok(), taken, "{host}");
    }
}

/// The shipped file with a `[command]` of these lines.
fn commanded(lines: &str) -> World {
    World::new(format!("{}\n[command]\naccount = \"lists\"\n{lines}", shipped()))
}

#[test]
fn a_command_mailbox_has_its_defaults_and_says_whose_word_on_dkim_counts() {
    let command = commanded("").load().unwrap().command.unwrap();
    assert_eq!(command.account.as_str(), "lists");
    assert_eq!((command.folder.as_str(), command.mails_per_hour), ("INBOX", 20));
    assert_eq!(command.address, "gatepost@example.org");
    assert_eq!(command.window.as_hours(), 48);
    assert_eq!(command.dkim, Dkim::Verify { resolvers: vec![] });
    let header =
        "dkim = \"header\"\nauthserv_id = \"mx.example.org\"\naddress = \"do@example.org\"";
    let command = commanded(header).load().unwrap().command.unwrap();
    assert_eq!(command.address, "do@example.org");
    assert_eq!(command.dkim, Dkim::Header { authserv_id: "mx.example.org".into() });
    let resolvers = "resolvers = [\"127.0.0.1:5353\", \"192.0.2.1\", \"2001:db8::1\"]";
    let command = commanded(resolvers).load().unwrap().command.unwrap();
    let servers = ["127.0.0.1:5353", "192.0.2.1:53", "[2001:db8::1]:53"];
    let resolvers = servers.map(|server| server.parse().unwrap()).to_vec();
    assert_eq!(command.dkim, Dkim::Verify { resolvers });
    let off = commanded("dkim = \"off\"").load().unwrap().command.unwrap();
    assert_eq!(off.dkim, Dkim::Off);
}

#[test]
fn a_command_mailbox_that_can_not_be_right_is_refused_with_what_to_do() {
    let told: String = [
        "address = \"Devel@lists.example.org\"",
        "dkim = \"header\"",
        "dkim = \"header\"\nauthserv_id = \"mx; dkim=pass\"",
        "dkim = \"heeder\"",
        "resolvers = [\"dns.example.org\"]",
        "resolvers = [\"192.0.2.1:0\"]",
        "window = \"0s\"",
        "mails_per_hour = 0",
    ]
    .iter()
    .map(|lines| {
        let problems = commanded(lines).problems();
        assert_eq!(problems.lines().count(), 1, "{lines}: {problems}");
        format!("{}\n", problems.trim().split_once(": ").unwrap().1)
    })
    .collect();
    insta::assert_snapshot!(told, @r#"
command.address: is the address of a list; name an address of the bot's own
command.dkim: is "header", and no `authserv_id` says whose header; write the name that your mail server puts first into Authentication-Results
command.authserv_id: is "mx; dkim=pass", which is no server's name; write what stands between "Authentication-Results:" and the first ";"
command.dkim: is "heeder", which is none of the choices; did you mean "header"?
command.resolvers[1]: is "dns.example.org", which is not a DNS server's address; write 192.0.2.1, 192.0.2.1:5353 or [2001:db8::1]:53
command.resolvers[1]: is "192.0.2.1:0", which is not a DNS server's address; write 192.0.2.1, 192.0.2.1:5353 or [2001:db8::1]:53
command.window: is "0s", which is out of range; write a duration above zero and below ten years
command.mails_per_hour: is out of range; write a whole number from 1 to 1000000
"#);
    let elsewhere = World::new(format!("{}\n[command]\naccount = \"list\"\n", shipped()));
    assert!(elsewhere.problems().contains("no account named \"list\"; did you mean \"lists\"?"));
    let nowhere = World::new(format!("{}\n[command]\n", shipped()));
    assert!(
        nowhere.problems().contains("command: the section is missing")
            || nowhere.problems().contains("command.account: is missing")
    );
}
