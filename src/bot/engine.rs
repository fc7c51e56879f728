//! One step at a time: the world says what follows, the store makes it durable, and only then the
//! work is handed out. It must not perform them.
//!
//! A record at which the step or the put fails is set aside, and the rest goes on. A step that can't
//! be made durable for want of a disk stays owed: nothing else is taken until it is paid.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;

use self::attempt::{Attempt, Next};
use super::journal::{self, Suspects};
use super::ports::Ports;
use crate::ports::{Fault, FaultKind, FileName, KeyChanges, NotPut};
use crate::pull::aside::RecordKey;
use crate::pull::command::Answer;
use crate::pull::overlay::Overlay;
use crate::pull::policy::Policy;
use crate::pull::world::{Cause, Input, Step, Work, World};

mod attempt;

/// How much is set aside or passed over for one input at most: a folder's chunk of mails, and more.
const MOST_LEFT_OUT: usize = 300;

/// The world and the store behind it. One thread has it.
pub(crate) struct Engine {
    world: World,
    ports: Ports,
    owed: Option<Attempt>,
    /// What is set aside before anything is handed out.
    first: Vec<(RecordKey, String)>,
}

/// What follows from an input, now that it is durable.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// What to do.
    pub(crate) work: Vec<Work>,
    /// When to tick if nothing happens before.
    pub(crate) wake_at: Option<Timestamp>,
    /// What to tell whoever gave a command.
    pub(crate) answer: Option<Answer>,
}

impl Engine {
    /// Takes up everything that is open where it was.
    ///
    /// # Errors
    /// The store can't be read.
    pub(crate) fn start(policy: Policy, ports: Ports) -> Result<Self, Fault> {
        let records = ports.store.open_records()?;
        put_in_force(&ports, &records.overlay)?;
        let Suspects { aside, careful } = ports.journal.begin_life(&records);
        let mut world = World::new(policy, records);
        world.be_careful_with(careful);
        let why = "the bot died of it three times in a row";
        let first = aside.into_iter().map(|key| (key, why.to_owned())).collect();
        Ok(Self { world, ports, owed: None, first })
    }

    /// What is open.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// The ports.
    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Whether a step waits until the store takes it again.
    pub(crate) fn owes(&self) -> bool {
        self.owed.is_some()
    }

    /// Takes an input. Nothing may be owed.
    ///
    /// # Errors
    /// The store could not make it durable. If the step is owed now, [`pay`](Self::pay) tries
    /// again. Otherwise the engine must not be used any more: what it has in memory is ahead of
    /// what is durable. Starting anew takes up what is.
    pub(crate) fn take(&mut self, input: Input) -> Result<Taken, Fault> {
        if self.owes() {
            return Err(Fault::bug("an input came while a step was owed"));
        }
        let mut attempt = Attempt::new(input, self.world.memory().clone());
        attempt.aside = std::mem::take(&mut self.first);
        self.drive(attempt)
    }

