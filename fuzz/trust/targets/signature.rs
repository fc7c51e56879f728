//! A signature under a text that is signed: the first byte says of which kind, and whether the
//! bytes stand in an armor as they are or are put into one, so that the packets are reached.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use trust::{SIGNED, payload};

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, signature)) = bytes.split_first() else { return };
    let (name, signed) = match kind & 1 {
        0 => ("PGP", SIGNED[0]),
        _ => ("SSH", SIGNED[1]),
    };
    let text = match kind & 2 {
        0 => signature.to_vec(),
        _ => {
            let encoded = STANDARD.encode(signature).into_bytes();
            encoded.chunks(64).collect::<Vec<_>>().join(&b'\n')
        }
    };
    let gap = if name == "PGP" { "\n" } else { "" };
    let mut tag = payload(signed).to_vec();
    tag.extend_from_slice(format!("-----BEGIN {name} SIGNATURE-----\n{gap}").as_bytes());
    tag.extend_from_slice(&text);
    tag.extend_from_slice(format!("\n-----END {name} SIGNATURE-----\n").as_bytes());
    trust::check(&tag);
});
