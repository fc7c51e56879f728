//! Certificates that somebody sent, as they could be added: read, judged, and cut down to what
//! verifying needs. It must not add them.

use jiff::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::cert::CertParser;
use openpgp::packet::Signature;
use openpgp::parse::Parse;
use openpgp::serialize::SerializeInto;
use openpgp::{Cert, Packet};

use super::{folder, inventory};
use crate::ports::OfferedKey;

/// Bytes of a certificate at most, after all that is not needed was left out.
const MOST: usize = 256 * 1024;

/// Bytes that are looked at: with photographs and other people's signatures.
const READ: usize = 4 * 1024 * 1024;

/// Certificates that are taken of what was sent at once.
const CERTIFICATES: usize = 8;

/// Each certificate in the bytes, or why it is not to be had.
pub(crate) fn offered(bytes: &[u8], now: Timestamp) -> Vec<Result<OfferedKey, String>> {
    let none = || vec![Err("there is no OpenPGP certificate in it".to_owned())];
    if bytes.len() > READ {
        return vec![Err(format!("it is larger than {} MiB", READ >> 20))];
    }
    let Ok(parser) = CertParser::from_bytes(bytes) else { return none() };
    let mut offers = Vec::new();
    for cert in parser {
        if offers.len() == CERTIFICATES {
            offers.push(Err(format!("more than {CERTIFICATES} keys at once are not taken")));
            break;
        }
        let offer = cert.map_err(|error| format!("it can't be read: {error}"));
        offers.push(offer.and_then(|cert| offer_of(&cert, now)));
    }
    if offers.is_empty() { none() } else { offers }
}

fn offer_of(cert: &Cert, now: Timestamp) -> Result<OfferedKey, String> {
    let fingerprint = cert.fingerprint().to_hex();
    if cert.is_tsk() {
        return Err(format!(
            "{fingerprint} is a secret key: it is known to others now, so revoke it; a new one's \
             public part is what `gpg --armor --export` prints"
        ));
    }
    if !folder::is_bound(cert) {
        return Err(format!("{fingerprint} has no signature of its own; it may be cut short"));
    }
    let needed = needed(cert).map_err(|error| format!("{fingerprint} can't be read: {error}"))?;
    let certificate =
        needed.to_vec().map_err(|error| format!("{fingerprint} can't be kept: {error}"))?;
    if certificate.len() > MOST {
        return Err(format!("{fingerprint} is larger than {} KiB", MOST >> 10));
    }
    let line = inventory::certificate_line(&needed, now);
    Ok(OfferedKey {
        fingerprint,
        owner: line.owner,
        addresses: line.addresses,
        trouble: line.trouble,
        certificate,
    })
}

/// A certificate without photographs, other people's signatures and what its owner never signed.
fn needed(cert: &Cert) -> openpgp::Result<Cert> {
    let primary = cert.primary_key();
    let mut packets = vec![Packet::from(primary.key().clone())];
    let keep = |packets: &mut Vec<Packet>, signatures: Vec<&Signature>| {
        packets.extend(signatures.into_iter().cloned().map(Packet::from));
    };
    keep(&mut packets, primary.self_signatures().chain(primary.self_revocations()).collect());
    for id in cert.userids() {
        let own: Vec<&Signature> = id.self_signatures().chain(id.self_revocations()).collect();
        if !own.is_empty() {
            packets.push(id.userid().clone().into());
            keep(&mut packets, own);
        }
    }
    for subkey in cert.keys().subkeys() {
        let own: Vec<&Signature> =
            subkey.self_signatures().chain(subkey.self_revocations()).collect();
        if !own.is_empty() {
            packets.push(subkey.key().clone().into());
            keep(&mut packets, own);
        }
    }
    Cert::from_packets(packets.into_iter())
}
