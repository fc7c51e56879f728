//! Which keys are believed when a mail comes: ended ones, unknown ones, and those that commands
//! added or took away.

use crate::ports::{KeyChanges, Keyring, Signed};

use crate::authentication::mails::*;
use crate::keyring::signers::*;

#[test]
fn an_expired_key_is_not_believed_afterwards() {
    let gpg = Gpg::new();
    let key = gpg.key(ADA, "ed25519", "30d");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let mail = plain(&gpg.clearsigns("retest 5\n", &[]));
    assert_eq!(proof(&folder, &mail).who.key, key);
    let why = refusal_at(&folder, &mail, made() + days(31));
    assert!(why.contains(&format!("{key} has ended: it expired on 2026-10-01")), "{why}");
    // Whoever alters it is told nothing of the key.
    let forged = mail.replace("retest 5", "retest 6");
    let why = refusal_at(&folder, &forged, made() + days(31));
    assert!(why.contains("does not fit the text"), "{why}");
}

#[test]
fn a_revoked_key_is_not_believed() {
    let ada = Ada::new();
    let mail = plain(&ada.clearsigns("retest 5\n"));
    proof(&ada.folder, &mail);
    ada.gpg.revoke(&ada.key);
    let folder = Folder::new().with("ada.asc", ada.gpg.export(&[]));
    refused(&folder, &mail, &format!("{} is not believed: the key is revoked", ada.key));
}

#[test]
fn a_key_that_nobody_added_is_not_in_the_keyring() {
    let ada = Ada::new();
    let eve = Gpg::new();
    let key = eve.key(ADA, "ed25519", "never");
    let signed = eve.clearsigns("retest 5\n", &[]);
    refused(&ada.folder, &plain(&signed), &format!("the key {key} is not in the keyring"));
    // Nor is one that the mail brings along.
    let brought = format!("{signed}{}", String::from_utf8(eve.export(&[])).unwrap());
    refused(&ada.folder, &plain(&brought), "is not in the keyring");
}

#[test]
fn a_keyring_that_can_not_be_read_refuses_nobody() {
    let ada = Ada::new();
    let eve = Gpg::new();
    eve.key("Eve <eve@example.org>", "ed25519", "never");
    let folder = Folder::new().with("ada.asc", ada.gpg.export(&[])).with("broken.asc", "no key");
    proof(&folder, &plain(&ada.clearsigns("retest 5\n")));
    let signed = eve.detached(b"retest 5", &["--textmode"]);
    let attest = |signature: &str| {
        folder.keyring().attest(Signed::Text(b"retest 5"), signature.as_bytes(), made())
    };
    let fault = attest(&signed).unwrap_err();
    assert!(fault.to_string().contains("part of the keyring can't be read"), "{fault}");
    // The others are told as ever.
    let forged = ada.gpg.detached(b"retest 6", &["--textmode"]);
    assert!(attest(&forged).unwrap().unwrap_err().why.contains("does not fit the text"));
}

#[test]
fn a_key_that_no_maintainer_has_signs_no_mail() {
    let ada = Ada::new();
    let bob = ada.gpg.key("Bob <bob@example.org>", "ed25519", "never");
    let listed = format!(
        "[[maintainer]]\nname = \"Ada L\"\naddresses = [\"a@example.org\"]\nkeys = [\"{}\"]\n",
        ada.key
    );
    let folder =
        Folder::new().with("all.asc", ada.gpg.export(&[])).with("maintainers.toml", listed);
    let signed = |key: &str| plain(&ada.gpg.clearsigns("retest 5\n", &["--local-user", key]));
    let proof = proof(&folder, &signed(&ada.key));
    assert_eq!(
        (proof.who.name.as_str(), proof.who.addresses),
        ("Ada L", vec!["a@example.org".into()])
    );
    refused(&folder, &signed(&bob), &format!("no maintainer is listed with the key {bob}"));
}

/// What is said of a text that gpg signed, after those changes.
fn attested(ada: &Ada, by: &Gpg, changes: &KeyChanges) -> Result<(String, Vec<String>), String> {
    let keyring = ada.folder.keyring();
    keyring.adopt(changes.clone());
    let signature = by.detached(b"retest 5", &["--textmode"]);
    let found = keyring.attest(Signed::Text(b"retest 5"), signature.as_bytes(), made()).unwrap();
    found.map(|attested| (attested.signer.name, attested.signer.addresses)).map_err(|no| no.why)
}

#[test]
fn a_key_that_a_command_took_away_is_not_believed() {
    let ada = Ada::new();
    let taken = |key: &str| KeyChanges { removed: vec![key.to_owned()], ..KeyChanges::default() };
    attested(&ada, &ada.gpg, &KeyChanges::default()).unwrap();
    attested(&ada, &ada.gpg, &taken("0123456789ABCDEF0123456789ABCDEF01234567")).unwrap();
    let spaced = format!("{} {}", ada.key[..20].to_lowercase(), &ada.key[20..]);
    for key in [ada.key.clone(), spaced] {
        let why = attested(&ada, &ada.gpg, &taken(&key)).unwrap_err();
        assert!(why.contains("taken out of the keyring by command"), "{why}");
    }
    let keyring = ada.folder.keyring();
    assert_eq!(keyring.owner("ADA@example.org").as_deref(), Some("Ada"));
    assert!(keyring.knows("ada@example.org"));
    keyring.adopt(taken(&ada.key));
    assert_eq!(keyring.owner("ada@example.org"), None);
    // Back again, it is believed again.
    keyring.adopt(KeyChanges::default());
    assert_eq!(keyring.owner("ada@example.org").as_deref(), Some("Ada"));
}

