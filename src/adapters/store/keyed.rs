//! The port `Store` upon any engine: which records, under which keys, with which indexes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;

use super::engine::{Engine, Order, Table, Write};
use super::keys::{insert, key_name, number_of, open_index, tag_key};
use super::record::{Record, decode, encode};
use crate::ports::{
    Batch, Control, Cursor, Fault, FileName, Folder, HistoryEntry, NotPut, Records, Store,
};
use crate::pull::aside::{Aside, RecordKey};
use crate::pull::audit::AuditEntry;
use crate::pull::command_mail::{CommandMail, MailStage};
use crate::pull::ids::{MessageId, PullNumber, RunId, TargetName};
use crate::pull::letter::Letter;
use crate::pull::overlay::Overlay;
use crate::pull::request::{Pull, Stage};
use crate::pull::run::{Run, RunStage};
use crate::pull::signed_tag::SignedTag;

const CONTROL_KEY: &[u8] = b"control";
const OVERLAY_KEY: &[u8] = b"overlay";
const OPEN_PULL: u8 = b'p';
const OPEN_RUN: u8 = b'r';
const OPEN_LETTER: u8 = b'l';
const OPEN_MAIL: u8 = b'm';

/// A store upon an engine. A clone is another handle to the same store.
#[derive(Debug)]
pub(crate) struct KeyedStore<E> {
    engine: Arc<E>,
    /// Held through a `put`: what it reads must not change before it commits.
    putting: Arc<Mutex<()>>,
}

impl<E> Clone for KeyedStore<E> {
    fn clone(&self) -> Self {
        Self { engine: Arc::clone(&self.engine), putting: Arc::clone(&self.putting) }
    }
}

impl<E> KeyedStore<E> {
    /// A store upon that engine.
    pub(super) fn new(engine: E) -> Self {
        Self { engine: Arc::new(engine), putting: Arc::default() }
    }
}

impl<E: Engine> Store for KeyedStore<E> {
    fn put(&self, batch: &Batch) -> Result<(), NotPut> {
        if batch.is_empty() {
            return Ok(());
        }
        let _putting = self.putting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut writes = Vec::new();
        self.plan_pulls(&batch.pulls, &mut writes)?;
        plan_runs(&batch.runs, &mut writes)?;
        plan_letters(&batch.letters, &mut writes)?;
        plan_cursors(&batch.cursors, &mut writes)?;
        if let Some(control) = &batch.control {
            writes.push(insert(Table::Control, CONTROL_KEY.to_vec(), encode(control, &"")?));
        }
        if let Some(overlay) = &batch.overlay {
            writes.push(insert(Table::Control, OVERLAY_KEY.to_vec(), encode(overlay, &"")?));
        }
        plan_mails(&batch.mails, &mut writes)?;
        for (digest, id) in &batch.seen {
            let mail = NotPut::for_the_sake_of(Some(RecordKey::Mail(id.clone())));
            let value = encode(id, digest).map_err(mail)?;
            writes.push(insert(Table::Seen, digest.as_bytes().to_vec(), value));
        }
        self.plan_history(&batch.history, &mut writes)?;
        self.plan_audit(&batch.audit, &mut writes)?;
        plan_aside(&batch.aside, &mut writes)?;
        Ok(self.engine.commit(&writes)?)
    }

    fn open_records(&self) -> Result<Records, Fault> {
        let mut records = Records {
            cursors: self.collect(Table::Cursors, &[], Order::Ascending, usize::MAX)?,
            control: self.get::<Control>(Table::Control, CONTROL_KEY, &"")?.unwrap_or_default(),
            overlay: self.get::<Overlay>(Table::Control, OVERLAY_KEY, &"")?.unwrap_or_default(),
            next_pull: self.next_number(Table::Pulls)?,
            next_run: self.next_number(Table::Runs)?,
            ..Records::default()
        };
        for key in self.open_keys(OPEN_PULL)? {
            records.pulls.push(self.must_get(Table::Pulls, &key)?);
        }
        for key in self.open_keys(OPEN_RUN)? {
            records.runs.push(self.must_get(Table::Runs, &key)?);
        }
        for key in self.open_keys(OPEN_LETTER)? {
            records.letters.push(self.must_get(Table::Letters, &key)?);
        }
        for key in self.open_keys(OPEN_MAIL)? {
            records.mails.push(self.must_get(Table::Mails, &key)?);
        }
        records.aside = self.collect(Table::Aside, &[], Order::Ascending, usize::MAX)?;
        records.aside.sort();
        Ok(records)
    }

    fn pull(&self, number: PullNumber) -> Result<Option<Pull>, Fault> {
        self.get(Table::Pulls, &number.0.to_be_bytes(), &number)
    }

    fn pull_by_message_id(&self, id: &MessageId) -> Result<Option<PullNumber>, Fault> {
        self.get(Table::MessageIds, id.as_str().as_bytes(), id)
    }

    fn unwanted(&self, tag: &SignedTag, target: &TargetName) -> Result<Option<PullNumber>, Fault> {
        self.get(Table::Unwanted, &tag_key(tag, target), &tag.payload)
    }

