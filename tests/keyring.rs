//! The keyring's contract, with tags signed by real `gpg`, `ssh-keygen`, `git` and by Sequoia.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use gatepost::adapters::keyring::{KeyKind, KeyringFolder};
use gatepost::demo::keys::SigningKey;
use gatepost::ports::{FaultKind, Keyring};
use gatepost::pull::cover::Person;
use gatepost::pull::ids::ObjectId;
use gatepost::pull::tag::{Signer, Verification};
use jiff::{SignedDuration, Timestamp};
use sequoia_openpgp as openpgp;

use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::SerializeInto;
use openpgp::serialize::stream::{Armorer, Message};
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};
use openpgp::{Cert, Packet, armor};

/// When the tags are made, unless a test says otherwise.
const MADE: &str = "2026-09-01T12:00:00Z";

fn made() -> Timestamp {
    MADE.parse().unwrap()
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

fn commit() -> ObjectId {
    "0123456789abcdef0123456789abcdef01234567".parse().unwrap()
}

fn payload(name: &str) -> String {
    format!(
        "object {}\ntype commit\ntag {name}\ntagger Ada <ada@example.org> {} +0000\n\nText.\n",
        commit(),
        made().as_second()
    )
}

/// A keyring folder of its own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(self, file: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.0.path().join(file), content).unwrap();
        self
    }

    fn keyring(&self) -> KeyringFolder {
        KeyringFolder::new(self.0.path())
    }

    fn verify(&self, tag: &[u8], now: Timestamp) -> Verification {
        self.keyring().verify(tag, "v1", now).unwrap()
    }
}

fn good(verification: Verification) -> Signer {
    match verification {
        Verification::Good(signer) => signer,
        other => panic!("not good: {other:?}"),
    }
}

fn why(verification: &Verification) -> &str {
    match verification {
        Verification::Bad { why }
        | Verification::Expired { why, .. }
        | Verification::Revoked { why, .. }
        | Verification::Weak { why } => why,
        other => panic!("has no why: {other:?}"),
    }
}

