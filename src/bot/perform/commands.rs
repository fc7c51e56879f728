//! Mails to the command mailbox: finds out who wrote one and what it says, and writes its answer. It
//! must not decide anything: the rules say whether a mail is obeyed, who may give which command, and
//! what that does.

use super::{Worker, keep};
use crate::bot::answers;
use crate::bot::intake::is_to_commands;
use crate::bot::ports::Ports;
use crate::mail;
use crate::mail::commands::{Commands, of_mail, on_list};
use crate::mail::letter::{Answered, Copied, Told};
use crate::ports::{Authentication, Domain, Fault, FileName, Proof};
use crate::pull::alert::Alert;
use crate::pull::clean;
use crate::pull::command::{Answer, Item, Named, Offer};
use crate::pull::command_mail::judgement::{
    Bytes, Found, MailReading, Proved, ProvedBy, Said, adds_a_key,
};
use crate::pull::command_mail::{CommandMail, Transcript};
use crate::pull::ids::MessageId;
use crate::pull::policy::Policy;
use crate::pull::task::{Perform, Reply};
use crate::pull::verbs::Command;
use crate::pull::world::glance::Glance;
use crate::pull::world::work::{ReadCommands, Transcribe};

impl Perform<ReadCommands> for Worker<'_> {
    fn perform(&self, _: &ReadCommands, mail: &CommandMail) -> Reply<MailReading> {
        let reading = look_at(self.ports, self.policy, mail);
        Reply::from(reading, "Senders of command mails can't be checked")
    }
}

impl Perform<Transcribe> for Worker<'_> {
    fn perform(&self, task: &Transcribe, mail: &CommandMail) -> Reply<()> {
        transcribe(self.ports, mail, &task.transcript, &task.glance)
    }
}

fn look_at(ports: &Ports, policy: &Policy, mail: &CommandMail) -> Result<MailReading, Fault> {
    let Some(bytes) = ports.store.file(&FileName::CommandMail(mail.id.clone()))? else {
        return Ok(MailReading::Gone);
    };
    let mut found = Found { bytes: said_of_itself(ports, mail, &bytes), ..Found::default() };
    if found.bytes.objection(mail).is_some() {
        // It is refused in any case: the DNS is not asked about it.
        return Ok(MailReading::Found(found));
    }
    let now = ports.clock.now();
    let Authentication { openpgp, dkim, failures } =
        ports.authenticator.authenticate(&bytes, now)?;
    found.failures = failures;
    found.maintainer = ports.keyring.owner(&mail.from).is_some();
    found.thread = thread(ports, mail)?;
    found.answers_a_letter = answers_a_letter(ports, mail)?;
    let keys = openpgp.as_ref().map(|proof| proof.keys.clone()).unwrap_or_default();
    if let Some(proof) = openpgp {
        found.proofs.push(proved(ports, mail, found.thread, proof, ProvedBy::Key)?);
    }
    if let Some(proof) = dkim {
        let by = |domain: Domain| ProvedBy::Domain(domain.0);
        found.proofs.push(proved(ports, mail, found.thread, proof, by)?);
    }
    let overlay = ports.in_force.overlay();
    if let Some(policy) = &policy.commands
        && adds_a_key(mail, &found, policy, &ports.people(&overlay), now)
    {
        found.keys = offers(ports, &keys)?;
    }
    Ok(MailReading::Found(found))
}

fn said_of_itself(ports: &Ports, mail: &CommandMail, bytes: &[u8]) -> Bytes {
    let head = mail::heading(bytes);
    let to_commands = is_to_commands(&head, ports);
    let from = if mail.list.is_some() { head.author } else { head.from };
    Bytes {
        id: head.message_id,
        from: from.map(|from| from.address),
        to_commands,
        doubled: mail::doubled(bytes).map(str::to_owned),
    }
}