    /// Tries once more to make durable what is owed.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(crate) fn pay(&mut self) -> Result<Taken, Fault> {
        match self.owed.take() {
            Some(attempt) => self.drive(attempt),
            None => Ok(Taken::default()),
        }
    }

    fn drive(&mut self, mut attempt: Attempt) -> Result<Taken, Fault> {
        for _ in 0..=3 * MOST_LEFT_OUT {
            let failed = match attempt.next {
                Next::TakeBack => match self.ports.store.open_records() {
                    Ok(records) => {
                        self.world.take_back(records, attempt.before.clone());
                        attempt.next = Next::Step;
                        continue;
                    }
                    Err(fault) => Failed::Fault(fault),
                },
                Next::Step => match self.step(&attempt) {
                    Ok(step) => {
                        attempt.next = Next::Put(Box::new(step));
                        continue;
                    }
                    Err(failed) => failed,
                },
                Next::Put(step) => match self.make_durable(&step) {
                    Ok(()) => {
                        if let Input::Done(done) = &attempt.input
                            && let Some(key) = done.subject().record()
                        {
                            self.ports.journal.ended(&journal::Work::Record(key));
                        }
                        return Ok(taken(*step, attempt.refused));
                    }
                    Err(failed) => {
                        attempt.next = Next::Put(step);
                        failed
                    }
                },
            };
            match failed {
                Failed::For(cause, why) => {
                    tracing::error!("the bot itself failed: {why}");
                    if !attempt.leave_out(cause, &why) {
                        return Err(Fault::bug(why));
                    }
                }
                Failed::Fault(fault) => {
                    if is_passing(&fault) {
                        self.owed = Some(attempt);
                    }
                    return Err(fault);
                }
            }
        }
        Err(Fault::bug("too much fails at once to be set aside"))
    }

    /// Steps. A panic is put down to what the world worked on.
    fn step(&mut self, attempt: &Attempt) -> Result<Step, Failed> {
        let (world, now) = (&mut self.world, self.ports.clock.now());
        let stepped = catch_unwind(AssertUnwindSafe(|| {
            for (key, why) in &attempt.aside {
                world.set_aside(key.clone(), why, now);
            }
            world.step(attempt.input.clone(), now)
        }));
        stepped.map_err(|panic| {
            let why = format!("a panic: {}", words_of(&*panic));
            match self.world.at_work() {
                Some(cause) => Failed::For(cause.clone(), why),
                None => Failed::Fault(Fault::bug(why)),
            }
        })
    }

    fn make_durable(&self, step: &Step) -> Result<(), Failed> {
        if !step.batch.is_empty()
            && let Err(NotPut { fault, culprit }) = self.ports.store.put(&step.batch)
        {
            let Some(culprit) = culprit else { return Err(Failed::Fault(fault)) };
            let is_kept = self.is_kept(&culprit).map_err(Failed::Fault)?;
            return Err(match self.world.blamed(&culprit, is_kept) {
                Some(cause) => Failed::For(cause, fault.detail),
                None => Failed::Fault(fault),
            });
        }
        if let Some(overlay) = &step.batch.overlay {
            put_in_force(&self.ports, overlay).map_err(Failed::Fault)?;
        }
        Ok(())
    }

    /// Whether the store has a record, of whatever state.
    fn is_kept(&self, key: &RecordKey) -> Result<bool, Fault> {
        let store = &self.ports.store;
        Ok(match key {
            RecordKey::Pull(number) => store.pull(*number)?.is_some(),
            RecordKey::Run(id) => store.run(*id)?.is_some(),
            RecordKey::Letter(id) => store.letter(id)?.is_some(),
            RecordKey::Mail(id) => store.mail(id)?.is_some(),
        })
    }
}

/// Why an input could not be taken yet.
enum Failed {
    /// One thing is to blame.
    For(Cause, String),
    /// Nothing that could be left out.
    Fault(Fault),
}

/// Whether the store may take the same again later: there is room, or a right, or a disk again.
fn is_passing(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::Temporary | FaultKind::Misconfigured => true,
        FaultKind::Permanent | FaultKind::Bug => false,
    }
}

fn taken(step: Step, refused: Option<String>) -> Taken {
    for (about, what) in &step.log {
        tracing::info!(%about, "{about}: {what}");
    }
    let answer = step.answer.or(refused.map(Answer::Refused));
    Taken { work: step.work, wake_at: step.wake_at, answer }
}

/// What a panic said.
pub(super) fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".into())
}

/// Tells the other threads, and the keyring, what commands changed. Safe to repeat.
fn put_in_force(ports: &Ports, overlay: &Overlay) -> Result<(), Fault> {
    // First: a stop holds, whatever becomes of the keys.
    ports.in_force.take(overlay);
    let mut added = Vec::new();
    for (fingerprint, key) in &overlay.keys_added {
        match ports.store.file(&FileName::Key(fingerprint.clone()))? {
            Some(certificate) => added.push((certificate, key.address.clone())),
            None => {
                tracing::error!("the file of the key {fingerprint}, which a command added, is gone")
            }
        }
    }
    let removed = overlay.keys_removed.keys().cloned().collect();
    ports.keyring.adopt(KeyChanges { added, removed });
    Ok(())
}
