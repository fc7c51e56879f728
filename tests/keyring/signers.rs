//! Who signs: gpg and ssh-keygen with homes of their own; and a keyring folder to try it on.

use std::fs;
use std::process::{Command, Output, Stdio};

use crate::adapters::keyring::KeyringFolder;
use crate::ports::Keyring;
use crate::pull::cover::Person;
use crate::pull::ids::ObjectId;
use crate::pull::tag::{Signer, Verification};
use jiff::{SignedDuration, Timestamp};

/// When the tags are made, unless a test says otherwise.
pub(crate) const MADE: &str = "2026-09-01T12:00:00Z";

pub(crate) fn made() -> Timestamp {
    MADE.parse().unwrap()
}

pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

pub(crate) fn commit() -> ObjectId {
    "0123456789abcdef0123456789abcdef01234567".parse().unwrap()
}

pub(crate) fn payload(name: &str) -> String {
    format!(
        "object {}\ntype commit\ntag {name}\ntagger Ada <ada@example.org> {} +0000\n\nText.\n",
        commit(),
        made().as_second()
    )
}

/// A keyring folder of its own.
pub(crate) struct Folder(pub(crate) tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn with(self, file: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.0.path().join(file), content).unwrap();
        self
    }

    pub(crate) fn keyring(&self) -> KeyringFolder {
        KeyringFolder::new(self.0.path())
    }

    pub(crate) fn verify(&self, tag: &[u8], now: Timestamp) -> Verification {
        self.keyring().verify(tag, "v1", now).unwrap()
    }
}

pub(crate) fn good(verification: Verification) -> Signer {
    match verification {
        Verification::Good(signer) => signer,
        other => panic!("not good: {other:?}"),
    }
}

pub(crate) fn why(verification: &Verification) -> &str {
    match verification {
        Verification::Bad { why }
        | Verification::Expired { why, .. }
        | Verification::Revoked { why, .. }
        | Verification::Weak { why } => why,
        other => panic!("has no why: {other:?}"),
    }
}

pub(crate) fn run(command: &mut Command, input: &[u8]) -> Output {
    use std::io::Write;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

pub(crate) fn output(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let output = run(command, input);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

pub(crate) fn person(name: &str) -> Person {
    let address = format!("{}@example.org", name.to_lowercase());
    Person { name: Some(name.into()), address }
}

/// A gpg home of its own, whose agent is stopped at the end. Its clock stands at `MADE`.
pub(crate) struct Gpg(pub(crate) tempfile::TempDir);

impl Gpg {
    pub(crate) fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::Builder::new().prefix("gpg").tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        Self(home)
    }

    pub(crate) fn command(&self) -> Command {
        let mut gpg = Command::new("gpg");
        gpg.env("GNUPGHOME", self.0.path());
        gpg.args(["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]);
        gpg.args(["--faked-system-time", "20260901T120000!"]);
        gpg
    }

    pub(crate) fn call(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        output(self.command().args(arguments), input)
    }

    /// Makes a key and returns its fingerprint.
    pub(crate) fn key(&self, owner: &str, algorithm: &str, expires: &str) -> String {
        self.call(&["--quick-gen-key", owner, algorithm, "sign", expires], b"");
        self.key_of(owner)
    }

    pub(crate) fn key_of(&self, owner: &str) -> String {
        let list = self.call(&["--list-keys", "--with-colons", &format!("={owner}")], b"");
        let list = String::from_utf8(list).unwrap();
        let line = list.lines().find(|line| line.starts_with("fpr:")).unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }

    pub(crate) fn export(&self, keys: &[&str]) -> Vec<u8> {
        self.call(&[&["--armor", "--export"], keys].concat(), b"")
    }

    /// A whole tag: payload and signature.
    pub(crate) fn tag(&self, payload: &str, options: &[&str]) -> Vec<u8> {
        let sign = [options, &["--armor", "--detach-sign"]].concat();
        let signature = self.call(&sign, payload.as_bytes());
        [payload.as_bytes(), &signature].concat()
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _stopped = Command::new("gpgconf")
            .env("GNUPGHOME", self.0.path())
            .args(["--kill", "all"])
            .status();
    }
}

pub(crate) const ADA: &str = "Ada <ada@example.org>";

pub(crate) struct Ssh(tempfile::TempDir);

impl Ssh {
    pub(crate) fn new(kind: &str, options: &[&str]) -> Self {
        let ssh = Self(tempfile::tempdir().unwrap());
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-N", "", "-C", "", "-t", kind]).args(options);
        output(keygen.arg("-f").arg(ssh.private()), b"");
        ssh
    }

    pub(crate) fn private(&self) -> std::path::PathBuf {
        self.0.path().join("key")
    }

    /// A line of `allowed_signers`.
    pub(crate) fn line(&self, options: &str) -> String {
        let key = fs::read_to_string(self.0.path().join("key.pub")).unwrap();
        format!("ada@example.org {options} {key}")
    }

    pub(crate) fn tag(&self, payload: &str, namespace: &str) -> Vec<u8> {
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(self.private());
        [payload.as_bytes(), &output(&mut keygen, payload.as_bytes())].concat()
    }
}
