//! Commands that letters suggest. Each stays a value until it is written for one of two places: a
//! terminal, or an answer by mail.

use std::fmt;

use crate::pull::ids::PullNumber;

/// A command that a reader may want to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Suggestion {
    /// One of the bot's own, at the machine that runs it or by mail.
    Order(Order),
    /// Shows a request's history, at that machine.
    Show(PullNumber),
    /// `git request-pull`, which prints the text of a request. Each part is one word to a shell.
    RequestPull {
        /// What the request builds on.
        base: String,
        /// Where it can be fetched.
        url: String,
        /// The tag.
        tag: String,
    },
    /// Another line for a shell.
    Shell(String),
}

/// A command that changes something about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Tests it again.
    Retest(PullNumber),
    /// Drops it.
    Cancel(PullNumber),
    /// Approves what holds it.
    Approve {
        /// Which request.
        number: PullNumber,
        /// The beginning of what is approved, so that nothing else is.
        of: Option<String>,
    },
}

impl Suggestion {
    /// As it is typed into a terminal.
    pub(crate) fn typed(&self) -> String {
        match self {
            Self::Order(order) => format!("gatepost do '{order}'"),
            Self::Show(number) => format!("gatepost show {number}"),
            Self::RequestPull { base, url, tag } => format!("git request-pull {base} {url} {tag}"),
            Self::Shell(line) => line.clone(),
        }
    }

    /// As a line of a mail to the bot, where it can be given so.
    pub(crate) fn mailed(&self) -> Option<String> {
        match self {
            Self::Order(order) => Some(order.to_string()),
            Self::Show(_) | Self::RequestPull { .. } | Self::Shell(_) => None,
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retest(number) => write!(f, "retest {number}"),
            Self::Cancel(number) => write!(f, "cancel {number}"),
            Self::Approve { number, of: Some(of) } => write!(f, "approve {number} {of}"),
            Self::Approve { number, of: None } => write!(f, "approve {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::command::Named;
    use crate::pull::verbs::parse;

    #[test]
    fn what_is_suggested_is_a_command_that_the_bot_takes() {
        let number = PullNumber(17);
        let of = Some("5f5f5f5f5f5f".to_owned());
        for (order, word) in [
            (Order::Retest(number), "retest"),
            (Order::Cancel(number), "cancel"),
            (Order::Approve { number, of: None }, "approve"),
            (Order::Approve { number, of }, "approve"),
        ] {
            let command = parse(&order.to_string(), false).unwrap();
            assert_eq!((command.row().word, command.which()), (word, Some(&Named::Pull(number))));
        }
    }
}
