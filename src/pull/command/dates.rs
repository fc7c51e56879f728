//! Days and times as people write them, all in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// What may end a word of a sentence.
const ENDS: [char; 2] = [',', ';'];

/// Reads when something ends, a day with a time or without, and gives the words behind it.
///
/// # Errors
/// A sentence.
pub(crate) fn end<'a, 'b>(words: &'a [&'b str]) -> Result<(Timestamp, &'a [&'b str]), String> {
    match words {
        [day, time, rest @ ..] if is_time_of_day(time) => {
            let time = time.trim_end_matches(ENDS).trim_end_matches(['Z', 'z']);
            let rest = match rest {
                [zone, rest @ ..] if zone.trim_end_matches(ENDS).eq_ignore_ascii_case("UTC") => {
                    rest
                }
                [..] => rest,
            };
            Ok((moment(&format!("{day}T{time}Z"))?, rest))
        }
        [date, rest @ ..] => Ok((moment(date)?, rest)),
        [] => moment("").map(|moment| (moment, words)),
    }
}

fn is_time_of_day(text: &str) -> bool {
    let text = text.trim_end_matches(ENDS).trim_end_matches(['Z', 'z']);
    text.contains(':') && text.parse::<Time>().is_ok()
}

/// Reads a day, from its beginning, or a time.
///
/// # Errors
/// A sentence.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let text = text.trim_end_matches(ENDS);
    let day = text.parse::<Date>().ok().filter(|_| !text.contains(['T', 't']));
    let day = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|day| day.timestamp());
    day.or_else(|| text.parse::<Timestamp>().ok()).ok_or_else(|| {
        format!("{text:?} is no date such as 2026-12-15, and no time such as 2026-12-15T18:00Z.")
    })
}
