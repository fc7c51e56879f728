//! The outbox: which letters go now, and how many an address may get in an hour. Letters that are
//! on their way count before the server has taken them, so that a burst does not pass the cap.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::settle::Wake;
use super::{Effect, Subject, World};
use crate::pull::aside::RecordKey;
use crate::pull::ids::{MessageId, PullNumber};
use crate::pull::letter::rules::{self as letter_rules, LetterEvent, LetterSituation};
use crate::pull::letter::{About, Letter};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// When to ask again for an address whose letters are all still on their way.
const SOON: SignedDuration = SignedDuration::from_mins(1);

/// How many letters are on their way to each address.
type Going = BTreeMap<String, usize>;

impl World {
    pub(super) fn settle_letters(
        &mut self,
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) {
        for times in self.sent.values_mut() {
            times.retain(|at| now.duration_since(*at) < HOUR);
        }
        self.sent.retain(|_, times| !times.is_empty());
        self.sent_in_all.retain(|at| now.duration_since(*at) < HOUR);
        let mut going = Going::new();
        let mut on_the_way = 0;
        for letter in self.letters.values() {
            if self.in_flight.contains(&Subject::Letter(letter.id.clone())) {
                count(&mut going, letter);
                on_the_way += usize::from(!is_exempt(letter));
            }
        }
        for id in self.letters.keys().cloned().collect::<Vec<_>>() {
            self.working_on(RecordKey::Letter(id.clone()), |world| {
                world.settle_letter(&id, (&mut going, &mut on_the_way), effects, wake, now);
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

    fn settle_letter(
        &mut self,
        id: &MessageId,
        (going, on_the_way): (&mut Going, &mut usize),
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) {
        let subject = Subject::Letter(id.clone());
        let Some(letter) = self.letters.get(id) else { return };
        let rests = self.rests(&RecordKey::Letter(id.clone()));
        if rests || self.in_flight.contains(&subject) || letter.state.is_final() {
            return;
        }
        if self.overlay.stop.is_some() && !letter.is_transcript()
            || self.overlay.breaker.is_some() && !is_exempt(letter)
        {
            return;
        }
        let own_copies = letter.list.as_ref().and_then(|list| self.policy.lists.get(list));
        let read_at = own_copies.and_then(|list| self.read_at.get(&list.own_copies)).copied();
        let recipients = letter.recipients.iter().filter(|_| !letter.is_transcript());
        let capped_until = recipients.filter_map(|to| self.capped_until(to, going, now)).max();
        let situation = LetterSituation { read_at, capped_until };
        let decision = letter_rules::decide(letter, situation, now);
        wake.add(decision.wake_at);
        if decision.action.is_some() {
            if !is_exempt(letter) {
                // A flood is a fault of the bot's, or somebody's trick: a person has to look.
                let gone = self.sent_in_all.len() + *on_the_way;
                if gone
                    >= usize::try_from(self.policy.letters_per_hour_in_all).unwrap_or(usize::MAX)
                {
                    self.break_circuit(gone, now);
                    return;
                }
                *on_the_way += 1;
            }
            count(going, letter);
            self.letter_event(id, LetterEvent::Begun, now);
            self.in_flight.insert(subject);
            effects.extend(self.letters.get(id).cloned().map(|l| Effect::Send(Box::new(l))));
        }
    }

    /// Until when an address has had enough letters; lists count like anybody.
    fn capped_until(&self, address: &str, going: &Going, now: Timestamp) -> Option<Timestamp> {
        let sent = self.sent.get(address).map_or(&[][..], Vec::as_slice);
        let on_the_way = going.get(address).copied().unwrap_or_default();
        let cap = usize::try_from(self.policy.letters_per_hour).unwrap_or(usize::MAX);
        let over = (sent.len() + on_the_way + 1).checked_sub(cap).filter(|over| *over > 0)?;
        // Room is made when that many of the oldest are an hour old.
        Some(sent.get(over - 1).map_or(now + SOON, |at| *at + HOUR))
    }
}

/// What goes out when outgoing mail is stopped: the answers to commands, which end that, and what the
/// administrator has to know. Each has its own cap.
fn is_exempt(letter: &Letter) -> bool {
    letter.is_transcript() || letter.is_alert()
}

/// Answers to commands do not count: how many commands of a sender are obeyed is bounded already.
fn count(going: &mut Going, letter: &Letter) {
    for address in letter.recipients.iter().filter(|_| !letter.is_transcript()) {
        *going.entry(address.clone()).or_default() += 1;
    }
}
