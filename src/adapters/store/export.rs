//! All records as lines of JSON: a backup that needs no sled to be read, and the way out of it.

use std::io::{self, Write};
use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::Value;

use super::engine::{Engine, Order, Table};
use super::keyed::KeyedStore;
use super::keys::key_name;
use crate::ports::Fault;

#[derive(Serialize)]
struct Line<'a> {
    table: &'static str,
    key: &'a str,
    value: Value,
}

impl<E: Engine> KeyedStore<E> {
    /// Writes every record as one line, `{"table":…,"key":…,"value":{"v":…,"record":…}}`, in a
    /// fixed order. The indexes without values are left out: they follow from the records. Safe to
    /// repeat; records put meanwhile may be in it or not.
    ///
    /// # Errors
    /// Temporary: the disk, here or where it is written. Permanent: a record is not JSON.
    pub fn export(&self, out: &mut dyn Write) -> Result<(), Fault> {
        let failed = |error: io::Error| Fault::temporary(format!("the export failed: {error}"));
        let indexes = [Table::Open, Table::AuditOf];
        for table in Table::ALL.into_iter().filter(|table| !indexes.contains(table)) {
            self.engine().visit(table, &[], Order::Ascending, &mut |key, value| {
                let key = key_name(table, key);
                let value = serde_json::from_slice(value).map_err(|error| {
                    Fault::permanent(format!("{} {key} is unreadable: {error}", table.name()))
                })?;
                serde_json::to_writer(&mut *out, &Line { table: table.name(), key: &key, value })
                    .map_err(|error| failed(error.into()))?;
                out.write_all(b"\n").map_err(failed)?;
                Ok(ControlFlow::Continue(()))
            })?;
        }
        out.flush().map_err(failed)
    }
}
