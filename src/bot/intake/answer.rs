//! Looks into answers on a request's thread for its author's word that it is taken back. It must not
//! judge whose word counts: the rules do.

use super::body::loaded;
use crate::bot::ports::Ports;
use crate::mail::{self, Heading, Reason};
use crate::ports::{Fault, Mailbox};
use crate::pull::ids::MessageId;
use crate::pull::world::{Arrival, Arrived};

/// How many mails above an answer are looked up.
const THREAD: usize = 20;

/// What a mail that is no request says about one: that its author takes it back. Only a body that
/// may say so is loaded: an answer by a request's own author, on that request's thread. It never
/// stops the reading: a mail that breaks the reader here is nothing to act on.
pub(super) fn taken_back(
    mailbox: &mut dyn Mailbox,
    uid: u32,
    head: &Heading,
    asked_before: &[Arrival],
    ports: &Ports,
) -> Result<Option<Arrived>, Fault> {
    let spoken = matches!(head.refusal(), Some(Reason::Answer | Reason::NoMarker));
    let (Some(author), true) = (&head.author, spoken) else { return Ok(None) };
    let of = thread_of(head);
    let mut theirs = false;
    for id in &of {
        theirs |= asks_as(id, &author.address, asked_before, ports)?;
    }
    if !theirs {
        return Ok(None);
    }
    let Some(bytes) = loaded(mailbox, uid)? else { return Ok(None) };
    let said = mail::retraction(&bytes);
    Ok(said.map(|said| Arrived::Retraction { of, by: author.address.clone(), said }))
}

/// The mails above an answer that are looked up, oldest first.
pub(super) fn thread_of(head: &Heading) -> Vec<MessageId> {
    head.references.iter().rev().take(THREAD).rev().cloned().collect()
}

/// Whether a mail is a request by that author: one that is recorded, or of this very chunk.
fn asks_as(
    id: &MessageId,
    author: &str,
    asked_before: &[Arrival],
    ports: &Ports,
) -> Result<bool, Fault> {
    let here = asked_before.iter().any(|arrival| {
        matches!(&arrival.what, Arrived::Request { cover, .. }
            if cover.message_id == *id && cover.author.address.eq_ignore_ascii_case(author))
    });
    if here {
        return Ok(true);
    }
    let Some(number) = ports.store.pull_by_message_id(id)? else { return Ok(false) };
    let pull = ports.store.pull(number)?;
    Ok(pull.is_some_and(|pull| pull.mail().author.address.eq_ignore_ascii_case(author)))
}
