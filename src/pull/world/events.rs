//! What happened to one record, and what that means for others. Late events change nothing.

use jiff::Timestamp;

use super::World;
use crate::pull::alert::Alert;
use crate::pull::aside::RecordKey;
use crate::pull::ci_policy;
use crate::pull::ids::{MessageId, PullNumber, RunId};
use crate::pull::letter::About;
use crate::pull::letter::rules::{self as letter_rules, LetterEvent};
use crate::pull::records::HistoryEntry;
use crate::pull::request::Stage;
use crate::pull::request::apply as pull_rules;
use crate::pull::request::event::{Examined, PullEvent};
use crate::pull::run::apply as run_rules;
use crate::pull::run::event::RunEvent;
use crate::pull::run::{Run, Why};
use crate::pull::tag::{Facts, Verification};
use crate::pull::verdict::{Outcome, Refusal, Verdict};

impl World {
    /// Takes an event in, unless its request is set aside.
    pub(super) fn pull_event(&mut self, number: PullNumber, event: PullEvent, now: Timestamp) {
        if !self.is_pull_aside(number) {
            let key = RecordKey::Pull(number);
            self.working_on(key, |world| world.happened_to_pull(number, event, now));
        }
    }

    fn happened_to_pull(&mut self, number: PullNumber, event: PullEvent, now: Timestamp) {
        let Some(pull) = self.stored.pulls.get_mut(&number) else { return };
        // What was looked at is the target's tip: a request is never looked at twice for one tip.
        if let PullEvent::Examined(Examined { facts: Facts { head, .. }, .. })
        | PullEvent::Looked { head, .. } = &event
        {
            let at = self.memory.heads.get(&pull.target).map_or(now, |(_, at)| *at);
            self.memory.heads.insert(pull.target.clone(), (Some(*head), at));
        }
        let proved = match &event {
            PullEvent::SendersProved { of, theirs, .. } => Some((*of, *theirs)),
            _ => None,
        };
        let before = pull.stage.clone();
        let what = variant(&event);
        let Some(told) = pull_rules::apply(pull, event, &self.policy, now) else {
            let late = format!("{what} comes too late: it is {}", pull.stage.word());
            self.changed.log.push((format!("request {number}"), late));
            return;
        };
        self.changed.pulls.insert(number);
        let after = pull.stage.clone();
        if let Some(what) = told {
            let stage = after.word().to_owned();
            let subject = format!("request {number}");
            self.changed.log.push((subject, what.clone()));
            self.changed.history.push((number, HistoryEntry { at: now, stage, what }));
        }
        if let Some((of, proof)) = proved
            && let Some(other) = self.stored.pulls.get_mut(&of)
        {
            other.proof.get_or_insert(proof);
            self.changed.pulls.insert(of);
        }
        if before != after {
            self.outdate(number);
            self.follow(&before, &after, now);
        }
    }

    /// What a request's change means for others: a run that nobody needs is stopped, a refusal
    /// that nobody hears of is counted.
    fn follow(&mut self, before: &Stage, after: &Stage, now: Timestamp) {
        if let (Stage::Running { run, .. }, Some(verdict)) = (before, after.verdict()) {
            let outcome = match verdict {
                Verdict::Cancelled { by } => Some(Outcome::Cancelled { by: by.clone() }),
                Verdict::Landed => Some(Outcome::AlreadyMerged),
                Verdict::Superseded { by } => {
                    Some(Outcome::Cancelled { by: format!("request {by}, which supersedes it") })
                }
                Verdict::Ignored { by }
                | Verdict::Refused { why: Refusal::Person { by, .. }, .. } => {
                    Some(Outcome::Cancelled { by: by.clone() })
                }
                Verdict::Tested { .. } | Verdict::Refused { .. } | Verdict::Repeated { .. } => None,
            };
            if let Some(outcome) = outcome {
                self.lift(&RecordKey::Run(*run));
                self.run_event(*run, RunEvent::Stopped(outcome), now);
            }
        }
        if let Stage::Concluded { verdict: Verdict::Refused { why, sender_known: false }, .. } =
            after
        {
            self.count(refusal_word(why), now);
        }
    }

