//! Reads mails on several threads and gives back what came of them in the order in which they were
//! put. Only so many mails wait at a time, so memory does not grow with the archive.

use std::num::NonZero;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, available_parallelism};

/// A batch goes to a thread when it has this many bytes or mails.
const BYTES: usize = 256 << 10;
const MAILS: usize = 128;
/// How many batches a thread has before it, at most.
const WAITING: usize = 2;
/// More threads would wait for the one that reads the archive.
const MOST_THREADS: usize = 8;

/// Where a mail was found.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) path: Arc<Path>,
    /// The mail's number in that file, from one.
    pub(super) number: u64,
}

/// What came of one mail: `None` if reading it panicked.
pub(super) type Outcome<T> = (Place, Option<T>);

#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    mails: Vec<(Place, Range<usize>)>,
}

struct Thread<T> {
    batches: SyncSender<Batch>,
    outcomes: Receiver<Vec<Outcome<T>>>,
}

/// Threads that read mails. They end when this is dropped.
pub(super) struct Readers<T> {
    threads: Vec<Thread<T>>,
    batch: Batch,
    /// Batches that were given to the threads, in turns, and those that came back.
    given: usize,
    taken: usize,
}

impl<T: Send> Readers<T> {
    /// Starts a thread for each processor.
    pub(super) fn start<'s, 'e>(
        scope: &'s Scope<'s, 'e>,
        read: impl Fn(&[u8]) -> T + Clone + Send + 's,
    ) -> Self
    where
        T: 's,
    {
        let threads = available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        let thread = |_| {
            let (batches, inbox) = sync_channel(WAITING);
            let (outbox, outcomes) = sync_channel(WAITING);
            let read = read.clone();
            scope.spawn(move || work(&inbox, &outbox, read));
            Thread { batches, outcomes }
        };
        let threads = (0..threads).map(thread).collect();
        Self { threads, batch: Batch::default(), given: 0, taken: 0 }
    }

    /// Puts a mail.
    pub(super) fn put(&mut self, place: Place, mail: &[u8]) {
        let start = self.batch.bytes.len();
        self.batch.bytes.extend_from_slice(mail);
        self.batch.mails.push((place, start..self.batch.bytes.len()));
        if self.batch.bytes.len() >= BYTES || self.batch.mails.len() >= MAILS {
            self.give();
        }
    }

    /// The next outcomes, if they are there; waits for them if the threads have enough to do.
    pub(super) fn ready(&mut self) -> Option<Vec<Outcome<T>>> {
        if self.given - self.taken >= WAITING * self.threads.len() {
            return self.take();
        }
        let thread = self.taken % self.threads.len();
        let outcomes = self.threads[thread].outcomes.try_recv().ok()?;
        self.taken += 1;
        Some(outcomes)
    }

    /// The next outcomes of all that was put; `None` when there are no more.
    pub(super) fn rest(&mut self) -> Option<Vec<Outcome<T>>> {
        if !self.batch.mails.is_empty() {
            self.give();
        }
        if self.taken < self.given { self.take() } else { None }
    }

    fn give(&mut self) {
        let thread = self.given % self.threads.len();
        // A thread ends only with its channel.
        let _sent = self.threads[thread].batches.send(std::mem::take(&mut self.batch));
        self.given += 1;
    }

    fn take(&mut self) -> Option<Vec<Outcome<T>>> {
        let thread = self.taken % self.threads.len();
        self.taken += 1;
        self.threads[thread].outcomes.recv().ok()
    }
}

fn work<T>(
    inbox: &Receiver<Batch>,
    outbox: &SyncSender<Vec<Outcome<T>>>,
    read: impl Fn(&[u8]) -> T,
) {
    for batch in inbox {
        let one = |(place, at): (Place, Range<usize>)| {
            let mail = &batch.bytes[at];
            // One mail's panic is that mail's: a thread that died would take others with it.
            (place, catch_unwind(AssertUnwindSafe(|| read(mail))).ok())
        };
        if outbox.send(batch.mails.into_iter().map(one).collect()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_in_the_order_of_the_mails_and_a_panic_is_one_mails() {
        let path: Arc<Path> = Path::new("x").into();
        let numbers = 0..10_000_u64;
        let mut came = Vec::new();
        std::thread::scope(|scope| {
            let read = |mail: &[u8]| {
                assert_ne!(mail, 77_u64.to_le_bytes());
                mail.to_vec()
            };
            let mut readers = Readers::start(scope, read);
            for number in numbers.clone() {
                readers.put(Place { path: Arc::clone(&path), number }, &number.to_le_bytes());
                while let Some(outcomes) = readers.ready() {
                    came.extend(outcomes);
                }
            }
            while let Some(outcomes) = readers.rest() {
                came.extend(outcomes);
            }
        });
        assert!(came.iter().map(|(place, _)| place.number).eq(numbers));
        for (place, outcome) in came {
            let expected = (place.number != 77).then(|| place.number.to_le_bytes().to_vec());
            assert_eq!(outcome, expected);
        }
    }
}
