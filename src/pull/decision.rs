//! What `decide` answers: what to do now, when to ask again, and why.

use jiff::Timestamp;

use super::overlay::Pause;
use super::retry::Retry;

/// A decision about one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision<A> {
    /// What to do now; `None`: wait.
    pub(crate) action: Option<A>,
    /// When to ask again if nothing happens before; `None`: only an event changes anything.
    pub(crate) wake_at: Option<Timestamp>,
    /// Why, in one sentence without a full stop.
    pub(crate) because: String,
}

impl<A> Decision<A> {
    /// Do this now.
    pub(crate) fn act(action: A, because: impl Into<String>) -> Self {
        Self { action: Some(action), wake_at: None, because: because.into() }
    }

    /// Wait until then, or for an event.
    pub(crate) fn wait_until(at: Timestamp, because: impl Into<String>) -> Self {
        Self { action: None, wake_at: Some(at), because: because.into() }
    }

    /// Wait for an event.
    pub(crate) fn wait(because: impl Into<String>) -> Self {
        Self { action: None, wake_at: None, because: because.into() }
    }

    /// Do this once it is due, else wait for that.
    pub(crate) fn due(retry: &Retry, action: A, why: &str, now: Timestamp) -> Self {
        if retry.next_at <= now {
            return Self::act(action, why);
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
        if self.action.is_none() {
            self.wake_at = [self.wake_at, at].into_iter().flatten().min();
        }
        self
    }
}

/// A time for a sentence: to the minute, and it says that it is UTC.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What happened, in a sentence for the history; `None` when the event came too late to matter.
pub(crate) type Told = Option<String>;
