//! What the bot remembers: records in sled, mails, letters and logs as files.
//!
//! In reading order: `record` (a value as it is written, with its version), `engine` (what is
//! needed of a key-value store), `keys` (how records are keyed), `keyed` (the port, upon any engine) with `trail` (its audit trail),
//! the two engines in `disk` and `memory`, `repair`, `files` and `journal` for the one on disk, `export` (the way out
//! of sled).
//!
//! Races and what was chosen: one process at a time, by a lock file taken before anything is
//! touched; one `put` at a time, by a mutex, so that what is read to make a transaction (the
//! Message-ID index, the end of a history) can't change before it is committed. Readers do not
//! wait: they may see a record some microseconds before it is durable, which matters to nobody,
//! since effects start only after `put` has returned.

mod disk;
mod engine;
mod files;
mod journal;
mod keyed;
mod keys;
mod memory;
mod record;
mod repair;
mod trail;

pub(crate) use self::disk::{OpenError, SledStore};
pub(crate) use self::memory::MemoryStore;