    /// Takes an event in, unless its run is set aside.
    pub(super) fn run_event(&mut self, id: RunId, event: RunEvent, now: Timestamp) {
        let key = RecordKey::Run(id);
        if !self.is_aside(&key) {
            self.working_on(key, |world| world.happened_to_run(id, event, now));
        }
    }

    fn happened_to_run(&mut self, id: RunId, event: RunEvent, now: Timestamp) {
        let event = match event {
            RunEvent::CiCompared(change) => {
                let pull = self.stored.runs.get(&id).and_then(Run::of);
                ci_policy::compared(change, pull.and_then(|pull| self.stored.pulls.get(&pull)))
            }
            event => event,
        };
        let Some(run) = self.stored.runs.get_mut(&id) else { return };
        let Some(target) = self.policy.targets.get(&run.target) else { return };
        if let RunEvent::BaseRead(head) = &event {
            self.memory.heads.insert(run.target.clone(), (Some(*head), now));
        }
        let what = variant(&event);
        let Some(told) = run_rules::apply(run, event, target, now) else {
            let late = format!("{what} comes too late: it is {}", run.stage.word());
            self.changed.log.push((format!("run {id}"), late));
            return;
        };
        self.changed.runs.insert(id);
        let stands = run.of().filter(|_| run.is_cleared(target));
        if let Some(what) = told {
            let stage = run.stage.word().to_owned();
            if let Why::Attempt { pull, .. } = run.why {
                let what = format!("run {id}: {what}");
                self.changed.history.push((pull, HistoryEntry { at: now, stage, what }));
            }
            self.changed.log.push((format!("run {id}"), what));
        }
        if let Some(number) = stands
            && let Some(pull) = self.stored.pulls.get_mut(&number)
            && !pull.lineage.stands
        {
            pull.lineage.stands = true;
            self.changed.pulls.insert(number);
        }
    }

    /// One address that nothing reaches must not keep a letter from the others.
    fn without_unreachable(
        &mut self,
        id: &MessageId,
        event: LetterEvent,
        now: Timestamp,
    ) -> LetterEvent {
        let LetterEvent::Unreachable { address, trouble } = event else { return event };
        let Some(letter) = self.stored.letters.get_mut(id) else {
            return LetterEvent::Rejected(trouble);
        };
        let list = letter.list.as_ref().and_then(|list| self.policy.lists.get(list));
        let is_it = |to: &String| to.eq_ignore_ascii_case(&address);
        if list.is_some_and(|list| is_it(&list.address)) || letter.recipients.iter().all(is_it) {
            return LetterEvent::Rejected(trouble);
        }
        letter.recipients.retain(|to| !is_it(to));
        letter.blind = letter.blind.take().filter(|own| !is_it(own));
        let detail = format!(
            "The mail server takes no letter to {address}: {}. The letter {:?} goes to the others; \
             see that the address is right, or take it out.",
            trouble.detail, letter.subject
        );
        self.count("recipients left out because the mail server refuses them", now);
        // Which addresses these are is up to whoever mails: they are told together.
        let subject = "An address can't be written to".to_owned();
        self.collect(Alert { subject, detail }, &address, now);
        LetterEvent::Deferred(trouble)
    }

    /// Takes an event in, unless its letter is set aside.
    pub(super) fn letter_event(&mut self, id: &MessageId, event: LetterEvent, now: Timestamp) {
        let key = RecordKey::Letter(id.clone());
        if !self.is_aside(&key) {
            self.working_on(key, |world| world.happened_to_letter(id, event, now));
        }
    }

