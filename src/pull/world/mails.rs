//! Mails to the command mailbox: what came is recorded, who wrote it is looked at, and then all its
//! commands are carried out in one transaction, with what came of each. So no crash repeats one.
//!
//! Races, and the choice made: the same signed text may come in two mails at once. Both are looked
//! at; the first one that comes back is obeyed, and the other one is refused as a replay.

use jiff::{SignedDuration, Timestamp};

use super::hand_out::HandOut;
use super::work::{MailWork, ReadCommands, Transcribe};
use super::{Cause, Subject, Work, World};
use crate::pull::alert::Alert;
use crate::pull::aside::RecordKey;
use crate::pull::audit::AuditEntry;
use crate::pull::command::{Answer, Sender, SenderProof};
use crate::pull::command_mail::judgement::{MailJudgement, MailReading, Obeyed, judge};
use crate::pull::command_mail::{
    CommandMail, Entry, MOST_WAITING, MailStage, PATIENCE, Transcript, shortened,
};
use crate::pull::fault::Fault;
use crate::pull::ids::MessageId;
use crate::pull::letter::rules::LetterEvent;
use crate::pull::request::Pull;
use crate::pull::rights::{Known, People, Role};
use crate::pull::verbs::Order;

const UNCHECKED: &str = "Who sent it could not be checked.";

