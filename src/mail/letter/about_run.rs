//! The letter about a run that somebody asked for by mail.

use jiff::Timestamp;

use super::block::{Block, framed};
use super::fault::LetterFault;
use super::input::TargetWords;
use super::key::Key;
use super::message::{Message, bare};
use super::writer::{Draft, LetterWriter};
use super::{facts, outcome};
use crate::mail::words::{LetterContext, outcomes};
use crate::pull::letter::About;
use crate::pull::run::{Run, Why};
use crate::pull::tag::Drift;
use crate::pull::verdict::{Audience, Outcome};

impl LetterWriter {
    /// Writes the outcome of `test URL REF SHA` to whoever asked by mail; `None` for a run that
    /// nobody is to be told of.
    ///
    /// # Errors
    /// The asker's address is none.
    pub(crate) fn asked(
        &self,
        run: &Run,
        outcome: &Outcome,
        target: &TargetWords,
        drift: Option<&Drift>,
        now: Timestamp,
    ) -> Result<Option<Draft>, LetterFault> {
        let Why::Asked { asker: Some(asker), url, reference, sha } = &run.why else {
            return Ok(None);
        };
        let word = outcome.word();
        let verdict = ("Verdict", word.to_owned());
        let key = [
            format!("test {url} {reference}"),
            sha.to_string(),
            run.created_at.to_string(),
            word.to_owned(),
        ];
        let message = Message {
            about: About::Run(run.id),
            audience: Audience::Asker,
            to: vec![bare(asker)?],
            cc: Vec::new(),
            list: None,
            subject: format!("Test of {reference} at {}: {word}", sha.short()),
            thread: Vec::new(),
            key: Key::of(key),
            headers: [verdict].into_iter().chain(facts::run_headers(run)).collect(),
            blocks: blocks(run, outcome, target, drift),
            on_behalf_of: None,
            attached: Vec::new(),
            unproved: false,
            now,
        };
        self.finish(message).map(Some)
    }
}

fn blocks(run: &Run, outcome: &Outcome, target: &TargetWords, drift: Option<&Drift>) -> Vec<Block> {
    let base = facts::base(Some(run), outcome);
    let again = String::new();
    let context = LetterContext { branch: &target.branch, base, pull: None, revision: 0, again };
    let mut facts = Vec::new();
    if let Why::Asked { url, reference, sha, .. } = &run.why {
        facts.push(("from", format!("{url} {reference}")));
        facts.push(("commit", sha.to_string()));
    }
    if let Some(base) = base {
        facts.push(("base", format!("{base} ({})", target.branch)));
    }
    facts.extend(facts::tested(Some(run), outcome));
    let mut shown = vec![Block::Facts(facts)];
    shown.extend(outcome::shown(outcome, Some(run), target, drift));
    framed(outcomes::in_letter(outcome, &context), shown)
}
