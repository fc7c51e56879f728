//! Effects for a request: fetch, verify, examine, write its letters, look whether it landed.

use super::{Result, alert, keep};
use crate::bot::ports::Ports;
use crate::mail::letter::{Draft, LetterFault, LetterInput};
use crate::ports::{Fault, FaultKind, FetchOrder, FetchRefused, OtherFiles, Quarantine};
use crate::pull::checks::Series;
use crate::pull::ids::{MessageId, ObjectId, PullNumber};
use crate::pull::letter::Letter;
use crate::pull::policy::Policy;
use crate::pull::request::apply::{Checked, Examined, FetchTrouble, PullEvent};
use crate::pull::request::decide::PullAction;
use crate::pull::request::{Pull, Stage, Trusted};
use crate::pull::revision::OlderTip;
use crate::pull::run::Run;
use crate::pull::signed_tag::{PayloadDigest, SignedTag};
use crate::pull::tag::{Drift, Verification};
use crate::pull::verdict::Audience;
use crate::pull::world::{Alert, Happened};

mod senders;

pub(super) fn perform(
    ports: &Ports,
    policy: &Policy,
    pull: &Pull,
    run: Option<&Run>,
    action: &PullAction,
) -> Result {
    match action {
        PullAction::Fetch => fetch(ports, pull),
        PullAction::Verify => verify(ports, pull),
        PullAction::NotePayload => senders::note_payload(ports, pull),
        PullAction::ProveSenders { of, mail, known } => {
            senders::prove(ports, pull, *of, mail, *known)
        }
        PullAction::Examine(older) => examine(ports, policy, pull, older),
        PullAction::TellRetraction => tell_retraction(ports, pull),
        PullAction::TellHold => tell_hold(ports, pull),
        PullAction::Answer => answer(ports, pull, run),
        PullAction::TellUnanswered(because) => tell_unanswered(ports, pull, because),
        PullAction::LookLanded => look_landed(ports, pull),
        PullAction::Forget => forget(ports, pull),
        // These are pure; the world has taken them already.
        PullAction::Begin
        | PullAction::TakeOutcome(_)
        | PullAction::Repeat(_)
        | PullAction::TakeOver(_)
        | PullAction::Supersede(_)
        | PullAction::LookAgain
        | PullAction::NoteSent => Result::of(Happened::Nothing),
    }
}

fn happened(event: PullEvent) -> Result {
    Result::of(Happened::Pull(event))
}

fn failed(fault: &Fault, alert: Option<Alert>) -> Result {
    happened(PullEvent::Failed(fault.shortened())).alerting(alert)
}

fn fetch(ports: &Ports, pull: &Pull) -> Result {
    let request = &pull.mail().request;
    let order = FetchOrder {
        into: Quarantine::Pull(pull.number),
        target: pull.target.clone(),
        url: request.url.clone(),
        reference: request.reference.clone(),
        base: request.base.as_ref().and_then(|base| base.full()),
    };
    let sender_known = ports.may_tell(pull.mail_list(), &pull.mail().author.address);
    match ports.repository.fetch(&order) {
        Ok(pinned) => happened(PullEvent::Pinned { pinned, sender_known }),
        Err(refused) => {
            let mut told = None;
            let why = match refused {
                FetchRefused::NotAllowed { why } => FetchTrouble::NotAllowed { why },
                FetchRefused::RefMissing => FetchTrouble::RefMissing,
                FetchRefused::NotACommit => FetchTrouble::NotACommit,
                FetchRefused::Fault(fault) => {
                    told = alert("Fetching does not work", &fault);
                    FetchTrouble::Trouble(fault.shortened())
                }
            };
            happened(PullEvent::NotFetched { why, sender_known }).alerting(told)
        }
    }
}

