//! Words about a key that ends soon.

use super::{Suggestion, Words, day};
use crate::pull::expiry::Warning;

/// Words for the key's owner.
pub(crate) fn key_expires(warning: &Warning, administrator: &str) -> Words {
    let key = &warning.key;
    let (next, commands) = if key.is_ssh() {
        let next = format!(
            "ask {administrator} to move the key's end (valid-before in the file \
             allowed_signers), or send the public part of a new key."
        );
        (next, Vec::new())
    } else {
        let next = format!(
            "extend the key, the subkeys that sign with it, and send its public part (key.asc) to \
             {administrator}, from an address that the project knows:"
        );
        let fingerprint = &key.key;
        let commands = [
            format!("gpg --quick-set-expire {fingerprint} 1y"),
            format!("gpg --quick-set-expire {fingerprint} 1y '*'"),
            format!("gpg --armor --export {fingerprint} >key.asc"),
        ];
        (next, commands.map(Suggestion::Shell).into())
    };
    Words {
        first: format!("Your signing key expires on {}.", day(key.expires)),
        means: "From then on pull requests with tags that it signed are not tested.".into(),
        next,
        commands,
    }
}

/// Words for the administrator.
pub(crate) fn key_expires_for_administrator(warning: &Warning) -> Words {
    let key = &warning.key;
    let told = match &key.address {
        Some(address) => format!("The owner has been told, at {address}."),
        None => "The keyring has no address of the owner: nobody else has been told.".into(),
    };
    let next = if key.is_ssh() {
        "move the key's end (valid-before in allowed_signers), or put a new key there; the bot \
         reads it without a restart."
    } else {
        "put the extended key into the keyring folder when it comes, after comparing its \
         fingerprint; the bot reads it without a restart."
    };
    Words {
        first: format!("The key of {} expires on {}.", key.owner, day(key.expires)),
        means: format!("From then on tags that it signed are not tested. {told}"),
        next: next.into(),
        commands: Vec::new(),
    }
}
