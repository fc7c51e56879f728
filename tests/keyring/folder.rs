//! The folder's files: several, broken, changed; and what is in them.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::adapters::keyring::{KeyKind, KeyringFolder};
use crate::demo::keys::SigningKey;
use crate::ports::{FaultKind, Keyring};
use crate::pull::tag::Verification;
use sequoia_openpgp as openpgp;

use openpgp::cert::CertBuilder;
use openpgp::serialize::SerializeInto;

use crate::keyring::signers::*;

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
