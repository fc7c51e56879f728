//! The row of a command: how it is written, what it does, who may give it. `help`,
//! `docs/commands.md`, the parser and the rights are made of it. Each verb's file has its own.

use super::sender::Proof;

/// What is to be known of a command before it is carried out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The command's words: one, or two.
    pub(crate) word: &'static str,
    /// Two words that people write instead.
    pub(crate) also: Option<&'static str>,
    /// How it is written.
    pub(crate) usage: &'static str,
    /// What it does, in a sentence or two.
    pub(crate) does: &'static str,
    /// One as people write it.
    pub(crate) example: &'static str,
    /// Who may give it.
    pub(crate) may: WhoMay,
    /// How strong the proof of who gives it has to be.
    pub(crate) needs: Proof,
    /// Who gets a copy of the answer once it is carried out.
    pub(crate) copies: Copies,
    /// Whether its last argument is running text.
    pub(crate) text: bool,
    /// Whether it counts on a list as well, on the thread of the request that it is about.
    pub(crate) on_list: bool,
}

/// Who may give a command. The administrator may give each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhoMay {
    /// Whoever may give any.
    Anybody,
    /// An author for an own request; a maintainer for requests that touch the own paths; release
    /// managers for all.
    Author,
    /// Release managers.
    Manager,
    /// The administrator alone.
    Administrator,
}

/// Who gets a copy of a command's answer, besides whoever gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copies {
    /// Nobody: it changes nothing.
    Nobody,
    /// The release managers.
    Managers,
    /// The release managers, and whoever keeps the bot running: it stops everything.
    ManagersAndAdministrator,
}

/// Who may give a command, and how that has to be proved.
pub(crate) struct Right {
    may: WhoMay,
    needs: Proof,
}

/// The right to a command for which any proof will do.
pub(crate) const fn by(may: WhoMay) -> Right {
    Right { may, needs: Proof::Domain }
}

/// The right to a command that has to be signed with OpenPGP if it comes by mail.
pub(crate) const fn signed_by(may: WhoMay) -> Right {
    Right { may, needs: Proof::Person }
}

impl Row {
    /// The row of a command that changes nothing.
    pub(crate) const fn asks(
        word: &'static str,
        usage: &'static str,
        example: &'static str,
        right: Right,
        does: &'static str,
    ) -> Self {
        Self {
            word,
            also: None,
            usage,
            does,
            example,
            may: right.may,
            needs: right.needs,
            copies: Copies::Nobody,
            text: false,
            on_list: false,
        }
    }

    /// The row of a command that changes something.
    pub(crate) const fn changes(
        word: &'static str,
        usage: &'static str,
        example: &'static str,
        right: Right,
        does: &'static str,
    ) -> Self {
        Self { copies: Copies::Managers, ..Self::asks(word, usage, example, right, does) }
    }

    /// The last argument is running text.
    pub(crate) const fn with_text(self) -> Self {
        Self { text: true, ..self }
    }

    /// It counts on a list as well.
    pub(crate) const fn on_list(self) -> Self {
        Self { on_list: true, ..self }
    }

    /// The administrator gets a copy, too.
    pub(crate) const fn told_to_administrator(self) -> Self {
        Self { copies: Copies::ManagersAndAdministrator, ..self }
    }

    /// People write it in these two words as well.
    pub(crate) const fn also(self, words: &'static str) -> Self {
        Self { also: Some(words), ..self }
    }

    /// The first of its words.
    pub(crate) fn first_word(&self) -> &'static str {
        self.word.split(' ').next().unwrap_or(self.word)
    }
}
