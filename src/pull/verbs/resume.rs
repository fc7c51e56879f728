//! `resume`: ends a pause, an emergency stop, a stop of outgoing mail.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Row, WhoMay};
use crate::pull::decision::clock;
use crate::pull::ids::ListName;
use crate::pull::overlay::{Overlay, Pause};
use crate::pull::rights::may_end_a_stop;

/// Ends whatever is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resume {
    /// Ends only the pause of that list.
    pub(crate) list: Option<ListName>,
}

impl Verb for Resume {
    const ROW: &'static Row = &Row::changes(
        "resume",
        "resume [LIST]",
        "resume",
        by(WhoMay::Manager),
        "Ends a pause; without a list, every pause, an emergency stop, and the stop of outgoing \
         mail after a flood. To end an emergency stop it has to be signed with OpenPGP.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        match said.words {
            [] => Ok(Self { list: None }),
            [list] => Ok(Self { list: Some(ListName::new(*list)) }),
            [..] => Err(said.too_many()),
        }
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        if let Some(list) = &self.list {
            return desk.change_overlay(|overlay| resume_list(list, overlay));
        }
        if desk.overlay().stop.is_some() {
            may_end_a_stop(&desk.giver())?;
        }
        let said = desk.change_overlay(resume_all)?;
        desk.reset_breaker();
        Ok(said)
    }
}

fn resume_list(list: &ListName, overlay: &mut Overlay) -> Result<String, String> {
    match overlay.paused_lists.remove(list) {
        Some(pause) => Ok(format!(
            "Tests of list {list} go on; {} had paused them at {}.",
            pause.by,
            clock(pause.at)
        )),
        None => Err(format!("List {list} is not paused.")),
    }
}

fn resume_all(overlay: &mut Overlay) -> Result<String, String> {
    let was = |what: &str, pause: &Pause| {
        let reason = pause.reason.trim_end_matches('.');
        format!("{what}, since {} by {}: {reason}", clock(pause.at), pause.by)
    };
    let mut ended = Vec::new();
    ended.extend(overlay.stop.take().map(|stop| was("the emergency stop", &stop)));
    ended.extend(overlay.breaker.take().map(|it| was("the stop of outgoing mail", &it)));
    ended.extend(overlay.pause.take().map(|pause| was("the pause", &pause)));
    for (list, pause) in std::mem::take(&mut overlay.paused_lists) {
        ended.push(was(&format!("the pause of list {list}"), &pause));
    }
    if ended.is_empty() {
        return Err("Nothing is paused or stopped.".into());
    }
    Ok(format!("The bot goes on. Ended: {}.", ended.join("; ")))
}
