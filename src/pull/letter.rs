//! The record of a letter on its way: which state it is in, when it is tried again. The text is a
//! file; the words are in `mail::words`. [`rules`] says when it is sent, and again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{ListName, MessageId, PullNumber, RunId};
use super::retry::Retry;
use super::verdict::Audience;

pub mod rules;

/// A letter in the outbox. One SMTP transaction, one audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its Message-ID: a hash of what it answers, the same however often it is written.
    pub id: MessageId,
    /// What it is about.
    pub about: About,
    /// Who is to read it.
    pub audience: Audience,
    /// The list where its copy will show, for letters that go to one.
    pub list: Option<ListName>,
    /// The envelope's recipients.
    pub recipients: Vec<String>,
    /// Its subject, for logs and `show`.
    pub subject: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// Where it stands.
    pub state: LetterState,
}

/// What a letter is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
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
pub enum LetterState {
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
    pub fn is_transcript(&self) -> bool {
        matches!(self.about, About::Mail(_)) && self.audience == Audience::Asker
    }

    /// Whether it tells the administrator of the bot itself.
    pub fn is_alert(&self) -> bool {
        self.about == About::Bot && self.audience == Audience::Administrator
    }
}

impl LetterState {
    /// Whether nothing more will happen to it.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Sent { .. } | Self::Refused { .. } => true,
            Self::Ready { .. } | Self::Sending { .. } | Self::Unknown { .. } => false,
        }
    }
}
