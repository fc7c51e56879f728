//! Letters about a request: its verdict, a hold, that it waits too long, that it seems taken back.

use lettre::message::Mailbox;

use super::block::{Block, Fact, framed};
use super::fault::LetterFault;
use super::input::LetterInput;
use super::key::Key;
use super::message::{Message, answer_subject, bare, bare_subject, mailbox, thread_under};
use super::writer::{Draft, LetterWriter};
use super::{facts, outcome, problems};
use crate::mail::words::{self, LetterContext, counted, holds, outcomes, refusals};
use crate::pull::ci_change::CiDifference;
use crate::pull::decision::clock;
use crate::pull::hold::HoldReason;
use crate::pull::ids::ObjectId;
use crate::pull::letter::About;
use crate::pull::request::{Stage, unproved};
use crate::pull::verdict::{Audience, Outcome, Refusal, Verdict};

/// What a letter about a request is, apart from its text.
struct Kind<'a> {
    /// In one word, for its header.
    word: &'a str,
    /// In front of the subject, for whoever reads of many requests.
    label: &'a str,
    key: Key,
}

impl LetterWriter {
    /// Writes what the request's verdict has to say to its audience; `None` where there is no
    /// verdict yet, or silence is the answer.
    ///
    /// # Errors
    /// The author's address is none, and nobody else would get the letter.
    pub(crate) fn verdict(&self, input: &LetterInput<'_>) -> Result<Option<Draft>, LetterFault> {
        let Some(verdict) = input.pull.stage.verdict() else { return Ok(None) };
        let Some(audience) = verdict.audience() else { return Ok(None) };
        let (key, blocks) = match verdict {
            Verdict::Tested { outcome, .. } => (outcome.word(), tested(input, outcome)),
            Verdict::Refused { why, .. } => (refusals::key(why), refused(input, why)),
            Verdict::Landed
            | Verdict::Cancelled { .. }
            | Verdict::Ignored { .. }
            | Verdict::Repeated { .. }
            | Verdict::Superseded { .. } => return Ok(None),
        };
        let key = key_of(input, facts::attempt(input), &format!("verdict {key}"));
        let kind = Kind { word: verdict.word(), label: "Not tested", key };
        self.finish(self.about_pull(input, audience, kind, blocks)?).map(Some)
    }

    /// Writes that a request waits for a person's approval: to its author, or to the release
    /// managers. `None` if it is not held, or the audience is another.
    ///
    /// # Errors
    /// The author's address is none.
    pub(crate) fn held(
        &self,
        input: &LetterInput<'_>,
        audience: Audience,
    ) -> Result<Option<Draft>, LetterFault> {
        let Stage::Held { reason, .. } = &input.pull.stage else { return Ok(None) };
        let (words, attempt) = match audience {
            // However often it is held, its author is told once: the same letter is not sent again.
            Audience::Author => (holds::for_author(reason), 0),
            Audience::Managers => {
                let what = facts::approved_by_name(input.pull, reason);
                let words = holds::for_managers(reason, input.pull.number, what);
                (words, facts::attempt(input))
            }
            Audience::Thread | Audience::Administrator | Audience::Asker => return Ok(None),
        };
        let mut shown = vec![Block::Facts(overview(input))];
        shown.extend(what_holds(input, reason, audience));
        let key = key_of(input, attempt, holds::key(reason));
        let kind = Kind { word: "held", label: "Held", key };
        self.finish(self.about_pull(input, audience, kind, framed(words, shown))?).map(Some)
    }

