//! The engine on disk: sled for records, files beside it. It must not return from a commit before
//! the disk has it.
//!
//! sled 0.34's `flush` does not sync the file; so a commit is a transaction, `flush`, and an fsync
//! of `db`. What sled does by itself every 500 ms adds only that it tidies the file: once in a
//! minute is enough for that, and lets an idle bot sleep. After an I/O error (a full disk) sled
//! refuses everything until it is opened again; that is done here, at the next call.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use sled::transaction::{ConflictableTransactionError, TransactionError};
use sled::{IVec, Transactional, Tree};

use super::engine::{Engine, Order, Table, Visit, Write};
use super::files::{Files, sync_directory};
use super::journal::JournalFile;
use super::keyed::KeyedStore;
use super::repair;
use crate::ports::{Fault, FileName};

/// The page cache's size in bytes: the bot idles in little memory, and reads few records.
const CACHE: u64 = 4 * 1024 * 1024;

/// How often, and with which pauses, it is tried to take the state directory.
const LOCK_TRIES: u32 = 10;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// How often sled tidies its file, in milliseconds.
const TIDY_EVERY: u64 = 60_000;

/// The store on disk. A clone is another handle to the same store.
pub(crate) type SledStore = KeyedStore<Disk>;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Another process has it.
    #[error(
        "another gatepost{} has the state directory {} open; it takes one at a time",
        holder.map(|id| format!(" (process {id})")).unwrap_or_default(),
        directory.display()
    )]
    Locked {
        /// The state directory.
        directory: PathBuf,
        /// The other process's id, if it could be read.
        holder: Option<u32>,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// What it is about.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database can't be read, even without its snapshots.
    #[error("the database {} can't be read: {source}", path.display())]
    Unreadable {
        /// The database.
        path: PathBuf,
        /// What sled says.
        source: sled::Error,
    },
}

impl OpenError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }
}

/// The state directory, locked: the database `db` and the files.
#[derive(Debug)]
pub(crate) struct Disk {
    database: PathBuf,
    /// `None` after an I/O error, until it is opened again.
    opened: RwLock<Option<Database>>,
    files: Files,
    journal: JournalFile,
    /// Held as long as the store is.
    _lock: File,
}

#[derive(Debug)]
struct Database {
    /// In the order of `Table::ALL`.
    trees: Vec<Tree>,
    db: sled::Db,
    /// sled's log, to sync it.
    log: File,
}

impl SledStore {
    /// Whether a process has a state directory open, as a bot does that is starting. Asking takes
    /// nothing: who opens it in this moment tries again.
    pub(crate) fn is_held(directory: &Path) -> bool {
        let held = File::open(directory.join("lock")).map(|lock| lock.try_lock_shared());
        matches!(held, Ok(Err(TryLockError::WouldBlock)))
    }

    /// Opens the store in a state directory, making what is missing, and repairs what a crash can
    /// have left: unfinished and damaged snapshots, unfinished files. The directory is for its
    /// owner alone (mode 0700) if it is made here.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(crate) fn open(directory: &Path) -> Result<Self, OpenError> {
        create_private(directory).map_err(OpenError::io(directory))?;
        let lock = lock(directory)?;
        let files = Files::open(directory.join("files"))
            .map_err(|(path, source)| OpenError::Io { path, source })?;
        let database = directory.join("db");
        let opened = Database::open(&database)?;
        sync_directory(&database)
            .and_then(|()| sync_directory(directory))
            .map_err(OpenError::io(directory))?;
        let journal = JournalFile::new(directory.join("journal"));
        let opened = RwLock::new(Some(opened));
        Ok(Self::new(Disk { database, opened, files, journal, _lock: lock }))
    }
}

fn create_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        _ => Ok(()),
    }
}

/// Takes the state directory for this process. Before anything else: what looks like a crash's
/// leavings may be the other process's work.
fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join("lock");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(OpenError::io(&path))?;
    match try_lock(&file) {
        Ok(()) => {
            // Who has it is for people: a full disk must not keep anybody from what the lock is for.
            let _not_noted = file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id()));
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let holder = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            Err(OpenError::Locked { directory: directory.to_owned(), holder })
        }
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// Who only asks whether somebody has it, or reads it, is gone in a moment.
fn try_lock(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
            locked => return locked,
        }
    }
    file.try_lock()
}

impl Database {
    fn open(path: &Path) -> Result<Self, OpenError> {
        repair::remove_unfinished_snapshots(path).map_err(OpenError::io(path))?;
        match Self::try_open(path) {
            Err(sled::Error::Corruption { .. }) => {
                let copy = repair::set_snapshots_aside(path).map_err(OpenError::io(path))?;
                tracing::warn!(
                    store.database = %path.display(),
                    store.copy = %copy.display(),
                    "The database's snapshot was damaged. Opening it without, from its log; a copy \
                     of what was there is kept."
                );
                Self::try_open(path)
            }
            other => other,
        }
        .map_err(|error| match error {
            sled::Error::Io(source) => OpenError::Io { path: path.to_owned(), source },
            source => OpenError::Unreadable { path: path.to_owned(), source },
        })
    }

