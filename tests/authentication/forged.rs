//! Mails whose OpenPGP signature must not be believed, and the sentence that says why.

use crate::authentication::mails::*;
use crate::keyring::signers::*;

const ENTITY: &str = "Content-Type: text/plain\r\n\r\nretest 5\r\n";

#[test]
fn a_mail_without_a_signature_proves_nothing() {
    let ada = Ada::new();
    refused(&ada.folder, &plain("retest 5\r\n"), "has no OpenPGP signature");
    refused(&ada.folder, "", "has no OpenPGP signature");
}

#[test]
fn an_altered_text_does_not_fit_its_signature() {
    let ada = Ada::new();
    let signed = ada.clearsigns("retest 5\nquit\n");
    for altered in [
        signed.replace("retest 5", "retest 6"),
        signed.replace("retest 5", " retest 5"),
        signed.replace("retest 5", "Retest 5"),
        signed.replace("retest 5", "retest  5"),
        signed.replace("quit", "quit\r\ncancel 5"),
        signed.replace("retest 5\r\n", ""),
        signed.replace("retest 5\r\nquit", "retest 5quit"),
    ] {
        assert_ne!(altered, signed);
        refused(&ada.folder, &plain(&altered), "does not fit the text");
    }
    let part = ada.signs(ENTITY);
    for (from, to) in [
        ("retest 5", "retest 6"),
        ("\r\n\r\nretest", "; x=y\r\n\r\nretest"),
        ("text/plain\r\n\r\nretest", "text/html\r\n\r\nretest"),
        ("text/plain\r\n\r\nretest", "text/plain\r\nSubject: x\r\n\r\nretest"),
        ("retest 5\r\n", "retest 5\r\n\r\n\r\n"),
    ] {
        assert!(part.contains(from), "{from}");
        refused(&ada.folder, &part.replacen(from, to, 1), "does not fit the text");
    }
}

#[test]
fn of_two_signed_parts_none_is_believed() {
    let ada = Ada::new();
    let (one, two) = (ada.clearsigns("retest 5\n"), ada.clearsigns("retest 6\n"));
    let part = |text: &str| format!("Content-Type: text/plain\r\n\r\n{text}");
    let signed = ada.gpg.signs_part(ENTITY, &[]);
    for mail in [
        plain(&format!("{one}{two}")),
        // Only a beginning of a second.
        plain(&format!("{one}\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n")),
        mail(&mixed(&[&part(&one), &part(&two)])),
        mail(&mixed(&[&signed, &signed.replace("\"sig\"", "\"gis\"").replace("--sig", "--gis")])),
        mail(&mixed(&[&signed, &part(&one)])),
    ] {
        refused(&ada.folder, &mail, "several signed parts");
    }
}

#[test]
fn a_signed_part_beside_others_is_not_believed() {
    let ada = Ada::new();
    let signed = ada.gpg.signs_part(ENTITY, &[]);
    let text = "Content-Type: text/plain\r\n\r\ncancel 1\r\n";
    let html = "Content-Type: text/html\r\n\r\ncancel 1\r\n";
    for parts in [[text, signed.as_str()], [signed.as_str(), html], [html, signed.as_str()]] {
        refused(&ada.folder, &mail(&mixed(&parts)), "Only a part of the mail is signed");
    }
}

#[test]
fn a_signed_part_deeper_inside_is_none() {
    let ada = Ada::new();
    let signed = ada.gpg.signs_part(ENTITY, &[]);
    let inner = mixed(&[&signed]).replace("=mix", "=inner").replace("--mix", "--inner");
    for outer in [
        mixed(&[&inner]),
        mixed(&[&signed]).replace("multipart/mixed", "multipart/alternative"),
        format!("Content-Type: message/rfc822\r\n\r\n{}", mail(&signed)),
    ] {
        refused(&ada.folder, &mail(&outer), "has no OpenPGP signature");
    }
}

#[test]
fn an_answer_that_forwards_or_quotes_a_signed_mail_is_not_signed() {
    let ada = Ada::new();
    let forwarded = format!("Content-Type: message/rfc822\r\n\r\n{}", ada.signs(ENTITY));
    let text = "Content-Type: text/plain\r\n\r\nSee below.\r\n";
    refused(&ada.folder, &mail(&mixed(&[text, &forwarded])), "has no OpenPGP signature");
    let quoted: String =
        ada.clearsigns("retest 5\n").lines().map(|line| format!("> {line}\r\n")).collect();
    refused(&ada.folder, &plain(&quoted), "has no OpenPGP signature");
    let attached = format!(
        "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n{}",
        ada.clearsigns("retest 5\n")
    );
    refused(&ada.folder, &mail(&mixed(&[text, &attached])), "has no OpenPGP signature");
}

