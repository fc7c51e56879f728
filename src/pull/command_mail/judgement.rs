//! Whether a mail is obeyed: whether its bytes are those that came, whether what is signed in it is by
//! whom it is from, new, for the bot, and not acted on before. What was found about it is facts
//! ([`Found`]); what follows from them is decided here, and nowhere else. Who may give which command is
//! not: `rights` says that of each.

use jiff::{SignedDuration, Timestamp};

use super::{CommandMail, MOST_COMMANDS};
use crate::pull::command::{Given, Item, Offer, Sender, SenderProof};
use crate::pull::decision::clock;
use crate::pull::fault::Fault;
use crate::pull::ids::MessageId;
use crate::pull::policy::CommandPolicy;
use crate::pull::rights::{self, Giver, Known, People, Tie};
use crate::pull::signer::Signer;
use crate::pull::verbs::Command;

/// How far a sender's clock may be ahead.
const FAST_CLOCK: SignedDuration = SignedDuration::from_mins(15);

/// What came of a look at a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MailReading {
    /// What was found about it.
    Found(Found),
    /// It is no longer kept.
    Gone,
    /// It could not be looked at now.
    Failed(Fault),
}

/// What was found about a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// What its bytes say of themselves.
    pub(crate) bytes: Bytes,
    /// What proves who sent it, the strongest proof first.
    pub(crate) proofs: Vec<Proved>,
    /// Why it proves no more than that: a sentence each, for whoever sent it.
    pub(crate) failures: Vec<String>,
    /// Whether the keyring knows the address that it is from.
    pub(crate) maintainer: bool,
    /// What the mail above it is about: one of the bot's letters, or a request's own mail.
    pub(crate) thread: Option<Item>,
    /// Whether it is on the thread of one of the bot's letters, whatever that is about.
    pub(crate) answers_a_letter: bool,
    /// The keys that OpenPGP signs with it, if it [adds](adds_a_key) one; or why one can't be used.
    pub(crate) keys: Vec<Result<Offer, String>>,
}

/// What a mail's bytes say of themselves. Somebody may send another mail with the same Message-ID.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    /// Its Message-ID.
    pub(crate) id: Option<MessageId>,
    /// The address in From; of a mail by a list, that of the person behind it.
    pub(crate) from: Option<String>,
    /// Whether it is addressed to the command mailbox, and to no list.
    pub(crate) to_commands: bool,
    /// A header that stands in it twice and must not.
    pub(crate) doubled: Option<String>,
}

/// One proof of who sent a mail, and what exactly is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proved {
    /// By whom.
    pub(crate) by: ProvedBy,
    /// When that was signed.
    pub(crate) signed_at: Timestamp,
    /// Digests of what must not be acted on twice.
    pub(crate) digests: Vec<String>,
    /// The mail in which one of them was acted on before.
    pub(crate) acted_on_in: Option<MessageId>,
    /// The addresses of To and Cc in lower case, where these headers are signed.
    pub(crate) recipients: Option<Vec<String>>,
    /// What it says.
    pub(crate) said: Said,
}

/// Who proves to have sent a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProvedBy {
    /// The owner of an OpenPGP key of the keyring.
    Key(Signer),
    /// A domain, by DKIM: the very domain of From.
    Domain(String),
}

/// What a mail says to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Each command as it was written; or what to write instead.
    pub(crate) lines: Vec<(String, Result<Command, String>)>,
    /// Whether there are more than [`MOST_COMMANDS`]; those are not read.
    pub(crate) more: bool,
    /// Whether the subject is a command that the text does not have, and is not signed.
    pub(crate) unsigned_subject: bool,
}

/// What is done with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MailJudgement {
    /// Its commands are carried out, each if its sender may give it.
    Obey(Obeyed),
    /// Who wrote it is not proved; why not, for whoever it says to be from.
    Unproved { why: String },
    /// It is refused in silence: a replay, or a forgery. Why, for the audit trail.
    Refused { why: String },
    /// It is nothing to answer.
    Nothing,
}

/// A mail that is obeyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obeyed {
    /// Each command as it was written; or what to write instead.
    pub(crate) lines: Vec<(String, Result<Command, String>)>,
    /// Who gives them.
    pub(crate) given: Given,
    /// What is said before everything else.
    pub(crate) remark: Option<String>,
    /// Digests of what must not be acted on again.
    pub(crate) digests: Vec<String>,
}

impl ProvedBy {
    fn how(&self) -> SenderProof {
        match self {
            Self::Key(signer) => SenderProof::OpenPgp { key: signer.key.clone() },
            Self::Domain(domain) => SenderProof::Dkim { domain: domain.clone() },
        }
    }
}

impl Bytes {
    /// Why a mail with these bytes is refused, whoever proves to have sent it: then nobody need be
    /// asked about that.
    pub(crate) fn objection(&self, mail: &CommandMail) -> Option<String> {
        let from = self.from.as_deref();
        let is_that = self.id.as_ref() == Some(&mail.id)
            && from.is_some_and(|from| from.eq_ignore_ascii_case(&mail.from))
            && self.to_commands == mail.list.is_none();
        if !is_that {
            return Some("another mail with the same Message-ID came at the same time".into());
        }
        self.doubled.as_ref().map(|header| format!("it has the header {header} twice"))
    }
}

