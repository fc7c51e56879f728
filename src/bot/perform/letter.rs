//! Gives a letter to the mail server.

use super::Worker;
use crate::bot::ports::Ports;
use crate::ports::{Delivery, Envelope, Fault, FileName};
use crate::pull::alert::Alert;
use crate::pull::letter::Letter;
use crate::pull::letter::rules::LetterEvent;
use crate::pull::letter::rules::Send;
use crate::pull::task::{Perform, Reply};

impl Perform<Send> for Worker<'_> {
    fn perform(&self, _: &Send, letter: &Letter) -> Reply<LetterEvent> {
        send(self.ports, letter)
    }
}

fn send(ports: &Ports, letter: &Letter) -> Reply<LetterEvent> {
    let bytes = match ports.store.file(&FileName::Letter(letter.id.clone())) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            let detail = "its text is missing in the state directory".to_owned();
            let trouble = Fault::permanent(detail);
            return Reply::answer(LetterEvent::Rejected(trouble));
        }
        Err(fault) => {
            return Reply::answer(LetterEvent::Deferred(fault.shortened()));
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
    let alert = fault.and_then(|fault| Alert::of("The mail server refuses the bot", &fault));
    Reply::answer(event).alerting(alert)
}
