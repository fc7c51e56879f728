//! One folder's thread: it reads on, waits until that is durable, and waits for news.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::Message;
use crate::bot::engine::words_of;
use crate::bot::intake::Intake;
use crate::bot::ports::Ports;
use crate::ports::{Cursor, Fault, FaultKind, Mailbox};
use crate::pull::alert::Alert;
use crate::pull::world::Input;

/// How long a folder may be unreadable before the administrator hears of it.
const UNREADABLE_FOR: Duration = Duration::from_secs(15 * 60);

/// One folder's thread.
pub(super) struct Reader {
    pub(super) intake: Intake,
    pub(super) mailbox: Box<dyn Mailbox>,
    pub(super) poll: SignedDuration,
    pub(super) cursor: Option<Cursor>,
    pub(super) ports: Ports,
    pub(super) sender: Sender<Message>,
    pub(super) stopping: Arc<AtomicBool>,
    /// What it said last of not being readable.
    pub(super) said: Option<String>,
}

impl Reader {
    pub(super) fn run(mut self) {
        let mut failures = 0_u32;
        let mut failing_since: Option<Instant> = None;
        while !self.stopping.load(Ordering::SeqCst) {
            match self.guarded() {
                Ok(true) => {
                    failures = 0;
                    failing_since = None;
                }
                Ok(false) => return,
                Err(fault) => {
                    failures = failures.saturating_add(1);
                    let since = *failing_since.get_or_insert_with(Instant::now);
                    self.say(&fault);
                    self.complain(&fault, since.elapsed());
                    self.sleep(backoff(failures, &self.intake.folder.folder));
                }
            }
        }
    }

    /// A panic costs a reconnect: a folder must not fall silent.
    fn guarded(&mut self) -> Result<bool, Fault> {
        catch_unwind(AssertUnwindSafe(|| self.read_to_the_end())).unwrap_or_else(|panic| {
            Err(Fault::bug(format!("reading it failed: {}", words_of(&*panic))))
        })
    }

    /// Reads until nothing is new, then waits for news. `false`: the engine is gone.
    fn read_to_the_end(&mut self) -> Result<bool, Fault> {
        loop {
            let read = self.intake.read(self.mailbox.as_mut(), self.cursor, &self.ports)?;
            let Some(input) = read else { break };
            let (cursor, complete) = match &input {
                Input::Read { cursor, complete, .. } => (*cursor, *complete),
                _ => break,
            };
            let (taken, wait) = mpsc::sync_channel(1);
            if self.sender.send(Message::Read(input, taken)).is_err() || wait.recv().is_err() {
                return Ok(false);
            }
            self.cursor = Some(cursor);
            if complete {
                break;
            }
        }
        self.well();
        self.mailbox.wait(self.poll)?;
        Ok(true)
    }

    /// Says once what keeps the folder from being read.
    fn say(&mut self, fault: &Fault) {
        let folder = &self.intake.folder;
        if self.said.as_ref() != Some(&fault.detail) {
            tracing::warn!(
                account = %folder.account,
                "folder {:?} can't be read: {fault}", folder.folder
            );
            self.said = Some(fault.detail.clone());
            self.tell(Some(fault.detail.clone()));
        }
    }

    fn well(&mut self) {
        if self.said.take().is_some() {
            let folder = &self.intake.folder;
            tracing::info!(account = %folder.account, "folder {:?} is read again", folder.folder);
            self.tell(None);
        }
    }

    fn tell(&self, trouble: Option<String>) {
        let folder = self.intake.folder.clone();
        let _engine_may_be_gone = self.sender.send(Message::Folder(folder, trouble));
    }

    fn complain(&self, fault: &Fault, failing_for: Duration) {
        let ours = matches!(fault.kind, FaultKind::Misconfigured | FaultKind::Bug);
        if !ours && failing_for < UNREADABLE_FOR {
            return;
        }
        let folder = &self.intake.folder;
        let alert = Alert {
            subject: format!("The mailbox {} can't be read", folder.account),
            detail: format!("Folder {:?}: {fault}", folder.folder),
        };
        let _engine_may_be_gone = self.sender.send(Message::Input(Input::Unreadable { alert }));
    }

    fn sleep(&self, long: Duration) {
        let until = Instant::now() + long;
        while Instant::now() < until && !self.stopping.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(100).min(long));
        }
    }
}

/// How long to wait before connecting anew: doubles from a second to five minutes, spread by a
/// third so that many folders do not come back at once.
fn backoff(failures: u32, seed: &str) -> Duration {
    let base = 1000_u64.saturating_mul(1 << failures.saturating_sub(1).min(9)).min(300_000);
    let mixed = seed
        .bytes()
        .fold(u64::from(failures), |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Duration::from_millis(base - (mixed % (base / 3).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconnecting_waits_longer_each_time_and_not_all_alike() {
        let waits: Vec<_> = (1..12).map(|n| backoff(n, "INBOX")).collect();
        assert!(waits[0] <= Duration::from_secs(1) && waits[0] >= Duration::from_millis(600));
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(300)));
        assert!(waits[10] >= Duration::from_secs(200));
        assert_ne!(backoff(9, "INBOX"), backoff(9, "devel"));
    }
}
