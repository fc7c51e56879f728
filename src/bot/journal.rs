//! What is being worked on, as lines of a file: a life of the program that is cut short leaves word
//! of what it was at. Whatever was being worked on at the end of three lives in a row, and got no
//! further in any of them, is what ends them, and is set aside.
//!
//! The lines are only appended, and not synced: a process that dies leaves them to the kernel, and
//! after a loss of power there is nothing to learn from them. So a journal that is missing, garbled
//! or not writable is no error. It must not decide what setting aside means.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::ports::{Fault, Folder, Records, Store};
use crate::pull::aside::RecordKey;

/// After how many lives what was being worked on is set aside.
const MOST_LIVES: u32 = 3;

/// After how many lines the file is written anew.
const MOST_LINES: usize = 5_000;

/// Something that can be worked on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Work {
    /// An effect for a record.
    Record(RecordKey),
    /// A mail of a folder that is read; there is one at a time for each folder.
    Mail {
        /// The folder.
        folder: Folder,
        /// What makes its number unique.
        uid_validity: u32,
        /// Its number.
        uid: u32,
    },
}

/// What was being worked on when lives ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Suspect {
    work: Work,
    /// Lives in a row.
    lives: u32,
    /// What it was like at the end of each.
    fingerprint: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Suspect(Suspect),
    Begun(Work),
    Ended(Work),
    /// The life ended as it should.
    Clean,
}

/// What a start has to know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Suspects {
    /// Records to set aside.
    pub(crate) aside: Vec<RecordKey>,
    /// Records to be worked on one at a time: if one ends this life as well, it is known which.
    pub(crate) careful: Vec<RecordKey>,
}

/// The journal. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Journal {
    store: Arc<dyn Store>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    suspects: Vec<Suspect>,
    passed_over: BTreeSet<Work>,
    open: Open,
    lines: usize,
    is_broken: bool,
}

/// What is begun and not ended, and how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Open(BTreeMap<Work, u32>);

impl Open {
    fn begin(&mut self, work: Work) {
        if let Work::Mail { folder, .. } = &work {
            self.end_folder(&folder.clone());
        }
        *self.0.entry(work).or_default() += 1;
    }

    fn end(&mut self, work: &Work) {
        if let Some(times) = self.0.get_mut(work) {
            *times -= 1;
            if *times == 0 {
                self.0.remove(work);
            }
        }
    }

    fn end_folder(&mut self, of: &Folder) {
        self.0.retain(|work, _| match work {
            Work::Mail { folder, .. } => folder != of,
            Work::Record(_) => true,
        });
    }
}

impl Journal {
    /// The journal beside that store.
    pub(crate) fn beside(store: Arc<dyn Store>) -> Self {
        Self { store, state: Arc::default() }
    }

    /// Begins a life: what the last one was at when it ended, if it did not end as it should.
    pub(crate) fn begin_life(&self, records: &Records) -> Suspects {
        let text = self.store.journal().unwrap_or_else(|fault| {
            tracing::warn!("what the last life was at can't be read: {fault}");
            String::new()
        });
        let suspects = suspects(&text, records);
        let mut state = self.state();
        let over = |suspect: &&Suspect| suspect.lives >= MOST_LIVES;
        let mut found = Suspects::default();
        for suspect in &suspects {
            match (&suspect.work, over(&suspect), suspect.lives + 1 >= MOST_LIVES) {
                (Work::Record(key), true, _) => found.aside.push(key.clone()),
                (Work::Record(key), false, true) => found.careful.push(key.clone()),
                (Work::Mail { .. }, true, _) => {
                    state.passed_over.insert(suspect.work.clone());
                }
                (Work::Record(_) | Work::Mail { .. }, false, _) => {}
            }
        }
        state.suspects = suspects;
        self.write_anew(&mut state);
        found
    }

    /// Work begins.
    pub(crate) fn begun(&self, work: Work) {
        let mut state = self.state();
        state.open.begin(work.clone());
        self.note(&mut state, &Line::Begun(work));
    }

    /// What came of it is durable.
    pub(crate) fn ended(&self, work: &Work) {
        let mut state = self.state();
        if state.open.0.contains_key(work) {
            state.open.end(work);
            self.note(&mut state, &Line::Ended(work.clone()));
        }
    }

    /// The life ends as it should, whatever is given up for that.
    pub(crate) fn ended_cleanly(&self) {
        let mut state = self.state();
        self.append(&mut state, &Line::Clean);
    }

