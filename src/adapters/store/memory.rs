//! A store that lives in memory, held to the same contract as the one on disk. It must not be
//! gentler: records go through the same bytes, limits and indexes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::engine::{Engine, Order, Table, Visit, Write};
use super::keyed::KeyedStore;
use crate::ports::{Fault, FileName};

/// A store in memory. A clone is another handle to the same store: one that outlives whoever used
/// it, as a disk outlives a process.
pub(crate) type MemoryStore = KeyedStore<Memory>;

/// The tables and files, in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    contents: Mutex<Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    tables: BTreeMap<Table, BTreeMap<Vec<u8>, Vec<u8>>>,
    files: BTreeMap<FileName, Vec<u8>>,
    journal: String,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Memory::default())
    }
}

impl Memory {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Memory {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.contents().tables.get(&table).and_then(|entries| entries.get(key)).cloned())
    }

    fn visit(
        &self,
        table: Table,
        prefix: &[u8],
        order: Order,
        each: Visit<'_>,
    ) -> Result<(), Fault> {
        // Copied first: the visitor may ask the store again.
        let mut entries: Vec<(Vec<u8>, Vec<u8>)> = match self.contents().tables.get(&table) {
            None => Vec::new(),
            Some(entries) => entries
                .range(prefix.to_vec()..)
                .take_while(|(key, _)| key.starts_with(prefix))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        };
        if order == Order::Descending {
            entries.reverse();
        }
        for (key, value) in entries {
            if each(&key, &value)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn commit(&self, writes: &[Write]) -> Result<(), Fault> {
        let mut contents = self.contents();
        for Write { table, key, value } in writes {
            let entries = contents.tables.entry(*table).or_default();
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(())
    }

    fn put_file(&self, name: &FileName, content: &[u8]) -> Result<(), Fault> {
        self.contents().files.insert(name.clone(), content.to_vec());
        Ok(())
    }

    // What is in memory has no age; a process that ends takes it along.
    fn expire_files(&self, _older_than: Duration) -> Result<u64, Fault> {
        Ok(0)
    }

    fn journal(&self) -> Result<String, Fault> {
        Ok(self.contents().journal.clone())
    }

    fn append_journal(&self, text: &str) -> Result<(), Fault> {
        self.contents().journal.push_str(text);
        Ok(())
    }

    fn write_journal(&self, text: &str) -> Result<(), Fault> {
        text.clone_into(&mut self.contents().journal);
        Ok(())
    }

    fn file(&self, name: &FileName) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.contents().files.get(name).cloned())
    }
}