#[test]
fn a_signed_text_inside_a_signed_part_is_not_believed() {
    let ada = Ada::new();
    let nested = format!("Content-Type: text/plain\r\n\r\n{}", ada.clearsigns("retest 5\n"));
    refused(&ada.folder, &ada.signs(&nested), "signed text inside the signed mail");
}

#[test]
fn a_signature_of_a_tag_is_none_of_a_mail() {
    let ada = Ada::new();
    let text = format!("{}\nretest 5\n", payload("v1"));
    let tag = String::from_utf8(ada.gpg.tag(&text, &[])).unwrap();
    let (payload, signature) = tag.split_at(text.len());
    // The tag's bytes are signed with bare line ends.
    let clear = |payload: &str| {
        format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{payload}\n{signature}")
    };
    refused(&ada.folder, &plain(&clear(payload)), "not believed");
    let part = around(payload, signature);
    refused(&ada.folder, &mail(&part), "does not");
    let unix = mail("").replace("\r\n", "\n") + &part.replace("\r\n", "\n");
    refused(&ada.folder, &unix, "does not");
}

#[test]
fn a_signature_of_a_file_is_none_of_a_text() {
    let ada = Ada::new();
    let file = "retest 5\r\ncancel 6";
    let signature = ada.gpg.detached(file.as_bytes(), &[]);
    let clear = |signature: &str| {
        plain(&format!("-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\n{file}\r\n{signature}"))
    };
    refused(&ada.folder, &clear(&signature), "one of a file, not of a text");
    // The same bytes, signed as a text, are one.
    let signature = ada.gpg.detached(file.as_bytes(), &["--textmode"]);
    assert_eq!(proof(&ada.folder, &clear(&signature)).text, "retest 5\ncancel 6\n");
}

#[test]
fn a_signed_file_that_says_not_what_it_is_is_none_of_a_mail() {
    let ada = Ada::new();
    for entity in [
        "retest 5\r\n",
        "\r\nretest 5\r\n",
        "Subject: retest 5\r\n\r\nretest 5\r\n",
        "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nretest 5\r\n",
    ] {
        refused(&ada.folder, &ada.signs(entity), "does not say what kind of text it is");
    }
}

#[test]
fn what_was_cut_short_is_not_believed() {
    let ada = Ada::new();
    let signed = plain(&ada.clearsigns("retest 5\n"));
    let until = |mail: &str, mark: &str| mail[..mail.find(mark).unwrap()].to_owned();
    refused(&ada.folder, &until(&signed, "-----BEGIN PGP SIGNATURE"), "it has no signature");
    refused(&ada.folder, &until(&signed, "-----END PGP SIGNATURE"), "its signature has no end");
    refused(&ada.folder, &until(&signed, "retest 5"), "it has no signature");
    let part = ada.signs(ENTITY);
    refused(&ada.folder, &until(&part, "--sig--"), "has not exactly a text and a signature");
    let second = part.rfind("--sig\r\n").unwrap();
    refused(&ada.folder, &part[..second], "has not exactly a text and a signature");
    let halved = part.replace("-----END PGP SIGNATURE-----", "");
    let start = halved.find("PGP SIGNATURE-----").unwrap();
    let halved = [&halved[..start + 60], "\r\n--sig--\r\n"].concat();
    refused(&ada.folder, &halved, "not believed");
    refused(&ada.folder, &mail(&around(ENTITY.trim_end(), "")), "not believed");
}

#[test]
fn a_multipart_signed_has_exactly_two_parts() {
    let ada = Ada::new();
    let part = ada.signs(ENTITY);
    let more = "--sig\r\nContent-Type: text/plain\r\n\r\ncancel 1\r\n";
    for altered in [
        part.replacen("--sig\r\n", &format!("{more}--sig\r\n"), 1),
        part.replacen("--sig--", &format!("{more}--sig--"), 1),
        part.replacen("boundary=\"sig\"", "x=y", 1),
    ] {
        refused(&ada.folder, &altered, "has not exactly a text and a signature");
    }
    let other = part.replace("application/pgp-signature; name", "text/plain; name");
    refused(&ada.folder, &other, "no OpenPGP signature beside its text");
}

