//! Work in the world outside, and what answers it. Each kind of work is a type, a [`Task`], which
//! names the type of its answer: a merge can't be answered by a fetch. Its bounds stand beside it:
//! which workers do it, and whether it is done while a person has stopped everything.
//!
//! A worker implements [`Perform`] for each task. [`tasks!`] makes one enum of the tasks on one
//! kind of record, and gives each answer back as that record's event.

use super::alert::Alert;
use super::fault::Fault;
use super::letter::Letter;

/// Which workers do it: what may hang, or comes in crowds, holds up nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pool {
    /// Fetches from strangers' servers, which may hang.
    Fetches,
    /// Looks whether something has landed: many at once when a target moves.
    Landings,
    /// Looks who wrote a mail, which ask strangers' name servers.
    Senders,
    /// Everything else.
    Others,
}

/// One kind of work. What it needs to know beyond the record is in its fields.
pub(crate) trait Task {
    /// The record, and what belongs to it, as it was when the work was handed out.
    type On: ?Sized;
    /// What comes of it.
    type Answer;
    /// What that means for the record.
    type Event;
    /// Who does it.
    const POOL: Pool = Pool::Others;

    /// What an answer means for the record.
    fn event(&self, answer: Self::Answer) -> Self::Event;

    /// Whether it is done although a person has stopped everything.
    fn passes_a_stop(&self, _on: &Self::On) -> bool {
        false
    }
}

/// A worker that can do one kind of work. It may block for as long as its ports do.
pub(crate) trait Perform<T: Task> {
    fn perform(&self, task: &T, on: &T::On) -> Reply<T::Answer>;
}

/// What came of some work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply<A> {
    /// The answer, or what kept the work from being done now.
    pub(crate) answer: Result<A, Fault>,
    /// Letters that were written.
    pub(crate) letters: Vec<Letter>,
    /// What the administrator has to know of it.
    pub(crate) alert: Option<Alert>,
}

impl<A> Reply<A> {
    pub(crate) fn answer(answer: A) -> Self {
        Self { answer: Ok(answer), letters: Vec::new(), alert: None }
    }

    /// It could not be done; the administrator hears of it under that subject, if it is something
    /// to mend.
    pub(crate) fn failed(fault: &Fault, subject: &str) -> Self {
        let alert = Alert::of(subject, fault);
        Self { answer: Err(fault.shortened()), letters: Vec::new(), alert }
    }

    pub(crate) fn from(outcome: Result<A, Fault>, subject: &str) -> Self {
        match outcome {
            Ok(answer) => Self::answer(answer),
            Err(fault) => Self::failed(&fault, subject),
        }
    }

    pub(crate) fn with_letters(self, letters: Vec<Letter>) -> Self {
        Self { letters, ..self }
    }

    pub(crate) fn alerting(self, alert: Option<Alert>) -> Self {
        Self { alert, ..self }
    }

    pub(crate) fn map<B>(self, turn: impl FnOnce(A) -> B) -> Reply<B> {
        let Self { answer, letters, alert } = self;
        Reply { answer: answer.map(turn), letters, alert }
    }
}

/// Declares the tasks on one kind of record, and the enum of them. A line a task: its type, its
/// answer, its pool unless that is `Others`, what an answer means for the record, and when the task
/// is done although a person has stopped everything, if ever.
macro_rules! tasks {
    ($(#[$doc:meta])* $work:ident on $on:ty => $event:ty {
        $($task:ident -> $answer:ty $([$pool:ident])?: |$this:pat_param, $given:pat_param| $means:expr
            $(, passes a stop if |$held:pat_param| $passes:expr)?;)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) enum $work {
            $($task($task)),+
        }

        $(
            impl $crate::pull::task::Task for $task {
                type On = $on;
                type Answer = $answer;
                type Event = $event;
                $(const POOL: $crate::pull::task::Pool = $crate::pull::task::Pool::$pool;)?

                fn event(&self, answer: $answer) -> $event {
                    let ($this, $given) = (self, answer);
                    $means
                }

                $(fn passes_a_stop(&self, on: &$on) -> bool {
                    let $held = on;
                    $passes
                })?
            }

            impl From<$task> for $work {
                fn from(task: $task) -> Self {
                    Self::$task(task)
                }
            }
        )+

        impl $work {
            pub(crate) fn pool(&self) -> $crate::pull::task::Pool {
                match self {
                    $(Self::$task(_) => <$task as $crate::pull::task::Task>::POOL),+
                }
            }

            pub(crate) fn passes_a_stop(&self, on: &$on) -> bool {
                use $crate::pull::task::Task;
                match self {
                    $(Self::$task(task) => task.passes_a_stop(on)),+
                }
            }

            pub(crate) fn perform<W>(&self, on: &$on, by: &W) -> $crate::pull::task::Reply<$event>
            where
                $(W: $crate::pull::task::Perform<$task>),+
            {
                use $crate::pull::task::Task;
                match self {
                    $(Self::$task(task) => by.perform(task, on).map(|answer| task.event(answer))),+
                }
            }
        }
    };
}

pub(crate) use tasks;
