//! Who may give which command: by what its row says, who somebody is, how that is proved, and whose
//! the request is. The only place that knows, for commands by mail, on a list and from the control
//! socket alike. Pure; it must not carry anything out.

use super::command::{Proof, Row, Sender, SenderProof, WhoMay};
use super::ids::PullNumber;
use super::overlay::Overlay;
use super::request::Pull;

/// Who somebody is to the bot, the weightiest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Somebody who asked for a pull.
    Author,
    /// Somebody whose key is in the keyring.
    Maintainer,
    /// Who decides and merges.
    Manager,
    /// Who keeps the bot running.
    Administrator,
}

/// What is known of an address besides what the configuration and the commands say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The keyring has a key of theirs.
    pub(crate) maintainer: bool,
    /// They asked for a pull.
    pub(crate) author: bool,
}

/// Whom the configuration names, and what commands changed of that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct People<'a> {
    pub(crate) administrator: &'a str,
    /// The release managers of the configuration.
    pub(crate) managers: &'a [String],
    pub(crate) overlay: &'a Overlay,
}

/// Who gives a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Giver<'a> {
    role: Option<Role>,
    by: &'a Sender,
    on_list: bool,
}

impl People<'_> {
    /// Who an address is; `None`: nobody the bot listens to.
    pub(crate) fn role(&self, address: &str, known: Known) -> Option<Role> {
        if self.is_denied(address) {
            return None;
        }
        self.office(address)
            .or(known.maintainer.then_some(Role::Maintainer))
            .or(known.author.then_some(Role::Author))
    }

    /// Whether a mail from an address is looked at for a command on a list: only of somebody whose
    /// signature could count there.
    pub(crate) fn may_ask_on_list(&self, address: &str, known: Known) -> bool {
        known.maintainer && !self.is_denied(address)
    }

    fn is_denied(&self, address: &str) -> bool {
        self.overlay.denied.contains_key(&address.to_lowercase())
    }

    /// The office that an address has, whether anybody listens to it or not.
    fn office(&self, address: &str) -> Option<Role> {
        let managers = self.overlay.managers(self.managers);
        if self.administrator.eq_ignore_ascii_case(address) {
            Some(Role::Administrator)
        } else if managers.iter().any(|manager| manager.eq_ignore_ascii_case(address)) {
            Some(Role::Manager)
        } else {
            None
        }
    }
}

impl<'a> Giver<'a> {
    /// Who gives a command, on a list or not. The socket is for the bot's own user.
    pub(crate) fn of(people: &People<'_>, by: &'a Sender, known: Known, on_list: bool) -> Self {
        let role = match by.how {
            SenderProof::Socket => Some(Role::Administrator),
            SenderProof::OpenPgp { .. } | SenderProof::Dkim { .. } | SenderProof::Nothing => {
                people.role(&by.address, known)
            }
        };
        Self { role, by, on_list }
    }
}

/// What somebody has to do with the request that a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tie {
    /// Nothing; or the command is about none.
    None,
    /// It touches their paths.
    Paths,
    /// They mailed or signed it.
    Own,
}

impl Tie {
    pub(crate) fn between(by: &Sender, pull: &Pull) -> Self {
        let is_theirs = |address: &String| address.eq_ignore_ascii_case(&by.address);
        let signer = pull.stage.trusted().map(|trusted| &trusted.signer);
        if is_theirs(&pull.mail().author.address)
            || signer.is_some_and(|signer| signer.has_address(&by.address))
        {
            Self::Own
        } else if pull.touches.iter().any(is_theirs) {
            Self::Paths
        } else {
            Self::None
        }
    }
}

/// Whether somebody may give a command, about a request that they have that much to do with.
///
/// # Errors
/// A sentence for whoever gave it.
pub(crate) fn may(row: &Row, giver: &Giver<'_>, tie: Tie) -> Result<(), String> {
    let Giver { role, by, on_list } = *giver;
    let enough = match row.may {
        WhoMay::Anybody => role.is_some(),
        WhoMay::Administrator => role == Some(Role::Administrator),
        WhoMay::Manager => role >= Some(Role::Manager),
        WhoMay::Author => match tie {
            Tie::Own => role.is_some(),
            Tie::Paths => role >= Some(Role::Maintainer),
            Tie::None => role >= Some(Role::Manager),
        },
    };
    if !enough {
        return Err(refusal(row));
    }
    if on_list && !row.on_list {
        return Err(format!("{:?} does not count on a list.", row.word));
    }
    let needs = if on_list { Proof::Person } else { row.needs };
    if by.how.proof() >= needs { Ok(()) } else { Err(unproved(row.word, needs, by)) }
}

