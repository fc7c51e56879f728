//! What a stranger's tag and signature say at length, and what a certificate does: an answer of the
//! keyring goes into a record, which has little room.

use std::io::Write;
use std::time::{Duration, SystemTime};

use crate::demo::keys::SigningKey;
use crate::ports::Keyring;
use crate::pull::cover::Person;
use crate::pull::room::size;
use crate::pull::signer::ADDRESSES;
use crate::pull::tag::Verification;
use sequoia_openpgp as openpgp;

use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::signature::subpacket::NotationDataFlags;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::{Serialize, SerializeInto};
use openpgp::types::{KeyFlags, SignatureType};
use openpgp::{Cert, Packet, armor};

use crate::keyring::signers::*;

const LONG: usize = 40_000;

fn ada() -> SigningKey {
    let owner = Person { name: Some("Ada".into()), address: "ada@example.org".into() };
    SigningKey::new(&owner, made() - days(1)).unwrap()
}

fn armored(packet: &[u8]) -> Vec<u8> {
    let mut writer = armor::Writer::new(Vec::new(), armor::Kind::Signature).unwrap();
    writer.write_all(packet).unwrap();
    writer.finalize().unwrap()
}

fn certificate(ids: impl IntoIterator<Item = String>) -> Cert {
    let mut builder = CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(SystemTime::from(made() - days(10)))
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing());
    for id in ids {
        builder = builder.add_userid(id);
    }
    builder.generate().unwrap().0
}

fn signed(cert: &Cert, builder: SignatureBuilder) -> Vec<u8> {
    let (payload, time) = (payload("v1"), SystemTime::from(made()));
    let policy = StandardPolicy::new();
    let key = cert.keys().with_policy(&policy, time).secret().for_signing().next().unwrap();
    let mut pair = key.key().clone().into_keypair().unwrap();
    let signature = builder
        .set_signature_creation_time(time)
        .unwrap()
        .sign_message(&mut pair, payload.as_bytes())
        .unwrap();
    let mut packet = Vec::new();
    Packet::from(signature).serialize(&mut packet).unwrap();
    [payload.as_bytes(), &armored(&packet)].concat()
}

#[test]
fn a_name_of_40_kb_inside_a_signed_tag_is_a_short_mismatch() {
    let ada = ada();
    let folder = Folder::new().with("ada.asc", ada.certificate().unwrap());
    for letter in ["x", "\u{1}", "\""] {
        let tag = ada.sign(payload(&letter.repeat(LONG)).as_bytes(), made()).unwrap();
        let name = format!("v1{}", "\"".repeat(LONG));
        let found = folder.keyring().verify(&tag, &name, made()).unwrap();
        assert!(matches!(found, Verification::NameMismatch { .. }), "{found:?}");
        assert!(size(&found) < 700, "{} bytes", size(&found));
    }
}

#[test]
fn a_signature_that_names_a_key_of_40_kb_is_of_a_short_unknown_key() {
    // A version 4 signature (RFC 9580, section 5.2.3) whose issuer's fingerprint is of a version that
    // nobody knows, and so of any length.
    let mut subpacket = vec![33, 99];
    subpacket.extend([0xab].repeat(LONG));
    let mut unhashed = vec![255];
    unhashed.extend(u32::try_from(subpacket.len()).unwrap().to_be_bytes());
    unhashed.extend(subpacket);
    let mut body = vec![4, 0, 22, 10, 0, 6, 5, 2];
    body.extend(u32::try_from(made().as_second()).unwrap().to_be_bytes());
    body.extend(u16::try_from(unhashed.len()).unwrap().to_be_bytes());
    body.extend(unhashed);
    body.extend([0, 0]);
    for _ in 0..2 {
        body.extend([1, 0, 0x80]);
        body.extend([1; 31]);
    }
    let mut packet = vec![0xc2, 255];
    packet.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    packet.extend(body);
    let tag = [payload("v1").as_bytes(), &armored(&packet)].concat();
    let folder = Folder::new().with("ada.asc", ada().certificate().unwrap());
    let found = folder.verify(&tag, made());
    let Verification::UnknownKey { key, proved: false } = &found else { panic!("{found:?}") };
    assert!(key.starts_with("ABABABAB") && size(&found) < 400, "{} bytes", size(&found));
}

