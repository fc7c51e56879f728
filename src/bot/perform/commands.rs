//! Mails to the command mailbox: looks who wrote one and what it says, and writes its answer. What
//! somebody may do, and what a command does, is decided by the rules.

use jiff::{SignedDuration, Timestamp};

use super::{Worker, keep};
use crate::bot::answers;
use crate::bot::intake::is_to_commands;
use crate::bot::ports::{CommandDesk, Ports};
use crate::mail;
use crate::mail::commands::{Commands, Line, MOST, commands, in_subject, retest_on_list};
use crate::mail::letter::{Answered, Copied, Told};
use crate::ports::{Fault, FileName, Proof};
use crate::pull::alert::Alert;
use crate::pull::clean;
use crate::pull::command::{Command, How, Named, Sender};
use crate::pull::command_mail::{Answer, CommandMail, Item, MailReading, Offer, Order, Transcript};
use crate::pull::cover::Person;
use crate::pull::task::{Perform, Reply};
use crate::pull::world::glance::Glance;
use crate::pull::world::work::{ReadCommands, Transcribe};

/// How far a sender's clock may be ahead.
const FAST_CLOCK: SignedDuration = SignedDuration::from_mins(15);

/// What a proof says, whichever kind it is.
struct Proved {
    by: Sender,
    signed_at: Timestamp,
    digests: Vec<String>,
    text: String,
    subject: Option<String>,
    recipients: Option<Vec<String>>,
    keys: Vec<Vec<u8>>,
}

impl Perform<ReadCommands> for Worker<'_> {
    fn perform(&self, _: &ReadCommands, mail: &CommandMail) -> Reply<MailReading> {
        Reply::from(looked_at(self.ports, mail), "Senders of command mails can't be checked")
    }
}

impl Perform<Transcribe> for Worker<'_> {
    fn perform(&self, task: &Transcribe, mail: &CommandMail) -> Reply<()> {
        transcribe(self.ports, mail, &task.transcript, &task.glance)
    }
}

fn looked_at(ports: &Ports, mail: &CommandMail) -> Result<MailReading, Fault> {
    let Some(desk) = &ports.desk.commands else { return Ok(MailReading::Nothing) };
    let Some(bytes) = ports.store.file(&FileName::CommandMail(mail.id.clone()))? else {
        return Ok(MailReading::Nothing);
    };
    let refused = |why: &str| Ok(MailReading::Refused { why: format!("refused: {why}") });
    if !is_that(ports, mail, &bytes) {
        return refused("another mail with the same Message-ID came at the same time");
    }
    if let Some(header) = mail::doubled(&bytes) {
        return refused(&format!("it has the header {header} twice"));
    }
    let now = ports.clock.now();
    let found = ports.authenticator.authenticate(&bytes, now)?;
    if let Some(proof) = &found.openpgp
        && !proof.who.has_address(&mail.from)
    {
        let (who, key) = (&proof.who.name, &proof.who.key);
        return refused(&format!("{who} signed it ({key}), and it is from another address"));
    }
    let openpgp = found
        .openpgp
        .map(|proof| proved(&mail.from, proof, |signer| How::OpenPgp { key: signer.key.clone() }));
    let dkim = found
        .dkim
        .map(|proof| proved(&mail.from, proof, |domain| How::Dkim { domain: domain.0.clone() }));
    let dkim = dkim.filter(|_| mail.list.is_none());
    let Some(proved) = openpgp.or(dkim) else { return Ok(unproved(&found.failures)) };
    if let Some(why) = stale(&proved, desk, now) {
        return Ok(MailReading::Unproved { why });
    }
    let to = proved.recipients.as_ref();
    let is_ours = to.is_none_or(|to| to.contains(&desk.address.to_lowercase()));
    if !is_ours && mail.list.is_none() {
        return refused("it is signed for another recipient");
    }
    for digest in &proved.digests {
        if let Some(before) = ports.store.seen(digest)? {
            let before = before.bracketed();
            return refused(&format!("what is signed in it was acted on before, in {before}"));
        }
    }
    obeyed(ports, mail, proved)
}

/// Whether the bytes are those of the mail that was recorded: somebody may send another one with
/// the same Message-ID, which must not be obeyed in this one's name.
fn is_that(ports: &Ports, mail: &CommandMail, bytes: &[u8]) -> bool {
    let head = mail::heading(bytes);
    let from = if mail.list.is_some() { &head.author } else { &head.from };
    let is_from = |from: &Person| from.address.eq_ignore_ascii_case(&mail.from);
    head.message_id.as_ref() == Some(&mail.id)
        && from.as_ref().is_some_and(is_from)
        && mail.list.is_none() == is_to_commands(&head, ports)
}