fn refusal(row: &Row) -> String {
    match row.may {
        WhoMay::Administrator => format!("{:?} is for the administrator.", row.word),
        WhoMay::Manager => format!("{:?} is for release managers.", row.word),
        WhoMay::Author | WhoMay::Anybody => format!(
            "{:?} is for release managers, for a request's author, and for maintainers whose paths \
             it touches.",
            row.word
        ),
    }
}

fn unproved(word: &str, needs: Proof, by: &Sender) -> String {
    match needs {
        Proof::Person => format!(
            "{word:?} has to be signed with your OpenPGP key; what proves this mail is {} alone. \
             Send it again, signed (gpg --clearsign, or your mail program's \"sign\").",
            by.how
        ),
        Proof::Domain | Proof::None => format!("Nothing proves who sent {word:?}."),
    }
}

/// Whether somebody may end an emergency stop: that has to be a person's own word.
///
/// # Errors
/// A sentence for whoever gave the command.
pub(crate) fn may_end_a_stop(giver: &Giver<'_>) -> Result<(), String> {
    if giver.by.how.proof() == Proof::Person {
        return Ok(());
    }
    Err("Everything is stopped. What ends an emergency stop has to be signed with your OpenPGP key."
        .into())
}

/// Whether somebody may have taken up again what is set aside: whoever mails a request that makes the
/// bot fail must not have it tried again and again.
///
/// # Errors
/// A sentence for whoever gave the command.
pub(crate) fn may_take_up(giver: &Giver<'_>) -> Result<(), String> {
    if giver.role >= Some(Role::Manager) {
        return Ok(());
    }
    Err("It is set aside because the bot itself failed at it: ask a release manager.".into())
}

/// Whether somebody may have a request tested again; whether that is their only time, as an author.
///
/// # Errors
/// A sentence for whoever gave the command.
pub(crate) fn may_test_again(giver: &Giver<'_>, pull: &Pull) -> Result<bool, String> {
    let only_author = giver.role == Some(Role::Author);
    if only_author && pull.retested_by_author {
        let PullNumber(number) = pull.number;
        return Err(format!(
            "You had request {number} tested again already; ask a release manager."
        ));
    }
    Ok(only_author)
}

/// Whether a key may be added as that of an address. By mail nobody becomes an administrator or a
/// release manager; who has the bot's own account has its keyring as well.
///
/// # Errors
/// A sentence for whoever gave the command.
pub(crate) fn may_add_key_of(
    whose: &str,
    people: &People<'_>,
    giver: &Giver<'_>,
) -> Result<(), String> {
    if giver.by.how == SenderProof::Socket || people.office(whose).is_none() {
        return Ok(());
    }
    Err(format!(
        "{whose} has rights of its own here. Such a key is not added by mail: put it into the \
         keyring's folder on the bot's machine, or give it to `gatepost do --key` there."
    ))
}

/// Whether somebody may take a key away: nobody could take back by mail that it signed itself away.
///
/// # Errors
/// A sentence for whoever gave the command.
pub(crate) fn may_remove_key(key: &str, giver: &Giver<'_>) -> Result<(), String> {
    match &giver.by.how {
        SenderProof::OpenPgp { key: signed } if signed == key => Err(
            "That key signed this mail: nobody could take that back by mail. Take it out of the \
             keyring's folder, or remove it with `gatepost do` on the bot's machine."
                .into(),
        ),
        SenderProof::OpenPgp { .. }
        | SenderProof::Dkim { .. }
        | SenderProof::Socket
        | SenderProof::Nothing => Ok(()),
    }
}

/// Whether an address may be denied: without the administrator nobody could take it back.
///
/// # Errors
/// A sentence for whoever gave the command.
pub(crate) fn may_be_denied(address: &str, people: &People<'_>) -> Result<(), String> {
    if people.administrator.eq_ignore_ascii_case(address) {
        return Err("The administrator can't be denied: nobody could take it back.".into());
    }
    Ok(())
}

#[cfg(test)]
#[path = "rights_tests.rs"]
mod tests;
