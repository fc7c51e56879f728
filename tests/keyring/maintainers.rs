//! `maintainers.toml`: who may sign what, and who is whose.

use std::fs;

use crate::demo::keys::SigningKey;
use crate::ports::{FaultKind, Keyring, PathOwner};
use crate::pull::ids::TargetName;
use crate::pull::tag::Verification;

use crate::keyring::signers::*;

/// An entry for a person `name@example.org` with that key.
fn entry(name: &str, key: &str, more: &str) -> String {
    let user = name.to_lowercase();
    format!(
        "[[maintainer]]\nname = \"{name} Example\"\naddresses = [\"{user}@example.org\"]\n\
         keys = [\"{key}\"]\n{more}\n"
    )
}

fn key(name: &str) -> SigningKey {
    SigningKey::new(&person(name), made() - days(1)).unwrap()
}

fn tag(key: &SigningKey) -> Vec<u8> {
    key.tag(commit(), "v1", "Text.", made()).unwrap()
}

#[test]
fn a_listed_key_signs_for_who_the_file_says() {
    let gpg = Gpg::new();
    let ada = gpg.key("Ada Old <ada@old.example>", "ed25519", "never");
    let file = entry("Ada", &ada.to_lowercase(), "targets = [\"master\"]\npaths = [\"block/**\"]");
    let folder = Folder::new().with("ada.asc", gpg.export(&[])).with("maintainers.toml", file);
    let signer = good(folder.verify(&gpg.tag(&payload("v1"), &[]), made()));
    assert_eq!((signer.name.as_str(), &signer.key), ("Ada Example", &ada));
    assert_eq!(signer.addresses, ["ada@example.org"]);
    assert_eq!(signer.scope.targets, [TargetName::new("master")]);
    assert_eq!(signer.scope.paths, ["block/**"]);
    // The key's own address is not the file's.
    assert!(folder.keyring().knows("ADA@example.org"));
    assert!(!folder.keyring().knows("ada@old.example"));
}

#[test]
fn only_maintainers_with_paths_look_after_files() {
    let (ada, bob) = (key("Ada"), key("Bob"));
    let keys = [ada.certificate().unwrap(), bob.certificate().unwrap()].concat();
    let paths = "paths = [\"block/**\", \"docs/*.rst\"]";
    let entries = entry("Ada", &ada.fingerprint(), "") + &entry("Bob", &bob.fingerprint(), paths);
    let folder = Folder::new().with("keys.asc", keys);
    assert_eq!(folder.keyring().path_owners(), Ok(Vec::new()));
    let folder = folder.with("maintainers.toml", entries);
    let addresses = vec!["bob@example.org".to_owned()];
    let paths = vec!["block/**".to_owned(), "docs/*.rst".to_owned()];
    assert_eq!(folder.keyring().path_owners(), Ok(vec![PathOwner { addresses, paths }]));
}

#[test]
fn a_key_that_no_maintainer_has_may_not_sign() {
    let gpg = Gpg::new();
    let eve = gpg.key("Eve <eve@example.org>", "ed25519", "never");
    let ssh = Ssh::new("ed25519", &[]);
    let ada = key("Ada");
    let folder = Folder::new()
        .with("keys.asc", [gpg.export(&[]), ada.certificate().unwrap()].concat())
        .with("allowed_signers", ssh.line(""))
        .with("maintainers.toml", entry("Ada", &ada.fingerprint(), ""));
    good(folder.verify(&tag(&ada), made()));
    let verification = folder.verify(&gpg.tag(&payload("v1"), &[]), made());
    assert_eq!(verification, Verification::NotListed { key: eve, owner: "Eve".into() });
    let verification = folder.verify(&ssh.tag(&payload("v1"), "git"), made());
    assert!(matches!(verification, Verification::NotListed { .. }), "{verification:?}");
    for stranger in ["eve@example.org", "ada@work.example"] {
        assert!(!folder.keyring().knows(stranger), "{stranger}");
    }
    let inventory = folder.keyring().inventory(made()).unwrap();
    let troubles: Vec<_> = inventory.keys.iter().map(|key| key.trouble.is_some()).collect();
    assert_eq!(troubles, [true, false, true], "{inventory:?}");
}

#[test]
fn an_ssh_key_is_listed_by_its_fingerprint() {
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new().with("allowed_signers", ssh.line(""));
    let fingerprint = folder.keyring().inventory(made()).unwrap().keys[0].key.clone();
    let folder = folder.with("maintainers.toml", entry("Bob", &fingerprint, ""));
    let signer = good(folder.verify(&ssh.tag(&payload("v1"), "git"), made()));
    assert_eq!((signer.name.as_str(), signer.key), ("Bob Example", fingerprint));
}

