//! Says when a letter is sent, and records what became of it.
//!
//! The race: SMTP accepts a letter and the bot dies, or the connection breaks, before it knows.
//! `Sending` is put before the letter goes out. A letter to a list is then looked for on the list,
//! by its Message-ID, for [`LOOK_FOR`] of time that the list was really read; only then it is sent
//! again, with the same id. A private letter is sent again as after any failure: twice is better
//! than never. A copy of a letter that was never given to a server, or not to a list, is somebody
//! else's mail: whoever can compute a letter's id must not be able to keep the bot silent.
//!
//! What is over for some readers goes on for those who get it in a transaction of their own. The
//! list's copy that comes back then says nothing of theirs.

use std::convert::Infallible;

use jiff::{SignedDuration, Timestamp};

use super::{Later, Letter, LetterState};
use crate::pull::decision::Decision;
use crate::pull::fault::Fault;
use crate::pull::retry::Retry;
use crate::pull::room::within;

/// Bytes of what a server said that are kept.
const LONGEST: usize = 800;

/// How long a list's copy of a letter is waited for before the letter is sent again.
pub(crate) const LOOK_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What happened to a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LetterEvent {
    /// It is about to be given to the server.
    Begun,
    /// The server took it.
    Accepted,
    /// The server did not take it now.
    Deferred(Fault),
    /// The server will not take it.
    Rejected(Fault),
    /// The server will not take it for one of several recipients.
    Unreachable {
        /// The recipient's address.
        address: String,
        /// What the server said.
        trouble: Fault,
    },
    /// The server may have taken it.
    Uncertain(Fault),
    /// Its copy came back by the list.
    SeenOnList,
}

impl LetterEvent {
    /// What kept the letter from being taken.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Deferred(fault)
            | Self::Rejected(fault)
            | Self::Unreachable { trouble: fault, .. }
            | Self::Uncertain(fault) => Some(fault),
            Self::Begun | Self::Accepted | Self::SeenOnList => None,
        }
    }
}

/// Give it to the mail server: the one thing that can be done for a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Send;

/// What the rules need to know beyond the one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LetterSituation {
    /// When the folder in which its copy would show was last read to its end.
    pub(crate) read_at: Option<Timestamp>,
    /// Set while nobody may get it who has not had as many letters as an hour may bring.
    pub(crate) capped_until: Option<Timestamp>,
}

/// Decides.
pub(crate) fn decide(
    letter: &Letter,
    situation: LetterSituation,
    now: Timestamp,
) -> Decision<Infallible, Send> {
    match &letter.state {
        LetterState::Ready { retry } => ready(retry, situation, now),
        LetterState::Sending { since, retry } | LetterState::Unknown { since, retry } => {
            uncertain(letter, *since, retry, situation, now)
        }
        LetterState::Sent { at } => Decision::wait(format!("it was accepted at {at}")),
        LetterState::Refused { said, .. } => Decision::wait(format!("it was refused: {said}")),
    }
}

fn ready(retry: &Retry, situation: LetterSituation, now: Timestamp) -> Decision<Infallible, Send> {
    if retry.next_at > now {
        let last = retry.last.as_deref().unwrap_or("it is not time yet");
        return Decision::wait_until(retry.next_at, format!("it is tried again later: {last}"));
    }
    match situation.capped_until {
        Some(until) if until > now => {
            Decision::wait_until(until, "its readers have had enough letters for an hour")
        }
        Some(_) | None => Decision::work(Send, "it is to be sent"),
    }
}

fn uncertain(
    letter: &Letter,
    since: Timestamp,
    retry: &Retry,
    situation: LetterSituation,
    now: Timestamp,
) -> Decision<Infallible, Send> {
    if letter.list.is_none() {
        // Private: again, but no faster than any other failure and under the same cap.
        return ready(retry, situation, now);
    }
    let limit = since + LOOK_FOR;
    if situation.read_at.is_some_and(|read_at| read_at >= limit) {
        return Decision::work(Send, "it did not show on the list: again");
    }
    let because = "whether it was sent is not known; its copy is looked for on the list";
    if now < limit { Decision::wait_until(limit, because) } else { Decision::wait(because) }
}

