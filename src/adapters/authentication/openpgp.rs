//! Proof by an OpenPGP signature: the one signed part of the mail, held against the keyring. All
//! that is said of the mail is read from the very bytes that were verified.

use jiff::Timestamp;

use crate::mail::proof::said::Said;
use crate::mail::proof::signed::{Form, SignedPart, is_marked, signed_part};
use crate::ports::{Attested, Fault, Keyring, Proof, Signed, Unattested};
use crate::pull::signer::Signer;

/// Why there is no proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoProof {
    /// A sentence for whoever sent the mail.
    pub(crate) why: String,
    /// Whether the mail may be proved in another way.
    pub(crate) may_be_other: bool,
}

/// Whose signature it is, and what is said under it.
type Verified = Result<(Attested, Result<Said, String>), Unattested>;

/// The proof, or why there is none.
///
/// # Errors
/// Misconfigured: the keyring can't be read.
pub(crate) fn prove(
    keyring: &dyn Keyring,
    mail: &[u8],
    now: Timestamp,
) -> Result<Result<Proof<Signer>, NoProof>, Fault> {
    let unsigned = |why| Ok(Err(NoProof { why, may_be_other: !is_marked(mail) }));
    let part = match signed_part(mail) {
        Ok(Some(part)) => part,
        Ok(None) => return unsigned("The mail has no OpenPGP signature.".into()),
        Err(why) => return unsigned(why),
    };
    let verified = match part {
        SignedPart::Entity { content, signature } => keyring
            .attest(Signed::Bytes(&content), &signature, now)?
            .map(|attested| (attested, Said::of_entity(&content))),
        SignedPart::Text(forms) => in_a_form(keyring, forms, now)?,
    };
    Ok(match verified {
        Ok((attested, Ok(said))) => Ok(proof(attested, said)),
        Ok((_, Err(why))) => Err(NoProof { why, may_be_other: false }),
        Err(Unattested { why, key_is_unknown }) => Err(NoProof {
            why: format!("The OpenPGP signature is not believed: {why}."),
            may_be_other: key_is_unknown,
        }),
    })
}

/// The form of a text of which the signature is, else what the first one lacks.
fn in_a_form(keyring: &dyn Keyring, forms: Vec<Form>, now: Timestamp) -> Result<Verified, Fault> {
    let mut first = None;
    for form in forms {
        match keyring.attest(Signed::Text(&form.content), &form.signature, now)? {
            Ok(attested) => return Ok(Ok((attested, Ok(form.said)))),
            Err(why) => first = first.or(Some(why)),
        }
    }
    let none = || Unattested { why: "there is no text".into(), key_is_unknown: false };
    Ok(Err(first.unwrap_or_else(none)))
}

fn proof(attested: Attested, said: Said) -> Proof<Signer> {
    let Attested { signer, signed_at, digests } = attested;
    let Said { text, subject, recipients, keys } = said;
    Proof { who: signer, signed_at, digests, text, subject, recipients, keys }
}
