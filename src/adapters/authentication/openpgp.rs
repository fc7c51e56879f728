//! Proof by an OpenPGP signature: the one signed part of the mail, held against the keyring. All
//! that is said of the mail is read from the very bytes that were verified.

use jiff::Timestamp;

use crate::mail::proof::said::Said;
use crate::mail::proof::signed::{SignedPart, signed_part};
use crate::ports::{Attested, Fault, Keyring, Proof, Signed};
use crate::pull::signer::Signer;

/// The proof, or a sentence why there is none.
///
/// # Errors
/// Misconfigured: the keyring can't be read.
pub fn prove(
    keyring: &dyn Keyring,
    mail: &[u8],
    now: Timestamp,
) -> Result<Result<Proof<Signer>, String>, Fault> {
    let part = match signed_part(mail) {
        Ok(Some(part)) => part,
        Ok(None) => return Ok(Err("The mail has no OpenPGP signature.".into())),
        Err(why) => return Ok(Err(why)),
    };
    let verified = match part {
        SignedPart::Entity { content, signature } => keyring
            .attest(Signed::Bytes(&content), &signature, now)?
            .map(|attested| (attested, Said::of_entity(&content))),
        SignedPart::Text(forms) => {
            let mut verified = Err(String::new());
            for form in forms {
                let attested = keyring.attest(Signed::Text(&form.content), &form.signature, now)?;
                match attested {
                    Ok(attested) => {
                        verified = Ok((attested, Ok(form.said)));
                        break;
                    }
                    Err(why) if verified == Err(String::new()) => verified = Err(why),
                    Err(_) => {}
                }
            }
            verified
        }
    };
    Ok(match verified {
        Ok((attested, Ok(said))) => Ok(proof(attested, said)),
        Ok((_, Err(why))) => Err(why),
        Err(why) => Err(format!("The OpenPGP signature is not believed: {why}.")),
    })
}

fn proof(attested: Attested, said: Said) -> Proof<Signer> {
    let Attested { signer, signed_at, digests } = attested;
    let Said { text, subject, recipients, keys } = said;
    Proof { who: signer, signed_at, digests, text, subject, recipients, keys }
}
