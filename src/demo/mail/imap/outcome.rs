//! What an IMAP command comes to: the session says it, the connection writes it.

use imap_codec::imap_types::fetch::MessageDataItemName;
use imap_codec::imap_types::response::{Code, StatusKind};

/// What a command comes to.
pub(super) enum Outcome {
    /// Untagged data, then the tagged status.
    Done { data: Vec<u8>, kind: StatusKind, code: Option<Code<'static>>, text: String },
    /// AUTHENTICATE goes on with the client's data.
    NeedsPassword,
    /// Data in chunks, then OK.
    Fetch(FetchJob),
    /// IDLE begins.
    Idle,
    /// LOGOUT.
    Leave,
    /// The open folder is no more.
    Deleted,
    /// A fault: this much of the answer, then the connection is closed.
    Cut(Vec<u8>),
    /// A fault: silence.
    Hang,
    /// A fault: the connection is closed.
    Close,
}

impl Outcome {
    pub(super) fn ok(data: Vec<u8>, text: &str) -> Self {
        Self::Done { data, kind: StatusKind::Ok, code: None, text: text.to_owned() }
    }

    pub(super) fn no(text: &str) -> Self {
        Self::Done { data: Vec::new(), kind: StatusKind::No, code: None, text: text.to_owned() }
    }

    pub(super) fn bad(text: &str) -> Self {
        Self::Done { data: Vec::new(), kind: StatusKind::Bad, code: None, text: text.to_owned() }
    }
}

/// Which mails a FETCH still has to answer for, as positions from 0, and with what.
pub(super) struct FetchJob {
    pub(super) positions: Vec<usize>,
    pub(super) done: usize,
    pub(super) items: Vec<MessageDataItemName<'static>>,
}

impl FetchJob {
    pub(super) fn new(positions: Vec<usize>, items: Vec<MessageDataItemName<'static>>) -> Self {
        Self { positions, done: 0, items }
    }
}
