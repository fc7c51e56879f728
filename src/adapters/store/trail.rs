//! The audit trail in the store: lines by sequence, and an index of those about each request. It is
//! only ever appended to.

use super::engine::{Engine, Order, Table, Write};
use super::keyed::KeyedStore;
use super::keys::insert;
use super::record::encode;
use crate::ports::{Fault, NotPut};
use crate::pull::aside::RecordKey;
use crate::pull::audit::AuditEntry;
use crate::pull::ids::PullNumber;

impl<E: Engine> KeyedStore<E> {
    /// Appends lines, unless the trail ends with just these: a `put` that failed late may have been
    /// made all the same, and is then repeated.
    pub(super) fn plan_audit(
        &self,
        lines: &[AuditEntry],
        writes: &mut Vec<Write>,
    ) -> Result<(), NotPut> {
        let mut end: Vec<AuditEntry> =
            self.collect(Table::Audit, &[], Order::Descending, lines.len())?;
        end.reverse();
        if end == lines {
            return Ok(());
        }
        let first = self.next_sequence(Table::Audit, &[])?;
        for (sequence, line) in (first..).zip(lines) {
            let key = sequence.to_be_bytes();
            let of_mail = line.mail.clone().map(RecordKey::Mail);
            let blame = NotPut::for_the_sake_of(of_mail.or(line.pull.map(RecordKey::Pull)));
            let value = encode(line, &sequence).map_err(blame)?;
            writes.push(insert(Table::Audit, key.to_vec(), value));
            if let Some(number) = line.pull {
                let of = [number.0.to_be_bytes(), key].concat();
                writes.push(insert(Table::AuditOf, of, Vec::new()));
            }
        }
        Ok(())
    }

    /// The newest lines, of all or of those about one request, newest first.
    pub(super) fn trail(
        &self,
        of: Option<PullNumber>,
        at_most: usize,
    ) -> Result<Vec<AuditEntry>, Fault> {
        let Some(number) = of else {
            return self.collect(Table::Audit, &[], Order::Descending, at_most);
        };
        let prefix = number.0.to_be_bytes();
        let keys = self.keys(Table::AuditOf, &prefix, Order::Descending, at_most)?;
        keys.iter().map(|key| self.must_get(Table::Audit, &key[prefix.len()..])).collect()
    }
}
