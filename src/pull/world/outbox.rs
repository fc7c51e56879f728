//! The outbox: which letters go now, and how many an address may get in an hour. Letters that are
//! on their way count before the server has taken them, so that a burst does not pass the cap.
//!
//! Caps must be no weapon. Anybody can make the bot write to somebody whom it knows, by mails in that
//! person's name. So what nothing proves has allowances of its own: it uses up nobody's verdicts, and
//! a flood of it makes only itself wait. And a list's copy waits for no other reader's.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::settle::Wake;
use super::{Effect, Subject, World};
use crate::pull::aside::RecordKey;
use crate::pull::ids::{MessageId, PullNumber};
use crate::pull::letter::rules::{self as letter_rules, LetterEvent, LetterSituation};
use crate::pull::letter::{About, Allowance, Cause, Letter, LetterState};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// When to ask again for an address whose letters are all still on their way.
const SOON: SignedDuration = SignedDuration::from_mins(1);

/// How many hours' worth of letters about unproved mail may wait; more are not kept.
const HOURS_WORTH: usize = 5;

/// How many letters are on their way, and to whom.
#[derive(Default)]
struct Going {
    to: BTreeMap<(Allowance, String), usize>,
    in_all: usize,
    unproved: usize,
}

impl Going {
    fn count(&mut self, letter: &Letter) {
        let allowance = letter.allowance();
        match allowance {
            Allowance::Alerts | Allowance::Answers => {}
            Allowance::Unproved => self.unproved += 1,
            Allowance::Verdicts | Allowance::Others => self.in_all += 1,
        }
        for address in &letter.recipients {
            *self.to.entry((allowance, address.clone())).or_default() += 1;
        }
    }
}

impl World {
    pub(super) fn settle_letters(
        &mut self,
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) {
        let lately = |at: &Timestamp| now.duration_since(*at) < HOUR;
        self.sent.values_mut().for_each(|times| times.retain(lately));
        self.sent.retain(|_, times| !times.is_empty());
        self.sent_in_all.retain(lately);
        self.sent_unproved.retain(lately);
        let mut going = Going::default();
        for letter in self.letters.values() {
            if self.in_flight.contains(&Subject::Letter(letter.id.clone())) {
                going.count(letter);
            }
        }
        for id in self.letters.keys().cloned().collect::<Vec<_>>() {
            self.working_on(RecordKey::Letter(id.clone()), |world| {
                world.settle_letter(&id, &mut going, effects, wake, now);
            });
        }
    }

    /// Letters about a request that are not sent yet; one that is set aside is not waited for.
    pub(super) fn letters_open(&self, number: PullNumber) -> usize {
        let about = About::Pull(number);
        let open = |letter: &&Letter| {
            letter.about == about
                && !letter.state.is_final()
                && !self.is_aside(&RecordKey::Letter(letter.id.clone()))
        };
        self.letters.values().filter(open).count()
    }

    /// Whether so many letters about unproved mail wait already, for its reader or for everybody, that
    /// this one is not kept.
    pub(super) fn waits_for_too_many(&self, letter: &Letter) -> bool {
        if letter.cause == Cause::Proved {
            return false;
        }
        let of_this = |other: &&Letter| {
            other.cause == Cause::Unproved && !other.state.is_final() && other.id != letter.id
        };
        let waiting: Vec<&Letter> = self.letters.values().filter(of_this).collect();
        let to_reader = |other: &&&Letter| other.recipients == letter.recipients;
        let most = |an_hour: u32| many(an_hour).saturating_mul(HOURS_WORTH);
        waiting.len() >= most(self.policy.letters_per_hour_in_all)
            || waiting.iter().filter(to_reader).count() >= most(self.policy.letters_per_hour)
    }