const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl World {
    /// Takes a mail in. Where too many wait, one whose sender can't be checked now makes room: who
    /// it says to be from is not known yet, and nobody is to crowd others out in their name.
    pub(super) fn mail_came(&mut self, mail: CommandMail, now: Timestamp) {
        if self.stored.mails.contains_key(&mail.id)
            || self.stored.overlay.denied.contains_key(&mail.from)
        {
            return;
        }
        let waits = |mail: &&CommandMail| {
            matches!(mail.stage, MailStage::Received { .. })
                && !self.is_aside(&RecordKey::Mail(mail.id.clone()))
        };
        if self.stored.mails.values().filter(waits).count() >= MOST_WAITING && !self.make_room(now)
        {
            self.count("command mails beyond what may wait", now);
            let log = "passed over: too many wait".to_owned();
            self.changed.log.push((format!("command mail {}", mail.id.bracketed()), log));
            return;
        }
        self.changed.mails.insert(mail.id.clone());
        self.stored.mails.insert(mail.id.clone(), mail);
    }

    /// Gives up the mail that has been failing the longest; whether there was one.
    fn make_room(&mut self, now: Timestamp) -> bool {
        let failing = self.stored.mails.values().filter_map(|mail| match &mail.stage {
            MailStage::Received { read } => read.since.map(|since| (since, mail.id.clone())),
            MailStage::CarriedOut { .. } | MailStage::Closed { .. } => None,
        });
        let Some((_, id)) = failing.min() else { return false };
        self.unproved(&id, UNCHECKED.into(), now);
        true
    }

    /// Counts something of an address within the hour; whether it is one of as many as are taken.
    fn is_within_quota(&mut self, of: &str, now: Timestamp) -> bool {
        for times in self.memory.commanded.values_mut() {
            times.retain(|at| now.duration_since(*at) < HOUR);
        }
        self.memory.commanded.retain(|_, times| !times.is_empty());
        let most = usize::try_from(self.mails_per_hour()).unwrap_or(usize::MAX);
        let times = self.memory.commanded.entry(of.to_owned()).or_default();
        let is_one = times.len() < most;
        if is_one {
            times.push(now);
        }
        is_one
    }

    fn mails_per_hour(&self) -> u32 {
        self.policy.commands.as_ref().map_or(0, |commands| commands.mails_per_hour)
    }

    pub(super) fn settle_mails(&mut self, out: &mut HandOut) {
        for mail in self.stored.mails.values().cloned().collect::<Vec<_>>() {
            if self.rests(&RecordKey::Mail(mail.id.clone())) {
                continue;
            }
            let work: MailWork = match &mail.stage {
                MailStage::Received { read } if out.agenda.is_due(read.next_at) => {
                    ReadCommands.into()
                }
                MailStage::CarriedOut { transcript } => {
                    let transcript = Box::new(transcript.clone());
                    Transcribe { transcript, glance: Box::new(self.glance(out.agenda.now)) }.into()
                }
                MailStage::Received { .. } | MailStage::Closed { .. } => continue,
            };
            self.hand_out(out, Work::Mail(Box::new(mail), work));
        }
    }

    pub(super) fn commands_read(&mut self, id: &MessageId, reading: MailReading, now: Timestamp) {
        let Some(mail) = self.stored.mails.get(id) else { return };
        let MailStage::Received { read } = &mail.stage else { return };
        let judged = match reading {
            MailReading::Failed(trouble) if !read.failing_for(now, PATIENCE) => {
                let read = read.after_failure(now, trouble.detail, trouble.retry_after);
                return self.move_mail(id, MailStage::Received { read });
            }
            MailReading::Failed(Fault { public, .. }) => {
                MailJudgement::Unproved { why: public.unwrap_or_else(|| UNCHECKED.into()) }
            }
            MailReading::Gone => MailJudgement::Nothing,
            MailReading::Found(found) => match &self.policy.commands {
                Some(policy) => judge(mail, &found, policy, now),
                None => MailJudgement::Nothing,
            },
        };
        match judged {
            MailJudgement::Nothing => self.close_mail(id, now),
            MailJudgement::Unproved { why } => self.unproved(id, why, now),
            MailJudgement::Refused { why } => {
                self.refused_mail(id, format!("refused: {why}"), now);
                self.close_mail(id, now);
            }
            MailJudgement::Obey(obeyed) => self.proved(id, obeyed, now),
        }
    }

    /// Has a mail's commands carried out, unless it is a replay, a stranger's or one too many.
    fn proved(&mut self, id: &MessageId, obeyed: Obeyed, now: Timestamp) {
        if obeyed.digests.iter().any(|digest| self.seen.contains(digest)) {
            let why = "refused: what is signed in it was acted on before".to_owned();
            self.refused_mail(id, why, now);
            return self.close_mail(id, now);
        }
        for digest in &obeyed.digests {
            self.changed.seen.push((digest.clone(), id.clone()));
            self.aside.fresh_digests.push(digest.clone());
            self.seen.insert(digest.clone());
        }
        let by = &obeyed.given.by.address;
        if self.role(by, obeyed.given.maintainer).is_none() {
            self.count("command mails of strangers", now);
            return self.close_mail(id, now);
        }
        if !self.is_within_quota(by, now) {
            let most = self.mails_per_hour();
            let why = format!(
                "More than {most} mails of yours came within an hour. Sign it anew and send it \
                 again, later."
            );
            return self.refuse_and_tell(id, why, "too many mails of", now);
        }
        let cause = Cause::Orders(id.clone());
        self.working(cause, |world| world.carry_out(id, obeyed, now));
    }

    fn carry_out(&mut self, id: &MessageId, obeyed: Obeyed, now: Timestamp) {
        let Some(mail) = self.stored.mails.get(id) else { return };
        let by_list = mail.list.is_some();
        let Obeyed { lines, given, remark, .. } = obeyed;
        let mut transcript = Transcript { remark, ..Transcript::default() };
        let mut refused = false;
        for (line, command) in lines {
            let order = Order { line, command, given: given.clone() };
            let answer = self.obey(&order, now);
            match (&order.command, &answer) {
                (Ok(command), Answer::Done(_)) => transcript.note_copies(command.row().copies),
                (_, Answer::Refused(_)) => refused = true,
                (Ok(_) | Err(_), Answer::Done(_) | Answer::Look(_)) => {}
            }
            transcript.entries.push(Entry::new(&order.line, answer));
        }
        let nothing = transcript.entries.is_empty() && transcript.remark.is_none();
        // On a list the thread gets to see what came of a retest.
        if nothing || by_list && !refused {
            self.close_mail(id, now);
        } else {
            let transcript = transcript.bounded();
            self.move_mail(id, MailStage::CarriedOut { transcript });
        }
    }

    /// Tells whoever the mail says it is from that it proves nothing, if the bot trusts that address
    /// with something: once a day, for it may be somebody else's mail. Anybody can become the author
    /// of a request, in anybody's name.
    fn unproved(&mut self, id: &MessageId, why: String, now: Timestamp) {
        self.refuse_and_tell(id, why, "what proves nothing, in the name of", now);
    }

    /// As [`Self::unproved`]; `what` is what they are not told twice within a day.
    fn refuse_and_tell(&mut self, id: &MessageId, why: String, what: &str, now: Timestamp) {
        self.refused_mail(id, format!("refused: {why}"), now);
        let Some(mail) = self.stored.mails.get(id) else { return };
        let from = mail.from.clone();
        let known = mail.list.is_none()
            && self.role(&from, mail.maintainer).is_some_and(|role| role >= Role::Maintainer);
        if !known || !self.may_tell_refused(&format!("{what} {from}"), now) {
            return self.close_mail(id, now);
        }
        let why = shortened(&why, 1_000);
        let transcript = Transcript { remark: Some(why), refused: true, ..Transcript::default() };
        self.move_mail(id, MailStage::CarriedOut { transcript });
    }

    /// Writes a mail that was refused as a whole into the audit trail; of each address only so many
    /// an hour, for anybody may send them.
    fn refused_mail(&mut self, id: &MessageId, outcome: String, now: Timestamp) {
        let Some(mail) = self.stored.mails.get(id).cloned() else { return };
        let outcome = shortened(&outcome, 1_000);
        self.changed.log.push((format!("command mail {}", id.bracketed()), outcome.clone()));
        // Who is only an author of a request may be anybody, under as many names as they like: all
        // of them together count like one.
        let known = self.role(&mail.from, mail.maintainer) >= Some(Role::Maintainer);
        let who = if known { mail.from.as_str() } else { "authors" };
        if !self.is_within_quota(&format!("refused: {who}"), now) {
            return self.count("command mails that were refused, beyond what is written down", now);
        }
        self.changed.audit.push(AuditEntry {
            at: now,
            by: Sender { address: mail.from, how: SenderProof::Nothing },
            mail: Some(id.clone()),
            command: String::new(),
            pull: None,
            outcome,
            carried_out: false,
        });
    }

    /// Who an address is; `None`: nobody the bot listens to.
    fn role(&self, address: &str, maintainer: bool) -> Option<Role> {
        let asked = |pull: &Pull| pull.mail().author.address.eq_ignore_ascii_case(address);
        let author = self.stored.pulls.values().any(asked);
        let people = People {
            administrator: &self.policy.administrator,
            managers: &self.policy.managers,
            overlay: &self.stored.overlay,
        };
        people.role(address, Known { maintainer, author })
    }

    pub(super) fn close_mail(&mut self, id: &MessageId, now: Timestamp) {
        self.move_mail(id, MailStage::Closed { at: now });
    }

    fn move_mail(&mut self, id: &MessageId, stage: MailStage) {
        if let Some(mail) = self.stored.mails.get_mut(id) {
            mail.stage = stage;
            self.changed.mails.insert(id.clone());
        }
    }

    /// An effect that was handed out before a person stopped everything, and did nothing.
    pub(super) fn withheld(&mut self, subject: &Subject, now: Timestamp) {
        if let Subject::Letter(id) = subject {
            let trouble = Fault {
                detail: "a person has stopped everything".into(),
                public: None,
                retry_after: None,
                kind: crate::pull::fault::FaultKind::Temporary,
            };
            self.letter_event(id, LetterEvent::Deferred(trouble), now);
        }
    }

    /// Stops outgoing mail, and tells the administrator.
    pub(super) fn break_circuit(&mut self, letters: usize, now: Timestamp) {
        let reason = format!("{letters} letters went out within an hour");
        let by = "the bot itself".to_owned();
        self.stored.overlay.breaker = Some(crate::pull::overlay::Pause { reason, by, at: now });
        self.changed.overlay = true;
        self.raise(
            Alert {
                subject: "Outgoing mail is stopped".into(),
                detail: format!(
                    "{letters} letters went out within an hour, which is as many as \
                     letters_per_hour_in_all allows. No letter goes out until you say so, but \
                     answers to commands and letters to you: look at `gatepost status`, then \
                     give the command \"resume\"."
                ),
            },
            now,
        );
    }
}