#[test]
fn a_subkey_that_a_command_took_away_takes_its_certificate_with_it() {
    let ada = Ada::new();
    ada.gpg.call(&["--quick-add-key", &ada.key, "ed25519", "sign", "never"], b"");
    let list = ada.gpg.call(&["--list-keys", "--with-colons", &ada.key], b"");
    let list = String::from_utf8(list).unwrap();
    let subkey = list.lines().rfind(|line| line.starts_with("fpr:")).unwrap();
    let subkey = subkey.split(':').nth(9).unwrap().to_owned();
    let folder = Folder::new().with("ada.asc", ada.gpg.export(&[]));
    let keyring = folder.keyring();
    keyring.adopt(KeyChanges { removed: vec![subkey], ..KeyChanges::default() });
    let signature = ada.gpg.detached(b"retest 5", &["--textmode"]);
    let found = keyring.attest(Signed::Text(b"retest 5"), signature.as_bytes(), made()).unwrap();
    assert!(found.unwrap_err().why.contains("taken out of the keyring by command"));
}

#[test]
fn an_added_key_is_believed_for_the_address_it_was_added_for_and_no_other() {
    let ada = Ada::new();
    let eve = Gpg::new();
    // It says that it is Ada's.
    eve.key(ADA, "ed25519", "never");
    let offers = ada.folder.keyring().offered(&eve.export(&[]), made());
    let [Ok(offer)] = offers.as_slice() else { panic!("{offers:?}") };
    assert_eq!((offer.owner.as_str(), &offer.trouble), ("Ada", &None));
    let added = vec![(offer.certificate.clone(), "eve@example.org".to_owned())];
    let changes = KeyChanges { added, removed: Vec::new() };
    let (name, addresses) = attested(&ada, &eve, &changes).unwrap();
    assert_eq!((name.as_str(), addresses), ("eve@example.org", vec!["eve@example.org".to_owned()]));
    let keyring = ada.folder.keyring();
    keyring.adopt(changes.clone());
    assert_eq!(keyring.owner("eve@example.org").as_deref(), Some("eve@example.org"));
    assert_eq!(keyring.owner("ada@example.org").as_deref(), Some("Ada"));
    let listed = keyring.listed(made()).unwrap();
    let by_command: Vec<&str> =
        listed.iter().filter(|key| key.by_command).map(|key| key.key.as_str()).collect();
    assert_eq!(by_command, [offer.fingerprint.as_str()]);
    // Taken away as well, it is not believed.
    let both = KeyChanges { removed: vec![offer.fingerprint.clone()], ..changes };
    let why = attested(&ada, &eve, &both).unwrap_err();
    assert!(why.contains("taken out of the keyring by command"), "{why}");
}

#[test]
fn a_key_of_the_folder_that_is_added_for_another_address_keeps_its_name() {
    let ada = Ada::new();
    let added = vec![(ada.gpg.export(&[]), "ada@work.example".to_owned())];
    let changes = KeyChanges { added, removed: Vec::new() };
    let (name, addresses) = attested(&ada, &ada.gpg, &changes).unwrap();
    assert_eq!(name, "Ada");
    assert_eq!(addresses, ["ada@example.org", "ada@work.example"]);
}

#[test]
fn with_a_maintainers_file_a_key_is_added_only_to_one_of_them() {
    let ada = Ada::new();
    let eve = Gpg::new();
    eve.key("Eve <eve@example.org>", "ed25519", "never");
    let entry = |name: &str, key: &str| {
        format!(
            "[[maintainer]]\nname = \"{name}\"\naddresses = [\"{name}@example.org\"]\nkeys = [{key}]\n"
        )
    };
    let file = entry("ada", &format!("\"{}\"", ada.key));
    let ada = Ada { folder: ada.folder.with("maintainers.toml", file), ..ada };
    let adding = |address: &str| KeyChanges {
        added: vec![(eve.export(&[]), address.to_owned())],
        removed: Vec::new(),
    };
    let why = attested(&ada, &eve, &adding("eve@example.org")).unwrap_err();
    assert!(why.contains("is not in the keyring") || why.contains("no maintainer"), "{why}");
    let (name, addresses) = attested(&ada, &eve, &adding("ADA@example.org")).unwrap();
    assert_eq!((name.as_str(), addresses), ("ada", vec!["ada@example.org".to_owned()]));
}

#[test]
fn what_is_no_key_to_add_is_said() {
    let ada = Ada::new();
    let keyring = ada.folder.keyring();
    let why = |bytes: &[u8]| keyring.offered(bytes, made())[0].clone().unwrap_err();
    assert!(why(b"no key").contains("no OpenPGP certificate"));
    let secret = ada.gpg.call(&["--armor", "--export-secret-keys"], b"");
    assert!(why(&secret).contains("is a secret key"));
    assert!(why(&vec![b'x'; 5 << 20]).contains("larger than 4 MiB"));
    let expired = Gpg::new();
    expired.key(ADA, "ed25519", "30d");
    let offers = keyring.offered(&expired.export(&[]), made() + days(31));
    assert!(offers[0].as_ref().unwrap().trouble.is_some());
}

#[test]
fn what_others_signed_on_a_key_is_left_out_of_what_is_kept() {
    let ada = Ada::new();
    ada.gpg.key("Eve <eve@example.org>", "ed25519", "never");
    let before = ada.gpg.call(&["--export", &ada.key], b"");
    ada.gpg.call(&["--yes", "--local-user", "eve@example.org", "--quick-sign-key", &ada.key], b"");
    let after = ada.gpg.call(&["--export", &ada.key], b"");
    assert!(after.len() > before.len());
    let keyring = ada.folder.keyring();
    let kept = |bytes: &[u8]| keyring.offered(bytes, made())[0].clone().unwrap().certificate;
    assert_eq!(kept(&after).len(), kept(&before).len());
}
