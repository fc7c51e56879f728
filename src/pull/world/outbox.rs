//! The outbox: which letters go now, and to whom. Nobody waits for a letter because somebody else
//! has had enough: whoever has is written to later, in a transaction of their own.

use jiff::Timestamp;

use super::hand_out::HandOut;
use super::tally::Going;
use super::{Subject, Work, World};
use crate::pull::aside::RecordKey;
use crate::pull::decision::Next;
use crate::pull::ids::{MessageId, PullNumber};
use crate::pull::letter::allowance::Allowance;
use crate::pull::letter::rules::{self as letter_rules, LetterEvent, LetterSituation};
use crate::pull::letter::{About, Letter, LetterState};

/// How many letters that anybody could have caused may wait for one address, and in all: some
/// hours' worth. A flood leaves no more of them behind.
const MOST_UNPROVED_TO_ONE: usize = 100;
const MOST_UNPROVED: usize = 500;

/// Readers of a letter who have had enough for the hour.
struct Full {
    readers: Vec<String>,
    /// Set while nobody may get it.
    until: Option<Timestamp>,
}

impl World {
    pub(super) fn settle_letters(&mut self, out: &mut HandOut) {
        self.memory.tally.forget_old(out.agenda.now);
        let mut going = Going::default();
        for letter in self.stored.letters.values() {
            if self.memory.in_flight.contains(&Subject::Letter(letter.id.clone())) {
                going.add(letter);
            }
        }
        // The oldest first: what comes later, and under whichever id, holds nothing up.
        let mut waiting: Vec<_> = self
            .stored
            .letters
            .values()
            .map(|letter| (letter.written_at, letter.id.clone()))
            .collect();
        waiting.sort();
        for (_, id) in waiting {
            self.working_on(RecordKey::Letter(id.clone()), |world| {
                world.settle_letter(&id, &mut going, out);
            });
        }
    }

    /// Letters about a request that are not sent yet. What its list has is answered; one that is set
    /// aside is not waited for.
    pub(super) fn letters_open(&self, number: PullNumber) -> usize {
        let about = About::Pull(number);
        let open = |letter: &&Letter| {
            letter.about == about
                && !letter.state.is_final()
                && !letter.is_on_its_list()
                && !self.is_aside(&RecordKey::Letter(letter.id.clone()))
        };
        self.stored.letters.values().filter(open).count()
    }

    fn settle_letter(&mut self, id: &MessageId, going: &mut Going, out: &mut HandOut) {
        let now = out.agenda.now;
        let subject = Subject::Letter(id.clone());
        let Some(letter) = self.stored.letters.get(id) else { return };
        let rests = self.rests(&RecordKey::Letter(id.clone()));
        if rests || self.memory.in_flight.contains(&subject) || letter.state.is_final() {
            return;
        }
        if self.stored.overlay.stop.is_some() && !letter.is_transcript()
            || self.stored.overlay.breaker.is_some() && !is_exempt(letter)
        {
            return;
        }
        let own_copies = letter.list.as_ref().and_then(|list| self.policy.lists.get(list));
        let read_at =
            own_copies.and_then(|list| self.memory.read_at.get(&list.own_copies)).copied();
        let full = self.full(letter, going, now);
        let situation = LetterSituation { read_at, capped_until: full.until };
        let decision = letter_rules::decide(letter, situation, now);
        out.agenda.wake(decision.wake_at);
        let Next::Do(send) = decision.next else { return };
        if letter.allowance().trips_breaker() {
            // A flood is a fault of the bot's, or somebody's trick: a person has to look.
            let gone = self.memory.tally.toward_breaker(going);
            if gone >= usize::try_from(self.policy.letters_per_hour_in_all).unwrap_or(usize::MAX) {
                self.break_circuit(gone, now);
                return;
            }
        }
        let list = own_copies.map(|list| list.address.clone());
        let Some(letter) = self.stored.letters.get_mut(id) else { return };
        if may_part(letter) && !full.readers.is_empty() {
            letter.put_off(&full.readers, list.as_deref());
        }
        going.add(letter);
        self.letter_event(id, LetterEvent::Begun, now);
        if let Some(letter) = self.stored.letters.get(id).cloned() {
            self.hand_out(out, Work::Letter(Box::new(letter), send.into()));
        }
    }

    /// Who of a letter's readers has had enough.
    fn full(&self, letter: &Letter, going: &Going, now: Timestamp) -> Full {
        let allowance = letter.allowance();
        if allowance == Allowance::Answers {
            return Full { readers: Vec::new(), until: None };
        }
        let (to_one, in_all) = (self.policy.letters_per_hour, self.policy.letters_per_hour_in_all);
        let until =
            |address: &str| self.memory.tally.full_until((allowance, address), going, to_one, now);
        let found = letter.recipients.iter().filter_map(|to| Some((to.clone(), until(to)?)));
        let (readers, times): (Vec<_>, Vec<_>) = found.unzip();
        let mut until = match (readers.len() < letter.recipients.len(), may_part(letter)) {
            (true, true) => None,
            (false, true) => times.into_iter().min(),
            (_, false) => times.into_iter().max(),
        };
        if allowance == Allowance::Unproved {
            // They can't stop outgoing mail; they wait by themselves.
            until = until.max(self.memory.tally.all_full_until(allowance, going, in_all, now));
        }
        Full { readers, until }
    }

    /// Whether a letter may wait: of those that anybody could have caused only so many do.
    pub(super) fn has_room_for(&self, letter: &Letter) -> bool {
        if letter.allowance() != Allowance::Unproved {
            return true;
        }
        let waiting = || {
            let open = self.stored.letters.values().filter(|other| !other.state.is_final());
            open.filter(|other| other.allowance() == Allowance::Unproved)
        };
        let is_reader = |to: &String| letter.recipients.iter().any(|r| r.eq_ignore_ascii_case(to));
        let to_same = waiting().filter(|other| other.recipients.iter().any(is_reader));
        waiting().count() < MOST_UNPROVED && to_same.count() < MOST_UNPROVED_TO_ONE
    }
}

/// Whether some of a letter's readers may get it before others: not while the list may have it, for
/// then it is looked for there.
fn may_part(letter: &Letter) -> bool {
    letter.later.is_none() && matches!(letter.state, LetterState::Ready { .. })
}

/// What goes out when outgoing mail is stopped: the answers to commands, which end that, and what the
/// administrator has to know. Each has its own cap.
fn is_exempt(letter: &Letter) -> bool {
    letter.is_transcript() || letter.is_alert()
}
