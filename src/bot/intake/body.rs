//! Loads a mail whole, as far as it is read.

use crate::mail;
use crate::ports::{Fault, FaultKind, Mailbox};

/// A request's mail larger than this is read only so far.
pub(super) const BODY_CAP: u64 = mail::bounds::MOST as u64;

/// A mail's bytes; `None` if it is gone, or breaks the reading: it is passed over.
pub(super) fn loaded(mailbox: &mut dyn Mailbox, uid: u32) -> Result<Option<Vec<u8>>, Fault> {
    match mailbox.message(uid, BODY_CAP) {
        Ok(bytes) => Ok(bytes),
        Err(fault) if fault.kind == FaultKind::Permanent => Ok(None),
        Err(fault) => Err(fault),
    }
}
