//! `gatepost demo`, run as a newcomer runs it: with an environment that has next to nothing in it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A demo whose temporary files go into that folder.
fn demo(tmp: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    command.arg("demo").env_clear().env("TMPDIR", tmp).stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command
}

fn start(tmp: &Path) -> Child {
    demo(tmp).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Checks that a demo has ended with that code, and that nothing of it is left.
fn expect_end(output: &Output, code: i32, tmp: &TempDir) {
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{said}\n{complained}");
    let left: Vec<_> = fs::read_dir(tmp.path()).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(processes_with(tmp.path()), [""; 0]);
}

/// The processes that were started with a folder in their environment or arguments.
fn processes_with(folder: &Path) -> Vec<String> {
    let needle = folder.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = processes
        .filter(|process| {
            // Processes end while they are looked at, and others' are not shown.
            let read = |name: &str| fs::read(process.join(name)).unwrap_or_default();
            let known = [read("environ"), read("cmdline")].concat();
            String::from_utf8_lossy(&known).contains(needle)
        })
        .map(|process| process.display().to_string())
        .collect();
    found.sort();
    found
}

fn expect_story(output: &Output) {
    let said = text(&output.stdout);
    assert_eq!(text(&output.stderr), "");
    for verdict in [
        "│ Passed on master ",
        "│ Failed in 1 of 4 jobs on master ",
        "│ Does not merge onto master ",
        "│ Not tested: the tag's signature is bad.",
    ] {
        assert_eq!(said.matches(verdict).count(), 1, "{verdict}\n{said}");
    }
    assert!(said.contains("\n│     git merge --ff-only "), "{said}");
    assert!(said.contains("\n│     not ok: a sum of negative numbers: got '0', wanted '-9'\n"));
    let threads = said.split("── ").nth(1).unwrap();
    assert_eq!(threads.matches("└─> Re: [PULL 0/").count(), 3, "{threads}");
    assert!(!threads.contains("Re: [PULL 0/1] Documentation patches"), "told to all:\n{threads}");
    assert!(said.contains("gatepost check"), "{said}");
    for line in said.lines().filter(|line| !line.contains("http://")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(!said.contains('\x1b'), "no terminal, no colours");
}

#[test]
fn four_requests_are_answered_and_nothing_is_left_behind() {
    let tmp = tempfile::tempdir().unwrap();
    let output = demo(tmp.path()).output().unwrap();
    expect_end(&output, 0, &tmp);
    expect_story(&output);
}

#[test]
fn two_at_once_do_not_meet() {
    let tmp = tempfile::tempdir().unwrap();
    let demos = [start(tmp.path()), start(tmp.path())];
    let outputs = demos.map(|demo| demo.wait_with_output().unwrap());
    for output in &outputs {
        expect_end(output, 0, &tmp);
        expect_story(output);
    }
}

#[test]
fn without_git_it_says_what_to_install() {
    let (tmp, bin) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let output = demo(tmp.path()).env("PATH", bin.path()).output().unwrap();
    expect_end(&output, 69, &tmp);
    assert_eq!(text(&output.stdout), "");
    let complained = text(&output.stderr);
    assert!(complained.contains("apt install git"), "{complained}");
    assert_eq!(complained.lines().count(), 1, "{complained}");
}

#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    let tmp = tempfile::tempdir().unwrap();
    let mut demo = start(tmp.path());
    let mut said = BufReader::new(demo.stdout.take().unwrap());
    // It hears signals before it says the first word.
    said.read_line(&mut String::new()).unwrap();
    let pid = Pid::from_raw(i32::try_from(demo.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let rest: Vec<_> = said.lines().map(Result::unwrap).collect();
    let output = demo.wait_with_output().unwrap();
    expect_end(&output, 130, &tmp);
    assert!(!rest.iter().any(|line| line.contains("Where to go next")), "{rest:?}");
}

#[test]
fn a_reader_who_has_had_enough_is_no_error() {
    let tmp = tempfile::tempdir().unwrap();
    let mut demo = start(tmp.path());
    drop(demo.stdout.take());
    let output = demo.wait_with_output().unwrap();
    expect_end(&output, 0, &tmp);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_callers_git_variables_do_not_matter() {
    let tmp = tempfile::tempdir().unwrap();
    let mut demo = demo(tmp.path());
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        demo.env(variable, "/nonexistent");
    }
    let output = demo.output().unwrap();
    expect_end(&output, 0, &tmp);
    expect_story(&output);
}
