//! Says when a letter is sent, and records what became of it.
//!
//! The race: SMTP accepts a letter and the bot dies, or the connection breaks, before it knows.
//! `Sending` is put before the letter goes out. A letter to a list is then looked for on the list,
//! by its Message-ID, for [`LOOK_FOR`] of time that the list was really read; only then it is sent
//! again, with the same id. A private letter is sent again as after any failure: twice is better
//! than never. A copy of a letter that was never given to a server is somebody else's mail: whoever
//! can compute a letter's id must not be able to keep the bot silent.

use jiff::{SignedDuration, Timestamp};

use super::{Letter, LetterState};
use crate::pull::decision::{Decision, Trouble};
use crate::pull::retry::Retry;
use crate::pull::room::within;

/// Bytes of what a server said that are kept.
const LONGEST: usize = 800;

/// How long a list's copy of a letter is waited for before the letter is sent again.
pub const LOOK_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What happened to a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterEvent {
    /// It is about to be given to the server.
    Begun,
    /// The server took it.
    Accepted,
    /// The server did not take it now.
    Deferred(Trouble),
    /// The server will not take it.
    Rejected(Trouble),
    /// The server will not take it for one of several recipients.
    Unreachable {
        /// The recipient's address.
        address: String,
        /// What the server said.
        trouble: Trouble,
    },
    /// The server may have taken it.
    Uncertain(Trouble),
    /// Its copy came back by the list.
    SeenOnList,
}

/// What can be done about a letter: there is one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Send;

/// What the rules need to know beyond the one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterSituation {
    /// When the folder in which its copy would show was last read to its end.
    pub read_at: Option<Timestamp>,
    /// Set while a recipient has had as many letters as an hour may bring.
    pub capped_until: Option<Timestamp>,
}

/// Decides.
pub fn decide(letter: &Letter, situation: LetterSituation, now: Timestamp) -> Decision<Send> {
    match &letter.state {
        LetterState::Ready { retry } => ready(retry, situation, now),
        LetterState::Sending { since, retry } | LetterState::Unknown { since, retry } => {
            uncertain(letter, *since, retry, situation, now)
        }
        LetterState::Sent { at } => Decision::wait(format!("it was accepted at {at}")),
        LetterState::Refused { said, .. } => Decision::wait(format!("it was refused: {said}")),
    }
}

fn ready(retry: &Retry, situation: LetterSituation, now: Timestamp) -> Decision<Send> {
    if retry.next_at > now {
        let last = retry.last.as_deref().unwrap_or("it is not time yet");
        return Decision::wait_until(retry.next_at, format!("it is tried again later: {last}"));
    }
    match situation.capped_until {
        Some(until) if until > now => {
            Decision::wait_until(until, "its recipient has had enough letters for an hour")
        }
        Some(_) | None => Decision::act(Send, "it is to be sent"),
    }
}

fn uncertain(
    letter: &Letter,
    since: Timestamp,
    retry: &Retry,
    situation: LetterSituation,
    now: Timestamp,
) -> Decision<Send> {
    if letter.list.is_none() {
        // Private: again, but no faster than any other failure and under the same cap.
        return ready(retry, situation, now);
    }
    let limit = since + LOOK_FOR;
    if situation.read_at.is_some_and(|read_at| read_at >= limit) {
        return Decision::act(Send, "it did not show on the list: again");
    }
    let because = "whether it was sent is not known; its copy is looked for on the list";
    if now < limit { Decision::wait_until(limit, because) } else { Decision::wait(because) }
}

/// Records an event; says whether anything changed.
pub fn apply(letter: &mut Letter, event: LetterEvent, now: Timestamp) -> bool {
    let retry = match &letter.state {
        LetterState::Ready { retry } if retry.failures == 0 && event == LetterEvent::SeenOnList => {
            return false;
        }
        LetterState::Ready { retry }
        | LetterState::Sending { retry, .. }
        | LetterState::Unknown { retry, .. } => retry.clone(),
        LetterState::Sent { .. } | LetterState::Refused { .. } => return false,
    };
    letter.state = match event {
        LetterEvent::Begun => LetterState::Sending { since: now, retry },
        LetterEvent::Accepted | LetterEvent::SeenOnList => LetterState::Sent { at: now },
        LetterEvent::Deferred(trouble) => {
            let retry = retry.after_failure(now, trouble.detail, trouble.retry_after);
            LetterState::Ready { retry }
        }
        LetterEvent::Rejected(trouble) | LetterEvent::Unreachable { trouble, .. } => {
            LetterState::Refused { at: now, said: within(&trouble.detail, LONGEST) }
        }
        LetterEvent::Uncertain(trouble) => {
            let retry = retry.after_failure(now, trouble.detail, None);
            LetterState::Unknown { since: now, retry }
        }
    };
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::letter::About;
    use crate::pull::verdict::Audience;

    fn letter(state: LetterState) -> Letter {
        Letter {
            id: "a@example.org".parse().unwrap(),
            about: About::Bot,
            audience: Audience::Thread,
            list: None,
            recipients: vec!["alice@example.org".into()],
            subject: "Re: [PULL]".into(),
            written_at: Timestamp::UNIX_EPOCH,
            state,
        }
    }

    #[test]
    fn a_copy_of_a_letter_that_was_never_given_to_a_server_is_not_believed() {
        let now = Timestamp::UNIX_EPOCH;
        let mut ready = letter(LetterState::Ready { retry: Retry::now(now) });
        assert!(!apply(&mut ready, LetterEvent::SeenOnList, now));
        assert!(apply(&mut ready, LetterEvent::Begun, now));
        assert!(apply(&mut ready, LetterEvent::SeenOnList, now));
        assert_eq!(ready.state, LetterState::Sent { at: now });
    }
}
