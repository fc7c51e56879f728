//! The engine's thread: one message at a time. While a step can't be made durable (a full disk),
//! nothing moves: what comes waits in its order, `status` says so, commands are refused, and a stop
//! is obeyed; it goes on by itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::asked::{self, answered, ordered};
use super::worker_pools::WorkerPools;
use super::{LINGER, LONGEST_SLEEP, Message};
use crate::bot::answers;
use crate::bot::control::{Question, Reply};
use crate::bot::engine::{Engine, Taken};
use crate::bot::view::Stalled;
use crate::ports::{Fault, Folder};
use crate::pull::command_mail::Answer;
use crate::pull::world::Input;

/// How often it is tried to make durable what is owed.
const TRY_AGAIN: Duration = Duration::from_secs(3);

/// Why the thread ends.
enum End {
    /// A stop, maybe while a step is owed.
    Stopped,
    /// Nothing more can be made durable.
    Failed(Fault),
}

/// The engine's thread.
pub(super) struct Thread<'a> {
    engine: &'a mut Engine,
    pools: &'a WorkerPools,
    inbox: &'a Receiver<Message>,
    in_flight: usize,
    wake_at: Option<Timestamp>,
    /// What came while a step was owed.
    held: VecDeque<Message>,
    /// Who waits for what the command says that is being taken.
    asker: Option<oneshot::Sender<Reply>>,
    /// Folders that can't be read.
    unread: BTreeMap<Folder, Stalled>,
}

impl<'a> Thread<'a> {
    pub(super) fn new(
        engine: &'a mut Engine,
        pools: &'a WorkerPools,
        inbox: &'a Receiver<Message>,
    ) -> Self {
        Self {
            engine,
            pools,
            inbox,
            in_flight: 0,
            wake_at: None,
            held: VecDeque::new(),
            asker: None,
            unread: BTreeMap::new(),
        }
    }

    /// Runs until a stop comes, or nothing more can be made durable.
    pub(super) fn run(mut self) -> Result<(), Fault> {
        match self.work() {
            Ok(()) | Err(End::Stopped) => self.linger(),
            Err(End::Failed(fault)) => Err(fault),
        }
    }

