//! Holds the sources to the layout that `src/lib.rs` states: who may use whom, what the pure
//! folders must not touch, what every file looks like. The checks are functions of a file's text,
//! and are themselves tested on made-up files.
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use self::circles::{circles, uses};
use self::paths::{mentions, module_of};

mod circles;
mod paths;

/// The modules of the crate, each of which may use those before it.
const ORDER: [&str; 9] =
    ["pull", "mail", "ports", "config", "adapters", "bot", "wiring", "demo", "cli"];

/// Who may not use whom although the order would allow it: ports lie between them.
const STRANGERS: [(&str, &str); 1] = [("bot", "adapters")];

/// What several adapters build on; else no adapter knows another.
const SHARED_ADAPTERS: [&str; 5] = ["tls", "http", "clock", "connection", "dumps"];

/// Folders without input, output, threads or clock.
const PURE: [&str; 2] = ["pull", "mail"];

/// The only crates that those may use, besides the standard library.
const CRATES_OF_THE_PURE: [&str; 14] = [
    "globset",
    "jiff",
    "lettre",
    "mail_parser",
    "memchr",
    "percent_encoding",
    "regex",
    "serde",
    "serde_json",
    "sha2",
    "strip_ansi_escapes",
    "strsim",
    "textwrap",
    "thiserror",
];

/// What those must not name of the standard library and of these crates.
const IMPURE: [&[&str]; 10] = [
    &["std", "fs"],
    &["std", "net"],
    &["std", "os"],
    &["std", "env"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "sync", "mpsc"],
    &["std", "time", "Instant"],
    &["lettre", "SmtpTransport"],
    &["lettre", "transport"],
];

/// The one file that may ask what time it is.
const CLOCK: &str = "adapters/clock.rs";

/// Whose `now` is the time of day. The monotonic clock is for deadlines, and free.
const TIMES_OF_DAY: [&str; 3] = ["Timestamp", "SystemTime", "Zoned"];

/// A file's lines before its tests.
const MOST_LINES: usize = 400;

#[test]
fn the_sources_keep_to_the_layout() {
    let problems: Vec<String> =
        sources().iter().flat_map(|(name, text)| problems(name, text)).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn no_files_or_folders_use_each_other_in_a_circle() {
    let circles = circles(&uses(&sources()));
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

/// The files' paths below `src/`, with their texts.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    find_sources(&root, &mut files);
    assert!(files.len() > 20, "only {} files found", files.len());
    let name = |file: &Path| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    files.iter().map(|file| (name(file), fs::read_to_string(file).unwrap())).collect()
}

#[test]
fn the_map_in_lib_rs_lists_the_modules_in_this_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let map = fs::read_to_string(root.join("lib.rs")).unwrap();
    let listed: Vec<&str> =
        map.lines().filter_map(|line| line.strip_prefix("//! * [`")?.split('`').next()).collect();
    assert_eq!(listed, ORDER);
    let mut there: Vec<String> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !["lib", "main"].contains(&name.as_str()))
        .collect();
    there.sort();
    let mut ordered = ORDER.map(str::to_owned);
    ordered.sort();
    assert_eq!(there, ordered);
}

fn find_sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

/// Everything that is wrong with a file, by its path below `src/`.
fn problems(name: &str, text: &str) -> Vec<String> {
    let tokens = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
    let module = module_of(name);
    let mut problems = shape(text);
    for mention in mentions(tokens, &module) {
        let path = &mention.path;
        problems.extend(time_of_day(name, path));
        problems.extend(impurity(&module, path));
        problems.extend(direction(&module, path));
        problems.extend(acquaintance(&module, path));
    }
    problems.sort();
    problems.dedup();
    problems.iter().map(|problem| format!("src/{name}: {problem}")).collect()
}

fn shape(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !text.starts_with("//! ") {
        problems.push("does not open with //!".to_owned());
    }
    let before_tests = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count();
    if before_tests >= MOST_LINES {
        problems.push(format!("has {before_tests} lines before its tests, not under {MOST_LINES}"));
    }
    problems
}

fn time_of_day(name: &str, path: &[String]) -> Option<String> {
    let [.., whose, last] = path else { return None };
    let asks = last == "now" && TIMES_OF_DAY.contains(&whose.as_str());
    (asks && name != CLOCK).then(|| format!("{} outside {CLOCK}", path.join("::")))
}

fn impurity(module: &[String], path: &[String]) -> Option<String> {
    let pure = module.first().is_some_and(|top| PURE.contains(&top.as_str()));
    let begins_with = |prefix: &&[&str]| {
        path.len() >= prefix.len() && path.iter().zip(*prefix).all(|(part, named)| part == named)
    };
    let asks_a_clock = path.ends_with(&["Instant".to_owned(), "now".to_owned()]);
    let strange = path.len() > 1 && is_strange_crate(&path[0]);
    let impure = asks_a_clock || strange || IMPURE.iter().any(begins_with);
    (pure && impure).then(|| format!("{} in a pure folder", path.join("::")))
}

/// Whether a crate of the manifest's dependencies is not one that a pure folder may use.
fn is_strange_crate(name: &str) -> bool {
    static DEPENDENCIES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let text = fs::read_to_string(manifest).unwrap();
        let manifest = toml::de::DeTable::parse(&text).unwrap();
        let dependencies = manifest.get_ref().get("dependencies").unwrap().get_ref();
        let names = dependencies.as_table().unwrap().keys();
        names.map(|name| name.get_ref().replace('-', "_")).collect()
    });
    DEPENDENCIES.contains(name) && !CRATES_OF_THE_PURE.contains(&name)
}

