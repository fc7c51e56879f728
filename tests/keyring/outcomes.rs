//! Outcomes that each of gpg, ssh-keygen and Sequoia alone can show: revocations of every kind,
//! weak keys, keys on tokens, tags of other things than commits.

use std::time::{Duration, SystemTime};

use crate::ports::Keyring;
use crate::pull::tag::Verification;
use jiff::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::cert::{CertBuilder, CertRevocationBuilder, CipherSuite, SubkeyRevocationBuilder};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::SerializeInto;
use openpgp::serialize::stream::{Armorer, Message};
use openpgp::types::{KeyFlags, ReasonForRevocation, SignatureType};
use openpgp::{Cert, Packet, armor};

use crate::keyring::signers::*;

/// A certificate whose only signing key is a subkey.
fn certificate() -> Cert {
    CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(SystemTime::from(made() - days(10)))
        .add_userid(ADA)
        .add_subkey(KeyFlags::empty().set_signing(), None, None)
        .generate()
        .unwrap()
        .0
}

fn tag(cert: &Cert, at: Timestamp) -> Vec<u8> {
    use openpgp::serialize::Serialize;
    let (payload, time) = (payload("v1"), SystemTime::from(at));
    let policy = StandardPolicy::new();
    let key = cert.keys().with_policy(&policy, time).secret().for_signing().next().unwrap();
    let mut keypair = key.key().clone().into_keypair().unwrap();
    let signature = SignatureBuilder::new(SignatureType::Binary)
        .set_signature_creation_time(time)
        .unwrap()
        .sign_message(&mut keypair, payload.as_bytes())
        .unwrap();
    let mut out = payload.into_bytes();
    let mut message =
        Armorer::new(Message::new(&mut out)).kind(armor::Kind::Signature).build().unwrap();
    Packet::from(signature).serialize(&mut message).unwrap();
    message.finalize().unwrap();
    out
}

fn revoked(cert: &Cert, reason: ReasonForRevocation, at: Timestamp, subkey: bool) -> Cert {
    let primary = cert.primary_key().key().clone().parts_into_secret().unwrap();
    let mut signer = primary.into_keypair().unwrap();
    let time = SystemTime::from(at);
    let revocation = if subkey {
        let key = cert.keys().subkeys().next().unwrap().key().clone();
        SubkeyRevocationBuilder::new()
            .set_signature_creation_time(time)
            .unwrap()
            .set_reason_for_revocation(reason, b"")
            .unwrap()
            .build(&mut signer, cert, &key, None)
            .unwrap()
    } else {
        CertRevocationBuilder::new()
            .set_signature_creation_time(time)
            .unwrap()
            .set_reason_for_revocation(reason, b"")
            .unwrap()
            .build(&mut signer, cert, None)
            .unwrap()
    };
    cert.clone().insert_packets(Packet::from(revocation)).unwrap().0
}

#[test]
fn a_revoked_key_is_not_believed_hard_or_soft_before_or_after() {
    let cert = certificate();
    let tag = tag(&cert, made());
    let hard = [ReasonForRevocation::KeyCompromised, ReasonForRevocation::Unspecified];
    let soft = [ReasonForRevocation::KeySuperseded, ReasonForRevocation::KeyRetired];
    for subkey in [false, true] {
        for reason in hard.into_iter().chain(soft) {
            // Revoked before it signed, and after.
            for at in [made() - days(1), made() + days(1)] {
                let cert = revoked(&cert, reason, at, subkey);
                let folder = Folder::new().with("ada.asc", cert.armored().to_vec().unwrap());
                let verification = folder.verify(&tag, made() + days(2));
                let what = format!("{reason:?} {at} {subkey}: {verification:?}");
                assert!(matches!(verification, Verification::Revoked { .. }), "{what}");
                let whose = if subkey { "the signing subkey" } else { "the key" };
                assert!(why(&verification).starts_with(whose), "{what}");
                let inventory = folder.keyring().inventory(made() + days(2)).unwrap();
                assert!(inventory.keys[0].trouble.is_some(), "{what}");
            }
            // A clock between the tag and a revocation that comes later.
            let cert = revoked(&cert, reason, made() + days(1), subkey);
            let folder = Folder::new().with("ada.asc", cert.armored().to_vec().unwrap());
            let between = folder.verify(&tag, made() + jiff::SignedDuration::from_hours(1));
            let is_hard = hard.contains(&reason);
            assert_eq!(matches!(between, Verification::Revoked { .. }), is_hard, "{reason:?}");
            assert_eq!(matches!(between, Verification::Good(_)), !is_hard, "{reason:?}");
        }
    }
}

