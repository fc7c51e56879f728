//! The store's contract, against the one on disk and the one in memory; and what only a disk can
//! do to one: kill -9, damage, a second process, no space left, an older version's files.

mod contract;
mod crash;
mod journal;
pub(crate) mod records;
mod room;
mod versions;
