//! Why a step of a transaction failed, and what that says about the letter.

use lettre::transport::smtp::response::{Response, Severity};

use crate::ports::{Delivery, Fault};
use crate::pull::clean;

/// More of a server's words than this is not told.
const LONGEST_WORDS: usize = 200;

/// Why a step failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection broke off, took too long, or what came is not SMTP.
    Broken(String),
    /// The server answered with another code than the step needs.
    Answered {
        /// Its code.
        code: u16,
        /// Code and words.
        words: String,
    },
}

impl Failure {
    /// An answer other than the expected one.
    pub(crate) fn answered(response: &Response) -> Self {
        let words = response.message().collect::<Vec<_>>().join(" ");
        let code = u16::from(response.code());
        Self::Answered { code, words: format!("{code} {}", short(&words)) }
    }

    /// What a failure before the end of the data means: nothing was delivered.
    pub(crate) fn before_end(self, step: &str) -> Delivery {
        match self {
            Self::Broken(why) => Delivery::Temporary(Fault::temporary(format!("{step}: {why}"))),
            // RFC 4954, section 6: the server wants a login, or another one.
            Self::Answered { code: 530 | 534 | 535 | 538, words } => {
                Delivery::Temporary(Fault::misconfigured(format!("{step}: {words}")))
            }
            Self::Answered { code, words } => refused(code, format!("{step}: {words}"))
                .unwrap_or_else(|detail| Delivery::Temporary(Fault::temporary(detail))),
        }
    }

    /// What a failure after the end of the data means: without a clear no, nobody knows.
    pub(crate) fn after_end(self) -> Delivery {
        match self {
            Self::Broken(why) => {
                Delivery::Unknown(Fault::temporary(format!("after the letter's end: {why}")))
            }
            Self::Answered { code, words } => refused(code, format!("the letter's end: {words}"))
                .unwrap_or_else(|detail| Delivery::Unknown(Fault::temporary(detail))),
        }
    }

    /// What a failure before any letter means, for the server's settings.
    pub(crate) fn setup(self, step: &str) -> Fault {
        match self {
            Self::Broken(why) => Fault::temporary(format!("{step}: {why}")),
            Self::Answered { code: 400..=499, words } => {
                Fault::temporary(format!("{step}: {words}"))
            }
            Self::Answered { words, .. } => Fault::misconfigured(format!("{step}: {words}")),
        }
    }
}

/// A clear no (RFC 5321, section 4.2.1); the detail back if it is none.
fn refused(code: u16, detail: String) -> Result<Delivery, String> {
    match code {
        400..=499 => Ok(Delivery::Temporary(Fault::temporary(detail))),
        500..=599 => Ok(Delivery::Permanent(Fault::permanent(detail))),
        _ => Err(detail),
    }
}

/// A server's words as one short line.
pub(crate) fn short(words: &str) -> String {
    clean::words(words).chars().take(LONGEST_WORDS).collect()
}

/// Whether a reply is positive as a whole (2yz).
pub(crate) fn is_completion(response: &Response) -> bool {
    response.code().severity == Severity::PositiveCompletion
}