    fn newest_pulls(&self, at_most: usize) -> Result<Vec<Pull>, Fault> {
        self.collect(Table::Pulls, &[], Order::Descending, at_most)
    }

    fn run(&self, id: RunId) -> Result<Option<Run>, Fault> {
        self.get(Table::Runs, &id.0.to_be_bytes(), &id)
    }

    fn newest_runs(&self, at_most: usize) -> Result<Vec<Run>, Fault> {
        self.collect(Table::Runs, &[], Order::Descending, at_most)
    }

    fn letter(&self, id: &MessageId) -> Result<Option<Letter>, Fault> {
        self.get(Table::Letters, id.as_str().as_bytes(), id)
    }

    fn history(&self, number: PullNumber) -> Result<Vec<HistoryEntry>, Fault> {
        self.collect(Table::History, &number.0.to_be_bytes(), Order::Ascending, usize::MAX)
    }

    fn mail(&self, id: &MessageId) -> Result<Option<CommandMail>, Fault> {
        self.get(Table::Mails, id.as_str().as_bytes(), id)
    }

    fn seen(&self, digest: &str) -> Result<Option<MessageId>, Fault> {
        self.get(Table::Seen, digest.as_bytes(), &digest)
    }

    fn audit(&self, of: Option<PullNumber>, at_most: usize) -> Result<Vec<AuditEntry>, Fault> {
        self.trail(of, at_most)
    }

    fn put_file(&self, name: &FileName, content: &[u8]) -> Result<(), Fault> {
        self.engine.put_file(name, content)
    }

    fn expire_files(&self, older_than: SignedDuration) -> Result<u64, Fault> {
        self.engine.expire_files(Duration::try_from(older_than).unwrap_or_default())
    }

    fn journal(&self) -> Result<String, Fault> {
        self.engine.journal()
    }

    fn append_journal(&self, text: &str) -> Result<(), Fault> {
        self.engine.append_journal(text)
    }

    fn write_journal(&self, text: &str) -> Result<(), Fault> {
        self.engine.write_journal(text)
    }

    fn file(&self, name: &FileName) -> Result<Option<Vec<u8>>, Fault> {
        self.engine.file(name)
    }
}

impl<E: Engine> KeyedStore<E> {
    fn plan_pulls(&self, pulls: &[Pull], writes: &mut Vec<Write>) -> Result<(), NotPut> {
        let mut named = BTreeSet::new();
        for pull in pulls {
            let blame = || NotPut::for_the_sake_of(Some(RecordKey::Pull(pull.number)));
            let key = pull.number.0.to_be_bytes().to_vec();
            let id = &pull.cover.message_id;
            self.demand_own_number(pull).map_err(blame())?;
            if !named.insert(id) {
                let twice = format!("two requests with the Message-ID <{id}> at once");
                return Err(blame()(Fault::bug(twice)));
            }
            let is_over = matches!(pull.stage, Stage::Closed { .. });
            writes.push(open_index(OPEN_PULL, &key, is_over));
            writes.push(insert(
                Table::MessageIds,
                id.as_str().as_bytes().to_vec(),
                encode(&pull.number, id).map_err(blame())?,
            ));
            if let Some(tag) = pull.signed.as_ref().filter(|_| pull.is_unwanted()) {
                let value = encode(&pull.number, &tag.payload).map_err(blame())?;
                writes.push(insert(Table::Unwanted, tag_key(tag, &pull.target), value));
            }
            let value = encode(pull, &pull.number).map_err(blame())?;
            writes.push(insert(Table::Pulls, key, value));
        }
        Ok(())
    }

    /// A number belongs to one Message-ID for ever, and the other way round: without this, a bot
    /// that counted wrong would overwrite somebody's request.
    fn demand_own_number(&self, pull: &Pull) -> Result<(), Fault> {
        let (number, id) = (pull.number, &pull.cover.message_id);
        match self.pull_by_message_id(id)? {
            Some(known) if known == number => Ok(()),
            Some(known) => {
                Err(Fault::bug(format!("<{id}> is request {known}; it can't be {number} as well")))
            }
            None if self.engine.get(Table::Pulls, &number.0.to_be_bytes())?.is_none() => Ok(()),
            None => Err(Fault::bug(format!("request {number} is not <{id}>, but another mail's"))),
        }
    }

    /// Appends lines, unless the history ends with just these: a `put` that failed late may have
    /// been made all the same, and is then repeated.
    fn plan_history(
        &self,
        lines: &[(PullNumber, HistoryEntry)],
        writes: &mut Vec<Write>,
    ) -> Result<(), NotPut> {
        let mut of_each: BTreeMap<PullNumber, Vec<&HistoryEntry>> = BTreeMap::new();
        for (number, line) in lines {
            of_each.entry(*number).or_default().push(line);
        }
        for (number, new) in of_each {
            let prefix = number.0.to_be_bytes();
            let mut end: Vec<HistoryEntry> =
                self.collect(Table::History, &prefix, Order::Descending, new.len())?;
            end.reverse();
            if end.iter().eq(new.iter().copied()) {
                continue;
            }
            let first = self.next_sequence(Table::History, &prefix)?;
            for (sequence, line) in (first..).zip(new) {
                let key = [prefix, sequence.to_be_bytes()].concat();
                let blame = NotPut::for_the_sake_of(Some(RecordKey::Pull(number)));
                writes.push(insert(Table::History, key, encode(line, &number).map_err(blame)?));
            }
        }
        Ok(())
    }