fn run(command: &mut Command, input: &[u8]) -> Output {
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

fn output(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let output = run(command, input);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

// --- Real gpg. ---

/// A gpg home of its own, whose agent is stopped at the end. Its clock stands at `MADE`.
struct Gpg(tempfile::TempDir);

impl Gpg {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::Builder::new().prefix("gpg").tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        Self(home)
    }

    fn command(&self) -> Command {
        let mut gpg = Command::new("gpg");
        gpg.env("GNUPGHOME", self.0.path());
        gpg.args(["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]);
        gpg.args(["--faked-system-time", "20260901T120000!"]);
        gpg
    }

    fn call(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        output(self.command().args(arguments), input)
    }

    /// Makes a key and returns its fingerprint.
    fn key(&self, owner: &str, algorithm: &str, expires: &str) -> String {
        self.call(&["--quick-gen-key", owner, algorithm, "sign", expires], b"");
        self.key_of(owner)
    }

    fn key_of(&self, owner: &str) -> String {
        let list = self.call(&["--list-keys", "--with-colons", &format!("={owner}")], b"");
        let list = String::from_utf8(list).unwrap();
        let line = list.lines().find(|line| line.starts_with("fpr:")).unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }

    fn export(&self, keys: &[&str]) -> Vec<u8> {
        self.call(&[&["--armor", "--export"], keys].concat(), b"")
    }

    /// A whole tag: payload and signature.
    fn tag(&self, payload: &str, options: &[&str]) -> Vec<u8> {
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

const ADA: &str = "Ada <ada@example.org>";

#[test]
fn a_tag_signed_by_gpg_is_good() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key(ADA, "ed25519", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let signer = good(folder.verify(&gpg.tag(&payload("v1"), &[]), made()));
    assert_eq!(
        signer,
        Signer { key: fingerprint, name: "Ada".into(), addresses: vec!["ada@example.org".into()] }
    );
}

#[test]
fn rsa_nist_and_subkeys_are_good_too() {
    let gpg = Gpg::new();
    let rsa = gpg.key("Rsa <rsa@example.org>", "rsa2048", "never");
    let nist = gpg.key("Nist <nist@example.org>", "nistp256", "never");
    let primary = gpg.key("Sub <sub@example.org>", "ed25519", "never");
    gpg.call(&["--quick-add-key", &primary, "ed25519", "sign", "30d"], b"");
    // Without armor this time.
    let folder = Folder::new().with("all.gpg", gpg.call(&["--export"], b""));
    for key in [&rsa, &nist, &primary] {
        let tag = gpg.tag(&payload("v1"), &["--local-user", key]);
        assert_eq!(good(folder.verify(&tag, made())).key, *key);
    }
    let tag = gpg.tag(&payload("v1"), &["--local-user", &primary]);
    let later = folder.verify(&tag, made() + days(31));
    assert!(matches!(&later, Verification::Expired { key, .. } if *key == primary), "{later:?}");
}

#[test]
fn a_key_that_is_not_in_the_keyring_is_unknown() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key(ADA, "ed25519", "never");
    let other = SigningKey::new(&person("Eve"), made() - days(1)).unwrap();
    let folder = Folder::new().with("eve.asc", other.certificate().unwrap());
    let verification = folder.verify(&gpg.tag(&payload("v1"), &[]), made());
    assert_eq!(verification, Verification::UnknownKey { key: fingerprint });
}

#[test]
fn a_changed_tag_is_bad_wherever_it_was_changed() {
    let gpg = Gpg::new();
    gpg.key(ADA, "ed25519", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let tag = gpg.tag(&payload("v1"), &[]);
    good(folder.verify(&tag, made()));
    let text = String::from_utf8(tag).unwrap();
    for (from, to) in [
        ("Text.", "Test."),
        ("object 0", "object 1"),
        ("tag v1", "tag v2"),
        ("Ada <ada", "Adb <ada"),
        ("Text.\n", "Text.\n\n"),
    ] {
        let changed = text.replacen(from, to, 1);
        let name = if from == "tag v1" { "v2" } else { "v1" };
        let verification = folder.keyring().verify(changed.as_bytes(), name, made()).unwrap();
        assert_eq!(why(&verification), "the signature does not fit the tag", "{from}");
    }
    let after = format!("{text}Signed-off-by: Eve\n");
    let verification = folder.verify(after.as_bytes(), made());
    assert_eq!(why(&verification), "something stands after the signature");
}

#[test]
fn a_good_tag_under_another_name_is_a_mismatch() {
    let gpg = Gpg::new();
    gpg.key(ADA, "ed25519", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let tag = gpg.tag(&payload("v1"), &[]);
    let verification = folder.keyring().verify(&tag, "v2", made()).unwrap();
    let expected = Verification::NameMismatch { signed: "v1".into(), found: "v2".into() };
    assert_eq!(verification, expected);
}

#[test]
fn a_tag_of_something_else_than_a_commit_is_bad() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    let payload = payload("v1").replace("type commit", "type tree");
    let verification = folder.verify(&key.sign(payload.as_bytes(), made()).unwrap(), made());
    assert_eq!(why(&verification), "it tags a tree, not a commit");
}

#[test]
fn a_key_that_has_expired_since_is_not_believed() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key(ADA, "ed25519", "30d");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let tag = gpg.tag(&payload("v1"), &[]);
    good(folder.verify(&tag, made() + days(29)));
    let verification = folder.verify(&tag, made() + days(31));
    let why = "it expired on 2026-10-01".into();
    assert_eq!(verification, Verification::Expired { key: fingerprint, why });
}

#[test]
fn a_forged_signature_by_an_expired_key_is_bad_and_not_expired() {
    let gpg = Gpg::new();
    gpg.key(ADA, "ed25519", "30d");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let late = ["--faked-system-time", "20261101T120000!"];
    // gpg does not sign with an expired key; so the key is extended, which the keyring's copy does
    // not know.
    let fingerprint = gpg.key_of(ADA);
    gpg.call(&[late.as_slice(), &["--quick-set-expire", &fingerprint, "never"]].concat(), b"");
    let tag = gpg.tag(&payload("v1"), &late);
    let now = "2026-11-01T13:00:00Z".parse().unwrap();
    let verification = folder.verify(&tag, now);
    assert!(matches!(verification, Verification::Expired { .. }), "{verification:?}");
    let changed = String::from_utf8(tag).unwrap().replacen("Text.", "Test.", 1);
    let verification = folder.verify(changed.as_bytes(), now);
    assert_eq!(why(&verification), "the signature does not fit the tag");
}

#[test]
fn a_revoked_key_is_not_believed_whenever_it_signed() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key(ADA, "ed25519", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let tag = gpg.tag(&payload("v1"), &[]);
    let keyring = folder.keyring();
    good(keyring.verify(&tag, "v1", made()).unwrap());
    // gpg keeps a revocation ready, with a colon in front of the armor against accidents.
    let ready = gpg.0.path().join(format!("openpgp-revocs.d/{fingerprint}.rev"));
    let ready = fs::read_to_string(ready).unwrap().replace(":-----BEGIN", "-----BEGIN");
    gpg.call(&["--import"], ready.as_bytes());
    let folder = folder.with("ada.asc", gpg.export(&[]));
    let verification = keyring.verify(&tag, "v1", made()).unwrap();
    assert!(
        matches!(&verification, Verification::Revoked { key, .. } if *key == fingerprint),
        "{verification:?}"
    );
    drop(folder);
}

#[test]
fn a_superseded_key_is_believed_until_it_was_superseded() {
    let created = SystemTime::from(made() - days(10));
    let (cert, _) = CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(created)
        .add_userid(ADA)
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .generate()
        .unwrap();
    let tag = sequoia_tag(&cert, HashAlgorithm::SHA512, made());
    let key = cert.primary_key().key().clone().parts_into_secret().unwrap();
    let mut keypair = key.into_keypair().unwrap();
    let revocation = openpgp::cert::CertRevocationBuilder::new()
        .set_signature_creation_time(SystemTime::from(made() + days(2)))
        .unwrap()
        .set_reason_for_revocation(ReasonForRevocation::KeySuperseded, b"new one")
        .unwrap()
        .build(&mut keypair, &cert, None)
        .unwrap();
    let (cert, _) = cert.insert_packets(Packet::from(revocation)).unwrap();
    let folder = Folder::new().with("ada.pgp", cert.armored().to_vec().unwrap());
    good(folder.verify(&tag, made() + days(1)));
    let verification = folder.verify(&tag, made() + days(3));
    assert!(matches!(verification, Verification::Revoked { .. }), "{verification:?}");
    assert!(why(&verification).contains("superseded"), "{verification:?}");
}

#[test]
fn sha1_is_too_weak() {
    let gpg = Gpg::new();
    gpg.key(ADA, "rsa2048", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let tag = gpg.tag(&payload("v1"), &["--digest-algo", "SHA1"]);
    let verification = folder.verify(&tag, made());
    assert!(matches!(verification, Verification::Weak { .. }), "{verification:?}");
    assert!(why(&verification).contains("SHA1"), "{verification:?}");
}

#[test]
fn an_rsa_key_of_1024_bits_is_too_weak() {
    let gpg = Gpg::new();
    gpg.key(ADA, "rsa1024", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let verification = folder.verify(&gpg.tag(&payload("v1"), &[]), made());
    assert!(matches!(verification, Verification::Weak { .. }), "{verification:?}");
    let inventory = folder.keyring().inventory(made()).unwrap();
    assert!(inventory.keys[0].trouble.is_some());
}

#[test]
fn a_tag_from_the_future_is_bad_but_a_clock_may_be_a_little_off() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    let tag = key.tag(commit(), "v1", "Text.", made()).unwrap();
    good(folder.verify(&tag, made() - SignedDuration::from_mins(20)));
    let verification = folder.verify(&tag, made() - SignedDuration::from_mins(40));
    assert_eq!(why(&verification), "it is not good before 2026-09-01");
}

#[test]
fn a_tag_without_a_signature_is_unsigned() {
    let folder = Folder::new();
    assert_eq!(folder.verify(payload("v1").as_bytes(), made()), Verification::Unsigned);
}

#[test]
fn rubbish_is_bad() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    for rubbish in [
        "-----BEGIN PGP SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE-----\n\n\n-----END PGP SIGNATURE-----\n",
        "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n",
        "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SIGNED MESSAGE-----\nAAAA\n-----END SIGNED MESSAGE-----\n",
    ] {
        let verification = folder.verify(format!("{}{rubbish}", payload("v1")).as_bytes(), made());
        assert!(matches!(verification, Verification::Bad { .. }), "{rubbish}: {verification:?}");
    }
}

#[test]
fn a_certificate_in_place_of_a_signature_is_bad() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    let certificate = String::from_utf8(key.certificate().unwrap()).unwrap();
    let disguised = certificate.replace("PUBLIC KEY BLOCK", "SIGNATURE");
    let tag = format!("{}{disguised}", payload("v1"));
    let verification = folder.verify(tag.as_bytes(), made());
    assert!(matches!(verification, Verification::Bad { .. }), "{verification:?}");
}

// --- Sequoia, and the demo's keys. ---

fn person(name: &str) -> Person {
    let address = format!("{}@example.org", name.to_lowercase());
    Person { name: Some(name.into()), address }
}

fn sequoia_signature(cert: &Cert, payload: &[u8], hash: HashAlgorithm, at: Timestamp) -> Packet {
    let policy = StandardPolicy::new();
    let time = SystemTime::from(at);
    let keys = cert.keys().with_policy(&policy, time).secret().for_signing();
    let mut keypair = keys.map(|key| key.key().clone()).next().unwrap().into_keypair().unwrap();
    SignatureBuilder::new(SignatureType::Binary)
        .set_hash_algo(hash)
        .set_signature_creation_time(time)
        .unwrap()
        .sign_message(&mut keypair, payload)
        .unwrap()
        .into()
}

fn armored(packets: impl IntoIterator<Item = Packet>) -> Vec<u8> {
    use openpgp::serialize::Serialize;
    let mut out = Vec::new();
    let mut message =
        Armorer::new(Message::new(&mut out)).kind(armor::Kind::Signature).build().unwrap();
    for packet in packets {
        packet.serialize(&mut message).unwrap();
    }
    message.finalize().unwrap();
    out
}

fn sequoia_tag(cert: &Cert, hash: HashAlgorithm, at: Timestamp) -> Vec<u8> {
    let payload = payload("v1");
    let signature = sequoia_signature(cert, payload.as_bytes(), hash, at);
    [payload.as_bytes(), &armored([signature])].concat()
}

fn sequoia_cert(id: &str, flags: KeyFlags) -> Cert {
    CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(SystemTime::from(made() - days(10)))
        .add_userid(id)
        .add_subkey(flags, None, None)
        .generate()
        .unwrap()
        .0
}

#[test]
fn one_good_signature_of_several_is_enough() {
    let signing = KeyFlags::empty().set_signing();
    let ada = sequoia_cert(ADA, signing.clone());
    let eve = sequoia_cert("Eve <eve@example.org>", signing);
    let payload = payload("v1");
    let sign = |cert, hash| sequoia_signature(cert, payload.as_bytes(), hash, made());
    let folder = Folder::new().with("ada.asc", ada.armored().to_vec().unwrap());
    let tag = |packets: Vec<Packet>| [payload.as_bytes(), &armored(packets)].concat();
    for packets in [
        vec![sign(&eve, HashAlgorithm::SHA512), sign(&ada, HashAlgorithm::SHA512)],
        vec![sign(&ada, HashAlgorithm::SHA512), sign(&eve, HashAlgorithm::SHA512)],
        vec![sign(&ada, HashAlgorithm::SHA1), sign(&ada, HashAlgorithm::SHA256)],
    ] {
        assert_eq!(good(folder.verify(&tag(packets), made())).name, "Ada");
    }
    let only_weak = vec![sign(&eve, HashAlgorithm::SHA512), sign(&ada, HashAlgorithm::SHA1)];
    let verification = folder.verify(&tag(only_weak), made());
    assert!(matches!(verification, Verification::Weak { .. }), "{verification:?}");
}

#[test]
fn a_key_that_may_not_sign_is_not_believed() {
    let cert = sequoia_cert(ADA, KeyFlags::empty().set_authentication());
    let payload = payload("v1");
    let key = cert.keys().subkeys().next().unwrap().key().clone();
    let mut keypair = key.parts_into_secret().unwrap().into_keypair().unwrap();
    let signature = SignatureBuilder::new(SignatureType::Binary)
        .set_signature_creation_time(SystemTime::from(made()))
        .unwrap()
        .sign_message(&mut keypair, &payload)
        .unwrap();
    let tag = [payload.as_bytes(), &armored([signature.into()])].concat();
    let folder = Folder::new().with("ada.asc", cert.armored().to_vec().unwrap());
    let verification = folder.verify(&tag, made());
    assert!(why(&verification).contains("not signing capable"), "{verification:?}");
    let inventory = folder.keyring().inventory(made()).unwrap();
    assert_eq!(inventory.keys[0].trouble.as_deref(), Some("it has no key that may sign now"));
}

#[test]
fn the_demos_tags_are_good_here_and_for_gpg() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    let tag = key.tag(commit(), "v1", "Text.\n\nMore text.", made()).unwrap();
    let signer = good(folder.verify(&tag, made()));
    assert_eq!(signer.key, key.fingerprint());
    assert_eq!(signer.addresses, ["ada@example.org"]);

    let gpg = Gpg::new();
    gpg.call(&["--import"], &key.certificate().unwrap());
    let text = String::from_utf8(tag).unwrap();
    let start = text.find("-----BEGIN PGP SIGNATURE-----").unwrap();
    let signature = gpg.0.path().join("signature");
    fs::write(&signature, &text[start..]).unwrap();
    gpg.call(&["--verify", signature.to_str().unwrap(), "-"], &text.as_bytes()[..start]);
}

// --- Real git. ---

/// Makes a repository with a commit and a signed tag `v1`, and returns the tag object.
fn git_tag(directory: &Path, settings: &[&str], gnupg_home: &Path) -> Vec<u8> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(directory)
            .env("GNUPGHOME", gnupg_home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", directory)
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]);
        for setting in settings {
            git.args(["-c", setting]);
        }
        output(git.args(arguments), b"")
    };
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "Subject"]);
    git(&["tag", "--sign", "-m", "Text.", "v1"]);
    git(&["cat-file", "tag", "v1"])
}

