//! Text in, text out: bytes of mail into values, values into letters. Pure: no input or output, no
//! clock, no configuration.
//!
//! In reading order: [`words`] (what is said about
//! each outcome), [`letter`] (how a letter is made) and [`trace`] (what a job's log says); then the
//! reader: [`look`] (which mails of an archive are worth reading), [`bounds`] (how much of one is),
//! [`subject`], `automatic` (what machines send), `author` (who is behind a From), [`mod@heading`]
//! (what the header alone says), `contained`, `legible`, `html`, `body` and `quote` (the mail's own text),
//! [`grammar`] (the forms of requests), [`reader`] (what a mail is), [`reason`] (why it is no request)
//! and [`mod@retraction`] (whether its author takes it back); [`rules`] (what is done with it on a
//! list); last [`mod@commands`] (what a mail tells the bot to do) and [`proof`] (what proofs of its
//! sender rest on).

mod author;
mod automatic;
mod body;
pub(crate) mod bounds;
pub(crate) mod commands;
mod contained;
pub(crate) mod grammar;
pub(crate) mod heading;
mod html;
mod legible;
pub(crate) mod letter;
pub(crate) mod look;
pub(crate) mod proof;
mod quote;
pub(crate) mod reader;
pub(crate) mod reason;
pub(crate) mod retraction;
pub(crate) mod rules;
pub(crate) mod subject;
pub(crate) mod trace;
pub(crate) mod words;

pub(crate) use self::heading::{Heading, heading};
pub(crate) use self::proof::doubled;
pub(crate) use self::reader::{Reading, read};
pub(crate) use self::reason::Reason;
pub(crate) use self::retraction::retraction;
pub(crate) use self::rules::{Left, Rules, Ruling};

/// A mail without the `From ` line that an mbox puts in front of it.
fn without_envelope(bytes: &[u8]) -> &[u8] {
    if !bytes.starts_with(b"From ") && !bytes.starts_with(b">From ") {
        return bytes;
    }
    let end = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1);
    &bytes[end..]
}
