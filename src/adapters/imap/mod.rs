//! One folder of a mailbox over IMAP, read-only: `EXAMINE`, headers, bodies with `BODY.PEEK[]`,
//! and IDLE. It must not change anything on the server, and must not block longer than its limits.
//!
//! The `imap` crate speaks the protocol. Any error or panic in it drops the session; the next call
//! connects anew. Races, and the choice made for each:
//!
//! * The folder is deleted and made again between two calls: a call that had to reconnect and
//!   finds another UIDVALIDITY than [`open`](crate::ports::Mailbox::open) told fails, because its
//!   UIDs mean other mails now; `open` then tells the new one.
//! * A mail arrives between `open` and `wait`, or while an IDLE is being ended: `wait` begins with
//!   an `EXAMINE` and compares it with what `open` told last.
//! * A mail vanishes between its header and its body: there is no body, and no fault.

pub(crate) use crate::adapters::connection::Waker;
pub(crate) use folder::ImapFolder;
pub(crate) use limits::Limits;
pub(crate) use probe::probe;

mod folder;
mod headings;
mod limits;
mod lines;
mod probe;
mod session;
mod trouble;
mod utf7;
mod wait;