    /// Writes to the release managers that a request has had no answer for too long, and why.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn unanswered(
        &self,
        input: &LetterInput<'_>,
        because: &str,
    ) -> Result<Draft, LetterFault> {
        let waited = input.now.duration_since(input.pull.received_at).as_secs().max(0);
        let words = words::unanswered(input.pull.number, waited.unsigned_abs(), because);
        let blocks = framed(words, vec![Block::Facts(overview(input))]);
        let key = key_of(input, facts::attempt(input), "unanswered");
        let kind = Kind { word: "unanswered", label: "Unanswered", key };
        self.finish(self.about_pull(input, Audience::Managers, kind, blocks)?)
    }

    /// Writes to the release managers that a request's author seems to take it back; `None` if no
    /// such mail is known.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn retracted(&self, input: &LetterInput<'_>) -> Result<Option<Draft>, LetterFault> {
        let Some(retraction) = &input.pull.retraction else { return Ok(None) };
        let words = words::retracted(input.pull.number, input.pull.stage.verdict().is_some());
        let mut facts = what_it_is(input);
        facts.extend(facts::request(input, None));
        let said = Block::Verbatim(vec![retraction.said.clone()]);
        let blocks = framed(words, vec![said, Block::Facts(facts)]);
        let key = key_of(input, facts::attempt(input), "retracted");
        let kind = Kind { word: "retracted", label: "Taken back", key };
        let mut message = self.about_pull(input, Audience::Managers, kind, blocks)?;
        // Anybody can write it in the author's name.
        message.unproved = true;
        self.finish(message).map(Some)
    }

    fn about_pull(
        &self,
        input: &LetterInput<'_>,
        audience: Audience,
        kind: Kind<'_>,
        blocks: Vec<Block>,
    ) -> Result<Message, LetterFault> {
        let cover = input.pull.mail();
        let (to, cc) = self.readers(input, audience)?;
        let subject = match audience {
            Audience::Thread | Audience::Author => answer_subject(&cover.subject),
            Audience::Managers | Audience::Administrator | Audience::Asker => {
                format!("{}: {}", kind.label, bare_subject(&cover.subject))
            }
        };
        let verdict = ("Verdict", kind.word.to_owned());
        Ok(Message {
            about: About::Pull(input.pull.number),
            audience,
            to,
            cc,
            list: (audience == Audience::Thread).then(|| input.list.name.clone()),
            subject,
            thread: thread_under(&cover.message_id, &cover.references),
            key: kind.key,
            headers: [verdict].into_iter().chain(facts::headers(input)).collect(),
            blocks,
            on_behalf_of: Some(input.list.address.clone()),
            attached: Vec::new(),
            unproved: unproved::is_unproved(&input.pull.stage),
            now: input.now,
        })
    }

    /// To and Cc. On the thread an author whose address no server would take is left out: the
    /// list still gets its answer.
    fn readers(
        &self,
        input: &LetterInput<'_>,
        audience: Audience,
    ) -> Result<(Vec<Mailbox>, Vec<Mailbox>), LetterFault> {
        let author = mailbox(&input.pull.mail().author);
        match audience {
            Audience::Thread => {
                let list = bare(&input.list.address)?;
                Ok(match author {
                    Ok(author) if author.email != list.email => (vec![author], vec![list]),
                    Ok(_) | Err(_) => (vec![list], Vec::new()),
                })
            }
            Audience::Author => Ok((vec![author?], Vec::new())),
            Audience::Managers | Audience::Asker => Ok((self.managers.clone(), Vec::new())),
            Audience::Administrator => Ok((vec![self.administrator.clone()], Vec::new())),
        }
    }
}

fn key_of(input: &LetterInput<'_>, attempt: u32, kind: &str) -> Key {
    let mail = &input.pull.mail().message_id;
    Key::about_pull(mail, facts::tag_id(input.pull), attempt, kind)
}

fn context<'a>(input: &LetterInput<'a>, base: Option<ObjectId>) -> LetterContext<'a> {
    LetterContext {
        branch: &input.target.branch,
        base,
        pull: Some(input.pull.number),
        revision: input.pull.mail().revision,
        again: words::again(input.list.retest_by_mail, input.managers),
    }
}

fn tested(input: &LetterInput<'_>, outcome: &Outcome) -> Vec<Block> {
    let base = facts::base(input.run, outcome);
    let words = outcomes::in_letter(outcome, &context(input, base));
    let mut facts = facts::request(input, base);
    facts.extend(facts::tested(input.run, outcome));
    let mut shown = vec![Block::Facts(facts)];
    shown.extend(outcome::shown(outcome, input.run, input.target, input.drift));
    framed(words, shown)
}

fn refused(input: &LetterInput<'_>, why: &Refusal) -> Vec<Block> {
    let words = refusals::in_letter(why, input.pull.mail(), &context(input, None));
    let mut shown = vec![Block::Facts(facts::request(input, None))];
    if let Refusal::Checks(found) = why {
        shown.extend(problems::listed(found, input.pull.mail()));
    }
    framed(words, shown)
}

/// What holds it, where that is more than a sentence: problems of its commits; what it would change
/// in CI, for those who decide.
fn what_holds(input: &LetterInput<'_>, reason: &HoldReason, audience: Audience) -> Vec<Block> {
    match reason {
        HoldReason::Checks { problems: found } => problems::listed(found, input.pull.mail()),
        HoldReason::CiChanged { difference, .. } if audience == Audience::Managers => {
            changes(difference)
        }
        HoldReason::Backlog
        | HoldReason::LateArrival
        | HoldReason::OldTag { .. }
        | HoldReason::UnknownKey { .. }
        | HoldReason::Moved { .. }
        | HoldReason::CiChanged { .. } => Vec::new(),
    }
}

fn changes(difference: &CiDifference) -> Vec<Block> {
    let what = format!("What would change (difference {}):", difference.short());
    let more = counted(difference.unsaid().into(), "more change");
    let more = format!("And {more}: `gatepost show` has them all.");
    let more = (difference.unsaid() > 0).then_some(Block::Paragraph(more));
    let shown = [Block::Paragraph(what), Block::Items(difference.lines.clone())];
    shown.into_iter().chain(more).collect()
}

/// What a request is, for whoever reads of many.
fn what_it_is(input: &LetterInput<'_>) -> Vec<Fact> {
    let cover = input.pull.mail();
    vec![facts::subject(&cover.subject), ("author", cover.author.called().to_owned())]
}

/// The same, with what it asks for.
fn overview(input: &LetterInput<'_>) -> Vec<Fact> {
    let mut facts = what_it_is(input);
    facts.push(("received", clock(input.pull.received_at)));
    facts.extend(facts::request(input, None));
    facts
}