#[test]
fn a_part_that_says_twice_what_it_is_is_not_believed() {
    let ada = Ada::new();
    let part = ada.signs(ENTITY);
    let twice = |mail: &str| mail.replacen("Subject", "Content-Type: text/plain\r\nSubject", 1);
    refused(&ada.folder, &twice(&part), "says twice what it is");
    refused(&ada.folder, &twice(&plain(&ada.clearsigns("retest 5\n"))), "says twice what it is");
    let signature = part.replace(
        "Content-Type: application/pgp-signature",
        "Content-Type: text/plain\r\nContent-Type: application/pgp-signature",
    );
    refused(&ada.folder, &signature, "says twice what it is");
}

#[test]
fn lines_that_no_signature_covers_do_not_get_into_a_clearsigned_text() {
    let ada = Ada::new();
    let signed = ada.clearsigns("retest 5\n");
    let hidden = signed.replace("Hash: SHA256", "Hash: SHA256\r\nretest 6");
    refused(&ada.folder, &plain(&hidden), "stands more than \"Hash:\"");
    let dashed = ada.clearsigns("- retest 5\n").replace("- - retest", "-retest");
    refused(&ada.folder, &plain(&dashed), "dash that is not escaped");
}

#[test]
fn encrypted_mails_are_refused_by_name() {
    let ada = Ada::new();
    ada.gpg.call(&["--quick-add-key", &ada.key, "cv25519", "encr", "never"], b"");
    let seal = ["--armor", "--sign", "--encrypt", "--trust-model", "always", "--recipient", ADA];
    let sealed = String::from_utf8(ada.gpg.call(&seal, b"retest 5\n")).unwrap();
    refused(&ada.folder, &plain(&sealed), "encrypted commands are not read");
    let mime = format!(
        "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n\
         --b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\
         --b\r\nContent-Type: application/octet-stream\r\n\r\n{sealed}\r\n--b--\r\n"
    );
    refused(&ada.folder, &mail(&mime), "encrypted commands are not read");
    // Signed without a text in the clear looks the same.
    let wrapped = String::from_utf8(ada.gpg.call(&["--armor", "--sign"], b"retest 5\n")).unwrap();
    refused(&ada.folder, &plain(&wrapped), "encrypted commands are not read");
}

#[test]
fn smime_is_refused_by_name() {
    let ada = Ada::new();
    let detached = ada.signs(ENTITY).replace(
        "protocol=\"application/pgp-signature\"",
        "protocol=\"application/pkcs7-signature\"",
    );
    refused(&ada.folder, &detached, "S/MIME");
    for kind in ["application/pkcs7-mime", "application/x-pkcs7-mime"] {
        let opaque = format!("Content-Type: {kind}; smime-type=signed-data\r\n\r\nMIAGCSqG\r\n");
        refused(&ada.folder, &mail(&opaque), "S/MIME");
    }
}

#[test]
fn sha1_and_short_keys_are_too_weak() {
    let gpg = Gpg::new();
    gpg.key(ADA, "rsa2048", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    let sha1 = ["--digest-algo", "SHA1"];
    for mail in [plain(&gpg.clearsigns("retest 5\n", &sha1)), mail(&gpg.signs_part(ENTITY, &sha1))]
    {
        let why = refusal(&folder, &mail);
        assert!(why.contains("too weak") && why.contains("SHA1"), "{why}");
    }
    let gpg = Gpg::new();
    gpg.key(ADA, "rsa1024", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    refused(&folder, &plain(&gpg.clearsigns("retest 5\n", &[])), "too weak");
}

#[test]
fn a_signature_from_the_future_is_not_believed_before_its_time() {
    let ada = Ada::new();
    let mail = plain(&ada.clearsigns("retest 5\n"));
    let before = made() - jiff::SignedDuration::from_mins(31);
    let why = refusal_at(&ada.folder, &mail, before);
    assert!(why.contains("not believed"), "{why}");
}

#[test]
fn a_mail_that_is_too_large_to_look_at_proves_nothing() {
    let ada = Ada::new();
    let signed = ada.clearsigns("retest 5\n");
    let large = plain(&format!("{signed}{}", "x\r\n".repeat(2_000_000)));
    refused(&ada.folder, &large, "too large");
    let parts = "--p\r\nContent-Type: text/plain\r\n\r\n\r\n".repeat(100);
    refused(&ada.folder, &plain(&format!("{signed}{parts}")), "too many parts");
}
