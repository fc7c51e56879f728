//! Waiting for news: IDLE where the server can, `EXAMINE` now and then where it can't. (`NOOP` would
//! do as well, but does not tell of a new UIDVALIDITY.)

use std::sync::Arc;
use std::time::{Duration, Instant};

use imap::types::UnsolicitedResponse;

use super::folder::ImapFolder;
use super::lines::IdleTerms;
use super::trouble::{Trouble, guarded};
use crate::ports::{Fault, News};

/// How one stretch of waiting ended.
enum Stretch {
    News,
    TimeUp,
    Woken,
    /// The server does not IDLE after all.
    Refused,
}

impl ImapFolder {
    pub(super) fn wait_for_news(&mut self, at_most: Duration) -> Result<News, Fault> {
        let until = Instant::now() + at_most;
        loop {
            let state = self.look()?;
            let told = *self.told.get_or_insert(state);
            if (told.uid_validity, told.uid_next) != (state.uid_validity, state.uid_next) {
                return Ok(News::Something);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(News::Nothing);
            }
            let can_idle =
                !self.is_idle_refused && self.live.as_ref().is_some_and(|live| live.can_idle);
            let stretch = if can_idle { self.idle(left) } else { Ok(self.pause(left)) };
            match stretch.map_err(|trouble| trouble.fault(&self.account, self.about()))? {
                Stretch::News => return Ok(News::Something),
                Stretch::Woken => return Ok(News::Nothing),
                Stretch::Refused => self.is_idle_refused = true,
                Stretch::TimeUp => {}
            }
        }
    }

    fn idle(&mut self, left: Duration) -> Result<Stretch, Trouble> {
        let Some(live) = &mut self.live else {
            return Err(Trouble::Lost("there is none".into()));
        };
        let lasts = left.min(self.limits.idle);
        let end = Instant::now() + lasts;
        let terms =
            IdleTerms { lasts, farewell: self.limits.farewell, bell: Arc::clone(&self.bell) };
        live.control.idle(self.limits.command, terms);
        let (mut is_new, mut is_over) = (false, false);
        let result = guarded(&self.account, || {
            // Dropping the handle says DONE and reads the answer, whose fate `control` tells.
            let mut handle = live.session.idle();
            handle.timeout(lasts).keepalive(false);
            handle.wait_while(|response| {
                is_new = matches!(response, UnsolicitedResponse::Exists(_));
                is_over = matches!(response, UnsolicitedResponse::Bye { .. });
                !is_new && !is_over
            })
        });
        let control = live.control.clone();
        if is_over || result.is_err() || control.broken().is_some() {
            self.live = None;
        }
        if is_new {
            return Ok(Stretch::News);
        }
        if control.is_idle_refused() {
            return Ok(Stretch::Refused);
        }
        result?;
        if is_over {
            return Err(Trouble::Lost("the server said goodbye".into()));
        }
        if let Some(why) = control.broken() {
            return Err(Trouble::Lost(why));
        }
        Ok(if Instant::now() < end { Stretch::Woken } else { Stretch::TimeUp })
    }

    /// The folder is looked at again after every stretch: here it only has to pass.
    fn pause(&self, left: Duration) -> Stretch {
        let poll = Duration::try_from(self.account.poll).unwrap_or(self.limits.ask_again);
        if self.bell.wait(left.min(self.limits.ask_again).min(poll)) {
            Stretch::Woken
        } else {
            Stretch::TimeUp
        }
    }
}
