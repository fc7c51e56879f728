//! `pause`: begins no new test until `resume`, of all requests or of one list's.

use super::desk::{Desk, replaced};
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Row, WhoMay};
use crate::pull::ids::ListName;

const NEEDED: &str = "A pause needs a reason: it is shown wherever something waits.";

/// Begins no new test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pause {
    /// Why; where its first word names a list, only of that list's requests.
    pub(crate) words: Vec<String>,
}

impl Verb for Pause {
    const ROW: &'static Row = &Row::changes(
        "pause",
        "pause [LIST] REASON",
        "pause The runners are down until Monday.",
        by(WhoMay::Manager),
        "Begins no new test, of any list or of one, until resume; running ones go on.",
    )
    .with_text();

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        if said.words.is_empty() {
            return Err(BadArguments::few(NEEDED));
        }
        Ok(Self { words: said.bounded() })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let Self { words } = self;
        let list = words.first().map(|word| ListName::new(word.trim_end_matches(':')));
        let list = list.filter(|list| desk.lists().any(|known| known == list));
        if list.is_none()
            && let [first, ..] = words.as_slice()
            && let Some(near) = self.list_like(desk)
        {
            return Err(format!(
                "There is no list {first:?}: is it \"pause {near} …\"? Or begin the reason \
                 otherwise."
            ));
        }
        let reason = words[usize::from(list.is_some())..].join(" ");
        if reason.is_empty() {
            return Err(NEEDED.into());
        }
        let pause = desk.pause(reason);
        desk.change_overlay(|overlay| {
            Ok(match list {
                Some(list) => {
                    let before = overlay.paused_lists.insert(list.clone(), pause);
                    format!(
                        "No new test of a request of list {list} begins until \"resume {list}\"; \
                         running ones go on.{}",
                        replaced(before)
                    )
                }
                None => format!(
                    "No new test begins, of any list, until \"resume\"; running ones go on.{}",
                    replaced(overlay.pause.replace(pause))
                ),
            })
        })
    }
}

impl Pause {
    /// The list that somebody may have meant, where the first of several words is nearly its name.
    fn list_like<'a>(&self, desk: &'a Desk<'_>) -> Option<&'a ListName> {
        let [first, _, ..] = self.words.as_slice() else { return None };
        let first = first.trim_end_matches(':');
        let near = |list: &&ListName| {
            list.as_str().len() > 4 && strsim::damerau_levenshtein(list.as_str(), first) <= 2
        };
        desk.lists().find(near)
    }
}
