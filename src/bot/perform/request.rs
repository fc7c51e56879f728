//! Effects for a request: fetch, verify, examine, write its letters, look whether it landed.

use super::{Worker, keep};
use crate::bot::ports::Ports;
use crate::mail::letter::{Draft, LetterFault, LetterInput};
use crate::ports::{Fault, FaultKind, FetchOrder, FetchRefused, OtherFiles, Quarantine};
use crate::pull::alert::Alert;
use crate::pull::checks::Series;
use crate::pull::ids::{MessageId, ObjectId, PullNumber};
use crate::pull::letter::Letter;
use crate::pull::lineage::OlderTip;
use crate::pull::policy::Policy;
use crate::pull::request::event::{Checked, Examined, FetchTrouble, Fetched, OutOfPaths};
use crate::pull::request::work::{
    Commits, Examine, Fetch, Forget, Landing, LookLanded, OnPull, TellHold, TellRetraction,
    TellUnanswered, Verified, Verify, WriteAnswer,
};
use crate::pull::request::{Pull, Stage, Trusted};
use crate::pull::run::Run;
use crate::pull::signed_tag::{PayloadDigest, SignedTag};
use crate::pull::tag::{Drift, Verification};
use crate::pull::task::{Perform, Reply};
use crate::pull::verdict::Audience;

mod senders;

impl Perform<Fetch> for Worker<'_> {
    fn perform(&self, _: &Fetch, on: &OnPull) -> Reply<Fetched> {
        fetch(self.ports, &on.pull)
    }
}

impl Perform<Verify> for Worker<'_> {
    fn perform(&self, _: &Verify, on: &OnPull) -> Reply<Verified> {
        Reply::from(verify(self.ports, &on.pull), "Signatures can't be checked")
    }
}

impl Perform<Examine> for Worker<'_> {
    fn perform(&self, Examine(older): &Examine, on: &OnPull) -> Reply<Commits> {
        let found = examine(self.ports, self.policy, &on.pull, older);
        Reply::from(found, "Commits can't be looked at")
    }
}

impl Perform<TellHold> for Worker<'_> {
    fn perform(&self, _: &TellHold, on: &OnPull) -> Reply<Vec<MessageId>> {
        tell_hold(self.ports, &on.pull)
    }
}

impl Perform<WriteAnswer> for Worker<'_> {
    fn perform(&self, _: &WriteAnswer, on: &OnPull) -> Reply<Vec<MessageId>> {
        answer(self.ports, &on.pull, on.run.as_ref())
    }
}

impl Perform<TellUnanswered> for Worker<'_> {
    fn perform(&self, task: &TellUnanswered, on: &OnPull) -> Reply<Vec<MessageId>> {
        tell_unanswered(self.ports, &on.pull, &task.0)
    }
}

impl Perform<TellRetraction> for Worker<'_> {
    fn perform(&self, _: &TellRetraction, on: &OnPull) -> Reply<Vec<MessageId>> {
        tell_retraction(self.ports, &on.pull)
    }
}

impl Perform<LookLanded> for Worker<'_> {
    fn perform(&self, _: &LookLanded, on: &OnPull) -> Reply<Landing> {
        Reply::from(look_landed(self.ports, &on.pull), "The target can't be looked at")
    }
}

impl Perform<Forget> for Worker<'_> {
    fn perform(&self, _: &Forget, on: &OnPull) -> Reply<()> {
        let forgotten = self.ports.repository.forget(Quarantine::Pull(on.pull.number));
        Reply::from(forgotten, "A quarantine can't be removed")
    }
}

/// A request that is asked about its trusted tag has one.
fn trusted(pull: &Pull) -> Result<&Trusted, Fault> {
    let without = || Fault::bug(format!("request {} has no trusted tag", pull.number));
    pull.stage.trusted().ok_or_else(without)
}

fn fetch(ports: &Ports, pull: &Pull) -> Reply<Fetched> {
    let request = &pull.mail().request;
    let order = FetchOrder {
        into: Quarantine::Pull(pull.number),
        target: pull.target.clone(),
        url: request.url.clone(),
        reference: request.reference.clone(),
        base: request.base.as_ref().and_then(|base| base.full()),
    };
    let sender_known = ports.may_tell(pull.mail_list(), &pull.mail().author.address);
    let mut told = None;
    let found = ports.repository.fetch(&order).map_err(|refused| match refused {
        FetchRefused::NotAllowed { why } => FetchTrouble::NotAllowed { why },
        FetchRefused::RefMissing => FetchTrouble::RefMissing,
        FetchRefused::NotACommit => FetchTrouble::NotACommit,
        FetchRefused::Fault(fault) => {
            told = Alert::of("Fetching does not work", &fault);
            FetchTrouble::Fault(fault.shortened())
        }
    });
    Reply::answer(Fetched { found, sender_known }).alerting(told)
}

