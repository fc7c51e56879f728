//! Texts that gpg signed in the clear, in mails of plain text.

use crate::authentication::mails::*;
use crate::keyring::signers::*;

#[test]
fn a_clearsigned_text_proves_who_wrote_it_and_exactly_what() {
    let ada = Ada::new();
    let proof = proof(&ada.folder, &plain(&ada.clearsigns(TEXT)));
    assert_eq!(proof.who.key, ada.key);
    assert_eq!((proof.who.name.as_str(), proof.signed_at), ("Ada", made()));
    assert_eq!(proof.who.addresses, ["ada@example.org"]);
    assert_eq!(proof.text, TEXT);
    // The header is not signed.
    assert_eq!((proof.subject, proof.recipients), (None, None));
    let [digest] = proof.digests.as_slice() else { panic!("{:?}", proof.digests) };
    assert!(digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{digest}");
    assert!(proof.keys.is_empty());
}

#[test]
fn what_stands_around_a_clearsigned_text_is_not_in_the_proof() {
    let ada = Ada::new();
    let signed = ada.clearsigns("retest 5\n");
    let proof = proof(&ada.folder, &plain(&format!("cancel 1\r\n{signed}cancel 2\r\n")));
    assert_eq!(proof.text, "retest 5\n");
}

#[test]
fn a_clearsigned_text_is_found_in_an_alternative_and_in_a_mail_with_a_footer() {
    let ada = Ada::new();
    let signed = format!("Content-Type: text/plain\r\n\r\n{}", ada.clearsigns("retest 5\n"));
    let html = "Content-Type: text/html\r\n\r\n<p>cancel 1</p>";
    let footer = "Content-Type: text/plain\r\n\r\n____\r\nlist footer";
    let alternative = mixed(&[&signed, html]).replace("multipart/mixed", "multipart/alternative");
    for mail in [mail(&alternative), mail(&mixed(&[&signed, footer]))] {
        assert_eq!(proof(&ada.folder, &mail).text, "retest 5\n", "{mail}");
    }
}

#[test]
fn a_mail_of_an_mbox_is_read_like_any() {
    let ada = Ada::new();
    let mail = format!("From ada Tue Sep  1\r\n{}", plain(&ada.clearsigns("retest 5\n")));
    assert_eq!(proof(&ada.folder, &mail).text, "retest 5\n");
    let bare = plain(&ada.clearsigns("retest 5\n")).replace("\r\n", "\n");
    assert_eq!(proof(&ada.folder, &bare).text, "retest 5\n");
}

#[test]
fn a_signing_subkey_signs_for_its_primary_key() {
    let ada = Ada::new();
    ada.gpg.call(&["--quick-add-key", &ada.key, "ed25519", "sign", "never"], b"");
    let folder = Folder::new().with("ada.asc", ada.gpg.export(&[]));
    let signed = ada.clearsigns("retest 5\n");
    let part = ada.signs("Content-Type: text/plain\r\n\r\nretest 5\n");
    for mail in [plain(&signed), part] {
        let proof = proof(&folder, &mail);
        assert_eq!((proof.who.key, proof.text), (ada.key.clone(), "retest 5\n".to_owned()));
    }
    // It really was the subkey: the keyring without it does not know who signed.
    refused(&ada.folder, &plain(&signed), "is not in the keyring");
}

#[test]
fn the_same_signed_text_has_the_same_digest_however_it_is_wrapped_up() {
    let ada = Ada::new();
    let signed = ada.clearsigns("retest 5\n");
    let digests = proof(&ada.folder, &plain(&signed)).digests;
    for again in [
        format!("Once more:\r\n\r\n{signed}"),
        signed.replace(
            "-----BEGIN PGP SIGNATURE-----\r\n",
            "-----BEGIN PGP SIGNATURE-----\r\nX: y\r\n",
        ),
        signed.replace("retest 5", "retest 5 \t"),
    ] {
        assert_eq!(proof(&ada.folder, &plain(&again)).digests, digests, "{again}");
    }
    let other = proof(&ada.folder, &plain(&ada.clearsigns("retest 6\n"))).digests;
    assert_ne!(other, digests);
}

#[test]
fn of_two_signatures_each_that_is_believed_has_its_digest() {
    let ada = Ada::new();
    let bob = ada.gpg.key("Bob <bob@example.org>", "ed25519", "never");
    let both = ["--local-user", &ada.key, "--local-user", &bob];
    let signed = ada.gpg.clearsigns("retest 5\n", &both);
    let one = proof(&ada.folder, &plain(&signed));
    assert_eq!((one.who.key.as_str(), one.digests.len()), (ada.key.as_str(), 1));
    let folder = Folder::new().with("all.asc", ada.gpg.export(&[]));
    let two = proof(&folder, &plain(&signed));
    assert_eq!(two.digests.len(), 2);
    assert!(two.digests.contains(&one.digests[0]));
}

#[test]
fn an_armored_key_in_the_text_is_handed_over_and_no_text() {
    let ada = Ada::new();
    let eve = Gpg::new();
    eve.key("Eve <eve@example.org>", "ed25519", "never");
    let armored = String::from_utf8(eve.export(&[])).unwrap();
    let text = format!("key add eve@example.org\n{armored}quit\n");
    let proof = proof(&ada.folder, &plain(&ada.clearsigns(&text)));
    assert_eq!(proof.text, "key add eve@example.org\nquit\n");
    assert_eq!(proof.keys, [armored.into_bytes()]);
}
