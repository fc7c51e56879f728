//! Performs one effect in the world outside and says what came of it. Repeating an effect after a
//! crash is safe: where a port's method is not, the record that announces it was put before.

use crate::ports::{Fault, FaultKind, FileName};
use crate::pull::aside::AsideNotice;
use crate::pull::command_mail::MailReading;
use crate::pull::expiry::Warning;
use crate::pull::letter::rules::LetterEvent;
use crate::pull::letter::{Letter, LetterState};
use crate::pull::policy::Policy;
use crate::pull::request::apply::PullEvent;
use crate::pull::room::within;
use crate::pull::run::apply::RunEvent;
use crate::pull::world::{Alert, Done, Effect, Happened, Subject, alert_for};

use super::journal::Work;
use super::ports::Ports;
use crate::mail::letter::{Draft, LetterFault};
use crate::ports::{Delivery, Envelope};

pub(super) mod commands;
mod near_miss;
mod request;
mod run;

/// Bytes of what a server said that a record keeps.
const LONGEST_DETAIL: usize = 600;

/// What came of an effect, before it is addressed.
pub(crate) struct Result {
    happened: Happened,
    letters: Vec<Letter>,
    alert: Option<Alert>,
}

impl Result {
    fn of(happened: Happened) -> Self {
        Self { happened, letters: Vec::new(), alert: None }
    }

    fn with_letters(happened: Happened, letters: Vec<Letter>) -> Self {
        Self { happened, letters, alert: None }
    }

    fn alerting(mut self, alert: Option<Alert>) -> Self {
        self.alert = alert;
        self
    }
}

/// Performs an effect. It may block for as long as its ports do.
pub(crate) fn perform(ports: &Ports, policy: &Policy, effect: Effect) -> Done {
    let subject = effect.subject();
    if ports.in_force.is_stopped() && !passes_a_stop(&effect) {
        let happened = Happened::Withheld;
        return Done { subject, happened, letters: Vec::new(), alert: None };
    }
    if let Some(key) = subject.record() {
        ports.journal.begun(Work::Record(key));
    }
    let result =
        match effect {
            Effect::Pull { pull, run, action } => {
                request::perform(ports, policy, &pull, run.as_deref(), &action)
            }
            Effect::Run { run, pull, action, earlier } => {
                run::perform(ports, policy, &run, pull.as_deref(), &action, &earlier)
            }
            Effect::Send(letter) => send(ports, &letter),
            Effect::ReadHead(target) => match ports.repository.target_head(&target) {
                Ok(head) => Result::of(Happened::Head(head)),
                Err(fault) => Result::of(Happened::Nothing)
                    .alerting(alert("The target can't be read", &fault)),
            },
            Effect::ReadKeyring => match ports.keyring.expiring(ports.clock.now()) {
                Ok(expiring) => Result::of(Happened::Keyring(expiring)),
                Err(fault) => Result::of(Happened::Nothing)
                    .alerting(alert("The keyring can't be read", &fault)),
            },
            Effect::WarnOfKey(warning) => warn_of_key(ports, &warning),
            Effect::TellMiss(miss) => near_miss::tell(ports, &miss),
            Effect::ReadCommands(mail) => commands::read(ports, &mail),
            Effect::Transcribe { mail, transcript, glance } => {
                commands::transcribe(ports, &mail, &transcript, &glance)
            }
            Effect::Alert(alert) => {
                tracing::warn!(alert.subject, "{}: {}", alert.subject, alert.detail);
                let now = ports.clock.now();
                bot_letter(ports, ports.pen().alert(&alert.subject, &alert.detail, now))
            }
            Effect::TellAside(notice) => tell_aside(ports, &notice),
            Effect::Expire(older_than) => match ports.store.expire_files(older_than) {
                Ok(_) => Result::of(Happened::Nothing),
                Err(fault) => Result::of(Happened::Nothing)
                    .alerting(alert("Old files can't be removed", &fault)),
            },
            Effect::Counts(counts) => {
                let now = ports.clock.now();
                let since = now - jiff::SignedDuration::from_hours(7 * 24);
                bot_letter(ports, ports.pen().counted(&counts, since, now))
            }
        };
    Done { subject, happened: result.happened, letters: result.letters, alert: result.alert }
}

/// What is done although a person has stopped everything: commands are read and answered.
fn passes_a_stop(effect: &Effect) -> bool {
    match effect {
        Effect::ReadCommands(_) | Effect::Transcribe { .. } => true,
        Effect::Send(letter) => letter.is_transcript(),
        Effect::Pull { .. }
        | Effect::Run { .. }
        | Effect::ReadHead(_)
        | Effect::ReadKeyring
        | Effect::WarnOfKey(_)
        | Effect::TellMiss(_)
        | Effect::Alert(_)
        | Effect::TellAside(_)
        | Effect::Counts(_)
        | Effect::Expire(_) => false,
    }
}

/// What to record when performing an effect panicked.
pub(crate) fn panicked(subject: Subject, said: &str) -> Done {
    let detail = within(&format!("The bot itself failed: {said}"), LONGEST_DETAIL);
    let trouble = Fault::bug(detail.as_str()).retry_after(jiff::SignedDuration::from_mins(10));
    let happened = match &subject {
        Subject::Pull(_) | Subject::Notice(_) => Happened::Pull(PullEvent::Failed(trouble)),
        Subject::Run(_) => Happened::Run(RunEvent::Failed(trouble)),
        Subject::Letter(_) => Happened::Letter(LetterEvent::Uncertain(trouble)),
        Subject::Mail(_) => Happened::Commands(Box::new(MailReading::Failed(trouble))),
        Subject::Head(_)
        | Subject::Miss(_)
        | Subject::Keyring
        | Subject::KeyWarning(_)
        | Subject::Alert(_)
        | Subject::Counts
        | Subject::Aside(_)
        | Subject::OldFiles => Happened::Nothing,
    };
    let alert = Some(Alert { subject: "A bug in the bot".into(), detail });
    Done { subject, happened, letters: Vec::new(), alert }
}