    /// Whether a mail is not to be read: it ended three lives.
    pub(crate) fn passes_over(&self, work: &Work) -> bool {
        self.state().passed_over.contains(work)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is open now, by one line more or by all of them anew.
    fn note(&self, state: &mut State, line: &Line) {
        if state.lines >= MOST_LINES {
            self.write_anew(state);
        } else {
            self.append(state, line);
        }
    }

    fn append(&self, state: &mut State, line: &Line) {
        state.lines += 1;
        let written = self.store.append_journal(&text_of(line));
        said(state, written);
    }

    fn write_anew(&self, state: &mut State) {
        let suspects = state.suspects.iter().cloned().map(Line::Suspect);
        let again = |(work, times): (&Work, &u32)| vec![work.clone(); *times as usize];
        let open = state.open.0.iter().flat_map(again).map(Line::Begun);
        let lines: Vec<String> = suspects.chain(open).map(|line| text_of(&line)).collect();
        state.lines = lines.len();
        let written = self.store.write_journal(&lines.concat());
        said(state, written);
    }
}

/// Says once that it can't be written.
fn said(state: &mut State, written: Result<(), Fault>) {
    if let Err(fault) = &written
        && !state.is_broken
    {
        tracing::warn!("what is being worked on can't be noted: {fault}");
    }
    state.is_broken = written.is_err();
}

/// A line, with its end before it: one that was cut off spoils no other.
fn text_of(line: &Line) -> String {
    serde_json::to_string(line).map_or_else(|_| String::new(), |json| format!("\n{json}"))
}

/// Whatever the last life was at when it was cut short, and how many lives it has ended so far.
fn suspects(text: &str, records: &Records) -> Vec<Suspect> {
    let (mut before, mut open) = (Vec::new(), Open::default());
    for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match line {
            Line::Suspect(suspect) => before.push(suspect),
            Line::Begun(work) => open.begin(work),
            Line::Ended(work) => open.end(&work),
            Line::Clean => {
                open = Open::default();
                before.retain(|suspect| suspect.lives >= MOST_LIVES);
            }
        }
    }
    let still = |suspect: &Suspect| {
        fingerprint(&suspect.work, records).as_ref() == Some(&suspect.fingerprint)
    };
    let mut found: Vec<Suspect> = before
        .iter()
        .filter(|suspect| suspect.lives >= MOST_LIVES && still(suspect))
        .cloned()
        .collect();
    for (work, _) in open.0 {
        let Some(fingerprint) = fingerprint(&work, records) else { continue };
        if found.iter().any(|suspect| suspect.work == work) {
            continue;
        }
        let same = before.iter().find(|it| it.work == work && it.fingerprint == fingerprint);
        let lives = same.map_or(1, |suspect| suspect.lives.saturating_add(1));
        found.push(Suspect { work, lives, fingerprint });
    }
    found
}

/// What something is like, apart from when it is tried and how often it was: these are no progress.
/// `None`: it is over, set aside, or read.
fn fingerprint(work: &Work, records: &Records) -> Option<String> {
    let key = match work {
        Work::Record(key) => key,
        Work::Mail { folder, uid_validity, uid } => {
            let (_, cursor) = records.cursors.iter().find(|(of, _)| of == folder)?;
            let is_ahead = cursor.uid_validity == *uid_validity && *uid >= cursor.uid_next;
            return is_ahead.then(String::new);
        }
    };
    if records.aside.iter().any(|(aside, _)| aside == key) {
        return None;
    }
    let value = match key {
        RecordKey::Pull(number) => {
            serde_json::to_value(records.pulls.iter().find(|pull| pull.number == *number)?)
        }
        RecordKey::Run(id) => serde_json::to_value(records.runs.iter().find(|run| run.id == *id)?),
        RecordKey::Letter(id) => {
            serde_json::to_value(records.letters.iter().find(|letter| letter.id == *id)?)
        }
        RecordKey::Mail(id) => {
            serde_json::to_value(records.mails.iter().find(|mail| mail.id == *id)?)
        }
    };
    let text = timeless(value.ok()?).to_string();
    Some(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A record without its times and its counts of failures.
fn timeless(value: Value) -> Value {
    match value {
        Value::String(text) if text.parse::<Timestamp>().is_ok() => Value::Null,
        Value::Object(map) if map.contains_key("failures") && map.contains_key("next_at") => {
            Value::Null
        }
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (key, timeless(value))).collect())
        }
        Value::Array(all) => Value::Array(all.into_iter().map(timeless).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
