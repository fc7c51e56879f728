//! OpenPGP keys and signed tags made by Sequoia, so that the demo and the tests need no gpg. It
//! must not be used for anything that is to stay secret: the keys live in memory only.

use std::io::Write;
use std::time::SystemTime;

use jiff::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::SerializeInto;
use openpgp::serialize::stream::{Armorer, Message, Signer};
use openpgp::types::{KeyFlags, SignatureType};
use openpgp::{Cert, Profile, armor};

use crate::ports::Fault;
use crate::pull::cover::Person;
use crate::pull::ids::ObjectId;

/// A person's signing key.
#[derive(Debug, Clone)]
pub struct SigningKey {
    owner: Person,
    cert: Cert,
}

impl SigningKey {
    /// Makes an Ed25519 key for a person, good from that time on without end.
    ///
    /// # Errors
    /// Bug: Sequoia refuses the person's name or address.
    pub fn new(owner: &Person, created_at: Timestamp) -> Result<Self, Fault> {
        let id = format!("{} <{}>", owner.called(), owner.address);
        let (cert, _revocation) = CertBuilder::new()
            // What every gpg reads.
            .set_profile(Profile::RFC4880)
            .and_then(|builder| {
                builder
                    .set_cipher_suite(CipherSuite::Cv25519)
                    .set_creation_time(SystemTime::from(created_at))
                    .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
                    .add_userid(id)
                    .generate()
            })
            .map_err(failed)?;
        Ok(Self { owner: owner.clone(), cert })
    }

    /// The fingerprint, in upper-case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        self.cert.fingerprint().to_hex()
    }

    /// The certificate, armored: a file of a keyring folder.
    ///
    /// # Errors
    /// Bug: Sequoia can't write it.
    pub fn certificate(&self) -> Result<Vec<u8>, Fault> {
        self.cert.armored().to_vec().map_err(failed)
    }

    /// Makes a tag object of a commit, signed, with the key's owner as tagger.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn tag(
        &self,
        commit: ObjectId,
        name: &str,
        text: &str,
        at: Timestamp,
    ) -> Result<Vec<u8>, Fault> {
        let payload = format!(
            "object {commit}\ntype commit\ntag {name}\ntagger {} <{}> {} +0000\n\n{}\n",
            self.owner.called(),
            self.owner.address,
            at.as_second(),
            text.trim_end()
        );
        self.sign(payload.as_bytes(), at)
    }

    /// Appends an armored detached signature to a tag object's payload, as `git tag --sign` does.
    ///
    /// # Errors
    /// Bug: the key can't sign at that time.
    pub fn sign(&self, payload: &[u8], at: Timestamp) -> Result<Vec<u8>, Fault> {
        let time = SystemTime::from(at);
        let mut tag = payload.to_vec();
        self.write_signature(payload, time, &mut tag).map_err(failed)?;
        Ok(tag)
    }

    fn write_signature(
        &self,
        payload: &[u8],
        time: SystemTime,
        out: &mut Vec<u8>,
    ) -> openpgp::Result<()> {
        let policy = StandardPolicy::at(time);
        let key = self
            .cert
            .keys()
            .with_policy(&policy, time)
            .secret()
            .for_signing()
            .next()
            .ok_or_else(|| openpgp::Error::InvalidKey("it is not valid at that time".into()))?;
        let template = SignatureBuilder::new(SignatureType::Binary);
        let message = Armorer::new(Message::new(out)).kind(armor::Kind::Signature).build()?;
        let mut signer =
            Signer::with_template(message, key.key().clone().into_keypair()?, template)?
                .creation_time(time)
                .detached()
                .build()?;
        signer.write_all(payload)?;
        signer.finalize()
    }
}

fn failed(error: openpgp::anyhow::Error) -> Fault {
    Fault::bug(format!("the signing key: {error}"))
}