#[test]
fn dsa_keys_are_too_weak() {
    let gpg = Gpg::new();
    let keys =
        ["dsa1024", "dsa2048"].map(|kind| gpg.key(&format!("{kind} <a@b.example>"), kind, "never"));
    let folder = Folder::new().with("dsa.asc", gpg.export(&[]));
    for key in keys {
        let tag = gpg.tag(&payload("v1"), &["--local-user", &key]);
        let verification = folder.verify(&tag, made());
        assert!(matches!(verification, Verification::Weak { .. }), "{verification:?}");
    }
}

#[test]
fn a_key_that_had_expired_when_it_signed_is_not_believed() {
    let cert = CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(SystemTime::from(made() - days(10)))
        .set_validity_period(Duration::from_secs(9 * 24 * 3600))
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .add_userid(ADA)
        .generate()
        .unwrap()
        .0;
    let signed = tag(&cert, made());
    let folder = Folder::new().with("ada.asc", cert.armored().to_vec().unwrap());
    let verification = folder.verify(&signed, made() + days(1));
    assert_eq!(why(&verification), "it expired on 2026-08-31");
    assert!(matches!(verification, Verification::Expired { .. }), "{verification:?}");
}

#[test]
fn a_tag_of_a_tag_or_of_a_blob_is_bad() {
    let gpg = Gpg::new();
    gpg.key(ADA, "ed25519", "never");
    let folder = Folder::new().with("ada.asc", gpg.export(&[]));
    for kind in ["tag", "blob", "tree"] {
        let payload = payload("v1").replace("type commit", &format!("type {kind}"));
        let verification = folder.verify(&gpg.tag(&payload, &[]), made());
        assert_eq!(why(&verification), format!("it tags a {kind}, not a commit"));
    }
}

#[test]
fn an_unknown_ssh_key_is_proved_by_the_signature_itself_and_an_openpgp_key_is_not() {
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new();
    let tag = ssh.tag(&payload("v1"), "git");
    let verification = folder.verify(&tag, made());
    assert!(
        matches!(verification, Verification::UnknownKey { proved: true, .. }),
        "{verification:?}"
    );
    let changed = String::from_utf8(tag).unwrap().replacen("Text.", "Test.", 1);
    let verification = folder.verify(changed.as_bytes(), made());
    assert_eq!(why(&verification), "the signature does not fit the tag");

    let gpg = Gpg::new();
    gpg.key(ADA, "ed25519", "never");
    let tag = gpg.tag(&payload("v1"), &[]);
    let changed = String::from_utf8(tag).unwrap().replacen("Text.", "Test.", 1);
    let verification = folder.verify(changed.as_bytes(), made());
    assert!(
        matches!(verification, Verification::UnknownKey { proved: false, .. }),
        "{verification:?}"
    );
    let verification = folder.keyring().verify(changed.as_bytes(), "v2", made()).unwrap();
    assert!(matches!(verification, Verification::NameMismatch { .. }), "{verification:?}");
}

#[test]
fn one_ssh_key_may_stand_for_several_principals() {
    let ssh = Ssh::new("ed25519", &[]);
    let other = ssh.line("").replace("ada@example.org", "ada@work.example");
    let past = ssh.line("valid-before=20260101Z").replace("ada@", "old@");
    let pattern = ssh.line("").replace("ada@example.org", "*@example.org");
    let lines = [ssh.line(""), other, past, pattern].concat();
    let folder = Folder::new().with("allowed_signers", lines);
    let signer = good(folder.verify(&ssh.tag(&payload("v1"), "git"), made()));
    assert_eq!(signer.addresses, ["ada@example.org", "ada@work.example"]);
    for (address, own) in [
        ("ada@example.org", true),
        ("ada@work.example", true),
        ("old@example.org", false),
        ("eve@example.org", false),
    ] {
        assert_eq!(signer.has_address(address), own, "{address}");
    }
}

#[test]
fn a_key_without_an_address_is_named() {
    let ssh = Ssh::new("ed25519", &[]);
    let line = ssh.line("").replace("ada@example.org", "*@example.org");
    let folder = Folder::new().with("allowed_signers", line);
    let inventory = folder.keyring().inventory(made()).unwrap();
    assert!(inventory.keys[0].trouble.as_deref().unwrap().contains("no address"));
}
