//! Proof by a DKIM signature of From's very domain: verified against the DNS, or passed by the own
//! mail server.
//!
//! The domain has to be the same, not only the same organisation's: without a list of public
//! suffixes that can't be told, and where somebody else may publish names below a domain
//! (`_domainkey` at a host of dynamic names), a parent's signature is no proof.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use mail_auth::dkim::Signature;
use mail_auth::{
    AuthenticatedMessage, DkimResult, Error, MessageAuthenticator, Parameters, ResolverCache, Txt,
};
use sha2::{Digest, Sha256};

use super::resolver;
use crate::config::model::Dkim;
use crate::mail::proof::dkim::{DkimSignature, from_domain, has_plain_header, signatures};
use crate::mail::proof::results::{self, MethodResult};
use crate::ports::{Domain, Fault, Proof};

/// Signatures of the domain that are looked at: each asks the DNS.
const MOST: usize = 4;

/// How far a signer's clock may be ahead of ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(30);

/// The flag `t=y` of a key's record: its signatures prove nothing (RFC 6376, section 3.6.1).
const TESTING: u64 = 0x10;

/// The proof, or a sentence why there is none.
///
/// # Errors
/// Temporary: the DNS does not answer. Misconfigured: the system names no DNS servers.
pub(crate) fn prove(
    dkim: &Dkim,
    mail: &[u8],
    now: Timestamp,
) -> Result<Result<Proof<Domain>, String>, Fault> {
    if !has_plain_header(mail) {
        return Ok(Err("The mail's header has a line that is no header.".into()));
    }
    let Some(domain) = from_domain(mail) else {
        return Ok(Err("The mail does not have one From with one address.".into()));
    };
    let signatures = signatures(mail);
    let all_readable = signatures.iter().all(Option::is_some);
    let aligned: Vec<DkimSignature<'_>> =
        signatures.into_iter().flatten().filter(|signature| signature.domain == domain).collect();
    if aligned.is_empty() {
        return Ok(Err(format!("The mail has no DKIM signature of {domain}.")));
    }
    let (usable, refused): (Vec<_>, Vec<_>) = aligned
        .iter()
        .map(|signature| (signature, refusal(signature, mail, now)))
        .partition(|(_, refusal)| refusal.is_none());
    let usable: Vec<&DkimSignature<'_>> = usable.into_iter().map(|(each, _)| each).collect();
    if usable.len() > MOST {
        return Ok(Err(format!("The mail has too many DKIM signatures of {domain}.")));
    }
    let passed = match dkim {
        Dkim::Off => Err("not looked at".into()),
        _ if usable.is_empty() => {
            Err(refused.into_iter().find_map(|(_, why)| why).unwrap_or_default().to_owned())
        }
        Dkim::Verify { resolvers } => verify(resolvers, mail, &usable)?,
        Dkim::Header { .. } if !all_readable => Err("another signature can't be read".into()),
        Dkim::Header { authserv_id } => by_header(mail, authserv_id, &domain, &aligned, &usable),
    };
    Ok(match passed {
        Ok(signature) => proof(signature, mail, &aligned),
        Err(why) => Err(format!("The DKIM signature of {domain} is not believed: {why}.")),
    })
}

