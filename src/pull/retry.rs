//! When something that failed is tried again. Times are fields of records, not sleeps.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::room::within;

/// Bytes of what a failure said that are kept.
const LONGEST: usize = 800;

/// How often something failed, and when it is due again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retry {
    /// Failures in a row.
    pub(crate) failures: u32,
    /// When the first of them was.
    pub(crate) since: Option<Timestamp>,
    /// Not before this.
    pub(crate) next_at: Timestamp,
    /// What the last failure said, for the administrator.
    pub(crate) last: Option<String>,
}

impl Retry {
    /// Due at once.
    pub(crate) fn now(now: Timestamp) -> Self {
        Self { failures: 0, since: None, next_at: now, last: None }
    }

    /// After one more failure: doubles from 15 seconds to at most 15 minutes, or as long as the
    /// other side asked for, if that is longer (at most a day).
    pub(crate) fn after_failure(
        &self,
        now: Timestamp,
        said: String,
        asked: Option<SignedDuration>,
    ) -> Self {
        let doubled = 15_i64.saturating_mul(1 << self.failures.min(6)).min(15 * 60);
        let asked = asked.map_or(0, |a| a.as_secs().clamp(0, 86_400));
        Self {
            failures: self.failures.saturating_add(1),
            since: Some(self.since.unwrap_or(now)),
            next_at: now + SignedDuration::from_secs(doubled.max(asked)),
            last: Some(within(&said, LONGEST)),
        }
    }

    /// Whether it has been failing for at least this long.
    pub(crate) fn failing_for(&self, now: Timestamp, long: SignedDuration) -> bool {
        self.since.is_some_and(|since| now.duration_since(since) >= long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let start = Timestamp::UNIX_EPOCH;
        let mut retry = Retry::now(start);
        let mut waits = Vec::new();
        for _ in 0..9 {
            retry = retry.after_failure(start, "no".into(), None);
            waits.push(retry.next_at.duration_since(start).as_secs());
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(retry.since, Some(start));
    }

    #[test]
    fn what_a_failure_says_at_length_is_cut() {
        let start = Timestamp::UNIX_EPOCH;
        let retry = Retry::now(start).after_failure(start, "\u{1}".repeat(50_000), None);
        assert!(crate::pull::room::size(&retry) < 1_000);
    }

    #[test]
    fn the_other_sides_wish_is_obeyed() {
        let start = Timestamp::UNIX_EPOCH;
        let retry = Retry::now(start).after_failure(
            start,
            "429".into(),
            Some(SignedDuration::from_secs(77)),
        );
        assert_eq!(retry.next_at.duration_since(start).as_secs(), 77);
    }
}
