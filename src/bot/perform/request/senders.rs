//! Looks who sent the mails of a request and of another one for the same signed tag, and what that
//! tag's signature covers where a record does not say it yet. What follows is decided by the rules.

use super::{Result, alert, failed, happened};
use crate::bot::ports::Ports;
use crate::mail;
use crate::ports::{Fault, FaultKind, FileName, Quarantine};
use crate::pull::command::Proof;
use crate::pull::cover::Cover;
use crate::pull::ids::PullNumber;
use crate::pull::request::Pull;
use crate::pull::request::apply::PullEvent;
use crate::pull::signed_tag::PayloadDigest;
use crate::pull::world::Happened;

pub(super) fn prove(
    ports: &Ports,
    pull: &Pull,
    of: PullNumber,
    other: &Cover,
    known: Option<Proof>,
) -> Result {
    let looked = proof_of(ports, pull.mail()).and_then(|mine| {
        let theirs = known.map_or_else(|| proof_of(ports, other), Ok)?;
        Ok(PullEvent::SendersProved { of, mine, theirs })
    });
    match looked {
        Ok(event) => happened(event),
        Err(fault) => failed(&fault, alert("Senders of requests can't be checked", &fault)),
    }
}

/// How well a request's mail proves that its author sent it. What is signed has to name what is asked
/// for: a signed mail about something else, with a request put below it, proves nothing.
fn proof_of(ports: &Ports, cover: &Cover) -> std::result::Result<Proof, Fault> {
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
pub(super) fn note_payload(ports: &Ports, pull: &Pull) -> Result {
    let Some(tag) = pull.stage.trusted().and_then(|trusted| trusted.pinned.tag.as_ref()) else {
        return Result::of(Happened::Nothing);
    };
    match ports.repository.tag_bytes(Quarantine::Pull(pull.number), tag.id) {
        Ok(bytes) => happened(PullEvent::PayloadNoted(ports.keyring.payload(&bytes))),
        Err(fault) if fault.kind == FaultKind::Permanent => {
            happened(PullEvent::PayloadNoted(PayloadDigest::of(tag.id.as_bytes())))
        }
        Err(fault) => failed(&fault, alert("Signatures can't be checked", &fault)),
    }
}
