//! The record of a letter on its way: which state it is in, when it is tried again. The text is a
//! file; the words are in `mail::words`. [`rules`] says when it is sent, and again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{ListName, MessageId, PullNumber, RunId};
use super::retry::Retry;
use super::verdict::Audience;

pub(crate) mod allowance;
pub(crate) mod rules;

/// A letter in the outbox, for one audience. It goes out in one SMTP transaction, or in two where
/// some of its readers have had enough letters for the hour and the others do not wait for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letter {
    /// Its Message-ID: a hash of what it answers, the same however often it is written.
    pub(crate) id: MessageId,
    /// What it is about.
    pub(crate) about: About,
    /// Who is to read it.
    pub(crate) audience: Audience,
    /// The list to which this transaction goes, and where its copy will show.
    pub(crate) list: Option<ListName>,
    /// The readers whom this transaction is for.
    pub(crate) recipients: Vec<String>,
    /// The bot's own address, where its copy comes back in no other way. It goes along with the
    /// list's and is nobody's letter.
    #[serde(default)]
    pub(crate) blind: Option<String>,
    /// Whom the next transaction is for, if there is to be one.
    #[serde(default)]
    pub(crate) later: Option<Later>,
    /// Whether anybody could have had the bot write it, in anybody's name.
    #[serde(default)]
    pub(crate) unproved: bool,
    /// Its subject, for logs and `show`.
    pub(crate) subject: String,
    /// When it was written.
    pub(crate) written_at: Timestamp,
    /// Where it stands.
    pub(crate) state: LetterState,
}

/// Readers of a letter who get it in a transaction of their own, after the others: the same bytes
/// with the same Message-ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Later {
    /// Who.
    pub(crate) recipients: Vec<String>,
    /// The list, if it is among them.
    pub(crate) list: Option<ListName>,
}

/// What a letter is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum About {
    /// A request.
    Pull(PullNumber),
    /// A run that somebody asked for.
    Run(RunId),
    /// A mail that is no request.
    Mail(MessageId),
    /// The bot itself.
    Bot,
}

/// Where a letter stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LetterState {
    /// To be sent.
    Ready {
        /// When.
        retry: Retry,
    },
    /// Given to the server; no answer recorded yet. After a crash it is looked for first.
    Sending {
        /// Since when.
        since: Timestamp,
        /// Failures before.
        retry: Retry,
    },
    /// The server may have it: looked for on the list before it is sent again.
    Unknown {
        /// Since when.
        since: Timestamp,
        /// When to look.
        retry: Retry,
    },
    /// Accepted.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// Refused for good; the administrator was told.
    Refused {
        /// When.
        at: Timestamp,
        /// What the server said.
        said: String,
    },
}

impl Letter {
    /// Whether it answers a mail to the command mailbox: such a letter goes out whatever is stopped.
    pub(crate) fn is_transcript(&self) -> bool {
        matches!(self.about, About::Mail(_)) && self.audience == Audience::Asker
    }

    /// Whether it tells the administrator of the bot itself.
    pub(crate) fn is_alert(&self) -> bool {
        self.about == About::Bot && self.audience == Audience::Administrator
    }

    /// Whether the list whose thread it answers has it already, so that only copies are left to send.
    pub(crate) fn is_on_its_list(&self) -> bool {
        let to_list = self.later.as_ref().is_some_and(|later| later.list.is_some());
        self.audience == Audience::Thread && self.list.is_none() && !to_list
    }

    /// Whom the mail server is to give it to now.
    pub(crate) fn envelope(&self) -> Vec<String> {
        let blind = self.blind.iter().filter(|_| self.list.is_some());
        let blind = blind.filter(|own| !self.recipients.contains(own));
        self.recipients.iter().chain(blind).cloned().collect()
    }

    /// Has some readers get it in a transaction of their own. `list` is the address of its list.
    pub(crate) fn put_off(&mut self, later: &[String], list: Option<&str>) {
        let recipients: Vec<String>;
        (recipients, self.recipients) =
            self.recipients.drain(..).partition(|to| later.contains(to));
        let is_list = |to: &String| list.is_some_and(|list| to.eq_ignore_ascii_case(list));
        let list = if recipients.iter().any(is_list) { self.list.take() } else { None };
        self.later = Some(Later { recipients, list });
    }

    /// Takes that back: nobody has got it yet.
    fn join_again(&mut self) {
        if let Some(Later { recipients, list }) = self.later.take() {
            self.recipients.extend(recipients);
            self.list = self.list.take().or(list);
        }
    }
}

impl LetterState {
    /// Whether nothing more will happen to it.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Sent { .. } | Self::Refused { .. } => true,
            Self::Ready { .. } | Self::Sending { .. } | Self::Unknown { .. } => false,
        }
    }
}