/// Why a signature is not to be believed, whether it verifies or not.
fn refusal(signature: &DkimSignature<'_>, mail: &[u8], now: Timestamp) -> Option<&'static str> {
    let made = signature.signed_at(mail);
    if signature.refusal.is_some() {
        signature.refusal
    } else if signature.has_expired(now) {
        Some("it has expired")
    } else if made.is_none() {
        Some("it says no time, and covers no Date")
    } else if made.is_some_and(|made| made > now.saturating_add(CLOCK_SKEW).unwrap_or(now)) {
        Some("it is from the future")
    } else {
        None
    }
}

fn proof(
    signature: &DkimSignature<'_>,
    mail: &[u8],
    aligned: &[DkimSignature<'_>],
) -> Result<Proof<Domain>, String> {
    let said = signature.said(mail)?;
    let signed_at =
        signature.signed_at(mail).ok_or("The DKIM signature says no time, and covers no Date.")?;
    // Somebody may leave out the one of two signatures that was seen before.
    let mut digests = vec![hex(&signature.signature)];
    digests.extend(aligned.iter().map(|each| hex(&each.signature)));
    digests.sort();
    digests.dedup();
    Ok(Proof {
        who: Domain(signature.domain.clone()),
        signed_at,
        digests,
        text: said.text,
        subject: said.subject,
        recipients: said.recipients,
        keys: said.keys,
    })
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first signature that verifies.
fn verify<'s, 'm>(
    resolvers: &[SocketAddr],
    mail: &[u8],
    usable: &[&'s DkimSignature<'m>],
) -> Result<Result<&'s DkimSignature<'m>, String>, Fault> {
    let outcome = resolver::asking(resolvers, async |dns| judged(dns, mail, usable).await)?;
    Ok(outcome.map(|index| usable[index]))
}

/// Which of the signatures verifies, or why none does.
async fn judged(
    dns: &MessageAuthenticator,
    mail: &[u8],
    usable: &[&DkimSignature<'_>],
) -> Result<Result<usize, String>, Fault> {
    let Some(mut message) = AuthenticatedMessage::parse(mail) else {
        return Ok(Err("the mail can't be read".into()));
    };
    message.errors.clear();
    let index_of =
        |value: &[u8]| usable.iter().position(|each| each.raw.trim_ascii() == value.trim_ascii());
    message.dkim_headers.retain(|header| {
        index_of(header.value).is_some_and(|index| reads_alike(&header.header, usable[index]))
    });
    let order: Vec<Option<usize>> =
        message.dkim_headers.iter().map(|header| index_of(header.value)).collect();
    for header in &mut message.dkim_headers {
        // No report of a failure is asked for.
        header.header.r = false;
        header.header.atps = None;
    }
    let records = Records::default();
    let parameters = Parameters::new(&message).with_txt_cache(&records);
    let outputs = dns.verify_dkim(parameters).await;
    let mut why = "no signature of it is as the standard has it".to_owned();
    let mut unanswered = None;
    for (output, index) in outputs.iter().zip(order) {
        let Some(index) = index else { continue };
        match output.result() {
            DkimResult::Pass if records.is_testing(usable[index]) => {
                why = "its key is only being tested (t=y)".into();
            }
            DkimResult::Pass => return Ok(Ok(index)),
            DkimResult::TempError(error) => unanswered = Some(said(error)),
            DkimResult::Neutral(error) | DkimResult::Fail(error) | DkimResult::PermError(error) => {
                why = said(error)
            }
            DkimResult::None => {}
        }
    }
    match unanswered {
        Some(error) => Err(resolver::no_answer(&error)),
        None => Ok(Err(why)),
    }
}

/// Whether the library reads the same in a signature as is held against From and the mail.
fn reads_alike(read: &Signature, ours: &DkimSignature<'_>) -> bool {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let covered = read.h.len() == ours.covered.len()
        && read.h.iter().zip(&ours.covered).all(|(one, other)| same(one, other));
    covered
        && same(&read.d, &ours.domain)
        && same(&read.s, &ours.selector)
        && read.b == ours.signature
}

/// An error of the library as a clause.
fn said(error: &Error) -> String {
    let text = error.to_string();
    let text = text.trim_end_matches('.');
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    // "DNS" stays as it is.
    match rest.starts_with(char::is_uppercase) {
        true => text.to_owned(),
        false => first.to_lowercase() + rest,
    }
}

/// The keys' records that were looked up.
#[derive(Default)]
struct Records(Mutex<HashMap<Box<str>, Txt>>);

impl Records {
    /// Whether the domain says that the signature's key is only being tested.
    fn is_testing(&self, signature: &DkimSignature<'_>) -> bool {
        let name = format!("{}._domainkey.{}.", signature.selector, signature.domain);
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match records.get(name.to_ascii_lowercase().as_str()) {
            Some(Txt::DomainKey(key)) => key.f & TESTING != 0,
            // What passed without its record being seen is not believed.
            _ => true,
        }
    }
}

impl ResolverCache<Box<str>, Txt> for Records {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn remove<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name)
    }

    fn insert(&self, name: Box<str>, record: Txt, _valid_until: std::time::Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, record);
    }
}

/// The signature that the own mail server passed. Where there are several of the domain, the server
/// has to say which.
fn by_header<'s, 'm>(
    mail: &[u8],
    authserv_id: &str,
    domain: &str,
    aligned: &'s [DkimSignature<'m>],
    usable: &[&'s DkimSignature<'m>],
) -> Result<&'s DkimSignature<'m>, String> {
    let found = results::topmost(mail, authserv_id)
        .ok_or("our mail server's Authentication-Results is not on top")?;
    let dkim = found.results.iter().filter(|result| result.method == "dkim");
    let mut passed = dkim.filter(|result| result.result == "pass");
    let passed =
        passed.find(|result| speaks_of(result, domain)).ok_or("our mail server did not pass it")?;
    let fits = |signature: &&DkimSignature<'_>| {
        passed.properties.iter().all(|(name, value)| match name.as_str() {
            "header.b" => signature.written.starts_with(value),
            "header.s" => *value == signature.selector,
            _ => true,
        })
    };
    // What it passed may be one that is not to be believed.
    let mut fitting = aligned.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(signature), None) if usable.contains(&signature) => Ok(signature),
        (Some(_), Some(_)) => Err("our mail server does not say which of several it passed".into()),
        (Some(_) | None, _) => Err("our mail server passed another one".into()),
    }
}

/// Whether a result is about a signature of that domain: `d=`, or, where a server does not write
/// it, the domain of `i=`.
fn speaks_of(result: &MethodResult, domain: &str) -> bool {
    let is_it = |found: &str| found.eq_ignore_ascii_case(domain);
    let written = |name: &str| result.properties.iter().any(|(key, _)| key == name);
    match result.property("header.d") {
        Some(signed_by) => is_it(signed_by),
        None if written("header.d") => false,
        None => {
            let identity = result.property("header.i").and_then(|i| i.rsplit_once('@'));
            identity.is_some_and(|(_, host)| is_it(host))
        }
    }
}
