//! The threads: one engine, one reader a folder, four pools of workers, one runtime for the control
//! socket. A fetch that hangs holds up neither a mailbox nor another request's poll; a target that
//! moved lets every answered request be looked at, which holds up no test.
//!
//! Races, and the choice made: a folder's reader waits until its chunk is durable before it reads
//! on; a stop lets letters and pipeline creations that are in flight come to their end for
//! `LINGER`, since those are what a restart must otherwise look for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::oneshot;

use self::reader::Reader;
use self::thread::Thread;
use self::worker_pools::WorkerPools;
use super::control::{Question, Reply};
use super::engine::Engine;
use super::intake::Intake;
use crate::ports::{Fault, Folder, Mailbox};
use crate::pull::world::Input;

mod asked;
mod reader;
mod thread;
mod worker_pools;

/// How long a stop waits for what is in flight.
const LINGER: Duration = Duration::from_secs(10);

/// The longest sleep of the engine: a clock that was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// What the engine's thread is sent.
pub(crate) enum Message {
    /// A folder was read on; the reader waits for the acknowledgement.
    Read(Input, SyncSender<()>),
    /// Something to take in.
    Input(Input),
    /// What keeps a folder from being read, or that nothing does any more.
    Folder(Folder, Option<String>),
    /// A question of the control socket.
    Ask(Question, oneshot::Sender<Reply>),
    /// The end.
    Stop,
}

/// A folder to watch.
pub(crate) struct Watched {
    /// How it is read.
    pub(crate) intake: Intake,
    /// Its connection.
    pub(crate) mailbox: Box<dyn Mailbox>,
    /// Ends the mailbox's wait at once.
    pub(crate) wake: Box<dyn Fn() + Send>,
    /// How often it is looked at without news.
    pub(crate) poll: SignedDuration,
}

/// Runs the bot until [`Message::Stop`] comes.
///
/// # Errors
/// The store failed: nothing more can be made durable.
pub(crate) fn run(
    mut engine: Engine,
    folders: Vec<Watched>,
    sender: &Sender<Message>,
    inbox: &Receiver<Message>,
) -> Result<(), Fault> {
    let stopping = Arc::new(AtomicBool::new(false));
    let policy = Arc::new(engine.world().policy().clone());
    let pools = WorkerPools::start(engine.ports(), &policy, sender);
    let mut wakers = Vec::new();
    let mut readers = Vec::new();
    for folder in folders {
        let cursor = engine.world().cursor(&folder.intake.folder);
        let Watched { intake, mailbox, wake, poll } = folder;
        wakers.push(wake);
        let (ports, sender) = (engine.ports().clone(), sender.clone());
        let stopping = Arc::clone(&stopping);
        readers.push(std::thread::spawn(move || {
            let said = None;
            Reader { intake, mailbox, poll, cursor, ports, sender, stopping, said }.run();
        }));
    }
    let outcome = Thread::new(&mut engine, &pools, inbox).run();
    if outcome.is_ok() {
        engine.ports().journal.ended_cleanly();
    }
    stopping.store(true, Ordering::SeqCst);
    wakers.iter().for_each(|wake| wake());
    // Readers that wait for an acknowledgement get none; they see the closed channel.
    while inbox.try_recv().is_ok() {}
    for reader in readers {
        // A reader that hangs in its server dies with the process.
        if reader.is_finished() {
            let _panic_is_logged_already = reader.join();
        }
    }
    outcome
}
