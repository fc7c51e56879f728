//! SSH keys on hardware tokens (`sk-`), played by software keys: what a token would have signed is
//! put together here as OpenSSH's PROTOCOL.u2f and PROTOCOL.sshsig say.

use gatepost::pull::tag::Verification;
use sha2::{Digest, Sha256};
use ssh_key::private::{EcdsaKeypair, KeypairData};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};

use crate::signers::*;

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

    /// A tag signed as for that application, with those flags.
    fn tag(&self, application: &str, flags: u8) -> Vec<u8> {
        use ssh_key::private::KeypairData as _;
        unreachable!()
    }
}
