//! `key add`: trusts a key for an address. It refuses an address that already has a key or a right: such
//! a key is put into the keyring's folder by hand.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::signed_by;
use crate::pull::command::{Answer, Offer, Row, SenderProof, WhoMay};
use crate::pull::overlay::AddedKey;
use crate::pull::rights::may_add_key_of;

/// Trusts a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyAdd {
    /// The OpenPGP key that comes with the command, as that address's; without one it is the key's own,
    /// if it has only one.
    Offered(Option<String>),
    /// The key that a command took away, by its fingerprint.
    Again(String),
}

impl Verb for KeyAdd {
    const ROW: &'static Row = &Row::changes(
        "key add",
        "key add [ADDRESS|FINGERPRINT]",
        "key add alice@example.org",
        signed_by(WhoMay::Administrator),
        "Trusts the OpenPGP key that is in the mail, in its text or attached, as that person's. \
         Without an address it is the key's own, if it has only one. With the fingerprint of a key \
         that was removed it needs no key: that one is trusted again, as the keyring's folder has it.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        if said.words.is_empty() {
            return Ok(Self::Offered(None));
        }
        match said.fingerprint() {
            Ok(key) => Ok(Self::Again(key)),
            Err(_) => Ok(Self::Offered(Some(said.address()?))),
        }
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        match self {
            Self::Offered(address) => add(address.as_deref(), desk),
            Self::Again(key) => {
                desk.change_overlay(|overlay| match overlay.keys_removed.remove(key) {
                    Some(_) => Ok(format!("The key {key} is trusted again, where it is.")),
                    None => Err(format!("No command took the key {key} away.")),
                })
            }
        }
    }

    fn takes_a_key(&self) -> bool {
        match self {
            Self::Offered(_) => true,
            Self::Again(_) => false,
        }
    }
}

fn add(address: Option<&str>, desk: &mut Desk<'_>) -> Result<Answer, String> {
    let offer = offered(desk)?;
    if let Some(trouble) = &offer.trouble {
        return Err(format!("The key {} would not be trusted: {trouble}.", offer.fingerprint));
    }
    let whose = owner(address, offer)?;
    may_add_key_of(&whose, &desk.people(), &desk.giver())?;
    let (key, owner) = (offer.fingerprint.clone(), offer.owner.clone());
    let added = AddedKey { address: whose.clone(), by: desk.by(), at: desk.now };
    desk.change_overlay(|overlay| {
        overlay.keys_removed.remove(&key);
        overlay.keys_added.insert(key.clone(), added);
        Ok(format!(
            "The key {key} is trusted as that of {whose}. By itself it says: {owner}. Compare the \
             fingerprint with its owner's."
        ))
    })
}

/// The one key that came with the command.
fn offered<'a>(desk: &Desk<'a>) -> Result<&'a Offer, String> {
    match desk.given.keys.as_slice() {
        [] if desk.given.by.how == SenderProof::Socket => {
            Err("Name the key's file: gatepost do --key FILE 'key add ADDRESS'.".into())
        }
        [] => {
            Err("There is no OpenPGP key in the signed part of this mail: put the armored public \
                   key (gpg --export --armor) into its text, or attach it."
                .into())
        }
        [Err(why)] => Err(format!("The key can't be added: {why}.")),
        [Ok(offer)] => Ok(offer),
        [..] => Err("There are several keys in this mail; one at a time.".into()),
    }
}

fn owner(address: Option<&str>, offer: &Offer) -> Result<String, String> {
    match (address, offer.addresses.as_slice()) {
        (Some(address), _) => Ok(address.to_owned()),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err("The key names no address: write whose it is.".into()),
        (None, [..]) => {
            let all = offer.addresses.join(", ");
            Err(format!("The key names several addresses ({all}): write whose it is."))
        }
    }
}