/// What is done with a mail, by what was found about it.
pub(crate) fn judge(
    mail: &CommandMail,
    found: &Found,
    policy: &CommandPolicy,
    now: Timestamp,
) -> MailJudgement {
    if let Some(why) = found.bytes.objection(mail).or_else(|| misaligned(mail, found)) {
        return MailJudgement::Refused { why };
    }
    // On a list DKIM proves nothing: lists change what it signs, and sign themselves.
    let counts = |proof: &&Proved| match proof.by {
        ProvedBy::Key(_) => true,
        ProvedBy::Domain(_) => mail.list.is_none(),
    };
    let Some(proof) = found.proofs.iter().find(counts) else {
        return MailJudgement::Unproved { why: unproved(&found.failures) };
    };
    if let Some(why) = stale(proof.signed_at, policy, now) {
        return MailJudgement::Unproved { why };
    }
    let is_ours = |to: &Vec<String>| to.contains(&policy.address.to_lowercase());
    if mail.list.is_none() && !proof.recipients.as_ref().is_none_or(is_ours) {
        return MailJudgement::Refused { why: "it is signed for another recipient".into() };
    }
    if let Some(before) = &proof.acted_on_in {
        let before = before.bracketed();
        let why = format!("what is signed in it was acted on before, in {before}");
        return MailJudgement::Refused { why };
    }
    obeyed(mail, found, proof)
}

/// Whether a mail that is obeyed adds a key that comes with it, and its sender may. Nobody else gets a
/// certificate stored, least of all over one that is in use.
pub(crate) fn adds_a_key(
    mail: &CommandMail,
    found: &Found,
    policy: &CommandPolicy,
    people: &People<'_>,
    now: Timestamp,
) -> bool {
    let MailJudgement::Obey(Obeyed { lines, given, .. }) = judge(mail, found, policy, now) else {
        return false;
    };
    let known = Known { maintainer: given.maintainer, author: false };
    let giver = Giver::of(people, &given.by, known, given.on_list);
    let adds = |command: &Command| {
        command.takes_a_key() && rights::may(command.row(), &giver, Tie::None).is_ok()
    };
    lines.iter().any(|(_, command)| command.as_ref().is_ok_and(adds))
}

/// That somebody signed it who has another address.
fn misaligned(mail: &CommandMail, found: &Found) -> Option<String> {
    found.proofs.iter().find_map(|proof| match &proof.by {
        ProvedBy::Key(signer) if !signer.has_address(&mail.from) => Some(format!(
            "{} signed it ({}), and it is from another address",
            signer.name, signer.key
        )),
        ProvedBy::Key(_) | ProvedBy::Domain(_) => None,
    })
}

fn unproved(failures: &[String]) -> String {
    let why = match failures {
        [] => "Nothing in it proves who sent it.".to_owned(),
        some => some.join(" "),
    };
    format!(
        "{why} Send it again, signed with your OpenPGP key (gpg --clearsign, or your mail program's \
         \"sign\")."
    )
}

/// Why it is too old, or from the future.
fn stale(signed_at: Timestamp, policy: &CommandPolicy, now: Timestamp) -> Option<String> {
    let age = now.duration_since(signed_at);
    let when = clock(signed_at);
    if age > policy.window {
        return Some(format!(
            "It was signed at {when}, which is longer ago than commands are taken. Send it again."
        ));
    }
    (age < -FAST_CLOCK)
        .then(|| format!("It was signed at {when}, which is not yet: is the clock right?"))
}

fn obeyed(mail: &CommandMail, found: &Found, proof: &Proved) -> MailJudgement {
    let remark = remark(&proof.said, found);
    if proof.said.lines.is_empty() && remark.is_none() {
        return MailJudgement::Nothing;
    }
    let by = Sender { address: mail.from.to_lowercase(), how: proof.by.how() };
    let keys = match proof.by {
        ProvedBy::Key(_) => found.keys.clone(),
        ProvedBy::Domain(_) => Vec::new(),
    };
    let given = Given {
        reply_to: Some(by.address.clone()),
        by,
        maintainer: found.maintainer,
        on_list: mail.list.is_some(),
        thread: found.thread,
        keys,
        mail: Some(mail.id.clone()),
    };
    let (lines, digests) = (proof.said.lines.clone(), proof.digests.clone());
    MailJudgement::Obey(Obeyed { lines, given, remark, digests })
}

fn remark(said: &Said, found: &Found) -> Option<String> {
    if said.unsigned_subject {
        return Some("The subject is not signed, so it was not read as a command.".to_owned());
    }
    if said.more {
        return Some(format!("Only the first {MOST_COMMANDS} commands of a mail are read."));
    }
    // Who answers one of the bot's letters may well mean a person.
    let in_thread = found.thread.is_some() || found.answers_a_letter;
    (said.lines.is_empty() && !in_thread).then(|| {
        "There is no command in this mail. One a line, at the line's start; \"help\" lists them."
            .to_owned()
    })
}

#[cfg(test)]
#[path = "judgement_tests.rs"]
mod tests;
