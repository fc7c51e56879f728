//! The way out for letters: one connection and one transaction a letter, over SMTP. It must never
//! call a letter accepted without the server's 250 to the end of its data, and must never send
//! one twice.
//!
//! lettre gives the commands, the reply grammar and the extensions; the connection is ours, since
//! lettre's own has no deadline over a whole letter, and keeps bytes that came before a TLS
//! handshake for after it. SMTPUTF8 is not used.

use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp::extension::ClientId;

use crate::config::model::Smtp;
use crate::ports::{Delivery, Envelope, Fault, Outbound};

use dialog::Dialog;

mod data;
mod dialog;
mod failure;
mod transaction;

/// The server that takes the bot's letters.
#[derive(Debug, Clone)]
pub(crate) struct SmtpServer {
    settings: Smtp,
    hello: ClientId,
    deadline: Duration,
}

/// What a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    /// Whether the connection is encrypted.
    pub(crate) is_encrypted: bool,
    /// Whether a login was made.
    pub(crate) is_logged_in: bool,
}

impl SmtpServer {
    /// Takes the settings. Nothing is connected yet.
    ///
    /// # Errors
    /// Misconfigured: the name for EHLO is not one, or the deadline is not a time.
    pub(crate) fn new(settings: &Smtp) -> Result<Self, Fault> {
        let deadline = Duration::try_from(settings.deadline)
            .ok()
            .filter(|time| !time.is_zero())
            .ok_or_else(|| Fault::misconfigured("smtp.deadline is not a length of time"))?;
        let hello = match &settings.hello_name {
            None => ClientId::default(),
            Some(name) => hello_name(name)?,
        };
        Ok(Self { settings: settings.clone(), hello, deadline })
    }

    /// Connects, says EHLO, does TLS, logs in and quits: what `gatepost check` tells. Safe to
    /// repeat.
    ///
    /// # Errors
    /// Temporary: the server is away. Misconfigured: TLS, certificate or login refused.
    pub(crate) fn probe(&self) -> Result<Probe, Fault> {
        let mut dialog = Dialog::begin(&self.settings, &self.hello, self.deadline)?;
        let probe = Probe {
            is_encrypted: dialog.is_encrypted(),
            is_logged_in: self.settings.login.is_some(),
        };
        dialog.quit();
        Ok(probe)
    }
}

impl Outbound for SmtpServer {
    fn send(&self, envelope: &Envelope, message: &[u8]) -> Delivery {
        match Dialog::begin(&self.settings, &self.hello, self.deadline) {
            // Nothing of the letter was said yet: whatever was refused, it was not the letter.
            Err(fault) => Delivery::Temporary(fault),
            Ok(mut dialog) => {
                let delivery = transaction::deliver(&mut dialog, envelope, message);
                dialog.quit();
                delivery
            }
        }
    }
}

fn hello_name(name: &str) -> Result<ClientId, Fault> {
    match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => return Ok(ClientId::Ipv4(address)),
        Ok(IpAddr::V6(address)) => return Ok(ClientId::Ipv6(address)),
        Err(_) => {}
    }
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::misconfigured(format!("smtp.hello_name {name:?} is not a host name")));
    }
    Ok(ClientId::Domain(name.to_owned()))
}