fn send(ports: &Ports, letter: &Letter) -> Result {
    let bytes = match ports.store.file(&FileName::Letter(letter.id.clone())) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            let detail = "its text is missing in the state directory".to_owned();
            let trouble = Fault::permanent(detail);
            return Result::of(Happened::Letter(LetterEvent::Rejected(trouble)));
        }
        Err(fault) => {
            return Result::of(Happened::Letter(LetterEvent::Deferred(fault.shortened())));
        }
    };
    let envelope = Envelope { sender: ports.desk.sender.clone(), recipients: letter.envelope() };
    let (event, fault) = match ports.outbound.send(&envelope, &bytes) {
        Delivery::Accepted => (LetterEvent::Accepted, None),
        Delivery::Temporary(fault) => (LetterEvent::Deferred(fault.shortened()), Some(fault)),
        Delivery::Permanent(fault) => (LetterEvent::Rejected(fault.shortened()), None),
        Delivery::Unreachable { address, fault } => {
            (LetterEvent::Unreachable { address, trouble: fault.shortened() }, None)
        }
        Delivery::Unknown(fault) => (LetterEvent::Uncertain(fault.shortened()), None),
    };
    // A server that refuses the bot itself refuses the alert as well; the log still says it.
    let alert = fault.and_then(|fault| alert("The mail server refuses the bot", &fault));
    Result::of(Happened::Letter(event)).alerting(alert)
}

/// Keeps a letter's text, and gives its record.
fn keep(ports: &Ports, draft: Draft) -> std::result::Result<Letter, Fault> {
    let Draft { mut letter, bytes } = draft;
    let blind = letter.list.as_ref().and_then(|list| ports.desk.blind_copies.get(list));
    letter.blind = blind.cloned();
    debug_assert!(matches!(letter.state, LetterState::Ready { .. }));
    ports.store.put_file(&FileName::Letter(letter.id.clone()), &bytes)?;
    Ok(letter)
}

fn bot_letter(ports: &Ports, draft: std::result::Result<Draft, LetterFault>) -> Result {
    let kept = draft.map_err(|fault| Fault::bug(fault.to_string())).and_then(|d| keep(ports, d));
    match kept {
        Ok(letter) => Result::with_letters(Happened::Nothing, vec![letter]),
        // It waits for room on the disk.
        Err(fault) if fault.kind != FaultKind::Bug => {
            Result::of(Happened::Failed(fault.shortened()))
        }
        Err(fault) => {
            tracing::error!("a letter to the administrator could not be written: {fault}");
            Result::of(Happened::Nothing)
        }
    }
}

/// Writes to a key's owner and the administrator. An owner without a usable address does not keep
/// the administrator from hearing of it.
fn warn_of_key(ports: &Ports, warning: &Warning) -> Result {
    let (pen, now) = (&ports.pen(), ports.clock.now());
    let mut letters = Vec::new();
    let to_owner = pen.key_expires(warning, now).unwrap_or_else(|fault| {
        tracing::warn!("the owner of a key can't be told: {fault}");
        None
    });
    let to_administrator = pen.key_expires_for_administrator(warning, now);
    let drafts = match to_administrator {
        Ok(draft) => to_owner.into_iter().chain([draft]),
        Err(fault) => {
            let fault = Fault::bug(fault.to_string());
            return Result::of(Happened::Nothing)
                .alerting(alert("A letter can't be written", &fault));
        }
    };
    for draft in drafts {
        match keep(ports, draft) {
            Ok(letter) => letters.push(letter),
            Err(fault) => {
                return Result::of(Happened::Nothing)
                    .alerting(alert("A letter can't be kept", &fault));
            }
        }
    }
    Result::with_letters(Happened::KeyWarned, letters)
}

/// Writes to the administrator, and to the release managers if it is about a request.
fn tell_aside(ports: &Ports, notice: &AsideNotice) -> Result {
    tracing::error!("{} is set aside: {}", notice.key, notice.aside.why);
    let written = bot_letter(ports, ports.pen().set_aside(notice, ports.clock.now()));
    match written.happened {
        Happened::Nothing => Result::with_letters(Happened::AsideTold, written.letters),
        _ => written,
    }
}

fn alert(subject: &str, fault: &Fault) -> Option<Alert> {
    alert_for(subject, &fault.shortened())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ids::{MessageId, PullNumber, RunId};
    use crate::pull::room::written;

    #[test]
    fn what_goes_wrong_at_length_is_told_in_few_words() {
        let long = "\"".repeat(50_000);
        let trouble = Fault::temporary(long.as_str()).saying(long.as_str()).shortened();
        let public = trouble.public.unwrap_or_default();
        assert!(written(&trouble.detail) <= LONGEST_DETAIL && written(&public) <= LONGEST_DETAIL);
        let id: MessageId = "a@example.org".parse().unwrap();
        let subjects = [Subject::Pull(PullNumber(1)), Subject::Run(RunId(1)), Subject::Letter(id)];
        for subject in subjects {
            let alert = panicked(subject, &long).alert.unwrap();
            assert!(written(&alert.detail) <= LONGEST_DETAIL);
        }
    }
}
