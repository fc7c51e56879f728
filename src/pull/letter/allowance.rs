//! Which letters are counted together. Each address may get so many letters an hour of each
//! allowance, so that no flood of one kind holds up another: letters that anybody can have the bot
//! write, in anybody's name, are counted by themselves. It must not count.

use super::Letter;
use crate::pull::verdict::Audience;

/// What a letter counts toward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Allowance {
    /// Answers to commands of proved senders. How many commands are obeyed is bounded already.
    Answers,
    /// What the administrator has to know of the bot.
    Alerts,
    /// What is said on a list about a request that is proved to be its signer's.
    Verdicts,
    /// What is written because of mail whose sender nothing proves.
    Unproved,
    /// Everything else.
    Others,
}

impl Allowance {
    /// Whether many of them stop outgoing mail: a flood of these is a fault of the bot's, or done by
    /// somebody whom it knows. Strangers must not be able to stop it.
    pub(crate) fn trips_breaker(self) -> bool {
        match self {
            Self::Verdicts | Self::Others => true,
            Self::Answers | Self::Alerts | Self::Unproved => false,
        }
    }
}

impl Letter {
    /// What it counts toward.
    pub(crate) fn allowance(&self) -> Allowance {
        if self.unproved {
            Allowance::Unproved
        } else if self.is_transcript() {
            Allowance::Answers
        } else if self.is_alert() {
            Allowance::Alerts
        } else if self.audience == Audience::Thread {
            Allowance::Verdicts
        } else {
            Allowance::Others
        }
    }
}
