//! How letters write days and lengths of time. A time to the minute is [`clock`]'s, as in decisions.
//!
//! [`clock`]: crate::pull::decision::clock

use jiff::Timestamp;

use super::counted;

/// A day, in UTC.
pub(crate) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A length of time: "3 hours", "1 hour 30 minutes", "45 seconds".
pub(crate) fn span(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
    match (hours, minutes) {
        (0, 0) => counted(seconds, "second"),
        (0, minutes) => counted(minutes, "minute"),
        (hours, 0) => counted(hours, "hour"),
        (hours, minutes) => format!("{} {}", counted(hours, "hour"), counted(minutes, "minute")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_largest_units_that_fit() {
        assert_eq!(span(45), "45 seconds");
        assert_eq!(span(60), "1 minute");
        assert_eq!(span(3600), "1 hour");
        assert_eq!(span(5400), "1 hour 30 minutes");
        assert_eq!(span(7200), "2 hours");
    }
}
