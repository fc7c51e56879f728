//! One letter's transaction: MAIL, RCPT, DATA, and what its replies mean for the letter.

use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};

use super::data;
use super::dialog::Dialog;
use super::failure::Failure;
use crate::ports::{Delivery, Envelope, Fault};

/// Sends one letter on a dialog that is ready for it.
pub(crate) fn deliver(dialog: &mut Dialog, envelope: &Envelope, message: &[u8]) -> Delivery {
    let (sender, recipients) = match addresses(envelope) {
        Ok(addresses) => addresses,
        Err(fault) => return Delivery::Permanent(fault),
    };
    let parameters = match body_parameters(dialog, message) {
        Ok(parameters) => parameters,
        Err(fault) => return Delivery::Permanent(fault),
    };
    if let Err(delivery) = introduce(dialog, sender, recipients, parameters) {
        return delivery;
    }
    // A server must not deliver what has no end (RFC 5321, section 4.1.1.4): until the end is
    // being sent, a broken connection means that nothing was delivered.
    if let Err(failure) = dialog.write(&data::encode(message)) {
        return failure.before_end("the letter's text");
    }
    let reply = dialog.write(b".\r\n").and_then(|()| dialog.reply());
    match reply {
        Ok(response) if response.has_code(250) => Delivery::Accepted,
        Ok(response) => Failure::answered(&response).after_end(),
        Err(failure) => failure.after_end(),
    }
}

/// Up to the server's "go ahead". One refused recipient refuses the letter: nothing is sent, so
/// that no part of it is sent twice.
fn introduce(
    dialog: &mut Dialog,
    sender: Option<Address>,
    recipients: Vec<Address>,
    parameters: Vec<MailParameter>,
) -> Result<(), Delivery> {
    dialog
        .command(Mail::new(sender, parameters), 250)
        .map_err(|failure| failure.before_end("MAIL FROM"))?;
    for recipient in recipients {
        let address = recipient.to_string();
        let step = format!("RCPT TO <{address}>");
        let response = dialog
            .ask(Rcpt::new(recipient, Vec::new()))
            .map_err(|failure| failure.before_end(&step))?;
        // 251: it will forward it.
        if !(response.has_code(250) || response.has_code(251)) {
            return Err(match Failure::answered(&response).before_end(&step) {
                Delivery::Permanent(fault) => Delivery::Unreachable { address, fault },
                other => other,
            });
        }
    }
    dialog.command(Data, 354).map_err(|failure| failure.before_end("DATA"))
}

fn addresses(envelope: &Envelope) -> Result<(Option<Address>, Vec<Address>), Fault> {
    let sender = match envelope.sender.as_str() {
        "" => None,
        sender => Some(address(sender)?),
    };
    let recipients: Vec<Address> =
        envelope.recipients.iter().map(|text| address(text)).collect::<Result<_, _>>()?;
    if recipients.is_empty() {
        Err(Fault::bug("a letter to nobody"))
    } else {
        Ok((sender, recipients))
    }
}

fn address(text: &str) -> Result<Address, Fault> {
    match text.parse::<Address>() {
        Ok(address) if text.is_ascii() => Ok(address),
        _ => Err(Fault::permanent(format!("{text:?} is not an address that mail can be sent to"))),
    }
}

/// RFC 6152.
fn body_parameters(dialog: &Dialog, message: &[u8]) -> Result<Vec<MailParameter>, Fault> {
    if message.is_ascii() {
        Ok(Vec::new())
    } else if dialog.server().supports_feature(Extension::EightBitMime) {
        Ok(vec![MailParameter::Body(MailBodyParameter::EightBitMime)])
    } else {
        Err(Fault::permanent("the letter has 8-bit text, which the mail server does not take"))
    }
}