/// A proof, with what it proves that somebody said.
fn proved<Who>(
    ports: &Ports,
    mail: &CommandMail,
    thread: Option<Item>,
    proof: Proof<Who>,
    by: impl FnOnce(Who) -> ProvedBy,
) -> Result<Proved, Fault> {
    let Commands { lines, more, unsigned_subject } = match mail.list {
        Some(_) => {
            let lines = on_list(&proof.text).into_iter().collect();
            Commands { lines, ..Commands::default() }
        }
        None => of_mail(&proof.text, proof.subject.as_deref(), &mail.subject, thread.is_some()),
    };
    let mut said = Said { lines: Vec::new(), more, unsigned_subject };
    for line in lines {
        let command = match line.command {
            Ok(command) => Ok(by_number(ports, command)?),
            Err(error) => Err(error.to_string()),
        };
        said.lines.push((line.text, command));
    }
    Ok(Proved {
        by: by(proof.who),
        signed_at: proof.signed_at,
        acted_on_in: acted_on_in(ports, &proof.digests)?,
        digests: proof.digests,
        recipients: proof.recipients,
        said,
    })
}

/// The mail in which what is signed was acted on before.
fn acted_on_in(ports: &Ports, digests: &[String]) -> Result<Option<MessageId>, Fault> {
    for digest in digests {
        if let Some(before) = ports.store.seen(digest)? {
            return Ok(Some(before));
        }
    }
    Ok(None)
}

/// Whether a mail is on the thread of one of the bot's letters, whatever that is about.
fn answers_a_letter(ports: &Ports, mail: &CommandMail) -> Result<bool, Fault> {
    for id in &mail.references {
        if ports.store.letter(id)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A command with the number of the request whose mail it names, however old that is.
fn by_number(ports: &Ports, command: Command) -> Result<Command, Fault> {
    let Some(Named::Mail(id)) = command.which() else { return Ok(command) };
    let number = ports.store.pull_by_message_id(id)?;
    Ok(match number {
        Some(number) => command.about(Named::Pull(number)),
        None => command,
    })
}

/// What the mail above is about: one of the bot's letters, or a request's own mail.
fn thread(ports: &Ports, mail: &CommandMail) -> Result<Option<Item>, Fault> {
    for id in mail.references.iter().rev() {
        if let Some(item) = ports.about(id)? {
            return Ok(Some(item));
        }
    }
    Ok(None)
}
/// Keys that come with a command that adds one; those that can be added are kept, so that a record
/// need only name them.
pub(in crate::bot) fn offers(
    ports: &Ports,
    keys: &[Vec<u8>],
) -> Result<Vec<Result<Offer, String>>, Fault> {
    let now = ports.clock.now();
    let mut offers = Vec::new();
    for offered in keys.iter().flat_map(|bytes| ports.keyring.offered(bytes, now)) {
        offers.push(match offered {
            Ok(key) => {
                let name = FileName::Key(key.fingerprint.clone());
                ports.store.put_file(&name, &key.certificate)?;
                Ok(Offer {
                    fingerprint: key.fingerprint,
                    owner: clean::cut(&clean::words(&key.owner), 100),
                    addresses: key.addresses.iter().map(|a| a.to_lowercase()).take(10).collect(),
                    trouble: key.trouble,
                })
            }
            Err(why) => Err(why),
        });
    }
    Ok(offers)
}

/// Writes the answer to a mail.
fn transcribe(
    ports: &Ports,
    mail: &CommandMail,
    transcript: &Transcript,
    glance: &Glance,
) -> Reply<()> {
    let told = transcript.entries.iter().map(|entry| Told {
        line: &entry.line,
        answer: match &entry.answer {
            Answer::Done(said) => Answered::Done(said.clone()),
            Answer::Refused(why) => Answered::Refused(why.clone()),
            Answer::Look(look) => {
                let rendered = answers::render(ports, glance, look);
                Answered::Shown { lines: rendered.lines, attached: rendered.attached }
            }
        },
    });
    let told: Vec<Told<'_>> = told.collect();
    let remark = transcript.remark.as_deref();
    let copied = match (transcript.changed, transcript.stopped) {
        (_, true) => Copied::ManagersAndAdministrator,
        (true, false) => Copied::Managers,
        (false, false) => Copied::Nobody,
    };
    let subject = "The answer to a command can't be written";
    let mut draft =
        match ports.letter_writer().transcript(mail, remark, &told, copied, ports.clock.now()) {
            Ok(draft) => draft,
            Err(fault) => {
                let fault = Fault::bug(fault.to_string());
                return Reply::answer(()).alerting(Alert::of(subject, &fault));
            }
        };
    draft.letter.unproved = transcript.refused;
    match keep(ports, draft) {
        Ok(letter) => Reply::answer(()).with_letters(vec![letter]),
        Err(fault) => Reply::failed(&fault, subject),
    }
}
