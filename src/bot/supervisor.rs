//! The threads: one engine, one reader a folder, three lanes of workers, one runtime for the control
//! socket. A fetch that hangs holds up neither a mailbox nor another request's poll; a target that
//! moved lets every answered request be looked at, which holds up no test.
//!
//! Races, and the choice made: a folder's reader waits until its chunk is durable before it reads
//! on; a stop lets letters and pipeline creations that are in flight come to their end for
//! `LINGER`, since those are what a restart must otherwise look for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use super::control::{Question, Reply};
use super::engine::Engine;
use super::intake::Intake;
use super::perform::{panicked, perform};
use super::ports::Ports;
use super::view;
use crate::ports::{Cursor, Fault, FaultKind, Mailbox};
use crate::pull::command;
use crate::pull::policy::Policy;
use crate::pull::request::decide::PullAction;
use crate::pull::run::decide::RunAction;
use crate::pull::world::{Alert, Done, Effect, Input};

/// How long a stop waits for what is in flight.
const LINGER: Duration = Duration::from_secs(10);

/// The longest sleep of the engine: a clock that was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// How long a folder may be unreadable before the administrator hears of it.
const UNREADABLE_FOR: Duration = Duration::from_secs(15 * 60);

/// Workers for fetches, for looks whether a request has landed, and for everything else.
const FETCHERS: usize = 4;
const LOOKERS: usize = 1;
const WORKERS: usize = 8;

/// What the engine's thread is sent.
pub enum Message {
    /// A folder was read on; the reader waits for the acknowledgement.
    Read(Input, SyncSender<()>),
    /// Something to take in.
    Input(Input),
    /// A question of the control socket.
    Ask(Question, oneshot::Sender<Reply>),
    /// The end.
    Stop,
}

/// A folder to watch.
pub struct Watched {
    /// How it is read.
    pub intake: Intake,
    /// Its connection.
    pub mailbox: Box<dyn Mailbox>,
    /// Ends the mailbox's wait at once.
    pub wake: Box<dyn Fn() + Send>,
    /// How often it is looked at without news.
    pub poll: SignedDuration,
}

/// Runs the bot until [`Message::Stop`] comes.
///
/// # Errors
/// The store failed: nothing more can be made durable.
pub fn run(
    mut engine: Engine,
    folders: Vec<Watched>,
    sender: &Sender<Message>,
    inbox: &Receiver<Message>,
) -> Result<(), Fault> {
    let stopping = Arc::new(AtomicBool::new(false));
    let policy = Arc::new(engine.world().policy().clone());
    let lanes = Lanes::start(engine.ports(), &policy, sender);
    let mut wakers = Vec::new();
    let mut readers = Vec::new();
    for folder in folders {
        let cursor = engine.world().cursor(&folder.intake.folder);
        let Watched { intake, mailbox, wake, poll } = folder;
        wakers.push(wake);
        let (ports, sender) = (engine.ports().clone(), sender.clone());
        let stopping = Arc::clone(&stopping);
        readers.push(std::thread::spawn(move || {
            Reader { intake, mailbox, poll, cursor, ports, sender, stopping }.run();
        }));
    }
    let outcome = take_all(&mut engine, &lanes, inbox);
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

/// The engine's thread.
fn take_all(engine: &mut Engine, lanes: &Lanes, inbox: &Receiver<Message>) -> Result<(), Fault> {
    let mut in_flight = 0_usize;
    let mut wake_at = step(engine, lanes, Input::Tick, &mut in_flight)?;
    loop {
        let now = engine.ports().clock.now();
        match inbox.recv_timeout(until(wake_at, now)) {
            Ok(Message::Read(input, taken)) => {
                wake_at = step(engine, lanes, input, &mut in_flight)?;
                let _reader_may_be_gone = taken.send(());
            }
            Ok(Message::Input(input)) => {
                in_flight -= usize::from(matches!(input, Input::Done(_)) && in_flight > 0);
                wake_at = step(engine, lanes, input, &mut in_flight)?;
            }
            Ok(Message::Ask(question, reply)) => {
                let (answer, next) = answer(engine, lanes, question, &mut in_flight)?;
                wake_at = next.or(wake_at);
                let _asker_may_be_gone = reply.send(answer);
            }
            Err(RecvTimeoutError::Timeout) => {
                wake_at = step(engine, lanes, Input::Tick, &mut in_flight)?;
            }
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                return linger(engine, inbox, in_flight);
            }
        }
    }
}

fn until(wake_at: Option<Timestamp>, now: Timestamp) -> Duration {
    let wait = wake_at.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
    wait.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
}

fn step(
    engine: &mut Engine,
    lanes: &Lanes,
    input: Input,
    in_flight: &mut usize,
) -> Result<Option<Timestamp>, Fault> {
    let taken = engine.take(input)?;
    for effect in taken.effects {
        *in_flight += 1;
        lanes.give(effect);
    }
    Ok(taken.wake_at)
}

