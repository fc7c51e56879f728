//! `freeze`: takes no request into a target, until a day or for as long as somebody says.

use jiff::Timestamp;

use super::desk::{Desk, replaced};
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::dates::{end, moment};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Row, WhoMay};
use crate::pull::decision::clock;
use crate::pull::ids::TargetName;
use crate::pull::overlay::{self, Pause};

/// Takes no request into a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Freeze {
    pub(crate) target: TargetName,
    /// Without it until `unfreeze`.
    pub(crate) until: Option<Timestamp>,
    pub(crate) reason: Option<String>,
}

impl Verb for Freeze {
    const ROW: &'static Row = &Row::changes(
        "freeze",
        "freeze TARGET [until DATE] [REASON]",
        "freeze master until 2026-12-15 Release candidates only.",
        by(WhoMay::Manager),
        "Takes no request into a target until then (2026-12-15, or 2026-12-15T18:00Z), or until \
         unfreeze: what the configuration says under `frozen` becomes of them.",
    )
    .with_text();

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        let Some((target, rest)) = said.words.split_first() else {
            return Err(BadArguments::few("A target has to be named."));
        };
        let target = TargetName::new(*target);
        let (until, reason) = match rest {
            [word] if word.eq_ignore_ascii_case("until") => {
                let needed = "After until a date is needed, such as 2026-12-15.";
                return Err(BadArguments::few(needed));
            }
            [word, when @ ..] if word.eq_ignore_ascii_case("until") => {
                let (until, reason) = end(when)?;
                (Some(until), reason)
            }
            [date, ..] if moment(date).is_ok() => {
                let written = format!("An end is written so: freeze {target} until {date}.");
                return Err(written.into());
            }
            reason => (None, reason),
        };
        Ok(Self { target, until, reason: said.with(reason).text() })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let Self { target, until, reason } = self;
        desk.knows_target(target)?;
        let freeze =
            overlay::Freeze { until: *until, reason: reason.clone(), by: desk.by(), at: desk.now };
        if !freeze.holds(desk.now) {
            return Err("That time is past.".into());
        }
        let until = until.map_or_else(
            || format!("\"unfreeze {target}\""),
            |until| format!("{}, or \"unfreeze {target}\"", clock(until)),
        );
        let why = reason.as_deref().map_or_else(
            || " No reason is given.".to_owned(),
            |reason| format!(" The reason: {reason}"),
        );
        desk.change_overlay(|overlay| {
            let before = overlay.freezes.insert(target.clone(), freeze).map(|freeze| Pause {
                reason: freeze.reason.unwrap_or_else(|| "no reason".into()),
                by: freeze.by,
                at: freeze.at,
            });
            let before = replaced(before);
            Ok(format!(
                "Target {target} is frozen until {until}; tests that run go on.{why}{before}"
            ))
        })
    }
}
