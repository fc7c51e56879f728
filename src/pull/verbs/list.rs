//! `list`: some of the requests, or what there is to do for whoever takes over.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, ListFilter, Look, Row, WhoMay};

/// Each filter, by its word.
const FILTERS: [(&str, ListFilter); 4] = [
    ("open", ListFilter::Open),
    ("held", ListFilter::Held),
    ("queued", ListFilter::Queued),
    ("done", ListFilter::Done),
];

/// Lists some of the requests; without a filter, what there is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) filter: Option<ListFilter>,
}

impl Verb for List {
    const ROW: &'static Row = &Row::asks(
        "list",
        "list [open|held|queued|done]",
        "list held",
        by(WhoMay::Manager),
        "Lists requests; without a word, what somebody who takes over has to know: what is stopped \
         and by whom, what waits for a person, what is tested, what was concluded last.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        let Some(word) = said.words.first() else { return Ok(Self { filter: None }) };
        let found = FILTERS.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
        match (found, said.words.len()) {
            (Some((_, filter)), 1) => Ok(Self { filter: Some(filter) }),
            _ => Err(format!("There is no list {:?}.", said.bounded().join(" ")).into()),
        }
    }

    fn obey(&self, _desk: &mut Desk<'_>) -> Result<Answer, String> {
        Ok(Answer::Look(Look::List(self.filter)))
    }
}