fn verify(ports: &Ports, pull: &Pull) -> Result<Verified, Fault> {
    let (pinned, is_trusted) = match &pull.stage {
        Stage::Fetched { pinned, .. } => (pinned, false),
        _ => (&trusted(pull)?.pinned, true),
    };
    let sender_known = ports.may_tell(pull.mail_list(), &pull.mail().author.address);
    let Some(tag) = &pinned.tag else {
        let (verification, payload) = (Verification::Unsigned, None);
        let checked = Checked { verification, payload, unwanted_by: None, sender_known };
        return Ok(Verified::Checked(checked));
    };
    let name = pinned.reference.strip_prefix("refs/tags/").unwrap_or(&pinned.reference);
    let bytes = match ports.repository.tag_bytes(Quarantine::Pull(pull.number), tag.id) {
        Err(fault) if is_trusted && fault.kind == FaultKind::Permanent => {
            tracing::warn!(pull.id = pull.number.0, "A pinned tag is gone: {fault}");
            return Ok(Verified::Lost);
        }
        read => read?,
    };
    let payload = ports.keyring.payload(&bytes);
    let verification = ports.keyring.verify(&bytes, name, ports.clock.now())?;
    let unwanted_by = unwanted_by(ports, pull, &verification, payload)?;
    let payload = Some(payload);
    Ok(Verified::Checked(Checked { verification, payload, unwanted_by, sender_known }))
}

/// The request by which a person decided that this tag is not wanted, once that one is over: while
/// it is open, the rules see it themselves.
fn unwanted_by(
    ports: &Ports,
    pull: &Pull,
    verification: &Verification,
    payload: PayloadDigest,
) -> Result<Option<PullNumber>, Fault> {
    let Verification::Good(signer) = verification else { return Ok(None) };
    let tag = SignedTag { key: signer.key.clone(), payload };
    let Some(number) = ports.store.unwanted(&tag, &pull.target)? else { return Ok(None) };
    let known = ports.store.pull(number)?.filter(|_| number != pull.number);
    let over = |known: &Pull| matches!(known.stage, Stage::Closed { .. }) && known.is_unwanted();
    Ok(known.filter(over).map(|known| known.number))
}

fn examine(
    ports: &Ports,
    policy: &Policy,
    pull: &Pull,
    older: &[OlderTip],
) -> Result<Commits, Fault> {
    let trusted = trusted(pull)?;
    let from = Quarantine::Pull(pull.number);
    let tip = trusted.pinned.tip;
    let facts = ports.repository.facts(from, &pull.target, tip)?;
    if !facts.already_merged
        && let Some(found) = out_of_paths(ports, pull, trusted)?
    {
        return Ok(Commits::OutOfPaths(found));
    }
    let asked: Vec<_> = older.iter().map(|older| older.tip).collect();
    let brings = match asked.as_slice() {
        [] => Vec::new(),
        asked => ports.repository.brings(from, &pull.target, tip, asked)?,
    };
    let series = match facts.already_merged {
        true => None,
        false => Some(Box::new(series(ports, policy, pull, tip)?)),
    };
    let contained = older.iter().filter(|older| brings.contains(&older.tip));
    let contains = contained.map(|older| older.number).collect();
    let touches = touches(ports, pull, tip)?;
    Ok(Commits::Examined(Examined { facts, contains, series, touches }))
}

/// What its commits are like, as many as its target's rules look at.
fn series(ports: &Ports, policy: &Policy, pull: &Pull, tip: ObjectId) -> Result<Series, Fault> {
    let from = Quarantine::Pull(pull.number);
    let base = pull.mail().request.base.as_ref();
    let most = policy.targets.get(&pull.target).map_or(0, |target| target.checks.max_commits);
    ports.repository.series(from, &pull.target, tip, base, most)
}