    fn settle_letter(
        &mut self,
        id: &MessageId,
        going: &mut Going,
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) {
        let subject = Subject::Letter(id.clone());
        let Some(letter) = self.letters.get(id) else { return };
        let aside = self.is_aside(&RecordKey::Letter(id.clone()));
        if aside || self.in_flight.contains(&subject) || letter.state.is_final() {
            return;
        }
        let allowance = letter.allowance();
        if self.overlay.stop.is_some() && allowance != Allowance::Answers
            || self.overlay.breaker.is_some() && !is_exempt(allowance)
        {
            return;
        }
        let own_copies = letter.list.as_ref().and_then(|list| self.policy.lists.get(list));
        let read_at = own_copies.and_then(|list| self.read_at.get(&list.own_copies)).copied();
        let (capped_until, put_off) = self.caps(letter, going, now);
        let situation = LetterSituation { read_at, capped_until };
        let decision = letter_rules::decide(letter, situation, now);
        wake.add(decision.wake_at);
        if decision.action.is_none() || self.is_a_flood(allowance, going, wake, now) {
            return;
        }
        if let Some(letter) = self.letters.get_mut(id) {
            letter.put_off(&put_off);
            going.count(letter);
        }
        self.letter_event(id, LetterEvent::Begun, now);
        self.in_flight.insert(subject);
        effects.extend(self.letters.get(id).cloned().map(|l| Effect::Send(Box::new(l))));
    }

    /// Whether too many letters went out in all. A flood is a fault of the bot's, or somebody's
    /// trick: a person has to look. What nothing proves is no fault of the bot's, and waits.
    fn is_a_flood(
        &mut self,
        allowance: Allowance,
        going: &Going,
        wake: &mut Wake,
        now: Timestamp,
    ) -> bool {
        let most = many(self.policy.letters_per_hour_in_all);
        match allowance {
            Allowance::Alerts | Allowance::Answers => false,
            Allowance::Unproved => {
                let over = self.sent_unproved.len() + going.unproved >= most;
                let oldest = self.sent_unproved.first().map_or(now + SOON, |at| *at + HOUR);
                wake.add(over.then_some(oldest));
                over
            }
            Allowance::Verdicts | Allowance::Others => {
                let gone = self.sent_in_all.len() + going.in_all;
                if gone >= most {
                    self.break_circuit(gone, now);
                }
                gone >= most
            }
        }
    }

    /// Until when a letter has to wait for an allowance, and which readers are put off so that the
    /// list need not wait for them. A letter that may be on its way goes to the same ones again.
    fn caps(
        &self,
        letter: &Letter,
        going: &Going,
        now: Timestamp,
    ) -> (Option<Timestamp>, Vec<String>) {
        let allowance = letter.allowance();
        let capped = |to: &&String| self.capped_until(allowance, to, going, now).is_some();
        let list = letter.list.as_ref().and_then(|list| self.policy.lists.get(list));
        let is_list = |to: &&String| list.is_some_and(|list| **to == list.address);
        let fresh = matches!(letter.state, LetterState::Ready { .. });
        let list_goes = letter.recipients.iter().any(|to| is_list(&to) && !capped(&to));
        if fresh && list_goes {
            let others = letter.recipients.iter().filter(|to| !is_list(to));
            return (None, others.filter(capped).cloned().collect());
        }
        let until = |to: &String| self.capped_until(allowance, to, going, now);
        (letter.recipients.iter().filter_map(until).max(), Vec::new())
    }

    /// Until when an address has had enough letters of that kind; lists count like anybody.
    fn capped_until(
        &self,
        allowance: Allowance,
        address: &str,
        going: &Going,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if allowance == Allowance::Answers {
            return None;
        }
        let key = (allowance, address.to_owned());
        let sent = self.sent.get(&key).map_or(&[][..], Vec::as_slice);
        let on_the_way = going.to.get(&key).copied().unwrap_or_default();
        let cap = many(self.policy.letters_per_hour);
        let over = (sent.len() + on_the_way + 1).checked_sub(cap).filter(|over| *over > 0)?;
        // Room is made when that many of the oldest are an hour old.
        Some(sent.get(over - 1).map_or(now + SOON, |at| *at + HOUR))
    }
}

fn many(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What goes out when outgoing mail is stopped: the answers to commands, which end that, and what the
/// administrator has to know.
fn is_exempt(allowance: Allowance) -> bool {
    match allowance {
        Allowance::Alerts | Allowance::Answers => true,
        Allowance::Verdicts | Allowance::Unproved | Allowance::Others => false,
    }
}
