//! PGP/MIME (RFC 3156): a part with its header, and gpg's detached signature beside it.

use crate::authentication::mails::*;
use crate::keyring::signers::*;

#[test]
fn a_signed_part_proves_who_wrote_it_and_exactly_what() {
    let ada = Ada::new();
    let entity = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{TEXT}");
    let proof = proof(&ada.folder, &ada.signs(&entity));
    assert_eq!((proof.who.key, proof.signed_at), (ada.key.clone(), made()));
    assert_eq!(proof.text, TEXT);
    assert_eq!((proof.subject, proof.recipients), (None, None));
    assert_eq!((proof.digests.len(), proof.keys.len()), (1, 0));
}

#[test]
fn protected_headers_are_signed_ones() {
    let ada = Ada::new();
    let entity = |says: &str, more: &str| {
        ada.signs(&format!(
            "Content-Type: text/plain; {says}\r\nSubject: =?utf-8?q?retest_5?=\r\n\
             From: Ada <ada@example.org>\r\nTo: Bot <BOT@example.test>, x@example.org\r\n\
             Cc: y@example.org\r\n{more}\r\nretest 5\r\n"
        ))
    };
    for says in ["protected-headers=\"v1\"", "hp=\"clear\"", "HP=CLEAR"] {
        let proof = proof(&ada.folder, &entity(says, ""));
        assert_eq!(proof.subject.as_deref(), Some("retest 5"), "{says}");
        let recipients = proof.recipients.unwrap();
        assert_eq!(recipients, ["bot@example.test", "x@example.org", "y@example.org"]);
    }
    let unmarked = proof(&ada.folder, &entity("charset=utf-8", ""));
    assert_eq!((unmarked.subject, unmarked.recipients), (None, None));
    // What is there twice says nothing.
    let twice = entity("protected-headers=\"v1\"", "Subject: retest 6\r\nTo: z@example.org\r\n");
    let twice = proof(&ada.folder, &twice);
    assert_eq!((twice.subject, twice.recipients), (None, None));
}

#[test]
fn keys_hang_on_a_signed_part_in_armor_or_as_they_are() {
    let ada = Ada::new();
    let eve = Gpg::new();
    eve.key("Eve <eve@example.org>", "ed25519", "never");
    let armored = String::from_utf8(eve.export(&[])).unwrap();
    let binary = eve.call(&["--export"], b"");
    let text = "Content-Type: text/plain\r\n\r\nkey add eve@example.org\r\n";
    let armored_part = format!(
        "Content-Type: application/pgp-keys; name=eve.asc\r\n\
         Content-Disposition: attachment; filename=eve.asc\r\n\r\n{armored}"
    );
    let binary_part = format!(
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=eve.gpg\r\n\r\n{}",
        crate::authentication::encodings::base64_lines(&binary)
    );
    let entity = mixed(&[text, &armored_part, &binary_part]);
    let proof = proof(&ada.folder, &ada.signs(&entity));
    assert_eq!(proof.text, "key add eve@example.org\n");
    assert_eq!(proof.keys, [armored.into_bytes(), binary]);
}

#[test]
fn a_patch_that_hangs_on_a_signed_part_is_no_text() {
    let ada = Ada::new();
    let text = "Content-Type: text/plain\r\n\r\nretest 5\r\n";
    let file = "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n\
                cancel 1\r\n";
    let proof = proof(&ada.folder, &ada.signs(&mixed(&[file, text])));
    assert_eq!(proof.text, "retest 5\n");
}

#[test]
fn a_lists_footer_behind_a_signed_part_is_not_in_the_proof() {
    let ada = Ada::new();
    let signed = ada.gpg.signs_part("Content-Type: text/plain\r\n\r\nretest 5\n", &[]);
    for footer in [
        "Content-Type: text/plain; charset=us-ascii\r\nContent-Disposition: inline\r\n\r\ncancel 1",
        "\r\ncancel 1",
    ] {
        let wrapped = mail(&mixed(&[&signed, footer]));
        assert_eq!(proof(&ada.folder, &wrapped).text, "retest 5\n", "{wrapped}");
    }
}

#[test]
fn what_stands_in_front_of_and_behind_the_parts_is_none_of_the_proof() {
    let ada = Ada::new();
    let signed = ada.signs("Content-Type: text/plain\r\n\r\nretest 5\n");
    let padded = signed.replacen("\r\n\r\n--sig", "\r\n\r\ncancel 1\r\n--sig", 1) + "cancel 2\r\n";
    assert_ne!(padded.len(), signed.len() + 10);
    assert_eq!(proof(&ada.folder, &padded).text, "retest 5\n");
}

#[test]
fn a_signed_alternative_says_its_plain_text() {
    let ada = Ada::new();
    let plain = "Content-Type: text/plain\r\n\r\nretest 5\r\n";
    let html = "Content-Type: text/html\r\n\r\n<p>retest 6</p>\r\n";
    let both = mixed(&[plain, html]).replace("multipart/mixed", "multipart/alternative");
    assert_eq!(proof(&ada.folder, &ada.signs(&both)).text, "retest 5\n");
    assert_eq!(proof(&ada.folder, &ada.signs(html)).text.trim(), "retest 6");
}

#[test]
fn a_signature_in_a_transfer_encoding_of_its_own_is_read() {
    let ada = Ada::new();
    let entity = "Content-Type: text/plain\r\n\r\nretest 5\r\n";
    let signature = ada.gpg.detached(entity.as_bytes(), &["--textmode"]);
    let encoded = crate::authentication::encodings::quoted_printable(signature.as_bytes());
    let signed = around(entity, &encoded).replace(
        "name=\"signature.asc\"\r\n",
        "name=\"signature.asc\"\r\nContent-Transfer-Encoding: quoted-printable\r\n",
    );
    assert_eq!(proof(&ada.folder, &mail(&signed)).text, "retest 5\n");
}