/// The addresses of the maintainers whose paths the request touches, each once.
fn touches(ports: &Ports, pull: &Pull, tip: ObjectId) -> Result<Vec<String>, Fault> {
    let owners = ports.keyring.path_owners()?;
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let sets: Vec<_> = owners.iter().map(|owner| owner.paths.clone()).collect();
    let from = Quarantine::Pull(pull.number);
    let touched = ports.repository.touched(from, &pull.target, tip, &sets)?;
    let mut found = Vec::new();
    for (owner, _) in owners.iter().zip(touched).filter(|(_, touched)| *touched) {
        for address in owner.addresses.iter().map(|address| address.to_lowercase()) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    Ok(found)
}

/// Files that the request changes and its signer may not submit, if there are any.
fn out_of_paths(
    ports: &Ports,
    pull: &Pull,
    trusted: &Trusted,
) -> Result<Option<OutOfPaths>, Fault> {
    let paths = &trusted.signer.scope.paths;
    if paths.is_empty() {
        return Ok(None);
    }
    let from = Quarantine::Pull(pull.number);
    let found = ports.repository.outside(from, &pull.target, trusted.pinned.tip, paths)?;
    let OtherFiles { files, total } = found;
    let sender_known = ports.may_tell(pull.mail_list(), &pull.mail().author.address);
    Ok((total > 0).then_some(OutOfPaths { files, total, sender_known }))
}

/// Letters that were written, and what the administrator has to know of those that could not be.
#[derive(Default)]
struct Written {
    letters: Vec<Letter>,
    alert: Option<Alert>,
}

type Drafts = Vec<Result<Option<Draft>, LetterFault>>;

/// Writes letters about a request and keeps them. One that can't be written (an address that is
/// none) does not keep the others back, and is not tried again: the administrator hears of it.
fn write(
    ports: &Ports,
    pull: &Pull,
    run: Option<&Run>,
    drift: Option<&Drift>,
    compose: impl Fn(&LetterInput<'_>) -> Drafts,
) -> Result<Written, Fault> {
    let desk = &ports.desk;
    let list = desk.lists.get(pull.mail_list());
    let target = desk.targets.get(&pull.target);
    let (Some(list), Some(target)) = (list, target) else {
        return Err(Fault::misconfigured(format!(
            "Request {} belongs to list {} and target {}, which the configuration no longer has.",
            pull.number,
            pull.mail_list(),
            pull.target
        )));
    };
    let managers = ports.managers();
    let now = ports.clock.now();
    let input = LetterInput { pull, run, list, target, managers: &managers, drift, now };
    let mut written = Written::default();
    for draft in compose(&input) {
        match draft {
            Ok(Some(draft)) => written.letters.push(keep(ports, draft)?),
            Ok(None) => {}
            Err(fault) => {
                let detail = format!("About request {}: {fault}", pull.number);
                let subject = "A letter can't be written".to_owned();
                written.alert = Some(Alert { subject, detail });
            }
        }
    }
    Ok(written)
}

fn told(written: Result<Written, Fault>) -> Reply<Vec<MessageId>> {
    match written {
        Ok(Written { letters, alert }) => {
            let ids = letters.iter().map(|letter| letter.id.clone()).collect();
            Reply::answer(ids).with_letters(letters).alerting(alert)
        }
        Err(fault) => Reply::failed(&fault, "A letter can't be kept"),
    }
}

fn tell_hold(ports: &Ports, pull: &Pull) -> Reply<Vec<MessageId>> {
    let letters = write(ports, pull, None, None, |input| {
        let writer = &ports.letter_writer();
        let mut drafts = vec![writer.held(input, Audience::Managers)];
        // Before the signature is verified nothing goes to whoever the mail says it is from.
        let known = || ports.may_tell(pull.mail_list(), &pull.mail().author.address);
        let unproved = matches!(pull.stage, Stage::Held { unproved: Some(_), .. });
        if pull.stage.trusted().is_some() || unproved && known() {
            drafts.push(writer.held(input, Audience::Author));
        }
        drafts
    });
    told(letters)
}

fn answer(ports: &Ports, pull: &Pull, run: Option<&Run>) -> Reply<Vec<MessageId>> {
    let candidate = run.and_then(|run| run.stage.candidate());
    let drift = candidate.and_then(|candidate| {
        let from = Quarantine::Pull(pull.number);
        // The head as of now, not as of the merge; if it can't be read the reply does without.
        ports.repository.target_head(&pull.target).ok()?;
        ports.repository.drift(from, &pull.target, candidate).ok()
    });
    let letters =
        write(ports, pull, run, drift.as_ref(), |input| vec![ports.letter_writer().verdict(input)]);
    told(letters)
}

fn tell_unanswered(ports: &Ports, pull: &Pull, because: &str) -> Reply<Vec<MessageId>> {
    let letters = write(ports, pull, None, None, |input| {
        vec![ports.letter_writer().unanswered(input, because).map(Some)]
    });
    told(letters)
}

fn tell_retraction(ports: &Ports, pull: &Pull) -> Reply<Vec<MessageId>> {
    let letters =
        write(ports, pull, None, None, |input| vec![ports.letter_writer().retracted(input)]);
    told(letters)
}

fn look_landed(ports: &Ports, pull: &Pull) -> Result<Landing, Fault> {
    let tip = trusted(pull)?.pinned.tip;
    let facts = ports.repository.facts(Quarantine::Pull(pull.number), &pull.target, tip)?;
    Ok(Landing { head: facts.head, landed: facts.already_merged })
}