/// Records an event; says whether anything changed.
pub(crate) fn apply(letter: &mut Letter, event: LetterEvent, now: Timestamp) -> bool {
    if event == LetterEvent::SeenOnList && letter.list.is_none() {
        return false;
    }
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
            letter.join_again();
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
    if letter.state.is_final()
        && let Some(Later { recipients, list }) = letter.later.take()
    {
        letter.recipients = recipients;
        letter.list = list;
        letter.state = LetterState::Ready { retry: Retry::now(now) };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ids::ListName;
    use crate::pull::letter::About;
    use crate::pull::verdict::Audience;

    fn letter(state: LetterState) -> Letter {
        Letter {
            id: "a@example.org".parse().unwrap(),
            about: About::Bot,
            audience: Audience::Thread,
            list: Some(ListName::new("devel")),
            recipients: vec!["devel@lists.example.org".into(), "alice@example.org".into()],
            blind: Some("gatepost@example.org".into()),
            later: None,
            unproved: false,
            subject: "Re: [PULL]".into(),
            written_at: Timestamp::UNIX_EPOCH,
            state,
        }
    }

    fn trouble() -> Fault {
        let kind = crate::pull::fault::FaultKind::Permanent;
        Fault { detail: "550 no".into(), public: None, retry_after: None, kind }
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

    #[test]
    fn a_copy_on_a_list_says_nothing_of_a_private_letter() {
        let now = Timestamp::UNIX_EPOCH;
        let mut sending = letter(LetterState::Sending { since: now, retry: Retry::now(now) });
        sending.list = None;
        assert!(!apply(&mut sending, LetterEvent::SeenOnList, now));
        assert!(!sending.state.is_final());
    }

    #[test]
    fn who_was_put_off_gets_it_when_the_list_has_it_however_that_ended() {
        let now = Timestamp::UNIX_EPOCH;
        let refused = LetterEvent::Rejected(trouble());
        for end in [LetterEvent::Accepted, LetterEvent::SeenOnList, refused] {
            let mut parted = letter(LetterState::Ready { retry: Retry::now(now) });
            parted.put_off(&["alice@example.org".into()], Some("Devel@lists.example.org"));
            assert_eq!(parted.envelope(), ["devel@lists.example.org", "gatepost@example.org"]);
            assert!(!parted.is_on_its_list());
            assert!(apply(&mut parted, LetterEvent::Begun, now));
            assert!(apply(&mut parted, end, now));
            assert_eq!(parted.state, LetterState::Ready { retry: Retry::now(now) });
            assert_eq!(parted.envelope(), ["alice@example.org"]);
            assert!(parted.is_on_its_list());
            assert!(apply(&mut parted, LetterEvent::Begun, now));
            assert!(!apply(&mut parted, LetterEvent::SeenOnList, now), "it is the list's");
            assert!(apply(&mut parted, LetterEvent::Accepted, now));
            assert_eq!(parted.state, LetterState::Sent { at: now });
        }
    }

    #[test]
    fn nobody_is_put_off_by_a_server_that_takes_nothing_now() {
        let now = Timestamp::UNIX_EPOCH;
        for first in ["alice@example.org", "devel@lists.example.org"] {
            let whole = letter(LetterState::Ready { retry: Retry::now(now) });
            let mut parted = whole.clone();
            parted.put_off(&[first.into()], Some("devel@lists.example.org"));
            assert!(apply(&mut parted, LetterEvent::Begun, now));
            assert!(apply(&mut parted, LetterEvent::Deferred(trouble()), now));
            parted.recipients.sort();
            assert_eq!(parted.recipients, ["alice@example.org", "devel@lists.example.org"]);
            assert_eq!((parted.list, parted.later), (whole.list, None));
        }
    }

    #[test]
    fn a_list_that_was_put_off_is_looked_for_on_the_list() {
        let now = Timestamp::UNIX_EPOCH;
        let mut parted = letter(LetterState::Ready { retry: Retry::now(now) });
        parted.put_off(&["devel@lists.example.org".into()], Some("devel@lists.example.org"));
        assert_eq!(parted.envelope(), ["alice@example.org"]);
        assert!(!parted.is_on_its_list());
        assert!(apply(&mut parted, LetterEvent::Begun, now));
        assert!(apply(&mut parted, LetterEvent::Accepted, now));
        assert_eq!(parted.envelope(), ["devel@lists.example.org", "gatepost@example.org"]);
        assert_eq!(parted.list, Some(ListName::new("devel")));
    }
}