    fn work(&mut self) -> Result<(), End> {
        self.take(Input::Tick)?;
        loop {
            let next = match self.held.pop_front() {
                Some(held) => Ok(held),
                None => {
                    let now = self.engine.ports().clock.now();
                    self.inbox.recv_timeout(until(self.wake_at, now))
                }
            };
            match next {
                Ok(Message::Read(input, taken)) => {
                    self.take(input)?;
                    let _reader_may_be_gone = taken.send(());
                }
                Ok(Message::Input(input)) => {
                    self.note_end(&input);
                    self.take(input)?;
                }
                Ok(Message::Folder(folder, trouble)) => self.note_folder(folder, trouble),
                Ok(Message::Ask(question, reply)) => self.answer(question, reply)?,
                Err(RecvTimeoutError::Timeout) => {
                    self.take(Input::Tick)?;
                }
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn note_folder(&mut self, folder: Folder, trouble: Option<String>) {
        let now = self.engine.ports().clock.now();
        match trouble {
            None => drop(self.unread.remove(&folder)),
            Some(why) => {
                let since = self.unread.get(&folder).map_or(now, |before| before.since);
                self.unread.insert(folder, Stalled { since, why });
            }
        }
    }

    fn answered(&self, question: &Question, stalled: Option<&Stalled>) -> Reply {
        answered(self.engine, question, stalled, &self.unread)
    }

    fn note_end(&mut self, input: &Input) {
        self.in_flight -= usize::from(matches!(input, Input::Done(_)) && self.in_flight > 0);
    }

    /// Takes an input, however long that takes, and hands its work out.
    fn take(&mut self, input: Input) -> Result<Option<Answer>, End> {
        let taken = match self.engine.take(input) {
            Ok(taken) => taken,
            Err(fault) if self.engine.owes() => self.stalled(fault)?,
            Err(fault) => return Err(End::Failed(fault)),
        };
        self.wake_at = taken.wake_at;
        for work in taken.work {
            self.in_flight += 1;
            self.pools.give(work);
        }
        Ok(taken.answer)
    }

    /// Waits until what is owed is durable.
    fn stalled(&mut self, fault: Fault) -> Result<Taken, End> {
        tracing::error!(
            "What the bot does can't be written down, so nothing moves until it can be; it is tried \
             again every few seconds: {fault}"
        );
        let mut stalled =
            Stalled { since: self.engine.ports().clock.now(), why: fault.detail.clone() };
        if let Some(asker) = self.asker.take() {
            let _asker_may_be_gone = asker.send(Reply::Refused(stalled.delay()));
        }
        let mut again = Instant::now() + TRY_AGAIN;
        loop {
            let left = again.saturating_duration_since(Instant::now());
            if left.is_zero() {
                match self.engine.pay() {
                    Ok(taken) => {
                        tracing::info!("It can be written down again: the bot goes on.");
                        return Ok(taken);
                    }
                    Err(fault) if self.engine.owes() => stalled.why = fault.detail,
                    Err(fault) => return Err(End::Failed(fault)),
                }
                again = Instant::now() + TRY_AGAIN;
                continue;
            }
            match self.inbox.recv_timeout(left) {
                Ok(Message::Ask(Question::Do(_), reply)) => {
                    let _asker_may_be_gone = reply.send(Reply::Refused(stalled.refusal()));
                }
                Ok(Message::Ask(question, reply)) => {
                    let answer = self.answered(&question, Some(&stalled));
                    let _asker_may_be_gone = reply.send(answer);
                }
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(End::Stopped);
                }
                Ok(Message::Folder(folder, trouble)) => self.note_folder(folder, trouble),
                Ok(message @ (Message::Read(..) | Message::Input(_))) => {
                    self.held.push_back(message);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Answers a question, at once or, where it takes a look outside, from a thread of its own.
    fn answer(&mut self, question: Question, reply: oneshot::Sender<Reply>) -> Result<(), End> {
        let Question::Do(order) = question else {
            let _asker_may_be_gone = reply.send(self.answered(&question, None));
            return Ok(());
        };
        let order = match ordered(self.engine, order) {
            Ok(order) => order,
            Err(fault) => {
                let _asker_may_be_gone = reply.send(Reply::Refused(fault.detail));
                return Ok(());
            }
        };
        self.asker = Some(reply);
        let answer = self.take(Input::Command(Box::new(order)))?;
        let Some(reply) = self.asker.take() else { return Ok(()) };
        let said = match answer {
            Some(Answer::Done(said)) => Reply::Done(said),
            Some(Answer::Refused(why)) => Reply::Refused(why),
            Some(Answer::Look(look)) => match asked::glance(self.engine) {
                Ok(glance) => {
                    let ports = self.engine.ports().clone();
                    std::thread::spawn(move || {
                        let shown = answers::render(&ports, &glance, &look);
                        let _asker_may_be_gone = reply.send(Reply::Done(shown.whole()));
                    });
                    return Ok(());
                }
                Err(why) => Reply::Refused(why),
            },
            None => Reply::Done("Done.".into()),
        };
        let _asker_may_be_gone = reply.send(said);
        Ok(())
    }

    /// Takes in what comes to its end while the bot stops; begins nothing new. Work that follows
    /// is dropped: a restart decides it again.
    fn linger(mut self) -> Result<(), Fault> {
        let deadline = Instant::now() + LINGER;
        loop {
            if self.engine.owes()
                && let Err(fault) = self.engine.pay()
                && !self.engine.owes()
            {
                return Err(fault);
            }
            while !self.engine.owes()
                && let Some(message) = self.held.pop_front()
            {
                if let Message::Input(input @ Input::Done(_)) = message {
                    self.note_end(&input);
                    if let Err(fault) = self.engine.take(input)
                        && !self.engine.owes()
                    {
                        return Err(fault);
                    }
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if self.in_flight <= self.held_ends() || left.is_zero() {
                return Ok(());
            }
            let left = if self.engine.owes() { left.min(TRY_AGAIN) } else { left };
            match self.inbox.recv_timeout(left) {
                Ok(end @ Message::Input(Input::Done(_))) => self.held.push_back(end),
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// How much of what is in flight has come to its end, and waits to be taken.
    fn held_ends(&self) -> usize {
        let ends = |held: &&Message| matches!(held, Message::Input(Input::Done(_)));
        self.held.iter().filter(ends).count()
    }
}

fn until(wake_at: Option<Timestamp>, now: Timestamp) -> Duration {
    let wait = wake_at.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
    wait.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_wake_time_in_the_past_is_no_wait() {
        let now = Timestamp::from_second(1000).unwrap();
        assert_eq!(until(Some(now - SignedDuration::from_secs(5)), now), Duration::ZERO);
        assert_eq!(until(None, now), LONGEST_SLEEP);
    }
}