fn direction(module: &[String], path: &[String]) -> Option<String> {
    let rank = |name: &String| ORDER.iter().position(|module| module == name);
    let [root, to, ..] = path else { return None };
    let from = module.first()?;
    let forbidden = root == "crate"
        && (rank(to)? > rank(from)? || STRANGERS.contains(&(from.as_str(), to.as_str())));
    forbidden.then(|| format!("{from} must not use {}", path[1..].join("::")))
}

fn acquaintance(module: &[String], path: &[String]) -> Option<String> {
    let [top, from, ..] = module else { return None };
    let [root, to_top, to, ..] = path else { return None };
    let strange = top == "adapters"
        && root == "crate"
        && to_top == "adapters"
        && to != from
        && !SHARED_ADAPTERS.contains(&to.as_str());
    strange.then(|| format!("the adapter {from} must not know {to}"))
}

/// What is wrong with a file of that text, after a first line as every file has it.
fn found(name: &str, text: &str) -> Vec<String> {
    problems(name, &format!("//! A file.\n{text}"))
}

#[test]
fn using_what_stands_above_is_fine() {
    assert!(found("mail/a.rs", "use crate::pull::ids::TargetName;").is_empty());
    assert!(found("adapters/git/mod.rs", "use crate::{config::model, ports::Fault};").is_empty());
    assert!(found("adapters/git/mod.rs", "use crate::adapters::{http, tls};").is_empty());
    assert!(found("adapters/git/a.rs", "use super::super::tls; use super::b;").is_empty());
    assert!(found("demo/a.rs", "use crate::wiring; use crate::bot::x;").is_empty());
    assert!(found("cli/a.rs", "use crate::{demo, wiring, adapters::imap};").is_empty());
    assert!(
        found("pull/a.rs", "/// [`crate::cli`]\nconst A: &str = \"crate::cli::x\";").is_empty()
    );
    assert!(found("pull/a.rs", "mod tests { use super::*; use super::super::ids; }").is_empty());
}

#[test]
fn using_what_stands_below_is_found() {
    let cases = [
        ("pull/a.rs", "use crate::mail::x;", "pull must not use mail::x"),
        ("mail/a.rs", "fn f() { crate::ports::g(); }", "mail must not use ports::g"),
        ("ports/a.rs", "use crate::{pull::x, config::{y}};", "ports must not use config::y"),
        ("config/mod.rs", "use super::adapters::tls;", "config must not use adapters::tls"),
        ("pull/a.rs", "use super::super::cli;", "pull must not use cli"),
        ("pull/a.rs", "mod b { use super::super::super::cli; }", "pull must not use cli"),
        ("pull/a.rs", "fn f() { assert!(crate::bot::is()); }", "pull must not use bot::is"),
        ("bot/a.rs", "use crate::adapters::clock::SystemClock;", "bot must not use adapters"),
        ("adapters/a.rs", "use crate::bot::x;", "adapters must not use bot::x"),
        ("bot/a.rs", "use crate::wiring::x;", "bot must not use wiring::x"),
        ("wiring.rs", "use crate::demo::x;", "wiring must not use demo::x"),
        ("demo/a.rs", "use crate::cli::*;", "demo must not use cli::*"),
    ];
    for (name, text, problem) in cases {
        let found = found(name, text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].contains(problem), "{text}: {found:?}");
    }
}

#[test]
fn adapters_that_know_each_other_are_found() {
    for text in ["use crate::adapters::{tls, smtp};", "use super::super::smtp::x;"] {
        let found = found("adapters/imap/a.rs", text);
        assert_eq!(found, ["src/adapters/imap/a.rs: the adapter imap must not know smtp"]);
    }
    assert_eq!(found("adapters/imap/mod.rs", "use crate::adapters::*;").len(), 1);
}

#[test]
fn the_world_in_a_pure_folder_is_found() {
    for text in [
        "use std::fs;",
        "use std::{fmt, net::IpAddr};",
        "fn f() { std::thread::spawn(g); }",
        "use tokio::sync::mpsc;",
        "use lettre::{Message, SmtpTransport};",
        "fn f() { sequoia_openpgp::Cert::from_bytes(b\"\"); }",
        "fn f() { Timestamp::now(); }",
        "fn f() { Instant::now(); }",
    ] {
        assert!(!found("pull/a.rs", text).is_empty(), "{text}");
        assert!(!found("mail/deep/a.rs", text).is_empty(), "{text}");
    }
    assert!(found("pull/a.rs", "use std::fmt; use jiff::Timestamp; use regex::Regex;").is_empty());
    assert!(
        found("bot/a.rs", "use std::fs; use tokio::net; fn f() { Instant::now(); }").is_empty()
    );
}

#[test]
fn asking_for_the_time_outside_the_clock_is_found() {
    assert_eq!(found("bot/a.rs", "fn f() { jiff::Timestamp::now(); }").len(), 1);
    assert_eq!(found("demo/a.rs", "fn f() { SystemTime::now(); }").len(), 1);
    assert!(found(CLOCK, "fn f() { Timestamp::now(); }").is_empty());
}

#[test]
fn a_file_without_its_purpose_or_too_long_is_found() {
    assert_eq!(problems("bot/a.rs", "use std::fs;"), ["src/bot/a.rs: does not open with //!"]);
    assert_eq!(found("bot/a.rs", &"fn f() {}\n".repeat(399)).len(), 1);
    assert!(found("bot/a.rs", &"fn f() {}\n".repeat(398)).is_empty());
    let tests = format!("#[cfg(test)]\nmod tests {{ {} }}", "fn f() {}\n".repeat(500));
    assert!(found("bot/a.rs", &tests).is_empty());
}