    pub(super) fn next_sequence(&self, table: Table, prefix: &[u8]) -> Result<u64, Fault> {
        let last = self.keys(table, prefix, Order::Descending, 1)?;
        Ok(last.first().map_or(0, |key| number_of(&key[prefix.len()..]) + 1))
    }

    fn next_number(&self, table: Table) -> Result<u64, Fault> {
        let last = self.keys(table, &[], Order::Descending, 1)?;
        Ok(last.first().map_or(1, |key| number_of(key) + 1))
    }

    fn open_keys(&self, kind: u8) -> Result<Vec<Vec<u8>>, Fault> {
        let keys = self.keys(Table::Open, &[kind], Order::Ascending, usize::MAX)?;
        Ok(keys.into_iter().map(|key| key[1..].to_vec()).collect())
    }

    pub(super) fn get<T: Record>(
        &self,
        table: Table,
        key: &[u8],
        name: &dyn std::fmt::Display,
    ) -> Result<Option<T>, Fault> {
        self.engine.get(table, key)?.map(|bytes| decode(&bytes, name)).transpose()
    }

    pub(super) fn must_get<T: Record>(&self, table: Table, key: &[u8]) -> Result<T, Fault> {
        let name = key_name(table, key);
        self.get(table, key, &name)?.ok_or_else(|| {
            Fault::permanent(format!("the store lacks {} {name}, which is open", T::KIND))
        })
    }

    pub(super) fn collect<T: Record>(
        &self,
        table: Table,
        prefix: &[u8],
        order: Order,
        at_most: usize,
    ) -> Result<Vec<T>, Fault> {
        let mut found = Vec::new();
        self.engine.visit(table, prefix, order, &mut |key, value| {
            if found.len() >= at_most {
                return Ok(ControlFlow::Break(()));
            }
            found.push(decode(value, &key_name(table, key))?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    pub(super) fn keys(
        &self,
        table: Table,
        prefix: &[u8],
        order: Order,
        at_most: usize,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let mut found = Vec::new();
        self.engine.visit(table, prefix, order, &mut |key, _| {
            if found.len() >= at_most {
                return Ok(ControlFlow::Break(()));
            }
            found.push(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }
}

fn plan_runs(runs: &[Run], writes: &mut Vec<Write>) -> Result<(), NotPut> {
    for run in runs {
        let key = run.id.0.to_be_bytes().to_vec();
        let is_over = matches!(run.stage, RunStage::Closed { .. });
        writes.push(open_index(OPEN_RUN, &key, is_over));
        let blame = NotPut::for_the_sake_of(Some(RecordKey::Run(run.id)));
        writes.push(insert(Table::Runs, key, encode(run, &run.id).map_err(blame)?));
    }
    Ok(())
}

fn plan_letters(letters: &[Letter], writes: &mut Vec<Write>) -> Result<(), NotPut> {
    for letter in letters {
        let key = letter.id.as_str().as_bytes().to_vec();
        writes.push(open_index(OPEN_LETTER, &key, letter.state.is_final()));
        let blame = NotPut::for_the_sake_of(Some(RecordKey::Letter(letter.id.clone())));
        writes.push(insert(Table::Letters, key, encode(letter, &letter.id).map_err(blame)?));
    }
    Ok(())
}

fn plan_mails(mails: &[CommandMail], writes: &mut Vec<Write>) -> Result<(), NotPut> {
    for mail in mails {
        let key = mail.id.as_str().as_bytes().to_vec();
        let is_over = matches!(mail.stage, MailStage::Closed { .. });
        writes.push(open_index(OPEN_MAIL, &key, is_over));
        let blame = NotPut::for_the_sake_of(Some(RecordKey::Mail(mail.id.clone())));
        writes.push(insert(Table::Mails, key, encode(mail, &mail.id).map_err(blame)?));
    }
    Ok(())
}

fn plan_cursors(cursors: &[(Folder, Cursor)], writes: &mut Vec<Write>) -> Result<(), Fault> {
    for entry in cursors {
        let Folder { account, folder } = &entry.0;
        // A NUL can't be in an account's name, which is a key of the configuration.
        let key = [account.as_str().as_bytes(), &[0], folder.as_bytes()].concat();
        writes.push(insert(Table::Cursors, key, encode(entry, &folder)?));
    }
    Ok(())
}

fn plan_aside(marks: &[(RecordKey, Option<Aside>)], writes: &mut Vec<Write>) -> Result<(), Fault> {
    for (record, aside) in marks {
        let key = record.to_string().into_bytes();
        writes.push(match aside {
            Some(aside) => {
                let mark = (record.clone(), aside.clone());
                insert(Table::Aside, key, encode(&mark, record)?)
            }
            None => Write { table: Table::Aside, key, value: None },
        });
    }
    Ok(())
}
