//! Tags signed by Sequoia, where gpg would not do it, and by the demo's keys.

use std::time::SystemTime;

use std::fs;

use crate::demo::keys::SigningKey;
use crate::pull::tag::Verification;
use jiff::{SignedDuration, Timestamp};
use sequoia_openpgp as openpgp;

use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::SerializeInto;
use openpgp::serialize::stream::{Armorer, Message};
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};
use openpgp::{Cert, Packet, armor};

use crate::keyring::signers::*;

fn sequoia_signature(cert: &Cert, payload: &[u8], hash: HashAlgorithm, at: Timestamp) -> Packet {
    let policy = StandardPolicy::new();
    let time = SystemTime::from(at);
    let keys = cert.keys().with_policy(&policy, time).secret().for_signing();
    let mut keypair = keys.map(|key| key.key().clone()).next().unwrap().into_keypair().unwrap();
    SignatureBuilder::new(SignatureType::Binary)
        .set_hash_algo(hash)
        .set_signature_creation_time(time)
        .unwrap()
        .sign_message(&mut keypair, payload)
        .unwrap()
        .into()
}

fn armored(packets: impl IntoIterator<Item = Packet>) -> Vec<u8> {
    use openpgp::serialize::Serialize;
    let mut out = Vec::new();
    let mut message =
        Armorer::new(Message::new(&mut out)).kind(armor::Kind::Signature).build().unwrap();
    for packet in packets {
        packet.serialize(&mut message).unwrap();
    }
    message.finalize().unwrap();
    out
}

fn sequoia_tag(cert: &Cert, hash: HashAlgorithm, at: Timestamp) -> Vec<u8> {
    let payload = payload("v1");
    let signature = sequoia_signature(cert, payload.as_bytes(), hash, at);
    [payload.as_bytes(), &armored([signature])].concat()
}

fn sequoia_cert(id: &str, flags: KeyFlags) -> Cert {
    CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(SystemTime::from(made() - days(10)))
        .add_userid(id)
        .add_subkey(flags, None, None)
        .generate()
        .unwrap()
        .0
}

#[test]
fn one_good_signature_of_several_is_enough() {
    let signing = KeyFlags::empty().set_signing();
    let ada = sequoia_cert(ADA, signing.clone());
    let eve = sequoia_cert("Eve <eve@example.org>", signing);
    let payload = payload("v1");
    let sign = |cert, hash| sequoia_signature(cert, payload.as_bytes(), hash, made());
    let folder = Folder::new().with("ada.asc", ada.armored().to_vec().unwrap());
    let tag = |packets: Vec<Packet>| [payload.as_bytes(), &armored(packets)].concat();
    for packets in [
        vec![sign(&eve, HashAlgorithm::SHA512), sign(&ada, HashAlgorithm::SHA512)],
        vec![sign(&ada, HashAlgorithm::SHA512), sign(&eve, HashAlgorithm::SHA512)],
        vec![sign(&ada, HashAlgorithm::SHA1), sign(&ada, HashAlgorithm::SHA256)],
    ] {
        assert_eq!(good(folder.verify(&tag(packets), made())).name, "Ada");
    }
    let only_weak = vec![sign(&eve, HashAlgorithm::SHA512), sign(&ada, HashAlgorithm::SHA1)];
    let verification = folder.verify(&tag(only_weak), made());
    assert!(matches!(verification, Verification::Weak { .. }), "{verification:?}");
}

#[test]
fn a_key_that_may_not_sign_is_not_believed() {
    let cert = sequoia_cert(ADA, KeyFlags::empty().set_authentication());
    let payload = payload("v1");
    let key = cert.keys().subkeys().next().unwrap().key().clone();
    let mut keypair = key.parts_into_secret().unwrap().into_keypair().unwrap();
    let signature = SignatureBuilder::new(SignatureType::Binary)
        .set_signature_creation_time(SystemTime::from(made()))
        .unwrap()
        .sign_message(&mut keypair, &payload)
        .unwrap();
    let tag = [payload.as_bytes(), &armored([signature.into()])].concat();
    let folder = Folder::new().with("ada.asc", cert.armored().to_vec().unwrap());
    let verification = folder.verify(&tag, made());
    assert!(why(&verification).contains("not signing capable"), "{verification:?}");
    let inventory = folder.keyring().inventory(made()).unwrap();
    assert_eq!(inventory.keys[0].trouble.as_deref(), Some("it has no key that may sign now"));
}

