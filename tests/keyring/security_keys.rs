//! SSH keys on hardware tokens (`sk-`), played by software keys: what a token would have signed is
//! put together here as OpenSSH's PROTOCOL.u2f and PROTOCOL.sshsig say.

use crate::pull::tag::Verification;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use signature::Signer as _;
use ssh_key::private::{EcdsaKeypair, KeypairData};
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PrivateKey, PublicKey, Signature, SshSig};

use crate::keyring::signers::*;

const TOUCHED: u8 = 1;
const VERIFIED: u8 = 4;
const APPLICATION: &str = "ssh:";

/// A token with one key.
struct Token {
    inside: PrivateKey,
    key: PublicKey,
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

impl Token {
    fn new(kind: &str) -> Self {
        let options: &[&str] = if kind == "ecdsa" { &["-b", "256"] } else { &[] };
        let made = std::fs::read(Ssh::new(kind, options).private()).unwrap();
        let inside = PrivateKey::from_openssh(made).unwrap();
        let fields = match inside.key_data() {
            KeypairData::Ed25519(pair) => {
                vec![string(b"sk-ssh-ed25519@openssh.com"), string(&pair.public.0)]
            }
            KeypairData::Ecdsa(EcdsaKeypair::NistP256 { public, .. }) => vec![
                string(b"sk-ecdsa-sha2-nistp256@openssh.com"),
                string(b"nistp256"),
                string(public.as_bytes()),
            ],
            other => panic!("no token has {other:?}"),
        };
        let blob = [fields.concat(), string(APPLICATION.as_bytes())].concat();
        let key = PublicKey::from_bytes(&blob).unwrap();
        assert!(matches!(key.key_data(), KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_)));
        Self { inside, key }
    }

    fn line(&self, options: &str) -> String {
        format!("ada@example.org {options} {}\n", self.key.to_openssh().unwrap())
    }

    /// A tag signed for that application, with those flags.
    fn tag(&self, application: &str, flags: u8) -> Vec<u8> {
        let payload = payload("v1");
        let data = SshSig::signed_data("git", HashAlg::Sha512, payload.as_bytes()).unwrap();
        let trailer = [&[flags][..], &7_u32.to_be_bytes()].concat();
        let hash = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
        let message = [hash(application.as_bytes()), trailer.clone(), hash(&data)].concat();
        let made: Signature = self.inside.try_sign(&message).unwrap();
        [payload.as_bytes(), self.armored(made.as_bytes(), &trailer).as_bytes()].concat()
    }

    /// A signature in its armor, whose flags and counter stand behind what was signed.
    fn armored(&self, signature: &[u8], trailer: &[u8]) -> String {
        let algorithm = self.key.algorithm();
        let signature = [string(algorithm.as_str().as_bytes()), string(signature), trailer.into()];
        let fields = [&self.key.to_bytes().unwrap()[..], b"git", b"", b"sha512"];
        let fields = fields.map(string).concat();
        let blob = [&b"SSHSIG\0\0\0\x01"[..], &fields, &string(&signature.concat())].concat();
        let text = STANDARD.encode(blob);
        let lines: Vec<_> = text.as_bytes().chunks(70).map(String::from_utf8_lossy).collect();
        let lines = lines.join("\n");
        format!("-----BEGIN SSH SIGNATURE-----\n{lines}\n-----END SSH SIGNATURE-----\n")
    }

    fn verify(&self, options: &str, tag: &[u8]) -> Verification {
        Folder::new().with("allowed_signers", self.line(options)).verify(tag, made())
    }
}

#[test]
fn a_touched_security_key_signs_like_any_other() {
    for kind in ["ed25519", "ecdsa"] {
        let token = Token::new(kind);
        for flags in [TOUCHED, TOUCHED | VERIFIED] {
            let signer = good(token.verify("", &token.tag(APPLICATION, flags)));
            assert_eq!(signer.addresses, ["ada@example.org"]);
            assert!(signer.key.starts_with("SHA256:"), "{signer:?}");
        }
        let other = Token::new(kind);
        let verification = other.verify("", &token.tag(APPLICATION, TOUCHED));
        assert!(matches!(verification, Verification::UnknownKey { proved: true, .. }));
    }
}

#[test]
fn a_security_key_that_was_not_touched_is_not_believed() {
    for kind in ["ed25519", "ecdsa"] {
        let token = Token::new(kind);
        for flags in [0, VERIFIED] {
            let tag = token.tag(APPLICATION, flags);
            let verification = token.verify("", &tag);
            assert_eq!(why(&verification), "the security key signed without being touched");
            good(token.verify("no-touch-required", &tag));
            // A line that needs no touch has to be in force itself.
            let lines = token.line("no-touch-required,valid-before=20260801Z") + &token.line("");
            let folder = Folder::new().with("allowed_signers", lines);
            let verification = folder.verify(&tag, made());
            assert!(!matches!(verification, Verification::Good(_)), "{verification:?}");
        }
    }
}

#[test]
fn what_a_security_key_signed_covers_application_flags_and_text() {
    for kind in ["ed25519", "ecdsa"] {
        let token = Token::new(kind);
        let verification = token.verify("", &token.tag("ssh:other", TOUCHED));
        assert_eq!(why(&verification), "the signature does not fit the tag", "{kind}");
        let tag = String::from_utf8(token.tag(APPLICATION, TOUCHED)).unwrap();
        let verification = token.verify("", tag.replacen("Text.", "Test.", 1).as_bytes());
        assert_eq!(why(&verification), "the signature does not fit the tag", "{kind}");
        // Somebody who adds the flag afterwards.
        let armor = tag.split_once("-----BEGIN").unwrap().1;
        let signature = SshSig::from_pem(format!("-----BEGIN{armor}")).unwrap();
        let (signed, trailer) = signature.signature_bytes().split_last_chunk::<5>().unwrap();
        let trailer = [&[trailer[0] | VERIFIED][..], &trailer[1..]].concat();
        let forged = payload("v1") + &token.armored(signed, &trailer);
        let verification = token.verify("", forged.as_bytes());
        assert_eq!(why(&verification), "the signature does not fit the tag", "{kind}");
    }
}
