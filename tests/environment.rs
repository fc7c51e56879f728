//! The process's own environment, as the configuration uses it: real files, real programs.

use std::fs::{OpenOptions, Permissions, set_permissions, write};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use crate::config::environment::{CommandFault, Environment, MAX_SECRET, ProcessEnvironment};

const LONG: Duration = Duration::from_secs(60);

fn sh(script: &str, folder: &Path, limit: Duration) -> Result<Vec<u8>, CommandFault> {
    let command = ["sh", "-c", script].map(str::to_owned);
    ProcessEnvironment.output(&command, folder, limit).map(|printed| printed.to_vec())
}

#[test]
fn a_secret_file_comes_with_its_own_permissions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    write(&file, "hunter2\n").unwrap();
    for mode in [0o600, 0o644, 0o400] {
        set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let found = ProcessEnvironment.secret_file(&file).unwrap();
        assert_eq!((found.mode, found.content.as_slice()), (mode, &b"hunter2\n"[..]));
    }
}

#[test]
fn what_is_no_file_is_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let error = ProcessEnvironment.secret_file(folder.path()).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    // Nobody ever writes to it: opening it in the common way would never return.
    let fifo = folder.path().join("fifo");
    sh(&format!("mkfifo {}", fifo.display()), folder.path(), LONG).unwrap();
    let error = ProcessEnvironment.secret_file(&fifo).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn what_is_read_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("big");
    write(&file, vec![b'x'; MAX_SECRET + 1000]).unwrap();
    assert_eq!(ProcessEnvironment.secret_file(&file).unwrap().content.len(), MAX_SECRET + 1);
    write(&file, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    let error = ProcessEnvironment.text(&file).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_program_gives_what_it_prints_and_runs_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path().join("here"), "").unwrap();
    assert_eq!(sh("ls; printf hunter2", folder.path(), LONG).unwrap(), b"here\nhunter2");
    let script = folder.path().join("script");
    write(&script, "#!/bin/sh\necho by path\n").unwrap();
    set_permissions(&script, Permissions::from_mode(0o700)).unwrap();
    let printed = ProcessEnvironment.output(&["./script".to_owned()], folder.path(), LONG);
    assert_eq!(printed.unwrap().as_slice(), b"by path\n");
}

#[test]
fn a_program_that_fails_says_how() {
    let folder = tempfile::tempdir().unwrap();
    let failed = sh("echo hunter2; exit 3", folder.path(), LONG).unwrap_err();
    assert_eq!(failed.to_string(), "ended with exit status: 3");
    let missing = ["no-such-program".to_owned()];
    let missing = ProcessEnvironment.output(&missing, folder.path(), LONG).unwrap_err();
    assert!(matches!(missing, CommandFault::NotStarted(_)), "{missing}");
    let endless = sh("exec cat /dev/zero", folder.path(), LONG).unwrap_err();
    assert!(matches!(endless, CommandFault::Failed(_)), "{endless}");
}

#[test]
fn a_program_that_does_not_end_is_stopped_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let mut limit = Duration::from_millis(50);
    // A limit that is up before the child runs shows nothing: try again with more.
    while !folder.path().join("started").exists() {
        limit *= 2;
        let fifo = folder.path().join(format!("fifo-{}", limit.as_millis()));
        sh(&format!("mkfifo {}", fifo.display()), folder.path(), LONG).unwrap();
        let from = fifo.clone();
        let reader = std::thread::spawn(move || std::fs::read_to_string(from).unwrap());
        let script =
            format!("(: > started; sleep 20; echo it lived on) > {} & wait", fifo.display());
        let fault = sh(&script, folder.path(), limit).unwrap_err();
        assert!(matches!(fault, CommandFault::TimedOut(_)), "{fault}");
        // Lets the reader go if the child never opened its end.
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        drop(OpenOptions::new().write(true).custom_flags(nonblocking).open(&fifo));
        assert_eq!(reader.join().unwrap(), "");
    }
}