#[test]
fn a_key_that_may_sign_no_longer_is_not_believed() {
    let cert = sequoia_cert(ADA, KeyFlags::empty().set_signing());
    let tag = sequoia_tag(&cert, HashAlgorithm::SHA512, made());
    let subkey = cert.keys().subkeys().next().unwrap().key().clone();
    let primary = cert.primary_key().key().clone().parts_into_secret().unwrap();
    let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_signature_creation_time(SystemTime::from(made() + days(2)))
        .unwrap()
        .set_key_flags(KeyFlags::empty().set_authentication())
        .unwrap();
    let binding = subkey.bind(&mut primary.into_keypair().unwrap(), &cert, binding).unwrap();
    let (cert, _) = cert.insert_packets(binding).unwrap();
    let folder = Folder::new().with("ada.asc", cert.armored().to_vec().unwrap());
    good(folder.verify(&tag, made() + days(1)));
    let verification = folder.verify(&tag, made() + days(3));
    assert_eq!(why(&verification), "the key may no longer sign");
}

#[test]
fn the_demos_tags_are_good_here_and_for_gpg() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    let tag = key.tag(commit(), "v1", "Text.\n\nMore text.", made()).unwrap();
    let signer = good(folder.verify(&tag, made()));
    assert_eq!(signer.key, key.fingerprint());
    assert_eq!(signer.addresses, ["ada@example.org"]);

    let gpg = Gpg::new();
    gpg.call(&["--import"], &key.certificate().unwrap());
    let text = String::from_utf8(tag).unwrap();
    let start = text.find("-----BEGIN PGP SIGNATURE-----").unwrap();
    let signature = gpg.0.path().join("signature");
    fs::write(&signature, &text[start..]).unwrap();
    gpg.call(&["--verify", signature.to_str().unwrap(), "-"], &text.as_bytes()[..start]);
}

#[test]
fn a_superseded_key_is_believed_until_it_was_superseded() {
    let created = SystemTime::from(made() - days(10));
    let (cert, _) = CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(created)
        .add_userid(ADA)
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .generate()
        .unwrap();
    let tag = sequoia_tag(&cert, HashAlgorithm::SHA512, made());
    let key = cert.primary_key().key().clone().parts_into_secret().unwrap();
    let mut keypair = key.into_keypair().unwrap();
    let revocation = openpgp::cert::CertRevocationBuilder::new()
        .set_signature_creation_time(SystemTime::from(made() + days(2)))
        .unwrap()
        .set_reason_for_revocation(ReasonForRevocation::KeySuperseded, b"new one")
        .unwrap()
        .build(&mut keypair, &cert, None)
        .unwrap();
    let (cert, _) = cert.insert_packets(Packet::from(revocation)).unwrap();
    let folder = Folder::new().with("ada.pgp", cert.armored().to_vec().unwrap());
    good(folder.verify(&tag, made() + days(1)));
    let verification = folder.verify(&tag, made() + days(3));
    assert!(matches!(verification, Verification::Revoked { .. }), "{verification:?}");
    assert!(why(&verification).contains("superseded"), "{verification:?}");
}

#[test]
fn a_tag_from_the_future_is_bad_but_a_clock_may_be_a_little_off() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    let tag = key.tag(commit(), "v1", "Text.", made()).unwrap();
    good(folder.verify(&tag, made() - SignedDuration::from_mins(20)));
    let verification = folder.verify(&tag, made() - SignedDuration::from_mins(40));
    assert_eq!(why(&verification), "it is not good before 2026-09-01");
}

#[test]
fn a_tag_of_something_else_than_a_commit_is_bad() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    let payload = payload("v1").replace("type commit", "type tree");
    let verification = folder.verify(&key.sign(payload.as_bytes(), made()).unwrap(), made());
    assert_eq!(why(&verification), "it tags a tree, not a commit");
}

#[test]
fn a_tag_without_a_signature_is_unsigned() {
    let folder = Folder::new();
    assert_eq!(folder.verify(payload("v1").as_bytes(), made()), Verification::Unsigned);
}

#[test]
fn rubbish_is_bad() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    for rubbish in [
        "-----BEGIN PGP SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE-----\n\n\n-----END PGP SIGNATURE-----\n",
        "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n",
        "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SIGNED MESSAGE-----\nAAAA\n-----END SIGNED MESSAGE-----\n",
    ] {
        let verification = folder.verify(format!("{}{rubbish}", payload("v1")).as_bytes(), made());
        assert!(matches!(verification, Verification::Bad { .. }), "{rubbish}: {verification:?}");
    }
}

#[test]
fn a_certificate_in_place_of_a_signature_is_bad() {
    let key = SigningKey::new(&person("Ada"), made() - days(1)).unwrap();
    let folder = Folder::new().with("ada.asc", key.certificate().unwrap());
    let certificate = String::from_utf8(key.certificate().unwrap()).unwrap();
    let disguised = certificate.replace("PUBLIC KEY BLOCK", "SIGNATURE");
    let tag = format!("{}{disguised}", payload("v1"));
    let verification = folder.verify(tag.as_bytes(), made());
    assert!(matches!(verification, Verification::Bad { .. }), "{verification:?}");
}
