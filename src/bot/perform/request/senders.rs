//! Looks who sent the mails of a request and of another one for the same signed tag, and what that
//! tag's signature covers where a record does not say it yet. What follows is decided by the rules.

use super::trusted;
use crate::bot::perform::Worker;
use crate::bot::ports::Ports;
use crate::mail;
use crate::ports::{Fault, FaultKind, FileName, Quarantine};
use crate::pull::command::Proof;
use crate::pull::cover::Cover;
use crate::pull::request::Pull;
use crate::pull::request::work::{NotePayload, OnPull, ProveSenders, Senders};
use crate::pull::signed_tag::PayloadDigest;
use crate::pull::task::{Perform, Reply};

impl Perform<ProveSenders> for Worker<'_> {
    fn perform(&self, task: &ProveSenders, on: &OnPull) -> Reply<Senders> {
        let looked = proof_of(self.ports, on.pull.mail()).and_then(|mine| {
            let theirs = task.known.map_or_else(|| proof_of(self.ports, &task.mail), Ok)?;
            Ok(Senders { mine, theirs })
        });
        Reply::from(looked, "Senders of requests can't be checked")
    }
}

impl Perform<NotePayload> for Worker<'_> {
    fn perform(&self, _: &NotePayload, on: &OnPull) -> Reply<PayloadDigest> {
        Reply::from(payload_of(self.ports, &on.pull), "Signatures can't be checked")
    }
}

/// How well a request's mail proves that its author sent it. What is signed has to name what is asked
/// for: a signed mail about something else, with a request put below it, proves nothing.
fn proof_of(ports: &Ports, cover: &Cover) -> Result<Proof, Fault> {
    let Some(bytes) = ports.store.file(&FileName::Mail(cover.message_id.clone()))? else {
        return Ok(Proof::None);
    };
    if !is_that(&bytes, cover) || mail::doubled(&bytes).is_some() {
        return Ok(Proof::None);
    }
    let found = ports.authenticator.authenticate(&bytes, ports.clock.now())?;
    let names =
        |text: &str| text.contains(&cover.request.url) && text.contains(cover.request.tag_name());
    let address = &cover.author.address;
    if found.openpgp.is_some_and(|proof| proof.who.has_address(address) && names(&proof.text)) {
        return Ok(Proof::Person);
    }
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let is_theirs = |known: &str| known.eq_ignore_ascii_case(domain);
    let by_domain = found.dkim.is_some_and(|proof| is_theirs(&proof.who.0) && names(&proof.text));
    Ok(if by_domain { Proof::Domain } else { Proof::None })
}

/// Whether the bytes are those of the mail that was read: another one may have its Message-ID.
fn is_that(bytes: &[u8], cover: &Cover) -> bool {
    let head = mail::heading(bytes);
    let author = head.author.as_ref().map(|author| author.address.as_str());
    head.message_id.as_ref() == Some(&cover.message_id)
        && author.is_some_and(|author| author.eq_ignore_ascii_case(&cover.author.address))
}

/// What the signature of a trusted tag covers. Of one that is no longer kept, something that no
/// other tag has: its object's id.
fn payload_of(ports: &Ports, pull: &Pull) -> Result<PayloadDigest, Fault> {
    let without = || Fault::bug(format!("request {} has no trusted tag", pull.number));
    let tag = trusted(pull)?.pinned.tag.as_ref().ok_or_else(without)?;
    match ports.repository.tag_bytes(Quarantine::Pull(pull.number), tag.id) {
        Ok(bytes) => Ok(ports.keyring.payload(&bytes)),
        Err(fault) if fault.kind == FaultKind::Permanent => {
            Ok(PayloadDigest::of(tag.id.as_bytes()))
        }
        Err(fault) => Err(fault),
    }
}