/// A proof with the sender it proves: the key's owner has to have the address that the mail is from.
fn proved<Who>(from: &str, proof: Proof<Who>, how: impl Fn(&Who) -> How) -> Proved {
    Proved {
        by: Sender { address: from.to_lowercase(), how: how(&proof.who) },
        signed_at: proof.signed_at,
        digests: proof.digests,
        text: proof.text,
        subject: proof.subject,
        recipients: proof.recipients,
        keys: proof.keys,
    }
}

fn unproved(failures: &[String]) -> MailReading {
    let why = match failures {
        [] => "Nothing in it proves who sent it.".to_owned(),
        some => some.join(" "),
    };
    let sign = "Send it again, signed with your OpenPGP key (gpg --clearsign, or your mail \
                program's \"sign\").";
    MailReading::Unproved { why: format!("{why} {sign}") }
}

/// Why it is too old, or from the future.
fn stale(proved: &Proved, desk: &CommandDesk, now: Timestamp) -> Option<String> {
    let age = now.duration_since(proved.signed_at);
    let when = crate::pull::decision::clock(proved.signed_at);
    if age > desk.window {
        return Some(format!(
            "It was signed at {when}, which is longer ago than commands are taken. Send it again."
        ));
    }
    (age < -FAST_CLOCK)
        .then(|| format!("It was signed at {when}, which is not yet: is the clock right?"))
}

fn obeyed(ports: &Ports, mail: &CommandMail, proved: Proved) -> Result<MailReading, Fault> {
    let thread = thread(ports, mail)?;
    let by = proved.by;
    let maintainer = ports.keyring.owner(&by.address).is_some();
    let titled =
        |subject: &str| in_subject(subject, thread.is_some()).filter(|_| mail.list.is_none());
    let found = match mail.list {
        Some(_) => on_list(&proved.text),
        None => commands(&proved.text, thread.is_some()),
    };
    // People repeat in the text what the subject says.
    let is_new = |line: &Line| !found.lines.iter().any(|other| other.command == line.command);
    let signed = proved.subject.as_deref().and_then(titled).filter(is_new);
    let unsigned = proved.subject.is_none().then(|| titled(&mail.subject)).flatten();
    let passed_over = unsigned.is_some_and(|line| is_new(&line));
    let more = found.more || signed.is_some() && found.lines.len() == MOST;
    let lines: Vec<Line> = signed.into_iter().chain(found.lines).take(MOST).collect();
    let adds_a_key = lines.iter().any(|line| matches!(line.command, Ok(Command::KeyAdd { .. })));
    let may = matches!(by.how, How::OpenPgp { .. })
        && ports.desk.administrator.eq_ignore_ascii_case(&by.address);
    // Nobody else gets a certificate stored, least of all over one that is in use.
    let keys = if adds_a_key && may { offers(ports, &proved.keys)? } else { Vec::new() };
    let mut orders = Vec::new();
    for line in lines {
        let command = line.command.map_err(|error| error.to_string());
        orders.push(Order {
            command: match command {
                Ok(command) => Ok(by_number(ports, command)?),
                Err(why) => Err(why),
            },
            line: line.text,
            reply_to: Some(by.address.clone()),
            by: by.clone(),
            maintainer,
            thread,
            keys: keys.clone(),
            mail: Some(mail.id.clone()),
        });
    }
    let remark = match passed_over {
        true => Some("The subject is not signed, so it was not read as a command.".to_owned()),
        false => remark(&orders, more, thread.is_some() || answers_a_letter(ports, mail)?),
    };
    if orders.is_empty() && remark.is_none() {
        return Ok(MailReading::Nothing);
    }
    let digests = proved.digests;
    Ok(MailReading::Proved { orders, by, maintainer, remark, digests })
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

fn remark(orders: &[Order], more: bool, in_thread: bool) -> Option<String> {
    if more {
        return Some(format!("Only the first {MOST} commands of a mail are read."));
    }
    // Who answers one of the bot's letters may well mean a person.
    (orders.is_empty() && !in_thread).then(|| {
        "There is no command in this mail. One a line, at the line's start; \"help\" lists them."
            .to_owned()
    })
}

fn on_list(text: &str) -> Commands {
    let line = |fresh: bool| {
        let text = if fresh { "gatepost: retest fresh" } else { "gatepost: retest" };
        let command = Ok(Command::Retest { which: Named::Thread, fresh });
        Line { text: text.into(), command }
    };
    Commands { lines: retest_on_list(text).map(line).into_iter().collect(), more: false }
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

/// Keys that came with a mail; those that could be added are kept, so that a record need only name
/// them.
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
    let mut draft = match ports.pen().transcript(mail, remark, &told, copied, ports.clock.now()) {
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
