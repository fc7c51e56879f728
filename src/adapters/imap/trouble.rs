//! What can go wrong with a command, and what of it may be told: never a password, and none of a
//! mail's text.

use std::fmt;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use imap::Error;
use thiserror::Error as ThisError;

use crate::config::model::Account;
use crate::config::redact::Redactor;
use crate::ports::Fault;
use crate::pull::clean;

/// More of a server's words than this is not told.
const LONGEST_WORDS: usize = 200;

/// Why a command failed. After all of them the session is dropped.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub(crate) enum Trouble {
    /// The connection broke off or took too long.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The server's answer can't be read, or is too long.
    #[error("the server's answer can't be read: {0}")]
    Garbled(String),
    /// The server said NO or BAD.
    #[error("the server refused: {0}")]
    Refused(String),
}

impl Trouble {
    /// As a fault of this account that may go away.
    pub(crate) fn fault(&self, account: &Account, doing: impl fmt::Display) -> Fault {
        Fault::temporary(format!("account {}: {doing}: {self}", account.name))
    }

    /// As a fault of this account: the administrator's if the server refused for good.
    pub(crate) fn refusal(&self, account: &Account, doing: impl fmt::Display) -> Fault {
        match self {
            Self::Refused(words) if !is_passing(words) => {
                Fault::misconfigured(format!("account {}: {doing}: {self}", account.name))
            }
            Self::Refused(_) | Self::Lost(_) | Self::Garbled(_) => self.fault(account, doing),
        }
    }
}

/// Calls into the crate. A panic there is an answer that it could not read.
///
/// # Errors
/// The crate's own, sorted.
pub(crate) fn guarded<T>(
    account: &Account,
    call: impl FnOnce() -> imap::Result<T>,
) -> Result<T, Trouble> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(sort(account, error)),
        Err(_) => Err(Trouble::Garbled("the IMAP library gave up on it".into())),
    }
}

fn sort(account: &Account, error: Error) -> Trouble {
    match error {
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            Trouble::Garbled(error.to_string())
        }
        Error::Io(error) => Trouble::Lost(error.to_string()),
        Error::ConnectionLost => Trouble::Lost("the server closed it".into()),
        Error::No(no) => Trouble::Refused(words(account, &no.information)),
        Error::Bad(bad) => Trouble::Refused(words(account, &bad.information)),
        // The crate says this of every line that it can't read.
        Error::Bye(bye) if bye.code.is_none() && bye.information == "no explanation given" => {
            Trouble::Garbled("a line that is not IMAP".into())
        }
        Error::Bye(bye) => Trouble::Lost(words(account, &bye.information)),
        Error::Validate(_) => Trouble::Refused("a name or password has a line end in it".into()),
        // Others print what they could not read, which may be a mail.
        _ => Trouble::Garbled("an answer that is not to the question".into()),
    }
}

/// A server's words as one short line, without the account's password.
pub(crate) fn words(account: &Account, text: &str) -> String {
    let redactor = Redactor::of(&account.password);
    // Twice: what was hidden between its letters is gone the second time.
    let line = redactor.text(&clean::words(&redactor.text(text)));
    line.chars().take(LONGEST_WORDS).collect()
}

/// Whether a refusal says itself that it passes (RFC 5530).
pub(crate) fn is_passing(words: &str) -> bool {
    let words = words.to_ascii_uppercase();
    ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"].iter().any(|code| words.contains(code))
}

#[cfg(test)]
mod tests {
    use super::{Trouble, guarded, is_passing, words};
    use crate::config::model::{Account, Tls};
    use crate::config::secret::Secret;
    use crate::pull::ids::AccountName;
    use jiff::SignedDuration;

    fn account() -> Account {
        Account {
            name: AccountName::new("list"),
            host: "localhost".into(),
            port: 143,
            tls: Tls::None,
            ca_file: None,
            login: "bot".into(),
            password: Secret::new("s3cret pass"),
            allow_plain: false,
            poll: SignedDuration::from_secs(60),
        }
    }

    #[test]
    fn a_panic_in_the_crate_is_an_answer_that_can_not_be_read() {
        let result = guarded::<()>(&account(), || panic!("unreachable"));
        assert!(matches!(result, Err(Trouble::Garbled(_))));
    }

    #[test]
    fn a_servers_words_are_one_line_without_the_password() {
        let said = words(&account(), "LOGIN bot \"s3cret pass\"\r\n\x1b[31m failed");
        assert_eq!(said, "LOGIN bot \"***\" [31m failed");
        // What a login by PLAIN sent, as a server may quote it.
        let said = words(&account(), "NO bad: AGJvdABzM2NyZXQgcGFzcw== s3cr\u{200b}et pass");
        assert!(!said.contains("NyZXQgcGFzc") && !said.contains("s3cret"), "{said}");
        assert_eq!(words(&account(), &"x".repeat(5000)).len(), 200);
    }

    #[test]
    fn a_refusal_that_passes_is_told_from_one_that_stays() {
        assert!(is_passing("[UNAVAILABLE] try later"));
        assert!(!is_passing("[AUTHENTICATIONFAILED] wrong"));
    }
}
