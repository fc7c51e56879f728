//! Who may give which command: by what the table says, who somebody is, and whose the request is. It
//! must not carry anything out.

use super::World;
use crate::pull::command::table::May;
use crate::pull::command::{How, Proof, Row, Sender};
use crate::pull::command_mail::Order;
use crate::pull::request::Pull;

/// Who somebody is to the bot, the weightiest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Somebody who asked for a pull.
    Author,
    /// Somebody whose key is in the keyring.
    Maintainer,
    /// Who decides and merges.
    Manager,
    /// Who keeps the bot running.
    Administrator,
}

impl World {
    /// Who an address is; `None`: nobody the bot knows.
    pub(super) fn role(&self, address: &str, maintainer: bool) -> Option<Role> {
        if self.policy.administrator.eq_ignore_ascii_case(address) {
            Some(Role::Administrator)
        } else if self.is_manager(address) {
            Some(Role::Manager)
        } else if maintainer {
            Some(Role::Maintainer)
        } else {
            let asked = |pull: &Pull| pull.mail().author.address.eq_ignore_ascii_case(address);
            self.pulls.values().any(asked).then_some(Role::Author)
        }
    }

    fn is_manager(&self, address: &str) -> bool {
        let managers = self.overlay.managers(&self.policy.managers);
        managers.iter().any(|manager| manager.eq_ignore_ascii_case(address))
    }

    /// Who gives an order. The socket is for the bot's own user.
    pub(super) fn role_of(&self, order: &Order) -> Option<Role> {
        match order.by.how {
            How::Socket => Some(Role::Administrator),
            How::OpenPgp { .. } | How::Dkim { .. } | How::Nothing => {
                self.role(&order.by.address, order.maintainer)
            }
        }
    }

    /// Whether somebody may give a command about that request, or about none.
    ///
    /// # Errors
    /// A sentence for whoever gave it.
    pub(super) fn may(&self, order: &Order, row: &Row, pull: Option<&Pull>) -> Result<(), String> {
        let role = self.role_of(order);
        let enough = match row.may {
            May::Anybody => role.is_some(),
            May::Administrator => role == Some(Role::Administrator),
            May::Manager => role >= Some(Role::Manager),
            May::Author => {
                role >= Some(Role::Manager)
                    || pull.is_some_and(|pull| {
                        is_own(pull, &order.by)
                            || role == Some(Role::Maintainer) && touches(pull, &order.by)
                    })
            }
        };
        if !enough {
            return Err(refusal(row));
        }
        proved(row, &order.by)
    }
}

/// Whether a proof is strong enough for a command.
///
/// # Errors
/// A sentence for whoever gave it.
pub(super) fn proved(row: &Row, by: &Sender) -> Result<(), String> {
    if by.how.proof() >= row.needs {
        return Ok(());
    }
    let word = row.word;
    Err(match row.needs {
        Proof::Person => format!(
            "{word:?} has to be signed with your OpenPGP key; what proves this mail is {} alone. \
             Send it again, signed (gpg --clearsign, or your mail program's \"sign\").",
            by.how
        ),
        Proof::Domain | Proof::None => format!("Nothing proves who sent {word:?}."),
    })
}

fn refusal(row: &Row) -> String {
    match row.may {
        May::Administrator => format!("{:?} is for the administrator.", row.word),
        May::Manager => format!("{:?} is for release managers.", row.word),
        May::Author | May::Anybody => format!(
            "{:?} is for release managers, for a request's author, and for maintainers whose paths \
             it touches.",
            row.word
        ),
    }
}

fn is_own(pull: &Pull, by: &Sender) -> bool {
    let signer = pull.stage.trusted().map(|trusted| &trusted.signer);
    pull.mail().author.address.eq_ignore_ascii_case(&by.address)
        || signer.is_some_and(|signer| signer.has_address(&by.address))
}

fn touches(pull: &Pull, by: &Sender) -> bool {
    pull.touches.iter().any(|address| address.eq_ignore_ascii_case(&by.address))
}
