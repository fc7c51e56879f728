//! Signed texts in the encodings that mail programs and servers put around them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::authentication::mails::*;

/// Bytes as quoted-printable (RFC 2045, section 6.7), with soft breaks.
pub(crate) fn quoted_printable(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut column = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let next_ends = matches!(bytes.get(at + 1), None | Some(b'\r' | b'\n'));
        let piece = match byte {
            b'\r' => continue,
            b'\n' => "\r\n".to_owned(),
            b' ' | b'\t' if !next_ends => char::from(*byte).to_string(),
            b'!'..=b'~' if *byte != b'=' => char::from(*byte).to_string(),
            other => format!("={other:02X}"),
        };
        if column + piece.len() > 70 && piece != "\r\n" {
            out.push_str("=\r\n");
            column = 0;
        }
        column = if piece == "\r\n" { 0 } else { column + piece.len() };
        out.push_str(&piece);
    }
    out
}

pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines = encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line));
    lines.collect::<Vec<_>>().join("\r\n") + "\r\n"
}

#[test]
fn a_clearsigned_text_is_read_in_every_transfer_encoding() {
    let ada = Ada::new();
    let signed = ada.clearsigns(TEXT);
    for (how, body) in [
        ("8bit", signed.clone()),
        ("quoted-printable", quoted_printable(signed.as_bytes())),
        ("base64", base64_lines(signed.as_bytes())),
        ("base64", base64_lines(signed.replace("\r\n", "\n").as_bytes())),
    ] {
        let mail = mail(&format!(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {how}\r\n\r\n{body}"
        ));
        assert_eq!(proof(&ada.folder, &mail).text, TEXT, "{mail}");
    }
}

#[test]
fn a_signed_part_is_read_in_every_transfer_encoding() {
    let ada = Ada::new();
    for (how, body) in [
        ("8bit", TEXT.to_owned()),
        ("quoted-printable", quoted_printable(TEXT.as_bytes())),
        ("base64", base64_lines(TEXT.as_bytes())),
    ] {
        let mail = ada.signs(&format!(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {how}\r\n\r\n{body}"
        ));
        assert_eq!(proof(&ada.folder, &mail).text, TEXT, "{mail}");
    }
}

#[test]
fn a_part_that_was_signed_in_the_binary_mode_is_as_good() {
    let ada = Ada::new();
    let entity = "Content-Type: text/plain\r\n\r\nretest 5\r\n";
    let signed = around(entity, &ada.gpg.detached(entity.as_bytes(), &[]));
    assert_eq!(proof(&ada.folder, &mail(&signed)).text, "retest 5\n");
    // Line ends are CR LF where the signature is made, whatever a mailbox makes of them.
    let bare = mail(&signed).replace("\r\n", "\n");
    assert_eq!(proof(&ada.folder, &bare).text, "retest 5\n");
}

#[test]
fn format_flowed_is_read_whether_it_was_signed_before_or_after_stuffing() {
    let ada = Ada::new();
    let flowed = |body: &str| {
        mail(&format!("Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n{body}"))
    };
    let signed = ada.clearsigns("> quoted\n retest 5\n");
    let stuffed = signed.replace("> quoted", " > quoted").replace(" retest 5", "  retest 5");
    assert_eq!(proof(&ada.folder, &flowed(&stuffed)).text, "> quoted\n retest 5\n");
    assert_eq!(proof(&ada.folder, &flowed(&signed)).text, "> quoted\n retest 5\n");
    // A plain text has no such blanks.
    refused(&ada.folder, &plain(&stuffed), "does not fit the text");
    let part =
        ada.signs("Content-Type: text/plain; format=flowed\r\n\r\nretest \r\n5\r\n From a\r\n");
    assert_eq!(proof(&ada.folder, &part).text, "retest 5\nFrom a\n");
}

#[test]
fn a_text_in_latin_1_is_decoded() {
    let ada = Ada::new();
    let text = "refuse 5 sp\u{e4}t\n";
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let signed = ada.gpg.call(&["--clearsign"], &latin);
    let mail = mail(&format!(
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        base64_lines(&signed)
    ));
    assert_eq!(proof(&ada.folder, &mail).text, text);
}

#[test]
fn a_character_set_that_nobody_signed_does_not_turn_letters_into_others() {
    let ada = Ada::new();
    let signed = ada.clearsigns("refuse 5 +AGMAYQBuAGMAZQBs-\n");
    for charset in ["utf-7", "utf-16", "utf-16le", "iso-2022-jp", "hz-gb-2312"] {
        let mail = mail(&format!("Content-Type: text/plain; charset={charset}\r\n\r\n{signed}"));
        let found = authenticated(
            &ada.folder,
            &crate::config::model::Dkim::Off,
            &mail,
            crate::keyring::signers::made(),
        );
        let text = found.openpgp.map(|proof| proof.text);
        assert!(text.is_none_or(|text| text == "refuse 5 +AGMAYQBuAGMAZQBs-\n"), "{charset}");
    }
}
