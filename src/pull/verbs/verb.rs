//! What a verb consists of. One about the bot as a whole is a [`Verb`]; one about a request or a run is
//! an [`ItemVerb`], and [`About`] makes a verb of it that finds out which one is meant.

use super::desk::Desk;
use super::set_aside::{WhenAside, settle_aside};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::{Answer, Item, Named, Row};

/// A command.
pub(crate) trait Verb: Sized {
    /// How it is written, what it does, who may give it.
    const ROW: &'static Row;

    /// Reads what stands behind its words.
    ///
    /// # Errors
    /// Says what is wrong with that.
    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments>;

    /// Carries it out for somebody who may give it.
    ///
    /// # Errors
    /// A sentence: it does not fit what stands, and nothing is changed.
    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String>;

    /// The request or run that it names.
    fn which(&self) -> Option<&Named> {
        None
    }

    /// The same about another request or run, where it is about one.
    #[must_use]
    fn about(self, _named: Named) -> Self {
        self
    }

    /// Whether it adds a key that comes with it.
    fn takes_a_key(&self) -> bool {
        false
    }
}

/// A command about one request or run.
pub(crate) trait ItemVerb: Sized {
    /// How it is written, what it does, who may give it.
    const ROW: &'static Row;

    /// What it does about one that is set aside.
    const WHEN_ASIDE: WhenAside;

    /// Reads what stands behind its words: which one is meant, and the rest.
    ///
    /// # Errors
    /// Says what is wrong with that.
    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments>;

    /// Carries it out for somebody who may give it.
    ///
    /// # Errors
    /// A sentence: it does not fit what stands, and nothing is changed.
    fn obey(&self, about: &Meant<'_>, desk: &mut Desk<'_>) -> Result<Answer, String>;
}

/// The request or run that a command is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meant<'a> {
    pub(crate) item: Item,
    /// How it is named.
    pub(crate) named: &'a Named,
}

/// A command about one request or run, with the name of that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About<V> {
    pub(crate) which: Named,
    pub(crate) verb: V,
}

impl<V: ItemVerb> Verb for About<V> {
    const ROW: &'static Row = V::ROW;

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        V::parse(said).map(|(which, verb)| Self { which, verb })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let named = &self.which;
        match settle_aside(V::WHEN_ASIDE, named, desk)? {
            Some(said) => Ok(Answer::Done(said)),
            None => self.verb.obey(&Meant { item: desk.item(named)?, named }, desk),
        }
    }

    fn which(&self) -> Option<&Named> {
        Some(&self.which)
    }

    fn about(self, named: Named) -> Self {
        Self { which: named, ..self }
    }
}
