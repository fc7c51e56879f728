//! `approve`: lifts the hold of a request.

use super::desk::Desk;
use super::set_aside::WhenAside;
use super::verb::{ItemVerb, Meant};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::named::sure;
use crate::pull::command::row::signed_by;
use crate::pull::command::{Answer, Named, Row, WhoMay, named};
use crate::pull::hold::HoldReason;
use crate::pull::request::event::Ordered;
use crate::pull::request::{Pull, Stage};

/// Lifts a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Approve {
    /// The beginning of what is approved: of the tag object's id, or of the difference's digest.
    /// Where it does not fit what is held, nothing is approved.
    pub(crate) of: Option<String>,
}

impl ItemVerb for Approve {
    const ROW: &'static Row = &Row::changes(
        "approve",
        "approve ID [WHAT]",
        "approve 12 4f2a91c0beef",
        signed_by(WhoMay::Manager),
        "Lifts the hold of a request. WHAT is the beginning of the tag object's id or of the CI \
         difference, as the letter about the hold has it: if it is another one by now, nothing is \
         approved.",
    );
    const WHEN_ASIDE: WhenAside = WhenAside::Waits;

    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments> {
        match said.words {
            [id, what] => {
                let of = digits(what).ok_or_else(|| {
                    format!(
                        "{what:?} is not the beginning, 12 digits at least, of an object's id or a \
                         digest."
                    )
                })?;
                Ok((named(id)?, Self { of: Some(of) }))
            }
            [what] if said.in_thread && sure(what).is_none() && digits(what).is_some() => {
                Ok((Named::Thread, Self { of: digits(what) }))
            }
            [..] => Ok((said.which()?, Self { of: None })),
        }
    }

    fn obey(&self, about: &Meant<'_>, desk: &mut Desk<'_>) -> Result<Answer, String> {
        if *about.named == Named::Thread && self.of.is_none() {
            // Which mail one answers is not signed as a rule, and this lets code run.
            return Err(format!("Say what to approve: \"approve {}\".", about.item));
        }
        let pull = desk.known(about.item)?;
        let number = pull.number;
        self.fits(pull)?;
        let by = desk.by();
        if !pull.has_room_for_approval(&by, desk.now) {
            return Err(format!(
                "Request {number} was approved so often that its record holds no more: have it \
                 sent again, as a new request."
            ));
        }
        desk.order(number, Ordered::Approve { by });
        Ok(Answer::Done(format!("Request {number} is approved.")))
    }
}

impl Approve {
    /// Checks that the request is held, and with what is approved.
    fn fits(&self, pull: &Pull) -> Result<(), String> {
        let number = pull.number;
        let Stage::Held { trusted, unproved, reason, .. } = &pull.stage else {
            return Err(format!("Request {number} is not held; it is {}.", pull.stage.word()));
        };
        let Some(of) = self.of.as_deref() else { return Ok(()) };
        let pinned = trusted.as_ref().map(|trusted| &trusted.pinned).or(unproved.as_ref());
        let tag = pinned.and_then(|pinned| pinned.tag.as_ref()).map(|tag| tag.id.to_string());
        let digest = match reason {
            HoldReason::CiChanged { difference, .. } => Some(difference.digest.clone()),
            HoldReason::Backlog
            | HoldReason::LateArrival
            | HoldReason::OldTag { .. }
            | HoldReason::UnknownKey { .. }
            | HoldReason::Moved { .. }
            | HoldReason::Checks { .. } => None,
        };
        if [&tag, &digest].into_iter().flatten().any(|id| id.starts_with(of)) {
            return Ok(());
        }
        Err(format!(
            "What request {number} is held with now is not {of}: tag object {}, difference {}. \
             Look at it again (\"show {number}\").",
            tag.as_deref().unwrap_or("not fetched yet"),
            digest.as_deref().unwrap_or("none")
        ))
    }
}

/// The beginning of an id or a digest. Fewer digits are soon found for another object.
fn digits(text: &str) -> Option<String> {
    let hex = (12..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then(|| text.to_ascii_lowercase())
}
