//! `test`: tests a commit that somebody merged already, without a second merge and without a tag.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::signed_by;
use crate::pull::command::{Answer, Row, WhoMay};
use crate::pull::ids::{ObjectId, TargetName};
use crate::pull::room::written;
use crate::pull::run::Why;

/// Bytes of a repository's URL and of a ref, as a record has them.
const LONGEST_URL: usize = 1_000;
const LONGEST_REFERENCE: usize = 400;

/// Tests a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) url: String,
    /// What to fetch.
    pub(crate) reference: String,
    /// What it must be.
    pub(crate) sha: ObjectId,
    /// Without it the first one.
    pub(crate) target: Option<TargetName>,
}

impl Verb for Test {
    const ROW: &'static Row = &Row::changes(
        "test",
        "test URL REF SHA [TARGET]",
        "test https://git.example.org/alice/qemu.git staging \
         0123456789abcdef0123456789abcdef01234567",
        signed_by(WhoMay::Manager),
        "Tests a commit that is merged already, and answers whoever asked; without a target, for \
         the first one.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        let (url, reference, sha, target) = match said.words {
            [url, reference, sha] => (url, reference, sha, None),
            [url, reference, sha, target] => (url, reference, sha, Some(TargetName::new(*target))),
            [] | [_] | [_, _] => {
                return Err(BadArguments::few("A URL, a ref and the full commit are needed."));
            }
            [..] => return Err(said.too_many()),
        };
        let sha = sha.parse().map_err(|error| format!("{error}."))?;
        if written(url) > LONGEST_URL || written(reference) > LONGEST_REFERENCE {
            return Err("That URL or ref is too long.".into());
        }
        Ok(Self { url: (*url).into(), reference: (*reference).into(), sha, target })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let target = match &self.target {
            Some(named) => {
                desk.knows_target(named)?;
                named.clone()
            }
            None => desk.targets().next().cloned().ok_or("There is no target to test for.")?,
        };
        let why = Why::Asked {
            asker: desk.given.reply_to.clone(),
            url: self.url.clone(),
            reference: self.reference.clone(),
            sha: self.sha,
        };
        let what = format!("for {target}");
        let id = desk.queue_run(target, why);
        Ok(Answer::Done(format!(
            "Run {id} is queued {what}; \"show run-{id}\" says where it stands."
        )))
    }
}
