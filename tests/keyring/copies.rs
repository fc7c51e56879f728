//! Copies of a signed tag: other objects that verify as the first one does, for they differ only in
//! bytes that no signature covers.

use crate::ports::Keyring;
use crate::pull::signed_tag::PayloadDigest;

use crate::keyring::signers::*;

/// What anybody can make of a tag object without its key.
fn copies(tag: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8(tag.to_vec()).unwrap();
    let begin = text.lines().rfind(|line| line.starts_with("-----BEGIN ")).unwrap().to_owned();
    let mut copies = vec![format!("{text}\n"), format!("{text} \n\n")];
    if begin.contains("PGP") {
        copies.push(text.replacen(&begin, &format!("{begin}\nComment: as good as new"), 1));
    }
    copies.into_iter().map(String::into_bytes).collect()
}

#[track_caller]
fn known_as_one(folder: &Folder, tag: &[u8], copies: Vec<Vec<u8>>) -> PayloadDigest {
    let keyring = folder.keyring();
    let signer = good(keyring.verify(tag, "v1", made()).unwrap());
    let payload = keyring.payload(tag);
    assert!(!copies.is_empty());
    for copy in copies {
        assert_ne!(copy, tag);
        assert_eq!(good(keyring.verify(&copy, "v1", made()).unwrap()).key, signer.key);
        assert_eq!(keyring.payload(&copy), payload);
    }
    payload
}

#[test]
fn copies_of_an_openpgp_signed_tag_have_its_signer_and_its_payload() {
    let gpg = Gpg::new();
    gpg.key(ADA, "ed25519", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let tag = gpg.tag(&payload("v1"), &[]);
    let digest = known_as_one(&folder, &tag, copies(&tag));
    // Another signature of the same payload is the same tag, another payload is another one.
    assert_eq!(folder.keyring().payload(&gpg.tag(&payload("v1"), &[])), digest);
    let other = payload("v1").replace("Text.", "Test.");
    assert_ne!(folder.keyring().payload(&gpg.tag(&other, &[])), digest);
}

#[test]
fn copies_of_an_ssh_signed_tag_have_its_signer_and_its_payload() {
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new().with("allowed_signers", ssh.line(""));
    let tag = ssh.tag(&payload("v1"), "git");
    known_as_one(&folder, &tag, copies(&tag));
}

#[test]
fn a_signature_in_text_mode_lets_line_ends_differ_and_they_make_no_other_tag() {
    let gpg = Gpg::new();
    gpg.key(ADA, "ed25519", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let two_lines = payload("v1").replace("Text.\n", "Text.\nMore.\n");
    let tag = gpg.tag(&two_lines, &["--textmode"]);
    let text = String::from_utf8(tag.clone()).unwrap();
    let copies = ["Text.\r\nMore.\r\n", "Text.\rMore.\n"]
        .map(|lines| text.replacen("Text.\nMore.\n", lines, 1).into_bytes());
    known_as_one(&folder, &tag, copies.into());
}
