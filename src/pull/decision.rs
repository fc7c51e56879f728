//! What `decide` answers: what is next, when to ask again, and why.

use jiff::Timestamp;

use super::overlay::Pause;
use super::retry::Retry;

/// A decision about one record. `R` is what a rule may have recorded at once, `W` the work that it
/// may want done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision<R, W> {
    pub(crate) next: Next<R, W>,
    /// When to ask again if nothing happens before; `None`: only an event changes anything.
    pub(crate) wake_at: Option<Timestamp>,
    /// Why, in one sentence without a full stop.
    pub(crate) because: String,
}

/// What is next for a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next<R, W> {
    /// Record this at once.
    Record(R),
    /// Have this done in the world outside.
    Do(W),
    /// Wait.
    Wait,
}

impl<R, W> Decision<R, W> {
    /// Record this at once.
    pub(crate) fn record(what: impl Into<R>, because: impl Into<String>) -> Self {
        Self { next: Next::Record(what.into()), wake_at: None, because: because.into() }
    }

    /// Have this done.
    pub(crate) fn work(work: impl Into<W>, because: impl Into<String>) -> Self {
        Self { next: Next::Do(work.into()), wake_at: None, because: because.into() }
    }

    /// Wait until then, or for an event.
    pub(crate) fn wait_until(at: Timestamp, because: impl Into<String>) -> Self {
        Self { next: Next::Wait, wake_at: Some(at), because: because.into() }
    }

    /// Wait for an event.
    pub(crate) fn wait(because: impl Into<String>) -> Self {
        Self { next: Next::Wait, wake_at: None, because: because.into() }
    }

    /// Have this done once it is due, else wait for that.
    pub(crate) fn due(retry: &Retry, work: impl Into<W>, why: &str, now: Timestamp) -> Self {
        if retry.next_at <= now {
            return Self::work(work, why);
        }
        let last = retry.last.as_deref().unwrap_or("it is not time yet");
        let at = clock(retry.next_at);
        Self::wait_until(retry.next_at, format!("{why}, but not before {at}: {last}"))
    }

    /// Wait, because a person paused testing.
    pub(crate) fn paused(pause: &Pause) -> Self {
        let when = clock(pause.at);
        Self::wait(format!("{} paused testing at {when}: {}", pause.by, pause.reason))
    }

    /// Asks again at that time at the latest.
    #[must_use]
    pub(crate) fn no_later_than(mut self, at: Option<Timestamp>) -> Self {
        if matches!(self.next, Next::Wait) {
            self.wake_at = [self.wake_at, at].into_iter().flatten().min();
        }
        self
    }
}

/// A time for a sentence: to the minute, and it says that it is UTC.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What happened, in a sentence for the history; `None` when there is nothing to tell.
pub(crate) type Told = Option<String>;
