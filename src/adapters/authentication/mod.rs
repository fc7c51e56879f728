//! What proves who wrote a mail: OpenPGP signatures against the keyring, DKIM signatures against the
//! DNS or by the own mail server's word. It must not say what the sender may do.
//!
//! Which bytes are signed and what they say is read by [`crate::mail::proof`]; here they are
//! verified.

mod dkim;
mod openpgp;
mod resolver;

use std::sync::Arc;

use jiff::Timestamp;

use crate::config::model::Dkim;
use crate::ports::{Authentication, Authenticator, Fault, Keyring};

pub(crate) use self::resolver::probe;

/// Looks for proofs in mails.
pub(crate) struct MailAuthenticator {
    keyring: Arc<dyn Keyring>,
    dkim: Dkim,
}

impl MailAuthenticator {
    /// With that keyring, and DKIM as it is configured. Asks nobody yet.
    pub(crate) fn new(keyring: Arc<dyn Keyring>, dkim: &Dkim) -> Self {
        Self { keyring, dkim: dkim.clone() }
    }
}

impl Authenticator for MailAuthenticator {
    fn authenticate(&self, mail: &[u8], now: Timestamp) -> Result<Authentication, Fault> {
        let mut found = Authentication::default();
        let may_be_other = match openpgp::prove(self.keyring.as_ref(), mail, now)? {
            // The stronger proof is there: nobody needs to be asked.
            Ok(proof) => {
                found.openpgp = Some(proof);
                false
            }
            Err(no) => {
                found.failures.push(no.why);
                no.may_be_other
            }
        };
        match &self.dkim {
            Dkim::Off => {}
            // Of a mail with an OpenPGP signature that does not hold, the original may hold: obeyed
            // both ways it would be obeyed twice.
            Dkim::Verify { .. } | Dkim::Header { .. } if !may_be_other => {}
            dkim @ (Dkim::Verify { .. } | Dkim::Header { .. }) => {
                match dkim::prove(dkim, mail, now)? {
                    Ok(proof) => found.dkim = Some(proof),
                    Err(why) => found.failures.push(why),
                }
            }
        }
        Ok(found)
    }
}
