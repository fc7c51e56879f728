//! Mails to the command mailbox, and signed retests on a list: which ones are looked at. Nothing of
//! a stranger's is kept, and nobody is asked about it. It must not judge who wrote one, nor what it
//! says.

use super::Intake;
use super::answer::thread_of;
use super::body::loaded;
use crate::bot::ports::Ports;
use crate::mail::{Heading, Rules};
use crate::ports::{Fault, FileName, Mailbox};
use crate::pull::command::Item;
use crate::pull::command_mail::CommandMail;
use crate::pull::cover::Person;
use crate::pull::rights::Known;
use crate::pull::world::Arrived;

/// Bytes of a mail with commands: keys and all. People who need not prove anything may send them.
const LARGEST: u64 = 512 * 1024;

const STRANGERS: &str = "command mails of strangers";
const DOUBTFUL: &str = "command mails that are too large or can't be named";

impl Intake {
    /// Whether a mail is one to the command mailbox: to its address, and to no list. Who answers a
    /// letter on a list talks to people, whoever else gets a copy.
    pub(super) fn is_to_commands(&self, head: &Heading, ports: &Ports) -> bool {
        self.commands.is_some() && is_to_commands(head, ports)
    }

    /// A mail to the command mailbox, kept; or what it is counted as.
    pub(super) fn commanded(
        &self,
        mailbox: &mut dyn Mailbox,
        heading: &crate::ports::Heading,
        head: &Heading,
        ports: &Ports,
    ) -> Result<Arrived, Fault> {
        let Some(from) = &head.from else { return Ok(Arrived::Other) };
        // Bounces, vacation notices, other bots, the bot itself: no answer, or they answer back.
        if head.automatic || head.in_bulk || head.machinery || is_own(&from.address, ports) {
            return Ok(Arrived::Other);
        }
        if !is_heard(&from.address, ports)? {
            return Ok(Arrived::Counted(STRANGERS));
        }
        kept(mailbox, heading, head, from, None, ports)
    }

    /// A mail on a list that may ask for a retest: an answer on a request's thread by somebody the
    /// keyring knows, where the list takes that.
    pub(super) fn retest_asked(
        &self,
        mailbox: &mut dyn Mailbox,
        heading: &crate::ports::Heading,
        head: &Heading,
        rules: &Rules,
        ports: &Ports,
    ) -> Result<Option<Arrived>, Fault> {
        let Some(author) = &head.author else { return Ok(None) };
        if !rules.retest_by_mail
            || head.automatic
            || head.machinery
            || head.references.is_empty()
            || is_own(&author.address, ports)
            || !is_heard_on_list(&author.address, ports)
        {
            return Ok(None);
        }
        let mut on_thread = false;
        for id in thread_of(head) {
            // Some mail programs name only the mail they answer, which may be the bot's.
            on_thread |= matches!(ports.about(&id)?, Some(Item::Pull(_)));
        }
        if !on_thread {
            return Ok(None);
        }
        let Some(bytes) = loaded(mailbox, heading.uid)? else { return Ok(None) };
        let asks = |window: &[u8]| window.eq_ignore_ascii_case(b"gatepost:");
        if !bytes.windows(9).any(asks) {
            return Ok(None);
        }
        let list = Some(rules.list.clone());
        kept(mailbox, heading, head, author, list, ports).map(Some)
    }
}

/// As [`Intake::is_to_commands`], whichever folder it lies in.
pub(in crate::bot) fn is_to_commands(head: &Heading, ports: &Ports) -> bool {
    let to = |address: &str| head.to_cc.iter().any(|to| to.eq_ignore_ascii_case(address));
    ports.desk.commands.as_deref().is_some_and(to)
        && head.list_id.is_none()
        && !ports.desk.lists.values().any(|list| to(&list.address))
}

fn is_own(address: &str, ports: &Ports) -> bool {
    let is = |own: &String| own.eq_ignore_ascii_case(address);
    is(&ports.desk.sender) || ports.desk.commands.as_ref().is_some_and(is)
}

/// Whether the bot listens to whoever has that address: nobody else's mail is looked at.
fn is_heard(address: &str, ports: &Ports) -> Result<bool, Fault> {
    let overlay = ports.in_force.overlay();
    let people = ports.people(&overlay);
    let mut known = known(address, ports);
    if people.role(address, known).is_none() {
        known.author = ports.is_author(address)?;
    }
    Ok(people.role(address, known).is_some())
}

/// Whether a mail from that address may give a command on a list.
fn is_heard_on_list(address: &str, ports: &Ports) -> bool {
    let overlay = ports.in_force.overlay();
    ports.people(&overlay).may_ask_on_list(address, known(address, ports))
}

/// What is known of an address, without a look at the requests.
fn known(address: &str, ports: &Ports) -> Known {
    Known { maintainer: ports.keyring.owner(address).is_some(), author: false }
}

fn kept(
    mailbox: &mut dyn Mailbox,
    heading: &crate::ports::Heading,
    head: &Heading,
    from: &Person,
    list: Option<crate::pull::ids::ListName>,
    ports: &Ports,
) -> Result<Arrived, Fault> {
    let Some(id) = head.message_id.clone() else { return Ok(Arrived::Counted(DOUBTFUL)) };
    if ports.store.mail(&id)?.is_some() {
        // A folder that was renumbered, or a second copy.
        return Ok(Arrived::Other);
    }
    let mail = CommandMail::new(
        id,
        &from.address,
        &head.subject,
        &head.references,
        heading.received_at,
        list,
        ports.clock.now(),
    );
    let (Some(mut mail), true) = (mail, heading.size <= LARGEST) else {
        return Ok(Arrived::Counted(DOUBTFUL));
    };
    let Some(bytes) = loaded(mailbox, heading.uid)? else { return Ok(Arrived::Other) };
    ports.store.put_file(&FileName::CommandMail(mail.id.clone()), &bytes)?;
    mail.maintainer = known(&from.address, ports).maintainer;
    Ok(Arrived::Commands(Box::new(mail)))
}