/// Takes in what comes to its end while the bot stops; begins nothing new.
fn linger(
    engine: &mut Engine,
    inbox: &Receiver<Message>,
    mut in_flight: usize,
) -> Result<(), Fault> {
    let deadline = Instant::now() + LINGER;
    while in_flight > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        match inbox.recv_timeout(left) {
            Ok(Message::Input(input @ Input::Done(_))) => {
                in_flight -= 1;
                // Effects that follow are dropped: a restart decides them again.
                engine.take(input)?;
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Ok(())
}

fn answer(
    engine: &mut Engine,
    lanes: &Lanes,
    question: Question,
    in_flight: &mut usize,
) -> Result<(Reply, Option<Timestamp>), Fault> {
    let now = engine.ports().clock.now();
    match question {
        Question::Status => {
            Ok((Reply::Status(Box::new(view::status(engine.world(), true, now))), None))
        }
        Question::Show(named) => {
            let store = engine.ports().store.as_ref();
            Ok((view::reply(engine.world(), store, &named, now), None))
        }
        Question::Do(order) => {
            let command = match command::parse(&order.line) {
                Ok(command) => command,
                Err(why) => return Ok((Reply::Refused(why.to_string()), None)),
            };
            let input = Input::Command { command, by: order.by, reply_to: order.reply_to };
            let taken = engine.take(input)?;
            for effect in taken.effects {
                *in_flight += 1;
                lanes.give(effect);
            }
            let reply = match taken.answer {
                Some(Ok(said)) => Reply::Done(said),
                Some(Err(why)) => Reply::Refused(why),
                None => Reply::Done("Done.".into()),
            };
            Ok((reply, taken.wake_at))
        }
    }
}

/// The workers: fetches, which may hang, and looks, of which there may be many at once, apart from
/// everything else.
struct Lanes {
    fetches: Sender<Effect>,
    looks: Sender<Effect>,
    others: Sender<Effect>,
}

impl Lanes {
    fn start(ports: &Ports, policy: &Arc<Policy>, engine: &Sender<Message>) -> Self {
        let lane = |size: usize| {
            let (give, take) = mpsc::channel::<Effect>();
            let take = Arc::new(Mutex::new(take));
            for _ in 0..size {
                let (take, ports) = (Arc::clone(&take), ports.clone());
                let (policy, engine) = (Arc::clone(policy), engine.clone());
                std::thread::spawn(move || work(&take, &ports, &policy, &engine));
            }
            give
        };
        Self { fetches: lane(FETCHERS), looks: lane(LOOKERS), others: lane(WORKERS) }
    }

    fn give(&self, effect: Effect) {
        let lane = match &effect {
            Effect::Pull { action: PullAction::Fetch, .. }
            | Effect::Run { action: RunAction::Fetch, .. } => &self.fetches,
            Effect::Pull { action: PullAction::LookLanded, .. } => &self.looks,
            Effect::Pull { .. }
            | Effect::Run { .. }
            | Effect::Send(_)
            | Effect::ReadHead(_)
            | Effect::TellMiss(_)
            | Effect::Alert(_)
            | Effect::Counts(_)
            | Effect::Expire(_) => &self.others,
        };
        // Workers outlive the engine: the channel is open.
        let _always_open = lane.send(effect);
    }
}

fn work(lane: &Mutex<Receiver<Effect>>, ports: &Ports, policy: &Policy, engine: &Sender<Message>) {
    loop {
        let next = match lane.lock() {
            Ok(lane) => lane.recv(),
            Err(poisoned) => poisoned.into_inner().recv(),
        };
        let Ok(effect) = next else { return };
        let subject = effect.subject();
        let done: Done = catch_unwind(AssertUnwindSafe(|| perform(ports, policy, effect)))
            .unwrap_or_else(|panic| panicked(subject, &words_of(&*panic)));
        if engine.send(Message::Input(Input::Done(done))).is_err() {
            return;
        }
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".into())
}

/// One folder's thread.
struct Reader {
    intake: Intake,
    mailbox: Box<dyn Mailbox>,
    poll: SignedDuration,
    cursor: Option<Cursor>,
    ports: Ports,
    sender: Sender<Message>,
    stopping: Arc<AtomicBool>,
}

impl Reader {
    fn run(mut self) {
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
                    tracing::warn!(
                        account = %self.intake.folder.account,
                        "folder {:?} can't be read: {fault}", self.intake.folder.folder
                    );
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
        self.mailbox.wait(self.poll)?;
        Ok(true)
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

    #[test]
    fn a_wake_time_in_the_past_is_no_wait() {
        let now = Timestamp::from_second(1000).unwrap();
        assert_eq!(until(Some(now - SignedDuration::from_secs(5)), now), Duration::ZERO);
        assert_eq!(until(None, now), LONGEST_SLEEP);
    }
}
