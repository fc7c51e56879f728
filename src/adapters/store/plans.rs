//! What is written for each kind of record that needs no look at what is there. Where a record can't
//! be written it is named.

use super::engine::{Table, Write};
use super::keyed::{OPEN_LETTER, OPEN_MAIL, OPEN_RUN, insert};
use super::record::encode;
use crate::ports::{Cursor, Fault, Folder, NotPut};
use crate::pull::aside::{Aside, RecordKey};
use crate::pull::command_mail::{CommandMail, MailStage};
use crate::pull::letter::Letter;
use crate::pull::run::{Run, RunStage};

pub(super) fn plan_runs(runs: &[Run], writes: &mut Vec<Write>) -> Result<(), NotPut> {
    for run in runs {
        let key = run.id.0.to_be_bytes().to_vec();
        let is_over = matches!(run.stage, RunStage::Closed { .. });
        writes.push(open_index(OPEN_RUN, &key, is_over));
        let blame = NotPut::for_the_sake_of(Some(RecordKey::Run(run.id)));
        writes.push(insert(Table::Runs, key, encode(run, &run.id).map_err(blame)?));
    }
    Ok(())
}

pub(super) fn plan_letters(letters: &[Letter], writes: &mut Vec<Write>) -> Result<(), NotPut> {
    for letter in letters {
        let key = letter.id.as_str().as_bytes().to_vec();
        writes.push(open_index(OPEN_LETTER, &key, letter.state.is_final()));
        let blame = NotPut::for_the_sake_of(Some(RecordKey::Letter(letter.id.clone())));
        writes.push(insert(Table::Letters, key, encode(letter, &letter.id).map_err(blame)?));
    }
    Ok(())
}

pub(super) fn plan_mails(mails: &[CommandMail], writes: &mut Vec<Write>) -> Result<(), NotPut> {
    for mail in mails {
        let key = mail.id.as_str().as_bytes().to_vec();
        let is_over = matches!(mail.stage, MailStage::Closed { .. });
        writes.push(open_index(OPEN_MAIL, &key, is_over));
        let blame = NotPut::for_the_sake_of(Some(RecordKey::Mail(mail.id.clone())));
        writes.push(insert(Table::Mails, key, encode(mail, &mail.id).map_err(blame)?));
    }
    Ok(())
}

pub(super) fn plan_cursors(
    cursors: &[(Folder, Cursor)],
    writes: &mut Vec<Write>,
) -> Result<(), Fault> {
    for entry in cursors {
        let Folder { account, folder } = &entry.0;
        // A NUL can't be in an account's name, which is a key of the configuration.
        let key = [account.as_str().as_bytes(), &[0], folder.as_bytes()].concat();
        writes.push(insert(Table::Cursors, key, encode(entry, &folder)?));
    }
    Ok(())
}

pub(super) fn plan_aside(
    marks: &[(RecordKey, Option<Aside>)],
    writes: &mut Vec<Write>,
) -> Result<(), Fault> {
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

pub(super) fn open_index(kind: u8, key: &[u8], is_over: bool) -> Write {
    let value = if is_over { None } else { Some(Vec::new()) };
    Write { table: Table::Open, key: [&[kind], key].concat(), value }
}
