//! How many letters went to each address within the hour, and how many in all, each allowance by
//! itself. Letters on their way count before the server has taken them, so that a burst does not
//! pass a cap. It is kept in memory: after a restart it begins anew.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::pull::letter::Letter;
use crate::pull::letter::allowance::Allowance;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// When to ask again where everything that counts is still on its way.
const SOON: SignedDuration = SignedDuration::from_mins(1);

/// An address as it is counted: however somebody spells it who writes in its name.
type Reader = (Allowance, String);

fn reader(allowance: Allowance, address: &str) -> Reader {
    (allowance, address.to_lowercase())
}

/// Letters that are on their way.
#[derive(Debug, Default)]
pub(super) struct Going {
    to: BTreeMap<Reader, usize>,
    in_all: BTreeMap<Allowance, usize>,
}

impl Going {
    pub(super) fn add(&mut self, letter: &Letter) {
        let allowance = letter.allowance();
        *self.in_all.entry(allowance).or_default() += 1;
        for address in &letter.recipients {
            *self.to.entry(reader(allowance, address)).or_default() += 1;
        }
    }
}

/// Letters of the last hour.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    to: BTreeMap<Reader, Vec<Timestamp>>,
    in_all: BTreeMap<Allowance, Vec<Timestamp>>,
}

impl Tally {
    /// Forgets what is older than an hour.
    pub(super) fn forget_old(&mut self, now: Timestamp) {
        let is_new = |at: &Timestamp| now.duration_since(*at) < HOUR;
        self.to.values_mut().for_each(|times| times.retain(is_new));
        self.to.retain(|_, times| !times.is_empty());
        self.in_all.values_mut().for_each(|times| times.retain(is_new));
    }

    /// Counts a letter that went to these readers, or may have.
    pub(super) fn add(&mut self, allowance: Allowance, readers: &[String], now: Timestamp) {
        self.in_all.entry(allowance).or_default().push(now);
        for address in readers {
            self.to.entry(reader(allowance, address)).or_default().push(now);
        }
    }

    /// Until when an address has had enough letters; lists count like anybody.
    pub(super) fn full_until(
        &self,
        (allowance, address): (Allowance, &str),
        going: &Going,
        cap: u32,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let reader = reader(allowance, address);
        let on_the_way = going.to.get(&reader).copied().unwrap_or_default();
        until(self.to.get(&reader), on_the_way, cap, now)
    }

    /// Until when as many letters of an allowance went out as may in all.
    pub(super) fn all_full_until(
        &self,
        allowance: Allowance,
        going: &Going,
        cap: u32,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let on_the_way = going.in_all.get(&allowance).copied().unwrap_or_default();
        until(self.in_all.get(&allowance), on_the_way, cap, now)
    }

    /// How many letters of those that trip the breaker went out or are on their way.
    pub(super) fn toward_breaker(&self, going: &Going) -> usize {
        let sent = self.in_all.iter().map(|(allowance, times)| (*allowance, times.len()));
        let going = going.in_all.iter().map(|(allowance, count)| (*allowance, *count));
        let of_breaker = sent.chain(going).filter(|(allowance, _)| allowance.trips_breaker());
        of_breaker.map(|(_, count)| count).sum()
    }

    /// Has the breaker begin anew: a person has looked.
    pub(super) fn reset_breaker(&mut self) {
        self.in_all.retain(|allowance, _| !allowance.trips_breaker());
    }
}

fn until(
    sent: Option<&Vec<Timestamp>>,
    on_the_way: usize,
    cap: u32,
    now: Timestamp,
) -> Option<Timestamp> {
    let sent = sent.map_or(&[][..], Vec::as_slice);
    let cap = usize::try_from(cap).unwrap_or(usize::MAX);
    let over = (sent.len() + on_the_way + 1).checked_sub(cap).filter(|over| *over > 0)?;
    // Room is made when that many of the oldest are an hour old.
    Some(sent.get(over - 1).map_or(now + SOON, |at| *at + HOUR))
}
