//! Folder names as IMAP writes them: modified UTF-7 (RFC 3501, section 5.1.3).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// Encodes a folder's name. Printable ASCII stays; `&` becomes `&-`; all else is base64 of UTF-16.
pub(crate) fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut shifted = Vec::new();
    for letter in name.chars() {
        if matches!(letter, ' '..='~') {
            close(&mut shifted, &mut encoded);
            encoded.push(letter);
            if letter == '&' {
                encoded.push('-');
            }
        } else {
            shifted.extend(letter.encode_utf16(&mut [0; 2]).iter().flat_map(|u| u.to_be_bytes()));
        }
    }
    close(&mut shifted, &mut encoded);
    encoded
}

fn close(shifted: &mut Vec<u8>, encoded: &mut String) {
    if shifted.is_empty() {
        return;
    }
    encoded.push('&');
    for triple in shifted.chunks(3) {
        let bits = triple.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - triple.len()));
        for digit in 0..=triple.len() {
            let index = (bits >> (18 - 6 * digit)) & 0x3f;
            encoded.extend(ALPHABET.get(index as usize).map(|byte| char::from(*byte)));
        }
    }
    encoded.push('-');
    shifted.clear();
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn names_are_encoded_as_the_rfc_does() {
        for (name, encoded) in [
            ("INBOX", "INBOX"),
            ("lists/qemu & kvm", "lists/qemu &- kvm"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("a\u{1F600}b", "a&2D3eAA-b"),
            ("tab\there", "tab&AAk-here"),
            ("", ""),
        ] {
            assert_eq!(encode(name), encoded, "{name}");
        }
    }
}
