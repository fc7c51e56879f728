//! When the world wants to be asked again.

use jiff::Timestamp;

/// The time of a step, and when the next one is wanted.
#[derive(Debug)]
pub(super) struct Agenda {
    pub(super) now: Timestamp,
    pub(super) wake_at: Option<Timestamp>,
}

impl Agenda {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { now, wake_at: None }
    }

    /// Asks to be asked again at that time at the latest.
    pub(super) fn wake(&mut self, at: Option<Timestamp>) {
        self.wake_at = [self.wake_at, at].into_iter().flatten().min();
    }

    /// Whether that time has come; if not, asks to be asked again then.
    pub(super) fn is_due(&mut self, at: Timestamp) -> bool {
        let is_due = at <= self.now;
        self.wake(Some(at).filter(|_| !is_due));
        is_due
    }
}
