//! Tags signed by real gpg, and by real git with gpg and with ssh-keygen.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::demo::keys::SigningKey;
use crate::ports::Keyring;
use crate::pull::signer::Scope;
use crate::pull::tag::{Signer, Verification};
use jiff::Timestamp;

use crate::keyring::signers::*;

#[test]
fn a_tag_signed_by_gpg_is_good() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key(ADA, "ed25519", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let signer = good(folder.verify(&gpg.tag(&payload("v1"), &[]), made()));
    assert_eq!(
        signer,
        Signer {
            key: fingerprint,
            name: "Ada".into(),
            addresses: vec!["ada@example.org".into()],
            scope: Scope::default(),
        }
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
    assert_eq!(verification, Verification::UnknownKey { key: fingerprint, proved: false });
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
fn a_subkey_is_not_believed_longer_than_its_primary_key() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key(ADA, "ed25519", "30d");
    gpg.call(&["--quick-add-key", &fingerprint, "ed25519", "sign", "never"], b"");
    let list = gpg.call(&["--list-keys", "--with-colons", &fingerprint], b"");
    let list = String::from_utf8(list).unwrap();
    let subkey = list.lines().rfind(|line| line.starts_with("fpr:")).unwrap();
    let subkey = format!("{}!", subkey.split(':').nth(9).unwrap());
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let tag = gpg.tag(&payload("v1"), &["--local-user", &subkey]);
    good(folder.verify(&tag, made() + days(29)));
    let verification = folder.verify(&tag, made() + days(31));
    assert!(matches!(verification, Verification::Expired { .. }), "{verification:?}");
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
fn a_revocation_in_another_file_counts() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key(ADA, "ed25519", "never");
    let tag = gpg.tag(&payload("v1"), &[]);
    let good_one = gpg.export(&[]);
    let ready = gpg.0.path().join(format!("openpgp-revocs.d/{fingerprint}.rev"));
    let ready = fs::read_to_string(ready).unwrap().replace(":-----BEGIN", "-----BEGIN");
    gpg.call(&["--import"], ready.as_bytes());
    let revoked = gpg.export(&[]);
    for (first, second) in [(&good_one, &revoked), (&revoked, &good_one)] {
        let folder = Folder::new().with("a.asc", first).with("b.asc", second);
        let verification = folder.verify(&tag, made());
        assert!(matches!(verification, Verification::Revoked { .. }), "{verification:?}");
        assert_eq!(folder.keyring().inventory(made()).unwrap().keys.len(), 1);
    }
}

#[test]
fn a_keyring_whose_copy_is_younger_than_the_tag_is_named_to_the_signer_only() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key(ADA, "ed25519", "30d");
    let tag = String::from_utf8(gpg.tag(&payload("v1"), &[])).unwrap();
    // gpg exports the newest signature of a key on itself, and no older ones.
    let late = ["--faked-system-time", "20260915T120000!"];
    gpg.call(&[late.as_slice(), &["--quick-set-expire", &fingerprint, "90d"]].concat(), b"");
    let clean = ["--armor", "--export-options", "export-minimal", "--export"];
    let folder = Folder::new().with("ada.asc", gpg.call(&clean, b""));
    let now = made() + days(20);
    let verification = folder.verify(tag.as_bytes(), now);
    assert!(why(&verification).contains("does not show that it was good"), "{verification:?}");
    let verification = folder.verify(tag.replacen("Text.", "Test.", 1).as_bytes(), now);
    assert_eq!(why(&verification), "the signature does not fit the tag");
}

#[test]
fn an_address_that_its_owner_revoked_is_not_known() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key(ADA, "ed25519", "never");
    gpg.call(&["--quick-add-uid", &fingerprint, "Ada <ada@old.example>"], b"");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let keyring = folder.keyring();
    assert!(keyring.knows("ada@old.example"));
    gpg.call(&["--quick-revoke-uid", &fingerprint, "Ada <ada@old.example>"], b"");
    let folder = folder.with("ada.asc", gpg.export(&[]));
    assert!(!keyring.knows("ada@old.example"));
    assert!(keyring.knows("ada@example.org"));
    drop(folder);
}

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
