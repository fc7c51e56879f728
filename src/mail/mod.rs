//! Text in, text out: bytes of mail into values, values into letters. Pure: no input or output, no
//! clock, no configuration.
//!
//! In reading order: [`clean`] (what outside text may not carry); [`words`] (what is said about
//! each outcome), [`letter`] (how a letter is made) and [`trace`] (what a job's log says); then the
//! reader: [`look`] (which mails of an archive are worth reading), [`bounds`] (how much of one is),
//! [`subject`], `automatic` (what machines send), `author` (who is behind a From), [`mod@heading`]
//! (what the header alone says), `legible`, `html`, `body` and `quote` (the mail's own text),
//! [`grammar`] (the forms of requests), [`reader`] (what a mail is), [`reason`] (why it is no request)
//! and [`mod@retraction`] (whether its author takes it back); [`rules`] (what is done with it on a
//! list); last [`mod@commands`] (what a mail tells the bot to do) and [`proof`] (what proofs of its
//! sender rest on).

mod author;
mod automatic;
mod body;
pub mod bounds;
pub mod clean;
pub mod commands;
pub mod grammar;
pub mod heading;
mod html;
mod legible;
pub mod letter;
pub mod look;
pub mod proof;
mod quote;
pub mod reader;
pub mod reason;
pub mod retraction;
pub mod rules;
pub mod subject;
pub mod trace;
pub mod words;

pub use self::heading::{Heading, heading};
pub use self::proof::doubled;
pub use self::reader::{Reading, read};
pub use self::reason::Reason;
pub use self::retraction::retraction;
pub use self::rules::{Left, Rules, Ruling};

/// A mail without the `From ` line that an mbox puts in front of it.
fn without_envelope(bytes: &[u8]) -> &[u8] {
    if !bytes.starts_with(b"From ") && !bytes.starts_with(b">From ") {
        return bytes;
    }
    let end = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1);
    &bytes[end..]
}