fn verify(ports: &Ports, pull: &Pull) -> Result {
    let (pinned, trusted) = match (&pull.stage, pull.stage.trusted()) {
        (Stage::Fetched { pinned, .. }, _) => (pinned, false),
        (_, Some(trusted)) => (&trusted.pinned, true),
        (_, None) => return Result::of(Happened::Nothing),
    };
    let sender_known = ports.may_tell(pull.mail_list(), &pull.mail().author.address);
    let checked = match &pinned.tag {
        None => Ok((Verification::Unsigned, None, None)),
        Some(tag) => {
            let name = pinned.reference.strip_prefix("refs/tags/").unwrap_or(&pinned.reference);
            match ports.repository.tag_bytes(Quarantine::Pull(pull.number), tag.id) {
                Err(fault) if trusted && fault.kind == FaultKind::Permanent => {
                    tracing::warn!(pull.id = pull.number.0, "A pinned tag is gone: {fault}");
                    return happened(PullEvent::Lost);
                }
                Err(fault) => Err(fault),
                Ok(bytes) => {
                    let payload = ports.keyring.payload(&bytes);
                    ports.keyring.verify(&bytes, name, ports.clock.now()).and_then(|verification| {
                        let unwanted_by = unwanted_by(ports, pull, &verification, payload)?;
                        Ok((verification, Some(payload), unwanted_by))
                    })
                }
            }
        }
    };
    match checked {
        Ok((verification, payload, unwanted_by)) => {
            let checked = Checked { verification, payload, unwanted_by, sender_known };
            happened(PullEvent::Checked(checked))
        }
        Err(fault) => failed(&fault, alert("Signatures can't be checked", &fault)),
    }
}

/// The request by which a person decided that this tag is not wanted, once that one is over: while
/// it is open, the rules see it themselves.
fn unwanted_by(
    ports: &Ports,
    pull: &Pull,
    verification: &Verification,
    payload: PayloadDigest,
) -> std::result::Result<Option<PullNumber>, Fault> {
    let Verification::Good(signer) = verification else { return Ok(None) };
    let tag = SignedTag { key: signer.key.clone(), payload };
    let Some(number) = ports.store.unwanted(&tag, &pull.target)? else { return Ok(None) };
    let known = ports.store.pull(number)?.filter(|_| number != pull.number);
    let over = |known: &Pull| matches!(known.stage, Stage::Closed { .. }) && known.is_unwanted();
    Ok(known.filter(over).map(|known| known.number))
}

fn examine(ports: &Ports, policy: &Policy, pull: &Pull, older: &[OlderTip]) -> Result {
    let Some(trusted) = pull.stage.trusted() else { return Result::of(Happened::Nothing) };
    let from = Quarantine::Pull(pull.number);
    let tip = trusted.pinned.tip;
    let asked: Vec<_> = older.iter().map(|older| older.tip).collect();
    let examined = ports.repository.facts(from, &pull.target, tip).and_then(|facts| {
        if !facts.already_merged
            && let Some(event) = out_of_paths(ports, pull, trusted)?
        {
            return Ok(event);
        }
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
        Ok(PullEvent::Examined(Examined { facts, contains, series, touches }))
    });
    match examined {
        Ok(event) => happened(event),
        Err(fault) => failed(&fault, alert("Commits can't be looked at", &fault)),
    }
}

/// What its commits are like, as many as its target's rules look at.
fn series(
    ports: &Ports,
    policy: &Policy,
    pull: &Pull,
    tip: ObjectId,
) -> std::result::Result<Series, Fault> {
    let from = Quarantine::Pull(pull.number);
    let base = pull.mail().request.base.as_ref();
    let most = policy.targets.get(&pull.target).map_or(0, |target| target.checks.max_commits);
    ports.repository.series(from, &pull.target, tip, base, most)
}

/// The addresses of the maintainers whose paths the request touches, each once.
fn touches(ports: &Ports, pull: &Pull, tip: ObjectId) -> std::result::Result<Vec<String>, Fault> {
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
) -> std::result::Result<Option<PullEvent>, Fault> {
    let paths = &trusted.signer.scope.paths;
    if paths.is_empty() {
        return Ok(None);
    }
    let from = Quarantine::Pull(pull.number);
    let found = ports.repository.outside(from, &pull.target, trusted.pinned.tip, paths)?;
    let OtherFiles { files, total } = found;
    let sender_known = ports.may_tell(pull.mail_list(), &pull.mail().author.address);
    Ok((total > 0).then_some(PullEvent::OutOfPaths { files, total, sender_known }))
}

