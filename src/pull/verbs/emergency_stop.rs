//! `emergency-stop`: stops every effect.

use super::desk::{Desk, replaced};
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Row, WhoMay};

/// Stops every effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EmergencyStop {
    pub(crate) reason: Option<String>,
}

impl Verb for EmergencyStop {
    const ROW: &'static Row = &Row::changes(
        "emergency-stop",
        "emergency-stop [REASON]",
        "emergency-stop Pipelines run amok.",
        by(WhoMay::Manager),
        "Stops everything until resume: nothing is fetched, pushed, started or cancelled, and no \
         letter goes out but the answers to commands.",
    )
    .with_text()
    .also("emergency stop")
    .told_to_administrator();

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        Ok(Self { reason: said.text() })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let reason = self.reason.clone().unwrap_or_else(|| "an emergency".into());
        let stop = desk.pause(reason);
        desk.change_overlay(|overlay| {
            let before = replaced(overlay.stop.replace(stop));
            Ok(format!(
                "Everything is stopped: until \"resume\", signed with OpenPGP, nothing is fetched, \
                 pushed, started or cancelled, and no letter goes out but answers to commands. \
                 Pipelines that run in GitLab go on there.{before}"
            ))
        })
    }
}
