//! The port to what proves who wrote a mail: OpenPGP signatures, and DKIM.

use jiff::Timestamp;

use super::Fault;
use crate::pull::signer::Signer;

/// Who wrote a mail, as far as the mail proves it.
pub(crate) trait Authenticator: Send + Sync {
    /// Looks for proofs in a whole mail, header and body as they came. It asks the keyring, and
    /// where so configured the DNS. Safe to repeat.
    ///
    /// # Errors
    /// Temporary: the DNS does not answer. Misconfigured: the keyring can't be read.
    fn authenticate(&self, mail: &[u8], now: Timestamp) -> Result<Authentication, Fault>;
}

/// What a mail proves. Neither proof says that the mail is for the bot, new, or its sender's right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Authentication {
    /// By an OpenPGP signature of a key in the keyring (RFC 3156, RFC 9580).
    pub(crate) openpgp: Option<Proof<Signer>>,
    /// By a DKIM signature whose domain is that of From (RFC 6376; alignment as in RFC 7489, 3.1.1).
    /// None where an OpenPGP signature of a key in the keyring does not hold: blanks that DKIM lets
    /// pass break it, and the mail as it was may be obeyed as well.
    pub(crate) dkim: Option<Proof<Domain>>,
    /// Why the mail proves no more than that: a sentence each, for whoever sent it.
    pub(crate) failures: Vec<String>,
}

/// What an OpenPGP signature is over (RFC 9580, section 5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed<'a> {
    /// Bytes as they are. A signature of a document or of a text counts.
    Bytes(&'a [u8]),
    /// A text with line ends of CR LF. Only a signature of a text counts, so that one that was made
    /// of a tag or a file is none of a mail.
    Text(&'a [u8]),
}

/// What a signature that is believed says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attested {
    /// Whose it is.
    pub(crate) signer: Signer,
    /// When it was made, by its own word.
    pub(crate) signed_at: Timestamp,
    /// Of each signature that is believed, the SHA-256 digest of what it is computed over: the text
    /// and all that the signer says with it. In hexadecimal digits.
    pub(crate) digests: Vec<String>,
}

/// Why a signature is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unattested {
    /// A clause for people.
    pub(crate) why: String,
    /// It is of a key that nobody in the keyring has: it says nothing, for or against.
    pub(crate) key_is_unknown: bool,
}

/// The domain that signed a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Domain(pub(crate) String);

/// One proof: who, when, and exactly what is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof<Who> {
    /// Who signed.
    pub(crate) who: Who,
    /// When it was signed: the signature's own time; for DKIM its `t=`, else the signed Date.
    pub(crate) signed_at: Timestamp,
    /// SHA-256 digests, in hexadecimal digits, of what must not be acted on twice: the signatures.
    /// Whoever alters anything that is not signed can't alter these.
    pub(crate) digests: Vec<String>,
    /// The signed text as plain lines, decoded; an attachment's text is not in it.
    pub(crate) text: String,
    /// The subject, where it is signed.
    pub(crate) subject: Option<String>,
    /// The addresses of To and Cc in lower case, where these headers are signed.
    pub(crate) recipients: Option<Vec<String>>,
    /// OpenPGP keys that the signed part carries, in its text or attached: one armored block, or one
    /// binary file, each.
    pub(crate) keys: Vec<Vec<u8>>,
}