    fn try_open(path: &Path) -> sled::Result<Self> {
        let db = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE)
            .flush_every_ms(Some(TIDY_EVERY))
            .open()?;
        let trees = Table::ALL
            .into_iter()
            .map(|table| db.open_tree(table.name()))
            .collect::<sled::Result<_>>()?;
        let database = Self { trees, db, log: File::open(path.join("db"))? };
        database.make_durable()?;
        Ok(database)
    }

    fn tree(&self, table: Table) -> &Tree {
        &self.trees[table.index()]
    }

    fn commit(&self, writes: &[Write]) -> sled::Result<()> {
        let made = self.trees.as_slice().transaction(|trees| {
            for Write { table, key, value } in writes {
                let tree = &trees[table.index()];
                match value {
                    Some(value) => tree.insert(key.as_slice(), value.as_slice())?,
                    None => tree.remove(key.as_slice())?,
                };
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        match made {
            Ok(()) => self.make_durable(),
            Err(TransactionError::Storage(error)) => Err(error),
            // Nothing above aborts.
            Err(TransactionError::Abort(())) => {
                Err(sled::Error::ReportableBug("a transaction aborted by itself".into()))
            }
        }
    }

    fn make_durable(&self) -> sled::Result<()> {
        self.db.flush()?;
        Ok(self.log.sync_all()?)
    }
}

impl Disk {
    /// Does something with the database, opening it again first if an error closed it, and closing
    /// it if this is an I/O error.
    fn with<T>(&self, work: impl FnOnce(&Database) -> sled::Result<T>) -> Result<T, Fault> {
        self.reopen_if_closed()?;
        let result = match self.opened.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(database) => work(database),
            None => Err(sled::Error::Io(io::Error::other("closed after an error"))),
        };
        result.map_err(|error| self.failed(error))
    }

    /// Closes the database if this is an I/O error: the next call opens it again.
    fn failed(&self, error: sled::Error) -> Fault {
        if matches!(error, sled::Error::Io(_)) {
            *self.opened.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.fault(error)
    }

    fn reopen_if_closed(&self) -> Result<(), Fault> {
        if self.opened.read().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        if opened.is_none() {
            let database = Database::open(&self.database).map_err(|error| match error {
                OpenError::Io { path, source } => Fault::of_disk(&path, &source),
                error @ (OpenError::Locked { .. } | OpenError::Unreadable { .. }) => {
                    Fault::permanent(error.to_string())
                }
            })?;
            tracing::info!(store.database = %self.database.display(), "Opened the database again.");
            *opened = Some(database);
        }
        Ok(())
    }

    fn fault(&self, error: sled::Error) -> Fault {
        match error {
            sled::Error::Io(error) => Fault::of_disk(&self.database, &error),
            sled::Error::ReportableBug(what) => Fault::bug(format!("the database: {what}")),
            error => Fault::permanent(format!("{}: {error}", self.database.display())),
        }
    }
}

impl Engine for Disk {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let value = self.with(|database| database.tree(table).get(key))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn visit(
        &self,
        table: Table,
        prefix: &[u8],
        order: Order,
        each: Visit<'_>,
    ) -> Result<(), Fault> {
        let mut entries = self.with(|database| Ok(database.tree(table).scan_prefix(prefix)))?;
        loop {
            let next: Option<sled::Result<(IVec, IVec)>> = match order {
                Order::Ascending => entries.next(),
                Order::Descending => entries.next_back(),
            };
            let Some(entry) = next else { return Ok(()) };
            let (key, value) = entry.map_err(|error| self.failed(error))?;
            if each(&key, &value)?.is_break() {
                return Ok(());
            }
        }
    }

    fn commit(&self, writes: &[Write]) -> Result<(), Fault> {
        self.with(|database| database.commit(writes))
    }

    fn put_file(&self, name: &FileName, content: &[u8]) -> Result<(), Fault> {
        self.files.put(name, content)
    }

    fn expire_files(&self, older_than: Duration) -> Result<u64, Fault> {
        self.files.expire(older_than)
    }

    fn journal(&self) -> Result<String, Fault> {
        self.journal.read()
    }

    fn append_journal(&self, text: &str) -> Result<(), Fault> {
        self.journal.append(text)
    }

    fn write_journal(&self, text: &str) -> Result<(), Fault> {
        self.journal.replace(text)
    }

    fn file(&self, name: &FileName) -> Result<Option<Vec<u8>>, Fault> {
        self.files.get(name)
    }
}