    fn happened_to_letter(&mut self, id: &MessageId, event: LetterEvent, now: Timestamp) {
        let event = self.without_unreachable(id, event, now);
        let Some(letter) = self.stored.letters.get_mut(id) else { return };
        let rejected = if let LetterEvent::Rejected(trouble) = &event {
            Some((letter.recipients.join(", "), trouble.detail.clone()))
        } else {
            None
        };
        // What may have arrived counts as well: the cap is for whoever has to read it.
        let counts = match &event {
            LetterEvent::Accepted | LetterEvent::SeenOnList | LetterEvent::Uncertain(_) => true,
            LetterEvent::Begun
            | LetterEvent::Deferred(_)
            | LetterEvent::Rejected(_)
            | LetterEvent::Unreachable { .. } => false,
        };
        let subject = format!("letter {:?}", letter.subject);
        let what = letter_words(&event);
        let list = letter.list.as_ref().and_then(|list| self.policy.lists.get(list));
        let event = match (event, list) {
            // One bad recipient fails the whole transaction: the list must not go without.
            (LetterEvent::Rejected(trouble), Some(list))
                if letter.envelope().iter().any(|to| *to != list.address) =>
            {
                letter.recipients = vec![list.address.clone()];
                letter.blind = None;
                LetterEvent::Deferred(trouble)
            }
            (event, _) => event,
        };
        let readers = letter.recipients.clone();
        if !letter_rules::apply(letter, event, now) {
            return;
        }
        if counts {
            self.memory.tally.add(letter.allowance(), &readers, now);
        }
        let about_the_bot = letter.about == About::Bot;
        if let (Some((to, said)), false) = (rejected, about_the_bot) {
            let detail = format!(
                "The mail server refused the letter {:?} to {to} for good: {said}",
                letter.subject
            );
            self.raise(Alert { subject: "A letter was refused".into(), detail }, now);
        }
        self.changed.letters.insert(id.clone());
        self.changed.log.push((subject, what));
    }
}

fn letter_words(event: &LetterEvent) -> String {
    match event {
        LetterEvent::Begun => "is being sent".into(),
        LetterEvent::Accepted => "was accepted".into(),
        LetterEvent::Deferred(trouble) => format!("was not taken now: {}", trouble.detail),
        LetterEvent::Rejected(trouble) | LetterEvent::Unreachable { trouble, .. } => {
            format!("was refused: {}", trouble.detail)
        }
        LetterEvent::Uncertain(trouble) => {
            format!("may or may not have been taken: {}", trouble.detail)
        }
        LetterEvent::SeenOnList => "came back by the list".into(),
    }
}

fn refusal_word(why: &Refusal) -> &'static str {
    match why {
        Refusal::Signature(verification) => match verification {
            Verification::Unsigned => "unsigned requests that nobody was told of",
            Verification::UnknownKey { .. } => {
                "requests signed with unknown keys that nobody was told of"
            }
            Verification::NotListed { .. } => {
                "requests signed with keys that no maintainer has, that nobody was told of"
            }
            Verification::Good(_)
            | Verification::Bad { .. }
            | Verification::Expired { .. }
            | Verification::Revoked { .. }
            | Verification::Weak { .. }
            | Verification::NameMismatch { .. } => "badly signed requests that nobody was told of",
        },
        Refusal::Signer(_) => "requests with tags that their senders may not submit, untold",
        Refusal::Person { .. } => "requests that a person refused, untold",
        Refusal::Checks(_) => "requests whose commits have problems, untold",
        Refusal::NoTag { .. } => "unsigned requests that nobody was told of",
        Refusal::UrlNotAllowed { .. } => {
            "requests with URLs that are not allowed that nobody was told of"
        }
        Refusal::RefMissing | Refusal::TipMismatch { .. } | Refusal::Unfetchable { .. } => {
            "requests that could not be fetched and nobody was told of"
        }
    }
}

/// An event's name, for the log.
fn variant(event: &impl std::fmt::Debug) -> String {
    let whole = format!("{event:?}");
    whole.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