/// Letters that were written, and what the administrator has to know of those that could not be.
#[derive(Default)]
struct Written {
    letters: Vec<Letter>,
    alert: Option<Alert>,
}

type Drafts = Vec<std::result::Result<Option<Draft>, LetterFault>>;

/// Writes letters about a request and keeps them. One that can't be written (an address that is
/// none) does not keep the others back, and is not tried again: the administrator hears of it.
fn write(
    ports: &Ports,
    pull: &Pull,
    run: Option<&Run>,
    drift: Option<&Drift>,
    compose: impl Fn(&LetterInput<'_>) -> Drafts,
) -> std::result::Result<Written, Fault> {
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

fn told(
    written: std::result::Result<Written, Fault>,
    event: impl Fn(Vec<MessageId>) -> PullEvent,
) -> Result {
    match written {
        Ok(Written { letters, alert }) => {
            let ids = letters.iter().map(|letter| letter.id.clone()).collect();
            Result::with_letters(Happened::Pull(event(ids)), letters).alerting(alert)
        }
        Err(fault) => failed(&fault, alert("A letter can't be kept", &fault)),
    }
}

fn tell_hold(ports: &Ports, pull: &Pull) -> Result {
    let letters = write(ports, pull, None, None, |input| {
        let pen = &ports.pen();
        let mut drafts = vec![pen.held(input, Audience::Managers)];
        // Before the signature is verified nothing goes to whoever the mail says it is from.
        let known = || ports.may_tell(pull.mail_list(), &pull.mail().author.address);
        let unproved = matches!(pull.stage, Stage::Held { unproved: Some(_), .. });
        if pull.stage.trusted().is_some() || unproved && known() {
            drafts.push(pen.held(input, Audience::Author));
        }
        drafts
    });
    told(letters, PullEvent::HoldTold)
}

fn answer(ports: &Ports, pull: &Pull, run: Option<&Run>) -> Result {
    let candidate = run.and_then(|run| run.stage.candidate());
    let drift = candidate.and_then(|candidate| {
        let from = Quarantine::Pull(pull.number);
        // The head as of now, not as of the merge; if it can't be read the reply does without.
        ports.repository.target_head(&pull.target).ok()?;
        ports.repository.drift(from, &pull.target, candidate).ok()
    });
    let letters = write(ports, pull, run, drift.as_ref(), |input| vec![ports.pen().verdict(input)]);
    told(letters, PullEvent::Written)
}

fn tell_unanswered(ports: &Ports, pull: &Pull, because: &str) -> Result {
    let letters = write(ports, pull, None, None, |input| {
        vec![ports.pen().unanswered(input, because).map(Some)]
    });
    told(letters, PullEvent::UnansweredTold)
}

fn tell_retraction(ports: &Ports, pull: &Pull) -> Result {
    let letters = write(ports, pull, None, None, |input| vec![ports.pen().retracted(input)]);
    told(letters, PullEvent::RetractionTold)
}

fn look_landed(ports: &Ports, pull: &Pull) -> Result {
    let Some(trusted) = pull.stage.trusted() else { return Result::of(Happened::Nothing) };
    let from = Quarantine::Pull(pull.number);
    let tip = trusted.pinned.tip;
    let found = ports
        .repository
        .facts(from, &pull.target, tip)
        .map(|facts| PullEvent::Looked { head: facts.head, landed: facts.already_merged });
    match found {
        Ok(event) => happened(event),
        Err(fault) => failed(&fault, alert("The target can't be looked at", &fault)),
    }
}

fn forget(ports: &Ports, pull: &Pull) -> Result {
    match ports.repository.forget(Quarantine::Pull(pull.number)) {
        Ok(()) => happened(PullEvent::Forgotten),
        Err(fault) => failed(&fault, alert("A quarantine can't be removed", &fault)),
    }
}
