//! Values that name people and machines on the network.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use globset::GlobMatcher;
use lettre::message::Mailbox;
use toml::de::DeValue;

use super::value::{Wrong, quoted, text, wrong};
use crate::pull::cover::Person;

/// A mail address.
pub(crate) fn address(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    match lettre::Address::from_str(&text) {
        Ok(address) if text.is_ascii() => Ok(address.to_string()),
        Ok(_) | Err(_) => Err(wrong(
            format!("is {}, which is not an address", quoted(&text)),
            "write the bare address, user@example.org",
        )),
    }
}

/// A name and an address.
pub(crate) fn person(value: &DeValue<'_>) -> Result<Person, Wrong> {
    let text = text(value)?;
    match Mailbox::from_str(&text) {
        Ok(mailbox) if mailbox.email.to_string().is_ascii() => {
            Ok(Person { name: mailbox.name, address: mailbox.email.to_string() })
        }
        Ok(_) | Err(_) => Err(wrong(
            format!("is {}, which is not a person's address", quoted(&text)),
            "write it as \"Name <user@example.org>\"",
        )),
    }
}

/// A host's name or address; an IPv6 address without brackets.
pub(crate) fn host(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let is_name = || {
        text.len() <= 253
            && text.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            })
    };
    if IpAddr::from_str(&text).is_ok() || is_name() {
        Ok(text)
    } else {
        Err(wrong(
            format!("is {}, which is not a host", quoted(&text)),
            "write the name alone, imap.example.org; the port has a key of its own",
        ))
    }
}

/// Whether a host is this machine, by its name: `localhost`, or a loopback address.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = bare.to_ascii_lowercase();
    match IpAddr::from_str(bare) {
        Ok(address) => address.to_canonical().is_loopback(),
        // RFC 6761, section 6.3.
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// A glob over host names, with a port where it is not the scheme's own: `git.example.org:8443`,
/// `127.0.0.1:*`.
pub(crate) fn host_glob(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let (host, port) = text.split_once(':').unwrap_or((&text, "*"));
    let is_port = port == "*" || port.parse::<u16>().is_ok();
    if host.is_empty() || !is_port || text.contains(['/', '@']) {
        let is = format!("is {}, which is more than a host", quoted(&text));
        return Err(wrong(is, "write the host alone, gitlab.com or *.example.org"));
    }
    match globset::Glob::new(&text) {
        Ok(_) => Ok(text.to_ascii_lowercase()),
        Err(error) => Err(wrong(
            format!("is {}, which is not a pattern: {}", quoted(&text), error.kind()),
            "write a host, with * and ? where anything may stand",
        )),
    }
}

/// A glob over mail addresses, whatever their case.
pub(crate) fn address_glob(value: &DeValue<'_>) -> Result<GlobMatcher, Wrong> {
    let text = text(value)?;
    let parts = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if !parts || text.contains(['<', '>', ' ']) {
        let is = format!("is {}, which is no address", quoted(&text));
        return Err(wrong(is, "write alice@example.org, or *@example.org for all of a domain"));
    }
    match globset::GlobBuilder::new(&text).case_insensitive(true).build() {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => Err(wrong(
            format!("is {}, which is not a pattern: {}", quoted(&text), error.kind()),
            "write an address, with * and ? where anything may stand",
        )),
    }
}

/// An IP address.
pub(crate) fn ip(value: &DeValue<'_>) -> Result<IpAddr, Wrong> {
    let text = text(value)?;
    IpAddr::from_str(&text).map_err(|_| {
        wrong(
            format!("is {}, which is not an IP address", quoted(&text)),
            "write 192.0.2.1 or 2001:db8::1",
        )
    })
}

/// A DNS server's address; on port 53 where no other is named.
pub(crate) fn resolver(value: &DeValue<'_>) -> Result<SocketAddr, Wrong> {
    let text = text(value)?;
    let with_port = || SocketAddr::from_str(&text).ok();
    match IpAddr::from_str(&text).map(|ip| SocketAddr::new(ip, 53)).ok().or_else(with_port) {
        Some(server) if server.port() > 0 => Ok(server),
        Some(_) | None => Err(wrong(
            format!("is {}, which is not a DNS server's address", quoted(&text)),
            "write 192.0.2.1, 192.0.2.1:5353 or [2001:db8::1]:53",
        )),
    }
}

/// A List-Id without its brackets (RFC 2919).
pub(crate) fn list_id(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    if text.contains(['<', '>', ' ']) {
        let is = format!("is {}, which has more than the identifier", quoted(&text));
        return Err(wrong(is, "write only what stands between \"<\" and \">\""));
    }
    Ok(text)
}
