//! Mails to the command mailbox: what came is recorded, who wrote it is looked at, and then all its
//! commands are carried out in one transaction, with what came of each. So no crash repeats one.
//!
//! Races, and the choice made: the same signed text may come in two mails at once. Both are looked
//! at; the first one that comes back is obeyed, and the other one is refused as a replay.

use jiff::{SignedDuration, Timestamp};

use super::rights::Role;
use super::work::{HandOut, MailWork, ReadCommands, Transcribe};
use super::{Cause, Subject, Work, World};
use crate::pull::alert::Alert;
use crate::pull::aside::RecordKey;
use crate::pull::audit::AuditEntry;
use crate::pull::command::{Command, How, Sender};
use crate::pull::command_mail::{
    Answer, CommandMail, Entry, MOST_WAITING, MailReading, MailStage, Order, PATIENCE, Transcript,
    shortened,
};
use crate::pull::fault::Fault;
use crate::pull::ids::MessageId;
use crate::pull::letter::rules::LetterEvent;

const UNCHECKED: &str = "Who sent it could not be checked.";

const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl World {
    /// Takes a mail in. Where too many wait, one whose sender can't be checked now makes room: who
    /// it says to be from is not known yet, and nobody is to crowd others out in their name.
    pub(super) fn mail_came(&mut self, mail: CommandMail, now: Timestamp) {
        if self.mails.contains_key(&mail.id) || self.overlay.denied.contains_key(&mail.from) {
            return;
        }
        let waits = |mail: &&CommandMail| {
            matches!(mail.stage, MailStage::Received { .. })
                && !self.is_aside(&RecordKey::Mail(mail.id.clone()))
        };
        if self.mails.values().filter(waits).count() >= MOST_WAITING && !self.make_room(now) {
            self.count("command mails beyond what may wait", now);
            let log = "passed over: too many wait".to_owned();
            self.changed.log.push((format!("command mail {}", mail.id.bracketed()), log));
            return;
        }
        self.changed.mails.insert(mail.id.clone());
        self.mails.insert(mail.id.clone(), mail);
    }

    /// Gives up the mail that has been failing the longest; whether there was one.
    fn make_room(&mut self, now: Timestamp) -> bool {
        let failing = self.mails.values().filter_map(|mail| match &mail.stage {
            MailStage::Received { read } => read.since.map(|since| (since, mail.id.clone())),
            MailStage::CarriedOut { .. } | MailStage::Closed { .. } => None,
        });
        let Some((_, id)) = failing.min() else { return false };
        self.unproved(&id, UNCHECKED.into(), now);
        true
    }

    /// Counts something of an address within the hour; whether it is one of as many as are taken.
    fn is_within_quota(&mut self, of: &str, now: Timestamp) -> bool {
        for times in self.commanded.values_mut() {
            times.retain(|at| now.duration_since(*at) < HOUR);
        }
        self.commanded.retain(|_, times| !times.is_empty());
        let most = usize::try_from(self.policy.command_mails_per_hour).unwrap_or(usize::MAX);
        let times = self.commanded.entry(of.to_owned()).or_default();
        let is_one = times.len() < most;
        if is_one {
            times.push(now);
        }
        is_one
    }

    pub(super) fn settle_mails(&mut self, out: &mut HandOut) {
        for mail in self.mails.values().cloned().collect::<Vec<_>>() {
            if self.rests(&RecordKey::Mail(mail.id.clone())) {
                continue;
            }
            let work: MailWork = match &mail.stage {
                MailStage::Received { read } if out.is_due(read.next_at) => ReadCommands.into(),
                MailStage::CarriedOut { transcript } => {
                    let transcript = Box::new(transcript.clone());
                    Transcribe { transcript, glance: Box::new(self.glance(out.now)) }.into()
                }
                MailStage::Received { .. } | MailStage::Closed { .. } => continue,
            };
            self.hand_out(out, Work::Mail(Box::new(mail), work));
        }
    }

    pub(super) fn commands_read(&mut self, id: &MessageId, reading: MailReading, now: Timestamp) {
        let Some(mail) = self.mails.get(id) else { return };
        let MailStage::Received { read } = &mail.stage else { return };
        match reading {
            MailReading::Failed(trouble) if !read.failing_for(now, PATIENCE) => {
                let read = read.after_failure(now, trouble.detail, trouble.retry_after);
                self.move_mail(id, MailStage::Received { read });
            }
            MailReading::Failed(Fault { public, .. }) => {
                let why = public.unwrap_or_else(|| UNCHECKED.into());
                self.unproved(id, why, now);
            }
            MailReading::Nothing => self.close_mail(id, now),
            MailReading::Unproved { why } => self.unproved(id, why, now),
            MailReading::Refused { why } => {
                self.refused_mail(id, why, now);
                self.close_mail(id, now);
            }
            MailReading::Proved { orders, by, maintainer, remark, digests } => {
                if digests.iter().any(|digest| self.seen.contains(digest)) {
                    let why = "refused: what is signed in it was acted on before".to_owned();
                    self.refused_mail(id, why, now);
                    return self.close_mail(id, now);
                }
                for digest in digests {
                    self.changed.seen.push((digest.clone(), id.clone()));
                    self.aside.fresh_digests.push(digest.clone());
                    self.seen.insert(digest);
                }
                if self.role(&by.address, maintainer).is_none() {
                    self.count("command mails of strangers", now);
                    return self.close_mail(id, now);
                }
                if !self.is_within_quota(&by.address, now) {
                    let most = self.policy.command_mails_per_hour;
                    let why = format!(
                        "More than {most} mails of yours came within an hour. Sign it anew and send it \
                         again, later."
                    );
                    return self.refuse_and_tell(id, why, "too many mails of", now);
                }
                let cause = Cause::Orders(id.clone());
                self.working(cause, |world| world.carry_out(id, orders, remark, now));
            }
        }
    }

    fn carry_out(
        &mut self,
        id: &MessageId,
        orders: Vec<Order>,
        remark: Option<String>,
        now: Timestamp,
    ) {
        let Some(mail) = self.mails.get(id) else { return };
        let by_list = mail.list.is_some();
        let mut transcript = Transcript { remark, ..Transcript::default() };
        let mut refused = false;
        for order in orders {
            let answer = self.obey(&order, now);
            let changes = order.command.as_ref().is_ok_and(|command| command.row().changes);
            let done = matches!(answer, Answer::Done(_));
            transcript.changed |= changes && done;
            transcript.stopped |=
                done && matches!(order.command, Ok(Command::EmergencyStop { .. }));
            refused |= matches!(answer, Answer::Refused(_));
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
        let Some(mail) = self.mails.get(id) else { return };
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
        let Some(mail) = self.mails.get(id).cloned() else { return };
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
            by: Sender { address: mail.from, how: How::Nothing },
            mail: Some(id.clone()),
            command: String::new(),
            pull: None,
            outcome,
            carried_out: false,
        });
    }

    pub(super) fn transcribed(&mut self, id: &MessageId, now: Timestamp) {
        self.close_mail(id, now);
    }

    fn close_mail(&mut self, id: &MessageId, now: Timestamp) {
        self.move_mail(id, MailStage::Closed { at: now });
    }

    fn move_mail(&mut self, id: &MessageId, stage: MailStage) {
        if let Some(mail) = self.mails.get_mut(id) {
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
        self.overlay.breaker = Some(crate::pull::overlay::Pause { reason, by, at: now });
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