#[test]
fn a_signature_with_a_note_of_40_kb_is_refused_in_few_words() {
    let cert = certificate([ADA.to_owned()]);
    let note = NotationDataFlags::empty().set_human_readable();
    let builder = SignatureBuilder::new(SignatureType::Binary)
        .add_notation(format!("{}@x", "\"".repeat(LONG)), b"", note, true)
        .unwrap();
    let tag = signed(&cert, builder);
    let folder = Folder::new().with("ada.pgp", cert.to_vec().unwrap());
    let found = folder.verify(&tag, made());
    assert!(matches!(found, Verification::Weak { .. }), "{} bytes", size(&found));
    assert!(size(&found) < 700, "{} bytes", size(&found));
}

#[test]
fn of_a_certificate_with_many_and_long_addresses_some_count_and_the_rest_is_told() {
    let long = format!("Ada {} <long@{}.example.org>", "x".repeat(2_000), "d".repeat(300));
    let many = (0..400).map(|n| format!("Ada {n} <ada-{n}@example.org>"));
    let cert = certificate(
        [format!("{} <ada@example.org>", "Ada".repeat(1_000)), long].into_iter().chain(many),
    );
    let tag = signed(&cert, SignatureBuilder::new(SignatureType::Binary));
    let folder = Folder::new().with("ada.pgp", cert.to_vec().unwrap());
    let signer = good(folder.verify(&tag, made()));
    let counts = (0..400).filter(|n| signer.has_address(&format!("ada-{n}@example.org"))).count();
    assert!((40..100).contains(&counts), "{counts}");
    assert!(size(&signer) < ADDRESSES + 500, "{} bytes", size(&signer));
    let problems = folder.keyring().inventory(made()).unwrap().problems;
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.why.contains("of them do not count"), "{problem}");
    let keyring = folder.keyring();
    let known = (0..400).filter(|n| keyring.knows(&format!("ada-{n}@example.org"))).count();
    assert_eq!(known, counts, "the others are nobody's");
}

#[test]
fn a_key_that_ends_soon_and_has_a_long_owner_is_told_in_few_words() {
    let id = format!("{} <ada@example.org>", "\"".repeat(2_000));
    let time = SystemTime::from(made() - days(10));
    let (cert, _) = CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(time)
        .set_validity_period(Duration::from_secs(20 * 24 * 3600))
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .add_userid(id)
        .generate()
        .unwrap();
    let folder = Folder::new().with("ada.pgp", cert.to_vec().unwrap());
    let expiring = folder.keyring().expiring(made()).unwrap();
    assert_eq!(expiring.len(), 1);
    assert!(size(&expiring[0]) < 500, "{} bytes", size(&expiring[0]));
}

#[test]
fn an_entry_of_maintainers_that_no_record_holds_is_left_out_and_named() {
    let ada = ada();
    let entry = |addresses: usize, paths: usize| {
        let addresses: Vec<_> =
            (0..addresses).map(|n| format!("\"ada-{n}@example.org\"")).collect();
        let paths: Vec<_> = (0..paths).map(|n| format!("\"hw/directory-{n}/**\"")).collect();
        format!(
            "[[maintainer]]\nname = \"Ada\"\nkeys = [\"{}\"]\naddresses = [{}]\npaths = [{}]\n",
            ada.fingerprint(),
            addresses.join(", "),
            paths.join(", ")
        )
    };
    let read = |addresses, paths| {
        let folder = Folder::new()
            .with("ada.asc", ada.certificate().unwrap())
            .with("maintainers.toml", entry(addresses, paths));
        folder.keyring().inventory(made()).unwrap()
    };
    let usual = read(50, 150);
    assert_eq!((usual.maintainers.len(), usual.problems.len()), (1, 0), "{:?}", usual.problems);
    for (addresses, paths, words) in [(500, 1, "`addresses` take"), (1, 500, "fewer, wider")] {
        let large = read(addresses, paths);
        assert_eq!(large.maintainers.len(), 0);
        assert!(large.problems.iter().any(|it| it.why.contains(words)), "{:?}", large.problems);
    }
}
