//! How records are keyed. It must not know what they hold.

use super::engine::{Table, Write};
use crate::pull::ids::TargetName;
use crate::pull::signed_tag::SignedTag;

pub(crate) fn insert(table: Table, key: Vec<u8>, value: Vec<u8>) -> Write {
    Write { table, key, value: Some(value) }
}

/// A signed tag for a target, as a key.
pub(crate) fn tag_key(tag: &SignedTag, target: &TargetName) -> Vec<u8> {
    [&tag.payload.to_string(), tag.key.as_str(), target.as_str()].join("\0").into_bytes()
}

pub(crate) fn open_index(kind: u8, key: &[u8], is_over: bool) -> Write {
    let value = if is_over { None } else { Some(Vec::new()) };
    Write { table: Table::Open, key: [&[kind], key].concat(), value }
}

/// The number that a key is; a key of another length (none is written) is the largest.
pub(crate) fn number_of(key: &[u8]) -> u64 {
    key.try_into().map_or(u64::MAX - 1, u64::from_be_bytes)
}

/// A key as people read it.
pub(crate) fn key_name(table: Table, key: &[u8]) -> String {
    match table {
        Table::Pulls | Table::Runs => number_of(key).to_string(),
        Table::History => {
            let (number, sequence) = key.split_at(key.len().min(8));
            format!("{}.{}", number_of(number), number_of(sequence))
        }
        Table::Audit | Table::AuditOf => number_of(&key[key.len().saturating_sub(8)..]).to_string(),
        Table::Letters
        | Table::Cursors
        | Table::Control
        | Table::MessageIds
        | Table::Open
        | Table::Mails
        | Table::Seen
        | Table::Unwanted
        | Table::Aside => String::from_utf8_lossy(key).replace('\0', " "),
    }
}