#[test]
fn a_tag_made_by_git_with_gpg_is_good() {
    let gpg = Gpg::new();
    gpg.key(ADA, "ed25519", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let directory = tempfile::tempdir().unwrap();
    let tag = git_tag(directory.path(), &["gpg.program=gpg"], gpg.0.path());
    // git has no clock to set.
    assert_eq!(good(folder.verify(&tag, Timestamp::now())).name, "Ada");
}

#[test]
fn a_tag_made_by_git_with_ssh_is_good() {
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new().with("allowed_signers", ssh.line(""));
    let directory = tempfile::tempdir().unwrap();
    let key = format!("user.signingkey={}", ssh.private().display());
    let tag = git_tag(directory.path(), &["gpg.format=ssh", &key], directory.path());
    assert_eq!(good(folder.verify(&tag, Timestamp::now())).name, "ada@example.org");
}

// --- Real ssh-keygen. ---

struct Ssh(tempfile::TempDir);

impl Ssh {
    fn new(kind: &str, options: &[&str]) -> Self {
        let ssh = Self(tempfile::tempdir().unwrap());
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-N", "", "-C", "", "-t", kind]).args(options);
        output(keygen.arg("-f").arg(ssh.private()), b"");
        ssh
    }

    fn private(&self) -> std::path::PathBuf {
        self.0.path().join("key")
    }

    /// A line of `allowed_signers`.
    fn line(&self, options: &str) -> String {
        let key = fs::read_to_string(self.0.path().join("key.pub")).unwrap();
        format!("ada@example.org {options} {key}")
    }

    fn tag(&self, payload: &str, namespace: &str) -> Vec<u8> {
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(self.private());
        [payload.as_bytes(), &output(&mut keygen, payload.as_bytes())].concat()
    }
}

#[test]
fn tags_signed_by_ssh_keygen_are_good() {
    for (kind, options) in [
        ("ed25519", [].as_slice()),
        ("ecdsa", &[]),
        ("ecdsa", &["-b", "521"]),
        ("rsa", &["-b", "2048"]),
    ] {
        let ssh = Ssh::new(kind, options);
        let folder = Folder::new().with("allowed_signers", ssh.line("namespaces=\"git\""));
        let signer = good(folder.verify(&ssh.tag(&payload("v1"), "git"), made()));
        assert!(signer.key.starts_with("SHA256:"), "{signer:?}");
        assert_eq!(signer.addresses, ["ada@example.org"]);
    }
}

#[test]
fn a_changed_tag_with_an_ssh_signature_is_bad() {
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new().with("allowed_signers", ssh.line(""));
    let tag = String::from_utf8(ssh.tag(&payload("v1"), "git")).unwrap();
    let changed = tag.replacen("Text.", "Test.", 1);
    let verification = folder.verify(changed.as_bytes(), made());
    assert_eq!(why(&verification), "the signature does not fit the tag");
}

#[test]
fn an_ssh_signature_for_another_namespace_is_bad() {
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new().with("allowed_signers", ssh.line(""));
    let verification = folder.verify(&ssh.tag(&payload("v1"), "file"), made());
    assert_eq!(why(&verification), "the signature is made for \"file\", not for git");
}

#[test]
fn an_ssh_key_that_is_not_for_git_is_unknown() {
    let ssh = Ssh::new("ed25519", &[]);
    let tag = ssh.tag(&payload("v1"), "git");
    for content in
        [String::new(), ssh.line("namespaces=\"file\""), Ssh::new("ed25519", &[]).line("")]
    {
        let folder = Folder::new().with("allowed_signers", &content);
        let verification = folder.verify(&tag, made());
        assert!(
            matches!(&verification, Verification::UnknownKey { key } if key.starts_with("SHA256:")),
            "{content}: {verification:?}"
        );
        assert!(
            content.is_empty()
                || content.contains("file") != folder.keyring().knows("ada@example.org")
        );
    }
}

#[test]
fn an_ssh_key_is_good_from_valid_after_to_valid_before() {
    let ssh = Ssh::new("ed25519", &[]);
    let tag = ssh.tag(&payload("v1"), "git");
    let verify = |options: &str, now| {
        Folder::new().with("allowed_signers", ssh.line(options)).verify(&tag, now)
    };
    good(verify("valid-after=20260901Z,valid-before=20260903Z", made() + days(1)));
    // Past now, though good when it signed.
    let verification = verify("valid-before=20260903Z", made() + days(2));
    assert!(matches!(verification, Verification::Expired { .. }), "{verification:?}");
    assert_eq!(why(&verification), "the keyring has it as good until 2026-09-03");
    // Past when it signed.
    let verification = verify("valid-before=20260901Z", made() + days(2));
    assert!(matches!(verification, Verification::Expired { .. }), "{verification:?}");
    // Not good yet when it signed.
    let verification = verify("valid-after=20260902Z", made() + days(2));
    assert_eq!(why(&verification), "the keyring has the key as not good yet then");
    // Two lines for one key: one that holds is enough.
    let lines = ssh.line("valid-before=20260801Z") + &ssh.line("valid-after=20260801Z");
    let folder = Folder::new().with("allowed_signers", lines);
    good(folder.verify(&tag, made()));
}

#[test]
fn a_short_rsa_key_for_ssh_is_too_weak() {
    let ssh = Ssh::new("rsa", &["-b", "1024"]);
    let folder = Folder::new().with("allowed_signers", ssh.line(""));
    let inventory = folder.keyring().inventory(made()).unwrap();
    assert_eq!(inventory.keys[0].trouble.as_deref(), Some("an RSA key of 1024 bits is too weak"));
    let verification = folder.verify(&ssh.tag(&payload("v1"), "git"), made());
    assert_eq!(verification, Verification::Weak { why: "an RSA key of 1024 bits".into() });
}

// --- The folder. ---

#[test]
fn several_certificates_in_one_file_are_all_read() {
    let gpg = Gpg::new();
    let ada = gpg.key(ADA, "ed25519", "never");
    let eve = gpg.key("Eve <eve@example.org>", "ed25519", "never");
    let together = gpg.export(&[]);
    let in_turn = [gpg.export(&[&ada]), gpg.export(&[&eve])].concat();
    for content in [together, in_turn] {
        let folder = Folder::new().with("team.asc", content);
        for key in [&ada, &eve] {
            let tag = gpg.tag(&payload("v1"), &["--local-user", key]);
            assert_eq!(good(folder.verify(&tag, made())).key, *key);
        }
        assert_eq!(folder.keyring().inventory(made()).unwrap().problems, []);
    }
}

#[test]
fn a_changed_folder_is_read_again() {
    let ada = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let tag = ada.tag(commit(), "v1", "Text.", made()).unwrap();
    let folder = Folder::new();
    let keyring = folder.keyring();
    let verify = || keyring.verify(&tag, "v1", made()).unwrap();
    assert!(matches!(verify(), Verification::UnknownKey { .. }));
    assert!(!keyring.knows("ada@example.org"));

    let folder = folder.with("ada.asc", ada.certificate().unwrap());
    good(verify());
    assert!(keyring.knows("ada@example.org"));

    // Another file of the same length and time in its place.
    let path = folder.0.path().join("ada.asc");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let rubbish = vec![b'x'; ada.certificate().unwrap().len()];
    fs::write(&path, rubbish).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    assert!(!keyring.knows("ada@example.org"));

    fs::remove_file(&path).unwrap();
    assert!(matches!(verify(), Verification::UnknownKey { .. }));
}

#[test]
fn a_broken_file_takes_no_other_key_with_it() {
    let ada = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let eve = SigningKey::new(&person("Eve"), made() - days(1)).unwrap();
    let ssh = Ssh::new("ed25519", &[]);
    let whole = eve.certificate().unwrap();
    let folder = Folder::new()
        .with("ada.asc", ada.certificate().unwrap())
        .with("cut.asc", &whole[..whole.len() / 2])
        .with("empty.gpg", "")
        .with("README", "no key, and none is looked for here")
        .with("allowed_signers", format!("nonsense\n{}", ssh.line("")));
    good(folder.verify(&ada.tag(commit(), "v1", "Text.", made()).unwrap(), made()));
    good(folder.verify(&ssh.tag(&payload("v1"), "git"), made()));

    let problems = folder.keyring().inventory(made()).unwrap().problems;
    let mut files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    files.dedup();
    assert_eq!(files, ["allowed_signers line 1", "cut.asc", "empty.gpg"], "{problems:?}");

    // Her key may well be in the broken file: that is the administrator's matter, not hers.
    let tag = eve.tag(commit(), "v1", "Text.", made()).unwrap();
    let fault = folder.keyring().verify(&tag, "v1", made()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert!(fault.detail.contains("allowed_signers line 1"), "{fault}");
}

#[test]
fn a_secret_key_in_the_folder_is_named() {
    let gpg = Gpg::new();
    gpg.key(ADA, "ed25519", "never");
    let secret = gpg.call(&["--armor", "--export-secret-keys"], b"");
    let folder = Folder::new().with("ada.asc", secret);
    let inventory = folder.keyring().inventory(made()).unwrap();
    assert_eq!(inventory.keys, []);
    assert!(inventory.problems[0].why.contains("secret key"), "{:?}", inventory.problems);
}

#[test]
fn a_folder_that_is_not_there_is_misconfigured_and_knows_nobody() {
    let folder = Folder::new();
    let keyring = KeyringFolder::new(folder.0.path().join("none"));
    let fault = keyring.verify(payload("v1").as_bytes(), "v1", made()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert!(fault.detail.contains("none"), "{fault}");
    assert!(!keyring.knows("ada@example.org"));
}

#[test]
fn owners_are_known_by_all_their_own_addresses() {
    let (cert, _) = CertBuilder::new()
        .set_creation_time(SystemTime::from(made() - days(10)))
        .set_validity_period(Duration::from_secs(24 * 3600))
        .add_userid("Ada <Ada@Example.org>")
        .add_userid("ada@work.example")
        .generate()
        .unwrap();
    // What anybody may add to a certificate without its owner.
    let added = openpgp::packet::UserID::from("Mallory <mallory@example.org>");
    let (cert, _) = cert.insert_packets(added).unwrap();
    let ssh = Ssh::new("ed25519", &[]);
    let line = ssh.line("").replace("ada@", "bob@example.org,*@wild.example,bob@");
    let folder = Folder::new()
        .with("ada.asc", cert.armored().to_vec().unwrap())
        .with("allowed_signers", line);
    let keyring = folder.keyring();
    for known in ["ada@example.org", "ADA@EXAMPLE.ORG", "ada@work.example", "Bob@example.org"] {
        assert!(keyring.knows(known), "{known}");
    }
    for stranger in ["mallory@example.org", "x@wild.example", "*@wild.example", "", "Ada"] {
        assert!(!keyring.knows(stranger), "{stranger}");
    }
}

#[test]
fn the_inventory_says_whose_and_until_when() {
    let gpg = Gpg::new();
    let ada = gpg.key(ADA, "ed25519", "30d");
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new()
        .with("ada.asc", gpg.export(&[]))
        .with("allowed_signers", ssh.line("valid-before=20260910Z"));
    let keyring = folder.keyring();
    let inventory = keyring.inventory(made()).unwrap();
    let [openpgp, of_ssh] = inventory.keys.as_slice() else { panic!("{inventory:?}") };
    assert_eq!(
        (openpgp.kind, &openpgp.key, openpgp.owner.as_str()),
        (KeyKind::OpenPgp, &ada, "Ada")
    );
    assert_eq!(openpgp.expires, Some(made() + days(30)));
    assert_eq!(openpgp.trouble, None);
    assert_eq!((of_ssh.kind, of_ssh.owner.as_str()), (KeyKind::Ssh, "ada@example.org"));
    assert_eq!(of_ssh.expires, Some("2026-09-10T00:00:00Z".parse().unwrap()));
    assert_eq!(of_ssh.trouble, None);

    let later = keyring.inventory(made() + days(40)).unwrap();
    let troubles: Vec<bool> = later.keys.iter().map(|key| key.trouble.is_some()).collect();
    assert_eq!(troubles, [true, true]);
}