#[test]
fn a_changed_file_of_maintainers_is_read_again() {
    let ada = key("Ada");
    let folder = Folder::new().with("ada.asc", ada.certificate().unwrap());
    let keyring = folder.keyring();
    let verify = || keyring.verify(&tag(&ada), "v1", made()).unwrap();
    good(verify());
    let folder = folder.with("maintainers.toml", "# nobody yet\n");
    assert!(matches!(verify(), Verification::NotListed { .. }));
    let folder = folder.with("maintainers.toml", entry("Ada", &ada.fingerprint(), ""));
    assert_eq!(good(verify()).name, "Ada Example");
    fs::remove_file(folder.0.path().join("maintainers.toml")).unwrap();
    assert_eq!(good(verify()).name, "Ada");
}

#[test]
fn nobody_is_refused_for_a_file_that_cannot_be_read_and_nobody_signs_without_it() {
    let (ada, eve) = (key("Ada"), key("Eve"));
    let keys = [ada.certificate().unwrap(), eve.certificate().unwrap()].concat();
    let folder = Folder::new().with("keys.asc", keys);
    let misspelt = entry("Ada", &ada.fingerprint(), "target = [\"master\"]");
    for file in ["[[maintainer]\n".to_owned(), misspelt] {
        let keyring = folder.keyring();
        fs::write(folder.0.path().join("maintainers.toml"), &file).unwrap();
        let fault = keyring.verify(&tag(&ada), "v1", made()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured);
        assert!(fault.detail.contains("maintainers.toml line "), "{fault}");
    }
    // What is wrong with one takes no other with it.
    let file = entry("Ada", "0123", "") + &entry("Eve", &eve.fingerprint(), "");
    let folder = folder.with("maintainers.toml", file);
    good(folder.verify(&tag(&eve), made()));
    folder.keyring().verify(&tag(&ada), "v1", made()).unwrap_err();
}

#[test]
fn listed_keys_that_are_in_no_file_or_are_subkeys_are_named() {
    let gpg = Gpg::new();
    let primary = gpg.key(ADA, "ed25519", "never");
    gpg.call(&["--quick-add-key", &primary, "ed25519", "sign", "never"], b"");
    let list = gpg.call(&["--list-keys", "--with-colons", &primary], b"");
    let list = String::from_utf8(list).unwrap();
    let subkey = list.lines().rfind(|line| line.starts_with("fpr:")).unwrap();
    let subkey = subkey.split(':').nth(9).unwrap();
    let absent = "0123456789ABCDEF0123456789ABCDEF01234567";
    let file = entry("Ada", subkey, "") + &entry("Bob", absent, "");
    let folder = Folder::new().with("ada.asc", gpg.export(&[])).with("maintainers.toml", file);
    let problems = folder.keyring().inventory(made()).unwrap().problems;
    let [first, second] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(first.file, "maintainers.toml line 1");
    assert!(first.why.contains("is a subkey") && first.why.contains(&primary), "{first}");
    assert!(second.why.contains(absent) && second.why.contains("in no file"), "{second}");
    // Neither hides anything: whoever is not listed hears so.
    let verification = folder.verify(&gpg.tag(&payload("v1"), &[]), made());
    assert!(matches!(verification, Verification::NotListed { .. }), "{verification:?}");
}

#[test]
fn keys_that_end_soon_are_told_with_whom_to_write_to() {
    let gpg = Gpg::new();
    let soon = gpg.key("Soon <soon@example.org>", "ed25519", "20d");
    gpg.key("Late <late@example.org>", "ed25519", "60d");
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new()
        .with("keys.asc", gpg.export(&[]))
        .with("allowed_signers", ssh.line("valid-before=20260910Z"));
    let expiring = folder.keyring().expiring(made()).unwrap();
    let told: Vec<_> = expiring.iter().map(|key| key.address.as_deref().unwrap()).collect();
    assert_eq!(told, ["soon@example.org", "ada@example.org"]);
    assert_eq!((&expiring[0].key, expiring[0].expires), (&soon, made() + days(20)));
    assert!(expiring[1].is_ssh());
    // What has ended, or may not sign anyway, is nobody's news.
    assert_eq!(folder.keyring().expiring(made() + days(70)).unwrap(), []);
    let folder = folder.with("maintainers.toml", entry("Soon", &soon, ""));
    let told: Vec<_> =
        folder.keyring().expiring(made()).unwrap().into_iter().map(|key| key.owner).collect();
    assert_eq!(told, ["Soon Example"]);
}
