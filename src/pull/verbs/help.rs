//! `help`: lists the commands, or explains one.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::mistakes::unknown;
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Look, Row, WhoMay};

/// Lists the commands, or explains one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Help {
    pub(crate) of: Option<&'static Row>,
}

impl Verb for Help {
    const ROW: &'static Row = &Row::asks(
        "help",
        "help [COMMAND]",
        "help approve",
        by(WhoMay::Anybody),
        "Lists the commands, or explains one.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        if said.words.is_empty() {
            return Ok(Self { of: None });
        }
        let asked = said.words.join(" ").to_ascii_lowercase();
        let is_it = |row: &&Row| row.word == asked || row.first_word() == asked;
        match said.rows.iter().copied().find(is_it) {
            Some(row) => Ok(Self { of: Some(row) }),
            None => Err(unknown(said.rows, &asked, None).to_string().into()),
        }
    }

    fn obey(&self, _desk: &mut Desk<'_>) -> Result<Answer, String> {
        Ok(Answer::Look(Look::Help(self.of.map(|row| row.word.to_owned()))))
    }
}
