//! The queue: who goes next. Priority first, then arrival; one order for requests and asked runs.

use jiff::Timestamp;

use super::ids::{PullNumber, RunId};

/// Something that waits for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Waiting {
    /// A request.
    Pull(PullNumber),
    /// A run that somebody asked for.
    Run(RunId),
}

/// One place in the queue of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Who waits.
    pub(crate) who: Waiting,
    /// Higher goes first.
    pub(crate) priority: i32,
    /// Since when it waits.
    pub(crate) since: Timestamp,
}

/// Whether and when it is one's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A slot is free.
    Now,
    /// So many others go first (0: the next one), and the slots are taken.
    After(u32),
}

/// Puts places into the order in which they go.
pub(crate) fn order(places: &mut [Place]) {
    places.sort_by_key(|place| (-i64::from(place.priority), place.since, place.who));
}

/// The turn of somebody in an ordered queue with that many slots free.
pub(crate) fn turn(places: &[Place], who: Waiting, free: u32) -> Turn {
    let ahead = places.iter().position(|place| place.who == who).unwrap_or(places.len());
    let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
    if ahead < free { Turn::Now } else { Turn::After(ahead - free) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u64, priority: i32, second: i64) -> Place {
        let since = Timestamp::from_second(second).unwrap();
        Place { who: Waiting::Pull(PullNumber(number)), priority, since }
    }

    #[test]
    fn priority_goes_first_then_arrival() {
        let mut places = vec![place(1, 0, 10), place(2, 0, 5), place(3, 7, 90), place(4, -1, 1)];
        order(&mut places);
        let numbers: Vec<_> = places.iter().map(|p| p.who).collect();
        assert_eq!(numbers, [3, 2, 1, 4].map(|n| Waiting::Pull(PullNumber(n))));
    }

    #[test]
    fn the_turn_counts_who_goes_first() {
        let places = [place(1, 0, 1), place(2, 0, 2), place(3, 0, 3)];
        let of = |n, free| turn(&places, Waiting::Pull(PullNumber(n)), free);
        assert_eq!(of(1, 1), Turn::Now);
        assert_eq!(of(2, 1), Turn::After(0));
        assert_eq!(of(3, 1), Turn::After(1));
        assert_eq!(of(2, 2), Turn::Now);
        assert_eq!(of(1, 0), Turn::After(0));
    }
}
