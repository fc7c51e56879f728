//! The threads: one engine, one reader a folder, four lanes of workers, one runtime for the control
//! socket. A fetch that hangs holds up neither a mailbox nor another request's poll; a target that
//! moved lets every answered request be looked at, which holds up no test.
//!
//! Races, and the choice made: a folder's reader waits until its chunk is durable before it reads
//! on; a stop lets letters and pipeline creations that are in flight come to their end for
//! `LINGER`, since those are what a restart must otherwise look for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use self::lanes::Lanes;
use self::reader::Reader;
use super::control::{Order, Question, Reply};
use super::engine::Engine;
use super::intake::Intake;
use super::perform::commands::offers;
use super::{answers, view};
use crate::ports::{Fault, Mailbox};
use crate::pull::command::{How, Sender as Giver, parse};
use crate::pull::command_mail::{self, Answer};
use crate::pull::room::{LONGEST_ADDRESS, within};
use crate::pull::world::Input;

mod lanes;
mod reader;

/// How long a stop waits for what is in flight.
const LINGER: Duration = Duration::from_secs(10);

/// The longest sleep of the engine: a clock that was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

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
                let next = answer(engine, lanes, (question, reply), &mut in_flight)?;
                wake_at = next.or(wake_at);
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

/// Answers a question, at once or, where it takes a look outside, from a thread of its own.
fn answer(
    engine: &mut Engine,
    lanes: &Lanes,
    (question, reply): (Question, oneshot::Sender<Reply>),
    in_flight: &mut usize,
) -> Result<Option<Timestamp>, Fault> {
    let now = engine.ports().clock.now();
    let store = engine.ports().store.as_ref();
    let (answer, next) = match question {
        Question::Status => {
            let status = view::Status { running: true, glance: engine.world().glance(now) };
            (Reply::Status(Box::new(status)), None)
        }
        Question::Show(named) => (view::reply(&engine.world().glance(now), store, &named), None),
        Question::Audit(number) => (view::audit(store, number), None),
        Question::Do(order) => {
            let taken = engine.take(Input::Command(Box::new(ordered(engine, order)?)))?;
            for effect in taken.effects {
                *in_flight += 1;
                lanes.give(effect);
            }
            let said = match taken.answer {
                Some(Answer::Done(said)) => Reply::Done(said),
                Some(Answer::Refused(why)) => Reply::Refused(why),
                Some(Answer::Look(look)) => {
                    let (ports, glance) = (engine.ports().clone(), engine.world().glance(now));
                    std::thread::spawn(move || {
                        let shown = answers::render(&ports, &glance, &look);
                        let _asker_may_be_gone = reply.send(Reply::Done(shown.whole()));
                    });
                    return Ok(taken.wake_at);
                }
                None => Reply::Done("Done.".into()),
            };
            (said, taken.wake_at)
        }
    };
    let _asker_may_be_gone = reply.send(answer);
    Ok(next)
}

/// Who says to be at the socket.
fn giver(by: &str) -> Giver {
    Giver { address: within(by, LONGEST_ADDRESS), how: How::Socket }
}

/// A command as the socket brings it: from the bot's own user.
fn ordered(engine: &Engine, order: Order) -> Result<command_mail::Order, Fault> {
    let Order { line, by, reply_to, attached } = order;
    let keys = attached.into_iter().map(String::into_bytes).collect::<Vec<_>>();
    Ok(command_mail::Order {
        command: parse(&line, false).map_err(|error| error.to_string()),
        by: giver(&by),
        maintainer: false,
        thread: None,
        keys: offers(engine.ports(), &keys)?,
        reply_to: reply_to.map(|to| within(&to, LONGEST_ADDRESS)),
        mail: None,
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_at_the_socket_is_no_longer_than_a_record_takes() {
        assert_eq!(giver("rita").address, "rita");
        assert!(giver(&"\"".repeat(50_000)).address.len() < LONGEST_ADDRESS);
    }

    #[test]
    fn a_wake_time_in_the_past_is_no_wait() {
        let now = Timestamp::from_second(1000).unwrap();
        assert_eq!(until(Some(now - SignedDuration::from_secs(5)), now), Duration::ZERO);
        assert_eq!(until(None, now), LONGEST_SLEEP);
    }
}
