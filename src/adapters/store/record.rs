//! A record as it is written: a JSON object with its version. It must not know of tables.
//!
//! A new version of a record bumps its `VERSION` and gets its migration in [`decode`], where the
//! older JSON is at hand; stores written by every released version stay in `fixtures/store/`.

use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ports::{Control, Cursor, Fault, Folder, HistoryEntry};
use crate::pull::aside::{Aside, RecordKey};
use crate::pull::audit::AuditEntry;
use crate::pull::command_mail::CommandMail;
use crate::pull::ids::{MessageId, PullNumber};
use crate::pull::letter::Letter;
use crate::pull::overlay::Overlay;
use crate::pull::request::Pull;
use crate::pull::run::Run;

pub(crate) use crate::pull::room::LARGEST_RECORD;

/// What can be kept as a record.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// What people call it, for messages.
    const KIND: &'static str;
    /// The version that this program writes.
    const VERSION: u32 = 1;
}

impl Record for Pull {
    const KIND: &'static str = "request";
}

impl Record for Run {
    const KIND: &'static str = "run";
}

impl Record for Letter {
    const KIND: &'static str = "letter";
}

impl Record for (Folder, Cursor) {
    const KIND: &'static str = "cursor";
}

impl Record for Control {
    const KIND: &'static str = "control record";
}

impl Record for Overlay {
    const KIND: &'static str = "record of what commands changed";
}

impl Record for CommandMail {
    const KIND: &'static str = "command mail";
}

impl Record for AuditEntry {
    const KIND: &'static str = "line of the audit trail";
}

impl Record for (RecordKey, Aside) {
    const KIND: &'static str = "mark of what is set aside";
}

impl Record for MessageId {
    const KIND: &'static str = "signature index entry";
}

impl Record for HistoryEntry {
    const KIND: &'static str = "history line";
}

impl Record for PullNumber {
    const KIND: &'static str = "Message-ID index entry";
}

#[derive(Serialize)]
struct Written<'a, T> {
    v: u32,
    record: &'a T,
}

#[derive(Deserialize)]
struct Read<T> {
    record: T,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// A record's bytes; `name` is for the message.
///
/// # Errors
/// Bug: it is larger than [`LARGEST_RECORD`], or can't be written as JSON.
pub(crate) fn encode<T: Record>(record: &T, name: &dyn Display) -> Result<Vec<u8>, Fault> {
    let bytes = serde_json::to_vec(&Written { v: T::VERSION, record })
        .map_err(|error| Fault::bug(format!("{} {name} can't be written: {error}", T::KIND)))?;
    if bytes.len() > LARGEST_RECORD {
        return Err(Fault::bug(format!(
            "{} {name} takes {} bytes; a record may take {LARGEST_RECORD}",
            T::KIND,
            bytes.len(),
        )));
    }
    Ok(bytes)
}

/// A record from its bytes; `name` is for the message.
///
/// # Errors
/// Permanent: it is of a newer version, or unreadable.
pub(crate) fn decode<T: Record>(bytes: &[u8], name: &dyn Display) -> Result<T, Fault> {
    let unreadable = |error: serde_json::Error| {
        Fault::permanent(format!("{} {name} in the store is unreadable: {error}", T::KIND))
    };
    let Version { v } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if v > T::VERSION {
        return Err(Fault::permanent(format!(
            "{} {name} in the store is of version {v}; this gatepost reads up to version {}: it \
             was written by a newer gatepost",
            T::KIND,
            T::VERSION,
        )));
    }
    let Read { record } = serde_json::from_slice(bytes).map_err(unreadable)?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::FaultKind;

    #[test]
    fn a_record_goes_to_bytes_and_back() {
        let bytes = encode(&PullNumber(7), &"<a@b>").unwrap();
        assert_eq!(bytes, br#"{"v":1,"record":7}"#);
        assert_eq!(decode::<PullNumber>(&bytes, &"<a@b>").unwrap(), PullNumber(7));
    }

    #[test]
    fn a_newer_version_is_named_even_if_its_shape_is_strange() {
        let fault = decode::<PullNumber>(br#"{"v":2,"number":7}"#, &"<a@b>").unwrap_err();
        assert_eq!(fault.kind, FaultKind::Permanent);
        assert!(fault.detail.contains("<a@b>"), "{fault}");
        assert!(fault.detail.contains("version 2"), "{fault}");
        assert!(fault.detail.contains("newer gatepost"), "{fault}");
    }

    #[test]
    fn what_is_not_a_record_is_named() {
        for bytes in [&b""[..], b"7", b"{\"record\":7}", b"{\"v\":1}", b"{\"v\":1,\"record\":{}}"] {
            let fault = decode::<PullNumber>(bytes, &"<a@b>").unwrap_err();
            assert_eq!(fault.kind, FaultKind::Permanent);
            assert!(fault.detail.contains("<a@b> in the store is unreadable"), "{fault}");
        }
    }

    #[test]
    fn a_record_over_the_limit_is_a_bug() {
        let entry = |length: usize| HistoryEntry {
            at: jiff::Timestamp::UNIX_EPOCH,
            stage: "held".into(),
            what: "x".repeat(length),
        };
        let room = LARGEST_RECORD - encode(&entry(0), &1).unwrap().len();
        assert!(encode(&entry(room), &1).is_ok());
        let fault = encode(&entry(room + 1), &1).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Bug);
        assert!(fault.detail.contains("history line 1 takes 32769 bytes"), "{fault}");
    }
}
