//! The work that is done for a letter: it is sent.

use super::Letter;
use super::rules::LetterEvent;
use crate::pull::task::{Task, tasks};

/// Give it to the mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Send;

tasks! {
    /// Work for a letter.
    LetterWork on Letter => LetterEvent { Send }
}

impl Task for Send {
    type On = Letter;
    type Answer = LetterEvent;
    type Event = LetterEvent;

    fn event(&self, event: LetterEvent) -> LetterEvent {
        event
    }

    /// The answers to commands say what the stop has done.
    fn passes_a_stop(&self, letter: &Letter) -> bool {
        letter.is_transcript()
    }
}
